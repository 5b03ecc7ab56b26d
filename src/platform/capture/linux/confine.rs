//! What the capture process may still do once it sees the mouse: next to nothing. Under the `rdev`
//! hook every key press passes through its memory; nobody can read that from outside, and nothing
//! in the process can take it anywhere.
//!
//! Before the set-up: no core dumps, no reading of its memory by other programs, no new privileges,
//! and of files (Landlock) only what the set-up reads. After it: a filter of system calls (seccomp)
//! that leaves its open connections, memory, threads and clocks, and for the kernel's devices files
//! that Landlock allows. On a system that lacks one of these the process goes on without it, and
//! `doctor` says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::platform::CaptureBackend;

/// Where libraries and their data lie.
const LIBRARIES: [&str; 7] =
    ["/usr", "/lib", "/lib32", "/lib64", "/etc", "/nix/store", "/gnu/store"];
/// Where the kernel's devices and what is known of them lie.
const DEVICES: [&str; 4] = ["dev/input", "sys/class/input", "sys/devices", "run/udev/data"];
/// What nothing else is known of: a newer kernel's rights are left alone.
const KNOWN: ABI = ABI::V5;

/// System calls on what is open, on memory, threads and clocks.
const CALLS: [i64; 33] = [
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_ppoll,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_set_robust_list,
    libc::SYS_shutdown,
    libc::SYS_sigaltstack,
    libc::SYS_write,
    libc::SYS_writev,
];
/// The same by the names that only this processor's oldest interface has.
#[cfg(target_arch = "x86_64")]
const OLD_CALLS: [i64; 2] = [libc::SYS_poll, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const OLD_CALLS: [i64; 0] = [];
#[cfg(target_arch = "x86_64")]
const OLD_FILE_CALLS: [i64; 2] = [libc::SYS_open, libc::SYS_readlink];
#[cfg(not(target_arch = "x86_64"))]
const OLD_FILE_CALLS: [i64; 0] = [];
/// For devices that come and go; which files, Landlock says.
const FILE_CALLS: [i64; 9] = [
    libc::SYS_fstat,
    libc::SYS_getdents64,
    libc::SYS_inotify_add_watch,
    libc::SYS_ioctl,
    libc::SYS_lseek,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_readlinkat,
    libc::SYS_statx,
];

/// For the agent as well: nobody of the same user can read its memory, take its descriptors over or
/// find them in a core dump. It keeps the right to gain privileges, which a locker that it starts
/// needs to check the password.
pub(crate) fn shut_memory() {
    // None of these can fail for a reason that anybody could mend.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// Before anything is connected or opened, and before there is a second thread.
pub(super) fn before_set_up(backend: CaptureBackend, root: Option<&Path>) {
    shut_memory();
    let _ = rustix::thread::set_no_new_privs(true);
    // Where the kernel has no Landlock, the filter of calls shuts files off all the same.
    let _ = restrict_files(&readable(backend, root), backend == CaptureBackend::Evdev);
}

/// Once it sees the mouse, for all threads.
pub(super) fn after_set_up(backend: CaptureBackend) {
    let Some(filter) = filter(backend) else { return };
    let _ = seccompiler::apply_filter_all_threads(&filter);
}

/// Has this process, and whatever it starts, write below these folders alone. Only where the service
/// manager has taken its way to new privileges already: a locker that it starts itself could then
/// check no password anyway, so that lockers are the service manager's there. Without Landlock, and
/// elsewhere, nothing changes.
pub(crate) fn write_only_below(folders: &[PathBuf]) {
    if rustix::thread::no_new_privs().unwrap_or(false) {
        let _ = restrict_writing(folders);
    }
}

fn restrict_writing(folders: &[PathBuf]) -> Result<(), landlock::RulesetError> {
    let rights = AccessFs::from_write(ABI::V3);
    let rules = Ruleset::default().handle_access(rights)?.create()?;
    let null = Path::new("/dev/null");
    let there = folders.iter().map(PathBuf::as_path).chain([null]).filter_map(|path| {
        let rights = if path.is_dir() { rights } else { AccessFs::WriteFile | AccessFs::Truncate };
        let rule = PathBeneath::new(PathFd::new(path).ok()?, rights);
        Some(Ok::<_, landlock::RulesetError>(rule))
    });
    rules.add_rules(there)?.restrict_self().map(drop)
}

/// Whether the kernel has Landlock.
pub(crate) fn has_landlock() -> bool {
    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    rules.handle_access(AccessFs::from_all(ABI::V1)).and_then(|rules| rules.create()).is_ok()
}

/// Whether the kernel filters system calls, and this program knows those of its processor.
pub(crate) fn has_filter() -> bool {
    Path::new("/proc/sys/kernel/seccomp/actions_avail").exists()
        && filter(CaptureBackend::Rdev).is_some()
}

/// What may be read while a back end is set up.
fn readable(backend: CaptureBackend, root: Option<&Path>) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = LIBRARIES.iter().map(PathBuf::from).collect();
    if backend == CaptureBackend::Evdev {
        // Only tests have another root, where folders come later.
        match root {
            Some(root) => paths.push(root.to_owned()),
            None => paths.extend(DEVICES.map(|folder| Path::new("/").join(folder))),
        }
        return paths;
    }
    // By these the X server knows whom it may admit.
    paths.extend(variable("XAUTHORITY").map(PathBuf::from));
    paths.extend(variable("HOME").map(|home| PathBuf::from(home).join(".Xauthority")));
    paths
}

fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn restrict_files(readable: &[PathBuf], devices: bool) -> Result<(), landlock::RulesetError> {
    let mut rights: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    if devices {
        // The clock of a device's stamps is chosen by one.
        rights |= AccessFs::IoctlDev;
    }
    let rules = Ruleset::default().handle_access(AccessFs::from_all(KNOWN))?.create()?;
    // What is not there needs no rule.
    let there = readable.iter().filter_map(|path| {
        let rights = if path.is_dir() { rights } else { AccessFs::ReadFile.into() };
        let rule = PathBeneath::new(PathFd::new(path).ok()?, rights);
        Some(Ok::<_, landlock::RulesetError>(rule))
    });
    rules.add_rules(there)?.restrict_self().map(drop)
}

fn filter(backend: CaptureBackend) -> Option<BpfProgram> {
    let arch: TargetArch = std::env::consts::ARCH.try_into().ok()?;
    let mut calls = [&CALLS[..], &OLD_CALLS].concat();
    if backend == CaptureBackend::Evdev {
        calls.extend([&FILE_CALLS[..], &OLD_FILE_CALLS].concat());
    }
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        calls.into_iter().map(|call| (call, Vec::new())).collect();
    // Memory that is no code.
    let not_code = SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64);
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![rule(2, not_code.clone(), 0)?]);
    }
    // An abort is a signal to itself.
    let own = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, vec![rule(0, SeccompCmpOp::Eq, own)?]);
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(rules, refused, SeccompAction::Allow, arch).ok()?.try_into().ok()
}

