//! Adaptation: how the owner model and the limits of the decision follow their owner.
//!
//! It reads what was decided and never the other way round: a window is judged before it teaches
//! anything. Three things follow a proven unlock. The first windows after it show where the owner is
//! today, and the day is judged by that, but only where they speak against the enrolled owner: there a
//! day's correction takes away false alarms, elsewhere it only helps impostors. Every stretch of work
//! that the owner model finds its owner's moves the model for good. And an alarm that a password
//! refutes quadruples the limits for a while.
//!
//! # Invariants
//! Nothing leads the owner model farther than [`REACH`] from the enrolment, neither for a day nor for
//! good, so that no patience makes an impostor the owner.

mod owner_mean;

use serde::{Deserialize, Serialize};

use super::decision::{Decision, Judgement, Trigger};
use super::event::{Boundary, Micros, Timestamp};
use super::owner_model::OwnerModel;
use super::score::WindowScore;
use owner_mean::Sums;

pub use owner_mean::OwnerMean;
pub use owner_mean::Sitting;

/// How far the mean may be led from where enrolment found it: root mean square over the embedding, in
/// standard deviations between users. Two users taken at random are 1.4 apart.
pub const REACH: f64 = 0.35;
/// Windows after an unlock that show the day.
// The mean of fewer windows is mostly their own scatter.
pub const FIRST_WINDOWS: usize = 30;
/// Fewer than this show nothing.
const FEWEST: usize = 10;
/// They have to come within this time after the unlock.
// Whoever starts slowly gives somebody else time to sit down.
const FIRST_TIME: Micros = Micros::from_millis(180_000);
/// What they have shown of the day is forgotten after so long.
// Nobody's day lasts longer, and a lock that never comes must not make it one.
pub const DAY: Micros = Micros::from_millis(12 * 3_600_000);
/// Windows of a stretch of work that moves the model for good ...
// About half an hour of office work, where 30 windows take 3.5 minutes: no single task any more.
const FULL_STRETCH: usize = 300;
/// ... and how many the last stretch before a lock needs.
// The end of a day is shorter than a stretch, and would otherwise teach nothing.
const SHORT_STRETCH: usize = 40;
/// An unlock so long after an alarm refutes it: whoever was away while it was raised needs longer.
// Long enough to read a notice and type a password.
const REFUTES: Micros = Micros::from_millis(180_000);
/// A refuted alarm multiplies the limits by this ...
const RAISE: f32 = 4.0;
/// ... up to this in all; what is above 1 is halved in every budget period at the desk.
pub const MOST_RAISED: f32 = 64.0;
/// A longer rest is no time at the desk.
const BREAK: Micros = Micros::from_millis(300_000);

/// What adaptation has made of an owner for good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapted {
    /// Where the owner's embeddings lie now.
    pub owner: OwnerMean,
    /// Sittings that have moved it since the enrolment.
    pub sittings: u32,
    /// By how much refuted alarms have raised the limits, 1 for not at all.
    pub raised: f32,
}

impl Adapted {
    /// The enrolment.
    pub fn enrolled(anchor: &OwnerModel) -> Self {
        Self { owner: OwnerMean::of(anchor), sittings: 0, raised: 1.0 }
    }

    /// Says what cannot work with this model, if anything.
    ///
    /// # Errors
    /// When the mean or the raise is nothing that adaptation gives.
    pub fn validate(&self, anchor: &OwnerModel) -> Result<(), String> {
        self.owner.validate(anchor)?;
        let raised = self.raised;
        // A file with a higher raise would switch the alarms off.
        if !(1.0..=MOST_RAISED).contains(&raised) {
            return Err(format!("its limits are raised {raised} times, beyond 1..={MOST_RAISED}"));
        }
        Ok(())
    }
}

/// What has come of the windows since a proven unlock.
#[derive(Debug, Clone)]
struct Verified {
    since: Timestamp,
    /// The first windows, while they come in.
    first: Option<Sums>,
    /// The windows of the stretch of work so far.
    stretch: Sums,
}

