//! The trials put together: for each way the mean over users, and how it differs from plain
//! training, user by user. Seeds are averaged within a user first: people are what is uncertain.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Figures, Trial, VARIANTS};
use crate::lab::metrics;
use crate::lab::metrics::Draws;

/// Draws of people behind the intervals.
const DRAWS: usize = 2000;

/// A figure's mean over users.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanFigure {
    /// Users that have it.
    pub users: usize,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation over users.
    pub spread: f64,
    /// Mean difference to training with neither.
    pub gain: f64,
    /// 95 % interval of that difference, by bootstrap over users.
    pub gain_interval: [f64; 2],
}

/// One way's line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VariantRow {
    /// The variant's name.
    pub variant: &'static str,
    /// Trials behind it.
    pub trials: usize,
    /// AUC, EER of 1, 10 and 30 windows, FAR and FRR of 10 at the carried threshold.
    pub figures: [Option<MeanFigure>; 6],
}

impl Figures {
    fn all(self) -> [Option<f64>; 6] {
        let Self { auc, eer_1, eer_10, eer_30, far_10, frr_10 } = self;
        [Some(auc), Some(eer_1), eer_10, eer_30, far_10, frr_10]
    }
}

/// All ways that have trials, in the order of [`VARIANTS`].
pub fn verdict(trials: &[Trial]) -> Vec<VariantRow> {
    let of = |variant, figure| by_user(trials, variant, figure);
    let row = |variant: &'static str| {
        let own = trials.iter().filter(|trial| trial.variant == variant).count();
        (own > 0).then(|| VariantRow {
            variant,
            trials: own,
            figures: std::array::from_fn(|figure| {
                compare(&of(VARIANTS[0].name, figure), &of(variant, figure))
            }),
        })
    };
    VARIANTS.iter().filter_map(|variant| row(variant.name)).collect()
}

/// A figure's mean over seeds, by user.
fn by_user<'t>(trials: &'t [Trial], variant: &str, figure: usize) -> BTreeMap<&'t str, f64> {
    let mut of_user: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for trial in trials.iter().filter(|trial| trial.variant == variant) {
        of_user.entry(&trial.user).or_default().extend(trial.figures.all()[figure]);
    }
    of_user.into_iter().filter_map(|(user, values)| Some((user, metrics::mean(&values)?))).collect()
}

fn compare(neither: &BTreeMap<&str, f64>, way: &BTreeMap<&str, f64>) -> Option<MeanFigure> {
    let values: Vec<f64> = way.values().copied().collect();
    let gains: Vec<Option<f64>> =
        way.iter().map(|(user, value)| Some(value - neither.get(user)?)).collect();
    let known: Vec<f64> = gains.iter().flatten().copied().collect();
    Some(MeanFigure {
        users: values.len(),
        mean: metrics::mean(&values)?,
        spread: metrics::deviation(&values),
        gain: metrics::mean(&known)?,
        gain_interval: Draws::new(gains.len(), DRAWS, 1).of_mean(&gains)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(user: &str, variant: usize, seed: u64, auc: f64) -> Trial {
        Trial {
            user: user.into(),
            variant: VARIANTS[variant].name.into(),
            seed,
            epochs: 3,
            learnt: 100,
            figures: Figures {
                auc,
                eer_1: 0.4,
                eer_10: None,
                eer_30: None,
                far_10: None,
                frr_10: None,
            },
        }
    }

    #[test]
    fn seeds_are_averaged_within_a_user_and_users_are_compared_with_themselves() {
        let trials = [
            trial("a", 0, 1, 0.6),
            trial("a", 0, 2, 0.8),
            trial("b", 0, 1, 0.9),
            trial("a", 2, 1, 0.8),
            trial("b", 2, 1, 0.9),
        ];
        let rows = verdict(&trials);
        assert_eq!(rows.iter().map(|row| row.trials).collect::<Vec<_>>(), [3, 2]);
        let [neither, repeated] = [0, 1].map(|row: usize| rows[row].figures[0].unwrap());
        assert!((neither.mean - 0.8).abs() < 1e-9 && neither.gain == 0.0);
        assert!((repeated.gain - 0.05).abs() < 1e-9, "{repeated:?}");
        assert!(repeated.gain_interval[0] <= 0.05 && repeated.gain_interval[1] >= 0.05);
        assert_eq!(rows[0].figures[2], None);
    }
}
