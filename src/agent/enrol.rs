//! Collects the owner's movement for training: every signal goes to the disk, windows and minutes
//! are counted as they complete, until it is told to stop or has enough. While the session is
//! locked or away the hand may be anybody's, so what it does is dropped.

use crossbeam_channel::{Receiver, never, select};

use crate::data::{RecordingReader, Store};
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::event::Micros;
use crate::pipeline::window::cut_recording;
use crate::pipeline::{Boundary, Segmenter, Signal, Window, WindowParams};
use crate::platform::CaptureView;

use super::gate::SessionGate;
use super::intake::SignalQueue;
use super::recorder::Recorder;
use super::settings::EnrolParams;

/// How much movement there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CollectedMovement {
    /// Complete windows.
    pub windows: u64,
    /// Movement in them.
    pub movement: Micros,
}

impl CollectedMovement {
    fn add(&mut self, window: &Window) {
        self.windows += 1;
        self.movement = Micros(self.movement.0.saturating_add(window.movement().0));
    }

    /// What earlier sessions of this store hold.
    ///
    /// # Errors
    /// When a recording cannot be read.
    // Only complete windows count: pieces are no training.
    pub(crate) fn of(store: &Store, params: WindowParams) -> Result<Self> {
        let mut tally = Self::default();
        for session in store.sessions()? {
            // A bad line is the training's to report; it takes no window with it.
            let signals = RecordingReader::open(&session.path)?.filter_map(Result::ok);
            cut_recording(params, signals).0.iter().for_each(|window| tally.add(window));
        }
        Ok(tally)
    }

    /// How much of the target is reached, 0..=1: the part that is furthest behind.
    pub(crate) fn share(&self, target: &EnrolParams) -> f64 {
        let windows = self.windows as f64 / f64::from(target.target_windows.get());
        let minutes = match target.target_minutes.get() {
            // No minutes wanted counts as reached.
            0 => 1.0,
            minutes => self.movement.as_secs_f64() / 60.0 / f64::from(minutes),
        };
        // The part that is behind, so that 100 % means both.
        windows.min(minutes).clamp(0.0, 1.0)
    }
}

/// Why a collection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// There is enough.
    Enough,
    /// It was interrupted; what was collected is kept.
    Interrupted,
    /// The source has no more.
    Exhausted,
}

/// What another window would bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// Something, as far as anybody knows.
    Helps,
    /// Nothing to speak of: there is enough.
    IsOfNoUse,
}

/// A collection under way.
#[derive(Debug)]
pub(crate) struct Collection {
    segmenter: Segmenter,
    recordings: DeviceRecordings,
    gate: SessionGate,
    tally: CollectedMovement,
    target: Option<EnrolParams>,
    /// More movement is of no use.
    sated: bool,
}

/// One recording for each device: a recording names what captured it, and a model knows the devices
/// of the recordings that it was made with.
#[derive(Debug)]
pub(crate) struct DeviceRecordings {
    store: Store,
    view: CaptureView,
    capture: String,
    recorder: Recorder,
}

impl DeviceRecordings {
    /// Begins a recording of what captures now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn begin(store: &Store, view: CaptureView) -> Result<Self> {
        // Named when it begins: a model learns the devices of its recordings by their names.
        let capture = view.get().to_string();
        let recorder = Recorder::begin(store, &capture)?;
        Ok(Self { store: store.clone(), view, capture, recorder })
    }

    fn push(&mut self, signal: &Signal) -> Result<()> {
        self.recorder.push(signal)?;
        if !matches!(signal, Signal::Boundary { kind: Boundary::DeviceChanged, .. }) {
            return Ok(());
        }
        let now = self.view.get().to_string();
        // The boundary comes for another geometry of the screens as well.
        if now != self.capture {
            // On the disk before the next begins: both may be lost with the machine otherwise.
            self.recorder.flush()?;
            self.recorder = Recorder::begin(&self.store, &now)?;
            self.capture = now;
        }
        Ok(())
    }
}

/// What a collection listens to beside the mouse.
#[derive(Debug)]
pub(crate) struct CollectionInputs {
    /// The session; `never()` without a watch.
    pub session: Receiver<Signal>,
    /// Rings when the collection is to be interrupted.
    pub stop: Receiver<()>,
}

