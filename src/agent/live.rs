//! Puts the live process together: intake, engine, responder and control, each in a thread, joined
//! by bounded channels. What they do is theirs; here is only who talks to whom, and how it all
//! ends.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, never, tick};

use crate::error::{Failure, Result};
use crate::pipeline::Signal;
use crate::platform::control::endpoint::ControlEndpoint;
use crate::platform::{CaptureNews, ControlHandler, EventSource, StatusDisplay, clock};

use super::away::AgentOrigin;
use super::command::Command;
use super::control::AgentControl;
use super::device::DeviceCheck;
use super::engine::{Engine, EngineInputs, EngineParts, Stamp};
use super::event::{Event, StampedEvent};
use super::intake::{self, Pressure};
use super::judge::Judge;
use super::log;
use super::metrics::Metrics;
use super::presence::Presence;
use super::recorder::Recorder;
use super::reload::Reload;
use super::responder::{Responder, ResponderIo, ResponderParams, Task};
use super::rules::Rules;
use super::saved::SavedDecision;
use super::settings::IntakeParams;
use super::shared_status::{SharedStatus, Status};

/// Entries that may wait for a notifier that takes its time.
const TASKS: usize = 1024;
/// What a game does, a virtual machine, or a program that shares a mouse between machines.
const PROGRAM_MOVES: &str = "a program moves the pointer; that is left out, and the hand's movement \
                             is judged without it";
/// Commands that may wait.
const COMMANDS: usize = 16;

/// Everything that the live process needs.
pub struct Setup {
    /// Where signals come from.
    pub source: Box<dyn EventSource>,
    /// Whether the source is a live mouse or a recording.
    pub kind: SourceKind,
    /// How signals are taken in.
    pub intake: IntakeParams,
    /// What happens to the session; `never()` without a watch.
    pub session: Receiver<Signal>,
    /// Who judges.
    pub judge: Judge,
    /// Who acts.
    pub responder_io: ResponderIo,
    /// Keeps the movement, if wanted.
    pub recorder: Option<Recorder>,
    /// Reads configuration and model anew.
    pub reload: Reload,
    /// Where it can be asked.
    pub endpoint: Option<ControlEndpoint>,
    /// Where it is found, looked after while it runs.
    pub presence: Option<Presence>,
    /// Shows the agent on the desktop.
    pub status_display: StatusDisplayMaker,
    /// Keeps the state of the decision for a restart within the session; none where nothing is
    /// kept.
    pub saved: Option<SavedDecision>,
    /// What an administrator has fixed.
    pub rules: Rules,
    /// The configuration file, for `status`.
    pub config: Option<std::path::PathBuf>,
    /// What it starts from.
    pub origin: AgentOrigin,
    /// How long the process may last once it was told to stop, whatever it still waits for (a locker
    /// is left to the guard); none where others live in this process.
    pub last_moment: Option<Duration>,
}

/// Shows an agent that can be asked by these means.
pub(crate) type StatusDisplayMaker =
    Box<dyn FnOnce(Arc<dyn ControlHandler>) -> Box<dyn StatusDisplay> + Send>;

/// Live or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A mouse: never waits, its time is the clock's.
    Mouse,
    /// A recording: loses nothing, has a time of its own.
    Recording,
}

/// A line to a running agent, for the signals of the system.
pub fn commands() -> (Sender<Command>, Receiver<Command>) {
    // Both ends, because the signals of the system and the control socket give commands as well.
    bounded(COMMANDS)
}

