//! A private door into a running process: a Unix socket, or a pipe on Windows, that only its owner
//! may knock at. Lines go in and out; what they say is the caller's business, and nothing ever leaves the machine.

use std::path::Path;
use std::time::Duration;

use crate::error::Result;
#[cfg(any(unix, doc))]
use crate::error::{Failure, Kind};

#[cfg(windows)]
pub use super::windows::door::Door;
#[cfg(unix)]
pub use unix::Door;

/// Sends one line and returns the one that comes back.
///
/// # Errors
/// [`Kind::Unavailable`] when nobody listens there, [`Kind::Busy`] when no answer comes in time.
pub fn ask(path: &Path, line: &str, patience: Duration) -> Result<String> {
    #[cfg(unix)]
    return unix::ask(path, line, patience);
    #[cfg(windows)]
    return super::windows::door::ask(path, line, patience);
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::PathBuf;

    use super::{Duration, Failure, Kind, Path, Result};

    /// No request comes near this many bytes.
    const LONGEST: u64 = 4096;
    /// A caller that says nothing for this long is sent away.
    const PATIENCE: Duration = Duration::from_secs(2);

    /// The listening side; the socket file (mode 0600) goes away with it.
    #[derive(Debug)]
    pub struct Door {
        listener: UnixListener,
        path: PathBuf,
    }

    impl Door {
        /// Listens at a path in a private folder; a socket left behind by a dead process is
        /// replaced, so the caller must have made sure that it is the only one.
        ///
        /// # Errors
        /// When the system refuses.
        pub fn open(path: &Path) -> Result<Self> {
            let failed = |e| Failure::io(format!("control socket {}", path.display()), e);
            match fs::remove_file(path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(e)),
                _ => {}
            }
            let listener = UnixListener::bind(path).map_err(failed)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
            Ok(Self { listener, path: path.to_owned() })
        }

        /// Answers one caller after the other, for ever: one line in, one line out. What the
        /// answer leaves to do is done once the caller has it: it may end this process.
        pub fn serve<T>(
            &self,
            mut answer: impl FnMut(&str) -> (String, T),
            mut then: impl FnMut(T),
        ) {
            for stream in self.listener.incoming().flatten() {
                if !is_ours(&stream) {
                    continue;
                }
                // A caller that goes away in the middle is its own loss.
                if let Ok(line) = listen(&stream) {
                    let (reply, rest) = answer(line.trim_end());
                    let _ = (&stream).write_all(format!("{reply}\n").as_bytes());
                    then(rest);
                }
            }
        }
    }

    impl Drop for Door {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.path);
        }
    }

    fn listen(stream: &UnixStream) -> io::Result<String> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut line = String::new();
        BufReader::new(stream).take(LONGEST).read_line(&mut line)?;
        Ok(line)
    }

    #[cfg(target_os = "linux")]
    fn is_ours(stream: &UnixStream) -> bool {
        let own = rustix::process::getuid();
        rustix::net::sockopt::socket_peercred(stream)
            .is_ok_and(|peer| peer.uid == own || peer.uid.is_root())
    }

    /// The modes of socket and folder have to do.
    #[cfg(not(target_os = "linux"))]
    fn is_ours(_stream: &UnixStream) -> bool {
        true
    }

    pub(super) fn ask(path: &Path, line: &str, patience: Duration) -> Result<String> {
        let nobody = |e: io::Error| {
            Failure::new(Kind::Unavailable, "no mousewarden is running for this user")
                .remedy("Start it with `mousewarden run`.")
                .caused_by(e)
        };
        let mut stream = UnixStream::connect(path).map_err(nobody)?;
        let talk = |stream: &mut UnixStream| -> io::Result<String> {
            stream.set_read_timeout(Some(patience))?;
            stream.set_write_timeout(Some(patience))?;
            stream.write_all(format!("{line}\n").as_bytes())?;
            let mut reply = String::new();
            BufReader::new(&*stream).read_line(&mut reply)?;
            Ok(reply)
        };
        let silent = |e: io::Error| {
            Failure::new(Kind::Busy, format!("the running mousewarden does not answer: {e}"))
                .remedy("Try again, or end it with `kill` and start it anew.")
        };
        talk(&mut stream).map_err(silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn a_line_goes_in_and_one_comes_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let door = Door::open(&path).unwrap();
        std::thread::spawn(move || door.serve(|line| (format!("heard {line}"), ()), |()| {}));
        for word in ["one", "two"] {
            let reply = ask(&path, word, PATIENCE).unwrap();
            assert_eq!(reply.trim_end(), format!("heard {word}"));
        }
    }

    #[test]
    fn nobody_at_home_is_said_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let failure = ask(&folder.path().join("none"), "x", PATIENCE).unwrap_err();
        assert_eq!(failure.kind(), Kind::Unavailable);
        assert!(failure.to_string().contains("mousewarden run"));
    }

    #[cfg(unix)]
    #[test]
    fn the_socket_is_its_owners() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _door = Door::open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
