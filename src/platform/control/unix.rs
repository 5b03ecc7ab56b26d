//! A private way into a running process: a Unix socket that its owner and root may knock at. One
//! thread hears all callers at once, so that a slow or silent one costs the others little.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::error::{Failure, FailureKind, Result};

/// No request comes near this many bytes.
const LONGEST: usize = 4096;
/// A caller that has not been served after this long is sent away.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many callers are heard at once; one more takes the place of the one who waits longest.
const MOST: usize = 128;
/// How long after an error of the system it is asked again.
const BREATH: Duration = Duration::from_millis(100);

/// The listening side; the socket file (mode 0600) goes away with it.
#[derive(Debug)]
pub struct ControlEndpoint {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlEndpoint {
    /// Listens at a path in a private folder; a socket left behind by a dead process is replaced,
    /// so the caller must have made sure that it is the only one.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |error| not_opened(path, error);
        make_way(path).map_err(failed)?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Answers every caller, for ever: one line in, one line out. What an answer leaves to do is
    /// done once the caller has it: it may end this process.
    pub(crate) fn serve<T>(
        &self,
        mut answer: impl FnMut(&str) -> (String, T),
        mut then: impl FnMut(T),
    ) {
        let mut callers: Vec<Caller<T>> = Vec::new();
        loop {
            let ready = wait(&self.listener, &callers);
            callers.retain_mut(|caller| match caller.go_on(&mut answer) {
                Step::Waits => Instant::now() < caller.until,
                Step::Gone => false,
                Step::Served(rest) => {
                    then(rest);
                    false
                }
            });
            if ready {
                self.admit(&mut callers);
            }
        }
    }

    fn admit<T>(&self, callers: &mut Vec<Caller<T>>) {
        while let Ok((stream, _)) = self.listener.accept() {
            if !is_ours(&stream) || stream.set_nonblocking(true).is_err() {
                continue;
            }
            if callers.len() == MOST {
                callers.remove(0);
            }
            callers.push(Caller::new(stream));
        }
    }
}

impl Drop for ControlEndpoint {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Takes away what stands where the socket is to be; a folder, in which anything may lie, is put
/// aside.
fn make_way(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) if path.is_dir() => {
            let aside = path.with_extension(format!("aside-{}", std::process::id()));
            fs::rename(path, aside)
        }
        done => done,
    }
}

/// Waits until a caller comes or goes on, or the first of them has waited too long; says whether
/// a caller may be waiting.
fn wait<T>(listener: &UnixListener, callers: &[Caller<T>]) -> bool {
    let first = callers.iter().map(|caller| caller.until).min();
    let left = first.map(|until| until.saturating_duration_since(Instant::now()));
    let left = left.and_then(|left| Timespec::try_from(left).ok());
    let mut watched = vec![PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN)];
    watched.extend(callers.iter().map(Caller::waits_for));
    match poll(&mut watched, left.as_ref()) {
        Ok(_) => !watched[0].revents().is_empty(),
        Err(_) => {
            std::thread::sleep(BREATH);
            true
        }
    }
}

/// What became of a caller.
enum Step<T> {
    /// There is more to hear or to say.
    Waits,
    /// It went away, or talks nonsense.
    Gone,
    /// It has its answer; this is left to do.
    Served(T),
}

/// A caller that is being heard.
struct Caller<T> {
    stream: UnixStream,
    until: Instant,
    heard: Vec<u8>,
    /// What is still to be said, and what is left to do then.
    reply: Option<(Vec<u8>, T)>,
}

impl<T> Caller<T> {
    fn new(stream: UnixStream) -> Self {
        Self { stream, until: Instant::now() + PATIENCE, heard: Vec::new(), reply: None }
    }

