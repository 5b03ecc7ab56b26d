//! The table of a model's figures, one row for each number of windows.

use super::{auc, maybe_rate, rate, windows};
use crate::lab::evaluate::results::{Method, SizeFigures};
use crate::lab::plot::page::PageBlock;
use crate::lab::plot::{number, percent, seconds};

/// What the columns are.
pub(super) const KEY: &str = "Means over owners with 95 % intervals of a bootstrap over owners. \
    EER: equal error rate, with a threshold that looks at the test. FAR and FRR: impostors accepted \
    and owners rejected, at the threshold of the calibration part and at the one that the model \
    file carries; neither has seen the test.";

pub(super) fn table(model: &Method) -> PageBlock {
    let head = [
        "judged together",
        "movement",
        "clock",
        "AUC",
        "EER",
        "FAR calibrated",
        "FRR calibrated",
        "FAR shipped",
        "FRR shipped",
        "FRR at FAR 1 %",
    ];
    filled(&head, model.sizes.iter().map(row).collect())
}

/// A table without the columns in which no row says anything.
fn filled(head: &[&str], rows: Vec<Vec<String>>) -> PageBlock {
    let places = 0..head.len();
    let places: Vec<usize> =
        places.filter(|place| rows.iter().any(|row| row[*place] != "-")).collect();
    let head = places.iter().map(|place| head[*place].to_owned()).collect();
    let rows =
        rows.iter().map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect();
    PageBlock::Table(head, rows)
}

fn row(size: &SizeFigures) -> Vec<String> {
    let mean = &size.mean;
    vec![
        windows(size.unit),
        seconds(size.movement_s),
        seconds(size.wall_s),
        auc(&mean.auc),
        rate(&mean.eer),
        maybe_rate(mean.far.as_ref()),
        maybe_rate(mean.frr.as_ref()),
        maybe_rate(mean.shipped_far.as_ref()),
        maybe_rate(mean.shipped_frr.as_ref()),
        maybe_rate(mean.frr_at_far_1.as_ref()),
    ]
}

/// How unequal the owners are, size by size.
pub(super) fn inequality(model: &Method) -> PageBlock {
    let head = ["judged together", "worst owner", "their EER", "spread of EER", "Gini of EER"];
    PageBlock::Table(
        head.map(str::to_owned).to_vec(),
        model
            .sizes
            .iter()
            .map(|size| {
                let (worst, rate) = &size.worst;
                let [rate, spread] = [*rate, size.spread].map(percent);
                vec![windows(size.unit), worst.clone(), rate, spread, number(size.gini)]
            })
            .collect(),
    )
}
