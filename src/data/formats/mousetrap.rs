//! Tables of the R package mousetrap and of its plug-in for OpenSesame: a trial a row, in numbered
//! columns (`X_1`, `Y_1`, `T_1`, ...) or in lists (`xpos_...`, `ypos_...`, `timestamps_...`), or a
//! position a row with the trial's `mt_id`.

use csv::ByteRecord;

use super::cells::{Point, holds_several, is_list, list, trial};
use super::discover;
use super::dropped::DropReason;
use super::field::{self, TimeUnit};
use super::layout::{Decoder, Events, RowFault, Shape, TableLayout, TableRow};
use super::logger::USERS;
use super::registry::Reader;
use super::table::same;

pub(super) const READER: Reader = Reader {
    name: "mousetrap",
    wanted: discover::is_text,
    layouts: || {
        let wide = layout(wide, || Box::new(Wide));
        vec![wide, layout(named, || Box::new(Named { trial: None }))]
    },
    plan: |sources, layouts| discover::tables(sources, layouts, discover::folder),
};

const USER: usize = 0;
const TRIAL: usize = 1;
/// Where triples of time, x and y begin.
const FIRST: usize = 2;

const TRIALS: &[&str] = &["mt_id", "trial_id", "trial", "count_trial", "trial_number"];
const LABELS: [[&str; 3]; 4] =
    [["timestamps", "xpos", "ypos"], ["time", "xpos", "ypos"], ["t", "x", "y"], ["time", "x", "y"]];

fn layout(finder: super::layout::Finder, decoder: fn() -> Box<dyn Decoder>) -> TableLayout {
    let shape = Shape::Table { separator: None, quoted: true };
    TableLayout {
        finder: Some(finder),
        unit: Some(TimeUnit::Ms),
        keys: [Some(USER), None],
        ..TableLayout::running("a table of mousetrap", shape, Vec::new(), decoder)
    }
}

/// Places of user and trial, then of the triples whose names end so.
fn triples(
    header: &ByteRecord,
    [time, x, y]: [&str; 3],
    wanted: fn(&str) -> bool,
) -> Vec<Option<usize>> {
    let mut places = vec![first_of(header, USERS), first_of(header, TRIALS)];
    let names: Vec<String> = header
        .iter()
        .map(|field| String::from_utf8_lossy(field::bare(field)).to_ascii_lowercase())
        .collect();
    // By a map: a thousand positions are three thousand columns.
    let by_name: std::collections::HashMap<&str, usize> =
        names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    for (place, name) in names.iter().enumerate() {
        let Some(end) = name.strip_prefix(x).filter(|end| wanted(end)) else { continue };
        let [time, y] =
            [time, y].map(|label| by_name.get(format!("{label}{end}").as_str()).copied());
        if time.is_some() && y.is_some() {
            places.extend([time, Some(place), y]);
        }
    }
    places
}

/// Where the first of these names stands.
fn first_of(header: &ByteRecord, names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| header.iter().position(|field| same(field, name.as_bytes())))
}

/// `_12`, `.12` or `12`.
fn is_number(end: &str) -> bool {
    let digits = end.strip_prefix(['_', '.']).unwrap_or(end);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn wide(header: &ByteRecord) -> Result<Vec<Option<usize>>, String> {
    let mut found = LABELS.iter().map(|labels| triples(header, *labels, is_number));
    // One position a trial is no movement.
    found.find(|places| places.len() > FIRST + 3).ok_or_else(|| "T_1".into())
}

fn named(header: &ByteRecord) -> Result<Vec<Option<usize>>, String> {
    let mut found = LABELS[..2].iter().map(|labels| {
        triples(header, *labels, |end: &str| {
            end.is_empty() || end.starts_with('_') && !is_number(end)
        })
    });
    found.find(|places| places.len() > FIRST).ok_or_else(|| "timestamps".into())
}

fn no_position() -> RowFault {
    RowFault::drop(DropReason::NoPosition, "a row without positions")
}

/// A trial in numbered columns.
struct Wide;

impl Decoder for Wide {
    fn row(&mut self, row: &TableRow<'_>, out: &mut Events) -> Result<(), RowFault> {
        let column = |part: usize| -> Vec<&[u8]> {
            let places = (FIRST + part..row.places.len()).step_by(3);
            places.map(|place| row.get(place).unwrap_or_default()).collect()
        };
        let places = trial(&column(0), &column(1), &column(2), row.unit, out)?;
        if places.is_empty() { Err(no_position()) } else { Ok(()) }
    }
}

/// A trial in lists, or one position of it.
struct Named {
    trial: Option<Vec<u8>>,
}

impl Decoder for Named {
    fn row(&mut self, row: &TableRow<'_>, out: &mut Events) -> Result<(), RowFault> {
        let before = out.events.len();
        let trial_id = row.get(TRIAL).map(<[u8]>::to_vec);
        for first in (FIRST..row.places.len()).step_by(3) {
            let [time, x, y] = [0, 1, 2].map(|part| row.filled(first + part).unwrap_or_default());
            if is_list(time) || holds_several(time) {
                trial(&list(time), &list(x), &list(y), row.unit, out)?;
                continue;
            }
            if let Some(event) = (Point { time, x, y }).event(row.unit)? {
                if self.trial != trial_id {
                    self.trial.clone_from(&trial_id);
                    out.part();
                }
                out.events.push(event);
            }
        }
        if out.events.len() == before { Err(no_position()) } else { Ok(()) }
    }
}
