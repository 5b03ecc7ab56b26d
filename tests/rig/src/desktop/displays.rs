//! Who may take which display number, when several test desktops stand side by side. X servers hand out
//! numbers among themselves by lock files that a crash leaves behind, and a number between two
//! servers of one desktop must not go to another desktop. Nothing here starts a program.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use mousewarden::error::{Failure, Result};

/// While this is held no other desktop of this user gives a number away.
#[derive(Debug)]
pub(super) struct Turn {
    _file: File,
}

/// Waits until no other desktop is taking a number. Whoever holds the turn starts one server and
/// lets it go as soon as that server has its number.
pub(super) fn turn() -> Result<Turn> {
    let user = rustix::process::getuid().as_raw();
    let path = std::env::temp_dir().join(format!("mousewarden-displays-{user}.lock"));
    let taken = File::options().create(true).append(true).open(&path).and_then(|file| {
        file.lock()?;
        Ok(Turn { _file: file })
    });
    taken.map_err(|error| Failure::io(path.display(), error))
}

/// The lock file of a display whose server crashed, in the name of this process.
#[derive(Debug)]
pub(super) struct Reserved {
    file: PathBuf,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        // Nothing is left to do when somebody tidied up.
        let _ = fs::remove_file(&self.file);
    }
}

/// Keeps a display's number: X servers take it for used while the process in its lock file lives.
///
/// # Errors
/// When the lock file cannot be written.
pub(super) fn reserve(display: &str) -> Result<Reserved> {
    let number = display.trim_start_matches(':');
    let path = PathBuf::from(format!("/tmp/.X{number}-lock"));
    // A server that was ended at once leaves its own behind.
    let _ = fs::remove_file(&path);
    let written =
        File::create_new(&path).and_then(|mut file| writeln!(file, "{:>10}", std::process::id()));
    written.map_err(|error| Failure::io(path.display(), error))?;
    Ok(Reserved { file: path })
}
