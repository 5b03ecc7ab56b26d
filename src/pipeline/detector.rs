//! Segmenter, scorer, decision and adaptation in a row: signals in, at most one verdict a signal
//! out. The agent, the replay and the evaluation all run this one machine.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::adaptation::{Adaptation, Adapted, Adoption, BaseLimits};
use super::clicks::ClickSums;
use super::decision::{Action, Decider, Decision, DecisionParams, DecisionState, Judgement};
use super::event::{Boundary, Micros, Signal, Timestamp};
use super::generated_movement::GeneratedMovement;
use super::kinematics::{Difference, KinematicProfile, Kinematics};
use super::replay_detection::{KnownMovement, ReplayDetection};
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
// The decision's longest memory is shorter; this bounds what a day without a lock would hold.
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
    /// How many of the last windows are copies of earlier movement, where that is the alarm; 0
    /// elsewhere.
    #[serde(default)]
    pub copies: usize,
    /// How many of the last windows, taken together, are more even than a hand's, where that is the
    /// alarm; 0 elsewhere.
    #[serde(default)]
    pub generated: usize,
    /// In what they are most unlike the owner's, the most telling first.
    pub differences: [Option<Difference>; 2],
}

impl Explanation {
    /// Whether no hand moves the mouse: a recording is played, or a program moves it.
    pub const fn is_no_hand(&self) -> bool {
        self.copies + self.generated > 0
    }

    /// The reasons, each in a few words: "faster (1400 px/s, you 640)".
    pub fn words(&self) -> Vec<String> {
        let Self { copies, generated, .. } = self;
        if *copies > 0 {
            return vec![format!("a recording is played: {copies} copies of earlier movements")];
        }
        if *generated > 0 {
            return vec![format!(
                "a program moves the mouse: {generated} movements more even than a hand's"
            )];
        }
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
    decider: Decider,
    /// Follows the owner, where the agent is to.
    adaptation: Option<Adaptation>,
    kinematics: Option<KinematicProfile>,
    replay: Option<ReplayDetection>,
    generated: Option<GeneratedMovement>,
    /// The last windows, for explanations: when each began, how it moved, and its score.
    recent: VecDeque<(Timestamp, Kinematics, Score)>,
    /// What ought to be done about movement that came to no window.
    fragment_action: Option<Action>,
}

impl<S: Scorer> Detector<S> {
    /// A detector at the start of a stream.
    pub fn new(windows: WindowParams, scorer: S, decision: DecisionParams) -> Self {
        Self {
            segmenter: Segmenter::new(windows),
            scorer,
            decider: Decider::new(decision),
            adaptation: None,
            kinematics: None,
            replay: None,
            generated: None,
            recent: VecDeque::new(),
            fragment_action: None,
        }
    }

    /// The same, able to say in what an alarm's movement was unlike its owner's.
    #[must_use]
    pub fn with_kinematics(mut self, kinematics: Option<KinematicProfile>) -> Self {
        self.kinematics = kinematics;
        self
    }

    /// The same, knowing the movement of the enrolment and of the days since: a copy of it is an alarm.
    /// Does nothing for a model that does not tell its movement.
    #[must_use]
    pub fn recognising(mut self, enrolled: &KnownMovement, later: KnownMovement) -> Self {
        // A model without marks could not tell a copy from new movement, and marking would cost for
        // nothing.
        self.replay = (!enrolled.is_empty()).then(|| ReplayDetection::new(enrolled, later));
        self
    }

    /// The same, knowing a program's movement from a hand's: a program's is an alarm.
    #[must_use]
    pub fn noticing_programs(mut self) -> Self {
        self.generated = Some(GeneratedMovement::default());
        self
    }

    /// The same, following its owner from what was learnt so far. `half_life` is the notice budget.
    /// Does nothing for a model that judges by scores alone.
    #[must_use]
    pub fn adapting(mut self, adapted: Option<Adapted>, half_life: Micros) -> Self {
        let params = self.decider.params();
        // The limits before any raise: adaptation multiplies these, and never its own result again.
        let limits = BaseLimits { notice: params.notice, lock: params.lock, half_life };
        let owner = params.owner().cloned();
        self.adaptation = owner.map(|owner| Adaptation::new(owner, limits, adapted));
        // At once, so that the first window after a restart is judged by what was learnt before it.
        if let Some(adoption) = self.adaptation.as_ref().map(Adaptation::adoption) {
            self.adopt(adoption);
        }
        self
    }

    /// The same, going on from the state of a decision that was saved.
    #[must_use]
    pub fn resumed(mut self, state: DecisionState) -> Self {
        self.decider = self.decider.resumed(state);
        self
    }

    /// The decision part, for `status`.
    pub const fn decider(&self) -> &Decider {
        &self.decider
    }

    /// Whether the day is judged by its own first windows.
    pub fn knows_session(&self) -> bool {
        self.adaptation.as_ref().is_some_and(Adaptation::knows_session)
    }