/// What the decision is to judge by from now on.
#[derive(Debug, Clone, PartialEq)]
pub struct Adoption {
    /// The owner, today.
    pub owner: OwnerModel,
    /// When the person is told.
    pub notice: Trigger,
    /// When the session is locked.
    pub lock: Trigger,
}

/// The limits before any raise, and how long a raise lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BaseLimits {
    /// When the person is told.
    pub notice: Trigger,
    /// When the session is locked.
    pub lock: Trigger,
    /// The notice budget: half of a raise is gone after so much time at the desk.
    pub half_life: Micros,
}

/// The state machine behind the owner model in force.
#[derive(Debug, Clone)]
pub struct Adaptation {
    anchor: OwnerModel,
    limits: BaseLimits,
    adapted: Adapted,
    verified: Option<Verified>,
    /// The owner as the first windows have shown today, and when.
    today: Option<(Timestamp, OwnerModel)>,
    /// When the last alarm was raised that no unlock has answered.
    alarm: Option<Timestamp>,
    last: Option<Timestamp>,
    /// Whether something was learnt for good that was not fetched yet.
    changed: bool,
}

impl Adaptation {
    /// Of an owner whom enrolment found at `anchor`; `adapted` is what was learnt since. Only what
    /// validates against the anchor may come here.
    pub fn new(anchor: OwnerModel, limits: BaseLimits, adapted: Option<Adapted>) -> Self {
        let adapted = adapted.unwrap_or_else(|| Adapted::enrolled(&anchor));
        Self {
            anchor,
            limits,
            adapted,
            verified: None,
            today: None,
            alarm: None,
            last: None,
            changed: false,
        }
    }

    /// What to judge by now.
    pub fn adoption(&self) -> Adoption {
        let for_good = || self.adapted.owner.put(&self.anchor);
        let owner = self.today.as_ref().map_or_else(for_good, |(_, owner)| owner.clone());
        Adoption {
            owner,
            notice: self.raised(self.limits.notice),
            lock: self.raised(self.limits.lock),
        }
    }

    fn raised(&self, trigger: Trigger) -> Trigger {
        match trigger {
            // Verdicts by the threshold alone have no limit that could be raised.
            Trigger::Eer => Trigger::Eer,
            Trigger::Llr(limit) => Trigger::Llr(limit * self.adapted.raised),
        }
    }

    /// What was learnt for good since this was asked last.
    pub fn take_adapted(&mut self) -> Option<Adapted> {
        std::mem::take(&mut self.changed).then(|| self.adapted.clone())
    }

    /// Whether the day is judged by its own first windows.
    pub const fn knows_session(&self) -> bool {
        self.today.is_some()
    }

    /// Takes a window that was judged; returns what to judge by, if that has changed.
    pub fn observe(
        &mut self,
        at: Timestamp,
        seen: &WindowScore,
        judgement: &Judgement,
    ) -> Option<Adoption> {
        let decayed = self.decay(at);
        let over = self.today.as_ref().is_some_and(|(since, _)| !is_within(at - *since, DAY));
        if over {
            self.today = None;
        }
        if judgement.decision == Decision::Intruder {
            // Windows of an alarm that goes on are not alarms of their own: an unlock answers the
            // first.
            if judgement.action.is_some() {
                self.alarm = Some(at);
            }
            // Whoever that is, nobody has shown it to be the owner.
            self.verified = None;
        }
        // After the decision about the alarm, so that an alarm's own window teaches nothing.
        let taught = self.teach(at, seen);
        (decayed || over || taught).then(|| self.adoption())
    }

    /// Lets time at the desk take back a raise.
    fn decay(&mut self, at: Timestamp) -> bool {
        let rest = self.last.replace(at).map(|last| at - last);
        // The first window after a break stands for no time at the desk.
        let Some(rest) = rest.filter(|rest| is_within(*rest, BREAK)) else { return false };
        if self.adapted.raised <= 1.0 {
            return false;
        }
        let periods = rest.as_secs_f64() / self.limits.half_life.as_secs_f64().max(1.0);
        let above = f64::from(self.adapted.raised - 1.0) * 0.5_f64.powf(periods);
        // Below a hundredth it is forgotten, or it would be written for ever.
        self.adapted.raised = if above < 0.01 { 1.0 } else { 1.0 + above as f32 };
        true
    }

