//! The configured command that locks when all services fail: whether it can be run, and how it
//! ended within the time in which lockers fail.

use std::env;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;
#[cfg(target_os = "linux")]
use std::time::Instant;

use crossbeam_channel::{Receiver, bounded};

use crate::platform::{LockCommand, StartedLocker};

/// A command that ends within this time with an error has not locked: i3lock, for one, tries for
/// three seconds to have a pointer that an open menu holds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at a locker that another process has started.
#[cfg(target_os = "linux")]
const LOOK: Duration = Duration::from_millis(50);

/// The file that a command runs.
///
/// # Errors
/// Why it cannot be run, in a few words.
pub(crate) fn find(command: &LockCommand) -> Result<PathBuf, String> {
    let program = command.first().ok_or("no command configured")?;
    let named = Path::new(program);
    if program.trim().is_empty() {
        return Err("the program has no name".to_owned());
    }
    if named.is_absolute() {
        return is_runnable(named).map(|()| named.to_owned());
    }
    if named.components().count() > 1 {
        let why = "not an absolute path, and neither ~ nor variables stand for one";
        return Err(format!("{program}: {why}"));
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let mut refused = format!("{program}: no such program on PATH");
    for folder in env::split_paths(&folders) {
        let path = folder.join(format!("{program}{}", suffix(program)));
        match is_runnable(&path) {
            Ok(()) => return Ok(path),
            Err(why) if path.exists() => refused = why,
            Err(_) => {}
        }
    }
    let mut words = program.split_whitespace();
    if words.next().is_some_and(|word| word != program) {
        refused += "; each argument is a word of its own, as in [\"i3lock\", \"-n\"]";
    }
    Err(refused)
}

/// What this system adds to the name of a program.
fn suffix(program: &str) -> &'static str {
    let ending = env::consts::EXE_SUFFIX;
    if program.to_lowercase().ends_with(ending) { "" } else { ending }
}

fn is_runnable(path: &Path) -> Result<(), String> {
    let name = path.display();
    let data = path.metadata().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{name}: no such file"),
        _ => format!("{name}: {error}"),
    })?;
    if !data.is_file() {
        return Err(format!("{name}: not a program"));
    }
    if !may_be_run(path) {
        return Err(format!("{name}: not executable"));
    }
    match interpreter(path) {
        Some(other) if !other.is_file() => {
            Err(format!("{name}: its interpreter {} is missing", other.display()))
        }
        _ => Ok(()),
    }
}

/// What runs a script, as its first line says.
fn interpreter(path: &Path) -> Option<PathBuf> {
    let mut line = String::new();
    // What cannot be read as text is no script.
    BufReader::new(File::open(path).ok()?.take(256)).read_line(&mut line).ok()?;
    Some(PathBuf::from(line.strip_prefix("#!")?.split_whitespace().next()?))
}

#[cfg(unix)]
fn may_be_run(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn may_be_run(_path: &Path) -> bool {
    true
}

/// Starts the command apart from this process, which may end before it, and tells that. It has
/// locked for all we know when it still runs after `patience`, or has ended well before: some put
/// themselves into the background. Returns the program's name.
///
/// # Errors
/// Why it did not start, or how it ended.
pub fn run(
    command: &LockCommand,
    environment: &[(String, String)],
    patience: Duration,
    started: &dyn Fn(StartedLocker),
) -> Result<String, String> {
    let program = command.first().ok_or("no command configured")?;
    let (pid, end) = start(command, environment)?;
    started(StartedLocker::Process(pid));
    match end.recv_timeout(patience) {
        Ok(Ok(status)) if !status.success() => Err(format!("{program}: {status}")),
        Ok(Err(error)) => Err(format!("{program}: {error}")),
        Ok(Ok(_)) | Err(_) => Ok(program.clone()),
    }
}

/// Starts it; its number, and how it ends, which arrives when it does.
fn start(
    command: &LockCommand,
    environment: &[(String, String)],
) -> Result<(u32, Receiver<std::io::Result<ExitStatus>>), String> {
    let (program, arguments) = command.split_first().ok_or("no command configured")?;
    let mut started = Command::new(program);
    started.args(arguments).envs(environment.iter().map(|(name, value)| (name, value)));
    started.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut started, 0);
    let mut child = started.spawn().map_err(|error| format!("{program}: {error}"))?;
    let (ended, end) = bounded(1);
    let pid = child.id();
    // It has to be waited for in any case, and may run for hours.
    thread::spawn(move || drop(ended.send(child.wait())));
    Ok((pid, end))
}

