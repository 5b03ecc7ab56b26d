//! Files and folders that only their owner may read: movement is biometric data.
//! Nothing here knows what is written into them.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// A new file with mode 0600, open for reading and writing.
///
/// # Errors
/// When it exists already or cannot be made.
pub(super) fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A folder with mode 0700, with its parents; one that is there already is closed to others.
///
/// # Errors
/// When it cannot be made, or belongs to somebody else.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    close_to_others(path)
}

#[cfg(unix)]
fn close_to_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn close_to_others(_path: &Path) -> io::Result<()> {
    Ok(()) // The user's profile folder is private by inheritance there.
}
