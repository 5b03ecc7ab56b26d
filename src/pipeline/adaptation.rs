//! Adaptation: how the owner model and the limits of the decision follow their owner.
//!
//! It reads what was decided and never the other way round: a window is judged before it teaches
//! anything. Three things follow a proven unlock. The first windows after it show where the owner is
//! today, and the day is judged by that, but only where they speak against the enrolled owner: there a
//! day's correction takes away false alarms, elsewhere it only helps impostors. Every stretch of work
//! that the owner model finds its owner's moves the model for good. And an alarm that a password
//! refutes doubles the limits for a while.
//!
//! # Invariants
//! Nothing leads the owner model farther than [`REACH`] from the enrolment, neither for a day nor for
//! good, so that no patience makes an impostor the owner.

use serde::{Deserialize, Serialize};

use super::decision::{Decision, Judgement, Trigger};
use super::event::{Boundary, Micros, Timestamp};
use super::likeness::{Likeness, Mean, posterior};
use super::score::Impression;

/// Between an enrolment and a later day the owner's mean has become unsure by this share of the
/// between-session variance.
const WANDER: f64 = 0.5;
/// How far the mean may be led from where enrolment found it: root mean square over the embedding, in
/// standard deviations between users. Two users taken at random are 1.4 apart.
pub const REACH: f64 = 0.35;
/// Windows after an unlock that show the day.
pub const FIRST_WINDOWS: usize = 30;
/// Fewer than this show nothing.
const FEWEST: usize = 10;
/// They have to come within this time after the unlock.
const FIRST_TIME: Micros = Micros::from_millis(180_000);
/// What they have shown of the day is forgotten after so long.
pub const DAY: Micros = Micros::from_millis(12 * 3_600_000);
/// Windows of a stretch of work that moves the model for good ...
const FULL_STRETCH: usize = 300;
/// ... and how many the last stretch before a lock needs.
const SHORT_STRETCH: usize = 40;
/// An unlock so long after an alarm refutes it: whoever was away while it was raised needs longer.
const REFUTES: Micros = Micros::from_millis(180_000);
/// A refuted alarm multiplies the limits by this ...
const RAISE: f32 = 2.0;
/// ... up to this in all; what is above 1 is halved in every budget period at the desk.
pub const MOST_RAISED: f32 = 16.0;
/// A longer rest is no time at the desk.
const BREAK: Micros = Micros::from_millis(300_000);

/// Windows that were judged together, as far as adaptation needs them.
#[derive(Debug, Clone, PartialEq)]
pub struct Sitting {
    /// Their means.
    pub mean: Mean,
    /// How many.
    pub windows: usize,
}

/// Sums over the windows of a sitting.
#[derive(Debug, Clone, Default)]
struct Sums {
    embedding: Vec<f64>,
    log_odds: f64,
    windows: usize,
}

impl Sums {
    fn push(&mut self, seen: &Impression) {
        self.windows += 1;
        self.embedding.resize(seen.traits.len(), 0.0);
        let sums = self.embedding.iter_mut().zip(&seen.traits);
        sums.for_each(|(sum, x)| *sum += f64::from(*x));
        self.log_odds += f64::from(super::likeness::log_odds(seen.score));
    }

    fn sitting(&self) -> Sitting {
        let n = self.windows.max(1) as f64;
        let traits = self.embedding.iter().map(|sum| sum / n).collect();
        Sitting { mean: Mean { traits, log_odds: self.log_odds / n }, windows: self.windows }
    }
}

/// Where an owner's embeddings lie: the part of an owner model that adapts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerMean {
    /// Of each number of the embedding.
    pub mean: Vec<f32>,
    /// How unsure it is: a variance of each.
    pub variance: Vec<f32>,
}

impl OwnerMean {
    /// Where this model has its owner.
    pub fn of(owner: &Likeness) -> Self {
        Self { mean: owner.centre.clone(), variance: owner.doubt.clone() }
    }

    /// The model with its owner here.
    #[must_use]
    pub fn put(&self, owner: &Likeness) -> Likeness {
        let Self { mean, variance } = self.clone();
        Likeness { centre: mean, doubt: variance, ..owner.clone() }
    }

    /// How far it lies from where `anchor` has the owner: root mean square over the embedding, in
    /// standard deviations between users.
    pub fn drift(&self, anchor: &Likeness) -> f64 {
        let numbers = self.mean.iter().zip(&anchor.centre).zip(&anchor.spread.between);
        let squares = numbers.map(|((now, then), between)| {
            (f64::from(*now) - f64::from(*then)).powi(2) / f64::from(*between)
        });
        (squares.sum::<f64>() / self.mean.len().max(1) as f64).sqrt()
    }

