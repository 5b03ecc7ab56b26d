//! Search with the model file in hand: another user's movement is bent, window by window, as long as
//! the owner's model takes it more for the owner's.

use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::window::Sample;
use mousewarden::pipeline::{GroupMean, LlrForm, Micros, OwnerModel, Scorer, Steps, Window};

use super::owner::Path;
use super::species::Draw;

/// Changes that are tried on a window.
const ROUNDS: usize = 150;
/// Windows that the decision judges together.
const TOGETHER: usize = 10;
/// A movement must not be cut by a pause, microseconds.
const LONGEST: i64 = 200_000;

/// These windows, bent towards the owner.
///
/// # Errors
/// When the scorer fails.
pub(super) fn bent(
    windows: &[Window],
    owner: &OwnerModel,
    scorer: &mut impl Scorer,
    draw: &mut Draw,
) -> Result<Vec<Path>> {
    let form = owner.ratio(TOGETHER);
    windows.iter().map(|window| climb(window.samples(), &form, scorer, draw)).collect()
}

fn climb(
    from: &[Sample],
    form: &LlrForm,
    scorer: &mut impl Scorer,
    draw: &mut Draw,
) -> Result<Path> {
    let mut best = from.to_vec();
    let mut reached = ratio(&best, form, scorer)?;
    for _ in 0..ROUNDS {
        let tried = changed(&best, draw);
        let now = ratio(&tried, form, scorer)?;
        if now > reached {
            (best, reached) = (tried, now);
        }
    }
    Ok(best)
}

/// What a group of such windows would say for the owner, nats.
fn ratio(path: &[Sample], form: &LlrForm, scorer: &mut impl Scorer) -> Result<f64> {
    let row = |pair: &[Sample]| {
        let (from, to) = (pair[0], pair[1]);
        [(to.x - from.x) as f32, (to.y - from.y) as f32, (to.at - from.at).as_millis_f32()]
    };
    let steps = Steps::from_rows(path.windows(2).map(row).collect());
    let scores = scorer.score(&[steps]);
    let scores = scores.map_err(|e| Failure::new(FailureKind::Internal, e.to_string()))?;
    // The decision looks at the embedding alone.
    Ok(form.of(&GroupMean::of(scores.iter()).embedding, 0.0))
}

/// One change: of size along an axis, of time, of a place and its neighbourhood, or of smoothness.
fn changed(path: &[Sample], draw: &mut Draw) -> Path {
    let first = path[0];
    let which = draw.below(5);
    let factor = draw.normal(0.15).exp();
    let centre = draw.between(0.0, path.len() as f64);
    let width = draw.between(1.0, 8.0);
    let push = [draw.normal(4.0), draw.normal(4.0)];
    let mut changed: Path = Vec::with_capacity(path.len());
    for (at, sample) in path.iter().enumerate() {
        let [mut x, mut y] = [sample.x - first.x, sample.y - first.y];
        let before = changed.last().map_or(first.at, |before: &Sample| before.at);
        let mut took = sample.at - path[at.saturating_sub(1)].at;
        match which {
            0 => x *= factor,
            1 => y *= factor,
            2 => took = Micros((took.0 as f64 * factor) as i64),
            3 => {
                let near = (-((at as f64 - centre) / width).powi(2)).exp();
                [x, y] = [x + near * push[0], y + near * push[1]];
            }
            _ => {
                let next = path.get(at + 1).unwrap_or(sample);
                let last = path[at.saturating_sub(1)];
                x = (last.x + sample.x + next.x) / 3.0 - first.x;
                y = (last.y + sample.y + next.y) / 3.0 - first.y;
            }
        }
        let took = Micros(took.0.clamp(i64::from(at > 0) * 6_000, LONGEST));
        changed.push(Sample {
            at: before + took,
            x: (first.x + x).round(),
            y: (first.y + y).round(),
        });
    }
    changed
}
