//! A recording that stands in for the mouse, at the pace of the hand or as fast as it can be read.

use std::path::Path;
use std::time::Duration;

use crate::data::RecordingReader;
use crate::error::Result;
use crate::pipeline::event::Micros;
use crate::pipeline::{Signal, Timestamp};
use crate::platform::{Capture, CaptureView, EventSource, Next, clock};

/// When a signal is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As the hand moved.
    Recorded,
    /// At once.
    Fast,
}

/// A recording as a source.
#[derive(Debug)]
pub(crate) struct Playback {
    reader: RecordingReader,
    pace: Pace,
    next: Option<Signal>,
    /// What to add to a time of the recording to get one of the clock.
    shift: Option<Micros>,
}

impl Playback {
    /// Opens a recording.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn open(path: &Path, pace: Pace) -> Result<Self> {
        Ok(Self { reader: RecordingReader::open(path)?, pace, next: None, shift: None })
    }

    fn due(&mut self, at: Timestamp) -> Timestamp {
        // By the first signal: a recording counts from zero or from another boot.
        let shift = *self.shift.get_or_insert_with(|| clock::now() - at);
        at + shift
    }
}

impl EventSource for Playback {
    fn next(&mut self, timeout: Option<Duration>) -> Result<Next> {
        let signal = match self.next.take() {
            Some(signal) => signal,
            None => match self.reader.next().transpose()? {
                Some(signal) => signal,
                None => return Ok(Next::End),
            },
        };
        if self.pace == Pace::Recorded {
            let due = self.due(signal.at());
            let micros = timeout.map(|t| i64::try_from(t.as_micros()).unwrap_or(i64::MAX));
            let until = micros.map(|micros| clock::now() + Micros(micros));
            // It sleeps no longer than it was asked to, and hands the signal out next time.
            if let Some(until) = until.filter(|until| *until < due) {
                self.next = Some(signal);
                clock::sleep_until(until);
                return Ok(Next::Nothing);
            }
            clock::sleep_until(due);
        }
        Ok(Next::Signal(signal))
    }

    fn name(&self) -> &str {
        "recording"
    }

    fn capture(&self) -> CaptureView {
        CaptureView::of(Capture::parse(&self.reader.header().capture))
    }
}
