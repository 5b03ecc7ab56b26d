//! Opening what stands at a path, whatever that is: a pipe, a device or a folder in the place of a
//! file is refused, because reading it may never end.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// Opens a file for reading.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] where it is something else; when the system refuses.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    // The opening of a pipe that nobody writes to would wait already.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    regular(&file)?;
    Ok(file)
}

/// The content of a file.
///
/// # Errors
/// As [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The content of a file of text.
///
/// # Errors
/// As [`open`], and [`io::ErrorKind::InvalidData`] where it is no text.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Makes sure that an open file is one.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] where it is something else.
pub fn regular(file: &File) -> io::Result<()> {
    if file.metadata()?.is_file() { Ok(()) } else { Err(other_kind("not a regular file")) }
}

/// Makes sure that what stands at a path is a file, or nothing yet: no link, which may lead to
/// anything.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] where it is something else; when it cannot be looked at.
pub fn regular_or_none(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(data) if data.is_file() => Ok(()),
        Ok(data) if data.is_symlink() => Err(other_kind("a symbolic link, which is not followed")),
        Ok(_) => Err(other_kind("not a regular file")),
    }
}

fn other_kind(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn pipes_devices_and_folders_are_refused_at_once_and_links_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap();
        assert!(made.success());
        std::fs::write(path("file"), "text").unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        for what in [path("pipe"), folder.path().to_owned(), "/dev/zero".into()] {
            assert_eq!(open(&what).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{what:?}");
            assert!(regular_or_none(&what).is_err(), "{what:?}");
        }
        assert_eq!(read_to_string(&path("link")).unwrap(), "text");
        assert!(regular_or_none(&path("link")).unwrap_err().to_string().contains("not followed"));
        assert_eq!(read(&path("file")).unwrap(), b"text");
        regular_or_none(&path("file")).unwrap();
        regular_or_none(&path("none")).unwrap();
    }
}
