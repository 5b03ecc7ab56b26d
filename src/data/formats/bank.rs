//! The bank recordings: all users in one table, a session's rows in random order. Ids stay text:
//! a 19-digit number does not survive a float.

use std::path::PathBuf;

use super::dataset::User;
use super::discover;
use super::field::TimeUnit;
use super::index::{self, Keys};
use super::layout::{Column, Decode, Fault, Layout, Row, missing, unknown};
use crate::error::Result;
use crate::pipeline::{Button, MouseEvent, MouseKind};

const TIME: usize = 0;
const KIND: usize = 1;
const X: usize = 2;
const Y: usize = 3;
const SESSION: usize = 4;
const USER: usize = 5;

pub(super) fn plan(inputs: &[PathBuf]) -> Result<(Layout, Vec<User>)> {
    let named = |name: &str| Column::Named(name.into());
    let layout = Layout {
        what: "a bank recording",
        separator: None,
        quoted: false,
        columns: vec![
            named("timestamp"),
            named("event_type"),
            named("screen_x"),
            named("screen_y"),
            named("session_id"),
            Column::Maybe("user_id".into()),
        ],
        decode: Decode::Bank,
    };
    let paths = discover::files(inputs, discover::is_csv)?;
    let time = (TIME, TimeUnit::Ms);
    let keys = Keys { user: Some(USER), session: Some(SESSION), time };
    let users = index::plan(&paths, &layout, keys)?;
    Ok((layout, users))
}

pub(super) fn event(row: &Row<'_>) -> Result<MouseEvent, Fault> {
    let code = row.get(KIND).ok_or_else(|| missing("event type"))?;
    row.event(kind(code).ok_or_else(|| unknown(code))?, [TIME, X, Y], TimeUnit::Ms)
}

/// What an `event_type` means; `None` for a code that the recordings don't have.
pub fn kind(code: &[u8]) -> Option<MouseKind> {
    match code {
        b"1" => Some(MouseKind::Release(Button::Left)),
        b"2" => Some(MouseKind::Move),
        b"3" => Some(MouseKind::Wheel),
        b"4" => Some(MouseKind::Drag),
        b"5" => Some(MouseKind::Press(Button::Left)),
        _ => None,
    }
}
