//! A dataset on disk: who is in it, and each person's sessions in order. Files that repeat the file
//! before them are recognised, and only what they add is kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Failure, Kind, Result};
use crate::pipeline::MouseEvent;

use super::dropped::{Dropped, Reason};
use super::mapping::{Layout, Mapping};
use super::presets::Format;
use super::rows;

/// One session of one person, in the file's own order.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedSession {
    /// The file's or the session's name.
    pub name: String,
    /// Its events; their times share an origin within the session only.
    pub events: Vec<MouseEvent>,
}

/// Everything that was read of one person.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// In order of time as far as the format tells.
    pub sessions: Vec<RecordedSession>,
    /// What was left out.
    pub dropped: Dropped,
}

/// A dataset and its people.
#[derive(Debug, Clone)]
pub struct Dataset {
    root: PathBuf,
    mapping: Mapping,
    users: BTreeMap<String, Vec<PathBuf>>,
}

impl Dataset {
    /// Finds out who is in a folder (or, where users are columns, in one file).
    ///
    /// # Errors
    /// When it cannot be read or holds nobody.
    pub fn open(format: &Format, root: &Path) -> Result<Self> {
        let mapping = format.mapping();
        let users = match mapping.layout {
            Layout::FolderPerUser => folders(&inside(format, root))?,
            Layout::Columns => by_column(format, root, &mapping)?,
        };
        if users.is_empty() {
            let what = format!("{}: no recordings of format {}", root.display(), format.name());
            return Err(Failure::new(Kind::NoInput, what)
                .remedy("Give the folder that holds the users, and check the format."));
        }
        Ok(Self { root: root.to_path_buf(), mapping, users })
    }

    /// The ids of its people, in a natural order of their names.
    pub fn users(&self) -> Vec<&str> {
        let mut users: Vec<&str> = self.users.keys().map(String::as_str).collect();
        users.sort_by_key(|user| natural(user));
        users
    }

    /// Reads one person's sessions.
    ///
    /// # Errors
    /// When nobody has that id, a file cannot be read, or it was damaged by a spreadsheet.
    pub fn read(&self, user: &str) -> Result<Reading> {
        let files = self.users.get(user).ok_or_else(|| self.nobody(user))?;
        match self.mapping.layout {
            Layout::FolderPerUser => self.read_files(files),
            Layout::Columns => self.read_columns(files, user),
        }
    }

    fn nobody(&self, user: &str) -> Failure {
        let what = format!("{}: nobody is called {user:?}", self.root.display());
        let some = self.users().into_iter().take(8).collect::<Vec<_>>().join(", ");
        Failure::new(Kind::NoInput, what).remedy(format!("There are: {some}"))
    }

    fn read_files(&self, files: &[PathBuf]) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut before: Vec<MouseEvent> = Vec::new();
        for path in files {
            let mut events = Vec::new();
            let mut dropped = Dropped::default();
            rows::read(path, &self.mapping, &mut dropped, |row| events.push(row.event))?;
            let repeated = if repeats(&events, &before) { before.len() } else { 0 };
            dropped.count(Reason::RepeatedFile, repeated as u64);
            reading.dropped.add(dropped);
            let new = events[repeated..].to_vec();
            before = events;
            if !new.is_empty() {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                reading.sessions.push(RecordedSession { name, events: new });
            }
        }
        Ok(reading)
    }

    fn read_columns(&self, files: &[PathBuf], user: &str) -> Result<Reading> {
        let mut dropped = Dropped::default();
        let mut sessions: BTreeMap<String, Vec<MouseEvent>> = BTreeMap::new();
        for path in files {
            rows::read(path, &self.mapping, &mut dropped, |row| {
                if row.user == user {
                    sessions.entry(row.session).or_default().push(row.event);
                }
            })?;
        }
        let mut sessions: Vec<RecordedSession> =
            sessions.into_iter().map(|(name, events)| RecordedSession { name, events }).collect();
        // Session ids are random; only the rows tell which came first.
        sessions.sort_by_key(|session| session.events.iter().map(|event| event.at).min());
        Ok(Reading { sessions, dropped })
    }
}

/// A cumulative file begins with everything that the file before it held.
fn repeats(events: &[MouseEvent], before: &[MouseEvent]) -> bool {
    !before.is_empty() && events.len() >= before.len() && events[..before.len()] == *before
}

/// Balabit keeps its users a folder deeper.
fn inside(format: &Format, root: &Path) -> PathBuf {
    let deeper = root.join("training_files");
    if *format == Format::Balabit && deeper.is_dir() { deeper } else { root.to_path_buf() }
}

fn folders(root: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let mut users = BTreeMap::new();
    for folder in entries(root)?.into_iter().filter(|path| path.is_dir()) {
        let mut files: Vec<PathBuf> =
            entries(&folder)?.into_iter().filter(|path| is_recording(path)).collect();
        files.sort_by_key(|path| natural(&path.to_string_lossy()));
        if !files.is_empty() {
            let user = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            users.insert(user, files);
        }
    }
    Ok(users)
}

fn by_column(
    format: &Format,
    root: &Path,
    mapping: &Mapping,
) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let files = if root.is_file() { vec![root.to_path_buf()] } else { entries(root)? };
    let train = files.iter().find(|path| path.ends_with("Train_Mouse.csv")).cloned();
    // The other file of that dataset has no users to read.
    let files = match train {
        Some(train) if *format == Format::Bank => vec![train],
        _ => files.into_iter().filter(|path| is_recording(path)).collect(),
    };
    let mut users: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in files {
        let mut ignored = Dropped::default();
        rows::read(&path, mapping, &mut ignored, |row| {
            let files = users.entry(row.user).or_default();
            if files.last() != Some(&path) {
                files.push(path.clone());
            }
        })?;
    }
    Ok(users)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |e| Failure::io(format!("folder {}", folder.display()), e);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        found.push(entry.map_err(failed)?.path());
    }
    Ok(found)
}

fn is_recording(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    let kind = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    path.is_file() && !hidden && kind.is_none_or(|kind| kind == "csv")
}

/// Sorts `session_10` behind `session_9`: text and numbers in turn.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let digits =
            rest[text..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |n| text + n);
        parts.push((rest[..text].to_owned(), rest[text..digits].parse().unwrap_or(0)));
        rest = &rest[digits..];
    }
    parts
}
