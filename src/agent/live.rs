//! Puts the live process together: intake, engine, responder and control, each in a thread, joined
//! by bounded channels. What they do is theirs; here is only who talks to whom, and how it all ends.

use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::error::{Failure, Result};
use crate::pipeline::Signal;
use crate::platform::EventSource;
use crate::platform::endpoint::Door;

use super::board::{Board, Status};
use super::control;
use super::engine::{Command, Ears, Engine, Reload, Stamp};
use super::entry::{Entry, Stamped};
use super::intake::{self, Pressure};
use super::judge::Judge;
use super::recorder::Recorder;
use super::responder::{Hands, Responder, Task};
use super::settings::IntakeParams;

/// Entries that may wait for a notifier that takes its time.
const TASKS: usize = 1024;
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
    pub hands: Hands,
    /// Keeps the movement, if wanted.
    pub recorder: Option<Recorder>,
    /// Reads configuration and model anew.
    pub reload: Reload,
    /// Where it can be asked.
    pub door: Option<Door>,
    /// The configuration file, for `status`.
    pub config: Option<std::path::PathBuf>,
}

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
    bounded(COMMANDS)
}

/// Watches until the source ends or a command ends it; returns why it ended.
///
/// # Errors
/// When the source or the model failed. Everything that was seen is in the journal by then.
pub fn run(setup: Setup, commands: (Sender<Command>, Receiver<Command>)) -> Result<String> {
    let Setup { source, kind, judge, hands, recorder, .. } = setup;
    let (pressure, stamp) = match kind {
        SourceKind::Mouse => (Pressure::Drop, Stamp::Clock),
        SourceKind::Recording => (Pressure::Wait, Stamp::LastSignal),
    };
    let board = Arc::new(board(source.name(), &recorder, setup.config));
    board.model(judge.model.clone(), judge.report.clone(), &judge.policy);
    let (tasks, tasks_out) = bounded(TASKS);
    let started = Entry::Started {
        version: env!("CARGO_PKG_VERSION").into(),
        source: source.name().into(),
        scorer: judge.scorer_name(),
    };
    let _ = tasks.send(Task::Entry(Stamped::now(started)));

    let (notify, lock) = (judge.notify.clone(), judge.lock.clone());
    let responder = Responder::new(hands, board.clone(), notify, lock);
    let responding = spawn("responder", move || responder.run(&tasks_out))?;
    let (intake, inlet) = intake::queue(&setup.intake, pressure, judge.windows.pause());
    let mut source = source;
    // Not joined: it may wait for a mouse that never moves again, and ends with the process.
    spawn("intake", move || intake.run(source.as_mut()))?;
    if let Some(door) = setup.door {
        serve(door, board.clone(), commands.0)?;
    }
    let engine = Engine::new(judge.detector(), board, tasks, recorder, setup.reload, stamp);
    let ears = Ears { inlet, session: setup.session, commands: commands.1 };
    let ending = engine.run(&ears);
    // The engine's end of the channel is gone: the responder does what is left, and ends.
    let _ = responding.join();
    ending
}

fn board(source: &str, recorder: &Option<Recorder>, config: Option<std::path::PathBuf>) -> Board {
    let recording = recorder.as_ref().map(|recorder| recorder.path().to_owned());
    Board::new(Status { source: source.into(), recording, config, ..Status::default() })
}

fn serve(door: Door, board: Arc<Board>, commands: Sender<Command>) -> Result<()> {
    let obey = commands.clone();
    spawn("control", move || {
        door.serve(
            |line| control::answer(line, &board, &commands),
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