fn rule(argument: u8, operation: SeccompCmpOp, value: u64) -> Option<SeccompRule> {
    let width = SeccompCmpArgLen::Dword;
    let condition = SeccompCondition::new(argument, width, operation, value).ok()?;
    SeccompRule::new(vec![condition]).ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Output, Stdio};
    use std::{env, fs, process, thread};

    use rustix::process::{getppid, getuid, test_kill_process};

    use super::*;

    /// Names the step to take, for the process that takes it.
    const STEP: &str = "MOUSEWARDEN_TEST_CONFINED";
    /// The folder that it must not reach.
    const FOLDER: &str = "MOUSEWARDEN_TEST_FOLDER";

    /// This test program once more, for the test below that begins with `inside`.
    fn again(step: &str, folder: &Path) -> Command {
        let name = "platform::capture::linux::confine::tests::inside";
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", name, "--ignored", "--nocapture"]);
        command.env(STEP, step).env(FOLDER, folder);
        command
    }

    fn touch(path: &Path) -> bool {
        let status = Command::new("touch").arg(path).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    fn ran(step: &str) -> Output {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        again(step, folder.path()).output().unwrap()
    }

    /// Names what it could do.
    fn try_all(all: &[(&str, &dyn Fn() -> bool)]) -> ! {
        let could: Vec<_> = all.iter().filter(|(_, act)| act()).map(|(name, _)| *name).collect();
        let _ = std::io::stderr().write_all(format!("could: {could:?}").as_bytes());
        process::exit(if could.is_empty() { 0 } else { 1 });
    }

    #[test]
    #[ignore = "the tests beside it run it, in a process of its own"]
    fn inside() {
        let Ok(step) = env::var(STEP) else { return };
        let folder = PathBuf::from(env::var_os(FOLDER).unwrap());
        let read = || fs::read(folder.join("secret")).is_ok();
        let write = || fs::write(folder.join("new"), "x").is_ok();
        let change = || fs::write(folder.join("secret"), "x").is_ok();
        let library = || fs::read("/etc/hostname").is_ok();
        let run = || Command::new("/bin/true").status().is_ok();
        let connect = || std::net::TcpListener::bind("127.0.0.1:0").is_ok();
        let socket = || std::os::unix::net::UnixDatagram::unbound().is_ok();
        let thread = || thread::Builder::new().spawn(|| ()).is_ok();
        // PointerReply before that is forbidden, too.
        let parent = getppid();
        let kill = || parent.is_some_and(|parent| test_kill_process(parent).is_ok());
        let remove = || fs::remove_file(folder.join("secret")).is_ok();
        match step.as_str() {
            "free" => try_all(&[("read", &read), ("run", &run), ("thread", &thread)]),
            "files" => {
                before_set_up(CaptureBackend::Rdev, None);
                try_all(&[
                    ("read", &read),
                    ("write", &write),
                    ("change", &change),
                    ("remove", &remove),
                    ("run", &run),
                ]);
            }
            "calls" => {
                before_set_up(CaptureBackend::Rdev, None);
                after_set_up(CaptureBackend::Rdev);
                try_all(&[
                    ("read", &read),
                    ("read a library", &library),
                    ("write", &write),
                    ("remove", &remove),
                    ("run", &run),
                    ("connect", &connect),
                    ("socket", &socket),
                    ("thread", &thread),
                    ("kill", &kill),
                ]);
            }
            "agent" => {
                write_only_below(&[folder.join("own")]);
                let _ = rustix::thread::set_no_new_privs(true);
                let own = fs::create_dir(folder.join("own")).is_ok();
                assert!(own && fs::remove_file(folder.join("secret")).is_ok(), "not yet");
                fs::write(folder.join("secret"), "secret").unwrap();
                write_only_below(&[folder.join("own")]);
                let kept = folder.join("own/kept");
                assert!(fs::write(&kept, "x").is_ok() && fs::remove_file(&kept).is_ok());
                assert!(read() && run(), "reading and running go on");
                let child = || touch(&folder.join("by-child"));
                try_all(&[
                    ("write", &write),
                    ("change", &change),
                    ("remove", &remove),
                    ("have another write", &child),
                ]);
            }
            "memory" => {
                shut_memory();
                let _ = std::io::stderr().write_all(b"shut");
                let _ = std::io::stdin().read(&mut [0]);
                process::exit(0);
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_forbidden_fails() {
        let free = ran("free");
        let said = String::from_utf8_lossy(&free.stderr).into_owned();
        assert!(said.contains(r#"could: ["read", "run", "thread"]"#), "{said}");
        if has_landlock() {
            let files = ran("files");
            assert!(files.status.success(), "{}", String::from_utf8_lossy(&files.stderr));
            let agent = ran("agent");
            assert!(agent.status.success(), "{}", String::from_utf8_lossy(&agent.stderr));
        }
        if has_filter() {
            let calls = ran("calls");
            assert!(calls.status.success(), "{}", String::from_utf8_lossy(&calls.stderr));
        }
    }

    #[test]
    fn nobody_of_the_same_user_reads_its_memory_or_takes_its_descriptors() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = again("memory", folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        // What root owns shows nothing.
        if getuid().is_root() {
            command.uid(65_534).gid(65_534);
        }
        let mut inside = match command.spawn() {
            Ok(inside) => inside,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                eprintln!("skipped: another user cannot reach this program");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        let mut said = [0; 4];
        inside.stderr.take().unwrap().read_exact(&mut said).unwrap();
        for file in ["mem", "fd", "environ", "maps"] {
            let path = format!("/proc/{}/{file}", inside.id());
            assert_eq!(fs::metadata(&path).unwrap().uid(), 0, "{path}");
        }
        let limits = fs::read_to_string(format!("/proc/{}/limits", inside.id())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().nth(5), Some("0"), "{core}");
        drop(inside.stdin.take());
        assert!(inside.wait().unwrap().success());
    }
}
