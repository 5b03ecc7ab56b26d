//! A stranger with patience, where the model learns from false alarms: every alarm on the stranger is
//! taken for false, time and again, as if the owner confirmed them all and let the stranger go on. The
//! worst that learning can do; nothing here happens in the agent.

use crate::pipeline::{Boundary, Impression, Policy, Timestamp};

/// How often the stranger comes back.
const ROUNDS: usize = 20;

/// Whether a stranger is noticed at last whose movement the model was taught all the time. The same
/// movement teaches and is judged, which favours the stranger.
pub(super) fn noticed_in_the_end(mut policy: Policy, stream: &[(Timestamp, Impression)]) -> bool {
    for _ in 0..ROUNDS {
        if !pass(&mut policy, stream, true) {
            return false;
        }
    }
    pass(&mut policy, stream, false)
}

/// Whether there is an alarm in one pass.
fn pass(policy: &mut Policy, stream: &[(Timestamp, Impression)], teach: bool) -> bool {
    policy.boundary(Boundary::Start);
    let mut alarm = false;
    for (at, impression) in stream {
        if policy.update(*at, impression.clone()).action.is_none() {
            continue;
        }
        alarm = true;
        if teach {
            policy.boundary(Boundary::Unlocked);
            policy.confirm();
        }
    }
    alarm
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
        let likeness = Likeness::of(&spread, &[0.0; 8], 400, 10.0);
        let rule = RuleParams::Mean(MeanParams {
            group_windows: 10,
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
        assert!(pass(&mut policy(), &stream(0.7), false), "a stranger at first");
        assert!(!noticed_in_the_end(policy(), &stream(0.7)));
    }
}
