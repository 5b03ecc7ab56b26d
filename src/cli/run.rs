//! `run`: the agent in the foreground, on the mouse or on a recording that stands in for it.

use std::path::PathBuf;

use clap::Args;
use crossbeam_channel::{bounded, never};

use super::context::Context;
use super::output;
use super::privacy::retention;
use crate::agent::saved::SavedDecision;
use crate::agent::entry::Stamped;
#[cfg(feature = "history")]
use crate::agent::history::Chronicle;
use crate::agent::instance::Instance;
use crate::agent::journal::Journal;
use crate::agent::live::{self, Setup, SourceKind};
use crate::agent::playback::{Pace, Playback};
use crate::agent::recorder::Recorder;
use crate::agent::witness::Witness;
use crate::agent::{Announcer, Command, Hands, Origin, Reload};
use crate::data::Store;
use crate::error::{Failure, Result};
use crate::platform::endpoint::Door;
#[cfg(feature = "history")]
use crate::platform::logs::Heads;
use crate::platform::signals::{self, Asked};
use crate::platform::supervisor::Supervisor;
use crate::platform::{Backend, EventSource, desktop};

/// Answers that may wait.
const ANSWERS: usize = 8;

/// Arguments of `run`.
#[derive(Debug, Default, Args)]
pub struct RunArgs {
    /// A recording that stands in for the mouse
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
    /// Play the recording as fast as it can be read instead of at the hand's pace
    #[arg(long, requires = "source")]
    fast: bool,
    /// Print everything that happens as lines of JSON
    #[arg(long)]
    json: bool,
    /// The model to judge by, instead of the configured one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

impl RunArgs {
    /// Watches until it is told to stop, or the recording ends.
    ///
    /// # Errors
    /// When something that it needs is missing, another one runs, or the mouse or the model fails.
    pub fn run(self) -> Result<()> {
        let context = Context::load()?;
        output::log_to_stderr(context.config.log.level);
        context.make_runtime()?;
        let _instance = Instance::claim(&context.paths.lock())?;
        let mut origin = Origin::default();
        let store = kept(context.store(), "data folder", &mut origin)
            .unwrap_or_else(|| Store::at(context.paths.data()));
        retention::enforce(&context);
        let (judge, aside) = context.judge_whatever_was_learnt(self.model.as_deref())?;
        origin.entries.extend(aside);
        origin.sha256 = context.fingerprints(self.model.as_deref());
        if let Some(note) = &judge.report.note {
            tracing::info!("scoring without ONNX Runtime: {note}");
        }
        let (commands, obeyed) = live::commands();
        signals::listen({
            let commands = commands.clone();
            move |asked| drop(commands.try_send(command(asked)))
        })?;
        let (source, kind) = self.source(context.config.capture.backend)?;
        let capture = source.capture().get().to_string();
        let recorder =
            kept(recorder(&context, &store, &capture), "recording", &mut origin).flatten();
        let (session, watch) = session(kind);
        desktop::may_be_watched(source.as_ref(), watch.as_ref())?;
        let (answer, answers) = bounded(ANSWERS);
        let witnesses = self.witnesses(&context, &store, &mut origin);
        let hands = Hands {
            notifier: desktop::notifier(answer),
            answers,
            locker: Box::new(|lock| desktop::locker(lock.command.clone(), for_locker())),
            witnesses,
            metrics: Some(context.config.metrics.file.clone()).filter(|file| file.is_absolute()),
            supervisor: Supervisor::from_environment(),
        };
        let door = Some(Door::open(&context.paths.socket())?);
        let icon = context.config.tray.enabled;
        let setup = Setup {
            source,
            kind,
            intake: context.config.capture.clone(),
            session,
            judge,
            hands,
            recorder,
            reload: reload(self.model),
            door,
            presence: Box::new(move |counter| desktop::presence(counter, icon)),
            saved: (kind == SourceKind::Mouse)
                .then(|| SavedDecision::within(context.paths.runtime())),
            rules: context.rules.clone(),
            config: context.file.clone(),
            origin,
        };
        let ending = live::run(setup, (commands, obeyed));
        let _ = std::fs::remove_file(context.paths.socket());
        ending.map(drop)
    }

