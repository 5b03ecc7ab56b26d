//! What most loggers write, whatever they call it: a time, a position, and words for what the mouse
//! did. Used for tables and for objects in JSON.

use super::dropped::DropReason;
use super::field;
use super::generic::both;
use super::layout::{Column, RowFault, Shape, TableLayout, TableRow, missing, unknown};
use crate::pipeline::{Button, MouseEvent, MouseKind};

const TIME: usize = 0;
const X: usize = 1;
const Y: usize = 2;
const EVENT: usize = 3;
const BUTTON: usize = 4;
const STATE: usize = 5;
const USER: usize = 6;
const SESSION: usize = 7;

const TIMES: &[&str] = &[
    "timestamp",
    "time",
    "ts",
    "t",
    "time_stamp",
    "datetime",
    "date",
    "_time",
    "time_ms",
    "timestamp_ms",
    "client timestamp",
    "record timestamp",
    "elapsed",
];
const XS: &[&str] = &[
    "x",
    "xpos",
    "x_pos",
    "pos_x",
    "x_position",
    "mouse_x",
    "mouse x",
    "screenX",
    "clientX",
    "pageX",
];
const YS: &[&str] = &[
    "y",
    "ypos",
    "y_pos",
    "pos_y",
    "y_position",
    "mouse_y",
    "mouse y",
    "screenY",
    "clientY",
    "pageY",
];
const EVENTS: &[&str] = &["event", "event_type", "eventType", "type", "action", "kind", "what"];
const STATES: &[&str] = &["pressed", "is_pressed", "state", "down"];
/// Columns that name who took part.
pub(super) const USERS: &[&str] = &[
    "user",
    "user_id",
    "username",
    "participant",
    "participant_id",
    "subject",
    "subject_id",
    "subject_nr",
    "PROLIFIC_PID",
    "run_id",
];
const SESSIONS: &[&str] = &["session", "session_id"];

/// The layouts of a logger: with x and y apart, and together.
pub(super) fn layouts(what: &'static str, shape: Shape) -> Vec<TableLayout> {
    let apart = layout(what, shape, Column::one_of(XS), Column::one_of(YS));
    let together = Column::one_of(&["position", "pos", "coordinates", "xy"]);
    vec![apart, layout(what, shape, together, Column::Absent)]
}

fn layout(what: &'static str, shape: Shape, x: Column, y: Column) -> TableLayout {
    TableLayout {
        shape,
        time: Some(TIME),
        keys: [Some(USER), Some(SESSION)],
        ..TableLayout::table(what, columns(x, y), event)
    }
}

/// As [`layouts`], for objects: which keys an object has is not known before it is read.
pub(super) fn objects(what: &'static str) -> TableLayout {
    let x = [XS, &["position", "pos", "coordinates", "xy"]].concat();
    TableLayout {
        shape: Shape::Json,
        time: Some(TIME),
        keys: [Some(USER), Some(SESSION)],
        ..TableLayout::table(what, columns(Column::one_of(&x), Column::one_of(YS)), event)
    }
}

fn columns(x: Column, y: Column) -> Vec<Column> {
    vec![
        Column::one_of(TIMES),
        x,
        y,
        Column::maybe(EVENTS),
        Column::maybe(&["button", "btn"]),
        Column::maybe(STATES),
        Column::maybe(USERS),
        Column::maybe(SESSIONS),
    ]
}

fn event(row: &TableRow<'_>) -> Result<MouseEvent, RowFault> {
    let words = [EVENT, BUTTON, STATE].map(|column| row.filled(column).unwrap_or_default());
    let kind = kind(words)?;
    let Some(x) = row.filled(X) else {
        return Err(RowFault::drop(DropReason::NoPosition, "a row without a position"));
    };
    if row.filled(Y).is_some() {
        return row.event(kind, [TIME, X, Y]);
    }
    if field::pixels(x).is_some() {
        return Err(missing("y"));
    }
    let [x, y] = both(x).ok_or_else(|| RowFault::unreadable("the position is not two numbers"))?;
    Ok(MouseEvent { at: row.time(TIME)?, kind, x, y })
}

/// What the words for event, button and state of the button say.
pub(super) fn kind([event, button, state]: [&[u8]; 3]) -> Result<MouseKind, RowFault> {
    let word = lower(event);
    let state = lower(state);
    let has = |words: &[&str]| words.iter().any(|part| word.contains(part) || state.contains(part));
    if word.contains("key") {
        return Err(RowFault::drop(DropReason::Ignored, "a key, not the mouse"));
    }
    if has(&["scroll", "wheel"]) {
        return Ok(MouseKind::Wheel);
    }
    if has(&["drag"]) {
        return Ok(MouseKind::Drag);
    }
    if has(&["move", "motion"]) || word.is_empty() && state.is_empty() {
        return Ok(MouseKind::Move);
    }
    let button = button_of(&format!("{word} {}", lower(button)));
    let is_up = has(&["release", "up"]) || matches!(state.as_str(), "false" | "0");
    let is_down = has(&["press", "down"]) || matches!(state.as_str(), "true" | "1");
    match (is_up, is_down && !word.contains("unpress")) {
        (true, _) => Ok(MouseKind::Release(button)),
        (false, true) => Ok(MouseKind::Press(button)),
        // Whoever logs one word for a click logs it when the button goes down.
        (false, false) if has(&["click", "button"]) => Ok(MouseKind::Press(button)),
        (false, false) => Err(unknown(if event.is_empty() { state.as_bytes() } else { event })),
    }
}

fn lower(text: &[u8]) -> String {
    String::from_utf8_lossy(text).to_ascii_lowercase()
}

fn button_of(words: &str) -> Button {
    let known = [("right", Button::Right), ("middle", Button::Middle), ("left", Button::Left)];
    let found = known.into_iter().find(|(name, _)| words.contains(name));
    let other = if words.contains("button.") { Button::Other(0) } else { Button::Left };
    found.map_or(other, |(_, button)| button)
}
