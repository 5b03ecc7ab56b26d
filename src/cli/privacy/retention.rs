//! Removes recordings that are older than their owner wants them to be. What the system refuses to
//! remove is said and tried again with the next start.

use std::path::Path;
use std::time::SystemTime;

use crate::agent::settings::RetentionParams;
use crate::cli::context::Context;
use crate::data::Store;
use crate::platform::clock;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Looks at the enrolments' and the agent's recordings.
pub(crate) fn enforce(context: &Context) {
    let store = Store::at(context.paths.data());
    let RetentionParams { recordings_days, watched_days, .. } = &context.config.retention;
    let now_ms = clock::wall().as_millisecond();
    for (folder, days) in [
        (store.recordings(), recordings_days.get()),
        (store.watched().recordings(), watched_days.get()),
    ] {
        if days > 0 {
            remove_older(&folder, now_ms - i64::from(days) * DAY_MS);
        }
    }
}

/// Removes the recordings of a folder that were last written before a moment.
fn remove_older(folder: &Path, than_ms: i64) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let recordings = entries.map(|entry| entry.path()).filter(|path| is_recording(path));
    for path in recordings {
        let written = path.metadata().and_then(|data| data.modified());
        let Ok(written) = written.map(unix_ms) else { continue };
        if written < than_ms {
            match std::fs::remove_file(&path) {
                Ok(()) => tracing::info!("{}: removed, it was too old", path.display()),
                Err(error) => tracing::warn!("{}: too old, but {error}", path.display()),
            }
        }
    }
}

/// Whether it is a recording, or one that was put aside.
fn is_recording(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".csv") || name.contains(".csv.")
}

fn unix_ms(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_recordings_that_are_too_old_go() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, day: i64| {
            let path = folder.path().join(name);
            let file = std::fs::File::create(&path).unwrap();
            let written = SystemTime::UNIX_EPOCH
                + std::time::Duration::from_millis((day * DAY_MS).unsigned_abs());
            file.set_modified(written).unwrap();
            path
        };
        let (old, new) = (file("recording-1.csv", 10), file("recording-2.csv", 20));
        let aside = file("recording-1.csv.unreadable-2026-03-01", 10);
        let other = file("notes.txt", 10);
        remove_older(folder.path(), 15 * DAY_MS);
        assert!(!old.exists() && !aside.exists() && new.exists() && other.exists());
    }
}
