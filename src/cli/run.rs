//! `run`: the agent in the foreground, on the mouse or on a recording that stands in for it.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use crossbeam_channel::{bounded, never};

use super::context::Context;
use super::first_hours::{QuietPeriod, tell, tell_of_the_end};
use super::keys;
use super::output;
use super::privacy::retention;
use super::unknown_owner::{self, Known};
use crate::agent::event::StampedEvent;
use crate::agent::event_sink::EventSink;
#[cfg(feature = "history")]
use crate::agent::history::HistoryDatabase;
use crate::agent::instance::Instance;
use crate::agent::journal::Journal;
use crate::agent::live::{self, Setup, SourceKind};
use crate::agent::playback::{Pace, Playback};
use crate::agent::presence::Presence;
use crate::agent::recorder::Recorder;
use crate::agent::saved::SavedDecision;
use crate::agent::{AgentOrigin, Command, LogSink, PostGuard, Reload, Reloaded, ResponderIo};
use crate::config::AdminPolicy;
use crate::data::Store;
use crate::error::{Failure, FailureKind, Result};
use crate::platform::control::endpoint::ControlEndpoint;
use crate::platform::guard::GuardProcess;
#[cfg(feature = "history")]
use crate::platform::journal_chain::Heads;
use crate::platform::signals::{self, ProcessSignal};
use crate::platform::supervisor::Supervisor;
use crate::platform::{CaptureBackend, EventSource, desktop};

/// Answers that may wait.
const ANSWERS: usize = 8;
/// Whoever ends the agent has its end within two seconds, whatever hangs.
const LAST_MOMENT: Duration = Duration::from_millis(1800);

/// Arguments of `run`.
#[derive(Debug, Default, Args)]
pub(crate) struct RunArgs {
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
    pub(crate) fn run(self) -> Result<()> {
        let (commands, obeyed) = live::commands();
        let signalled = commands.clone();
        signals::listen(move |asked| {
            drop(signalled.try_send(command(asked)));
            if asked != ProcessSignal::Reload {
                signals::end_within(LAST_MOMENT);
            }
        })?;
        if self.source.is_none() && self.model.is_none() {
            let context = Context::load().inspect_err(tell_of_no_start)?;
            output::log_to_stderr(context.config.log.level);
            let known = unknown_owner::wait(&context, &obeyed).inspect_err(tell_of_no_start)?;
            if known == Known::Stopped || !keys::wait(&context, &obeyed) {
                return Ok(());
            }
            let quiet = QuietPeriod::read(&Store::at(context.paths.data()));
            let ends = commands.clone();
            quiet.into_iter().for_each(|quiet| quiet.end_in_time(ends.clone(), tell_of_the_end));
        }
        let (setup, _held) = self.prepare().inspect_err(tell_of_no_start)?;
        live::run(setup, (commands, obeyed)).map(drop)
    }

    /// Everything that the agent needs, and what is held as long as it runs.
    fn prepare(self) -> Result<(Setup, Held)> {
        let context = Context::load()?;
        output::log_to_stderr(context.config.log.level);
        self.is_allowed(&context.policy)?;
        context.make_runtime()?;
        let mut origin = AgentOrigin::default();
        let kept_store = kept(context.store(), "data folder", &mut origin);
        let socket = context.paths.socket();
        // Where the data folder cannot be written to, the lock of the session alone has to do.
        let data_lock = kept_store.is_some().then(|| context.paths.data_lock());
        let locks: Vec<PathBuf> = data_lock.into_iter().chain([context.paths.lock()]).collect();
        let instance = Instance::claim(&locks, Some(&socket))?;
        if kept_store.is_some() {
            keys::ready(&context);
        }
        desktop::write_only_below(&context.written_folders());
        let store = kept_store.unwrap_or_else(|| Store::at(context.paths.data()));
        retention::enforce(&context);
        keys::seal_recordings(&context);
        let (judge, aside) = context.judge_whatever_was_learnt(self.model.as_deref())?;
        origin.events.extend(aside);
        origin.sha256 = context.fingerprints(self.model.as_deref());
        if let Some(note) = &judge.report.note {
            tracing::info!("scoring without ONNX Runtime: {note}");
        }
        let (source, kind) = self.source(context.config.capture.backend)?;
        let capture = source.capture().get().to_string();
        let recorder =
            kept(recorder(&context, &store, &capture), "recording", &mut origin).flatten();
        let (session, watch) = session(kind);
        desktop::may_be_watched(source.as_ref(), watch.as_ref())?;
        let (answer, answers) = bounded(ANSWERS);
        let sinks = self.sinks(&context, &store, &mut origin);
        let responder_io = ResponderIo {
            notifier: desktop::notifier(answer),
            answers,
            locker: Box::new(|lock| desktop::locker(lock.command.clone(), for_locker())),
            guard: Some(guard()?),
            sinks,
            metrics: Some(context.config.metrics.file.clone()).filter(|file| file.is_absolute()),
            supervisor: Supervisor::from_environment(),
        };
        let endpoint = Some(ControlEndpoint::open(&socket)?);
        let presence = Some(Presence::of(instance.clone(), &socket));
        let icon = context.config.tray.enabled;
        let setup = Setup {
            source,
            kind,
            intake: context.config.capture.clone(),
            session,
            judge,
            responder_io,
            recorder,
            reload: reload(self.model),
            endpoint,
            presence,
            status_display: Box::new(move |counter| desktop::status_display(counter, icon)),
            saved: (kind == SourceKind::Mouse)
                .then(|| SavedDecision::within(context.paths.runtime())),
            rules: context.policy.rules(),
            config: context.file.clone(),
            origin,
            last_moment: Some(LAST_MOMENT),
        };
        Ok((setup, Held { _instance: instance, _watch: watch, socket }))
    }

