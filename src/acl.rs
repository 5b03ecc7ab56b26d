//! Windows' access lists, as texts: who may open a file, a folder or a pipe, and a list that names
//! the user of this process alone.

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::{
    ERROR_SUCCESS, GENERIC_READ, GENERIC_WRITE, HLOCAL, INVALID_HANDLE_VALUE, LocalFree,
};
use windows_sys::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, ConvertSidToStringSidW,
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
    SE_FILE_OBJECT, SE_KERNEL_OBJECT, SE_OBJECT_TYPE,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetTokenInformation, OWNER_SECURITY_INFORMATION,
    PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
    SetFileSecurityW, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateFileW, FILE_ATTRIBUTE_NORMAL, FILE_FLAG_BACKUP_SEMANTICS, FILE_SHARE_DELETE,
    FILE_SHARE_READ, FILE_SHARE_WRITE, READ_CONTROL,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

const WHO_AND_WHAT: u32 = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;

/// Memory that Windows has given, and wants back.
#[derive(Debug)]
struct Local(*mut c_void);

impl Drop for Local {
    fn drop(&mut self) {
        // SAFETY: it came from a function whose memory is freed by this one, and is freed once.
        unsafe { LocalFree(self.0 as HLOCAL) };
    }
}

/// A list that lets nobody in but the user of this process.
#[derive(Debug)]
pub(crate) struct OwnerOnly(Local);

impl OwnerOnly {
    /// For one object, or for a folder and what will be made in it.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn new(with_children: bool) -> io::Result<Self> {
        let user = user()?;
        let children = if with_children { "OICI" } else { "" };
        let text = wide(&format!("O:{user}D:P(A;{children};FA;;;{user})"));
        let mut list: PSECURITY_DESCRIPTOR = null_mut();
        // SAFETY: the text ends with a zero; the list is freed by its owner.
        done(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &mut list,
                null_mut(),
            )
        })?;
        Ok(Self(Local(list)))
    }

    /// As functions that make objects want it; valid as long as `self`.
    pub(crate) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0.0,
            bInheritHandle: 0,
        }
    }

    /// A new file with this list from its first moment on, open for reading and writing.
    ///
    /// # Errors
    /// When it exists already or cannot be made.
    pub(crate) fn create(&self, path: &Path) -> io::Result<File> {
        let path = wide_path(path);
        // SAFETY: the path ends with a zero, the list lives as long as `self`.
        let handle = unsafe {
            CreateFileW(
                path.as_ptr(),
                GENERIC_READ | GENERIC_WRITE,
                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                &self.attributes(),
                CREATE_NEW,
                FILE_ATTRIBUTE_NORMAL,
                null_mut(),
            )
        };
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call above has opened it, and nobody else has it.
        Ok(unsafe { File::from_raw_handle(handle) })
    }

    /// Puts the list on a file or folder.
    ///
    /// # Errors
    /// When the system refuses, or it belongs to somebody else.
    pub(crate) fn put_on(&self, path: &Path) -> io::Result<()> {
        let path = wide_path(path);
        let what = WHO_AND_WHAT | PROTECTED_DACL_SECURITY_INFORMATION;
        // SAFETY: the path ends with a zero, the list lives as long as `self`.
        done(unsafe { SetFileSecurityW(path.as_ptr(), what, self.0.0) })
    }
}

/// Owner and list of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// Who owns it.
    pub owner: String,
    /// Whom it lets in, with the rights in the words of the format.
    pub grants: Vec<(String, String)>,
}

impl Access {
    /// Of a file or folder.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        // Folders open with this flag only.
        options.access_mode(READ_CONTROL).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
        Self::look(options.open(path)?.as_handle(), SE_FILE_OBJECT)
    }

    /// Of an open pipe.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub(crate) fn of_open(pipe: BorrowedHandle<'_>) -> io::Result<Self> {
        Self::look(pipe, SE_KERNEL_OBJECT)
    }

    fn look(handle: BorrowedHandle<'_>, kind: SE_OBJECT_TYPE) -> io::Result<Self> {
        let mut list: PSECURITY_DESCRIPTOR = null_mut();
        // SAFETY: the handle is open; what is not asked for may be null; the list is freed.
        let code = unsafe {
            GetSecurityInfo(
                handle.as_raw_handle(),
                kind,
                WHO_AND_WHAT,
                null_mut(),
                null_mut(),
                null_mut(),
                null_mut(),
                &mut list,
            )
        };
        if code != ERROR_SUCCESS {
            return Err(io::Error::from_raw_os_error(code.cast_signed()));
        }
        Ok(Self::parse(&text(&Local(list))?))
    }

    /// From `O:ownerG:groupD:flags(type;flags;rights;;;who)...`.
    fn parse(text: &str) -> Self {
        let (head, list) = text.split_once("D:").unwrap_or((text, ""));
        let owner = head.strip_prefix("O:").unwrap_or_default();
        let grants = list
            .split('(')
            .skip(1)
            .filter_map(|entry| {
                let fields: Vec<_> = entry.trim_end_matches(')').split(';').collect();
                let [kind, _, rights, _, _, who] = fields[..] else { return None };
                (kind != "D").then(|| (who.to_owned(), rights.to_owned()))
            })
            .collect();
        Self { owner: owner.split("G:").next().unwrap_or_default().to_owned(), grants }
    }

    /// Whether it belongs to the user of this process.
    ///
    /// # Errors
    /// When that is not known.
    pub(crate) fn is_ours(&self) -> io::Result<bool> {
        Ok(self.owner == ours()?)
    }

    /// Whether nobody may open it but the user of this process and the system itself.
    ///
    /// # Errors
    /// When that is not known.
    pub(crate) fn is_private(&self) -> io::Result<bool> {
        let ours = ours()?;
        Ok(!self.grants.is_empty()
            && self.grants.iter().all(|(who, _)| *who == ours || is_the_system(who)))
    }

    /// Whether nobody but administrators can have written it.
    pub(crate) fn is_of_administrators(&self) -> bool {
        is_the_system(&self.owner)
            && self.grants.iter().all(|(who, rights)| is_the_system(who) || reads_at_most(rights))
    }
}