/// Whether a locker that another process has started still runs after `patience`. Nobody but its
/// parent hears how it ended, so one that has ended is taken for one that failed.
#[cfg(target_os = "linux")]
pub(crate) fn runs_on(pid: u32, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while runs(pid) {
        if Instant::now() >= deadline {
            return true;
        }
        thread::sleep(LOOK);
    }
    false
}

/// Whether any process of the group that it leads runs: some put themselves into the background.
#[cfg(target_os = "linux")]
fn runs(group: u32) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    processes.flatten().any(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // The name before the state may hold anything.
        let Some((_, rest)) = stat.rsplit_once(") ") else { return false };
        let mut fields = rest.split(' ');
        let is_over = fields.next().is_none_or(|state| matches!(state, "Z" | "X"));
        !is_over && fields.nth(1).and_then(|field| field.parse().ok()) == Some(group)
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn shell(script: &str) -> LockCommand {
        ["sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_locker_that_fails_late_has_not_locked() {
        let failure = run(&shell("sleep 1.8; exit 1"), &[], PATIENCE, &|_| {}).unwrap_err();
        assert!(failure.contains("exit status: 1"), "{failure}");
    }

    #[test]
    fn a_locker_that_runs_on_or_has_ended_well_has_locked() {
        let before = Instant::now();
        assert_eq!(run(&shell("sleep 60"), &[], Duration::from_millis(50), &|_| {}).unwrap(), "sh");
        assert_eq!(run(&shell("exit 0"), &[], PATIENCE, &|_| {}).unwrap(), "sh");
        assert!(before.elapsed() < PATIENCE);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_locker_of_another_process_runs_on_as_long_as_one_of_its_group_does() {
        let brief = Duration::from_millis(100);
        let (told, pids) = bounded(1);
        let started = |script| {
            run(&shell(script), &[], brief, &|it| told.send(it).unwrap()).unwrap();
            match pids.recv().unwrap() {
                StartedLocker::Process(pid) => pid,
                StartedLocker::Unit(name) => panic!("{name}"),
            }
        };
        assert!(runs_on(started("exec sleep 60"), brief));
        assert!(runs_on(started("sleep 60 & exit 0"), brief), "in the background");
        assert!(!runs_on(started("sleep 0.3; exit 1"), PATIENCE));
    }

    #[test]
    fn what_cannot_be_run_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(folder.path().join("script"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(folder.path().join("script"), fs::Permissions::from_mode(0o755))
            .unwrap();
        fs::write(folder.path().join("text"), "no program").unwrap();
        let named = |program: String| find(&vec![program]);
        assert!(named("sh".into()).unwrap().is_absolute());
        assert!(named(path("script")).is_ok());
        assert!(named("i3lok".into()).unwrap_err().contains("no such program on PATH"));
        assert!(named(path("none")).unwrap_err().contains("no such file"));
        assert!(named(folder.path().display().to_string()).unwrap_err().contains("not a program"));
        assert!(named(path("text")).unwrap_err().contains("not executable"));
        assert!(find(&Vec::new()).is_err());
        fs::write(folder.path().join("script"), "#!/no/such/shell -e\n").unwrap();
        assert!(named(path("script")).unwrap_err().contains("interpreter /no/such/shell"));
        assert!(named("i3lock -n".into()).unwrap_err().contains("a word of its own"));
        for relative in ["./script", "~/script", "$HOME/script"] {
            assert!(named(relative.into()).unwrap_err().contains("not an absolute path"));
        }
        assert!(named(" ".into()).unwrap_err().contains("no name"));
    }
}
