//! A private way into a running process: a Unix socket, or a pipe on Windows, that only its owner
//! may knock at. Lines go in and out; what they mean is the caller's business.
//!
//! # Invariants
//! Nothing ever leaves the machine.

use std::path::Path;
use std::time::Duration;

#[cfg(unix)]
pub(crate) use super::unix::ControlEndpoint;
#[cfg(windows)]
pub(crate) use super::windows::ControlEndpoint;
use crate::error::Result;

/// Sends one line and returns the one that comes back.
///
/// # Errors
/// [`Unavailable`](crate::error::FailureKind::Unavailable) when nobody listens there,
/// [`Busy`](crate::error::FailureKind::Busy) when no answer comes in time.
pub(crate) fn ask(path: &Path, line: &str, patience: Duration) -> Result<String> {
    #[cfg(unix)]
    return super::unix::ask(path, line, patience);
    #[cfg(windows)]
    return super::windows::ask(path, line, patience);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FailureKind;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn a_line_goes_in_and_one_comes_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let endpoint = ControlEndpoint::open(&path).unwrap();
        std::thread::spawn(move || endpoint.serve(|line| (format!("heard {line}"), ()), |()| {}));
        for word in ["one", "two"] {
            let reply = ask(&path, word, PATIENCE).unwrap();
            assert_eq!(reply.trim_end(), format!("heard {word}"));
        }
    }

    #[test]
    fn nobody_at_home_is_said_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let failure = ask(&folder.path().join("none"), "x", PATIENCE).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unavailable);
        assert!(failure.to_string().contains("mousewarden run"));
    }

    #[cfg(unix)]
    #[test]
    fn callers_who_say_nothing_keep_nobody_waiting() {
        use std::io::Write;
        use std::os::unix::net::UnixStream;
        use std::time::Instant;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let endpoint = ControlEndpoint::open(&path).unwrap();
        std::thread::spawn(move || endpoint.serve(|line| (format!("heard {line}"), ()), |()| {}));
        let mut silent: Vec<_> = (0..300).map(|_| UnixStream::connect(&path).unwrap()).collect();
        // Some say a little, and then nothing.
        silent.iter_mut().take(20).for_each(|caller| drop(caller.write_all(b"half a li")));
        let before = Instant::now();
        assert_eq!(ask(&path, "one", PATIENCE).unwrap().trim_end(), "heard one");
        assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    }

    #[cfg(unix)]
    #[test]
    fn who_answers_nothing_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _deaf = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let failure = ask(&path, "one", Duration::from_millis(100)).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Busy);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_no_socket_can_have_is_said_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long".repeat(40));
        let failure = ControlEndpoint::open(&path).unwrap_err().to_string();
        assert!(failure.contains("MOUSEWARDEN_RUNTIME"), "{failure}");
    }

    #[cfg(unix)]
    #[test]
    fn the_socket_is_its_owners() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _endpoint = ControlEndpoint::open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
