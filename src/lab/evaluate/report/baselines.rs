//! The model beside what knows nothing of the hand.

use super::{auc, rate, windows};
use crate::lab::evaluate::results::{JudgedUnit, Method, ProtocolRun, SizeFigures, UNDATED};
use crate::lab::plot::page::{Block, Section};

/// Baselines that the model does not beat at a size: the upper bound of the paired difference is
/// not below 0.
pub(super) fn unbeaten(run: &ProtocolRun, unit: JudgedUnit) -> Vec<&Method> {
    let is_unbeaten = |method: &&Method| {
        let size = method.sizes.iter().find(|size| size.unit == unit);
        let difference = size.and_then(|size| size.model_minus_this);
        difference.is_some_and(|difference| difference.high >= 0.0)
    };
    run.methods.iter().filter(|method| method.name != UNDATED).filter(is_unbeaten).collect()
}

pub(super) fn section(run: &ProtocolRun) -> Section {
    let about = run.methods.iter().map(|method| format!("{}: {}", method.name, method.about));
    let mut units: Vec<JudgedUnit> =
        run.methods.iter().flat_map(|m| &m.sizes).map(|s| s.unit).collect();
    units.sort();
    units.dedup();
    let mut section = Section::new(format!("Model and baselines, {}", run.protocol.name))
        .with(Block::List(about.collect()))
        .with(Block::Heading("Equal error rate, mean over owners".into()))
        .with(table(run, &units, |size| rate(&size.mean.eer)))
        .with(Block::Heading("AUC, mean over owners".into()))
        .with(table(run, &units, |size| auc(&size.mean.auc)))
        .with(Block::Heading("The model's equal error rate minus the baseline's, by owner".into()))
        .with(table(run, &units, difference))
        .with(Block::Small(
            "95 % intervals over owners, paired. Below zero the model is better; where the upper \
             bound is not below zero, the table says that it does not win."
                .into(),
        ));
    let lost = units.iter().filter_map(|unit| {
        let names: Vec<_> = unbeaten(run, *unit).iter().map(|m| m.name.clone()).collect();
        (!names.is_empty()).then(|| format!("with {}: {}", windows(*unit), names.join(", ")))
    });
    let lost: Vec<_> = lost.collect();
    if !lost.is_empty() {
        section = section
            .with(Block::Warning("The model does not beat these baselines:".into()))
            .with(Block::List(lost));
    }
    section
}

fn difference(size: &SizeFigures) -> String {
    let Some(difference) = &size.model_minus_this else { return "-".into() };
    let points = |share: f64| format!("{:+.1}", 100.0 * share);
    let [value, low, high] = [difference.value, difference.low, difference.high].map(points);
    let wins = if difference.high < 0.0 { "" } else { ", no win" };
    format!("{value} ({low} to {high}){wins}")
}

fn table(run: &ProtocolRun, units: &[JudgedUnit], cell: impl Fn(&SizeFigures) -> String) -> Block {
    let head = std::iter::once(String::new()).chain(units.iter().map(|unit| windows(*unit)));
    let row = |method: &Method| {
        let at = |unit: &JudgedUnit| {
            let size = method.sizes.iter().find(|size| size.unit == *unit);
            size.map_or_else(|| "-".into(), &cell)
        };
        std::iter::once(method.name.clone()).chain(units.iter().map(at)).collect()
    };
    Block::Table(head.collect(), run.methods.iter().map(row).collect())
}
