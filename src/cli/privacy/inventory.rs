//! Everything that this program stores about its owner: the one list behind `privacy`, `export` and
//! `purge`, as it is on the disk now.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::first_hours::QuietPeriod;
use crate::cli::keys::OwnerKeys;
use crate::data::{Store, aside, private};
use crate::error::{Failure, Result};
use crate::sealing::{KeptKey, KeyPlace};

/// Which part of what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StoredPart {
    /// The recordings of enrolments.
    Recordings,
    /// The recordings of the running agent.
    Watched,
    /// The model.
    Model,
    /// Journal and history.
    History,
    /// What is written for a collector of figures.
    Metrics,
    /// The key of what is sealed.
    Key,
    /// The configuration.
    Configuration,
}

/// One thing that is stored.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Holding {
    /// What it is called.
    pub name: &'static str,
    /// Which part it is of.
    pub part: StoredPart,
    /// What it says about its owner.
    pub holds: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// How long it stays.
    pub kept: String,
    /// Who can read it, by its mode now.
    pub readers: String,
    /// Files that are there.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
}

/// What there is to say of a thing before the disk is looked at.
struct StoredThing {
    name: &'static str,
    part: StoredPart,
    holds: &'static str,
    path: PathBuf,
    kept: String,
}

/// All of it, whether it is there or not.
///
/// # Errors
/// When a folder cannot be looked into.
pub(crate) fn all(context: &Context) -> Result<Vec<Holding>> {
    entries(context).into_iter().map(StoredThing::look).collect()
}

fn entries(context: &Context) -> Vec<StoredThing> {
    let store = Store::at(context.paths.data());
    let mut entries = movement(context, &store);
    let holds = "times, scores, decisions, actions and answers; no position of the pointer";
    let journal = &context.config.journal;
    let twice = 2 * journal.max_mb.get();
    let collected = Some(journal.file.clone()).filter(|file| file.is_absolute());
    for (file, kept) in [
        (collected, format!("the last {twice} MB at most, both halves together")),
        (there(store.journal()), "until you purge it: an earlier version wrote it".into()),
    ] {
        let Some(file) = file else { continue };
        let older = file.with_extension("old.jsonl");
        for (name, path) in [("journal", file), ("journal, its older half", older)] {
            entries.push(StoredThing {
                name,
                part: StoredPart::History,
                holds,
                path,
                kept: kept.clone(),
            });
        }
    }
    for path in aside::list(&store.history()).unwrap_or_default() {
        let kept = "until you purge it: it could not be used, and was put aside".into();
        entries.push(StoredThing {
            name: "history put aside",
            part: StoredPart::History,
            holds,
            path,
            kept,
        });
    }
    let old = store.old_adaptation();
    let beside = [&store.adaptation(), &old, &store.later_movement(), &store.model()];
    let set_aside = beside.map(|path| aside::list(path).unwrap_or_default());
    for path in set_aside.into_iter().flatten().chain(old.exists().then(|| old.clone())) {
        let kept = "until you purge it: it could not be used, and was put aside".into();
        let holds = "what it held before; no position of the pointer";
        entries.push(StoredThing {
            name: "model or adaptation put aside",
            part: StoredPart::Model,
            holds,
            path,
            kept,
        });
    }
    let days = context.config.retention.history_days.get();
    entries.push(StoredThing {
        name: "history",
        part: StoredPart::History,
        holds,
        path: store.history(),
        kept: if days == 0 { "not at all".into() } else { format!("{days} days") },
    });
    entries.push(StoredThing {
        name: "report",
        part: StoredPart::History,
        holds: "when you were at your desk, and how the scores went",
        path: store.report(),
        kept: "until the next `mousewarden report`".into(),
    });
    let metrics = &context.config.metrics.file;
    if metrics.is_absolute() {
        entries.push(StoredThing {
            name: "metrics",
            part: StoredPart::Metrics,
            holds: "state, decision and counts, for Prometheus",
            path: metrics.clone(),
            kept: "until you remove it; the running agent writes it anew".into(),
        });
    }
    entries.push(key(context));
    entries.push(StoredThing {
        name: "configuration",
        part: StoredPart::Configuration,
        holds: "your settings",
        path: context.paths.config().to_owned(),
        kept: "until you remove it".into(),
    });
    entries
}

