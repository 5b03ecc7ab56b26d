//! Where the scores lie, and what the threshold makes of them.

use super::windows;
use crate::lab::evaluate::results::{Method, SizeFigures};
use crate::lab::plot::page::{PageBlock, Section};
use crate::lab::plot::{
    Axis, Colour, Dash, Figure, HeatMap, Mark, Picture, Style, Ticks, grouped, number, percent,
};

pub(super) fn section(protocol: &str, model: &Method) -> Section {
    let columns = model.sizes.iter().map(|size| vec![distribution(size), confusion(size)]);
    Section::new(format!("Scores and decisions, {protocol}"))
        .with(PageBlock::Small(
            "Scores of all owners together: 0 is an impostor, 1 the owner. Below each, the decisions \
             at the threshold, as shares of the row's truth and as counts."
                .into(),
        ))
        .with(PageBlock::Columns(columns.collect()))
}

/// Histograms of genuine and impostor scores with the threshold.
pub(super) fn distribution(size: &SizeFigures) -> Picture {
    let pooled = &size.pooled;
    let genuine = shares(&pooled.genuine);
    let impostor = shares(&pooled.impostor);
    let highest = genuine.iter().chain(&impostor).copied().fold(0.01, f64::max);
    let genuine = outline(&genuine);
    let impostor = outline(&impostor);
    let owner = Style::of(Colour::Series(0));
    let impostor_style = Style::of(Colour::Series(1));
    let y = Axis::linear("share", 0.0, 1.15 * highest).ticks(Ticks::About(4));
    let title = format!("Scores, {}", windows(size.unit));
    let threshold = pooled.threshold.unwrap_or(pooled.eer_threshold);
    let note = match pooled.threshold {
        Some(threshold) => format!("threshold {}", number(threshold)),
        None => format!("EER threshold {}", number(threshold)),
    };
    Figure::new(title, Axis::linear("score", 0.0, 1.0), y)
        .size(370.0, 250.0)
        .about("Histograms of the owners' and the impostors' scores, and the threshold.")
        .mark(Mark::band(filled(&genuine), owner.opacity(0.25)))
        .mark(Mark::band(filled(&impostor), impostor_style.opacity(0.25)))
        .mark(Mark::line(genuine, owner).named("owner"))
        .mark(Mark::line(impostor, impostor_style.dashed(Dash::Short)).named("impostor"))
        .mark(Mark::upright(threshold, note))
        .draw()
}

fn filled(line: &[[f64; 2]]) -> Vec<[f64; 3]> {
    line.iter().map(|[x, y]| [*x, 0.0, *y]).collect::<Vec<_>>()
}

/// The outline of a histogram over 0..=1.
fn outline(shares: &[f64]) -> Vec<[f64; 2]> {
    let width = 1.0 / shares.len().max(1) as f64;
    shares
        .iter()
        .enumerate()
        .flat_map(|(i, share)| [[i as f64 * width, *share], [(i + 1) as f64 * width, *share]])
        .collect::<Vec<_>>()
}

fn shares(counts: &[u64]) -> Vec<f64> {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    counts.iter().map(|count| *count as f64 / total).collect::<Vec<_>>()
}

/// Truth by decision.
pub(super) fn confusion(size: &SizeFigures) -> Picture {
    let table = &size.pooled.confusion;
    let rows = [
        [table.genuine_accepted, table.genuine_rejected],
        [table.impostor_accepted, table.impostor_rejected],
    ];
    let truth = ["owner", "impostor"].map(str::to_owned);
    let decision = ["accepted", "rejected"].map(str::to_owned);
    HeatMap {
        title: format!("Decisions, {}", windows(size.unit)),
        about: "Confusion matrix: truth by decision.".into(),
        x: Axis::named("decision", &decision, false),
        y: Axis::named("truth", &truth, true),
        shades: rows.iter().map(|row| row.map(|count| share_of(row, count)).to_vec()).collect(),
        texts: rows.iter().map(|row| row.map(|count| cell_text(row, count)).to_vec()).collect(),
        size: [370.0, 170.0],
    }
    .draw()
}

fn share_of(row: &[u64; 2], count: u64) -> f64 {
    match row.iter().sum::<u64>() {
        0 => f64::NAN,
        total => count as f64 / total as f64,
    }
}

fn cell_text(row: &[u64; 2], count: u64) -> String {
    format!("{} ({})", percent(share_of(row, count)), grouped(count as f64))
}
