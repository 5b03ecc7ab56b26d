//! Two results side by side: figures of the same protocol, method and unit, and their difference
//! owner by owner.

use serde::Serialize;

use super::figures::mean_estimate;
use super::results::{IntervalEstimate, JudgedUnit, Results, SizeFigures, UserFigures};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::metrics::{self, Draws};

/// What two results have in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// One for each protocol, method and unit that both have.
    pub rows: Vec<ComparedFigure>,
    /// What stands in the way of comparing, if anything.
    pub warnings: Vec<String>,
}

/// One figure of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedFigure {
    /// The protocol.
    pub protocol: String,
    /// The method.
    pub method: String,
    /// What is judged together.
    pub unit: JudgedUnit,
    /// Owners that both have.
    pub owners: usize,
    /// Mean equal error rate over these owners, of the first and of the second.
    pub eer: [f64; 2],
    /// Second minus first, paired by owner.
    pub eer_difference: IntervalEstimate,
    /// Mean AUC over these owners.
    pub auc: [f64; 2],
    /// Second minus first, paired by owner.
    pub auc_difference: IntervalEstimate,
}

/// Sets two results side by side.
///
/// # Errors
/// When they have no protocol, method and owner in common.
pub fn compare(first: &Results, second: &Results, draws: usize) -> Result<Comparison> {
    let mut comparison = Comparison { rows: Vec::new(), warnings: Vec::new() };
    for one in &first.runs {
        let name = &one.protocol.name;
        let Some(other) = second.runs.iter().find(|run| run.protocol.name == *name) else {
            continue;
        };
        if split_hashes(one) != split_hashes(other) {
            comparison.warnings.push(format!(
                "{name}: the two were not tested on the same split; a difference may be the split's."
            ));
        }
        for method in &one.methods {
            let sizes =
                other.methods.iter().filter(|m| m.name == method.name).flat_map(|m| &m.sizes);
            for (a, b) in sizes
                .filter_map(|b| Some((method.sizes.iter().find(|size| size.unit == b.unit)?, b)))
            {
                let row = row(name, &method.name, (a, b), draws);
                comparison.rows.extend(row);
            }
        }
    }
    if comparison.rows.is_empty() {
        let what = "the two results have no protocol and owner in common";
        return Err(Failure::new(FailureKind::Data, what)
            .remedy("Evaluate both on the same dataset with the same --protocol."));
    }
    Ok(comparison)
}

fn split_hashes(run: &super::results::ProtocolRun) -> Vec<String> {
    run.splits.iter().map(|split| split.sha256.clone()).collect()
}

fn row(
    protocol: &str,
    method: &str,
    (a, b): (&SizeFigures, &SizeFigures),
    draws: usize,
) -> Option<ComparedFigure> {
    let eers = pairs(b, a, |user| Some(user.eer));
    let aucs = pairs(b, a, |user| Some(user.auc));
    let draws = Draws::new(eers.len(), draws, 1);
    Some(ComparedFigure {
        protocol: protocol.to_owned(),
        method: method.to_owned(),
        unit: a.unit,
        owners: eers.len(),
        eer: means(&eers)?,
        eer_difference: difference(&draws, &eers)?,
        auc: means(&aucs)?,
        auc_difference: difference(&draws, &aucs)?,
    })
}

/// The means of both sides, the first result's first.
fn means(pairs: &[(f64, f64)]) -> Option<[f64; 2]> {
    Some([mean_of(pairs, |pair| pair.1)?, mean_of(pairs, |pair| pair.0)?])
}

fn mean_of(pairs: &[(f64, f64)], of: fn(&(f64, f64)) -> f64) -> Option<f64> {
    metrics::mean(&pairs.iter().map(of).collect::<Vec<_>>())
}

/// The second minus the first, as a mean over owners.
fn difference(draws: &Draws, pairs: &[(f64, f64)]) -> Option<IntervalEstimate> {
    mean_estimate(draws, &pairs.iter().map(|(b, a)| Some(b - a)).collect::<Vec<_>>())
}

/// A value of both for each owner that both have, means over seeds.
pub(super) fn pairs(
    one: &SizeFigures,
    other: &SizeFigures,
    value: impl Fn(&UserFigures) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let mut owners: Vec<&str> = one.users.iter().map(|user| user.user.as_str()).collect();
    owners.dedup();
    owners.sort_unstable();
    owners.dedup();
    owners
        .into_iter()
        .filter_map(|owner| {
            Some((owner_mean(&value, one, owner)?, owner_mean(&value, other, owner)?))
        })
        .collect()
}

/// The mean of a figure over an owner's seeds.
fn owner_mean(
    value: &impl Fn(&UserFigures) -> Option<f64>,
    size: &SizeFigures,
    owner: &str,
) -> Option<f64> {
    let values: Vec<f64> =
        size.users.iter().filter(|user| user.user == owner).filter_map(&value).collect();
    metrics::mean(&values)
}
