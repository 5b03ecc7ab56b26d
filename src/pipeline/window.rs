//! Cuts a stream of signals into perception windows: continuous movement between pauses. The same
//! code reads the live mouse and files.
//!
//! # Invariants
//! It never looks ahead and never asks the time.

use serde::{Deserialize, Serialize};

use super::clicks::{ClickTiming, PendingClicks};
use super::event::{Boundary, Micros, MouseEvent, Signal, Timestamp};

/// How movement is cut. Part of every model: a model only judges windows cut like those it learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowParams {
    /// A pause of at least this many milliseconds ends a window.
    pub pause_ms: u32,
    /// Windows with fewer steps than this are too short to say anything and are dropped.
    pub min_steps: usize,
    /// A window is closed when it has this many steps; the movement goes on in the next one.
    pub max_steps: usize,
    /// Positions closer together in time than this are thinned out, so that a fast mouse costs no
    /// more than a slow one. 0 keeps every position.
    pub thin_ms: u32,
}

impl Default for WindowParams {
    fn default() -> Self {
        // Pause and least steps as in the work that this follows; 6 ms thins a mouse of 1,000 Hz
        // and leaves one of 125 Hz whole.
        Self { pause_ms: 250, min_steps: 5, max_steps: 128, thin_ms: 6 }
    }
}

impl WindowParams {
    /// The pause as a span.
    pub const fn pause(&self) -> Micros {
        Micros::from_millis(self.pause_ms as i64)
    }

    /// Says which value cannot work, if any: field, value and what is allowed.
    pub fn validate(&self) -> Result<(), String> {
        if self.pause_ms == 0 || self.pause_ms > 60_000 {
            return Err(format!("pause_ms = {} must lie in 1..=60000", self.pause_ms));
        }
        if self.min_steps == 0 {
            return Err("min_steps = 0 must be at least 1".into());
        }
        if self.max_steps < self.min_steps || self.max_steps > 4096 {
            return Err(format!(
                "max_steps = {} must lie in min_steps..=4096 (min_steps = {})",
                self.max_steps, self.min_steps
            ));
        }
        // Thinning beyond the pause would leave no two positions in one window.
        if self.thin_ms >= self.pause_ms {
            return Err(format!(
                "thin_ms = {} must be below pause_ms = {}",
                self.thin_ms, self.pause_ms
            ));
        }
        Ok(())
    }
}

/// One position of the pointer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// Pixels to the right.
    pub x: f64,
    /// Pixels downwards.
    pub y: f64,
}

impl Sample {
    fn is_at(&self, other: &Self) -> bool {
        (self.x, self.y) == (other.x, other.y)
    }
}

/// What ended a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowEnd {
    /// The hand paused.
    Pause,
    /// The window reached its maximal length.
    Full,
    /// A boundary cut it (lock, sleep, loss, another device, the end of a file).
    Cut,
}

/// One continuous movement, complete by construction: in order of time, no position twice in a
/// row, between `min_steps` and `max_steps` steps. With it go the clicks since the window before.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    samples: Vec<Sample>,
    end: WindowEnd,
    closed_at: Timestamp,
    clicks: Vec<ClickTiming>,
}

impl Window {
    /// The positions; one more than there are steps.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// What was timed of clicks since the window before, in order of time.
    pub fn clicks(&self) -> &[ClickTiming] {
        &self.clicks
    }

    /// How many steps lie between the positions.
    pub fn steps(&self) -> usize {
        self.samples.len() - 1
    }

    /// What ended it.
    pub const fn end(&self) -> WindowEnd {
        self.end
    }

    /// First movement.
    pub fn started_at(&self) -> Timestamp {
        self.samples[0].at
    }

    /// Last movement.
    pub fn ended_at(&self) -> Timestamp {
        self.samples[self.samples.len() - 1].at
    }

    /// The moment from which a live agent can know the window is complete: the end of the pause,
    /// the last movement of a full window, or the boundary.
    pub const fn closed_at(&self) -> Timestamp {
        self.closed_at
    }

    /// How long the hand moved.
    pub fn movement(&self) -> Micros {
        self.ended_at() - self.started_at()
    }
}

/// What the segmenter saw and left out, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SegmenterCounts {
    /// Movements that arrived with a time before their predecessor's.
    pub late: u64,
    /// Movements that did not move: exact duplicates, and positions polled while nothing moved.
    pub still: u64,
    /// Movements closer to their predecessor than the thinning allows.
    pub thinned: u64,
    /// Windows dropped for having too few steps.
    pub short: u64,
}

/// The cutting machine: signals in, complete windows out, at most one a signal.
#[derive(Debug, Clone)]
pub struct Segmenter {
    params: WindowParams,
    /// The positions of the window that is being made; empty while the hand rests.
    open: Vec<Sample>,
    /// The last movement of the stream, kept or thinned. It outlives its window: whether a
    /// window was closed by a live pause or by the next event must make no difference.
    latest: Option<Sample>,
    /// The clicks since the last complete window.
    clicks: PendingClicks,
    counts: SegmenterCounts,
    /// Movement that came to no window, lone jumps with it.
    fragments: u64,
}

impl Segmenter {
    /// A segmenter at the start of a stream.
    pub fn new(params: WindowParams) -> Self {
        Self {
            params,
            open: Vec::new(),
            latest: None,
            clicks: PendingClicks::default(),
            counts: SegmenterCounts::default(),
            fragments: 0,
        }
    }

