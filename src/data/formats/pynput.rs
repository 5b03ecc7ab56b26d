//! Scripts around Python's pynput: tables of whatever columns, and logs such as
//! `2022-06-23 14:02:11,086: Mouse moved to (639, 400)`.

use super::discover;
use super::generic::both;
use super::layout::{Decoder, Events, RowFault, Shape, TableLayout, TableRow, time};
use super::logger;
use super::registry::Reader;
use crate::pipeline::{MouseEvent, MouseKind};

pub(super) const READER: Reader = Reader {
    name: "pynput",
    wanted: discover::is_text,
    layouts,
    plan: |sources, layouts| discover::tables(sources, layouts, discover::folder),
};

const WHAT: &str = "a log of a script around pynput";
/// LineReader of a log that are looked at to know it.
const LINES: usize = 20;

fn layouts() -> Vec<TableLayout> {
    let log = TableLayout {
        line_time: Some(|line| parts(line).map(|(time, _)| time)),
        ..TableLayout::running(WHAT, Shape::Lines(looks_so), Vec::new(), || Box::new(Log))
    };
    let mut layouts = logger::layouts(WHAT, Shape::Table { separator: None, quoted: true });
    layouts.push(log);
    layouts
}

/// Whether most of the first lines have a time and a position.
fn looks_so(head: &[u8]) -> bool {
    let lines = head.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).take(LINES).collect();
    if are_bare_numbers(&lines) {
        return false;
    }
    lines.iter().filter(|line| parts(line).is_some_and(|(_, rest)| word_of(rest).is_ok())).count()
        * 2
        > lines.len()
}

/// Whether lines are nothing but numbers, of which the first is not surely the time: other columns
/// than time, x and y, or a first one that goes up and down.
fn are_bare_numbers(lines: &[&[u8]]) -> bool {
    let bare: Vec<_> = lines.iter().filter(|line| is_bare(line)).collect();
    if bare.len() * 2 <= lines.len() {
        return false;
    }
    let rows: Vec<Vec<f64>> = bare.into_iter().map(|line| numbers(line)).collect();
    let goes_back = rows.windows(2).any(|pair| pair[1].first() < pair[0].first());
    goes_back || rows.iter().any(|row| row.len() != 3)
}

/// Whether a line is numbers and what separates them.
fn is_bare(line: &[u8]) -> bool {
    date_end(line).is_none()
        && line.iter().all(|byte| byte.is_ascii_digit() || b".,;+- \t|".contains(byte))
}

fn numbers(line: &[u8]) -> Vec<f64> {
    line.split(|byte| !is_of_position(byte)).filter_map(number).collect()
}

struct Log;

impl Decoder for Log {
    fn row(&mut self, row: &TableRow<'_>, out: &mut Events) -> Result<(), RowFault> {
        let line = row.get(0).unwrap_or_default();
        let (at, rest) = parts(line).ok_or_else(|| RowFault::unreadable("no time in the line"))?;
        let kind = word_of(rest)?;
        let [x, y] =
            position(rest).ok_or_else(|| RowFault::unreadable("no position in the line"))?;
        out.events.push(MouseEvent { at: time(at, row.unit)?, kind, x, y });
        Ok(())
    }
}

/// The time of a line, in front or behind `Time:`, and what else it says.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii();
    let end =
        date_end(line).unwrap_or_else(|| line.iter().take_while(|byte| is_of_time(byte)).count());
    if end > 0 {
        return Some((&line[..end], &line[end..]));
    }
    let mark = line.windows(5).position(|word| word.eq_ignore_ascii_case(b"time:"))?;
    let time = line[mark + 5..].trim_ascii();
    let digits = time.iter().take_while(|byte| is_of_time(byte)).count();
    (digits > 0).then(|| (&time[..digits], &line[..mark]))
}

fn is_of_time(byte: &u8) -> bool {
    byte.is_ascii_digit() || *byte == b'.'
}

