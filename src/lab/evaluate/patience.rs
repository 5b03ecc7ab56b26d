//! A stranger with patience, where the model learns from what follows unlocks: day by day the owner
//! unlocks and lets the stranger move first, and in the end the stranger comes without that. The worst
//! that learning can do; nothing here happens in the agent.

use crate::pipeline::adaptation::DAY;
use crate::pipeline::event::Micros;
use crate::pipeline::{Boundary, Impression, Policy, Timestamp};

/// Days on which the stranger is first.
const DAYS: i64 = 20;

/// Whether a stranger is noticed at last whose movement the model was taught all the time. The same
/// movement teaches and is judged, which favours the stranger.
pub(super) fn noticed_in_the_end(mut policy: Policy, stream: &[(Timestamp, Impression)]) -> bool {
    for day in 0..DAYS {
        policy.boundary(Boundary::Unlocked);
        pass(&mut policy, stream, day);
    }
    policy.boundary(Boundary::Start);
    pass(&mut policy, stream, DAYS)
}

/// Whether there is an alarm in one pass, so many days later.
fn pass(policy: &mut Policy, stream: &[(Timestamp, Impression)], days: i64) -> bool {
    let later = Micros(2 * DAY.0 * days);
    let act = |(at, impression): &(Timestamp, Impression)| {
        policy.update(*at + later, impression.clone()).action.is_some()
    };
    // All of them, whether there was an alarm or not.
    stream.iter().map(act).filter(|acted| *acted).count() > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{
        Ladder, Likeness, MeanParams, PolicyParams, RuleParams, Score, TraitSpread,
    };

    /// An owner at 0 among people who differ by 1 in each of eight traits.
    fn policy() -> Policy {
        let spread =
            TraitSpread { between: vec![1.0; 8], shift: vec![0.1; 8], within: vec![1.0; 8] };
        let likeness = Likeness { days: 0.5, ..Likeness::of(&spread, &[0.0; 8], 400, 10.0) };
        let rule = RuleParams::Mean(MeanParams {
            group_windows: 30,
            threshold: 0.5,
            hysteresis: 0.05,
            confirm_windows: 2,
            likeness: Some(Box::new(likeness)),
        });
        Policy::new(PolicyParams { ladder: Ladder::Notify, cooldown_s: 60, rule })
    }

    fn stream(place: f32) -> Vec<(Timestamp, Impression)> {
        let seen = Impression { score: Score::new(0.5), traits: vec![place; 8] };
        (0..120).map(|n| (Timestamp::from_millis(n * 1000), seen.clone())).collect()
    }

    #[test]
    fn who_is_far_is_noticed_whatever_is_taught_and_who_is_near_becomes_the_owner() {
        assert!(noticed_in_the_end(policy(), &stream(1.4)));
        assert!(pass(&mut policy(), &stream(0.7), 0), "a stranger at first");
        assert!(!noticed_in_the_end(policy(), &stream(0.7)));
    }
}