    /// The parameters it cuts by.
    pub const fn params(&self) -> &WindowParams {
        &self.params
    }

    /// What was left out so far.
    pub const fn counts(&self) -> SegmenterCounts {
        self.counts
    }

    /// How often movement came to no window: too few steps, or a lone jump.
    pub const fn fragments(&self) -> u64 {
        self.fragments
    }

    /// When the open movement will be complete if nothing moves any more; `None` when nothing is
    /// open. A live source sends `Boundary::Quiet` with this time once it has passed.
    pub fn quiet_at(&self) -> Option<Timestamp> {
        // A window that is not begun needs no end, and an idle agent no wake-up.
        let latest = self.latest.filter(|_| !self.open.is_empty())?;
        Some(latest.at + self.params.pause())
    }

    /// Takes one signal; returns the window that it completes. A click that the signal completes goes
    /// with the window after that.
    pub fn push(&mut self, signal: Signal) -> Option<Window> {
        let window = self.cut_by(signal);
        // After the cut: a click at the end of a movement belongs to what follows it.
        self.clicks.push(&signal);
        window
    }

    fn cut_by(&mut self, signal: Signal) -> Option<Window> {
        match signal {
            Signal::Mouse(event) if event.kind.is_movement() => self.movement(event),
            // A click ends no movement, but its time tells that a pause has passed.
            Signal::Mouse(event) => self.quiet(event.at),
            Signal::Boundary { at, kind: Boundary::Quiet } => self.quiet(at),
            Signal::Boundary { kind: Boundary::Start, .. } => {
                // A new stream counts its own time: the old window is closed by its own last
                // movement.
                let window = self.cut(Timestamp::from_micros(i64::MIN));
                self.latest = None;
                window
            }
            // A pause that had passed before the boundary ends it as a pause: live and replayed
            // alike.
            Signal::Boundary { at, .. } => self.quiet(at).or_else(|| self.cut(at)),
        }
    }

    /// A boundary from another clock or an earlier moment never lies before the last movement.
    fn cut(&mut self, at: Timestamp) -> Option<Window> {
        let latest = self.latest?.at;
        self.close(WindowEnd::Cut, at.max(latest))
    }

    fn movement(&mut self, event: MouseEvent) -> Option<Window> {
        let sample = Sample { at: event.at, x: event.x, y: event.y };
        if let Some(latest) = self.latest {
            // Sorting a live stream would mean waiting for every event; one that is late is left
            // out.
            if sample.at < latest.at {
                self.counts.late += 1;
                return None;
            }
            if sample.is_at(&latest) {
                self.counts.still += 1;
                // Time has passed even where nothing moved.
                return self.quiet(sample.at);
            }
        }
        let paused = self.quiet(sample.at);
        self.latest = Some(sample);
        // At most one of the two completes a window: a pause leaves nothing open that could be full.
        let full = self.extend(sample);
        paused.or(full)
    }

    fn extend(&mut self, sample: Sample) -> Option<Window> {
        let Some(kept) = self.open.last() else {
            self.open.push(sample);
            return None;
        };
        // Against the last one kept and not the last one seen, or a fast mouse would be thinned to
        // nothing.
        if sample.at - kept.at < Micros::from_millis(i64::from(self.params.thin_ms)) {
            self.counts.thinned += 1;
            return None;
        }
        // Thinning may lead back to the place that was kept: a step of length 0.
        if sample.is_at(kept) {
            self.counts.still += 1;
            return None;
        }
        self.open.push(sample);
        if self.open.len() <= self.params.max_steps {
            return None;
        }
        let window = self.close(WindowEnd::Full, sample.at);
        // The last position begins the next window, so that no step of the movement is lost.
        self.open.push(sample);
        window
    }

    fn quiet(&mut self, at: Timestamp) -> Option<Window> {
        let closed_at = self.quiet_at()?;
        // The pause counts from the last movement, not from when this was asked.
        if at < closed_at {
            return None;
        }
        self.close(WindowEnd::Pause, closed_at)
    }

    fn close(&mut self, end: WindowEnd, closed_at: Timestamp) -> Option<Window> {
        let samples = std::mem::take(&mut self.open);
        if samples.len() > self.params.min_steps {
            return Some(Window { samples, end, closed_at, clicks: self.clicks.take() });
        }
        // Counted even when short: movement that never comes to a window is a trick, and told by
        // its number.
        self.fragments += u64::from(!samples.is_empty());
        if samples.len() > 1 {
            self.counts.short += 1;
        }
        None
    }
}

/// Cuts one finished recording: the windows that a live agent would have seen, the last one closed
/// by the end of the recording.
pub fn cut_recording(
    params: WindowParams,
    signals: impl IntoIterator<Item = Signal>,
) -> (Vec<Window>, SegmenterCounts) {
    let mut segmenter = Segmenter::new(params);
    let mut windows: Vec<Window> =
        signals.into_iter().filter_map(|signal| segmenter.push(signal)).collect();
    // A file has no more events to end its last pause; a live agent would have sent this.
    if let Some(at) = segmenter.quiet_at() {
        windows.extend(segmenter.push(Signal::Boundary { at, kind: Boundary::Quiet }));
    }
    (windows, segmenter.counts())
}