    fn waits_for(&self) -> PollFd<'_> {
        let event = if self.reply.is_some() { PollFlags::OUT } else { PollFlags::IN };
        PollFd::from_borrowed_fd(self.stream.as_fd(), event)
    }

    fn go_on(&mut self, answer: &mut impl FnMut(&str) -> (String, T)) -> Step<T> {
        let gone = self.hear(answer).is_err() || self.say().is_err();
        match self.reply.take() {
            // A caller that goes away in the middle is its own loss, but what it asked is done.
            Some((left, rest)) if left.is_empty() || gone => Step::Served(rest),
            Some(reply) => {
                self.reply = Some(reply);
                Step::Waits
            }
            None if gone => Step::Gone,
            None => Step::Waits,
        }
    }

    /// Reads what has come; a whole line is answered.
    fn hear(&mut self, answer: &mut impl FnMut(&str) -> (String, T)) -> io::Result<()> {
        let mut chunk = [0; 1024];
        while self.reply.is_none() {
            let ended = match self.stream.read(&mut chunk) {
                Ok(length) => {
                    self.heard.extend_from_slice(&chunk[..length]);
                    length == 0
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
                Err(error) => return Err(error),
            };
            let line = self.heard.iter().position(|byte| *byte == b'\n');
            if self.heard.is_empty() || line.is_none() && self.heard.len() > LONGEST {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if line.is_some() || ended {
                let line = line.unwrap_or(self.heard.len());
                let text = String::from_utf8_lossy(&self.heard[..line]).into_owned();
                let (reply, rest) = answer(text.trim_end());
                self.reply = Some((format!("{reply}\n").into_bytes(), rest));
            }
        }
        Ok(())
    }

    /// Says what the caller takes now.
    fn say(&mut self) -> io::Result<()> {
        while let Some((left, _)) = self.reply.as_mut().filter(|(left, _)| !left.is_empty()) {
            match self.stream.write(left) {
                Ok(length) => drop(left.drain(..length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
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

fn not_opened(path: &Path, error: io::Error) -> Failure {
    let remedy = match error.kind() {
        io::ErrorKind::InvalidInput => "Name a shorter folder for it: MOUSEWARDEN_RUNTIME.",
        _ => "Name a folder that you may write to for it: MOUSEWARDEN_RUNTIME.",
    };
    Failure::io(format!("control socket {}", path.display()), error).remedy(remedy)
}

/// Sends one line and returns the one that comes back.
///
/// # Errors
/// [`FailureKind::Unavailable`] when nobody listens there, [`FailureKind::Busy`] when no answer
/// comes in time.
pub(super) fn ask(path: &Path, line: &str, patience: Duration) -> Result<String> {
    let mut stream = call(path, patience).map_err(|error| not_called(path, error))?;
    let talk = |stream: &mut UnixStream| -> io::Result<String> {
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.write_all(format!("{line}\n").as_bytes())?;
        let mut reply = String::new();
        BufReader::new(&*stream).read_line(&mut reply)?;
        if reply.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(reply) }
    };
    talk(&mut stream).map_err(silent)
}

/// Connects. A process that hangs lets callers queue up, and the one too many would wait for ever.
#[cfg(target_os = "linux")]
fn call(path: &Path, patience: Duration) -> io::Result<UnixStream> {
    use rustix::net::sockopt::{Timeout, set_socket_timeout};
    use rustix::net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with,
    };
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(patience))?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket.into())
}

#[cfg(not(target_os = "linux"))]
fn call(path: &Path, _patience: Duration) -> io::Result<UnixStream> {
    UnixStream::connect(path)
}

fn not_called(path: &Path, error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::InvalidInput => {
            Failure::new(FailureKind::Unavailable, "no mousewarden is running for this user")
                .remedy("Start it with `mousewarden run`.")
                .caused_by(error)
        }
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => silent(error),
        _ => Failure::io(format!("control socket {}", path.display()), error)
            .remedy("It belongs to the user whose mousewarden it is: ask as that user."),
    }
}

fn silent(error: io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "nothing came back in time".into(),
        io::ErrorKind::UnexpectedEof => "it hung up".into(),
        _ => error.to_string(),
    };
    Failure::new(FailureKind::Busy, format!("the running mousewarden does not answer: {why}"))
        .remedy("Try again, or end it with `kill` and start it anew.")
        .caused_by(error)
}
