//! `run`: the agent in the foreground, on the mouse or on a recording that stands in for it.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use crossbeam_channel::{bounded, never};

use super::context::Context;
use super::output;
use super::privacy::retention;
use crate::agent::entry::Stamped;
#[cfg(feature = "history")]
use crate::agent::history::Chronicle;
use crate::agent::instance::Instance;
use crate::agent::journal::Journal;
use crate::agent::live::{self, Setup, SourceKind};
use crate::agent::playback::{Pace, Playback};
use crate::agent::recorder::Recorder;
use crate::agent::witness::Witness;
use crate::agent::{Announcer, Command, Hands, PostGuard, Reload};
use crate::data::Store;
use crate::error::{Failure, Kind, Result};
use crate::platform::endpoint::Door;
use crate::platform::guard::GuardProcess;
use crate::platform::signals::{self, Asked};
use crate::platform::supervisor::Supervisor;
use crate::platform::{Backend, EventSource, Notice, desktop};

/// Answers that may wait.
const ANSWERS: usize = 8;
/// Whoever ends the agent by a signal has its end within two seconds, whatever hangs.
const LAST_MOMENT: Duration = Duration::from_millis(1800);

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
        let (commands, obeyed) = live::commands();
        let signalled = commands.clone();
        signals::listen(move |asked| {
            drop(signalled.try_send(command(asked)));
            if asked != Asked::Reload {
                signals::end_within(LAST_MOMENT);
            }
        })?;
        let (setup, _held) = self.prepare().inspect_err(tell_of_no_start)?;
        live::run(setup, (commands, obeyed)).map(drop)
    }

    /// Everything that the agent needs, and what is held as long as it runs.
    fn prepare(self) -> Result<(Setup, Held)> {
        let context = Context::load()?;
        output::log_to_stderr(context.config.log.level);
        context.make_runtime()?;
        let store = context.store()?;
        let socket = context.paths.socket();
        let locks = [context.paths.data_lock(), context.paths.lock()];
        let instance = Instance::claim(&locks, Some(&socket))?;
        retention::enforce(&context);
        let judge = context.judge(self.model.as_deref())?;
        if let Some(note) = &judge.report.note {
            tracing::info!("scoring without ONNX Runtime: {note}");
        }
        let (source, kind) = self.source(context.config.capture.backend)?;
        let recorder = recorder(&context, &store, &source.capture().get().to_string())?;
        let (session, watch) = session(kind);
        desktop::may_be_watched(source.as_ref(), watch.as_ref())?;
        let (answer, answers) = bounded(ANSWERS);
        let hands = Hands {
            notifier: desktop::notifier(answer),
            answers,
            locker: Box::new(|lock| desktop::locker(lock.command.clone(), for_locker())),
            guard: Some(guard()?),
            witnesses: self.witnesses(&context, &store)?,
            metrics: Some(context.config.metrics.file.clone()).filter(|file| file.is_absolute()),
            supervisor: Supervisor::from_environment(),
        };
        let door = Some(Door::open(&socket)?);
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
            rules: context.rules.clone(),
            config: context.file.clone(),
        };
        Ok((setup, Held { _instance: instance, _watch: watch, socket }))
    }

    fn witnesses(&self, context: &Context, store: &Store) -> Result<Vec<Box<dyn Witness>>> {
        let journal = Journal::open(&store.journal(), cap(context))?;
        let mut witnesses: Vec<Box<dyn Witness>> = vec![Box::new(journal), Box::new(Announcer)];
        #[cfg(feature = "history")]
        {
            let days = context.config.retention.history_days.get();
            if days > 0 {
                witnesses.push(Box::new(Chronicle::open(&store.history(), days)?));
            }
        }
        if self.json {
            witnesses.push(Box::new(Printer));
        }
        Ok(witnesses)
    }

    fn source(&self, backend: Backend) -> Result<(Box<dyn EventSource>, SourceKind)> {
        let Some(path) = &self.source else {
            let program =
                std::env::current_exe().map_err(|e| Failure::io("the path of this program", e))?;
            return Ok((desktop::mouse(program, backend)?, SourceKind::Mouse));
        };
        if path.is_dir() {
            let what = format!("recording {}: a folder", path.display());
            return Err(Failure::new(Kind::NoInput, what).remedy("Name one of the files in it."));
        }
        let pace = if self.fast { Pace::Fast } else { Pace::Recorded };
        Ok((Box::new(Playback::open(path, pace)?), SourceKind::Recording))
    }
}

/// What a running agent holds: its locks, and the watch on the session.
struct Held {
    _instance: Instance,
    _watch: Option<desktop::Session>,
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
    let is_seen = matches!(failure.kind(), Kind::Busy | Kind::NoDisplay);
    if is_seen || io::stderr().is_terminal() {
        return;
    }
    let text = failure.to_string();
    let what = text.lines().next().unwrap_or_default();
    let notice = Notice {
        summary: "Not watching".into(),
        body: format!("mousewarden could not start: {what}. `mousewarden doctor` says what to do."),
        ask: false,
        urgent: true,
    };
    let (answer, _answers) = bounded(1);
    if let Err(failure) = desktop::notifier(answer).notify(&notice) {
        tracing::debug!("{failure}");
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

fn cap(context: &Context) -> u64 {
    u64::from(context.config.journal.max_mb.get()) << 20
}

/// A configured locker is started by the service manager, which does not know the display.
pub(super) fn for_locker() -> Vec<(String, String)> {
    let names = ["DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"];
    names.iter().filter_map(|name| Some(((*name).into(), std::env::var(name).ok()?))).collect()
}

fn reload(model: Option<PathBuf>) -> Reload {
    Box::new(move || Context::load()?.judge(model.as_deref()))
}
