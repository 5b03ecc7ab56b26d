//! Recordings with the columns `client timestamp,button,state,x,y`: Balabit, SapiMouse and DFL. The
//! three differ in their unit of time and in what x and y may mean.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dataset::User;
use super::discover::{self, Users};
use super::dropped::DropReason;
use super::field::TimeUnit;
use super::layout::{Column, RowFault, TableLayout, TableRow, missing, unknown};
use super::registry::Reader;
use super::source::Source;
use super::table::Table;
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::{Button, MouseEvent, MouseKind};

pub(super) const BALABIT: Reader = Reader {
    name: "balabit",
    wanted: |name| name.starts_with("session_") || name == LABELS,
    layouts: || vec![layout("a Balabit recording", Flavour::Balabit)],
    plan: plan_balabit,
};

pub(super) const SAPIMOUSE: Reader = Reader {
    name: "sapimouse",
    wanted: discover::is_csv,
    layouts: || vec![layout("a SapiMouse recording", Flavour::Sapimouse)],
    plan: plan_sapimouse,
};

pub(super) const DFL: Reader = Reader {
    name: "dfl",
    wanted: discover::is_csv,
    layouts: || vec![layout("a DFL recording", Flavour::Dfl)],
    plan: |sources, layouts| discover::tables(sources, layouts, discover::folder),
};

/// Which of Balabit's test sessions are genuine.
const LABELS: &str = "public_labels.csv";

const TIME: usize = 0;
const BUTTON: usize = 1;
const STATE: usize = 2;
const X: usize = 3;
const Y: usize = 4;

/// What Balabit writes for a coordinate outside the remote screen.
const OUTSIDE: &[u8] = b"65535";

/// Which recorder wrote the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flavour {
    Balabit,
    Sapimouse,
    Dfl,
}

fn layout(what: &'static str, flavour: Flavour) -> TableLayout {
    let columns = ["client timestamp", "button", "state", "x", "y"];
    let columns = columns.into_iter().map(Column::named).collect();
    let unit = if flavour == Flavour::Balabit { TimeUnit::S } else { TimeUnit::Ms };
    TableLayout {
        time: Some(TIME),
        unit: Some(unit),
        ..TableLayout::table(what, columns, move |row| event(row, flavour))
    }
}

fn plan_sapimouse(sources: Vec<Source>, layouts: &[Arc<TableLayout>]) -> Result<Vec<User>> {
    let mut folders: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    for source in sources {
        folders.entry(discover::folder(&source)).or_default().push(source);
    }
    let mut users = Users::default();
    for (folder, mut sources) in folders {
        sources.sort_by_cached_key(sitting);
        let mut id = folder.clone();
        let mut latest = None;
        for source in sources {
            let date = sitting(&source).0;
            if is_somebody_else(latest, date) {
                id = format!("{folder}_{}", date.map(|date| date.to_string()).unwrap_or_default());
            }
            latest = date.or(latest);
            users.add(&id, discover::whole_file(Table::open(source, layouts)?)?, false);
        }
    }
    Ok(users.sorted())
}

/// The day of a session, and a key by which the long session of a day precedes the short one:
/// the study's order, and the way the set is used (learn from three minutes, test on one).
fn sitting(source: &Source) -> (Option<jiff::civil::Date>, std::cmp::Reverse<u32>) {
    let name = discover::stem(source);
    let numbers = || name.split('_').filter_map(|part| part.parse::<i16>().ok());
    let date = match numbers().collect::<Vec<_>>()[..] {
        [year, month, day, ..] => {
            jiff::civil::Date::new(year, month.try_into().unwrap_or(0), day.try_into().unwrap_or(0))
                .ok()
        }
        _ => None,
    };
    let minutes = name.rsplit('_').next().and_then(|end| end.strip_suffix("min")?.parse().ok());
    (date, std::cmp::Reverse(minutes.unwrap_or(0)))
}

/// Everybody took part within a day or two. A folder with a second pair of files from months later
/// is held to be two people: as one, each would be taught to pass for the other.
fn is_somebody_else(latest: Option<jiff::civil::Date>, date: Option<jiff::civil::Date>) -> bool {
    const DAYS_MAX: i32 = 60;
    let days = latest.zip(date).and_then(|(a, b)| a.until(b).ok()).map(|span| span.get_days());
    days.is_some_and(|days| days > DAYS_MAX)
}

