//! Distributions on logarithmic bins, and how dense clicks lie on the screen.

use super::path::screen;
use super::user::UserSurvey;
use crate::lab::plot::{Axis, Colour, Dash, Figure, HeatMap, Mark, Picture, Style, Ticks, grouped};

const BINS: usize = 30;
const COLUMNS: usize = 28;
const ROWS: usize = 16;

/// Counts in bins of equal ratio.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Histogram {
    low: f64,
    high: f64,
    counts: Vec<u64>,
}

impl Histogram {
    /// Empty bins between two positive values; what lies outside counts in the outermost.
    pub(crate) fn new(low: f64, high: f64) -> Self {
        Self { low, high, counts: vec![0; BINS] }
    }

    /// Counts a value.
    pub(crate) fn add(&mut self, value: f64) {
        let share = (value.max(self.low) / self.low).ln() / (self.high / self.low).ln();
        let bin = ((share * BINS as f64) as usize).min(BINS - 1);
        self.counts[bin] += 1;
    }

    /// All values counted.
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds another's counts.
    pub(crate) fn absorb(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// Edges and share of each bin.
    fn shares(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        let edge = |i: usize| self.low * (self.high / self.low).powf(i as f64 / BINS as f64);
        let total = self.total().max(1) as f64;
        self.counts.iter().enumerate().map(move |(i, n)| (edge(i), edge(i + 1), *n as f64 / total))
    }
}

/// What a distribution shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Distribution<'a> {
    pub title: &'a str,
    pub label: &'a str,
    pub own: &'a Histogram,
    pub all: &'a Histogram,
}

impl Distribution<'_> {
    /// A user's bars, and everybody's outline behind them.
    pub(crate) fn draw(&self) -> Picture {
        let highest = self.own.shares().chain(self.all.shares()).map(|bin| bin.2);
        let top = 1.1 * highest.fold(0.01, f64::max);
        let bars = self.own.shares().filter(|bin| bin.2 > 0.0);
        let bars = bars.map(|(from, to, share)| [from, 0.0, to, share]).collect();
        let outline = self.all.shares().flat_map(|(from, to, share)| [[from, share], [to, share]]);
        let count = grouped(self.own.total() as f64);
        let title = format!("{} ({count})", self.title);
        let x = Axis::log(self.label, self.own.low, self.own.high).ticks(Ticks::About(5));
        Figure::new(title, x, Axis::linear("share", 0.0, top).ticks(Ticks::About(4)))
            .size(290.0, 220.0)
            .about(format!("Histogram of {} of this user and of all users.", self.label))
            .mark(Mark::rects(bars, Style::of(Colour::Series(0)).opacity(0.55)).named("this user"))
            .mark(
                Mark::line(
                    outline.collect(),
                    Style::of(Colour::Ink).width(1.2).dashed(Dash::Short),
                )
                .named("all users"),
            )
            .draw()
    }
}

/// Where a user's clicks lie on the screen.
pub(super) fn click_density(user: &UserSurvey) -> Picture {
    let title = format!("Clicks on the screen ({})", grouped(user.clicks.len() as f64));
    let size = [290.0, 220.0];
    let (x, y) = screen(user.extent(), size);
    let mut counts = vec![vec![0u32; COLUMNS]; ROWS];
    for [click_x, click_y] in &user.clicks {
        counts[cell(y.to, y.from, *click_y, ROWS)][cell(x.from, x.to, *click_x, COLUMNS)] += 1;
    }
    let most = counts.iter().flatten().max().copied().unwrap_or(0).max(1);
    HeatMap {
        title,
        about: "How many buttons went down in each part of the screen.".into(),
        x: cells_of(&x, COLUMNS),
        y: cells_of(&y, ROWS),
        shades: counts
            .iter()
            .map(|row| {
                row.iter()
                    .map(|count| match count {
                        0 => f64::NAN,
                        // A root keeps single clicks visible beside a button that is clicked all day.
                        count => (f64::from(*count) / f64::from(most)).sqrt(),
                    })
                    .collect()
            })
            .collect(),
        texts: Vec::new(),
        size,
    }
    .draw()
}

fn cell(from: f64, to: f64, value: f64, cells: usize) -> usize {
    (((value - from) / (to - from) * cells as f64) as usize).min(cells - 1)
}

/// An axis of cells with the ticks of an axis of pixels.
fn cells_of(axis: &Axis, cells: usize) -> Axis {
    let low = axis.from.min(axis.to);
    let high = axis.from.max(axis.to);
    let last = cells as f64 - 0.5;
    let (from, to) = if axis.from < axis.to { (-0.5, last) } else { (last, -0.5) };
    let place = |value: f64| (value - low) / (high - low) * cells as f64 - 0.5;
    let ticks = axis.values().into_iter().map(|(value, label)| (place(value), label)).collect();
    Axis::linear(axis.label.clone(), from, to).ticks(Ticks::At(ticks)).without_grid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_outside_count_at_the_edges() {
        let mut histogram = Histogram::new(1.0, 1000.0);
        for value in [0.0, 0.5, 1.0, 31.0, 1e9, f64::NAN] {
            histogram.add(value);
        }
        assert_eq!(histogram.total(), 6);
        assert_eq!((histogram.counts[0], histogram.counts[BINS - 1]), (4, 1));
        assert!((histogram.shares().map(|bin| bin.2).sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
