//! A poisoning attack with patience: day by day the owner unlocks and lets the impostor move first,
//! and in the end the impostor comes alone. The worst that adaptation can do.

use crate::pipeline::adaptation::DAY;
use crate::pipeline::event::Micros;
use crate::pipeline::{
    Adaptation, Adapted, BaseLimits, Boundary, Decider, DecisionParams, Timestamp, WindowScore,
};

/// Days on which the impostor is first.
const DAYS: i64 = 20;

/// How the agent decides, what it has learnt, and its notice budget.
pub(super) type Start = (DecisionParams, Option<Adapted>, Micros);

/// Decision and adaptation, as a detector joins them.
struct Agent {
    decider: Decider,
    adaptation: Option<Adaptation>,
}

impl Agent {
    fn new((params, adapted, half_life): Start) -> Self {
        let limits = BaseLimits { notice: params.notice, lock: params.lock, half_life };
        let owner = params.owner().cloned();
        let adaptation = owner.map(|owner| Adaptation::new(owner, limits, adapted));
        let mut agent = Self { decider: Decider::new(params), adaptation };
        agent.adopt(agent.adaptation.as_ref().map(Adaptation::adoption));
        agent
    }

    fn adopt(&mut self, adoption: Option<crate::pipeline::Adoption>) {
        if let Some(adoption) = adoption {
            self.decider.adopt(adoption.owner, adoption.notice, adoption.lock);
        }
    }

    fn unlock(&mut self, at: Timestamp) {
        self.decider.boundary(at, Boundary::Unlocked);
        let adoption = self.adaptation.as_mut().and_then(|a| a.boundary(at, Boundary::Unlocked));
        self.adopt(adoption);
    }

    /// Whether there is an alarm on these windows, so many days later.
    fn alarms(&mut self, stream: &[(Timestamp, WindowScore)], days: i64) -> bool {
        let later = Micros(2 * DAY.0 * days);
        let mut alarm = false;
        for (at, seen) in stream {
            let judgement = self.decider.update(*at + later, seen.clone());
            let adaptation = self.adaptation.as_mut();
            let adoption = adaptation.and_then(|a| a.observe(*at + later, seen, &judgement));
            self.adopt(adoption);
            alarm |= judgement.action.is_some();
        }
        alarm
    }
}

/// Whether an impostor is noticed at last whose movement the model was taught all the time. The
/// same movement teaches and is judged, which favours the impostor.
pub(super) fn noticed_in_the_end(start: Start, stream: &[(Timestamp, WindowScore)]) -> bool {
    let mut agent = Agent::new(start);
    for day in 0..DAYS {
        agent.unlock(begin(stream, day));
        agent.alarms(stream, day);
    }
    // The evidence of the last day is forgiven, and no unlock shows the day that is judged.
    let params = agent.decider.params().clone();
    let half_life = Micros::from_millis(3_600_000);
    let adapted = agent.adaptation.as_mut().and_then(Adaptation::take_adapted);
    let mut last = Agent::new((params, None, half_life));
    let owner = last.adaptation.as_ref().map(|a| a.adoption().owner);
    if let (Some(adapted), Some(owner)) = (adapted, owner) {
        let notice = last.decider.params().notice;
        let lock = last.decider.params().lock;
        last.decider.adopt(adapted.owner.put(&owner), notice, lock);
    }
    last.adaptation = None;
    last.alarms(stream, DAYS)
}

fn begin(stream: &[(Timestamp, WindowScore)], days: i64) -> Timestamp {
    stream.first().map_or(Timestamp::default(), |(at, _)| *at + Micros(2 * DAY.0 * days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{
        BlockModel, EmbeddingCovariance, GroupingParams, MaxAction, OwnerModel, Score, Trigger,
    };

    /// An owner at 0 among users who differ by 1 in each of eight numbers.
    fn start() -> Start {
        let covariance = EmbeddingCovariance {
            between_user: vec![1.0; 8],
            between_session: vec![0.1; 8],
            within_session: vec![1.0; 8],
        };
        let owner = OwnerModel { days: 0.5, ..OwnerModel::of(&covariance, &[0.0; 8], 400, 10.0) };
        let params = DecisionParams {
            max_action: MaxAction::Notify,
            cooldown_s: 60,
            grouping: GroupingParams { windows: 30, threshold: 0.5, confirm: 2 },
            model: BlockModel::Embedding(Box::new(owner)),
            notice: Trigger::Llr(10.0),
            lock: Trigger::Llr(15.0),
        };
        (params, None, Micros::from_millis(8 * 3_600_000))
    }

    fn stream(place: f32) -> Vec<(Timestamp, WindowScore)> {
        let seen = WindowScore::of_movement(Score::new(0.5), vec![place; 8]);
        (0..120).map(|n| (Timestamp::from_millis(n * 1000), seen.clone())).collect()
    }

    #[test]
    fn who_is_far_is_noticed_whatever_is_taught() {
        assert!(noticed_in_the_end(start(), &stream(1.4)));
        assert!(Agent::new(start()).alarms(&stream(1.4), 0));
        assert!(!noticed_in_the_end(start(), &stream(0.1)), "the owner");
    }
}
