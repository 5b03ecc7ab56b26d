//! The user whose process this is, as the system knows them and whatever the environment says.

use std::path::PathBuf;

/// Name and home folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SystemUser {
    /// The login name.
    pub name: String,
    /// The home folder, where programs follow the XDG base directories below it; elsewhere none.
    pub home: Option<PathBuf>,
}

/// The user of this process; `None` where the system knows none by that number.
#[cfg(unix)]
pub(crate) fn own() -> Option<SystemUser> {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;
    let number = rustix::process::getuid().as_raw();
    // 16 KiB hold any entry of a local file or of a directory service; a longer one is treated as
    // none.
    let mut room = vec![0_u8; 16 << 10];
    // SAFETY: all zeros is a value of this structure of numbers and pointers.
    let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
    let mut found = std::ptr::null_mut();
    // SAFETY: entry, room and result outlive the call, which writes no more than the room's length.
    let refused = unsafe {
        libc::getpwuid_r(number, &mut entry, room.as_mut_ptr().cast(), room.len(), &mut found)
    };
    if refused != 0 || found.is_null() {
        return None;
    }
    // SAFETY: both point to strings in the room, which end with zero.
    let (name, home) = unsafe { (CStr::from_ptr(entry.pw_name), CStr::from_ptr(entry.pw_dir)) };
    let home = PathBuf::from(OsStr::from_bytes(home.to_bytes()));
    let name = name.to_string_lossy().into_owned();
    // Only Linux follows the XDG folders; macOS and Windows have calls of their own for theirs.
    let home = Some(home).filter(|home| cfg!(target_os = "linux") && home.is_absolute());
    Some(SystemUser { name, home })
}

/// The user of this process; `None` where the system does not tell.
#[cfg(windows)]
pub(crate) fn own() -> Option<SystemUser> {
    use windows_sys::Win32::System::WindowsProgramming::GetUserNameW;
    // UNLEN is 256 letters, and the zero at the end.
    let mut name = [0_u16; 257];
    let mut length = name.len() as u32;
    // SAFETY: the room outlives the call, which writes no more than its length and tells how much.
    if unsafe { GetUserNameW(name.as_mut_ptr(), &mut length) } == 0 {
        return None;
    }
    let letters = usize::try_from(length).ok()?.checked_sub(1)?;
    Some(SystemUser { name: String::from_utf16_lossy(name.get(..letters)?), home: None })
}

#[cfg(all(test, unix))]
mod tests {
    #[test]
    fn this_user_has_a_name_that_can_be_a_file() {
        let user = super::own().unwrap();
        assert!(!user.name.is_empty() && !user.name.contains('/'), "{user:?}");
    }
}
