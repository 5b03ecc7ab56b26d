//! Collects the owner's movement for training: every signal goes to the disk, windows and minutes
//! are counted as they complete. It stops when told or when there is enough, and loses no window.

use crossbeam_channel::{Receiver, never, select};

use crate::data::{RecordingReader, Store};
use crate::error::{Failure, Kind, Result};
use crate::pipeline::event::Micros;
use crate::pipeline::window::cut_recording;
use crate::pipeline::{Segmenter, Signal, Window, WindowParams};

use super::intake::Inlet;
use super::recorder::Recorder;
use super::settings::EnrolParams;

/// How much movement there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Complete windows.
    pub windows: u64,
    /// Movement in them.
    pub movement: Micros,
}

impl Tally {
    fn add(&mut self, window: &Window) {
        self.windows += 1;
        self.movement = Micros(self.movement.0.saturating_add(window.movement().0));
    }

    /// What earlier sessions of this store hold.
    ///
    /// # Errors
    /// When a recording cannot be read.
    pub fn of(store: &Store, params: WindowParams) -> Result<Self> {
        let mut tally = Self::default();
        for session in store.sessions()? {
            // A bad line is the training's to report; it takes no window with it.
            let signals = RecordingReader::open(&session.path)?.filter_map(Result::ok);
            cut_recording(params, signals).0.iter().for_each(|window| tally.add(window));
        }
        Ok(tally)
    }

    /// How much of the target is reached, 0..=1: the part that is furthest behind.
    pub fn share(&self, target: &EnrolParams) -> f64 {
        let windows = self.windows as f64 / f64::from(target.target_windows.get());
        let minutes = match target.target_minutes.get() {
            0 => 1.0,
            minutes => self.movement.as_secs_f64() / 60.0 / f64::from(minutes),
        };
        windows.min(minutes).clamp(0.0, 1.0)
    }
}

/// Why a collection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// There is enough.
    Enough,
    /// It was interrupted; what was collected is kept.
    Interrupted,
    /// The source has no more.
    Exhausted,
}

/// A collection under way.
#[derive(Debug)]
pub struct Collection {
    segmenter: Segmenter,
    recorder: Recorder,
    tally: Tally,
    target: Option<EnrolParams>,
}

impl Collection {
    /// Goes on from `tally`; without a target it takes all that the source has.
    pub fn new(
        params: WindowParams,
        recorder: Recorder,
        tally: Tally,
        target: Option<EnrolParams>,
    ) -> Self {
        Self { segmenter: Segmenter::new(params), recorder, tally, target }
    }

    /// Collects until there is enough, `stop` says so, or the source ends; tells of every window.
    ///
    /// # Errors
    /// When the source fails or the disk is full; what reached the disk stays.
    pub fn run(
        mut self,
        inlet: &Inlet,
        stop: &Receiver<()>,
        mut tell: impl FnMut(&Tally),
    ) -> Result<(Tally, Ended)> {
        let ending = self.listen(inlet, stop, &mut tell);
        let flushed = self.recorder.flush().map_err(full);
        let ended = ending?;
        flushed?;
        Ok((self.tally, ended))
    }

    fn listen(
        &mut self,
        inlet: &Inlet,
        stop: &Receiver<()>,
        tell: &mut impl FnMut(&Tally),
    ) -> Result<Ended> {
        let mut stop = stop.clone();
        loop {
            select! {
                recv(inlet.bell) -> _ => self.drain(inlet, tell)?,
                recv(inlet.ended) -> ended => {
                    self.drain(inlet, tell)?;
                    ended.unwrap_or(Ok(()))?;
                    return Ok(if self.is_enough() { Ended::Enough } else { Ended::Exhausted });
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

    fn drain(&mut self, inlet: &Inlet, tell: &mut impl FnMut(&Tally)) -> Result<()> {
        while let Ok(signal) = inlet.signals.try_recv() {
            self.take(signal, tell)?;
        }
        Ok(())
    }

    fn take(&mut self, signal: Signal, tell: &mut impl FnMut(&Tally)) -> Result<()> {
        self.recorder.push(&signal).map_err(full)?;
        if let Some(window) = self.segmenter.push(signal) {
            self.recorder.flush().map_err(full)?;
            self.tally.add(&window);
            tell(&self.tally);
        }
        Ok(())
    }

    fn is_enough(&self) -> bool {
        self.target.as_ref().is_some_and(|target| self.tally.share(target) >= 1.0)
    }
}

fn full(failure: Failure) -> Failure {
    Failure::new(Kind::Io, failure.to_string().lines().next().unwrap_or_default())
        .remedy(
            "Free some space there and run `mousewarden --enroll` again; what was collected is kept.",
        )
        .caused_by(failure)
}