fn plan_balabit(sources: Vec<Source>, layouts: &[Arc<TableLayout>]) -> Result<Vec<User>> {
    let (labels, sessions): (Vec<_>, Vec<_>) = sources
        .into_iter()
        .partition(|source| source.path.file_name().is_some_and(|name| name == LABELS));
    let mut known: BTreeMap<PathBuf, BTreeMap<String, bool>> = BTreeMap::new();
    for source in labels {
        let root = canonical(&source.path).parent().map(Path::to_owned).unwrap_or_default();
        known.insert(root, read_labels(&source)?);
    }
    let mut users = Users::default();
    for source in sessions {
        let root = test_root(&source.path);
        let folder = discover::folder(&source);
        let mut plan = discover::whole_file(Table::open(source, layouts)?)?;
        if let Some(root) = &root {
            if !known.contains_key(root) {
                let path = root.join(LABELS);
                let is_there = path.is_file();
                let labels =
                    if is_there { read_labels(&Source::file(path))? } else { BTreeMap::new() };
                known.insert(root.clone(), labels);
            }
            plan.genuine = known.get(root).and_then(|labels| labels.get(&plan.id)).copied();
        }
        users.add(&folder, plan, root.is_some());
    }
    Ok(users.sorted())
}

/// The folder that holds `test_files`, if the file lies below such a one.
fn test_root(path: &Path) -> Option<PathBuf> {
    let path = canonical(path);
    let tests = path.ancestors().find(|folder| folder.ends_with("test_files"))?;
    tests.parent().map(Path::to_owned)
}

/// A path without links, also where its end lies in an archive.
fn canonical(path: &Path) -> PathBuf {
    let known = path.ancestors().find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
    let Some((folder, whole)) = known else { return path.to_owned() };
    path.strip_prefix(folder).map_or_else(|_| path.to_owned(), |rest| whole.join(rest))
}

/// Which test sessions are genuine, by the labels that were published.
fn read_labels(source: &Source) -> Result<BTreeMap<String, bool>> {
    let mut labels = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(source.open(0)?);
    for row in reader.records() {
        let row = row.map_err(|e| bad_label(source, e.to_string()))?;
        let genuine = match row.get(1).map(str::trim) {
            Some("0") => true,
            Some("1") => false,
            _ => {
                return Err(bad_label(
                    source,
                    format!("no label in {:?}", row.get(0).unwrap_or_default()),
                ));
            }
        };
        labels.insert(row.get(0).unwrap_or_default().trim().to_owned(), genuine);
    }
    Ok(labels)
}

fn bad_label(source: &Source, wrong: String) -> Failure {
    Failure::new(FailureKind::Data, format!("{}: {wrong}", source.path.display()))
        .remedy("Expected lines like session_0000000000,0 below filename,is_illegal.")
}

fn event(row: &TableRow<'_>, flavour: Flavour) -> Result<MouseEvent, RowFault> {
    let button = row.get(BUTTON).ok_or_else(|| missing("button"))?;
    let state = row.get(STATE).ok_or_else(|| missing("state"))?;
    let kind = match state {
        b"Move" => MouseKind::Move,
        b"Drag" => MouseKind::Drag,
        b"Pressed" => MouseKind::Press(button_of(button)?),
        b"Released" => MouseKind::Release(button_of(button)?),
        b"Down" | b"Up" => MouseKind::Wheel,
        b"Scrool" | b"Scroll" if flavour == Flavour::Dfl => {
            return Err(RowFault::drop(DropReason::NoPosition, "a scroll row without a position"));
        }
        other => return Err(unknown(other)),
    };
    if flavour == Flavour::Balabit && (is_outside(row, X) || is_outside(row, Y)) {
        return Err(RowFault::drop(DropReason::Outside, "the pointer is outside the screen"));
    }
    row.event(kind, [TIME, X, Y])
}

fn is_outside(row: &TableRow<'_>, column: usize) -> bool {
    row.get(column) == Some(OUTSIDE)
}

fn button_of(name: &[u8]) -> Result<Button, RowFault> {
    Ok(match name {
        b"Left" => Button::Left,
        b"Right" => Button::Right,
        b"Middle" => Button::Middle,
        b"XButton" | b"Other" => Button::Other(0),
        other => return Err(unknown(other)),
    })
}