    /// The mean after a sitting that is known to be the owner's: a step of a Kalman filter (Kalman 1960,
    /// J. Basic Eng. 82) on each number for a mean that wanders, within [`REACH`] of `anchor`.
    #[must_use]
    pub fn after(&self, sitting: &Sitting, anchor: &Likeness) -> Self {
        let spread = &anchor.spread;
        let one = |at: usize, seen: f64| {
            let [shift, within] = [&spread.shift, &spread.within].map(|v| f64::from(v[at]));
            let unsure = f64::from(self.variance[at]) + WANDER * shift;
            let noise = shift + within / sitting.windows.max(1) as f64;
            posterior((f64::from(self.mean[at]), unsure), seen, noise)
        };
        let (mean, variance) =
            sitting.mean.traits.iter().enumerate().map(|(at, seen)| one(at, *seen)).unzip();
        Self { mean, variance }.held(anchor)
    }

    /// Drawn back along the line to the anchor until it is within reach.
    fn held(mut self, anchor: &Likeness) -> Self {
        let drift = self.drift(anchor);
        if drift > REACH {
            let share = (REACH / drift) as f32;
            let pairs = self.mean.iter_mut().zip(&anchor.centre);
            pairs.for_each(|(now, then)| *now = then + share * (*now - then));
        }
        self
    }

    /// Says what cannot work with this model, if anything.
    ///
    /// # Errors
    /// When it has another embedding, or lies where no adaptation could have led it.
    pub fn validate(&self, anchor: &Likeness) -> Result<(), String> {
        self.put(anchor).validate()?;
        let drift = self.drift(anchor);
        if drift > REACH * 1.001 {
            return Err(format!("its mean is {drift:.2} from the enrolment's, beyond {REACH}"));
        }
        Ok(())
    }
}

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
    pub fn enrolled(anchor: &Likeness) -> Self {
        Self { owner: OwnerMean::of(anchor), sittings: 0, raised: 1.0 }
    }

    /// Says what cannot work with this model, if anything.
    ///
    /// # Errors
    /// When the mean or the raise is nothing that adaptation gives.
    pub fn validate(&self, anchor: &Likeness) -> Result<(), String> {
        self.owner.validate(anchor)?;
        let raised = self.raised;
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
    pub owner: Likeness,
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
    anchor: Likeness,
    limits: BaseLimits,
    adapted: Adapted,
    verified: Option<Verified>,
    /// The owner as the first windows have shown today, and when.
    today: Option<(Timestamp, Likeness)>,
    /// When the last alarm was raised that no unlock has answered.
    alarm: Option<Timestamp>,
    last: Option<Timestamp>,
    /// Whether something was learnt for good that was not fetched yet.
    changed: bool,
}

