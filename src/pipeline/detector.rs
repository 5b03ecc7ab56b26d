//! Segmenter, scorer and policy in a row: signals in, at most one verdict a signal out.
//! The agent, the replay and the evaluation all run this one machine.

use serde::Serialize;

use super::event::{Micros, Signal, Timestamp};
use super::policy::{Judgement, Policy, PolicyParams};
use super::score::{Score, ScoreError, Scorer};
use super::steps::Steps;
use super::window::{Segmenter, Window, WindowEnd, WindowParams};

/// What may be told about a window: its times and length, never where the pointer was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WindowSummary {
    /// First movement, microseconds of the stream.
    pub started_at: Timestamp,
    /// Last movement, microseconds of the stream.
    pub ended_at: Timestamp,
    /// How many steps.
    pub steps: usize,
    /// What ended it.
    pub end: WindowEnd,
}

impl WindowSummary {
    /// How long the hand moved.
    pub fn movement(&self) -> Micros {
        self.ended_at - self.started_at
    }
}

impl From<&Window> for WindowSummary {
    fn from(window: &Window) -> Self {
        Self {
            started_at: window.started_at(),
            ended_at: window.ended_at(),
            steps: window.steps(),
            end: window.end(),
        }
    }
}

/// All that logs, plots, tests and `status` need to know about one window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Verdict {
    /// The window judged.
    pub window: WindowSummary,
    /// When it was complete, microseconds of the stream.
    pub at: Timestamp,
    /// Its own score.
    pub score: Score,
    /// What it led to, together with the windows before it.
    #[serde(flatten)]
    pub judgement: Judgement,
}

/// The whole decision path.
#[derive(Debug)]
pub struct Detector<S> {
    segmenter: Segmenter,
    scorer: S,
    policy: Policy,
}

impl<S: Scorer> Detector<S> {
    /// A detector at the start of a stream.
    pub fn new(windows: WindowParams, scorer: S, policy: PolicyParams) -> Self {
        Self { segmenter: Segmenter::new(windows), scorer, policy: Policy::new(policy) }
    }

    /// The decision part, for `status`.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The cutting part, for its counts and the time of the next pause.
    pub const fn segmenter(&self) -> &Segmenter {
        &self.segmenter
    }

    /// Takes one signal; returns the verdict on the window that it completes.
    ///
    /// # Errors
    /// When the scorer fails. The window is lost, the state stays as it was.
    pub fn push(&mut self, signal: Signal) -> Result<Option<Verdict>, ScoreError> {
        let verdict = match self.segmenter.push(signal) {
            Some(window) => Some(self.judge(&window)?),
            None => None,
        };
        if let Signal::Boundary { kind, .. } = signal {
            self.policy.boundary(kind);
        }
        Ok(verdict)
    }

    fn judge(&mut self, window: &Window) -> Result<Verdict, ScoreError> {
        let impressions = self.scorer.score(&[Steps::from(window)])?.into_iter();
        let impression =
            impressions.take(1).next().ok_or_else(|| ScoreError("no score came back".into()))?;
        let (at, score) = (window.closed_at(), impression.score);
        let judgement = self.policy.update(at, impression);
        Ok(Verdict { window: window.into(), at, score, judgement })
    }
}