    fn teach(&mut self, at: Timestamp, seen: &WindowScore) -> bool {
        let Some(verified) = &mut self.verified else { return false };
        verified.stretch.push(seen);
        let full = verified.stretch.windows >= FULL_STRETCH;
        let first = verified.first.as_mut().and_then(|first| {
            first.push(seen);
            // Those that came in time are taken all the same: few are better than none.
            let late = !is_within(at - verified.since, FIRST_TIME);
            (first.windows >= FIRST_WINDOWS || late).then(|| first.sitting())
        });
        if first.is_some() {
            verified.first = None;
        }
        // The day before the stretch: what is learnt for good is judged by the day it belongs to.
        let today = first.is_some_and(|first| self.begin_day(at, &first));
        let adapted = full && self.learn(FULL_STRETCH);
        today || adapted
    }

    /// Judges the day by its first windows, where these speak against the owner of the other days.
    fn begin_day(&mut self, at: Timestamp, first: &Sitting) -> bool {
        let owner = self.adapted.owner.put(&self.anchor);
        let needed = first.windows >= FEWEST && owner.days > 0.0;
        // Movement that speaks for the owner needs no correction, which would only bring the
        // impostor nearer.
        if !needed || owner.evidence(&first.mean, first.windows) >= 0.0 {
            return false;
        }
        let today = owner.on_session(&first.mean, first.windows);
        // Held within reach of the enrolment, as what is learnt for good is.
        let held = OwnerMean::of(&today).held(&self.anchor);
        self.today = Some((at, held.put(&today)));
        true
    }

    /// Moves the owner for good by the stretch so far, if it is long enough and on the whole speaks for
    /// the owner; begins the next one.
    fn learn(&mut self, fewest: usize) -> bool {
        let Some(verified) = &mut self.verified else { return false };
        if verified.stretch.windows < fewest {
            return false;
        }
        let stretch = std::mem::take(&mut verified.stretch).sitting();
        let Self { adapted, anchor, .. } = self;
        // By the day where it is known: a stretch is the owner's if today's owner says so.
        let owner = self.today.as_ref().map_or_else(|| adapted.owner.put(anchor), |t| t.1.clone());
        // An unlock proves who was there first, not who stayed: the stretch itself has to speak for
        // the owner.
        if owner.evidence(&stretch.mean, stretch.windows) <= 0.0 {
            return false;
        }
        adapted.owner = adapted.owner.after(&stretch, anchor);
        adapted.sittings = adapted.sittings.saturating_add(1);
        self.changed = true;
        true
    }

    /// Takes note of a boundary; returns what to judge by, if that has changed.
    pub fn boundary(&mut self, at: Timestamp, kind: Boundary) -> Option<Adoption> {
        match kind {
            Boundary::Quiet => None,
            Boundary::Unlocked => {
                // What came before the lock was verified by the password before it; now it is
                // complete.
                self.learn(SHORT_STRETCH);
                self.refute(at);
                self.today = None;
                let first = Some(Sums::default());
                let stretch = Sums::default();
                self.verified = Some(Verified { since: at, first, stretch });
                Some(self.adoption())
            }
            // The session ends here: what follows is unproven until the next unlock.
            Boundary::Locked => self.learn(SHORT_STRETCH).then(|| self.adoption()),
            Boundary::Start
            | Boundary::Suspended
            | Boundary::Overflow
            | Boundary::DeviceChanged => {
                // Whoever moves next may be another.
                self.verified = None;
                None
            }
        }
    }

    /// An alarm that a password answers at once was false.
    fn refute(&mut self, at: Timestamp) {
        let Some(alarm) = self.alarm.take() else { return };
        // A later unlock may be of somebody who came home and found it locked: it refutes nothing.
        if is_within(at - alarm, REFUTES) {
            self.adapted.raised = (self.adapted.raised * RAISE).min(MOST_RAISED);
            self.changed = true;
        }
    }
}

fn is_within(span: Micros, most: Micros) -> bool {
    (Micros(0)..=most).contains(&span)
}

#[cfg(test)]
mod tests;
