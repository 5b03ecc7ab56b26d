//! `bench faults --random MINUTES`: every fault at random, one after another and at times two at
//! once, while somebody else moves without a rest. Counts alarms that did not lock, events that did
//! not reach the history, movement that was not seen without a word, and what the agent keeps of
//! memory and files.

use std::fs;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::agent::{WatchedAgent, is};
use super::desk::FaultDesk;
use super::fault::{Fault, LockerKind, Made};
use super::hand::MovingHand;
use crate::bench::process::Usage;
use mousewarden::agent::history::History;
use mousewarden::cli::output;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::Timestamp;
use mousewarden::pipeline::event::Micros;
use mousewarden::platform::clock;

/// The faults that come and go while the agent runs.
const COMING: [Fault; 9] = [
    Fault::SilentSessionBus,
    Fault::SilentScreenSaver,
    Fault::StalledNotifications,
    Fault::LockedHistory,
    Fault::StoppedCapture,
    Fault::KilledCapture,
    Fault::DisplayGone,
    Fault::SilentCallers,
    Fault::KilledInCountdown,
];
/// After an alarm the screen has to be locked within this, countdown included.
const IN_TIME: Micros = Micros::from_millis(6_000);
/// How long the agent may take to write what it holds back.
const SETTLING: Micros = Micros::from_millis(20_000);

/// What was counted.
#[derive(Debug, Default)]
struct Tally {
    faults: usize,
    kills: usize,
    alarms: usize,
    late: usize,
    unwritten: usize,
    silent_s: f64,
    grown_kb: i64,
    grown_files: i64,
}

/// Runs it and prints what was counted.
///
/// # Errors
/// [`FailureKind::Internal`] when anything was lost; when a server does not come up.
pub(super) fn run(minutes: f64, seed: u64) -> Result<()> {
    let mut desk = FaultDesk::start(LockerKind::Locks)?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let over = clock::now() + Micros((minutes * 6e7) as i64);
    let hand = MovingHand::start(desk.desktop.display())?;
    let mut tally = Tally::default();
    while clock::now() < over {
        let mut agent = desk.agent(Fault::None)?;
        live(&mut agent, &mut desk, &mut random, over, &mut tally)?;
    }
    drop(hand);
    output::line(&tally.text(minutes, seed))?;
    let lost = tally.late + tally.unwritten;
    if lost == 0 && tally.silent_s == 0.0 {
        return Ok(());
    }
    let what = "something was lost: see the counts above";
    Err(Failure::new(FailureKind::Internal, what).remedy("Run it again with this seed."))
}

/// One life of the agent, until it is killed or the time is over.
fn live(
    agent: &mut WatchedAgent,
    desk: &mut FaultDesk,
    random: &mut ChaCha8Rng,
    over: Timestamp,
    tally: &mut Tally,
) -> Result<()> {
    let mut held: Vec<(Timestamp, Made)> = Vec::new();
    let mut locks = Locks { seen: desk.locks(), events: 0 };
    agent.wait(Micros::from_millis(5_000), |_| false);
    let before = size(agent);
    while clock::now() < over && agent.ended().is_none() {
        let fault = COMING[random.random_range(0..COMING.len())];
        if fault == Fault::KilledInCountdown && random.random_range(0..4) > 0 {
            continue;
        }
        let printed = agent.count();
        let made = fault.make(desk, agent)?;
        tally.faults += 1;
        eprintln!("{fault}");
        let began = clock::now();
        let lasts = Micros::from_millis(random.random_range(500..4_000));
        held.push((began + lasts, made));
        let pause = Micros::from_millis(random.random_range(1_000..3_000));
        agent.wait(pause, |_| false);
        if matches!(fault, Fault::StoppedCapture | Fault::KilledCapture | Fault::DisplayGone) {
            tally.silent_s += silent(agent, printed, began);
        }
        held.retain(|(until, _)| clock::now() < *until);
        tally.kills += usize::from(fault == Fault::KilledInCountdown);
        locks.count(agent, desk, tally);
    }
    held.clear();
    agent.wait(IN_TIME, |_| false);
    locks.count(agent, desk, tally);
    if agent.ended().is_none() {
        let after = size(agent);
        tally.grown_kb += after.0 - before.0;
        tally.grown_files += after.1 - before.1;
        agent.wait(SETTLING, |agent| unwritten(agent, desk) == 0);
        tally.unwritten += unwritten(agent, desk);
    }
    desk.unlock();
    Ok(())
}

