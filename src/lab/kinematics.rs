//! How a person moves, in a dozen summary numbers: to compare synthetic users with real ones, and
//! to fit the population that they are drawn from.

use crate::pipeline::{Steps, Window};

/// The names of the numbers, in the order of [`of`].
pub const NAMES: [&str; 13] = [
    "steps, median",
    "steps, upper quartile",
    "seconds, median",
    "seconds, upper quartile",
    "way px, median",
    "speed px/s, median",
    "peak to mean speed",
    "straightness",
    "turn rad/step",
    "share of 1 px steps",
    "share of dy = 0",
    "share of dx = 0",
    "dt ms, upper quartile",
];

/// The numbers of one person; `None` without movement.
pub fn of(windows: &[Window]) -> Option<[f64; NAMES.len()]> {
    if windows.is_empty() {
        return None;
    }
    let each: Vec<MovementSum> = windows.iter().map(|w| MovementSum::of(&Steps::from(w))).collect();
    let steps: Vec<[f32; 3]> =
        windows.iter().flat_map(|w| Steps::from(w).rows().to_vec()).collect();
    Some([
        median(&each, |m| m.steps),
        upper_quartile(&each, |m| m.steps),
        median(&each, |m| m.seconds),
        upper_quartile(&each, |m| m.seconds),
        median(&each, |m| m.way),
        median(&each, |m| m.way / m.seconds),
        median(&each, |m| m.peak * m.seconds / m.way),
        median(&each, |m| m.chord / m.way),
        median(&each, |m| m.turn),
        share(&steps, |row| row[0].abs().max(row[1].abs()) <= 1.0),
        share(&steps, |row| row[1] == 0.0),
        share(&steps, |row| row[0] == 0.0),
        quantile(steps.iter().map(|row| f64::from(row[2])).collect(), 0.75),
    ])
}

fn share(steps: &[[f32; 3]], f: fn(&[f32; 3]) -> bool) -> f64 {
    steps.iter().filter(|row| f(row)).count() as f64 / steps.len() as f64
}

fn upper_quartile(each: &[MovementSum], f: fn(&MovementSum) -> f64) -> f64 {
    quantile(each.iter().map(f).collect(), 0.75)
}

fn median(each: &[MovementSum], f: fn(&MovementSum) -> f64) -> f64 {
    quantile(each.iter().map(f).collect(), 0.5)
}

/// The value below which this share of the values lies; 0 for none.
pub fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
}

struct MovementSum {
    steps: f64,
    seconds: f64,
    way: f64,
    chord: f64,
    /// Pixels a second over the fastest step.
    peak: f64,
    /// Mean absolute change of direction.
    turn: f64,
}

impl MovementSum {
    fn of(steps: &Steps) -> Self {
        let rows: Vec<[f64; 3]> = steps.rows().iter().map(|r| r.map(f64::from)).collect();
        let [x, y, ms] = [0, 1, 2].map(|axis| rows.iter().map(|row| row[axis]).sum::<f64>());
        let turns = rows.windows(2).map(|pair| {
            let a = pair[0];
            let b = pair[1];
            (a[0] * b[1] - a[1] * b[0]).atan2(a[0] * b[0] + a[1] * b[1]).abs()
        });
        Self {
            steps: rows.len() as f64,
            seconds: (ms / 1e3).max(1e-3),
            way: rows.iter().map(length).sum::<f64>().max(1e-3),
            chord: x.hypot(y),
            peak: rows.iter().map(|row| length(row) / row[2].max(1.0) * 1e3).fold(0.0, f64::max),
            turn: turns.sum::<f64>() / (rows.len().max(2) - 1) as f64,
        }
    }
}

fn length(row: &[f64; 3]) -> f64 {
    row[0].hypot(row[1])
}