impl Collection {
    /// Goes on from `tally`; without a target it takes all that the source has.
    pub(crate) fn new(
        params: WindowParams,
        recordings: DeviceRecordings,
        tally: CollectedMovement,
        target: Option<EnrolParams>,
    ) -> Self {
        let segmenter = Segmenter::new(params);
        let gate = SessionGate::default();
        Self { segmenter, recordings, gate, tally, target, sated: false }
    }

    /// Collects until there is enough, `stop` says so, or the source ends; tells of every window,
    /// and is told whether another one helps.
    ///
    /// # Errors
    /// When the source fails or the disk is full; what reached the disk stays.
    pub(crate) fn run(
        mut self,
        inlet: &SignalQueue,
        inputs: &CollectionInputs,
        mut tell: impl FnMut(&CollectedMovement, &Window) -> More,
    ) -> Result<(CollectedMovement, Ended)> {
        let ending = self.listen(inlet, inputs, &mut tell);
        // What reached the disk is kept, whichever way it ended.
        let flushed = self.recordings.recorder.flush().map_err(full);
        // The reason why it ended says more than a flush that failed for the same disk.
        let ended = ending?;
        flushed?;
        Ok((self.tally, ended))
    }

    fn listen(
        &mut self,
        inlet: &SignalQueue,
        inputs: &CollectionInputs,
        tell: &mut impl FnMut(&CollectedMovement, &Window) -> More,
    ) -> Result<Ended> {
        let mut stop = inputs.stop.clone();
        let mut session = inputs.session.clone();
        loop {
            select! {
                recv(inlet.bell) -> _ => self.drain(inlet, tell)?,
                recv(inlet.ended) -> ended => {
                    self.drain(inlet, tell)?;
                    ended.unwrap_or(Ok(()))?;
                    // The last drain may have brought the window that was missing.
                    return Ok(if self.is_enough() { Ended::Enough } else { Ended::Exhausted });
                },
                recv(session) -> signal => match signal {
                    Ok(signal) => {
                        self.drain(inlet, tell)?;
                        self.session(signal, tell)?;
                    }
                    // A closed channel would be ready in every round from here on.
                    Err(_) => session = never(),
                },
                recv(stop) -> asked => match asked {
                    Ok(()) => {
                        self.drain(inlet, tell)?;
                        return Ok(Ended::Interrupted);
                    }
                    Err(_) => stop = never(),
                },
            }
            if self.is_enough() {
                return Ok(Ended::Enough);
            }
        }
    }

    fn drain(
        &mut self,
        inlet: &SignalQueue,
        tell: &mut impl FnMut(&CollectedMovement, &Window) -> More,
    ) -> Result<()> {
        while let Ok(signal) = inlet.signals.try_recv() {
            // Boundaries are kept while the gate is shut: training has to see what parted windows.
            if !matches!(signal, Signal::Mouse(event) if !self.gate.admits(event.at)) {
                self.take(signal, tell)?;
            }
        }
        Ok(())
    }

    fn session(
        &mut self,
        signal: Signal,
        tell: &mut impl FnMut(&CollectedMovement, &Window) -> More,
    ) -> Result<()> {
        if let Signal::Boundary { at, kind } = signal {
            // The gate first: movement in the same batch after a lock is anybody's.
            self.gate.session(at, kind);
        }
        self.take(signal, tell)
    }

    fn take(
        &mut self,
        signal: Signal,
        tell: &mut impl FnMut(&CollectedMovement, &Window) -> More,
    ) -> Result<()> {
        self.recordings.push(&signal).map_err(full)?;
        if let Some(window) = self.segmenter.push(signal) {
            // A window is what training counts by, so nothing counted is lost with the power.
            self.recordings.recorder.flush().map_err(full)?;
            self.tally.add(&window);
            self.sated |= tell(&self.tally, &window) == More::IsOfNoUse;
        }
        Ok(())
    }

    fn is_enough(&self) -> bool {
        self.sated || self.target.as_ref().is_some_and(|target| self.tally.share(target) >= 1.0)
    }
}

fn full(failure: Failure) -> Failure {
    Failure::new(FailureKind::Io, failure.to_string().lines().next().unwrap_or_default())
        .remedy(
            "Free some space there and run `mousewarden --enroll` again; what was collected is kept.",
        )
        .caused_by(failure)
}
