//! jsPsych's exports with its mouse-tracking extension, as CSV or JSON: a trial a row, its
//! `mouse_tracking_data` a list of objects with x, y, t and event.

use serde::Deserialize;

use super::discover;
use super::dropped::DropReason;
use super::field::TimeUnit;
use super::jsonl::is_json;
use super::layout::{Column, Decoder, Events, RowFault, Shape, TableLayout, TableRow, unknown};
use super::logger::USERS;
use super::registry::Reader;
use crate::pipeline::{Button, MouseEvent, MouseKind, Timestamp};

pub(super) const READER: Reader = Reader {
    name: "jspsych",
    wanted: |name| discover::is_text(name) || is_json(name),
    layouts: || [Shape::Json, Shape::Table { separator: None, quoted: true }].map(layout).into(),
    plan: |sources, layouts| discover::tables(sources, layouts, discover::folder),
};

const DATA: usize = 0;
const USER: usize = 1;

fn layout(shape: Shape) -> TableLayout {
    let columns = vec![Column::named("mouse_tracking_data"), Column::maybe(USERS)];
    TableLayout {
        unit: Some(TimeUnit::Ms),
        keys: [Some(USER), None],
        ..TableLayout::running("an export of jsPsych", shape, columns, || Box::new(Trials))
    }
}

/// A point of a trial.
#[derive(Deserialize)]
struct Point<'a> {
    x: f64,
    y: f64,
    t: f64,
    #[serde(borrow, default)]
    event: Option<&'a str>,
}

struct Trials;

impl Decoder for Trials {
    fn row(&mut self, row: &TableRow<'_>, out: &mut Events) -> Result<(), RowFault> {
        let Some(cell) = row.filled(DATA).filter(|cell| *cell != b"[]") else {
            return Err(RowFault::drop(DropReason::NoPosition, "a trial without positions"));
        };
        let points: Vec<Point<'_>> = serde_json::from_slice(cell)
            .map_err(|_| RowFault::unreadable("mouse_tracking_data is not a list of positions"))?;
        let mut events = Vec::new();
        let mut is_held = false;
        for point in points {
            let kind = match point.event.unwrap_or("mousemove") {
                "mousemove" if is_held => MouseKind::Drag,
                "mousemove" => MouseKind::Move,
                "mousedown" => MouseKind::Press(Button::Left),
                "mouseup" => MouseKind::Release(Button::Left),
                other => return Err(unknown(other.as_bytes())),
            };
            is_held = matches!(kind, MouseKind::Press(_) | MouseKind::Drag);
            // Within 2^53 microseconds a float is exact, and beyond a cast keeps to the bounds.
            let at = Timestamp::from_micros((point.t * 1000.0).round().clamp(-9e15, 9e15) as i64);
            events.push(MouseEvent { at, kind, x: point.x, y: point.y });
        }
        out.part();
        out.events.extend(events);
        Ok(())
    }
}
