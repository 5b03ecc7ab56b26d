//! A private way into a running process: a named pipe that only its owner may open, on this
//! machine. Lines go in and out; what they say is the caller's business.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::time::Duration;

use sha2::{Digest, Sha256};
use windows_sys::Win32::Foundation::{
    ERROR_FILE_NOT_FOUND, ERROR_IO_PENDING, ERROR_PIPE_BUSY, ERROR_PIPE_CONNECTED, GENERIC_READ,
    GENERIC_WRITE, GetLastError, HANDLE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, OPEN_EXISTING,
    PIPE_ACCESS_DUPLEX, ReadFile, SECURITY_IDENTIFICATION, SECURITY_SQOS_PRESENT, WriteFile,
};
use windows_sys::Win32::System::IO::{
    CancelIoEx, GetOverlappedResult, GetOverlappedResultEx, OVERLAPPED,
};
use windows_sys::Win32::System::Pipes::{
    ConnectNamedPipe, CreateNamedPipeW, DisconnectNamedPipe, PIPE_READMODE_BYTE,
    PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_WAIT, WaitNamedPipeW,
};
use windows_sys::Win32::System::Threading::{CreateEventW, INFINITE};

use crate::acl::{Access, OwnerOnly, done, wide};
use crate::error::{Failure, FailureKind, Result};

/// No request comes near this many bytes.
const LONGEST: usize = 4096;
/// A caller that says nothing for this long is sent away.
const PATIENCE: Duration = Duration::from_secs(2);

/// The listening side; gone when it is dropped.
#[derive(Debug)]
pub struct ControlEndpoint(Pipe);

impl ControlEndpoint {
    /// Listens under a name that follows from `path`. Nothing is made there.
    ///
    /// # Errors
    /// When the system refuses, or another process has the name.
    pub fn open(path: &Path) -> Result<Self> {
        let list = OwnerOnly::new(false)
            .map_err(Failure::at(format_args!("control pipe of {}", path.display())))?;
        let name =
            name(path).map_err(Failure::at(format_args!("control pipe of {}", path.display())))?;
        // SAFETY: the name ends with a zero; the list outlives the call.
        let handle = unsafe {
            CreateNamedPipeW(
                name.as_ptr(),
                PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                1,
                LONGEST as u32,
                LONGEST as u32,
                0,
                &list.attributes(),
            )
        };
        Pipe::of(handle)
            .map(Self)
            .map_err(Failure::at(format_args!("control pipe of {}", path.display())))
    }

    /// Answers one caller after the other, for ever: one line in, one line out. What the answer
    /// leaves to do is done once the caller has it: it may end this process.
    pub(crate) fn serve<T>(
        &self,
        mut answer: impl FnMut(&str) -> (String, T),
        mut then: impl FnMut(T),
    ) {
        while self.0.connect().is_ok() {
            // A caller that goes away in the middle is its own loss.
            if let Ok(line) = self.0.read_line(PATIENCE) {
                let (reply, rest) = answer(line.trim_end());
                if self.0.write(format!("{reply}\n").as_bytes(), PATIENCE).is_ok() {
                    // Until it hangs up: what it has not read would be lost with the connection.
                    let _ = self.0.read_line(PATIENCE);
                }
                then(rest);
            }
            self.0.disconnect();
        }
    }
}

/// Sends one line and returns the one that comes back.
///
/// # Errors
/// [`FailureKind::Unavailable`] when nobody of this user listens there, [`FailureKind::Busy`] when
/// no answer comes in time.
pub(crate) fn ask(path: &Path, line: &str, patience: Duration) -> Result<String> {
    let pipe = name(path).and_then(|name| call(&name, patience)).map_err(|e| {
        Failure::new(FailureKind::Unavailable, "no mousewarden is running for this user")
            .remedy("Start it with `mousewarden run`.")
            .caused_by(e)
    })?;
    pipe.write(format!("{line}\n").as_bytes(), patience).map_err(silent)?;
    pipe.read_line(patience).map_err(silent)
}

fn silent(e: io::Error) -> Failure {
    Failure::new(FailureKind::Busy, format!("the running mousewarden does not answer: {e}"))
        .remedy("Try again, or end it in the task manager and start it anew.")
}

/// Connects; a pipe that belongs to somebody else is taken for none.
fn call(name: &[u16], patience: Duration) -> io::Result<Pipe> {
    // The listener may look who called, but may not act in the caller's name.
    let flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
    let open = || {
        // SAFETY: the name ends with a zero.
        Pipe::of(unsafe {
            let access = GENERIC_READ | GENERIC_WRITE;
            CreateFileW(name.as_ptr(), access, 0, null(), OPEN_EXISTING, flags, null_mut())
        })
    };
    let busy = |error: &io::Error| error.raw_os_error() == Some(ERROR_PIPE_BUSY.cast_signed());
    let pipe = loop {
        match open() {
            // SAFETY: the name ends with a zero. Another caller may be quicker; then once more.
            Err(error) if busy(&error) => {
                done(unsafe { WaitNamedPipeW(name.as_ptr(), millis(patience)) })?
            }
            opened => break opened?,
        }
    };
    if Access::of_open(pipe.0.as_handle())?.is_ours()? {
        Ok(pipe)
    } else {
        Err(io::Error::from_raw_os_error(ERROR_FILE_NOT_FOUND.cast_signed()))
    }
}

