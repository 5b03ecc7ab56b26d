//! From scores to decisions, in event time: a rule says how far the scores speak against the owner,
//! the ladder and a cooldown say what ought to be done about it. Never does it.

pub mod cusum;
pub mod mean;
pub mod scan;

use serde::{Deserialize, Serialize};

use super::adaptation::{DAY, Morning, Place, Stretch};
use super::event::{Boundary, Micros, Timestamp};
use super::likeness::Likeness;
use super::score::Impression;
use cusum::Cusum;
use mean::Mean;
use scan::Scan;

pub use cusum::{CusumParams, Evidence};
pub use mean::MeanParams;
pub use scan::{Recent, ScanParams};

/// What the scores say about whose hand it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing speaks against the owner, or there are too few windows yet to say anything.
    #[default]
    Trusted,
    /// The group fell below the threshold, but not yet for long enough.
    Suspicious,
    /// The group has stayed below the threshold.
    Intruder,
}

/// How far the agent may go.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Ladder {
    /// Write it to the journal only.
    Log,
    /// Tell the person by a desktop notification.
    #[default]
    Notify,
    /// Lock the session.
    Lock,
}

/// What ought to be done about a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Write an alarm to the journal.
    Log,
    /// Show a notification (and write to the journal).
    Notify,
    /// Lock the session (and write to the journal).
    Lock,
}

/// How scores become decisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyParams {
    /// How far to go.
    pub ladder: Ladder,
    /// After an action, none follows for this many seconds of event time.
    pub cooldown_s: u32,
    /// When the scores are a stranger's.
    pub rule: RuleParams,
}

/// When the scores are a stranger's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleParams {
    /// The last n windows together score below a threshold.
    Mean(MeanParams),
    /// The evidence that has piled up since the scores last looked like the owner's passes a limit.
    Cusum(CusumParams),
    /// The evidence of some stretch of the last windows, whichever says most, passes a limit.
    Scan(ScanParams),
}

impl PolicyParams {
    /// Says which value cannot work, if any: field, value and what is allowed.
    pub fn validate(&self) -> Result<(), String> {
        match &self.rule {
            RuleParams::Mean(params) => params.validate(),
            RuleParams::Cusum(params) => params.validate(),
            RuleParams::Scan(params) => params.validate(),
        }
    }

    /// A trust below this is a stranger's; on the scale of [`Judgement::grouped`].
    pub const fn threshold(&self) -> f32 {
        match &self.rule {
            RuleParams::Mean(params) => params.threshold,
            RuleParams::Cusum(_) | RuleParams::Scan(_) => 0.0,
        }
    }

    /// How many windows are judged together; `None` where that depends on what they show.
    pub const fn group_windows(&self) -> Option<usize> {
        match &self.rule {
            RuleParams::Mean(params) => Some(params.group_windows),
            RuleParams::Cusum(_) | RuleParams::Scan(_) => None,
        }
    }
}

impl RuleParams {
    /// How the owner lies among people, where the rule judges by that.
    pub fn likeness(&self) -> Option<&Likeness> {
        match self {
            Self::Mean(params) => params.likeness.as_deref(),
            Self::Scan(params) => Some(&params.likeness),
            Self::Cusum(_) => None,
        }
    }

    /// Puts the owner in another place; does nothing where the rule does not judge by that.
    pub fn place(&mut self, place: &Place) {
        if let Some(likeness) = self.likeness_mut() {
            *likeness = place.put(likeness);
        }
    }

    /// Judges every day by the enrolment alone.
    pub fn forget_days(&mut self) {
        if let Some(likeness) = self.likeness_mut() {
            likeness.days = 0.0;
        }
    }

    /// The same on a day of which this stretch is known to be the owner's; see [`Likeness::on_day`].
    fn on_day(&self, stretch: &Stretch) -> Self {
        let mut today = self.clone();
        if let Some(likeness) = today.likeness_mut() {
            *likeness = likeness.on_day(&stretch.mean, stretch.windows);
        }
        today
    }

