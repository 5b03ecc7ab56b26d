//! Cells that hold a list, a whole trial of an experiment: `[1, 2, 3]`, `1 2 3`, `[1; 2]`.

use super::TimeUnit;
use super::field;
use super::layout::{Events, RowFault, pixels, time};
use crate::pipeline::{MouseEvent, MouseKind};

/// Whether a cell holds several values.
pub(super) fn is_list(cell: &[u8]) -> bool {
    matches!(cell.first(), Some(b'[' | b'('))
}

/// Whether a cell without brackets holds several numbers, as OpenSesame writes them: `0, 10, 20`.
pub(super) fn holds_several(cell: &[u8]) -> bool {
    let values = list(cell);
    values.len() >= 3
        && values.iter().all(|value| value.iter().all(|byte| b"0123456789.+-eE".contains(byte)))
}

/// The values of a cell.
pub(super) fn list(cell: &[u8]) -> Vec<&[u8]> {
    let inner = match cell {
        [b'[' | b'(', inner @ .., b']' | b')'] => inner,
        cell => cell,
    };
    let values = inner
        .split(|byte| matches!(byte, b',' | b';') || byte.is_ascii_whitespace())
        .filter(|value| !value.is_empty());
    values.map(|value| field::bare(trim_quote(of_numpy(value)))).collect()
}

/// The number in `np.float64(1.5)`, as numpy 2 prints it.
fn of_numpy(value: &[u8]) -> &[u8] {
    let is_numpy = value.starts_with(b"np.") || value.starts_with(b"numpy.");
    match (is_numpy, value.iter().position(|byte| *byte == b'('), value) {
        (true, Some(open), [inner @ .., b')']) => &inner[open + 1..],
        _ => value,
    }
}

fn trim_quote(value: &[u8]) -> &[u8] {
    match value {
        [b'\'', inner @ .., b'\''] => inner,
        value => value,
    }
}

/// One position of a trial.
pub(super) struct Point<'a> {
    pub time: &'a [u8],
    pub x: &'a [u8],
    pub y: &'a [u8],
}

impl Point<'_> {
    /// A move to it; `None` where a trial is shorter than its columns.
    pub(crate) fn event(&self, unit: TimeUnit) -> Result<Option<MouseEvent>, RowFault> {
        if [self.time, self.x, self.y].into_iter().any(field::is_empty) {
            return Ok(None);
        }
        let at = time(self.time, unit)?;
        let x = pixels(self.x, "x")?;
        let y = pixels(self.y, "y")?;
        Ok(Some(MouseEvent { at, kind: MouseKind::Move, x, y }))
    }
}

/// Adds the moves of a trial, as a part with a clock of its own. A trial with a bad value is left
/// out as a whole.
pub(super) fn trial(
    times: &[&[u8]],
    xs: &[&[u8]],
    ys: &[&[u8]],
    unit: TimeUnit,
    out: &mut Events,
) -> Result<Vec<usize>, RowFault> {
    if times.len() != xs.len() || xs.len() != ys.len() {
        let [t, x, y] = [times, xs, ys].map(<[_]>::len);
        return Err(RowFault::unreadable(format!("lists of {t} times, {x} x and {y} y")));
    }
    let mut events = Vec::new();
    let mut places = Vec::new();
    for (place, ((time, x), y)) in times.iter().zip(xs).zip(ys).enumerate() {
        if let Some(event) = (Point { time, x, y }).event(unit)? {
            events.push(event);
            places.push(place);
        }
    }
    // Behind the last position a trial is over.
    out.lost += places.last().map_or(0, |last| last + 1 - places.len()) as u64;
    out.part();
    out.events.extend(events);
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_many_spellings_are_read() {
        for text in [
            "[1, 2.5, -3]",
            "1 2.5 -3",
            "[1. 2.5 -3]",
            "['1', '2.5', '-3']",
            "(1;2.5;-3)",
            "[np.float64(1.0), np.int64(2.5), numpy.float32(-3)]",
        ] {
            let values = list(text.as_bytes());
            assert_eq!(values.len(), 3, "{text}");
            assert_eq!(field::pixels(values[1]), Some(2.5), "{text}");
        }
        assert!(list(b"[]").is_empty());
        assert!(holds_several(b"0, 10, 20.5") && holds_several(b"1;2;3"));
        assert!(!holds_several(b"12.5") && !holds_several(b"1,5") && !holds_several(b"a, b, c"));
    }
}
