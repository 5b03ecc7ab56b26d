//! The owners beside each other, the best first.

use super::{figures, windows};
use crate::lab::evaluate::results::{Method, SizeFigures, UserFigures};
use crate::lab::plot::page::{PageBlock, Section};
use crate::lab::plot::{
    Axis, Colour, Figure, Mark, Picture, PointShape, Style, Ticks, number, percent, short_id,
};

/// Owners drawn; with more, the best and the worst.
const OWNERS: usize = 40;

pub(super) fn section(protocol: &str, size: &SizeFigures, model: &Method) -> Section {
    let mut section = Section::new(format!("Owner by owner, {protocol}"))
        .with(PageBlock::Pictures(vec![bars(size)]));
    if owners(size).len() > OWNERS {
        let more = owners(size).len() - OWNERS;
        section =
            section.with(PageBlock::Small(format!("{more} owners in the middle are not drawn.")));
    }
    section
        .with(figures::inequality(model))
        .with(PageBlock::Small(
            "Spread: standard deviation of the owners' EER. Gini: 0 when all owners' errors are \
             alike, towards 1 when they are one owner's."
                .into(),
        ))
        .with(PageBlock::Heading(format!("Each owner, {}", windows(size.unit))))
        .with(table(size))
}

/// One owner, the mean over the seeds.
struct Owner<'a> {
    user: &'a str,
    eer: f64,
    /// FAR and FRR at the threshold that was fixed beforehand.
    carried: Option<[f64; 2]>,
}

fn owners(size: &SizeFigures) -> Vec<Owner<'_>> {
    let mut names: Vec<&str> = size.users.iter().map(|user| user.user.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut owners: Vec<_> = names
        .into_iter()
        .map(|user| {
            let of: Vec<_> = size.users.iter().filter(|figures| figures.user == user).collect();
            let mean = |value: &dyn Fn(&UserFigures) -> Option<f64>| {
                let values: Vec<f64> = of.iter().filter_map(|figures| value(figures)).collect();
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
            };
            let far = mean(&|figures| Some(figures.calibrated.or(figures.shipped)?.far));
            let frr = mean(&|figures| Some(figures.calibrated.or(figures.shipped)?.frr));
            let carried = far.zip(frr).map(|(far, frr)| [far, frr]);
            Owner { user, eer: mean(&|figures| Some(figures.eer)).unwrap_or(f64::NAN), carried }
        })
        .collect();
    owners.sort_by(|a, b| a.eer.total_cmp(&b.eer));
    owners
}

/// EER of each owner as bars, sorted, with FAR and FRR as marks.
pub(super) fn bars(size: &SizeFigures) -> Picture {
    let mut owners = owners(size);
    if owners.len() > OWNERS {
        owners.drain(OWNERS / 2..owners.len() - OWNERS / 2);
    }
    let names: Vec<_> = owners.iter().map(|owner| short_id(owner.user, 14)).collect();
    let rates = owners.iter().flat_map(|owner| owner.carried.into_iter().flatten());
    let highest = rates.chain(owners.iter().map(|owner| owner.eer)).fold(0.1, f64::max);
    let bars = owners
        .iter()
        .enumerate()
        .map(|(row, owner)| {
            let row = row as f64;
            [0.0, row - 0.36, owner.eer, row + 0.36]
        })
        .collect();
    let x = Axis::linear("error rate", 0.0, (1.05 * highest).min(1.0)).ticks(Ticks::About(6));
    let title = format!("Errors of each owner, {}", windows(size.unit));
    let figure = Figure::new(title, x, Axis::named("", &names, true))
        .size(620.0, 110.0 + 19.0 * names.len().max(2) as f64)
        .about("Equal error rate of each owner, sorted, with FAR and FRR at the fixed threshold.")
        .mark(Mark::rects(bars, Style::of(Colour::Series(0)).opacity(0.5)).named("EER"));
    if owners.iter().all(|owner| owner.carried.is_none()) {
        return figure.draw();
    }
    let far =
        Mark::points(points(&owners, 0), PointShape::Triangle, 4.0, Style::of(Colour::Series(1)));
    let frr = Mark::points(points(&owners, 1), PointShape::Diamond, 4.0, Style::of(Colour::Ink));
    figure.mark(far.named("FAR, fixed threshold")).mark(frr.named("FRR, fixed threshold")).draw()
}

fn points(owners: &[Owner<'_>], which: usize) -> Vec<[f64; 2]> {
    let of = owners.iter().enumerate();
    of.filter_map(|(row, owner)| Some([owner.carried?[which], row as f64])).collect::<Vec<_>>()
}

fn table(size: &SizeFigures) -> PageBlock {
    let head = ["owner", "seed", "owner's groups", "impostors' groups", "AUC", "EER", "FAR", "FRR"];
    let mut users: Vec<_> = size.users.iter().collect();
    users.sort_by(|a, b| a.eer.total_cmp(&b.eer));
    PageBlock::Table(
        head.map(str::to_owned).to_vec(),
        users
            .iter()
            .map(|user| {
                let fixed = user.calibrated.or(user.shipped);
                vec![
                    user.user.clone(),
                    user.seed.to_string(),
                    user.genuine_groups.to_string(),
                    user.impostor_groups.to_string(),
                    number(user.auc),
                    percent(user.eer),
                    share_or_dash(fixed.map(|at| at.far)),
                    share_or_dash(fixed.map(|at| at.frr)),
                ]
            })
            .collect(),
    )
}

fn share_or_dash(rate: Option<f64>) -> String {
    rate.map_or_else(|| "-".into(), percent)
}