impl Adaptation {
    /// Of an owner whom enrolment found at `anchor`; `adapted` is what was learnt since. Only what
    /// validates against the anchor may come here.
    pub fn new(anchor: Likeness, limits: BaseLimits, adapted: Option<Adapted>) -> Self {
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
            Trigger::Eer => Trigger::Eer,
            Trigger::Llr(limit) => Trigger::Llr(limit * self.adapted.raised),
        }
    }

    /// What was learnt for good since this was asked last.
    pub fn take_learnt(&mut self) -> Option<Adapted> {
        std::mem::take(&mut self.changed).then(|| self.adapted.clone())
    }

    /// Whether the day is judged by its own first windows.
    pub const fn knows_today(&self) -> bool {
        self.today.is_some()
    }

    /// Takes a window that was judged; returns what to judge by, if that has changed.
    pub fn observe(
        &mut self,
        at: Timestamp,
        seen: &Impression,
        judgement: &Judgement,
    ) -> Option<Adoption> {
        let decayed = self.decay(at);
        let over = self.today.as_ref().is_some_and(|(since, _)| !is_within(at - *since, DAY));
        if over {
            self.today = None;
        }
        if judgement.decision == Decision::Intruder {
            if judgement.action.is_some() {
                self.alarm = Some(at);
            }
            // Whoever that is, nobody has shown it to be the owner.
            self.verified = None;
        }
        let taught = self.teach(at, seen);
        (decayed || over || taught).then(|| self.adoption())
    }

    /// Lets time at the desk take back a raise.
    fn decay(&mut self, at: Timestamp) -> bool {
        let rest = self.last.replace(at).map(|last| at - last);
        let Some(rest) = rest.filter(|rest| is_within(*rest, BREAK)) else { return false };
        if self.adapted.raised <= 1.0 {
            return false;
        }
        let periods = rest.as_secs_f64() / self.limits.half_life.as_secs_f64().max(1.0);
        let above = f64::from(self.adapted.raised - 1.0) * 0.5_f64.powf(periods);
        self.adapted.raised = if above < 0.01 { 1.0 } else { 1.0 + above as f32 };
        true
    }

    fn teach(&mut self, at: Timestamp, seen: &Impression) -> bool {
        let Some(verified) = &mut self.verified else { return false };
        verified.stretch.push(seen);
        let full = verified.stretch.windows >= FULL_STRETCH;
        let first = verified.first.as_mut().and_then(|first| {
            first.push(seen);
            let late = !is_within(at - verified.since, FIRST_TIME);
            (first.windows >= FIRST_WINDOWS || late).then(|| first.sitting())
        });
        if first.is_some() {
            verified.first = None;
        }
        let today = first.is_some_and(|first| self.begin_day(at, &first));
        let learnt = full && self.learn(FULL_STRETCH);
        today || learnt
    }

    /// Judges the day by its first windows, where these speak against the owner of the other days.
    fn begin_day(&mut self, at: Timestamp, first: &Sitting) -> bool {
        let owner = self.adapted.owner.put(&self.anchor);
        let needed = first.windows >= FEWEST && owner.days > 0.0;
        if !needed || owner.evidence(&first.mean, first.windows) >= 0.0 {
            return false;
        }
        let today = owner.on_day(&first.mean, first.windows);
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
        let owner = self.today.as_ref().map_or_else(|| adapted.owner.put(anchor), |t| t.1.clone());
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
                self.learn(SHORT_STRETCH);
                self.refute(at);
                self.today = None;
                let (first, stretch) = (Some(Sums::default()), Sums::default());
                self.verified = Some(Verified { since: at, first, stretch });
                Some(self.adoption())
            }
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
mod tests {
    use super::*;
    use crate::pipeline::TraitSpread;
    use crate::pipeline::score::Score;

    const WINDOWS: usize = 30;

    fn owner() -> Likeness {
        let spread =
            TraitSpread { between: vec![1.0; 8], shift: vec![0.2; 8], within: vec![1.0; 8] };
        Likeness { days: 0.5, ..Likeness::of(&spread, &[0.0; 8], 400, 2.0) }
    }

    fn sitting(place: f64) -> Sitting {
        Sitting { mean: Mean { traits: vec![place; 8], log_odds: 0.0 }, windows: WINDOWS }
    }

    fn llr(owner: &Likeness, place: f64) -> f64 {
        owner.evidence(&sitting(place).mean, WINDOWS)
    }

    #[test]
    fn an_owner_who_has_changed_a_little_is_followed() {
        let anchor = owner();
        let mut now = OwnerMean::of(&anchor);
        for _ in 0..6 {
            now = now.after(&sitting(0.3), &anchor);
        }
        assert!((f64::from(now.mean[0]) - 0.3).abs() < 0.05, "{now:?}");
        assert!(llr(&now.put(&anchor), 0.6) > llr(&anchor, 0.6) + 0.5);
        assert_eq!(now.validate(&anchor), Ok(()));
    }

    #[test]
    fn a_patient_impostor_gets_no_farther_than_the_reach_and_stays_an_impostor() {
        let anchor = owner();
        let mut now = OwnerMean::of(&anchor);
        for _ in 0..1000 {
            now = now.after(&sitting(2.0), &anchor);
        }
        assert!((now.drift(&anchor) - REACH).abs() < 1e-3, "{}", now.drift(&anchor));
        let led = now.put(&anchor);
        assert!(llr(&led, 2.0) < 0.0, "{}", llr(&led, 2.0));
        assert!(llr(&led, 0.0) > 0.0, "the owner is still known: {}", llr(&led, 0.0));
    }

    #[test]
    fn what_no_adaptation_made_is_refused() {
        let anchor = owner();
        let enrolled = Adapted::enrolled(&anchor);
        assert_eq!(enrolled.validate(&anchor), Ok(()));
        let with = |mean: Vec<f32>| {
            let owner = OwnerMean { mean, ..enrolled.owner.clone() };
            Adapted { owner, ..enrolled.clone() }.validate(&anchor)
        };
        assert!(with(vec![0.7; 8]).unwrap_err().contains("0.70"));
        assert!(with(vec![0.0; 7]).is_err());
        assert!(Adapted { raised: 17.0, ..enrolled }.validate(&anchor).is_err());
    }

