//! The model beside what judges by other things than the hand.

use super::{auc, rate, windows};
use crate::lab::evaluate::results::{JudgedUnit, Method, ProtocolRun, SizeFigures, UNDATED};
use crate::lab::plot::page::{PageBlock, Section};

/// Baselines that the model does not beat at a size: the upper bound of the paired difference is
/// not below 0.
pub(super) fn unbeaten(run: &ProtocolRun, unit: JudgedUnit) -> Vec<&Method> {
    run.methods
        .iter()
        .filter(|method| method.name != UNDATED)
        .filter(|method| {
            let size = method.sizes.iter().find(|size| size.unit == unit);
            let difference = size.and_then(|size| size.model_minus_this);
            difference.is_some_and(|difference| difference.high >= 0.0)
        })
        .collect()
}

pub(super) fn section(run: &ProtocolRun) -> Section {
    let about = run.methods.iter().map(|method| format!("{}: {}", method.name, method.about));
    let mut units: Vec<JudgedUnit> =
        run.methods.iter().flat_map(|m| &m.sizes).map(|s| s.unit).collect();
    units.sort();
    units.dedup();
    let mut section = Section::new(format!("Model and baselines, {}", run.protocol.name))
        .with(PageBlock::List(about.collect()))
        .with(PageBlock::Heading("Equal error rate, mean over owners".into()))
        .with(table(run, &units, |size| rate(&size.mean.eer)))
        .with(PageBlock::Heading("AUC, mean over owners".into()))
        .with(table(run, &units, |size| auc(&size.mean.auc)))
        .with(PageBlock::Heading(
            "The model's equal error rate minus the baseline's, by owner".into(),
        ))
        .with(table(run, &units, difference))
        .with(PageBlock::Small(
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
            .with(PageBlock::Warning("The model does not beat these baselines:".into()))
            .with(PageBlock::List(lost));
    }
    section
}

fn difference(size: &SizeFigures) -> String {
    let Some(difference) = &size.model_minus_this else { return "-".into() };
    let [value, low, high] = [difference.value, difference.low, difference.high]
        .map(|share| format!("{:+.1}", 100.0 * share));
    let wins = if difference.high < 0.0 { "" } else { ", no win" };
    format!("{value} ({low} to {high}){wins}")
}

fn table(
    run: &ProtocolRun,
    units: &[JudgedUnit],
    cell: impl Fn(&SizeFigures) -> String,
) -> PageBlock {
    let head = std::iter::once(String::new()).chain(units.iter().map(|unit| windows(*unit)));
    PageBlock::Table(
        head.collect(),
        run.methods
            .iter()
            .map(|method| {
                std::iter::once(method.name.clone())
                    .chain(units.iter().map(|unit| {
                        let size = method.sizes.iter().find(|size| size.unit == *unit);
                        size.map_or_else(|| "-".into(), &cell)
                    }))
                    .collect()
            })
            .collect(),
    )
}
