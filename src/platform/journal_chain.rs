//! The system journal as the keeper of the history's newest hash, out of reach of the owner's own
//! programs.

use std::path::Path;

/// Where systemd's journal takes messages.
// Its own protocol (systemd's native one), because syslog lines carry no fields of ours.
const JOURNAL: &str = "/run/systemd/journal/socket";

/// The way of the newest hash to the system journal, where there is one.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    #[cfg(unix)]
    socket: Option<std::os::unix::net::UnixDatagram>,
}

impl Heads {
    /// To the journal of this system.
    pub(crate) fn of_system() -> Self {
        Self::at(Path::new(JOURNAL))
    }

    /// To a journal that listens at this socket.
    #[cfg(unix)]
    pub(crate) fn at(path: &Path) -> Self {
        let connected = || {
            let socket = std::os::unix::net::UnixDatagram::unbound()?;
            // Without a journal there is no second keeper: the chain in the file alone still shows
            // changes.
            socket.connect(path)?;
            // A journal that takes nothing must not stop whoever tells it something.
            socket.set_nonblocking(true)?;
            Ok::<_, std::io::Error>(socket)
        };
        Self { socket: connected().ok() }
    }

    /// There is no such journal on this system.
    #[cfg(windows)]
    pub(crate) fn at(_path: &Path) -> Self {
        Self {}
    }

    /// Tells the newest row of a chain, and its hash.
    #[cfg(unix)]
    pub(crate) fn tell(&self, chain: &str, number: i64, sha256: &str) {
        let Some(socket) = &self.socket else { return };
        let message = format!(
            // Priority 6 (info) is kept by default and reaches no terminal.
            "MESSAGE=history: row {number} of {chain} has {sha256}\nPRIORITY=6\n\
             SYSLOG_IDENTIFIER=mousewarden\nMOUSEWARDEN_CHAIN={chain}\nMOUSEWARDEN_ROW={number}\n\
             MOUSEWARDEN_SHA256={sha256}\n"
        );
        if let Err(error) = socket.send(message.as_bytes()) {
            tracing::debug!("the system journal took no hash of the history: {error}");
        }
    }

    /// There is no such journal on this system.
    #[cfg(windows)]
    pub(crate) fn tell(&self, _chain: &str, _number: i64, _sha256: &str) {}
}

/// A hash that the system journal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// Of which chain.
    pub chain: String,
    /// Of which row.
    pub number: i64,
    /// The hash, hexadecimal.
    pub sha256: String,
}

/// What the system journal holds of this user's histories, the oldest first; nothing where it cannot
/// be read within some seconds.
#[cfg(target_os = "linux")]
pub(crate) fn told() -> Option<Vec<Told>> {
    let user = format!("_UID={}", rustix::process::getuid().as_raw());
    let mut command = std::process::Command::new("journalctl");
    // Enough to compare with the newest rows; the whole journal of a year takes long to print.
    command.args(["--quiet", "--output=json", "--lines=2000", "--identifier=mousewarden", &user]);
    // A journal of many gigabytes is read slowly from a cold disk: what is late is as good as none.
    let output = output_within(command, std::time::Duration::from_secs(5))?;
    Some(output.lines().filter_map(told_by).filter(|told| !told.chain.is_empty()).collect())
}

/// There is no such journal on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn told() -> Option<Vec<Told>> {
    None
}

#[cfg(target_os = "linux")]
fn told_by(line: &str) -> Option<Told> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let field = |name: &str| message[name].as_str().map(str::to_owned);
    Some(Told {
        chain: field("MOUSEWARDEN_CHAIN")?,
        number: field("MOUSEWARDEN_ROW")?.parse().ok()?,
        sha256: field("MOUSEWARDEN_SHA256")?,
    })
}

/// What a program prints, if it ends well in time.
#[cfg(target_os = "linux")]
fn output_within(
    mut command: std::process::Command,
    patience: std::time::Duration,
) -> Option<String> {
    use std::io::Read;
    use std::process::Stdio;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut stdout = child.stdout.take()?;
    let (read, done) = std::sync::mpsc::channel();
    // In a thread, so that a child which neither writes nor ends cannot hold up the caller.
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = stdout.read_to_end(&mut text);
        let _ = read.send(text);
    });
    let text = done.recv_timeout(patience);
    if text.is_err() {
        let _ = child.kill();
    }
    let ended_well = child.wait().is_ok_and(|status| status.success());
    text.ok().filter(|_| ended_well).map(|text| String::from_utf8_lossy(&text).into_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn a_hash_reaches_the_journal_with_its_fields_and_nobody_waits_for_one_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        Heads::at(&path).tell("c", 1, "ab");
        let journal = UnixDatagram::bind(&path).unwrap();
        let heads = Heads::at(&path);
        heads.tell("c", 7, "abcd");
        let mut message = [0; 1024];
        let length = journal.recv(&mut message).unwrap();
        let text = std::str::from_utf8(&message[..length]).unwrap();
        for field in ["MOUSEWARDEN_CHAIN=c\n", "MOUSEWARDEN_ROW=7\n", "MOUSEWARDEN_SHA256=abcd\n"] {
            assert!(text.contains(field), "{text}");
        }
        // A journal that reads nothing: its queue fills up, and nobody is kept waiting.
        for number in 0..5_000 {
            heads.tell("c", number, "abcd");
        }
    }

    #[test]
    fn a_line_of_the_journal_is_read_and_another_program_s_is_not() {
        let line = r#"{"MOUSEWARDEN_CHAIN":"c","MOUSEWARDEN_ROW":"7","MOUSEWARDEN_SHA256":"ab"}"#;
        let told = Told { chain: "c".into(), number: 7, sha256: "ab".into() };
        assert_eq!(told_by(line), Some(told));
        assert_eq!(told_by(r#"{"MESSAGE":"hello"}"#), None);
        assert_eq!(told_by("no json"), None);
    }
}
