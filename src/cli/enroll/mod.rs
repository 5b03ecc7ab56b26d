//! `enroll`, also `--enroll`: records how its owner moves the mouse, then trains the model. It can
//! be interrupted at any time and goes on where it was.

mod growth;
mod icon;
mod meter;
mod sessions;

use std::path::{Path, PathBuf};
use std::thread;

use clap::Args;
use crossbeam_channel::{Receiver, Sender, bounded, never};

use self::growth::Growth;
use self::icon::Icon;
use self::meter::Meter;
use super::context::Context;
use super::first_hours::QuietPeriod;
use super::keys;
use super::output;
use super::train::TrainArgs;
use crate::agent::enrol::{
    CollectedMovement, Collection, CollectionInputs, DeviceRecordings, Ended, More,
};
use crate::agent::instance::Instance;
use crate::agent::intake::{self, Pressure, SignalQueue};
use crate::agent::playback::{Pace, Playback};
use crate::data::{RecordingReader, Store, private};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::enrolment::own_movement;
use crate::pipeline::WindowParams;
use crate::platform::signals;
use crate::platform::{EventSource, clock, desktop};

/// Arguments of `enroll`.
#[derive(Debug, Default, Args)]
pub(crate) struct EnrollArgs {
    /// Recordings that stand in for the mouse; all of them are taken, then the model is trained
    #[arg(long, value_name = "FILE", num_args = 1..)]
    source: Vec<PathBuf>,
    /// Only collect; train later with `mousewarden train`
    #[arg(long)]
    record_only: bool,
    /// Collect once more, beside what is there: on another day, with another mouse
    #[arg(long)]
    again: bool,
}

impl EnrollArgs {
    /// Collects what is missing, then trains.
    ///
    /// # Errors
    /// When the mouse cannot be watched, the disk is full, or there is too little movement to
    /// train. What was collected is kept in each case.
    pub(crate) fn run(self) -> Result<()> {
        let context = Context::load()?;
        output::log_to_stderr(context.config.log.level);
        let store = context.store()?;
        let _instance = Instance::claim(&[context.paths.enrol_lock()], None).map_err(enrolling)?;
        let had_key = keys::before_enrolment(&context, self.again)?;
        let (stop, stopped) = interruptions()?;
        let ended = if self.source.is_empty() {
            self.watch(&context, &store, (stop, stopped))?
        } else {
            self.take_files(&store, &stopped)?
        };
        if ended == Ended::Interrupted {
            return output::line("Interrupted; `mousewarden --enroll` goes on from here.");
        }
        if self.record_only {
            return output::line("Collected. `mousewarden train` makes a model of it.");
        }
        let is_first = !context.model(None).exists();
        TrainArgs::own(context.enrolled_model()).run()?;
        if had_key {
            keys::renew(&context);
        }
        if is_first && self.source.is_empty() {
            QuietPeriod::begin(&store, context.config.enrol.quiet_hours.get())?;
        }
        context.reload_agent();
        if context.policy.fixes_model() {
            let how = private::laying_for_all(&context.enrolled_model(), &context.model(None));
            output::talk(&format!(
                "The policy of this machine fixes the model; an administrator puts this one in force. {how}"
            ));
        }
        output::line(&sessions::words(&context, &store)?)?;
        output::line(&farewell(&context))
    }

