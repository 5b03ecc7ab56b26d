//! The bank recordings: all users in one table, a session's rows in random order. Ids stay text,
//! because a float rounds a 19-digit number.

use super::discover;
use super::field::TimeUnit;
use super::layout::{Column, RowFault, TableLayout, TableRow, missing, unknown};
use super::registry::Reader;
use crate::pipeline::{Button, MouseEvent, MouseKind};

pub(super) const READER: Reader = Reader {
    name: "bank",
    wanted: discover::is_csv,
    layouts: || vec![layout()],
    plan: |sources, layouts| discover::tables(sources, layouts, discover::folder),
};

const TIME: usize = 0;
const KIND: usize = 1;
const X: usize = 2;
const Y: usize = 3;
const SESSION: usize = 4;
const USER: usize = 5;

fn layout() -> TableLayout {
    let columns = vec![
        Column::named("timestamp"),
        Column::named("event_type"),
        Column::named("screen_x"),
        Column::named("screen_y"),
        Column::named("session_id"),
        Column::maybe(&["user_id"]),
    ];
    TableLayout {
        time: Some(TIME),
        unit: Some(TimeUnit::Ms),
        keys: [Some(USER), Some(SESSION)],
        nobodys: true,
        ordered: false,
        ..TableLayout::table("a bank recording", columns, event)
    }
}

fn event(row: &TableRow<'_>) -> Result<MouseEvent, RowFault> {
    let code = row.get(KIND).ok_or_else(|| missing("event type"))?;
    row.event(kind(code).ok_or_else(|| unknown(code))?, [TIME, X, Y])
}

/// What an `event_type` means; `None` for a code that the recordings don't have.
pub(crate) fn kind(code: &[u8]) -> Option<MouseKind> {
    match code {
        b"1" => Some(MouseKind::Release(Button::Left)),
        b"2" => Some(MouseKind::Move),
        b"3" => Some(MouseKind::Wheel),
        b"4" => Some(MouseKind::Drag),
        b"5" => Some(MouseKind::Press(Button::Left)),
        _ => None,
    }
}
