//! From owners' scores to the figures of a method: owner by owner, as means over owners, and
//! pooled, each with its interval. Thresholds of reported rates come from calibration.

use super::calibration::calibration;
use super::measure::{GroupScores, Measured};
use super::pooled::pooled;
use super::results::{
    AtThreshold, Confusion, Floor, IntervalEstimate, JudgedUnit, Means, Method, SizeFigures,
    UserFigures,
};
use crate::lab::evaluate::groups::Durations;
use crate::lab::metrics::{self, Calibration, Draws};

/// Everything that was measured under one protocol, and the draws for its intervals.
pub(super) struct Study<'a> {
    pub measured: &'a [Measured],
    /// The owners, in order; draws are of these.
    pub owners: Vec<&'a str>,
    pub draws: Draws,
}

impl<'a> Study<'a> {
    pub(super) fn new(measured: &'a [Measured], draws: usize) -> Self {
        let mut owners: Vec<&str> = Vec::new();
        for one in measured {
            if !owners.contains(&one.user.as_str()) {
                owners.push(&one.user);
            }
        }
        let draws = Draws::new(owners.len(), draws, 1);
        Self { measured, owners, draws }
    }

    /// The figures of the method of this number.
    pub(super) fn method(&self, number: usize, name: &str, about: &str) -> Method {
        let units = self.measured.first().map_or(0, |one| one.durations.len());
        let sizes: Vec<SizeFigures> = (0..units).filter_map(|at| self.size(number, at)).collect();
        let rates: Vec<(usize, f64)> = sizes
            .iter()
            .filter_map(|size| match size.unit {
                JudgedUnit::Windows(n) => Some((n, size.mean.eer.value)),
                JudgedUnit::Seconds(_) | JudgedUnit::Session => None,
            })
            .collect();
        let floor = metrics::fit_floor(&rates)
            .map(|fit| Floor { correlation: fit.correlation, eer: fit.floor });
        Method { name: name.into(), about: about.into(), sizes, floor }
    }

    fn size(&self, method: usize, at: usize) -> Option<SizeFigures> {
        let unit = self.measured.first()?.durations[at].0;
        let users = self.users(method, at, unit);
        let eers: Vec<f64> = self.by_owner(&users, |u| Some(u.eer)).into_iter().flatten().collect();
        let mean = self.means(&users)?;
        let worst = self.owners.iter().zip(self.by_owner(&users, |u| Some(u.eer)));
        let worst = worst.filter_map(|(user, eer)| Some(((*user).to_owned(), eer?)));
        let mut durations = Durations::default();
        self.measured.iter().for_each(|one| durations.absorb(&one.durations[at].1));
        let [movement_s, wall_s] = durations.medians();
        let scores = self.scores(method, at, unit);
        let claims = is_model(method).then(|| calibration(&scores, &self.draws));
        Some(SizeFigures {
            unit,
            movement_s,
            wall_s,
            mean,
            spread: metrics::deviation(&eers),
            worst: worst.max_by(|a, b| a.1.total_cmp(&b.1))?,
            gini: metrics::gini(&eers),
            pooled: pooled(&scores, &self.draws)?,
            calibration: claims.flatten(),
            model_minus_this: (method > 0).then(|| self.lead(method, at, unit)).flatten(),
            users,
        })
    }

    fn users(&self, method: usize, at: usize, unit: JudgedUnit) -> Vec<UserFigures> {
        self.measured
            .iter()
            .filter_map(|one| {
                let scores = &one.methods[method][at];
                scores.enough(unit).then(|| user_figures(one, scores, is_model(method))).flatten()
            })
            .collect()
    }

    /// A value for each owner, the mean over seeds; none for owners without.
    fn by_owner(
        &self,
        users: &[UserFigures],
        value: impl Fn(&UserFigures) -> Option<f64>,
    ) -> Vec<Option<f64>> {
        self.owners
            .iter()
            .map(|owner| {
                let values: Vec<f64> =
                    users.iter().filter(|user| user.user == *owner).filter_map(&value).collect();
                metrics::mean(&values)
            })
            .collect()
    }

