//! One axis: what it shows, from where to where, and with which ticks.

use super::scale::Scale;

/// Which ticks an axis has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ticks {
    /// About so many, at round values.
    About(usize),
    /// These, with their texts.
    At(Vec<(f64, String)>),
}

/// One axis of a picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    /// What it shows, with the unit.
    pub label: String,
    /// Its spacing.
    pub scale: Scale,
    /// The value at the left or at the bottom. It may be the larger one: screens count downwards.
    pub from: f64,
    /// The value at the right or at the top.
    pub to: f64,
    /// Its ticks.
    pub ticks: Ticks,
    /// Whether lines run across the picture at the ticks.
    pub grid: bool,
}

impl Axis {
    /// A linear axis between two values.
    pub(crate) fn linear(label: impl Into<String>, from: f64, to: f64) -> Self {
        let label = label.into();
        Self { label, scale: Scale::Linear, from, to, ticks: Ticks::About(5), grid: true }
    }

    /// A logarithmic axis between two positive values.
    pub(crate) fn log(label: impl Into<String>, from: f64, to: f64) -> Self {
        Self { scale: Scale::Log, ..Self::linear(label, from, to) }
    }

    /// A probit axis between two shares.
    pub(crate) fn probit(label: impl Into<String>, from: f64, to: f64) -> Self {
        Self { scale: Scale::Probit, ..Self::linear(label, from, to) }
    }

    /// An axis of named rows or columns: the nth stands around n. The first is at the top or left.
    pub(crate) fn named(label: impl Into<String>, names: &[String], downwards: bool) -> Self {
        let end = names.len() as f64 - 0.5;
        let (from, to) = if downwards { (end, -0.5) } else { (-0.5, end) };
        let ticks = names.iter().enumerate().map(|(i, name)| (i as f64, name.clone())).collect();
        Self { ticks: Ticks::At(ticks), grid: false, ..Self::linear(label, from, to) }
    }

    /// With other ticks.
    #[must_use]
    pub(crate) fn ticks(mut self, ticks: Ticks) -> Self {
        self.ticks = ticks;
        self
    }

    /// Without lines across the picture.
    #[must_use]
    pub(crate) fn without_grid(mut self) -> Self {
        self.grid = false;
        self
    }

    /// The share of the axis at which a value stands; held to the axis.
    pub(super) fn share(&self, value: f64) -> f64 {
        let [from, to, value] = [self.from, self.to, value].map(|value| self.scale.place(value));
        let share = (value - from) / (to - from);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 }
    }

    /// Its ticks: value and text.
    pub(crate) fn values(&self) -> Vec<(f64, String)> {
        match &self.ticks {
            Ticks::About(count) => self.scale.ticks(self.from, self.to, *count),
            Ticks::At(ticks) => ticks.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_may_count_downwards_and_holds_what_lies_outside() {
        let axis = Axis::linear("y, px", 1080.0, 0.0);
        assert_eq!(axis.share(0.0), 1.0);
        assert_eq!(axis.share(2000.0), 0.0);
        assert_eq!(axis.share(f64::NAN), 0.5);
        assert_eq!(Axis::linear("constant", 7.0, 7.0).share(7.0), 0.5);
    }
}