    fn likeness_mut(&mut self) -> Option<&mut Likeness> {
        match self {
            Self::Mean(params) => params.likeness.as_deref_mut(),
            Self::Scan(params) => Some(&mut params.likeness),
            Self::Cusum(_) => None,
        }
    }
}

/// What one score led to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What the rule makes of the last windows: their score as a group, or one minus the share of the limit
    /// that the evidence has reached. `None` while there are too few.
    pub grouped: Option<f32>,
    /// How many windows that rests on.
    pub windows: usize,
    /// The state after this score.
    pub decision: Decision,
    /// What ought to be done now, if anything.
    pub action: Option<Action>,
}

/// What a rule makes of the scores so far.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Opinion {
    grouped: Option<f32>,
    windows: usize,
    decision: Decision,
}

/// A rule at work. Each sees the decision that stands, because what it takes to return to trust
/// differs from what it takes to lose it.
#[derive(Debug, Clone)]
enum Rule {
    Mean(Mean),
    Cusum(Cusum),
    Scan(Scan),
}

impl Rule {
    fn new(params: &RuleParams) -> Self {
        match params {
            RuleParams::Mean(params) => Self::Mean(Mean::new(params.clone())),
            RuleParams::Cusum(params) => Self::Cusum(Cusum::new(*params)),
            RuleParams::Scan(params) => Self::Scan(Scan::new(params.clone())),
        }
    }

    fn update(&mut self, impression: Impression, standing: Decision) -> Opinion {
        match self {
            Self::Mean(rule) => rule.update(impression, standing),
            Self::Cusum(rule) => rule.update(impression.score, standing),
            Self::Scan(rule) => rule.update(&impression, standing),
        }
    }

    /// Judges by this likeness from now on; the windows that it holds stay.
    fn adopt(&mut self, params: &RuleParams) {
        match (self, params) {
            (Self::Mean(rule), RuleParams::Mean(params)) => rule.adopt(params.clone()),
            (Self::Scan(rule), RuleParams::Scan(params)) => rule.adopt(params.clone()),
            _ => {}
        }
    }

    fn windows(&self) -> usize {
        match self {
            Self::Mean(rule) => rule.windows(),
            Self::Cusum(rule) => rule.windows(),
            Self::Scan(rule) => rule.windows(),
        }
    }

    fn forget(&mut self) {
        match self {
            Self::Mean(rule) => rule.forget(),
            Self::Cusum(rule) => rule.forget(),
            Self::Scan(rule) => rule.forget(),
        }
    }
}

/// The state machine behind the decisions.
#[derive(Debug, Clone)]
pub struct Policy {
    params: PolicyParams,
    rule: Rule,
    decision: Decision,
    quiet_until: Option<Timestamp>,
    /// Where enrolment found the owner.
    anchor: Option<Likeness>,
    /// What moves after an unlock, while it comes in.
    morning: Option<Morning>,
    /// What it showed of the day, and since when.
    today: Option<(Timestamp, Stretch)>,
    /// When it taught for good last.
    taught: Option<Timestamp>,
    /// What was learnt for good and not fetched yet.
    learnt: Option<Place>,
}

impl Policy {
    /// A policy that trusts until it has seen enough.
    pub fn new(params: PolicyParams) -> Self {
        let rule = Rule::new(&params.rule);
        let anchor = params.rule.likeness().cloned();
        Self {
            params,
            rule,
            decision: Decision::Trusted,
            quiet_until: None,
            anchor,
            morning: None,
            today: None,
            taught: None,
            learnt: None,
        }
    }

    /// The same with the owner in a place that was learnt since the enrolment, if any was; `taught` is
    /// when, if that was in the time of the events to come. Only places that validate against the
    /// enrolment's likeness may come here.
    #[must_use]
    pub fn with_owner_at(mut self, place: Option<&Place>, taught: Option<Timestamp>) -> Self {
        self.taught = taught;
        if let Some(place) = place {
            self.params.rule.place(place);
            self.rule = Rule::new(&self.params.rule);
        }
        self
    }

