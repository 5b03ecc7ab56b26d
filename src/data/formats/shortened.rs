//! Times that have lost digits: a spreadsheet, or a format such as `%g`, wrote 1.65599E+12 for all
//! of two hours. A number that an exponent merely makes shorter, such as 1656e9, is whole.

use super::field::{TimeUnit, micros};
use super::number::{Decimal, is_spreadsheets};
use crate::pipeline::MouseEvent;

/// What is left of a number by a spreadsheet or `%g`.
const SHORT: usize = 6;
/// From this many digits on they shorten it.
const LONG: u32 = 5;

/// What is said of a number that has lost digits.
pub(super) const WHY: &str =
    "digits are missing, as when a file was saved by a spreadsheet, which shortens numbers";

/// A time of which some digits were not written.
#[derive(Debug, Clone)]
pub(super) struct Suspect {
    /// How many events stand before it.
    place: usize,
    /// Microseconds, if it can be read.
    at: Option<i64>,
    /// What its last written digit stands for, microseconds.
    grain: i64,
    /// Whether it looks as a spreadsheet or `%g` writes.
    is_usual: bool,
    /// As it is written.
    pub text: String,
}

impl Suspect {
    /// A time whose exponent stands for digits; `None` of every other.
    pub(crate) fn of(text: &[u8], unit: TimeUnit, place: usize) -> Option<Self> {
        if !text.iter().any(|byte| matches!(byte, b'e' | b'E')) {
            return None;
        }
        let plain: Vec<u8> =
            text.iter().map(|byte| if *byte == b',' { b'.' } else { *byte }).collect();
        let number = Decimal::parse(&plain)?;
        let unwritten = number.unwritten();
        if unwritten == 0 {
            return None;
        }
        let grain = 10f64.powi(unwritten.min(18) as i32) * unit.micros()?;
        let is_general = number.is_scientific() && number.significant() == SHORT;
        let is_usual = unwritten >= LONG && (is_spreadsheets(text) || is_general);
        let text_shown = String::from_utf8_lossy(text).chars().take(24).collect();
        let at = micros(text, unit);
        Some(Self { place, at, grain: grain as i64, is_usual, text: text_shown })
    }
}

/// The first time of a session that has lost digits, if any has: all were written so, the same one
/// stands there again and again, or it does not fit between its neighbours.
pub(super) fn first<'a>(
    suspects: &'a [(Suspect, u64)],
    events: &[MouseEvent],
    ordered: bool,
) -> Option<&'a (Suspect, u64)> {
    let first = suspects.first()?;
    let is_all = suspects.len() >= events.len();
    if is_all && suspects.iter().all(|(suspect, _)| suspect.is_usual) {
        return Some(first);
    }
    let mut values: Vec<_> = suspects.iter().map(|(suspect, _)| suspect.at).collect();
    values.sort_unstable();
    values.dedup();
    let is_coarse = suspects.iter().all(|(suspect, _)| suspect.grain > 1_000_000);
    let is_repeated = suspects.len() >= 4 && values.len() * 2 <= suspects.len();
    if is_repeated && (is_coarse || first.0.is_usual) {
        return Some(first);
    }
    let usual = suspects.iter().filter(|(suspect, _)| suspect.is_usual);
    usual.into_iter().find(|(suspect, _)| !fits(suspect, events, ordered))
}

/// Whether a time is where its neighbours are.
fn fits(suspect: &Suspect, events: &[MouseEvent], ordered: bool) -> bool {
    let Some(at) = suspect.at else { return false };
    let near = suspect.grain / 100;
    let others = events.iter().enumerate().filter(|(place, _)| *place != suspect.place);
    let range = if ordered {
        let before = suspect.place.checked_sub(1).and_then(|place| events.get(place)).map(time);
        let behind = events.get(suspect.place + 1).map(time);
        before.or(behind).zip(behind.or(before))
    } else {
        let times = others.map(|(_, event)| time(event));
        times.clone().min().zip(times.max())
    };
    range.is_none_or(|(a, b)| {
        (a.min(b).saturating_sub(near)..=a.max(b).saturating_add(near)).contains(&at)
    })
}

fn time(event: &MouseEvent) -> i64 {
    event.at.micros()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{MouseKind, Timestamp};

    fn found(times: &[&str]) -> Option<u64> {
        let (mut events, mut suspects) = (Vec::new(), Vec::new());
        for (line, text) in times.iter().enumerate() {
            let suspect = Suspect::of(text.as_bytes(), TimeUnit::Ms, events.len());
            suspects.extend(suspect.map(|suspect| (suspect, line as u64)));
            if let Some(at) = micros(text.as_bytes(), TimeUnit::Ms) {
                let at = Timestamp::from_micros(at);
                events.push(MouseEvent { at, kind: MouseKind::Move, x: 0.0, y: 0.0 });
            }
        }
        first(&suspects, &events, true).map(|(_, line)| *line)
    }

    #[test]
    fn digits_that_are_lost_are_told_from_digits_that_are_zero() {
        assert_eq!(found(&["1655999999990", "1656000000e3", "1656000000010"]), None);
        assert_eq!(found(&["1655999999990", "1.656E+12", "1656000000010"]), None);
        assert_eq!(found(&["99990", "1e+05", "100010"]), None);
        assert_eq!(found(&["1656000001e3", "1656000002e3", "1656000003e3", "1656000004e3"]), None);
        assert_eq!(found(&["1655992931086", "1.65599E+12", "1655992931096"]), Some(1));
        assert_eq!(found(&["1.65599E+12"]), Some(0));
        assert_eq!(found(&["1.65599e+12", "1.65600e+12"]), Some(0));
        assert_eq!(found(&["1,65599E+12", "1,65599E+12"]), Some(0));
        assert_eq!(
            found(&["1655992931", "1.655992931e12", "1.655992931e12", "1.655992931e12"]),
            None
        );
        let coarse = ["1.6559929e12", "1.6559929e12", "1.6559929e12", "1.6559930e12"];
        assert_eq!(found(&coarse), Some(0));
    }
}
