//! Segmenter, scorer and policy in a row: signals in, at most one verdict a signal out.
//! The agent, the replay and the evaluation all run this one machine.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::adaptation::Place;
use super::event::{Micros, Signal, Timestamp};
use super::manner::{Difference, Habits, Manner};
use super::policy::{Judgement, Policy, PolicyParams};
use super::score::{Score, ScoreError, Scorer};
use super::steps::Steps;
use super::window::{Segmenter, Window, WindowEnd, WindowParams};

/// What may be told about a window: its times and length, never where the pointer was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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

/// No decision looks farther back than this.
const MOST_WINDOWS: usize = 1000;

/// What an alarm rests on, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Windows that were judged together.
    pub windows: usize,
    /// How many of them look more like another's than the owner's, each taken alone.
    pub unlike: usize,
    /// When the first of them began, microseconds of the stream.
    pub since: Timestamp,
    /// In what they are most unlike the owner's, the most telling first.
    pub differences: [Option<Difference>; 2],
}

impl Explanation {
    /// The differences, each in a few words: "faster (1400 px/s, you 640)".
    pub fn words(&self) -> Vec<String> {
        self.differences.iter().flatten().map(ToString::to_string).collect()
    }
}

/// All that logs, plots, tests and `status` need to know about one window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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
    /// Why, where something ought to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Explanation>,
}

/// The whole decision path.
#[derive(Debug)]
pub struct Detector<S> {
    segmenter: Segmenter,
    scorer: S,
    policy: Policy,
    habits: Option<Habits>,
    /// The last windows, for explanations: when each began, how it moved, and its score.
    recent: VecDeque<(Timestamp, Manner, Score)>,
}

impl<S: Scorer> Detector<S> {
    /// A detector at the start of a stream.
    pub fn new(windows: WindowParams, scorer: S, policy: PolicyParams) -> Self {
        let (segmenter, policy) = (Segmenter::new(windows), Policy::new(policy));
        Self { segmenter, scorer, policy, habits: None, recent: VecDeque::new() }
    }

    /// The same, able to say in what an alarm's movement was unlike its owner's.
    #[must_use]
    pub fn with_habits(mut self, habits: Option<Habits>) -> Self {
        self.habits = habits;
        self
    }

    /// The decision part, for `status`.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// See [`Policy::with_owner_at`].
    #[must_use]
    pub fn with_owner_at(mut self, place: Option<&Place>, taught: Option<Timestamp>) -> Self {
        self.policy = self.policy.with_owner_at(place, taught);
        self
    }

    /// See [`Policy::take_learnt`].
    pub const fn take_learnt(&mut self) -> Option<Place> {
        self.policy.take_learnt()
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
        if self.recent.len() == MOST_WINDOWS {
            self.recent.pop_front();
        }
        self.recent.push_back((window.started_at(), window.into(), score));
        let why = judgement.action.and_then(|_| self.explain(judgement.windows));
        Ok(Verdict { window: window.into(), at, score, judgement, why })
    }

    /// What the last so many windows show.
    fn explain(&self, windows: usize) -> Option<Explanation> {
        let judged = self.recent.range(self.recent.len().checked_sub(windows)?..);
        let (since, ..) = *judged.clone().next()?;
        let unlike = judged.clone().filter(|(.., score)| score.get() < 0.5).count();
        let manners = judged.map(|(_, manner, _)| manner);
        let differences = self.habits.map_or([None; 2], |habits| habits.differences(manners));
        Some(Explanation { windows, unlike, since, differences })
    }
}
