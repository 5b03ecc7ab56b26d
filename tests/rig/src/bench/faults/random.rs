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

/// The faults that are there when an agent starts.
const FROM_THE_START: [Fault; 5] = [
    Fault::None,
    Fault::SilentSystemBus,
    Fault::FullDisk,
    Fault::ReadOnlyData,
    Fault::LockerFailsOnce,
];
/// The faults that come and go while the agent runs.
const COMING: [Fault; 11] = [
    Fault::SilentSessionBus,
    Fault::SilentScreenSaver,
    Fault::SilentServiceManager,
    Fault::StalledNotifications,
    Fault::LockedHistory,
    Fault::StoppedCapture,
    Fault::KilledCapture,
    Fault::DisplayGone,
    Fault::SilentCallers,
    Fault::KilledInCountdown,
    Fault::StoppedInCountdown,
];
/// After an alarm the screen has to be locked within this, countdown included.
const IN_TIME: Micros = Micros::from_millis(6_000);
/// A lock's stamp is cut to hundredths of a second.
const CUT: Micros = Micros::from_millis(10);
/// How long the agent may take to write what it holds back.
const SETTLING: Micros = Micros::from_millis(20_000);
/// How often it is looked whether it sees the hand.
const LOOK: Micros = Micros::from_millis(500);
/// How long it may take to see or to say that it does not.
const NOTICING: Micros = Micros::from_millis(2_000);
/// Growth that is a leak: what a process of this size takes and gives back is less.
const LEAK_KB: i64 = 16 * 1024;
/// The same in open files.
const LEAK_FILES: i64 = 8;

/// What was counted.
#[derive(Debug, Default)]
struct Tally {
    lives: usize,
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
    let mut course = Ok(());
    while clock::now() < over && course.is_ok() {
        let fault = FROM_THE_START[random.random_range(0..FROM_THE_START.len())];
        eprintln!("a life with: {fault}");
        course = life(fault, &mut desk, &hand, (&mut random, over), &mut tally);
    }
    drop(hand);
    // What was counted is worth its line, whatever broke off the rest.
    output::line(&tally.text(minutes, seed))?;
    course?;
    if tally.is_clean() {
        return Ok(());
    }
    let what = "something was lost: see the counts above";
    Err(Failure::new(FailureKind::Internal, what).remedy("Run it again with this seed."))
}

/// One life of an agent that has this fault from its start.
fn life(
    fault: Fault,
    desk: &mut FaultDesk,
    hand: &MovingHand,
    (random, over): (&mut ChaCha8Rng, Timestamp),
    tally: &mut Tally,
) -> Result<()> {
    desk.configure(fault.locker())?;
    let agent = desk.agent(fault)?;
    let course = Life::of(agent, fault, hand).run(desk, random, over, tally);
    desk.unlock();
    course
}

/// One life of the agent, until it is killed or the time is over.
struct Life<'a> {
    agent: WatchedAgent,
    /// What was wrong from its start.
    fault: Fault,
    hand: &'a MovingHand,
    began: Timestamp,
    /// Kilobytes and files at the start.
    size: (i64, i64),
    /// Events among which the alarms have been counted.
    counted: usize,
}

impl<'a> Life<'a> {
    fn of(mut agent: WatchedAgent, fault: Fault, hand: &'a MovingHand) -> Self {
        agent.wait(Micros::from_millis(5_000), |_| false);
        let size = size(&agent);
        Self { agent, fault, hand, began: clock::now(), size, counted: 0 }
    }

    fn run(
        &mut self,
        desk: &mut FaultDesk,
        random: &mut ChaCha8Rng,
        over: Timestamp,
        tally: &mut Tally,
    ) -> Result<()> {
        tally.lives += 1;
        let mut held: Vec<(Timestamp, Made)> = Vec::new();
        while clock::now() < over && self.agent.ended().is_none() {
            let fault = COMING[random.random_range(0..COMING.len())];
            let is_rare = fault == Fault::KilledInCountdown;
            if is_rare && random.random_range(0..4) > 0 || !self.can_have(fault) {
                continue;
            }
            // Its service needs a bus that answers.
            if matches!(fault, Fault::SilentScreenSaver | Fault::SilentServiceManager) {
                held.clear();
            }
            // Who is stopped itself can say nothing.
            if fault.blinds() {
                held.retain(|(_, made)| !made.stops(self.agent.pid()));
            }
            // The history can be open for writing in one place at a time.
            if fault == Fault::LockedHistory {
                held.retain(|(_, made)| !made.is_writer());
            }
            let lasts = Micros::from_millis(random.random_range(500..4_000));
            held.push((clock::now() + lasts, self.make(fault, desk, tally)?));
            self.watch(Micros::from_millis(random.random_range(1_000..3_000)), tally);
            held.retain(|(until, _)| clock::now() < *until);
            if held.is_empty() {
                self.weigh(tally);
            }
            self.count(desk, tally);
        }
        held.clear();
        self.end(desk, tally);
        Ok(())
    }

    /// Whether a fault can be made beside what was wrong from the start: the history of an agent on
    /// another disk cannot be reached.
    fn can_have(&self, fault: Fault) -> bool {
        fault != Fault::LockedHistory || self.fault.disk().is_none()
    }

