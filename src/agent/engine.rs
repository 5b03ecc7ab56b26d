//! The thread that judges: signals from the intake, boundaries from the session and commands from
//! outside go in, entries for the responder come out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, never, select};

use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::{Boundary, Decision, Detector, Signal, Timestamp};
use crate::platform::capture::description::Unknown;
use crate::platform::clock;

use super::command::Command;
use super::device::DeviceCheck;
use super::event::{Event, Fingerprints, StampedEvent};
use super::gate::SessionGate;
use super::intake::SignalQueue;
use super::judge::AnyScorer;
use super::later_movement::LaterMovement;
use super::model_versions::ModelVersions;
use super::recorder::Recorder;
use super::reload::Reload;
use super::responder::Task;
use super::saved::SavedDecision;
use super::shared_status::{SharedStatus, WatchState};
use super::trusted_devices::TrustedDevices;
use super::unjudged::Unjudged;

/// Where a boundary of the session gets its time from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// The monotonic clock, like the signals of a live source.
    Clock,
    /// The last signal: a recording has a time of its own.
    LastSignal,
}

/// What the engine listens to.
#[derive(Clone)]
pub(crate) struct EngineInputs {
    /// The mouse.
    pub inlet: SignalQueue,
    /// The session.
    pub session: Receiver<Signal>,
    /// The owner, and the system.
    pub commands: Receiver<Command>,
    /// When to say that this thread is alive; `never()` when nobody wants to know.
    pub pulse: Receiver<Instant>,
}

/// The judging thread's state.
pub(crate) struct Engine {
    pub(super) detector: Detector<AnyScorer>,
    pub(super) shared_status: Arc<SharedStatus>,
    pub(super) tasks: Sender<Task>,
    recorder: Option<Recorder>,
    pub(super) reload: Reload,
    stamp: Stamp,
    pub(super) paused: Option<Receiver<Instant>>,
    gate: SessionGate,
    pub(super) device: DeviceCheck,
    pub(super) adaptation: Option<ModelVersions>,
    /// What it works with, and whether it has learnt since that was looked at.
    pub(super) sha256: Fingerprints,
    pub(super) has_adapted: bool,
    pub(super) saved: Option<SavedDecision>,
    pub(super) later_movement: Option<LaterMovement>,
    pub(super) devices: Option<TrustedDevices>,
    unjudged: Unjudged,
    last_at: Timestamp,
    pub(super) last_moment: Option<Duration>,
}

/// What an engine is made of.
pub(crate) struct EngineParts {
    /// Who judges.
    pub detector: Detector<AnyScorer>,
    /// What `status` shows.
    pub shared_status: Arc<SharedStatus>,
    /// Who acts.
    pub tasks: Sender<Task>,
    /// Keeps the movement, if wanted.
    pub recorder: Option<Recorder>,
    /// Reads configuration and model anew.
    pub reload: Reload,
    /// Where boundaries get their time from.
    pub stamp: Stamp,
    /// Whether the model knows what captures.
    pub device: DeviceCheck,
    /// What was learnt since the enrolment; none where nothing is to be.
    pub adaptation: Option<ModelVersions>,
    /// What it works with.
    pub sha256: Fingerprints,
    /// Keeps the state of the decision.
    pub saved: Option<SavedDecision>,
    /// Keeps the owner's movement since the enrolment, in marks.
    pub later_movement: Option<LaterMovement>,
    /// Keeps the devices that the owner has used since.
    pub devices: Option<TrustedDevices>,
    /// See [`Setup`](super::live::Setup).
    pub last_moment: Option<Duration>,
}

impl Engine {
    /// An engine at the start of a stream.
    pub(crate) fn new(parts: EngineParts) -> Self {
        let EngineParts { detector, shared_status, tasks, recorder, reload, stamp, device, .. } =
            parts;
        let EngineParts { adaptation, sha256, saved, later_movement, devices, last_moment, .. } =
            parts;
        Self {
            detector,
            shared_status,
            tasks,
            recorder,
            reload,
            stamp,
            paused: None,
            gate: SessionGate::default(),
            device,
            adaptation,
            sha256,
            has_adapted: false,
            saved,
            later_movement,
            devices,
            unjudged: Unjudged::default(),
            last_at: Timestamp::default(),
            last_moment,
        }
    }