    /// Collects from the mouse what is missing.
    fn watch(
        &self,
        context: &Context,
        store: &Store,
        (stop, stopped): (Sender<()>, Receiver<()>),
    ) -> Result<Ended> {
        let params = WindowParams::default();
        let target = context.config.enrol.clone();
        let before = if self.again {
            CollectedMovement::default()
        } else {
            CollectedMovement::of(store, params)?
        };
        if before.share(&target) >= 1.0 {
            output::talk("There is enough; `mousewarden --enroll --again` collects once more.");
            return Ok(Ended::Enough);
        }
        let program =
            std::env::current_exe().map_err(|e| Failure::io("the path of this program", e))?;
        let source = desktop::mouse(program, context.config.capture.backend)?;
        let (signals, session) = bounded(16);
        let watch = desktop::session(signals);
        desktop::may_be_watched(source.as_ref(), watch.as_ref())?;
        let mut growth = Growth::begin(params, own_movement(store, params)?.sessions);
        let notebook = DeviceRecordings::begin(store, source.capture())?;
        let meter = Meter::begin(&target, &before, clock::now());
        let inlet = listen(source, Pressure::Drop, params, context)?;
        let mut icon = context.config.tray.enabled.then(|| Icon::show(before.share(&target), stop));
        let collection = Collection::new(params, notebook, before, Some(target.clone()));
        let inputs = CollectionInputs { session, stop: stopped };
        let (tally, ended) = collection.run(&inlet, &inputs, |tally, window| {
            meter.show(tally, clock::now());
            icon.iter_mut().for_each(|icon| icon.refresh(tally.share(&target)));
            growth.take(window).iter().for_each(|estimate| meter.estimated(estimate));
            if target.stop_early && growth.is_enough() { More::IsOfNoUse } else { More::Helps }
        })?;
        meter.end(&tally);
        if ended == Ended::Enough && tally.share(&target) < 1.0 {
            output::talk("More movement of today would hardly change that.");
        }
        Ok(ended)
    }

    fn take_files(&self, store: &Store, stop: &Receiver<()>) -> Result<Ended> {
        let params = WindowParams::default();
        for path in &self.source {
            refuse_bad_lines(path)?;
        }
        for path in &self.source {
            let playback = Playback::open(path, Pace::Fast)?;
            let notebook = DeviceRecordings::begin(store, playback.capture())?;
            let context = Context::load()?;
            let inlet = listen(Box::new(playback), Pressure::Wait, params, &context)?;
            let collection = Collection::new(params, notebook, CollectedMovement::default(), None);
            let inputs = CollectionInputs { session: never(), stop: stop.clone() };
            let (tally, ended) = collection.run(&inlet, &inputs, |_, _| More::Helps)?;
            output::talk(&format!("{}: {}", path.display(), meter::words(&tally)));
            if ended == Ended::Interrupted {
                return Ok(ended);
            }
        }
        Ok(Ended::Enough)
    }
}

/// What comes now, and the two commands for it.
fn farewell(context: &Context) -> String {
    let first = match context.quiet() {
        Some(quiet) => format!(
            "Until {} alarms are only written down; from then on you are told.\n",
            quiet.until()
        ),
        None => String::new(),
    };
    let next = "Next:\n  mousewarden service install   it watches in every session, from now on\n  \
                mousewarden status            what it sees";
    format!("{first}{next}")
}

/// All files are read before any is taken, so that a bad one leaves nothing half done.
fn refuse_bad_lines(path: &Path) -> Result<()> {
    RecordingReader::open(path)?.try_for_each(|signal| signal.map(drop))
}

fn enrolling(failure: Failure) -> Failure {
    match failure.kind() {
        FailureKind::Busy => Failure::new(FailureKind::Busy, "another enrolment is going on")
            .remedy("Let it finish, or end it with Ctrl-C; nothing it collected is lost."),
        _ => failure,
    }
}

/// Rings when the enrolment is to stop for now, and how to ring it.
fn interruptions() -> Result<(Sender<()>, Receiver<()>)> {
    let (stop, stopped) = bounded(1);
    let by_signal = stop.clone();
    signals::listen(move |_| {
        // One request is enough.
        let _ = by_signal.try_send(());
    })?;
    Ok((stop, stopped))
}

fn listen(
    mut source: Box<dyn EventSource>,
    pressure: Pressure,
    params: WindowParams,
    context: &Context,
) -> Result<SignalQueue> {
    let (intake, inlet) = intake::queue(&context.config.capture, pressure, params.pause());
    let thread =
        thread::Builder::new().name("intake".into()).spawn(move || intake.run(source.as_mut()));
    thread.map_err(|e| Failure::io("starting the intake thread", e))?;
    Ok(inlet)
}
