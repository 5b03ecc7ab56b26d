//! Recordings with the columns `client timestamp,button,state,x,y`: Balabit, SapiMouse and DFL. The
//! three differ in their unit of time and in what x and y may mean.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::dataset::User;
use super::discover::{self, Users};
use super::dropped::Reason;
use super::field::TimeUnit;
use super::layout::{Column, Decode, Fault, Layout, Row, missing, unknown};
use crate::error::{Failure, Kind, Result};
use crate::pipeline::{Button, MouseEvent, MouseKind};

const TIME: usize = 0;
const BUTTON: usize = 1;
const STATE: usize = 2;
const X: usize = 3;
const Y: usize = 4;

/// What Balabit writes for a coordinate outside the remote screen.
const OUTSIDE: &[u8] = b"65535";

/// Which recorder wrote the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Balabit,
    Sapimouse,
    Dfl,
}

fn layout(what: &'static str, flavour: Flavour) -> Layout {
    let columns = ["client timestamp", "button", "state", "x", "y"];
    let columns = columns.into_iter().map(|name| Column::Named(name.into())).collect();
    Layout { what, separator: None, quoted: false, columns, decode: Decode::ButtonState(flavour) }
}

pub(super) fn plan_dfl(inputs: &[PathBuf]) -> Result<(Layout, Vec<User>)> {
    let layout = layout("a DFL recording", Flavour::Dfl);
    let mut users = Users::default();
    for path in discover::files(inputs, discover::is_csv)? {
        users.add(&discover::folder(&path)?, discover::whole_file(&path, &layout)?, false);
    }
    Ok((layout, users.sorted()))
}

pub(super) fn plan_sapimouse(inputs: &[PathBuf]) -> Result<(Layout, Vec<User>)> {
    let layout = layout("a SapiMouse recording", Flavour::Sapimouse);
    let mut folders: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in discover::files(inputs, discover::is_csv)? {
        folders.entry(discover::folder(&path)?).or_default().push(path);
    }
    let mut users = Users::default();
    for (folder, mut paths) in folders {
        paths.sort_by_cached_key(|path| sitting(path));
        let (mut id, mut latest) = (folder.clone(), None);
        for path in paths {
            let date = sitting(&path).0;
            if is_somebody_else(latest, date) {
                id = format!("{folder}_{}", date.map(|date| date.to_string()).unwrap_or_default());
            }
            latest = date.or(latest);
            users.add(&id, discover::whole_file(&path, &layout)?, false);
        }
    }
    Ok((layout, users.sorted()))
}

/// The day of a session, and a key by which the long session of a day precedes the short one:
/// the study's order, and the way the set is used (learn from three minutes, test on one).
fn sitting(path: &Path) -> (Option<jiff::civil::Date>, std::cmp::Reverse<u32>) {
    let name = discover::stem(path);
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

pub(super) fn plan_balabit(inputs: &[PathBuf]) -> Result<(Layout, Vec<User>)> {
    let layout = layout("a Balabit recording", Flavour::Balabit);
    let mut users = Users::default();
    let mut labels: BTreeMap<PathBuf, BTreeMap<String, bool>> = BTreeMap::new();
    for path in discover::files(inputs, |name| name.starts_with("session_"))? {
        let mut plan = discover::whole_file(&path, &layout)?;
        let root = test_root(&path);
        if let Some(root) = &root {
            if !labels.contains_key(root) {
                labels.insert(root.clone(), read_labels(&root.join("public_labels.csv"))?);
            }
            plan.genuine = labels.get(root).and_then(|labels| labels.get(&plan.id)).copied();
        }
        users.add(&discover::folder(&path)?, plan, root.is_some());
    }
    Ok((layout, users.sorted()))
}

/// The folder that holds `test_files`, if the file lies below such a one.
fn test_root(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let tests = path.ancestors().find(|folder| folder.ends_with("test_files"))?;
    tests.parent().map(Path::to_owned)
}

/// Which test sessions are genuine, by the labels that were published; empty if there are none.
fn read_labels(path: &Path) -> Result<BTreeMap<String, bool>> {
    let mut labels = BTreeMap::new();
    if !path.exists() {
        return Ok(labels);
    }
    let wrong = |wrong: String| {
        Failure::new(Kind::Data, format!("{}: {wrong}", path.display()))
            .remedy("Expected lines like session_0000000000,0 below filename,is_illegal.")
    };
    let mut reader = csv::Reader::from_path(path).map_err(|e| wrong(e.to_string()))?;
    for row in reader.records() {
        let row = row.map_err(|e| wrong(e.to_string()))?;
        let genuine = match row.get(1).map(str::trim) {
            Some("0") => true,
            Some("1") => false,
            _ => return Err(wrong(format!("no label in {:?}", row.get(0).unwrap_or_default()))),
        };
        labels.insert(row.get(0).unwrap_or_default().trim().to_owned(), genuine);
    }
    Ok(labels)
}

pub(super) fn event(row: &Row<'_>, flavour: Flavour) -> Result<MouseEvent, Fault> {
    let button = row.get(BUTTON).ok_or_else(|| missing("button"))?;
    let state = row.get(STATE).ok_or_else(|| missing("state"))?;
    let kind = match state {
        b"Move" => MouseKind::Move,
        b"Drag" => MouseKind::Drag,
        b"Pressed" => MouseKind::Press(button_of(button)?),
        b"Released" => MouseKind::Release(button_of(button)?),
        b"Down" | b"Up" => MouseKind::Wheel,
        b"Scrool" | b"Scroll" if flavour == Flavour::Dfl => {
            return Err(Fault::drop(Reason::NoPosition, "a scroll row without a position"));
        }
        other => return Err(unknown(other)),
    };
    let outside = |column| row.get(column) == Some(OUTSIDE);
    if flavour == Flavour::Balabit && (outside(X) || outside(Y)) {
        return Err(Fault::drop(Reason::Outside, "the pointer is outside the screen"));
    }
    let unit = if flavour == Flavour::Balabit { TimeUnit::S } else { TimeUnit::Ms };
    row.event(kind, [TIME, X, Y], unit)
}

fn button_of(name: &[u8]) -> Result<Button, Fault> {
    Ok(match name {
        b"Left" => Button::Left,
        b"Right" => Button::Right,
        b"Middle" => Button::Middle,
        b"XButton" | b"Other" => Button::Other(0),
        other => return Err(unknown(other)),
    })
}