    /// Refuses what would put another model, or another mouse, in the place of what an
    /// administrator has fixed.
    fn is_allowed(&self, policy: &AdminPolicy) -> Result<()> {
        let voided = match (&self.model, &self.source) {
            (Some(_), _) if policy.fixes_model() => {
                "--model: the policy of this machine fixes [model]"
            }
            (_, Some(_)) if policy.fixes_decision() => {
                "--source: the policy of this machine fixes [decision], so the mouse is watched"
            }
            _ => return Ok(()),
        };
        Err(Failure::new(FailureKind::Denied, voided)
            .remedy("Run it without; `mousewarden replay` judges a recording by any model."))
    }

    fn sinks(
        &self,
        context: &Context,
        store: &Store,
        origin: &mut AgentOrigin,
    ) -> Vec<Box<dyn EventSink>> {
        let mut sinks: Vec<Box<dyn EventSink>> = vec![Box::new(LogSink)];
        let days = context.config.retention.history_days.get();
        if let Some(history) = history(store, days, origin) {
            sinks.push(history);
        }
        let journal = &context.config.journal;
        if journal.file.is_absolute() {
            let opened = Journal::open(&journal.file, u64::from(journal.max_mb.get()) << 20);
            if let Some(journal) = kept(opened, "journal", origin) {
                sinks.push(Box::new(journal));
            }
        }
        if self.json {
            sinks.push(Box::new(Printer));
        }
        sinks
    }

    fn source(&self, backend: CaptureBackend) -> Result<(Box<dyn EventSource>, SourceKind)> {
        let Some(path) = &self.source else {
            let program =
                std::env::current_exe().map_err(|e| Failure::io("the path of this program", e))?;
            return Ok((desktop::mouse(program, backend)?, SourceKind::Mouse));
        };
        if path.is_dir() {
            let what = format!("recording {}: a folder", path.display());
            return Err(
                Failure::new(FailureKind::NoInput, what).remedy("Name one of the files in it.")
            );
        }
        let pace = if self.fast { Pace::Fast } else { Pace::Recorded };
        Ok((Box::new(Playback::open(path, pace)?), SourceKind::Recording))
    }
}

/// What a running agent holds: its locks, and the watch on the session.
struct Held {
    _instance: Instance,
    _watch: Option<desktop::SessionListener>,
    socket: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// This program as the guard of a countdown.
fn guard() -> Result<PostGuard> {
    let program =
        std::env::current_exe().map_err(|e| Failure::io("the path of this program", e))?;
    Ok(Box::new(move |lock, seconds| {
        let guard = GuardProcess::post(&program, seconds, &lock.command)?;
        Ok(Box::new(guard))
    }))
}

/// Tells on the desktop that nobody watches, where nobody reads the terminal.
fn tell_of_no_start(failure: &Failure) {
    let is_seen = matches!(failure.kind(), FailureKind::Busy | FailureKind::NoDisplay);
    if is_seen || io::stderr().is_terminal() {
        return;
    }
    let text = failure.to_string();
    let what = text.lines().next().unwrap_or_default();
    tell(
        "Not watching",
        &format!("mousewarden could not start: {what}. `mousewarden doctor` says what to do."),
    );
}

/// Prints every entry on stdout.
struct Printer;

impl EventSink for Printer {
    fn name(&self) -> &'static str {
        "stdout"
    }

    fn note(&mut self, entry: &StampedEvent) -> Result<()> {
        output::json(entry)
    }
}

fn command(asked: ProcessSignal) -> Command {
    match asked {
        ProcessSignal::Reload => Command::Reload,
        ProcessSignal::Terminate => Command::Stop("asked to end by the system".into()),
        ProcessSignal::Interrupt => Command::Stop("interrupted".into()),
    }
}

fn session(
    kind: SourceKind,
) -> (crossbeam_channel::Receiver<crate::pipeline::Signal>, Option<desktop::SessionListener>) {
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
fn history(store: &Store, days: u32, origin: &mut AgentOrigin) -> Option<Box<dyn EventSink>> {
    if days == 0 {
        return None;
    }
    let database = HistoryDatabase::open(&store.history(), days, Heads::of_system());
    origin.before = database.before();
    Some(Box::new(database))
}

/// This program was built without one.
#[cfg(not(feature = "history"))]
fn history(_store: &Store, _days: u32, _origin: &mut AgentOrigin) -> Option<Box<dyn EventSink>> {
    None
}

/// What the watch can do without: where it fails, that is a problem and no reason to end.
fn kept<T>(made: Result<T>, topic: &'static str, origin: &mut AgentOrigin) -> Option<T> {
    let failure = match made {
        Ok(made) => return Some(made),
        Err(failure) => failure.to_string(),
    };
    tracing::warn!("{failure}");
    origin.problems.push((topic, failure));
    None
}

/// A configured locker is started by the service manager, which does not know the display.
pub(super) fn for_locker() -> Vec<(String, String)> {
    let names = ["DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"];
    names.iter().filter_map(|name| Some(((*name).into(), std::env::var(name).ok()?))).collect()
}

fn reload(model: Option<PathBuf>) -> Reload {
    Box::new(move || {
        let context = Context::load()?;
        let (judge, _) = context.judge_whatever_was_learnt(model.as_deref())?;
        Ok(Reloaded { judge, sha256: context.fingerprints(model.as_deref()) })
    })
}