/// Pipes have no folders: the path that a socket would have becomes a name.
fn name(path: &Path) -> io::Result<Vec<u16>> {
    let place = std::path::absolute(path)?.to_string_lossy().to_lowercase();
    let digest = Sha256::digest(place.as_bytes());
    let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(wide(&format!(r"\\.\pipe\mousewarden-{digits}")))
}

fn millis(span: Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(INFINITE)
}

/// One end of a pipe. Whatever takes longer than it may is called off.
#[derive(Debug)]
struct Pipe(OwnedHandle);

impl Pipe {
    fn of(handle: HANDLE) -> io::Result<Self> {
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call that gave the handle has opened it, and nobody else has it.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    /// Waits for a caller, for ever.
    fn connect(&self) -> io::Result<()> {
        // SAFETY: the structure outlives the operation, as `finish` sees to it.
        match self.finish(|handle, over| unsafe { ConnectNamedPipe(handle, over) }, INFINITE) {
            Err(e) if e.raw_os_error() == Some(ERROR_PIPE_CONNECTED.cast_signed()) => Ok(()),
            ended => ended.map(drop),
        }
    }

    fn disconnect(&self) {
        // SAFETY: the handle is open. A caller that is gone already is no loss.
        unsafe { DisconnectNamedPipe(self.0.as_raw_handle()) };
    }

    fn read_line(&self, patience: Duration) -> io::Result<String> {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let mut buffer = [0; LONGEST];
            // SAFETY: buffer and structure outlive the operation, as `finish` sees to it.
            let count = self.finish(
                |handle, over| unsafe {
                    ReadFile(handle, buffer.as_mut_ptr(), LONGEST as u32, null_mut(), over)
                },
                millis(patience),
            )?;
            if count == 0 {
                break;
            }
            line.extend_from_slice(&buffer[..count]);
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    fn write(&self, bytes: &[u8], patience: Duration) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = u32::try_from(rest.len()).unwrap_or(u32::MAX);
            // SAFETY: bytes and structure outlive the operation, as `finish` sees to it.
            rest = &rest[self.finish(
                |handle, over| unsafe {
                    WriteFile(handle, rest.as_ptr(), length, null_mut(), over)
                },
                millis(patience),
            )?..];
        }
        Ok(())
    }

    /// Starts an operation and waits for its end; one that takes too long is called off, and has
    /// ended when this returns. Returns the number of bytes.
    fn finish(
        &self,
        start: impl FnOnce(HANDLE, *mut OVERLAPPED) -> i32,
        patience_ms: u32,
    ) -> io::Result<usize> {
        let handle = self.0.as_raw_handle();
        // SAFETY: an event of its own, without a name.
        let event = unsafe { CreateEventW(null(), 1, 0, null()) };
        if event.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call above has opened it, and nobody else has it.
        let event = unsafe { OwnedHandle::from_raw_handle(event) };
        let mut over = OVERLAPPED { hEvent: event.as_raw_handle(), ..OVERLAPPED::default() };
        // SAFETY: takes nothing.
        if start(handle, &mut over) == 0 && unsafe { GetLastError() } != ERROR_IO_PENDING {
            return Err(io::Error::last_os_error());
        }
        let mut count = 0;
        // SAFETY: the structure is that of the operation, which has ended before it goes: either
        // by itself, or called off and waited for.
        let ended = unsafe {
            GetOverlappedResultEx(handle, &over, &mut count, patience_ms, 0) != 0 || {
                CancelIoEx(handle, &over);
                GetOverlappedResult(handle, &over, &mut count, 1) != 0
            }
        };
        if ended { Ok(count as usize) } else { Err(io::Error::last_os_error()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pipe_is_its_owners_and_has_one_listener() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let endpoint = ControlEndpoint::open(&path).unwrap();
        assert!(Access::of_open(endpoint.0.0.as_handle()).unwrap().is_private().unwrap());
        assert!(ControlEndpoint::open(&path).is_err());
    }

    #[test]
    fn who_says_nothing_is_sent_away_and_the_next_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let endpoint = ControlEndpoint::open(&path).unwrap();
        std::thread::spawn(move || endpoint.serve(|line| (format!("heard {line}"), ()), |()| {}));
        let silent = call(&name(&path).unwrap(), PATIENCE).unwrap();
        let reply = ask(&path, "one", 5 * PATIENCE).unwrap();
        assert_eq!(reply.trim_end(), "heard one");
        drop(silent);
    }
}