    /// Judges until the source ends, a command ends it, or the model fails; returns why it ended.
    ///
    /// # Errors
    /// When the source or the model failed.
    pub(crate) fn run(mut self, ears: &EngineInputs) -> Result<String> {
        // Before the first signal, so that the first entry tells with what it began.
        self.look_at_device(None);
        let ending = self.listen(ears);
        // What was recorded is whole even if the model has failed.
        self.keep(Recorder::flush);
        let why = match &ending {
            Ok(why) => why.clone(),
            Err(failure) => {
                let why = failure.first_line();
                // A fault of ours ends the watch with a word of why; it never locks.
                self.tell(Event::Fault { why: why.clone() });
                why
            }
        };
        self.tell(Event::Stopped { why });
        ending
    }

    fn listen(&mut self, ears: &EngineInputs) -> Result<String> {
        let nobody = never();
        loop {
            // `select!` wants a receiver in every arm.
            let woken = self.paused.clone().unwrap_or_else(|| nobody.clone());
            select! {
                recv(ears.inlet.bell) -> _ => self.drain(&ears.inlet)?,
                recv(ears.session) -> signal => match signal {
                    Ok(Signal::Boundary { kind, .. }) => {
                        // Signals that came before the boundary belong to the time before it,
                        // though another channel was faster.
                        self.drain(&ears.inlet)?;
                        self.session(kind)?;
                    }
                    Ok(Signal::Mouse(_)) => {}
                    // Without a session watch the mouse alone is listened to.
                    Err(_) => return self.listen(&EngineInputs { session: never(), ..ears.clone() }),
                },
                recv(ears.commands) -> command => {
                    // A pause must not swallow the movement that came before it was asked for.
                    self.drain(&ears.inlet)?;
                    if let Some(why) = self.obey(command.unwrap_or_else(|_| Command::Stop("nobody can ask any more".into())))? {
                        return Ok(why);
                    }
                },
                recv(woken) -> _ => self.resume(),
                recv(ears.pulse) -> _ => drop(self.tasks.send(Task::Pulse)),
                recv(ears.inlet.ended) -> ended => {
                    // A recording ends sooner than the engine has read it.
                    self.drain(&ears.inlet)?;
                    let lost = || Failure::new(FailureKind::Internal, "the intake ended without a word");
                    return ended.map_err(|_| lost())?.map(|()| "the source ended".into());
                },
            }
        }
    }

    fn drain(&mut self, inlet: &SignalQueue) -> Result<()> {
        let mut moved = false;
        while let Ok(signal) = inlet.signals.try_recv() {
            self.last_at = signal.at();
            moved |= matches!(signal, Signal::Mouse(_));
            match signal {
                Signal::Boundary { at, kind: Boundary::DeviceChanged } => {
                    self.look_at_device(Some(at));
                }
                Signal::Boundary { kind: Boundary::Quiet, .. } => {
                    // Only now is it sure that a hand moves it, see `DeviceCheck::rests`.
                    if let Some(event) = self.device.rests() {
                        self.detector.unknown_device();
                        self.tell(event);
                    }
                }
                Signal::Mouse(event) if self.counts(event.at) => self.device.moves(),
                Signal::Mouse(_) | Signal::Boundary { .. } => {}
            }
            // Boundaries pass even where movement is not judged: they end what came before.
            if self.watches(&signal) {
                self.judge(signal)?;
            } else if self.device.is_unjudgeable() && self.counts(signal.at()) {
                self.cannot_judge(signal);
            }
        }
        if moved {
            // Once for a batch and not for each signal: it takes a lock that `status` takes as
            // well.
            self.shared_status.moved();
        }
        Ok(())
    }

    /// Whether a signal is judged and kept. Boundaries are, except in a pause: they can only
    /// separate.
    fn watches(&self, signal: &Signal) -> bool {
        match signal {
            Signal::Mouse(event) => !self.device.is_unjudgeable() && self.counts(event.at),
            Signal::Boundary { .. } => self.paused.is_none(),
        }
    }

    /// Whether what happens at this moment is any business of ours.
    fn counts(&self, at: Timestamp) -> bool {
        self.paused.is_none() && self.gate.admits(at)
    }

    pub(super) fn show_state(&self) {
        let state = match (&self.paused, self.gate.is_shut(), self.device.is_unknown()) {
            (Some(_), ..) => WatchState::Paused,
            (None, true, _) => WatchState::Locked,
            (None, false, true) => WatchState::UnknownDevice,
            (None, false, false) => WatchState::Watching,
        };
        self.shared_status.moved();
        self.shared_status.change(|status| status.state = state);
    }