/// Where `2022-06-23 14:02:11,086` ends.
fn date_end(line: &[u8]) -> Option<usize> {
    const FORM: &[u8] = b"0000-00-00 00:00:00";
    let is_date = line.len() >= FORM.len()
        && line.iter().zip(FORM).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            b' ' => matches!(byte, b' ' | b'T' | b'_'),
            form => byte == form,
        });
    let behind = line.get(FORM.len()..).filter(|_| is_date)?;
    let fraction = match behind {
        [b'.' | b',', digits @ ..] => {
            digits.iter().take_while(|byte| byte.is_ascii_digit()).count()
        }
        _ => 0,
    };
    Some(FORM.len() + if fraction > 0 { fraction + 1 } else { 0 })
}

/// What the words of a line say.
fn word_of(text: &[u8]) -> Result<MouseKind, RowFault> {
    let letters = text.iter().filter(|byte| byte.is_ascii_alphabetic() || **byte == b'.');
    let words: Vec<u8> = letters.copied().collect();
    let is_button = [&b"leftat"[..], b"rightat", b"middleat"]
        .iter()
        .any(|name| words.len() >= name.len() && words[..name.len()].eq_ignore_ascii_case(name));
    let state: &[u8] = if is_button { b"pressed" } else { b"" };
    if words.is_empty() && position(text).is_none() {
        return Err(RowFault::unreadable("no word for an event in the line"));
    }
    logger::kind([&words, b"", state])
}

/// The first pair in brackets, or else the first two numbers.
fn position(text: &[u8]) -> Option<[f64; 2]> {
    let open = text.iter().position(|byte| *byte == b'(');
    let inner = open.and_then(|open| {
        let close = text[open..].iter().position(|byte| *byte == b')')?;
        both(&text[open..open + close])
    });
    inner.or_else(|| {
        let words = text.split(|byte| !is_of_position(byte) && !byte.is_ascii_alphabetic());
        let mut numbers = words.filter_map(super::field::pixels);
        Some([numbers.next()?, numbers.next()?])
    })
}

fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn is_of_position(byte: &u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Button;

    #[test]
    fn lines_of_many_scripts_are_taken_apart() {
        let left = Button::Left;
        for (line, time, kind, [x, y]) in [
            (
                "2022-06-23 14:02:11,086: Mouse moved to (639, 400)",
                "2022-06-23 14:02:11,086",
                MouseKind::Move,
                [639.0, 400.0],
            ),
            (
                "1655992918.27|Mouse: moved(639, -4)",
                "1655992918.27",
                MouseKind::Move,
                [639.0, -4.0],
            ),
            ("Pointer moved to (639, 400). Time: 3.25", "3.25", MouseKind::Move, [639.0, 400.0]),
            ("Left at (639, 400). Time: 3.25", "3.25", MouseKind::Press(left), [639.0, 400.0]),
            (
                "12.5 Released at (1, 2) Button.right",
                "12.5",
                MouseKind::Release(Button::Right),
                [1.0, 2.0],
            ),
            (
                "2022-06-23T14:02:11 Mouse clicked at (1, 2) with Button.left",
                "2022-06-23T14:02:11",
                MouseKind::Press(left),
                [1.0, 2.0],
            ),
            ("3 Mouse scrolled at (1, 2)(0, -1)", "3", MouseKind::Wheel, [1.0, 2.0]),
            (
                "2022-06-23 14:02:11,086\t639\t400\tMove\tNone\tMouse",
                "2022-06-23 14:02:11,086",
                MouseKind::Move,
                [639.0, 400.0],
            ),
        ] {
            let (at, rest) = parts(line.as_bytes()).unwrap();
            assert_eq!(String::from_utf8_lossy(at), time, "{line}");
            assert_eq!(word_of(rest), Ok(kind), "{line}");
            assert_eq!(position(rest), Some([x, y]), "{line}");
        }
        assert_eq!(parts(b"time,x,y"), None);
    }

    #[test]
    fn numbers_without_words_are_a_log_only_where_the_first_is_a_time() {
        assert!(looks_so(b"1655992918.27 639 400\n1655992918.29 641 401\n"));
        assert!(!looks_so(b"639,400,0,1656000000010000\n641,401,0,1656000000020000\n"));
        assert!(!looks_so(b"639,400,10\n637,401,20\n"));
        assert!(!looks_so(b"1656000000.1,20220623,14,02,11,086,639,400\n"));
        assert!(looks_so(b"2022-06-23 14:02:11,086: 639 400\n"));
    }
}
