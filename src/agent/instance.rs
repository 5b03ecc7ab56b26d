//! One agent a user: a lock on a file that the system releases when the process dies, however it
//! dies. The file's content only names the holder to others.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::data::private;
use crate::error::{Failure, Kind, Result};

/// Being the only one, as long as it lives.
#[derive(Debug)]
pub struct Instance {
    _file: File,
}

impl Instance {
    /// Becomes the only one.
    ///
    /// # Errors
    /// [`Kind::Busy`] when another process is, with its number.
    pub fn claim(path: &Path) -> Result<Self> {
        let failed = |e| Failure::io(format!("lock file {}", path.display()), e);
        let mut file = private::open_file(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy(&mut file)),
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn busy(file: &mut File) -> Failure {
    let mut pid = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut pid));
    let who = match (read, pid.trim()) {
        (Err(_), _) | (Ok(_), "") => String::new(),
        (Ok(_), pid) => format!(" (process {pid})"),
    };
    Failure::new(Kind::Busy, format!("mousewarden is running already{who}"))
        .remedy("`mousewarden status` shows it, `mousewarden stop` ends it.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_at_a_time_and_the_other_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.lock");
        let first = Instance::claim(&path).unwrap();
        let failure = Instance::claim(&path).unwrap_err();
        assert_eq!(failure.kind(), Kind::Busy);
        assert!(failure.to_string().contains(&std::process::id().to_string()), "{failure}");
        drop(first);
        Instance::claim(&path).unwrap();
    }
}
