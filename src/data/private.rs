//! Files and folders that only their owner may read: movement is biometric data.
//! Nothing here knows what is written into them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::files;

/// Opens a file for appending, making it with mode 0600 where it is missing.
///
/// # Errors
/// When the system refuses.
pub(crate) fn append_file(path: &Path) -> io::Result<File> {
    open_or_make(OpenOptions::new().read(true).append(true), path)
}

/// Opens a file for reading and writing at any place, making it with mode 0600 where it is missing.
///
/// # Errors
/// When the system refuses.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    open_or_make(OpenOptions::new().read(true).write(true), path)
}

#[cfg(unix)]
fn open_or_make(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    files::regular_or_none(path)?;
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = options.create(true).open(path)?;
    files::regular(&file)?;
    Ok(file)
}

#[cfg(windows)]
fn open_or_make(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    match create_file(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => files::regular_or_none(path).and_then(|()| options.open(path)),
    }
}

/// A new file with mode 0600, open for reading and writing.
///
/// # Errors
/// When it exists already or cannot be made.
#[cfg(unix)]
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A new file that only its owner may open, open for reading and writing.
///
/// # Errors
/// When it exists already or cannot be made.
#[cfg(windows)]
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    crate::acl::OwnerOnly::new(false)?.create(path)
}

/// The SHA-256 of a file's content, hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut file = files::open(path)?;
    let mut hash = Sha256::new();
    let mut bytes = vec![0; 1 << 16];
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(hex::encode(hash.finalize())),
            length => hash.update(&bytes[..length]),
        }
    }
}

/// A number that another file in its place would not have.
///
/// # Errors
/// When it is not there.
#[cfg(unix)]
pub fn identity(path: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(path)?.ino())
}

/// A number that another file in its place would not have; an open file cannot be replaced here.
///
/// # Errors
/// When it is not there.
#[cfg(windows)]
pub fn identity(path: &Path) -> io::Result<u64> {
    fs::metadata(path).map(|_| 0)
}

/// Replaces a file as a whole, or makes it, readable by its owner only.
///
/// # Errors
/// When the system refuses; the file is as it was then.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|e| e.error)
}

/// Whether nobody but the administrator can have written a file: file and folder belong to root and
/// nobody else may write to them. In a user namespace root has no number of its own; there the
/// whole way from `/` has to belong to the owner of `/`, which is not this user.
///
/// # Errors
/// When it cannot be looked at.
#[cfg(unix)]
pub(crate) fn only_root_writes(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let path = path.canonicalize()?;
    let root = Path::new("/").metadata()?.uid();
    if root != 0 && root == rustix::process::getuid().as_raw() {
        return Ok(false);
    }
    let depth = if root == 0 { 2 } else { usize::MAX };
    for place in path.ancestors().take(depth) {
        let data = place.metadata()?;
        if data.uid() != root || data.mode() & 0o022 != 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether nobody but administrators can have written a file.
///
/// # Errors
/// When it cannot be looked at.
#[cfg(windows)]
pub(crate) fn only_root_writes(path: &Path) -> io::Result<bool> {
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(&path);
    for place in [path.as_path(), folder] {
        if !crate::acl::Access::of(place)?.is_of_administrators() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Lets everybody read a file that is meant to be collected by another user (mode 0644).
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub(crate) fn open_to_readers(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

/// The folder decides who may read there.
///
/// # Errors
/// Never.
#[cfg(windows)]
pub(crate) fn open_to_readers(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Who can read what is closed to others.
#[cfg(unix)]
pub(crate) const READERS: &str = "you (and root)";

/// Who can read what is closed to others.
#[cfg(windows)]
pub(crate) const READERS: &str = "you (and the system)";

/// The command that closes a file or folder to others.
#[cfg(unix)]
pub(crate) fn closing(path: &Path) -> String {
    format!("chmod -R go= {}", path.display())
}

/// The command that closes a file or folder to others.
#[cfg(windows)]
pub(crate) fn closing(path: &Path) -> String {
    let all = if path.is_dir() { "(OI)(CI)F" } else { "F" };
    format!("icacls \"{}\" /inheritance:r /grant:r \"%USERNAME%:{all}\"", path.display())
}

/// What an administrator does so that only administrators can have written a file.
#[cfg(unix)]
pub(crate) fn handing_to_root(path: &Path) -> String {
    let folder = path.parent().unwrap_or(path).display();
    format!("As root: chown root {0} {folder}; chmod go-w {0} {folder}", path.display())
}

/// What an administrator does so that only administrators can have written a file.
#[cfg(windows)]
pub(crate) fn handing_to_root(path: &Path) -> String {
    let folder = path.parent().unwrap_or(path).display();
    format!(
        "As an administrator: icacls \"{folder}\" /setowner *S-1-5-32-544 /T, then icacls \"{folder}\" \
         /reset /T."
    )
}

/// What an administrator does so that everybody can read a copy that only administrators write.
#[cfg(unix)]
pub(crate) fn laying_for_all(from: &Path, to: &Path) -> String {
    format!("As root: install -D -m 644 -o root {} {}", from.display(), to.display())
}

/// What an administrator does so that everybody can read a copy that only administrators write.
#[cfg(windows)]
pub(crate) fn laying_for_all(from: &Path, to: &Path) -> String {
    format!("As an administrator: copy \"{}\" to \"{}\".", from.display(), to.display())
}

/// What to do when the system refuses a file or folder; `variable` names another folder.
pub fn remedy(path: &Path, error: &io::Error, variable: &str) -> String {
    let elsewhere = format!("{variable} names another folder");
    match error.kind() {
        io::ErrorKind::PermissionDenied => match foreign(path) {
            Some(owned) => format!("{owned}, or {elsewhere}."),
            None => format!("Let yourself write there (chmod u+rwx), or {elsewhere}."),
        },
        io::ErrorKind::ReadOnlyFilesystem => format!("That disk is read-only; {elsewhere}."),
        io::ErrorKind::StorageFull => "Free some space on that disk.".into(),
        io::ErrorKind::InvalidInput => format!("Move away what lies there, or {elsewhere}."),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            format!("A file lies where a folder should be: move it away, or {elsewhere}.")
        }
        _ => format!("`mousewarden config paths` shows where things lie; {elsewhere}."),
    }
}

/// How to get back what another user made, as after a `sudo`: the lowest part of a path that is
/// there and is not this user's.
#[cfg(unix)]
fn foreign(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::getuid().as_raw();
    let (there, data) = path.ancestors().find_map(|part| Some((part, part.metadata().ok()?)))?;
    let name = there.display();
    (data.uid() != user).then(|| {
        format!("{name} belongs to another user: `sudo chown -R {user} {name}` if it is yours")
    })
}

#[cfg(not(unix))]
fn foreign(_path: &Path) -> Option<String> {
    None
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
    if is_open_to_others(path)? { close(path) } else { Ok(()) }
}

/// Whether anybody but the owner may enter or read.
///
/// # Errors
/// When it cannot be looked at.
#[cfg(unix)]
pub(crate) fn is_open_to_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

/// Whether anybody but the owner and the system itself may enter or read.
///
/// # Errors
/// When it cannot be looked at.
#[cfg(windows)]
pub(crate) fn is_open_to_others(path: &Path) -> io::Result<bool> {
    crate::acl::Access::of(path)?.is_private().map(|private| !private)
}

#[cfg(unix)]
fn close(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(windows)]
fn close(path: &Path) -> io::Result<()> {
    crate::acl::OwnerOnly::new(true)?.put_on(path)
}
