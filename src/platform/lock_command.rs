//! The configured command that locks when no service does. It is started and left alone; whether the
//! screen is locked by it nobody here can tell.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::LockCommand;

/// A command that ends within this time with an error has not locked.
const SETTLE: Duration = Duration::from_millis(1500);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Starts the command apart from this process, which may end before it. It has locked for all we
/// know when it runs on, or has put itself into the background. Returns the program's name.
///
/// # Errors
/// Why it did not start, in a few words.
pub fn run(command: &LockCommand, environment: &[(String, String)]) -> Result<String, String> {
    let (program, arguments) = command.split_first().ok_or("no command configured")?;
    let mut started = Command::new(program);
    started.args(arguments).envs(environment.iter().map(|(name, value)| (name, value)));
    started.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut started, 0);
    let mut child = started.spawn().map_err(|error| format!("{program}: {error}"))?;
    let deadline = Instant::now() + SETTLE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(program.clone()),
            Ok(Some(status)) => return Err(format!("{program}: {status}")),
            Ok(None) if Instant::now() < deadline => thread::sleep(LOOK),
            Ok(None) => break,
            Err(error) => return Err(format!("{program}: {error}")),
        }
    }
    // Somebody has to take its exit status when it ends.
    thread::spawn(move || child.wait());
    Ok(program.clone())
}
