//! Files and folders that only their owner may read: movement is biometric data.
//! Nothing here knows what is written into them.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file for appending, making it with mode 0600 where it is missing.
///
/// # Errors
/// When the system refuses.
pub fn append_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A new file with mode 0600, open for reading and writing.
///
/// # Errors
/// When it exists already or cannot be made.
pub fn create_file(path: &Path) -> io::Result<File> {
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
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    match is_open_to_others(path)? {
        true => close(path),
        false => Ok(()),
    }
}

/// Whether anybody but the owner may enter or read.
///
/// # Errors
/// When it cannot be looked at.
#[cfg(unix)]
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

/// Whether anybody but the owner may enter or read; the user's profile folder is private by
/// inheritance there.
///
/// # Errors
/// When it cannot be looked at.
#[cfg(not(unix))]
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    fs::metadata(path).map(|_| false)
}

#[cfg(unix)]
fn close(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn close(_path: &Path) -> io::Result<()> {
    Ok(())
}