    /// Where the owner was learnt to be since this was asked last.
    pub const fn take_learnt(&mut self) -> Option<Place> {
        self.learnt.take()
    }

    /// Whether the movement after the last unlock has shown where the owner is today.
    pub const fn knows_today(&self) -> bool {
        self.today.is_some()
    }

    /// The parameters it decides by.
    pub const fn params(&self) -> &PolicyParams {
        &self.params
    }

    /// The state now.
    pub const fn decision(&self) -> Decision {
        self.decision
    }

    /// How many windows the standing decision rests on.
    pub fn filled(&self) -> usize {
        self.rule.windows()
    }

    /// Takes the impression of the window that closed at `at`.
    pub fn update(&mut self, at: Timestamp, impression: impl Into<Impression>) -> Judgement {
        let impression = impression.into();
        self.learn(at, &impression);
        let Opinion { grouped, windows, decision } = self.rule.update(impression, self.decision);
        self.decision = decision;
        let alarming = decision == Decision::Intruder && grouped.is_some();
        let action = alarming.then(|| self.act(at)).flatten();
        if action.is_some() {
            // Whoever that is, nobody has shown it to be the owner.
            self.morning = None;
        }
        Judgement { grouped, windows, decision, action }
    }

    fn learn(&mut self, at: Timestamp, impression: &Impression) {
        let over = |since: Timestamp| !(Micros(0)..=DAY).contains(&(at - since));
        if let Some(stretch) = self.morning.as_mut().and_then(|morning| morning.push(impression)) {
            self.morning = None;
            if self.taught.is_none_or(over) {
                self.taught = Some(at);
                self.teach(&stretch);
            }
            self.today = Some((at, stretch));
        } else if self.today.as_ref().is_some_and(|(since, _)| over(*since)) {
            self.today = None;
        } else {
            return;
        }
        self.adopt();
    }

    fn teach(&mut self, stretch: &Stretch) {
        let Some(anchor) = &self.anchor else { return };
        let now = self.params.rule.likeness().unwrap_or(anchor);
        let place = Place::of(now).after(stretch, anchor);
        self.params.rule.place(&place);
        self.learnt = Some(place);
    }

    /// Judges by what is known now of the owner and of the day.
    fn adopt(&mut self) {
        let rule = &self.params.rule;
        match &self.today {
            Some((_, stretch)) => self.rule.adopt(&rule.on_day(stretch)),
            None => self.rule.adopt(rule),
        }
    }

    /// Scores never cross a boundary that may separate two people; only an unlock restores trust.
    pub fn boundary(&mut self, kind: Boundary) {
        match kind {
            Boundary::Quiet | Boundary::Overflow => return,
            Boundary::Unlocked | Boundary::Start => {
                self.decision = Decision::Trusted;
                self.quiet_until = None;
            }
            Boundary::Locked | Boundary::Suspended | Boundary::DeviceChanged => {}
        }
        self.rule.forget();
        self.morning = None;
        if matches!(kind, Boundary::Unlocked | Boundary::Start) && self.tells_days() {
            self.morning = (kind == Boundary::Unlocked).then(Morning::default);
            self.today = None;
            self.adopt();
        }
    }

    fn tells_days(&self) -> bool {
        self.params.rule.likeness().is_some_and(|likeness| likeness.days > 0.0)
    }

    fn act(&mut self, at: Timestamp) -> Option<Action> {
        if self.quiet_until.is_some_and(|until| at < until) {
            return None;
        }
        self.quiet_until = Some(at + Micros::from_millis(i64::from(self.params.cooldown_s) * 1000));
        Some(match self.params.ladder {
            Ladder::Log => Action::Log,
            Ladder::Notify => Action::Notify,
            Ladder::Lock => Action::Lock,
        })
    }
}