    /// What was learnt for good since this was asked last.
    pub fn take_adapted(&mut self) -> Option<Adapted> {
        self.adaptation.as_mut().and_then(Adaptation::take_adapted)
    }

    /// The verified movement of the days since the enrolment, if there is more of it than when this
    /// was asked last.
    pub fn take_later_movement(&mut self) -> Option<KnownMovement> {
        self.replay.as_mut().and_then(ReplayDetection::take_later)
    }

    /// Takes note of movement that cannot be judged; returns what ought to be done.
    pub fn unjudged(&mut self, at: Timestamp, movement: Micros) -> Option<Action> {
        self.decider.unjudged(at, movement)
    }

    /// What ought to be done about movement that came to no window, since this was asked last.
    pub const fn take_fragment_action(&mut self) -> Option<Action> {
        self.fragment_action.take()
    }

    /// Takes note of movement with a device or a screen that the model does not know.
    pub fn unknown_device(&mut self) {
        self.decider.unknown_device();
    }

    fn adopt(&mut self, adoption: Adoption) {
        self.decider.adopt(adoption.owner, adoption.notice, adoption.lock);
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
        let fragments = self.segmenter.fragments();
        // Before the boundary itself takes effect: the window came first.
        let verdict = match self.segmenter.push(signal) {
            Some(window) => Some(self.judge(&window)?),
            None => None,
        };
        if self.segmenter.fragments() > fragments {
            let action = self.decider.fragment(signal.at());
            self.fragment_action = action.or(self.fragment_action);
        }
        if let Signal::Boundary { at, kind } = signal {
            if kind == Boundary::Unlocked {
                // Asked before the decision hears of the unlock, which may end the alarm.
                let alarmed = self.decider.decision() == Decision::Intruder;
                self.replay.iter_mut().for_each(|replay| replay.unlocked(alarmed));
                // What moves now is looked at anew.
                self.generated.iter_mut().for_each(|one| *one = GeneratedMovement::default());
            }
            self.decider.boundary(at, kind);
            if let Some(adoption) = self.adaptation.as_mut().and_then(|a| a.boundary(at, kind)) {
                self.adopt(adoption);
            }
        }
        Ok(verdict)
    }

    fn judge(&mut self, window: &Window) -> Result<Verdict, ScoreError> {
        let window_scores = self.scorer.score(&[Steps::from(window)])?.into_iter();
        let mut window_score =
            window_scores.take(1).next().ok_or_else(|| ScoreError("no score came back".into()))?;
        // The scorer knows only the movement; the window brings its clicks.
        window_score.clicks.add(&ClickSums::of(window.clicks()));
        let at = window.closed_at();
        let score = window_score.score;
        let copies = self.replay.as_mut().and_then(|replay| replay.observe(window));
        let is_generated = self.is_generated(window);
        // Before the update, so that this very window already counts as no hand's.
        if copies.is_some() || is_generated {
            self.decider.no_hand();
        }
        let judgement = self.decider.update(at, window_score.clone());
        let adaptation = self.adaptation.as_mut();
        // Judged first, learnt from afterwards: a window never judges by what it has taught itself.
        if let Some(adoption) = adaptation.and_then(|a| a.observe(at, &window_score, &judgement)) {
            self.adopt(adoption);
        }
        if self.recent.len() == MOST_WINDOWS {
            self.recent.pop_front();
        }
        self.recent.push_back((window.started_at(), window.into(), score));
        // Only where something is to be done: an explanation costs a pass over the group.
        let why = judgement.action.and_then(|_| self.explain(judgement.windows));
        let generated = if is_generated { GeneratedMovement::WINDOWS } else { 0 };
        let why =
            why.map(|why| Explanation { copies: copies.unwrap_or_default(), generated, ..why });
        Ok(Verdict { window: window.into(), at, score, judgement, why })
    }

    /// Whether a program makes the movement: it is more even than most hands', and the model is
    /// suspicious as well. Hands that repeat one task are as even.
    fn is_generated(&mut self, window: &Window) -> bool {
        let is_even = self.generated.as_mut().is_some_and(|generated| generated.observe(window));
        is_even && self.decider.evidence_is_suspicious()
    }

    /// What the last so many windows show.
    fn explain(&self, windows: usize) -> Option<Explanation> {
        // A restart empties `recent` while the decision goes on: then there is nothing to explain
        // by.
        let judged = self.recent.range(self.recent.len().checked_sub(windows)?..);
        let (since, ..) = *judged.clone().next()?;
        let unlike = judged.clone().filter(|(.., score)| score.get() < 0.5).count();
        let movements = judged.map(|(_, movement, _)| movement);
        let differences =
            self.kinematics.map_or([None; 2], |kinematics| kinematics.differences(movements));
        Some(Explanation { windows, unlike, since, copies: 0, generated: 0, differences })
    }
}
