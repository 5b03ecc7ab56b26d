//! PsychoPy's exports: a row a trial, in it lists `mouse.x`, `mouse.y`, `mouse.time` and of the
//! buttons. A mouse may have any name, and there may be several.

use csv::ByteRecord;

use super::cells::{is_list, list, trial};
use super::discover;
use super::dropped::DropReason;
use super::field::TimeUnit;
use super::layout::{Decoder, Events, RowFault, Shape, TableLayout, TableRow};
use super::logger::USERS;
use super::registry::Reader;
use super::table::same;
use crate::pipeline::{Button, MouseKind};

pub(super) const READER: Reader = Reader {
    name: "psychopy",
    wanted: discover::is_text,
    layouts: || vec![layout()],
    plan: |sources, layouts| discover::tables(sources, layouts, discover::folder),
};

const USER: usize = 0;
/// Columns of the first mouse and of each mouse.
const FIRST: usize = 1;
const EACH: usize = 6;
const PARTS: [&str; EACH] = [".time", ".x", ".y", ".leftButton", ".midButton", ".rightButton"];

fn layout() -> TableLayout {
    let shape = Shape::Table { separator: None, quoted: true };
    TableLayout {
        finder: Some(find),
        unit: Some(TimeUnit::S),
        keys: [Some(USER), None],
        ..TableLayout::running("an export of PsychoPy", shape, Vec::new(), || Box::new(Trials))
    }
}

/// The user's column, then six of each mouse.
fn find(header: &ByteRecord) -> Result<Vec<Option<usize>>, String> {
    let mut places = vec![USERS.iter().find_map(|name| place(header, name))];
    for field in header {
        let name = String::from_utf8_lossy(super::field::bare(field)).into_owned();
        let Some(mouse) = name.strip_suffix(PARTS[0]) else { continue };
        let found = PARTS.map(|part| place(header, &format!("{mouse}{part}")));
        if found[..3].iter().all(Option::is_some) {
            places.extend(found);
        }
    }
    if places.len() > FIRST { Ok(places) } else { Err("mouse.time".into()) }
}

fn place(header: &ByteRecord, name: &str) -> Option<usize> {
    header.iter().position(|field| same(field, name.as_bytes()))
}

struct Trials;

impl Decoder for Trials {
    fn row(&mut self, row: &TableRow<'_>, out: &mut Events) -> Result<(), RowFault> {
        let before = out.events.len();
        for first in (FIRST..row.places.len()).step_by(EACH) {
            let [time, x, y] = [0, 1, 2].map(|part| row.filled(first + part).unwrap_or_default());
            if is_list(time) {
                let begin = out.events.len();
                let places = trial(&list(time), &list(x), &list(y), row.unit, out)?;
                let buttons =
                    [3, 4, 5].map(|part| list(row.filled(first + part).unwrap_or_default()));
                press(&mut out.events[begin..], &places, &buttons);
            }
        }
        if out.events.len() == before {
            return Err(RowFault::drop(
                DropReason::NoPosition,
                "a row without a list of positions: the mouse's state is to be saved on every frame",
            ));
        }
        Ok(())
    }
}

/// Turns moves into what the buttons say; y grows upwards here.
fn press(events: &mut [crate::pipeline::MouseEvent], places: &[usize], buttons: &[Vec<&[u8]>; 3]) {
    const BUTTONS: [Button; 3] = [Button::Left, Button::Middle, Button::Right];
    let mut held = [false; 3];
    for (event, place) in events.iter_mut().zip(places) {
        event.y = -event.y;
        let now = [0, 1, 2].map(|button| is_down(*place, &buttons[button]));
        let changed = (0..3).find(|button| now[*button] != held[*button]);
        event.kind = match changed {
            Some(button) if now[button] => MouseKind::Press(BUTTONS[button]),
            Some(button) => MouseKind::Release(BUTTONS[button]),
            None if now.contains(&true) => MouseKind::Drag,
            None => MouseKind::Move,
        };
        held = now;
    }
}

fn is_down(place: usize, button: &[&[u8]]) -> bool {
    button.get(place).is_some_and(|value| matches!(*value, b"1" | b"1.0" | b"True"))
}