/// Alarms and the locks that follow them.
struct Locks {
    seen: usize,
    events: usize,
}

impl Locks {
    /// Counts the alarms that are old enough to have locked. A countdown stands for each: alarms
    /// within one, or within a lock that is being tried, are answered by it.
    fn count(&mut self, agent: &WatchedAgent, desk: &FaultDesk, tally: &mut Tally) {
        let now = clock::now();
        let events = agent.events(self.events);
        let begun = |event: &&Value| is(event, "countdown");
        let old = events.iter().filter(begun).filter(|event| {
            let at = Timestamp::from_micros(event["mono_us"].as_i64().unwrap_or_default());
            now - at > IN_TIME
        });
        let alarms = old.count();
        if alarms == 0 {
            return;
        }
        let locks = desk.locks();
        tally.alarms += alarms;
        tally.late += alarms.saturating_sub(locks - self.seen);
        self.seen = locks;
        self.events += events.len();
    }
}

/// How long the mouse was not seen without a word of it: beyond the two seconds that noticing may
/// take.
fn silent(agent: &mut WatchedAgent, printed: usize, began: Timestamp) -> f64 {
    let is_said = |agent: &WatchedAgent| {
        agent.find(printed, |event| is(event, "capture") && event["state"] == "blind").is_some()
    };
    agent.wait(Micros::from_millis(15_000), is_said);
    let at = agent.find(printed, |event| is(event, "capture") && event["state"] == "blind");
    let at = at.and_then(|event| event["mono_us"].as_i64()).map(Timestamp::from_micros);
    let unsaid = (at.unwrap_or_else(clock::now) - began).as_secs_f64();
    if unsaid > 2.0 { unsaid } else { 0.0 }
}

/// Events that it has printed and that are not in the history.
fn unwritten(agent: &WatchedAgent, desk: &FaultDesk) -> usize {
    let Ok(rows) = History::open(&desk.history()).and_then(|history| history.after(0)) else {
        return agent.count();
    };
    let key = |wall: &str, mono: i64| format!("{wall} {mono}");
    let written: std::collections::HashSet<_> =
        rows.iter().map(|(_, row)| key(&row.wall, row.mono_us.micros())).collect();
    let is_missing = |event: &&Value| {
        let mono = event["mono_us"].as_i64().unwrap_or_default();
        !written.contains(&key(event["wall"].as_str().unwrap_or_default(), mono))
    };
    agent.events(0).iter().filter(is_missing).count()
}

/// Resident kilobytes and open files.
fn size(agent: &WatchedAgent) -> (i64, i64) {
    let files = fs::read_dir(format!("/proc/{}/fd", agent.pid())).map_or(0, Iterator::count);
    (Usage::of(&[agent.pid()]).resident_kb as i64, files as i64)
}

impl Tally {
    fn text(&self, minutes: f64, seed: u64) -> String {
        format!(
            "{minutes} minutes, seed {seed}: {} faults ({} kills); {} countdowns, {} not followed by a lock \
             within {} s; {} events not in the history; {:.1} s not seen without a word; grown by {} kB and \
             {} open files",
            self.faults,
            self.kills,
            self.alarms,
            self.late,
            IN_TIME.0 / 1_000_000,
            self.unwritten,
            self.silent_s,
            self.grown_kb,
            self.grown_files
        )
    }
}
