//! ROC, DET, and how errors fall with more windows.

use super::{model, windows};
use crate::lab::evaluate::results::{JudgedUnit, Method, ProtocolRun, SizeFigures};
use crate::lab::plot::{Axis, Colour, Dash, Figure, Mark, Picture, Scale, Style, Ticks};

/// Curves with their bands that can still be told apart in one picture.
const CURVES: usize = 3;

/// The ends of a DET axis.
const DET: [f64; 2] = [0.002, 0.8];

/// How to read the three pictures.
pub(super) const KEY: &str = "ROC and DET: all owners' scores on one scale, for up to three sizes of \
    the table; bands are pointwise 95 % intervals over owners. A DET axis is stretched so that normally distributed scores give a \
    straight line; lower and further left is better. EER by windows: means over owners with 95 % \
    intervals; the dotted line is where more windows of the same session stop helping.";

pub(super) fn roc(model: &Method) -> Picture {
    let of = |size: &SizeFigures| {
        let curve = &size.pooled.curve;
        let line = curve.iter().map(|point| [point.far, 1.0 - point.frr]).collect();
        let band = curve.iter().map(|p| [p.far, 1.0 - p.high, 1.0 - p.low]).collect();
        (band, line)
    };
    let diagonal = Style::of(Colour::Muted).width(1.0).dashed(Dash::Short);
    let chance = Mark::line(vec![[0.0, 0.0], [1.0, 1.0]], diagonal);
    let x = Axis::linear("impostors accepted (FAR)", 0.0, 1.0);
    let y = Axis::linear("owners accepted (1 - FRR)", 0.0, 1.0);
    let figure = Figure::new("ROC", x, y).size(390.0, 410.0).mark(chance);
    figure
        .about("ROC curves with bands, for up to three numbers of windows.")
        .marks(curves(model, of))
        .draw()
}

pub(super) fn det(model: &Method) -> Picture {
    let of = |size: &SizeFigures| {
        let shown = size.pooled.curve.iter().filter(|point| point.far >= DET[0]);
        let shown: Vec<_> = shown.filter(|point| point.far <= DET[1]).collect();
        let line = shown.iter().map(|point| [point.far, on_axis(point.frr)]).collect();
        let band = shown.iter().map(|p| [p.far, on_axis(p.low), on_axis(p.high)]).collect();
        (band, line)
    };
    let diagonal = Style::of(Colour::Muted).width(1.0).dashed(Dash::Short);
    let equal = Mark::line(vec![[DET[0], DET[0]], [DET[1], DET[1]]], diagonal);
    let x = Axis::probit("impostors accepted (FAR), %", DET[0], DET[1]);
    let y = Axis::probit("owners rejected (FRR), %", DET[0], DET[1]);
    Figure::new("DET", x, y)
        .size(390.0, 410.0)
        .about("DET curves with bands on probit axes, for up to three numbers of windows.")
        .mark(equal)
        .marks(curves(model, of))
        .draw()
}

fn on_axis(share: f64) -> f64 {
    share.clamp(DET[0], DET[1])
}

type BandAndLine = (Vec<[f64; 3]>, Vec<[f64; 2]>);

/// The sizes that are drawn: where there are many, the first, the middle and the last number of
/// windows. The table has all.
fn drawn(model: &Method) -> Vec<&SizeFigures> {
    if model.sizes.len() <= CURVES {
        return model.sizes.iter().collect();
    }
    let counts: Vec<&SizeFigures> = model.counts().map(|(_, size)| size).collect();
    if counts.len() <= CURVES {
        return model.sizes.iter().take(CURVES).collect();
    }
    [0, counts.len() / 2, counts.len() - 1].map(|place| counts[place]).into()
}

/// Bands below all lines.
fn curves(model: &Method, of: impl Fn(&SizeFigures) -> BandAndLine) -> Vec<Mark> {
    let mut bands = Vec::new();
    let mut lines = Vec::new();
    for (i, size) in drawn(model).into_iter().enumerate() {
        let (band, line) = of(size);
        bands.push(Mark::band(band, Style::series(i).opacity(0.13)));
        lines.push(Mark::line(line, Style::series(i)).named(windows(size.unit)));
    }
    bands.extend(lines);
    bands
}

/// Mean EER of the model and of the baselines over the number of windows.
pub(super) fn eer_by_size(run: &ProtocolRun) -> Picture {
    let sizes: Vec<f64> = run.methods.iter().flat_map(Method::counts).map(|(n, _)| n).collect();
    let last = sizes.iter().copied().fold(2.0, f64::max);
    let ticks = ticks(&sizes);
    let x = Axis { scale: Scale::Log, ..Axis::linear("windows judged together", 0.9, 1.15 * last) };
    let rates = run.methods.iter().flat_map(Method::counts).map(|(_, size)| size.mean.eer.high);
    let top = rates.filter(|rate| rate.is_finite()).fold(0.5, f64::max).min(1.0);
    let y = Axis::linear("equal error rate", 0.0, 1.05 * top);
    let mut figure = Figure::new("EER by windows", x.ticks(Ticks::At(ticks)), y)
        .size(390.0, 410.0)
        .about("Equal error rate of the model and of each baseline over the windows judged.");
    for (i, method) in run.methods.iter().enumerate() {
        let style = if i == 0 { Style::series(0).width(2.6) } else { Style::series(i) };
        let points = method.counts().map(|(n, size)| [n, size.mean.eer.value]).collect();
        // Side by side, so that intervals at the same number don't hide each other.
        let apart = 1.0 + 0.03 * i as f64;
        let bars = method
            .counts()
            .map(|(n, size)| [n * apart, size.mean.eer.low, n * apart, size.mean.eer.high]);
        let bars = Mark::segments(bars.collect(), style.width(1.2).dashed(Dash::Solid));
        figure = figure.mark(Mark::line(points, style).named(&method.name)).mark(bars);
    }
    if let Some(floor) = model(run).and_then(|model| model.floor) {
        let style = Style::of(Colour::Series(0)).dashed(Dash::Dots).width(1.4);
        let line = Mark::line(vec![[0.9, floor.eer], [1.15 * last, floor.eer]], style);
        figure = figure.mark(line.named("the model's floor"));
    }
    figure.draw()
}

fn ticks(sizes: &[f64]) -> Vec<(f64, String)> {
    let mut sizes = sizes.to_vec();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    sizes.into_iter().map(|n| (n, format!("{n:.0}"))).collect()
}

impl Method {
    /// The sizes that are a number of windows, with that number.
    fn counts(&self) -> impl Iterator<Item = (f64, &SizeFigures)> {
        self.sizes.iter().filter_map(|size| match size.unit {
            JudgedUnit::Windows(n) => Some((n as f64, size)),
            JudgedUnit::Seconds(_) | JudgedUnit::Session => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::evaluate::report::sample;

    #[test]
    fn a_picture_has_three_bands_at_most() {
        let results = sample::results();
        let mut method = model(&results.runs[0]).unwrap().clone();
        let of = |units: &[usize]| -> Vec<SizeFigures> {
            let sized = |n: &usize| {
                let unit = JudgedUnit::Windows(*n);
                SizeFigures { unit, ..method.sizes[0].clone() }
            };
            units.iter().map(sized).collect()
        };
        let [many, few] = [of(&[1, 5, 10, 20, 30]), of(&[1, 10])];
        method.sizes = many;
        let units: Vec<_> = drawn(&method).iter().map(|size| windows(size.unit)).collect();
        assert_eq!(units, ["1 window", "10 windows", "30 windows"]);
        method.sizes = few;
        assert_eq!(drawn(&method).len(), 2);
    }
}
