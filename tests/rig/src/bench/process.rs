//! What a process has cost so far, as the kernel counts it. Only looks.

use std::fs;
use std::path::PathBuf;

/// The cost of some processes, with all their threads.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// Time on the processor, seconds.
    pub busy_s: f64,
    /// How often a thread went to sleep by itself, and so was woken again.
    pub sleeps: u64,
    /// Resident memory, kilobytes.
    pub resident_kb: u64,
}

impl Usage {
    /// Of these processes together.
    pub(super) fn of(pids: &[u32]) -> Self {
        pids.iter().fold(Self::default(), |sum, pid| {
            let threads = threads(*pid);
            Self {
                busy_s: sum.busy_s + threads.iter().map(busy).sum::<f64>(),
                sleeps: sum.sleeps + threads.iter().map(sleeps).sum::<u64>(),
                resident_kb: sum.resident_kb + resident(*pid),
            }
        })
    }
}

/// The children of a process.
pub(super) fn children(pid: u32) -> Vec<u32> {
    let lists = threads(pid).into_iter().map(|thread| text(thread.join("children")));
    lists
        .flat_map(|list| list.split_whitespace().flat_map(str::parse).collect::<Vec<_>>())
        .collect()
}

fn threads(pid: u32) -> Vec<PathBuf> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.map(|task| task.path()).collect()
}

/// A process that is gone has cost nothing more.
fn text(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[allow(clippy::ptr_arg, reason = "mapped over a list of them")]
fn busy(thread: &PathBuf) -> f64 {
    let stat = text(thread.join("schedstat"));
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

#[allow(clippy::ptr_arg, reason = "mapped over a list of them")]
fn sleeps(thread: &PathBuf) -> u64 {
    field(&text(thread.join("status")), "voluntary_ctxt_switches:")
}

fn resident(pid: u32) -> u64 {
    field(&text(format!("/proc/{pid}/status").into()), "VmRSS:")
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