/// Watches until the source ends or a command ends it; returns why it ended.
///
/// # Errors
/// When the source or the model failed. Everything that was seen is in the log by then.
pub fn run(setup: Setup, commands: (Sender<Command>, Receiver<Command>)) -> Result<String> {
    let Setup { source, kind, judge, mut responder_io, recorder, origin, .. } = setup;
    // A recording can wait and has a time of its own; a mouse can do neither.
    let (pressure, stamp) = match kind {
        SourceKind::Mouse => (Pressure::Drop, Stamp::Clock),
        SourceKind::Recording => (Pressure::Wait, Stamp::LastSignal),
    };
    let sha256 = origin.sha256.clone();
    let shared_status = Arc::new(shared_status(source.name(), &recorder, setup.config));
    shared_status.model(judge.model.clone(), judge.report.clone(), &judge.decision);
    shared_status.adaptation(judge.adaptation.as_ref());
    let (tasks, tasks_out) = bounded(TASKS);
    let started = Event::Started {
        version: env!("CARGO_PKG_VERSION").into(),
        source: source.name().into(),
        scorer: judge.scorer_name(),
        threshold: judge.decision.grouping.threshold,
        group_windows: judge.decision.grouping.windows,
        sha256: Box::new(sha256.clone()),
        head: origin.before.head.clone(),
        boot: clock::boot(),
    };
    // Stamped before anything is seen: whatever follows is later than this.
    let started = StampedEvent::now(started);
    let after = origin.after(&started).into_iter().map(StampedEvent::now);
    for event in std::iter::once(started.clone()).chain(after) {
        // First into the queue, which nobody else has yet: the log begins with the start.
        let _ = tasks.send(Task::Entry(event));
    }
    for (topic, sentence) in origin.problems {
        shared_status.problem(topic, Some(sentence));
    }
    let mut sinks = std::mem::take(&mut responder_io.sinks);
    // Behind the same queue as the other sinks: a text file on a slow disk delays nobody.
    if let Some(path) = responder_io.metrics.take() {
        sinks.push(Box::new(Metrics::new(path, Arc::clone(&shared_status))));
    }
    let (log, writer) = log::log(sinks, Arc::clone(&shared_status), pressure);
    spawn("log", move || writer.run())?;

    let notify = judge.notify.clone();
    let lock = judge.lock.clone();
    let pulse = responder_io.supervisor.pulse().map_or_else(never, tick);
    let params = ResponderParams { notify, lock };
    let control = AgentControl::new(shared_status.clone(), commands.0, setup.rules);
    // Before the responder, which refreshes it with every word.
    let status_display = (setup.status_display)(Arc::new(control.clone()));
    let responder =
        Responder::new(responder_io, log, shared_status.clone(), params, status_display);
    let responding = spawn("responder", move || responder.run(&tasks_out))?;
    let (intake, inlet) = intake::queue(&setup.intake, pressure, judge.windows.pause());
    let device = match kind {
        SourceKind::Mouse => DeviceCheck::live(source.capture(), judge.profile()),
        SourceKind::Recording => DeviceCheck::recording(source.capture()),
    };
    let mut source = source;
    let telling = OpenTasks::new(Mutex::new(Some(tasks.clone())));
    let intake = intake.telling(capture_news(shared_status.clone(), telling.clone()));
    // Not joined: it may wait for a mouse that never moves again, and ends with the process.
    spawn("intake", move || intake.run(source.as_mut()))?;
    if let Some(endpoint) = setup.endpoint {
        serve(endpoint, control.clone())?;
    }
    if let Some(presence) = setup.presence {
        let telling = Arc::clone(&telling);
        spawn("presence", move || presence.attend(&control, &telling))?;
    }
    let adaptation = judge.adaptation.clone();
    let later_movement = judge.later_movement.clone();
    let devices = judge.devices.clone();
    // Loaded before the detector is made: a restart must not forgive what was seen before it.
    let state = setup.saved.as_ref().and_then(SavedDecision::load);
    let detector = judge.detector().resumed(state.unwrap_or_default());
    let saved = setup.saved;
    let reload = setup.reload;
    let engine = Engine::new(EngineParts {
        detector,
        shared_status,
        tasks,
        recorder,
        reload,
        stamp,
        device,
        adaptation,
        sha256,
        saved,
        later_movement,
        devices,
        last_moment: setup.last_moment,
    });
    let ears = EngineInputs { inlet, session: setup.session, commands: commands.1, pulse };
    // On this thread: the process lives as long as the engine does.
    let ending = engine.run(&ears);
    // The intake may live on, and must not keep the responder waiting for more.
    drop(telling.lock().unwrap_or_else(PoisonError::into_inner).take());
    // The engine's end of the channel is gone: the responder does what is left, and ends.
    let _ = responding.join();
    ending
}

fn shared_status(
    source: &str,
    recorder: &Option<Recorder>,
    config: Option<std::path::PathBuf>,
) -> SharedStatus {
    let recording = recorder.as_ref().map(|recorder| recorder.path().to_owned());
    SharedStatus::new(Status { source: source.into(), recording, config, ..Status::default() })
}

/// Where entries of threads that may outlive the engine go, until the engine has ended.
pub(super) type OpenTasks = Arc<Mutex<Option<Sender<Task>>>>;

/// Shows and writes down what the source says of itself.
fn capture_news(shared_status: Arc<SharedStatus>, telling: OpenTasks) -> intake::News {
    Box::new(move |news| {
        let (topic, sentence) = match &news {
            CaptureNews::Blind(why) => ("capture", Some(format!("the mouse is not seen: {why}"))),
            CaptureNews::Sees => ("capture", None),
            CaptureNews::ProgramMoves => ("pointer", Some(PROGRAM_MOVES.to_owned())),
            CaptureNews::ProgramRests => ("pointer", None),
        };
        shared_status.problem(topic, sentence);
        // Never waits: a live mouse comes behind this.
        let tasks = telling.lock().unwrap_or_else(PoisonError::into_inner);
        let event = Task::Entry(StampedEvent::now(Event::Capture(news.into())));
        if let Some(tasks) = tasks.as_ref() {
            let _ = tasks.try_send(event);
        }
    })
}

pub(super) fn serve(endpoint: ControlEndpoint, control: AgentControl) -> Result<()> {
    let obey = control.commands().clone();
    spawn("control", move || {
        endpoint.serve(
            |line| control.line(line),
            // The caller knows already that it is accepted; a full queue was refused before.
            |command: Option<Command>| drop(command.map(|command| obey.try_send(command))),
        );
    })?;
    Ok(())
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<thread::JoinHandle<()>> {
    let builder = thread::Builder::new().name(name.into());
    builder.spawn(work).map_err(|e| Failure::io(format!("starting the {name} thread"), e))
}