/// A file that may have been left by an earlier version, or its older half.
fn there(file: PathBuf) -> Option<PathBuf> {
    let is_there = file.exists() || file.with_extension("old.jsonl").exists();
    is_there.then_some(file)
}

/// The key of what is sealed, or which one of the key store it is.
fn key(context: &Context) -> StoredThing {
    let keys = OwnerKeys::of(&context.paths);
    let kept = keys.in_force();
    let file = kept.as_ref().filter(|kept| kept.place == KeyPlace::File).and_then(KeptKey::id);
    let holds = match (&kept, file) {
        (None, _) => "none: your files are in the clear",
        (Some(_), None) => {
            "which key of the desktop's key store opens your recordings, model, adaptation and marks; not \
             the key"
        }
        (Some(_), Some(_)) => "opens your recordings, model, adaptation and marks",
    };
    StoredThing {
        name: "key of your files",
        part: StoredPart::Key,
        holds,
        path: file.map_or_else(|| keys.note_file().to_owned(), |id| keys.file(id)),
        kept: "until you enrol again: each enrolment has its own".into(),
    }
}

fn movement(context: &Context, store: &Store) -> Vec<StoredThing> {
    let retention = &context.config.retention;
    let holds = "every position of the pointer and every press of its buttons, with their times";
    let watched = if context.config.record.enabled {
        days(retention.watched_days.get())
    } else {
        "none is made: [record] enabled = false".into()
    };
    vec![
        StoredThing {
            name: "recordings of your enrolments",
            part: StoredPart::Recordings,
            holds,
            path: store.recordings(),
            kept: days(retention.recordings_days.get()),
        },
        StoredThing {
            name: "recordings by the running agent",
            part: StoredPart::Watched,
            holds,
            path: store.watched().root().to_owned(),
            kept: watched,
        },
        StoredThing {
            name: "your model",
            part: StoredPart::Model,
            holds: "numbers that tell your movement and the timing of your clicks from others'; no position \
                    of the pointer or of a click",
            path: store.model(),
            kept: "until the next enrolment replaces it".into(),
        },
        StoredThing {
            name: "how it has adapted since your enrolment",
            part: StoredPart::Model,
            holds: "how far your movement has changed since; no position of the pointer",
            path: store.adaptation(),
            kept: "until you enrol again, or `mousewarden adaptation forget`".into(),
        },
        StoredThing {
            name: "marks of your movement since your enrolment",
            part: StoredPart::Model,
            holds: "hashes by which a copy of it is known; no position, size, direction or time",
            path: store.later_movement(),
            kept: "the last 40,000 marks, until you enrol again".into(),
        },
        StoredThing {
            name: "mice and screens that you have used since your enrolment",
            part: StoredPart::Model,
            holds: "names and numbers of devices, resolutions; since when",
            path: store.devices(),
            kept: "until `mousewarden devices forget`".into(),
        },
        StoredThing {
            name: "until when alarms are only written down",
            part: StoredPart::Model,
            holds: "a time",
            path: QuietPeriod::path(store),
            kept: "some hours after your first enrolment".into(),
        },
    ]
}

fn days(days: u32) -> String {
    if days == 0 { "until you purge it".into() } else { format!("{days} days") }
}

impl StoredThing {
    fn look(self) -> Result<Holding> {
        let Self { name, part, holds, path, kept } = self;
        let files = files(&path).map_err(|e| Failure::io(path.display(), e))?;
        let readers = if !files.iter().any(|file| is_open(&path, file)) {
            private::READERS.into()
        } else if part == StoredPart::Metrics {
            "everybody, or its collector could not".into()
        } else {
            format!("OTHER USERS OF THIS MACHINE; this ends it: {}", private::closing(&path))
        };
        let bytes = files.iter().map(|file| file.metadata().map_or(0, |data| data.len())).sum();
        Ok(Holding { name, part, holds, path, kept, readers, files: files.len() as u64, bytes })
    }
}

/// A file is closed to others when its folder is.
fn is_open(root: &Path, file: &Path) -> bool {
    let folder = root.parent().is_some_and(is_closed);
    !folder && !is_closed(root) && !is_closed(file)
}

fn is_closed(path: &Path) -> bool {
    private::is_open_to_others(path).is_ok_and(|open| !open)
}

/// The files at or below a path, in order of their names; none when it is not there.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let kind = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?.file_type(),
    };
    if !kind.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries: Vec<_> =
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        found.extend(files(&entry)?);
    }
    Ok(found)
}