    fn witnesses(
        &self,
        context: &Context,
        store: &Store,
        origin: &mut Origin,
    ) -> Vec<Box<dyn Witness>> {
        let mut witnesses: Vec<Box<dyn Witness>> = vec![Box::new(Announcer)];
        let days = context.config.retention.history_days.get();
        if let Some(history) = history(store, days, origin) {
            witnesses.push(history);
        }
        let journal = &context.config.journal;
        if journal.file.is_absolute() {
            let opened = Journal::open(&journal.file, u64::from(journal.max_mb.get()) << 20);
            if let Some(journal) = kept(opened, "journal", origin) {
                witnesses.push(Box::new(journal));
            }
        }
        if self.json {
            witnesses.push(Box::new(Printer));
        }
        witnesses
    }

    fn source(&self, backend: Backend) -> Result<(Box<dyn EventSource>, SourceKind)> {
        let Some(path) = &self.source else {
            let program =
                std::env::current_exe().map_err(|e| Failure::io("the path of this program", e))?;
            return Ok((desktop::mouse(program, backend)?, SourceKind::Mouse));
        };
        let pace = if self.fast { Pace::Fast } else { Pace::Recorded };
        Ok((Box::new(Playback::open(path, pace)?), SourceKind::Recording))
    }
}

/// Prints every entry on stdout.
struct Printer;

impl Witness for Printer {
    fn name(&self) -> &'static str {
        "stdout"
    }

    fn note(&mut self, entry: &Stamped) -> Result<()> {
        output::json(entry)
    }
}

fn command(asked: Asked) -> Command {
    match asked {
        Asked::Reload => Command::Reload,
        Asked::Terminate => Command::Stop("asked to end by the system".into()),
        Asked::Interrupt => Command::Stop("interrupted".into()),
    }
}

fn session(
    kind: SourceKind,
) -> (crossbeam_channel::Receiver<crate::pipeline::Signal>, Option<desktop::Session>) {
    if kind == SourceKind::Recording {
        return (never(), None);
    }
    let (signals, received) = bounded(16);
    match desktop::session(signals) {
        Some(watch) => (received, Some(watch)),
        None => (never(), None),
    }
}

fn recorder(context: &Context, store: &Store, capture: &str) -> Result<Option<Recorder>> {
    if !context.config.record.enabled {
        return Ok(None);
    }
    let store = Store::open(store.watched().root())?;
    Recorder::begin(&store, capture).map(Some)
}

/// The store of the past, which also knows how the last run ended.
#[cfg(feature = "history")]
fn history(store: &Store, days: u32, origin: &mut Origin) -> Option<Box<dyn Witness>> {
    if days == 0 {
        return None;
    }
    let chronicle = Chronicle::open(&store.history(), days, Heads::of_system());
    origin.before = chronicle.before();
    Some(Box::new(chronicle))
}

/// This program was built without one.
#[cfg(not(feature = "history"))]
fn history(_store: &Store, _days: u32, _origin: &mut Origin) -> Option<Box<dyn Witness>> {
    None
}

/// What the watch can do without: where it fails, that is a problem and no reason to end.
fn kept<T>(made: Result<T>, topic: &'static str, origin: &mut Origin) -> Option<T> {
    let failure = match made {
        Ok(made) => return Some(made),
        Err(failure) => failure.to_string(),
    };
    tracing::warn!("{failure}");
    origin.problems.push((topic, failure));
    None
}

/// A configured locker is started by the service manager, which does not know the display.
fn for_locker() -> Vec<(String, String)> {
    let names = ["DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"];
    names.iter().filter_map(|name| Some(((*name).into(), std::env::var(name).ok()?))).collect()
}

fn reload(model: Option<PathBuf>) -> Reload {
    Box::new(move || {
        let (judge, _) = Context::load()?.judge_whatever_was_learnt(model.as_deref())?;
        Ok(judge)
    })
}
