//! One agent a user: locks on files that the system releases when the process dies, however it
//! dies. Their content names the holder, and where it can be asked, to others.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::data::private;
use crate::error::{Failure, FailureKind, Result};
use crate::files;
use crate::pipeline::event::Micros;
use crate::platform::clock;
use crate::platform::file_watch::FileIdentity;

/// Whoever looks whether a file is locked locks it for a moment, and an agent that was asked to end
/// may take two seconds: it is tried so often.
// 115 tries of 20 ms are 2.3 s: the two seconds of an agent that ends, and a little more.
const TRIES: usize = 115;
/// Between two tries.
const PAUSE: Micros = Micros::from_millis(20);

/// Being the only one, as long as it or a clone lives.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    held: Arc<Mutex<Vec<HeldLock>>>,
    socket: Option<PathBuf>,
}

/// A file that is held.
#[derive(Debug)]
struct HeldLock {
    path: PathBuf,
    file: File,
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
    /// Becomes the only one who holds these files, and says in them where it can be asked. A file
    /// for which the disk has no room, or which it may not take, is done without as long as another
    /// one is held: a full disk is no reason to watch nobody.
    ///
    /// # Errors
    /// [`FailureKind::Busy`] when another process holds one of them, with its number.
    pub fn claim(locks: &[PathBuf], socket: Option<&Path>) -> Result<Self> {
        let mut held = Vec::new();
        let mut refused = None;
        for path in locks {
            match claim(path, socket, TRIES) {
                Ok(file) => held.push(HeldLock { path: path.clone(), file }),
                // Another agent is no reason to do without this lock.
                Err(failure) if failure.kind() == FailureKind::Busy => return Err(failure),
                Err(failure) => {
                    tracing::warn!("{failure}");
                    refused = Some(failure);
                }
            }
        }
        // At least one lock is needed, or two agents could both count down.
        if let Some(failure) = refused.filter(|_| held.is_empty()) {
            return Err(failure);
        }
        let held = Arc::new(Mutex::new(held));
        Ok(Self { held, socket: socket.map(Path::to_owned) })
    }

    /// The files that are held.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.held().iter().map(|lock| lock.path.clone()).collect()
    }

    /// Claims anew what is no longer found at its place: each file, and why it could not be had.
    pub(super) fn claim_again(&self) -> Vec<(PathBuf, Option<Failure>)> {
        let mut held = self.held();
        let gone = held
            .iter_mut()
            // Device and inode: a file of the same name that somebody put in its place is not ours.
            .filter(|lock| FileIdentity::of(&lock.path) != FileIdentity::of_open(&lock.file));
        let again = gone.map(|lock| {
            // Once is enough here: whoever holds the new file will not let go within milliseconds.
            let claimed = claim(&lock.path, self.socket.as_deref(), 1);
            let failure = claimed.map(|file| lock.file = file).err();
            (lock.path.clone(), failure)
        });
        again.collect()
    }

    fn held(&self) -> MutexGuard<'_, Vec<HeldLock>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn claim(path: &Path, socket: Option<&Path>, most_tries: usize) -> Result<File> {
    let failed = |error: io::Error| {
        let remedy = private::remedy(path, &error, "MOUSEWARDEN_DATA");
        Failure::io(format!("lock file {}", path.display()), error).remedy(remedy)
    };
    let mut file = private::open_file(path).map_err(failed)?;
    let mut tries = 1;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if tries < most_tries => {
                tries += 1;
                clock::sleep_until(clock::now() + PAUSE);
            }
            Err(TryLockError::WouldBlock) => return Err(busy(&read(path))),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    let socket = socket.map(|socket| socket.display().to_string()).unwrap_or_default();
    let written = file.set_len(0).and_then(|()| writeln!(file, "{}\n{socket}", std::process::id()));
    // It is held all the same.
    if let Err(error) = written {
        tracing::warn!("{}: {error}", path.display());
    }
    Ok(file)
}

/// Who holds a lock; `None` when nobody does, or nobody ever has.
pub(crate) fn holder(path: &Path) -> Option<Holder> {
    let file = files::open(path).ok()?;
    // A shared lock, so that two who look do not each take the other for an agent.
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(read(path)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// What the holder wrote, as far as it can be read: some systems lock the content as well.
fn read(path: &Path) -> Holder {
    let mut text = String::new();
    let read = files::open(path).and_then(|mut file| file.read_to_string(&mut text));
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
    fn a_file_that_cannot_be_made_is_done_without_as_long_as_another_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("agent.lock");
        let bad = folder.path().join("none/agent.lock");
        let first = Instance::claim(&[bad.clone(), good.clone()], None).unwrap();
        assert!(Instance::claim(&[good], None).is_err());
        assert!(Instance::claim(&[bad], None).is_err());
        drop(first);
    }

    #[test]
    fn what_is_removed_or_replaced_is_claimed_again() {
        let folder = tempfile::tempdir().unwrap();
        let locks = ["a.lock", "b.lock", "c.lock"].map(|name| folder.path().join(name));
        let instance = Instance::claim(&locks, None).unwrap();
        assert!(instance.claim_again().is_empty());
        let is_told = FileIdentity::of(&locks[0]).is_some();
        if !is_told {
            // Such a system lets no file go that is held, or tells of none.
            assert!(holder(&locks[0]).is_some());
            return;
        }
        std::fs::remove_file(&locks[0]).unwrap();
        std::fs::rename(&locks[1], folder.path().join("elsewhere")).unwrap();
        let another = Instance::claim(&locks[1..2], None).unwrap();
        let again = instance.claim_again();
        assert!(again[0].1.is_none() && again[0].0 == locks[0], "{again:?}");
        let busy = again[1].1.as_ref().map(Failure::kind);
        assert_eq!(busy, Some(FailureKind::Busy), "another one was faster");
        drop(another);
        assert!(
            instance.claim_again().iter().all(|(path, why)| *path == locks[1] && why.is_none())
        );
        assert!(locks.iter().all(|lock| holder(lock).is_some()));
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