    /// The decision, whether the watch was interrupted too often, and whether the day is known.
    fn standing(&self) -> (Decision, bool, bool) {
        let decider = self.detector.decider();
        (decider.decision(), decider.is_interrupted(), self.detector.knows_session())
    }

    fn judge(&mut self, signal: Signal) -> Result<()> {
        // Before it is judged: a signal that breaks the scorer is the one that has to be replayed.
        self.keep(|recorder| recorder.push(&signal));
        let before = self.standing();
        let verdict = self.detector.push(signal).map_err(broken)?;
        let now = self.standing();
        // Compared first, because the status is locked for a change, and most windows change
        // nothing.
        if now != before {
            self.shared_status.change(|s| (s.decision, s.interrupted, s.today) = now);
        }
        if let Signal::Boundary { kind: Boundary::Overflow, .. } = signal {
            self.shared_status.change(|status| status.overflows += 1);
            self.tell(Event::Session { boundary: Boundary::Overflow });
        }
        if let Some(action) = self.detector.take_fragment_action() {
            self.tell(Event::Fragments { action });
        }
        let [interrupted, day_known] = [now.1 && !before.1, now.2 && !before.2];
        if interrupted {
            self.tell(Event::Interrupted);
        }
        // What a plain movement changes is nothing that a restart would miss.
        if verdict.is_some() || !matches!(signal, Signal::Mouse(_)) {
            self.keep_state();
        }
        // The disk is written here once an unlock, and not in the pipeline, which knows no files.
        if let Some(movement) = self.detector.take_later_movement() {
            self.later_movement.iter().for_each(|file| file.keep(&movement));
        }
        if let Some(verdict) = verdict {
            let stamped = StampedEvent::now(Event::Verdict(verdict));
            // The verdict's own time is on its way to the screen and to the log: both have to show
            // the same.
            self.shared_status.verdict(&verdict, &stamped.wall);
            self.send(stamped);
            if day_known {
                self.tell(Event::DayKnown);
            }
            // After the verdict is out: learning may write a file.
            self.learn();
        }
        Ok(())
    }

    /// Counts movement of which nothing can be made: for a while it is a suspicion, then an alarm.
    fn cannot_judge(&mut self, signal: Signal) {
        let Some(movement) = self.unjudged.add(signal) else { return };
        let action = self.detector.unjudged(signal.at(), movement);
        self.keep_state();
        let decider = self.detector.decider();
        self.shared_status.change(|status| status.decision = decider.decision());
        if let Some(action) = action {
            let what = self.device.word().unwrap_or(Unknown::Backend);
            self.tell(Event::Unjudged { capture: self.device.capture(), what, action });
        }
    }

    fn session(&mut self, kind: Boundary) -> Result<()> {
        // Before the mark: the boundary is already judged with the mouse that counts as theirs.
        if kind == Boundary::Unlocked {
            // Whoever gives the password says that this mouse is theirs.
            self.trust_device();
        }
        // The gate closes with the very time that stands in the stream.
        let at = self.mark(kind)?;
        self.gate.session(at, kind);
        self.show_state();
        self.tell(Event::Session { boundary: kind });
        Ok(())
    }

    /// Puts a boundary of our own into the stream, and says with which time.
    pub(super) fn mark(&mut self, kind: Boundary) -> Result<Timestamp> {
        let at = match self.stamp {
            Stamp::Clock => clock::now(),
            Stamp::LastSignal => self.last_at,
        };
        self.judge(Signal::Boundary { at, kind })?;
        let decider = self.detector.decider();
        self.shared_status.change(|status| status.evidence = decider.evidence() as f32);
        Ok(at)
    }

    /// Does something with the recorder; a disk that refuses ends the recording, not the watch.
    fn keep(&mut self, work: impl FnOnce(&mut Recorder) -> Result<()>) {
        let Some(Err(failure)) = self.recorder.as_mut().map(work) else { return };
        self.recorder = None;
        let why = failure.first_line();
        self.shared_status.problem("recording", Some(why.clone()));
        self.shared_status.change(|status| status.recording = None);
        self.tell(Event::RecordFailed { why });
    }

    pub(super) fn tell(&self, event: Event) {
        self.send(StampedEvent::now(event));
    }

    /// A responder that died has said so itself; judging goes on without it.
    fn send(&self, event: StampedEvent) {
        let _ = self.tasks.send(Task::Entry(event));
    }
}

fn broken(error: crate::pipeline::ScoreError) -> Failure {
    Failure::new(FailureKind::Internal, error.to_string())
        .remedy("`mousewarden doctor` checks the model and the library; nothing was locked.")
}
