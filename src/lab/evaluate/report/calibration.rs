//! Whether a score means what it says: reliability diagrams and what wrong confidence costs.

use super::{estimate, windows};
use crate::lab::evaluate::results::{
    CalibrationFigures, IntervalEstimate, Method, ReliabilityBin, SizeFigures,
};
use crate::lab::plot::page::{PageBlock, Section};
use crate::lab::plot::{
    Axis, Colour, Dash, Figure, Mark, Picture, PointShape, Style, Ticks, grouped,
};

/// How to read the section.
const KEY: &str = "A score says how likely the owner is, where owner and anybody are equally likely \
    beforehand; all owners together, both sides weighing alike. In the pictures a point is a tenth \
    of the scale: its mean score, and the share of owners there with a 95 % interval over owners; \
    on the diagonal scores mean what they say. Below it the model is too sure of the owner, above \
    it too sure of the impostor. The numbers along the bottom are groups of owners and of impostors. \
    ECE: mean distance from the diagonal (chance only adds to it). Cllr: bits lost by believing the \
    scores, 1 is knowing nothing (Brümmer and du Preez 2006); minCllr: what would be lost on the \
    best scale for the same order of scores, so that the difference is what calibration costs.";

/// The section; none where the results do not say.
pub(super) fn section(protocol: &str, model: &Method) -> Option<Section> {
    let sizes: Vec<(&SizeFigures, &CalibrationFigures)> =
        model.sizes.iter().filter_map(|size| Some((size, size.calibration.as_ref()?))).collect();
    let head = ["judged together", "ECE", "Cllr", "minCllr"].map(str::to_owned);
    let rows: Vec<Vec<String>> = sizes
        .iter()
        .map(|(size, found)| {
            let [ece, cllr, least] = [&found.ece, &found.cllr, &found.min_cllr].map(estimate);
            vec![windows(size.unit), ece, cllr, least]
        })
        .collect();
    let pictures = sizes.iter().map(|(size, found)| reliability(size, found)).collect();
    (!sizes.is_empty()).then(|| {
        Section::new(format!("Calibration of scores, {protocol}"))
            .with(PageBlock::Table(head.to_vec(), rows))
            .with(PageBlock::Pictures(pictures))
            .with(PageBlock::Small(KEY.into()))
    })
}

/// The share of owners over the score, with counts.
pub(super) fn reliability(size: &SizeFigures, found: &CalibrationFigures) -> Picture {
    let filled: Vec<(f64, IntervalEstimate)> =
        found.bins.iter().filter_map(|bin| bin.score.zip(bin.owner)).collect();
    let points: Vec<[f64; 2]> = filled.iter().map(|(score, owner)| [*score, owner.value]).collect();
    let bars =
        filled.iter().map(|(score, owner)| [*score, owner.low, *score, owner.high]).collect();
    let style = Style::of(Colour::Series(0));
    let diagonal = Style::of(Colour::Muted).width(1.0).dashed(Dash::Short);
    let tenths =
        Ticks::At((0..=5).map(|n| f64::from(n) / 5.0).map(|x| (x, format!("{x:.1}"))).collect());
    let y = Axis { from: -0.16, ..Axis::linear("share of owners", 0.0, 1.0) }.ticks(tenths.clone());
    Figure::new(
        format!("Reliability, {}", windows(size.unit)),
        Axis::linear("score", 0.0, 1.0).ticks(tenths),
        y,
    )
    .size(370.0, 340.0)
    .about("Share of owners among groups of about the same score, with intervals and counts.")
    .mark(Mark::line(vec![[0.0, 0.0], [1.0, 1.0]], diagonal))
    .mark(Mark::segments(bars, style.width(1.2)))
    .mark(Mark::line(points.clone(), style.width(1.2).opacity(0.5)))
    .mark(Mark::points(points, PointShape::Circle, 3.5, style))
    .marks(counts(&found.bins))
    .draw()
}

/// In each tenth the owners' groups above the impostors'.
fn counts(bins: &[ReliabilityBin]) -> impl Iterator<Item = Mark> + '_ {
    let width = 1.0 / bins.len().max(1) as f64;
    bins.iter().enumerate().flat_map(move |(at, bin)| {
        let x = (at as f64 + 0.5) * width;
        [(bin.genuine, -0.05), (bin.impostor, -0.115)]
            .map(|(count, y)| Mark::label([x, y], short(count), false))
    })
}

/// A count in at most four letters.
fn short(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..10_000 => format!("{:.1}k", count as f64 / 1e3),
        10_000..1_000_000 => format!("{}k", count / 1_000),
        _ => grouped(count as f64),
    }
}
