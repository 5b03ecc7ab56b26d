//! Staying right while its owner changes. Whoever unlocks the session is the owner, so that what moves
//! next shows where the owner is today; that holds for the day ([`Likeness::on_day`]). And once a day
//! it moves where the owner's traits lie for good, a little at a time and never far from the enrolment,
//! so that nobody can lead the model away by patience. Pure arithmetic; who unlocks is no business of
//! this.
//!
//! Not the movement of a false alarm itself: it was picked for being unlike the owner, and learning from
//! it helps strangers more than owners (`onnx/EXPERIMENTS.md`).

use serde::{Deserialize, Serialize};

use super::event::Micros;
use super::likeness::{Likeness, Mean, posterior};
use super::score::Impression;

/// Between an enrolment and a later day an owner's place has become unsure by this share of what
/// lies between two stretches of work.
const WANDER: f64 = 0.5;
/// How far the centre may be led from where enrolment found it: root mean square over the traits, in
/// standard deviations between people. Two people taken at random are 1.4 apart.
pub const REACH: f64 = 0.35;
/// Windows after an unlock that are learnt from, together.
pub const MORNING: usize = 30;
/// What they have shown of the day is forgotten after so long, and the next ones teach for good again.
pub const DAY: Micros = Micros::from_millis(12 * 3_600_000);

/// Windows that were judged together, as far as learning needs them.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Of their traits.
    pub mean: Mean,
    /// How many.
    pub windows: usize,
}

/// The windows after an unlock, as they come in.
#[derive(Debug, Clone, Default)]
pub(super) struct Morning(Vec<Impression>);

impl Morning {
    /// Takes the next window; gives the stretch when there is enough of it.
    pub(super) fn push(&mut self, impression: &Impression) -> Option<Stretch> {
        self.0.push(impression.clone());
        let windows = self.0.len();
        (windows >= MORNING).then(|| Stretch { mean: Mean::of(self.0.iter()), windows })
    }
}

/// Where an owner's traits lie: the part of a [`Likeness`] that adapts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Of each trait.
    pub centre: Vec<f32>,
    /// How unsure it is: a variance of each trait.
    pub doubt: Vec<f32>,
}

impl Place {
    /// Where this likeness has its owner.
    pub fn of(likeness: &Likeness) -> Self {
        Self { centre: likeness.centre.clone(), doubt: likeness.doubt.clone() }
    }

    /// The likeness with its owner here.
    #[must_use]
    pub fn put(&self, likeness: &Likeness) -> Likeness {
        let Self { centre, doubt } = self.clone();
        Likeness { centre, doubt, ..likeness.clone() }
    }

    /// How far it lies from where `anchor` has the owner: root mean square over the traits, in standard
    /// deviations between people.
    pub fn strayed(&self, anchor: &Likeness) -> f64 {
        let traits = self.centre.iter().zip(&anchor.centre).zip(&anchor.spread.between);
        let squares = traits.map(|((now, then), between)| {
            (f64::from(*now) - f64::from(*then)).powi(2) / f64::from(*between)
        });
        (squares.sum::<f64>() / self.centre.len().max(1) as f64).sqrt()
    }

    /// The place after a stretch of movement that is known to be the owner's: a step of a Kalman filter
    /// (Kalman 1960, J. Basic Eng. 82) on each trait for a place that wanders, within [`REACH`] of
    /// `anchor`.
    #[must_use]
    pub fn after(&self, stretch: &Stretch, anchor: &Likeness) -> Self {
        let spread = &anchor.spread;
        let one = |at: usize, seen: f64| {
            let [shift, within] = [&spread.shift, &spread.within].map(|v| f64::from(v[at]));
            let unsure = f64::from(self.doubt[at]) + WANDER * shift;
            let noise = shift + within / stretch.windows.max(1) as f64;
            posterior((f64::from(self.centre[at]), unsure), seen, noise)
        };
        let (centre, doubt) =
            stretch.mean.traits.iter().enumerate().map(|(at, seen)| one(at, *seen)).unzip();
        Self { centre, doubt }.held(anchor)
    }

    /// Drawn back along the line to the anchor until it is within reach.
    fn held(mut self, anchor: &Likeness) -> Self {
        let strayed = self.strayed(anchor);
        if strayed > REACH {
            let share = (REACH / strayed) as f32;
            let pairs = self.centre.iter_mut().zip(&anchor.centre);
            pairs.for_each(|(now, then)| *now = then + share * (*now - then));
        }
        self
    }

    /// Says what cannot work with this likeness, if anything.
    ///
    /// # Errors
    /// When it has other traits, or lies where no adaptation could have led it.
    pub fn validate(&self, anchor: &Likeness) -> Result<(), String> {
        self.put(anchor).validate()?;
        let strayed = self.strayed(anchor);
        if strayed > REACH * 1.001 {
            return Err(format!("its place is {strayed:.2} from the enrolment's, beyond {REACH}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::TraitSpread;

    const WINDOWS: usize = 30;

    fn owner() -> Likeness {
        let spread =
            TraitSpread { between: vec![1.0; 8], shift: vec![0.2; 8], within: vec![6.0; 8] };
        Likeness::of(&spread, &[0.0; 8], 400, 10.0)
    }

    fn stretch(place: f64) -> Stretch {
        Stretch { mean: Mean { traits: vec![place; 8], log_odds: 0.0 }, windows: WINDOWS }
    }

    fn evidence(likeness: &Likeness, place: f64) -> f64 {
        likeness.evidence(&stretch(place).mean, WINDOWS)
    }

    #[test]
    fn an_owner_who_has_changed_a_little_is_followed() {
        let anchor = owner();
        let mut place = Place::of(&anchor);
        for _ in 0..6 {
            place = place.after(&stretch(0.3), &anchor);
        }
        assert!((f64::from(place.centre[0]) - 0.3).abs() < 0.05, "{place:?}");
        assert!(evidence(&place.put(&anchor), 0.6) > evidence(&anchor, 0.6) + 0.5);
        assert_eq!(place.validate(&anchor), Ok(()));
    }

    #[test]
    fn a_patient_stranger_gets_no_farther_than_the_reach_and_stays_a_stranger() {
        let anchor = owner();
        let mut place = Place::of(&anchor);
        for _ in 0..1000 {
            place = place.after(&stretch(2.0), &anchor);
        }
        assert!((place.strayed(&anchor) - REACH).abs() < 1e-3, "{}", place.strayed(&anchor));
        let led = place.put(&anchor);
        assert!(evidence(&led, 2.0) < 0.0, "{}", evidence(&led, 2.0));
        // The owner is still known.
        assert!(evidence(&led, 0.0) > 0.0, "{}", evidence(&led, 0.0));
    }

    #[test]
    fn one_stretch_moves_it_a_part_of_the_way_and_doubt_stays_bounded() {
        let anchor = owner();
        let once = Place::of(&anchor).after(&stretch(0.3), &anchor);
        assert!((0.02..0.2).contains(&once.centre[0]), "{once:?}");
        let mut place = once;
        for _ in 0..1000 {
            place = place.after(&stretch(0.0), &anchor);
        }
        assert!(place.doubt[0] < 0.2, "{place:?}");
    }

    #[test]
    fn a_place_that_no_adaptation_made_is_refused() {
        let anchor = owner();
        let far = Place { centre: vec![0.7; 8], ..Place::of(&anchor) };
        let short = Place { centre: vec![0.0; 7], ..Place::of(&anchor) };
        assert!(far.validate(&anchor).unwrap_err().contains("0.70"));
        assert!(short.validate(&anchor).is_err());
    }
}
