//! The text logs of the Kharagpur recorder: a banner, then `MM, x, y, t` for a move and `MP`, `MR`,
//! `MC` for a button pressed, released and clicked; t is milliseconds after the line before, in the
//! first line since 1970.

use super::discover;
use super::dropped::DropReason;
use super::field::{self, TimeUnit};
use super::layout::{Decoder, Events, RowFault, Shape, TableLayout, TableRow, unknown};
use super::registry::Reader;
use crate::pipeline::event::Micros;
use crate::pipeline::{Button, MouseEvent, MouseKind, Timestamp};

pub(super) const READER: Reader = Reader {
    name: "kharagpur",
    wanted: |name| discover::is_text(name) || !name.contains('.'),
    layouts: || vec![layout()],
    plan: |sources, layouts| discover::tables(sources, layouts, discover::folder),
};

/// A larger number is a time since 1970, milliseconds.
const SINCE_1970_MS: i64 = 100_000_000_000;

fn layout() -> TableLayout {
    TableLayout {
        unit: Some(TimeUnit::Ms),
        ..TableLayout::running(
            "a log of the Kharagpur recorder",
            Shape::Lines(looks_so),
            Vec::new(),
            || {
                Box::new(Log {
                    at: Timestamp::default(),
                    position: None,
                    is_held: false,
                    reported: false,
                })
            },
        )
    }
}

fn looks_so(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').take(60);
    lines.any(|line| line.starts_with(b"MM,") && line.split(|byte| *byte == b',').count() == 4)
}

struct Log {
    at: Timestamp,
    position: Option<[f64; 2]>,
    is_held: bool,
    /// Whether the press and release that a click repeats were written.
    reported: bool,
}

impl Decoder for Log {
    fn row(&mut self, row: &TableRow<'_>, out: &mut Events) -> Result<(), RowFault> {
        let line = row.get(0).unwrap_or_default();
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b',').map(field::bare).collect();
        let [tag, .., last] = fields[..] else { return banner(line) };
        let passed = field::micros(last, TimeUnit::Ms)
            .ok_or_else(|| RowFault::unreadable("the time cannot be read"))?;
        // Whatever the line says, time has passed.
        self.at = if passed >= SINCE_1970_MS * 1000 {
            Timestamp::from_micros(passed)
        } else {
            self.at + Micros(passed)
        };
        let kind = self.kind(tag, fields[1])?;
        if tag == b"MM" {
            let [_, x, y, _] = fields[..] else {
                return Err(RowFault::unreadable("not four columns"));
            };
            self.position = Some([pixels(x)?, pixels(y)?]);
        }
        let Some([x, y]) = self.position else {
            return Err(RowFault::drop(
                DropReason::NoPosition,
                "a click before the first position",
            ));
        };
        out.events.push(MouseEvent { at: self.at, kind, x, y });
        Ok(())
    }
}

fn pixels(text: &[u8]) -> Result<f64, RowFault> {
    field::pixels(text).ok_or_else(|| RowFault::unreadable("x or y is not a number"))
}

impl Log {
    fn kind(&mut self, tag: &[u8], button: &[u8]) -> Result<MouseKind, RowFault> {
        let button = match button {
            b"2" => Button::Middle,
            b"3" => Button::Right,
            _ => Button::Left,
        };
        match tag {
            b"MM" if self.is_held => Ok(MouseKind::Drag),
            b"MM" => Ok(MouseKind::Move),
            b"MD" => Ok(MouseKind::Drag),
            b"MW" => Ok(MouseKind::Wheel),
            b"MP" => {
                (self.is_held, self.reported) = (true, true);
                Ok(MouseKind::Press(button))
            }
            b"MR" => {
                self.is_held = false;
                Ok(MouseKind::Release(button))
            }
            b"MC" if self.reported => Err(RowFault::drop(
                DropReason::Repeated,
                "a click whose press and release stand above",
            )),
            b"MC" => Ok(MouseKind::Release(button)),
            other => Err(unknown(other)),
        }
    }
}

/// A line of the banner says nothing of the mouse.
fn banner(line: &[u8]) -> Result<(), RowFault> {
    let is_banner = line.starts_with(b"*") || line.contains(&b':');
    if is_banner { Ok(()) } else { Err(RowFault::unreadable("not a line of the log")) }
}
