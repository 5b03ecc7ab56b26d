//! Files that are of use no more, put aside under a telling name beside their place, so that
//! whoever wants to look at them can.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// So many of one file are kept; beyond that the oldest goes.
const MOST: usize = 9;

/// Renames `history.db` to `history.db.WORD-DATE`, with what a database keeps beside itself.
///
/// # Errors
/// When the folder cannot be written, or nothing is there.
pub(crate) fn put_aside(path: &Path, word: &str, date: &str) -> io::Result<PathBuf> {
    let aside = (0..1000)
        .map(|number| match number {
            0 => beside(path, &format!(".{word}-{date}")),
            _ => beside(path, &format!(".{word}-{date}-{number}")),
        })
        .find(|name| name.symlink_metadata().is_err())
        .ok_or(io::ErrorKind::AlreadyExists)?;
    fs::rename(path, &aside)?;
    for tail in ["-wal", "-shm"] {
        let _ = fs::rename(beside(path, tail), beside(&aside, tail));
    }
    let old = list(path)?;
    for surplus in old.iter().take(old.len().saturating_sub(MOST)) {
        remove(surplus);
    }
    Ok(aside)
}

/// What was put aside of a file, in order of the names, which end in the date.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn list(path: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(Vec::new());
    };
    let name = name.to_string_lossy();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let other = entry.file_name().to_string_lossy().into_owned();
        let tail = other.strip_prefix(&*name).and_then(|tail| tail.strip_prefix('.'));
        let is_database_part = other.ends_with("-wal") || other.ends_with("-shm");
        if tail.is_some_and(|tail| tail.contains('-')) && !is_database_part {
            found.push(entry.path());
        }
    }
    found.sort_by_key(|path| date_of(path));
    Ok(found)
}

/// What follows the word: the date, and a number where there are several.
fn date_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split_once('-').map_or(name.clone(), |(_, date)| date.to_owned())
}

fn remove(path: &Path) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    for tail in ["-wal", "-shm"] {
        let _ = fs::remove_file(beside(path, tail));
    }
}

fn beside(path: &Path, tail: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(tail);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_with_what_lies_beside_it_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        for text in ["one", "two"] {
            fs::write(&path, text).unwrap();
            fs::write(beside(&path, "-wal"), text).unwrap();
            put_aside(&path, "damaged", "2026-03-01").unwrap();
        }
        let names: Vec<_> = list(&path).unwrap();
        assert_eq!(names.len(), 2);
        assert!(names[0].ends_with("history.db.damaged-2026-03-01"), "{names:?}");
        assert_eq!(fs::read_to_string(&names[0]).unwrap(), "one");
        assert_eq!(fs::read_to_string(beside(&names[1], "-wal")).unwrap(), "two");
        assert!(!path.exists() && put_aside(&path, "damaged", "2026-03-01").is_err());
    }

    #[test]
    fn they_do_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("adaptation.json");
        for day in 10..30 {
            fs::write(&path, "x").unwrap();
            put_aside(&path, "damaged", &format!("2026-03-{day}")).unwrap();
        }
        let names = list(&path).unwrap();
        assert_eq!(names.len(), MOST);
        assert!(names[MOST - 1].ends_with("adaptation.json.damaged-2026-03-29"), "{names:?}");
    }
}