    /// Makes a fault. One of the capture process has to be said, unless it was blind already.
    fn make(&mut self, fault: Fault, desk: &mut FaultDesk, tally: &mut Tally) -> Result<Made> {
        let printed = self.agent.count();
        // A process that is being started again cannot be stopped or killed.
        let is_there = fault == Fault::DisplayGone || self.agent.capture().is_some();
        let was_blind = self.agent.is_blind(printed);
        let began = clock::now();
        let made = fault.make(desk, &self.agent)?;
        tally.faults += 1;
        tally.kills += usize::from(fault == Fault::KilledInCountdown);
        let blind = if was_blind { " (blind already)" } else { "" };
        eprintln!("{:8.1} {fault}{blind}", (began - self.began).as_secs_f64());
        if fault.blinds() && is_there && !was_blind {
            self.hear_of_it(fault, printed, began, tally);
        }
        Ok(made)
    }

    /// Waits for the word that the mouse is not seen.
    fn hear_of_it(&mut self, fault: Fault, printed: usize, began: Timestamp, tally: &mut Tally) {
        let said = |agent: &WatchedAgent| {
            agent.find(printed, |event| is(event, "capture") && event["state"] == "blind")
        };
        self.agent.wait(Micros::from_millis(15_000), |agent| said(agent).is_some());
        let at = said(&self.agent).and_then(|event| event["mono_us"].as_i64());
        let at = at.map_or_else(clock::now, Timestamp::from_micros);
        if at - began > NOTICING {
            let unsaid = (at - began).as_secs_f64();
            let last = self.agent.events(printed.saturating_sub(12));
            eprintln!("{fault}: unsaid for {unsaid:.1} s; the last events: {last:#?}");
            tally.silent_s += unsaid;
        }
    }

    /// Waits, and looks meanwhile whether the agent sees the hand, or says that it does not.
    fn watch(&mut self, span: Micros, tally: &mut Tally) {
        let until = clock::now() + span;
        let mut missed = false;
        while clock::now() < until && self.agent.ended().is_none() {
            let look = LOOK.min(until - clock::now());
            self.agent.wait(look, |_| false);
            let now = clock::now();
            // Who does not answer is stopped, and its guard knows.
            let Some(still) = self.agent.still() else { continue };
            // What moved while it said that it is blind is no silence.
            let seen = (now + Micros(-still.0)).max(self.agent.sees_since());
            let due = now + Micros(-NOTICING.0);
            let misses = self.hand.has_moved(seen, due) && !self.agent.is_blind(self.agent.count());
            // One that was stopped needs a moment to take in what waited.
            if misses && missed {
                let last = self.agent.events(self.agent.count().saturating_sub(4));
                eprintln!(
                    "{:8.1} the hand is not seen, still for {:.0} s; the last events: {last:?}",
                    (now - self.began).as_secs_f64(),
                    still.as_secs_f64()
                );
                tally.silent_s += look.as_secs_f64();
            }
            missed = misses;
        }
    }

    /// Takes note of how much it has grown since its start.
    fn weigh(&mut self, tally: &mut Tally) {
        let files = self.size.1 + LEAK_FILES;
        // Callers that have gone are noticed a moment later.
        self.agent.wait(NOTICING, |agent| size(agent).1 < files);
        let now = size(&self.agent);
        tally.grown_kb = tally.grown_kb.max(now.0 - self.size.0);
        tally.grown_files = tally.grown_files.max(now.1 - self.size.1);
    }

    /// Counts the alarms that are old enough to have locked. A countdown stands for each: alarms
    /// within one, or within a lock that is being tried, are answered by it.
    fn count(&mut self, desk: &FaultDesk, tally: &mut Tally) {
        let now = clock::now();
        let locks = desk.locks();
        let events = self.agent.events(self.counted);
        for event in &events {
            let at = Timestamp::from_micros(event["mono_us"].as_i64().unwrap_or_default());
            if now - at <= IN_TIME {
                return;
            }
            self.counted += 1;
            if is(event, "countdown") {
                let in_time = |lock: &Timestamp| (at + Micros(-CUT.0)..at + IN_TIME).contains(lock);
                let is_locked = locks.iter().any(in_time);
                tally.alarms += 1;
                tally.late += usize::from(!is_locked);
                if !is_locked {
                    eprintln!("no lock after {event}; locks at {locks:?}");
                }
            }
        }
    }

    fn end(&mut self, desk: &FaultDesk, tally: &mut Tally) {
        self.agent.wait(IN_TIME, |_| false);
        self.count(desk, tally);
        if self.agent.ended().is_none() && self.fault.disk().is_none() {
            self.agent.wait(SETTLING, |agent| unwritten(agent, desk) == 0);
            tally.unwritten += unwritten(&self.agent, desk);
        }
    }
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
    /// Whether nothing was lost, leaked or blind without a word.
    fn is_clean(&self) -> bool {
        self.late + self.unwritten == 0
            && self.silent_s == 0.0
            && self.grown_kb < LEAK_KB
            && self.grown_files < LEAK_FILES
    }

    fn text(&self, minutes: f64, seed: u64) -> String {
        format!(
            "{minutes} minutes, seed {seed}: {} agents, {} faults ({} kills); {} countdowns, {} not \
             followed by a lock within {} s; {} events not in the history; {:.1} s not seen without a \
             word; none grew by more than {} kB and {} open files",
            self.lives,
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