    fn adaptation() -> Adaptation {
        let limits = BaseLimits {
            notice: Trigger::Llr(10.0),
            lock: Trigger::Llr(15.0),
            half_life: Micros::from_millis(8 * 3_600_000),
        };
        Adaptation::new(owner(), limits, None)
    }

    const TRUSTED: Judgement = Judgement {
        grouped: None,
        evidence: 0.0,
        block: None,
        windows: 0,
        decision: Decision::Trusted,
        action: None,
    };

    /// A window a second.
    fn moves(adaptation: &mut Adaptation, from: i64, windows: i64, place: f32) {
        let seen = Impression { score: Score::new(0.5), traits: vec![place; 8] };
        for n in from..from + windows {
            adaptation.observe(Timestamp::from_millis(1000 * n), &seen, &TRUSTED);
        }
    }

    fn unlock(adaptation: &mut Adaptation, second: i64) {
        adaptation.boundary(Timestamp::from_millis(1000 * second), Boundary::Unlocked);
    }

    #[test]
    fn a_day_is_corrected_only_where_it_speaks_against_the_owner() {
        for (place, corrected) in [(0.1, false), (1.2, true)] {
            let mut adaptation = adaptation();
            unlock(&mut adaptation, 0);
            moves(&mut adaptation, 0, 29, place);
            assert!(!adaptation.knows_today());
            moves(&mut adaptation, 29, 1, place);
            assert_eq!(adaptation.knows_today(), corrected, "{place}");
            let drift = OwnerMean::of(&adaptation.adoption().owner).drift(&owner());
            assert!(drift <= REACH * 1.001, "{drift}");
        }
    }

    #[test]
    fn nobody_shows_the_day_without_an_unlock_or_long_after_it() {
        let mut adaptation = adaptation();
        moves(&mut adaptation, 0, 60, 1.2);
        assert!(!adaptation.knows_today());
        unlock(&mut adaptation, 100);
        moves(&mut adaptation, 1000, 60, 1.2);
        assert!(!adaptation.knows_today());
        unlock(&mut adaptation, 2000);
        moves(&mut adaptation, 2000, 20, 1.2);
        adaptation.boundary(Timestamp::from_millis(2_021_000), Boundary::DeviceChanged);
        moves(&mut adaptation, 2021, 60, 1.2);
        assert!(!adaptation.knows_today());
    }

    #[test]
    fn work_that_the_model_finds_its_owners_moves_it_for_good_and_other_work_does_not() {
        for (place, learns) in [(0.2, true), (3.0, false)] {
            let mut adaptation = adaptation();
            unlock(&mut adaptation, 0);
            moves(&mut adaptation, 0, 299, place);
            assert_eq!(adaptation.take_learnt(), None);
            moves(&mut adaptation, 299, 1, place);
            let learnt = adaptation.take_learnt();
            assert_eq!(learnt.is_some(), learns, "{place}");
            assert!(learnt.is_none_or(|one| one.sittings == 1 && one.owner.mean[0] > 0.05));
        }
    }

    #[test]
    fn a_refuted_alarm_doubles_the_limits_and_time_at_the_desk_halves_the_raise() {
        let mut adaptation = adaptation();
        let seen = Impression { score: Score::new(0.5), traits: vec![0.0; 8] };
        let action = Some(crate::pipeline::Action::Notify);
        let alarm = Judgement { decision: Decision::Intruder, action, ..TRUSTED };
        let raise = |adaptation: &mut Adaptation, second: i64, unlocked: i64| {
            adaptation.observe(Timestamp::from_millis(1000 * second), &seen, &alarm);
            unlock(adaptation, unlocked);
        };
        raise(&mut adaptation, 0, 30);
        assert_eq!(adaptation.adoption().notice, Trigger::Llr(20.0));
        assert_eq!(adaptation.adoption().lock, Trigger::Llr(30.0));
        assert_eq!(adaptation.take_learnt().unwrap().raised, 2.0);
        moves(&mut adaptation, 60, 8 * 3600, 0.0);
        let Trigger::Llr(limit) = adaptation.adoption().notice else { panic!() };
        assert!((limit - 15.0).abs() < 0.1, "{limit}");
        raise(&mut adaptation, 100_000, 100_600);
        let Trigger::Llr(late) = adaptation.adoption().notice else { panic!() };
        assert!(late <= limit, "an unlock ten minutes later proves nothing");
        for n in 0..20 {
            raise(&mut adaptation, 200_000 + 100 * n, 200_030 + 100 * n);
        }
        let Trigger::Llr(most) = adaptation.adoption().notice else { panic!() };
        assert!(most <= 10.0 * MOST_RAISED, "{most}");
    }
}