    fn means(&self, users: &[UserFigures]) -> Option<Means> {
        let estimate = |value: &dyn Fn(&UserFigures) -> Option<f64>| {
            mean_estimate(&self.draws, &self.by_owner(users, value))
        };
        Some(Means {
            auc: estimate(&|u| Some(u.auc))?,
            eer: estimate(&|u| Some(u.eer))?,
            far: estimate(&|u| Some(u.calibrated?.far)),
            frr: estimate(&|u| Some(u.calibrated?.frr)),
            shipped_far: estimate(&|u| Some(u.shipped?.far)),
            shipped_frr: estimate(&|u| Some(u.shipped?.frr)),
            frr_at_far_1: estimate(&|u| u.frr_at_far_1),
            frr_at_far_01: estimate(&|u| u.frr_at_far_01),
        })
    }

    /// How far the model's equal error rate lies below this method's, owner by owner.
    fn lead(&self, method: usize, at: usize, unit: JudgedUnit) -> Option<IntervalEstimate> {
        let [model, other] =
            [0, method].map(|method| self.by_owner(&self.users(method, at, unit), |u| Some(u.eer)));
        let pairs = model.into_iter().zip(other);
        let differences: Vec<Option<f64>> = pairs.map(|(a, b)| Some(a? - b?)).collect();
        mean_estimate(&self.draws, &differences)
    }

    /// Each owner's scores over all seeds; empty for owners with too few.
    fn scores(&self, method: usize, at: usize, unit: JudgedUnit) -> Vec<GroupScores> {
        self.owners
            .iter()
            .map(|owner| {
                let mut all = GroupScores::default();
                for one in self.measured.iter().filter(|one| one.user == *owner) {
                    let scores = &one.methods[method][at];
                    if scores.enough(unit) {
                        all.genuine.extend(&scores.genuine);
                        all.impostor.extend(&scores.impostor);
                        all.calibration[0].extend(&scores.calibration[0]);
                        all.calibration[1].extend(&scores.calibration[1]);
                    }
                }
                all
            })
            .collect()
    }
}

/// The mean over owners with its interval; none when no owner has a value.
pub(super) fn mean_estimate(draws: &Draws, values: &[Option<f64>]) -> Option<IntervalEstimate> {
    let present: Vec<f64> = values.iter().flatten().copied().collect();
    let [low, high] = draws.of_mean(values)?;
    Some(IntervalEstimate { value: metrics::mean(&present)?, low, high })
}

/// The model stands first. What it says is a probability; baselines' scores only have an order.
const fn is_model(method: usize) -> bool {
    method == 0
}

fn user_figures(one: &Measured, scores: &GroupScores, is_model: bool) -> Option<UserFigures> {
    let genuine = &scores.genuine;
    let impostor = &scores.impostor;
    let equal = metrics::eer(genuine, impostor)?;
    let claims = is_model.then(|| Calibration::new(&[(genuine, impostor)]).whole()).flatten();
    let decides = scores.calibrated.or(scores.shipped).unwrap_or(equal.threshold);
    Some(UserFigures {
        user: one.user.clone(),
        seed: one.seed,
        genuine_groups: genuine.len(),
        impostor_groups: impostor.len(),
        auc: metrics::auc(genuine, impostor)?,
        eer: equal.rate,
        eer_threshold: equal.threshold.into(),
        calibrated: scores.calibrated.map(|one| at_threshold(genuine, impostor, one)),
        shipped: scores.shipped.map(|one| at_threshold(genuine, impostor, one)),
        frr_at_far_1: metrics::frr_at_far(genuine, impostor, 0.01),
        frr_at_far_01: metrics::frr_at_far(genuine, impostor, 0.001),
        cllr: claims.map(|claims| claims.cllr),
        min_cllr: claims.map(|claims| claims.min_cllr),
        confusion: confusion(genuine, impostor, decides),
    })
}

fn at_threshold(genuine: &[f32], impostor: &[f32], threshold: f32) -> AtThreshold {
    let metrics::Rates { far, frr } = metrics::rates(genuine, impostor, threshold);
    AtThreshold { threshold: threshold.into(), far, frr }
}

/// Decisions at a threshold.
pub(super) fn confusion(genuine: &[f32], impostor: &[f32], threshold: f32) -> Confusion {
    let own = at_or_above(threshold, genuine);
    let others = at_or_above(threshold, impostor);
    Confusion {
        genuine_accepted: own,
        genuine_rejected: genuine.len() as u64 - own,
        impostor_accepted: others,
        impostor_rejected: impostor.len() as u64 - others,
    }
}

fn at_or_above(threshold: f32, scores: &[f32]) -> u64 {
    scores.iter().filter(|s| **s >= threshold).count() as u64
}
