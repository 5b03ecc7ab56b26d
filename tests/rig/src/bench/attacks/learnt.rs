//! A hand that was learnt: a perceptron of the project's own training engine foretells from the last
//! three steps, and the way that is left, of which kind the owner's next step would be; the step
//! itself is one of the owner's of that kind. It learns from the enrolment, and walks between targets
//! as the owner's steps lead it.

use mousewarden::nn::mlp::{MlpInference, MlpParams, train};
use mousewarden::pipeline::window::Sample;
use mousewarden::pipeline::{Micros, Window};

use super::owner::Path;
use super::species::Draw;

/// Steps that the next one is foretold from.
const HISTORY: usize = 3;
/// Most rows that are learnt from.
const ROWS: usize = 4_000;
/// Pixels at which one kind of step ends and the next begins.
const LENGTHS: [f64; 5] = [1.6, 3.2, 6.5, 13.0, 26.0];
/// Directions that are told apart.
const DIRECTIONS: usize = 8;
const KINDS: usize = (LENGTHS.len() + 1) * DIRECTIONS;
/// Steps of a kind among which the one is taken that followed the likest step.
const CANDIDATES: usize = 8;
/// So near to the target, in pixels, the hand stops.
const THERE: f64 = 4.0;
/// Steps of a movement at most.
const MOST: usize = 120;

/// dx and dy in pixels, dt in milliseconds.
type Step = [f64; 3];

/// The owner's hand, learnt.
#[derive(Debug)]
pub(super) struct LearntHand {
    perceptron: MlpInference,
    /// By kind: the owner's steps, each with the one before it.
    steps: Vec<Vec<[Step; 2]>>,
    /// How the owner's movements begin.
    beginnings: Vec<Beginning>,
}

#[derive(Debug)]
struct Beginning {
    steps: [Step; HISTORY],
    chord: [f64; 2],
}

impl LearntHand {
    pub(super) fn of(windows: &[Window], seed: u64) -> Self {
        let mut steps = vec![Vec::new(); KINDS];
        let mut beginnings = Vec::new();
        let (mut rows, mut kinds) = (Vec::new(), Vec::new());
        for window in windows {
            let samples = window.samples();
            let path: Vec<Step> = samples.windows(2).map(step).collect();
            let Some(begin) = path.first_chunk::<HISTORY>() else { continue };
            let mut left = path.iter().fold([0.0; 2], |sum, step| added(sum, *step, 1.0));
            beginnings.push(Beginning { steps: *begin, chord: left });
            for (at, step) in path.iter().enumerate() {
                if at >= HISTORY {
                    let kind = kind(*step);
                    rows.push(features(&path[at - HISTORY..at], left, at));
                    kinds.push(kind);
                    steps[kind].push([path[at - 1], *step]);
                }
                left = added(left, *step, -1.0);
            }
        }
        let every = rows.len().div_ceil(ROWS).max(1);
        let rows: Vec<Vec<f32>> = rows.into_iter().step_by(every).collect();
        let kinds: Vec<usize> = kinds.into_iter().step_by(every).collect();
        let params = MlpParams {
            hidden: vec![32],
            members: 1,
            epochs: 120,
            learning_rate: 0.02,
            decay: 0.0,
            bins: 1,
            noise: 0.01,
            relevance: 0.0,
            seed,
        };
        let perceptron = MlpInference::new(&train(&rows, &kinds, KINDS, &params));
        Self { perceptron, steps, beginnings }
    }

    /// One movement for each of the pattern's.
    pub(super) fn all(&self, pattern: &[Window], draw: &mut Draw) -> Vec<Path> {
        pattern.iter().map(|window| self.one(window.samples(), draw)).collect()
    }

    fn one(&self, like: &[Sample], draw: &mut Draw) -> Path {
        let (from, to) = (like[0], like[like.len() - 1]);
        let mut left = [to.x - from.x, to.y - from.y];
        let mut path: Vec<Step> = self.beginning(left, draw).to_vec();
        for step in &path {
            left = added(left, *step, -1.0);
        }
        while path.len() < MOST && left[0].hypot(left[1]) > THERE {
            let Some(step) = self.next(&path, left, draw) else { break };
            left = added(left, step, -1.0);
            path.push(step);
        }
        walked(from, &path)
    }

    /// How a movement to about there has begun.
    fn beginning(&self, left: [f64; 2], draw: &mut Draw) -> &[Step] {
        let mut nearest: (f64, &[Step]) = (f64::MAX, &[]);
        for begin in &self.beginnings {
            let apart = (begin.chord[0] - left[0]).hypot(begin.chord[1] - left[1]);
            let apart = apart + draw.between(0.0, 30.0);
            if apart < nearest.0 {
                nearest = (apart, &begin.steps);
            }
        }
        nearest.1
    }

    fn next(&self, path: &[Step], left: [f64; 2], draw: &mut Draw) -> Option<Step> {
        let last = *path.last()?;
        let recent = path.get(path.len().checked_sub(HISTORY)?..)?;
        let chances = self.perceptron.probabilities(&features(recent, left, path.len()));
        let mut rest = draw.between(0.0, 1.0);
        let mut drawn = 0;
        for (kind, chance) in chances.iter().enumerate() {
            if self.steps[kind].is_empty() {
                continue;
            }
            drawn = kind;
            rest -= f64::from(*chance);
            if rest <= 0.0 {
                break;
            }
        }
        let steps = &self.steps[drawn];
        let count = steps.len();
        let candidates = (0..CANDIDATES.min(count)).map(|_| steps[draw.below(count)]);
        let likest =
            candidates.min_by(|one, other| unlike(one[0], last).total_cmp(&unlike(other[0], last)));
        likest.map(|[_, step]| step)
    }
}

fn step(pair: &[Sample]) -> Step {
    let micros = (pair[1].at - pair[0].at).0 as f64;
    [pair[1].x - pair[0].x, pair[1].y - pair[0].y, micros / 1e3]
}

fn added([x, y]: [f64; 2], [dx, dy, _]: Step, times: f64) -> [f64; 2] {
    [x + times * dx, y + times * dy]
}

fn unlike(one: Step, other: Step) -> f64 {
    (one[0] - other[0]).hypot(one[1] - other[1]) + 0.2 * (one[2] - other[2]).abs()
}

fn kind([dx, dy, _]: Step) -> usize {
    let length = dx.hypot(dy);
    let size = LENGTHS.iter().filter(|end| length >= **end).count();
    let turns = dy.atan2(dx) / std::f64::consts::TAU + 1.0;
    let direction = (turns * DIRECTIONS as f64).round() as usize % DIRECTIONS;
    size * DIRECTIONS + direction
}

fn features(recent: &[Step], left: [f64; 2], done: usize) -> Vec<f32> {
    let steps = recent.iter().flat_map(|[dx, dy, _]| [dx.asinh(), dy.asinh()]);
    let last = recent.last().map_or(0.0, |step| step[2].max(1.0).ln());
    let way = left[0].hypot(left[1]);
    let rest = [last, left[0].asinh(), left[1].asinh(), way.ln_1p(), (done as f64).ln_1p()];
    steps.chain(rest).map(|number| number as f32).collect()
}

/// The path of steps from a place.
fn walked(from: Sample, steps: &[Step]) -> Path {
    let mut path = vec![from];
    let mut at = from;
    for [dx, dy, ms] in steps {
        at = Sample { at: at.at + Micros((ms * 1e3) as i64), x: at.x + dx, y: at.y + dy };
        path.push(at);
    }
    path
}
