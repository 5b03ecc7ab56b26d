//! One agent a user: locks on files that the system releases when the process dies, however it
//! dies. Their content names the holder, and where it can be asked, to others.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::data::private;
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::event::Micros;
use crate::platform::clock;

/// Whoever looks whether a file is locked locks it for a moment, and an agent that was asked to end
/// may take two seconds: it is tried so often.
const TRIES: usize = 115;
/// Between two tries.
const PAUSE: Micros = Micros::from_millis(20);

/// Being the only one, as long as it lives.
#[derive(Debug)]
pub(crate) struct Instance {
    _files: Vec<File>,
}

/// Who holds a lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its process number, as it wrote it.
    pub pid: String,
    /// Where it can be asked.
    pub socket: Option<PathBuf>,
}

impl Instance {
    /// Becomes the only one who holds these files, and says in them where it can be asked.
    ///
    /// # Errors
    /// [`FailureKind::Busy`] when another process holds one of them, with its number.
    pub(crate) fn claim(locks: &[PathBuf], socket: Option<&Path>) -> Result<Self> {
        let files = locks.iter().map(|lock| claim(lock, socket)).collect::<Result<_>>()?;
        Ok(Self { _files: files })
    }
}

fn claim(path: &Path, socket: Option<&Path>) -> Result<File> {
    let failed = |error: io::Error| {
        let remedy = private::remedy(path, &error, "MOUSEWARDEN_DATA");
        Failure::io(format!("lock file {}", path.display()), error).remedy(remedy)
    };
    let mut file = private::open_file(path).map_err(failed)?;
    let mut tries = 1;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if tries < TRIES => {
                tries += 1;
                clock::sleep_until(clock::now() + PAUSE);
            }
            Err(TryLockError::WouldBlock) => return Err(busy(&read(path))),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    file.set_len(0).map_err(failed)?;
    let socket = socket.map(|socket| socket.display().to_string()).unwrap_or_default();
    writeln!(file, "{}\n{socket}", std::process::id()).map_err(failed)?;
    Ok(file)
}

/// Who holds a lock; `None` when nobody does, or nobody ever has.
pub(crate) fn holder(path: &Path) -> Option<Holder> {
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(read(path)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// What the holder wrote, as far as it can be read: some systems lock the content as well.
fn read(path: &Path) -> Holder {
    let mut text = String::new();
    let read = File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    let mut lines = text.lines().map(str::trim);
    let pid = lines.next().unwrap_or_default();
    let socket = lines.next().unwrap_or_default();
    match read {
        Ok(_) => Holder {
            pid: pid.to_owned(),
            socket: Some(PathBuf::from(socket)).filter(|socket| socket.is_absolute()),
        },
        Err(_) => Holder::default(),
    }
}

fn busy(holder: &Holder) -> Failure {
    let pid = &holder.pid;
    let who = if pid.is_empty() { String::new() } else { format!(" (process {pid})") };
    Failure::new(FailureKind::Busy, format!("mousewarden is running already{who}"))
        .remedy("`mousewarden status` shows it, `mousewarden stop` ends it.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_at_a_time_and_the_other_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = [folder.path().join("agent.lock")];
        let first = Instance::claim(&path, None).unwrap();
        let failure = Instance::claim(&path, None).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Busy);
        assert!(failure.to_string().contains(&std::process::id().to_string()), "{failure}");
        drop(first);
        Instance::claim(&path, None).unwrap();
    }

    #[test]
    fn the_holder_says_where_it_can_be_asked() {
        let folder = tempfile::tempdir().unwrap();
        let locks = ["a.lock", "b.lock"].map(|name| folder.path().join(name));
        assert_eq!(holder(&locks[0]), None, "and nothing is made");
        assert!(!locks[0].exists());
        let socket = folder.path().join("control.sock");
        let first = Instance::claim(&locks, Some(&socket)).unwrap();
        for lock in &locks {
            let holder = holder(lock).unwrap();
            // Where the content is locked as well, nobody can read it.
            assert!(holder.pid.is_empty() || holder.socket.as_ref() == Some(&socket));
            assert!(Instance::claim(std::slice::from_ref(lock), None).is_err());
        }
        drop(first);
        assert_eq!(holder(&locks[1]), None);
    }
}