fn reads_at_most(rights: &str) -> bool {
    ["FR", "0x1200a9", "0x120089", "GR", "GXGR"].contains(&rights)
}

/// The system, administrators, the installer of Windows itself.
fn is_the_system(who: &str) -> bool {
    const INSTALLER: &str = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
    ["SY", "BA", INSTALLER].contains(&who)
}

/// The user of this process as lists write them, who may have a short name there.
fn ours() -> io::Result<String> {
    Ok(Access::parse(&text(&OwnerOnly::new(false)?.0)?).owner)
}

/// The number of the user of this process.
fn user() -> io::Result<String> {
    let mut token = null_mut();
    // SAFETY: the pseudo handle of this process is always open.
    done(unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) })?;
    // SAFETY: the call above has opened it, and nobody else has it.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let mut buffer = [0_u64; 32];
    let mut length = 0;
    // SAFETY: the buffer is aligned and has the size that is told.
    done(unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            buffer.as_mut_ptr().cast(),
            size_of_val(&buffer) as u32,
            &mut length,
        )
    })?;
    let mut name = null_mut();
    // SAFETY: the call above has put this structure into the buffer, which still lives.
    done(unsafe {
        let user = &*buffer.as_ptr().cast::<TOKEN_USER>();
        ConvertSidToStringSidW(user.User.Sid, &mut name)
    })?;
    // SAFETY: a text that ends with a zero.
    Ok(unsafe { read_wide(&Local(name.cast())) })
}

fn text(list: &Local) -> io::Result<String> {
    let mut text = null_mut();
    // SAFETY: the list is one that Windows has made; the text is freed.
    done(unsafe {
        ConvertSecurityDescriptorToStringSecurityDescriptorW(
            list.0,
            SDDL_REVISION_1,
            WHO_AND_WHAT,
            &mut text,
            null_mut(),
        )
    })?;
    // SAFETY: a text that ends with a zero.
    Ok(unsafe { read_wide(&Local(text.cast())) })
}

/// # Safety
/// The memory must hold a text of 16-bit units that ends with a zero.
unsafe fn read_wide(text: &Local) -> String {
    let start = text.0.cast::<u16>().cast_const();
    let mut length = 0;
    // SAFETY: it ends with a zero, and is read no further.
    let units = unsafe {
        while *start.add(length) != 0 {
            length += 1;
        }
        std::slice::from_raw_parts(start, length)
    };
    String::from_utf16_lossy(units)
}

/// A text as Windows wants it: 16-bit units and a zero.
pub fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// A path as Windows wants it.
pub(crate) fn wide_path(path: &Path) -> Vec<u16> {
    path.as_os_str().encode_wide().chain([0]).collect()
}

/// What a call left, as an error if it failed.
///
/// # Errors
/// When it was zero.
pub fn done(answer: i32) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_entry_by_entry() {
        let access = Access::parse("O:BAG:DUD:PAI(A;OICI;FA;;;SY)(A;;0x1200a9;;;BU)(D;;FA;;;WD)");
        assert_eq!(access.owner, "BA");
        let grants = [("SY", "FA"), ("BU", "0x1200a9")];
        assert_eq!(access.grants, grants.map(|(who, what)| (who.to_owned(), what.to_owned())));
        assert!(access.is_of_administrators());
        assert!(!Access::parse("O:BAD:(A;;FA;;;WD)").is_of_administrators());
        assert!(!Access::parse("O:S-1-5-21-1-2-3-1000D:(A;;FA;;;BA)").is_of_administrators());
    }

    #[test]
    fn what_is_closed_is_private_and_ours() {
        let folder = tempfile::tempdir().unwrap();
        OwnerOnly::new(true).unwrap().put_on(folder.path()).unwrap();
        let access = Access::of(folder.path()).unwrap();
        assert!(access.is_ours().unwrap() && access.is_private().unwrap(), "{access:?}");
    }
}
