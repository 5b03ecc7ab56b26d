//! Whether more movement would help an enrolment: its error rates estimated as it goes on, and how
//! far its sessions lie apart.

use crate::error::Result;
use crate::model::{Bundle, OperatingPoint};
use crate::nn::AnyInference;
use crate::pipeline::{Steps, Window, WindowParams};

use super::enrolment::train_against_generated;
use super::train::{FEWEST_WINDOWS, TrainOptions, TrainingFacts};

/// Windows judged together in the estimates: some ten seconds of movement.
const GROUP: usize = 10;
/// From one estimate to the next there are so many times as many windows.
const STEP: f64 = std::f64::consts::SQRT_2;
/// Windows of the first estimate.
const FIRST: usize = 80;
/// Error rates that twice the movement changes by less than this share have settled.
const SETTLED: f32 = 0.15;
/// Windows of a session that can be compared with another.
const COMPARABLE: usize = 30;

/// The error rates of an enrolment after some movement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnrolmentEstimate {
    /// Windows of the owner.
    pub windows: usize,
    /// At the threshold where both errors meet, groups of ten windows.
    pub point: OperatingPoint,
}

impl EnrolmentEstimate {
    /// What a model of so many windows says of itself; `None` if it does not know groups of ten.
    pub fn of(bundle: &Bundle, windows: usize) -> Option<Self> {
        let point = bundle.operating_points.iter().find(|point| point.windows == GROUP);
        point.map(|point| Self { windows, point: *point })
    }
}

/// Estimates with more and more movement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LearningCurve(Vec<EnrolmentEstimate>);

impl LearningCurve {
    /// With how many windows the next estimate is due.
    pub fn next(&self) -> usize {
        self.0.last().map_or(FIRST, |last| (last.windows as f64 * STEP).round() as usize)
    }

    /// Adds an estimate with more windows than all before.
    pub fn push(&mut self, estimate: EnrolmentEstimate) {
        self.0.push(estimate);
    }

    /// Whether twice the movement has hardly changed the error, two times in a row. While it falls,
    /// more movement helps; while it rises, kinds of movement still come that were not seen before,
    /// and the first estimates were too good. On Gmail people the second is the rule, and once in a
    /// row costs 2.5 points of error that twice does not (`bench enough`).
    pub fn is_enough(&self) -> bool {
        match self.0.len().checked_sub(1) {
            Some(last @ 1..) => self.has_settled(last) && self.has_settled(last - 1),
            _ => false,
        }
    }

    /// Whether an estimate is about the same as the one with half the movement.
    fn has_settled(&self, at: usize) -> bool {
        let last = &self.0[at];
        let half =
            self.0.iter().rfind(|before| 2 * before.windows <= last.windows + last.windows / 20);
        half.is_some_and(|half| {
            let before = half.point.eer;
            let now = last.point.eer;
            (now - before).abs() <= SETTLED * before.max(now)
        })
    }
}

/// Estimates the error rates with these windows, as an enrolment that ended now would; `None` while
/// there are too few.
///
/// # Errors
/// Like [`train_against_generated`].
pub fn estimate(
    sessions: &[Vec<Window>],
    params: WindowParams,
    options: &TrainOptions,
) -> Result<Option<EnrolmentEstimate>> {
    let windows = sessions.iter().map(Vec::len).sum();
    if windows < FEWEST_WINDOWS {
        return Ok(None);
    }
    let nobody = TrainingFacts {
        subject: String::new(),
        genuine_source: String::new(),
        impostor_source: String::new(),
        capture: String::new(),
    };
    let bundle = train_against_generated(sessions, params, &nobody, options, &mut |_| {})?;
    Ok(EnrolmentEstimate::of(&bundle, windows))
}

/// How far an owner's sessions lie apart, against what is usual for one person's days: 1 is usual.
/// The mean over sessions that follow each other, and over the dimensions, of the squared
/// difference by its variance. `None` with fewer than two sessions of 30 windows, or a model
/// without an embedding.
pub fn days_apart(bundle: &Bundle, sessions: &[Vec<Window>]) -> Option<f64> {
    let covariance = &bundle.owner_model.as_ref()?.covariance;
    let embedding = bundle.network.embedding()?;
    let mut network = AnyInference::new(&bundle.network);
    let means: Vec<(Vec<f64>, f64)> = sessions
        .iter()
        .filter(|session| session.len() >= COMPARABLE)
        .map(|session| {
            let steps: Vec<Steps> = session.iter().map(Steps::from).collect();
            let rows: Vec<&[[f32; 3]]> = steps.iter().map(Steps::rows).collect();
            let count = session.len() as f64;
            let mut mean = vec![0.0; covariance.dimensions()];
            for features in network.features(&rows) {
                let seen = embedding.apply(&features);
                mean.iter_mut().zip(seen).for_each(|(mean, x)| *mean += f64::from(x) / count);
            }
            (mean, count)
        })
        .collect();
    let pairs = means.windows(2).map(|pair| {
        let noise = 1.0 / pair[0].1 + 1.0 / pair[1].1;
        let squares = pair[0].0.iter().zip(&pair[1].0).enumerate().map(|(at, (one, other))| {
            let [between_session, within_session] =
                [&covariance.between_session, &covariance.within_session].map(|v| f64::from(v[at]));
            (one - other).powi(2) / (2.0 * between_session + within_session * noise)
        });
        squares.sum::<f64>() / covariance.dimensions() as f64
    });
    let found: Vec<f64> = pairs.collect();
    (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(eers: &[f32]) -> LearningCurve {
        let mut curve = LearningCurve::default();
        for eer in eers {
            let point = OperatingPoint {
                windows: GROUP,
                threshold: 0.5,
                eer: *eer,
                far: *eer,
                frr: *eer,
                far_interval: [0.0, 1.0],
                frr_interval: [0.0, 1.0],
                genuine_groups: 10,
                impostor_groups: 100,
                movement_s: 8.0,
            };
            curve.push(EnrolmentEstimate { windows: curve.next(), point });
        }
        curve
    }

    #[test]
    fn estimates_come_ever_more_rarely_and_two_steps_double_the_movement() {
        let curve = curve(&[0.3; 5]);
        let windows: Vec<usize> = curve.0.iter().map(|one| one.windows).collect();
        assert_eq!(windows, [80, 113, 160, 226, 320]);
    }

    #[test]
    fn there_is_enough_when_twice_the_movement_changes_nothing_and_not_before_it_was_tried() {
        assert!(!curve(&[]).is_enough());
        assert!(!curve(&[0.2, 0.2]).is_enough(), "twice the movement was never tried");
        assert!(!curve(&[0.3, 0.25, 0.2]).is_enough(), "it still falls");
        assert!(!curve(&[0.1, 0.13, 0.17]).is_enough(), "it still rises");
        assert!(!curve(&[0.3, 0.25, 0.2, 0.19, 0.185]).is_enough(), "once is not enough");
        assert!(curve(&[0.3, 0.25, 0.2, 0.19, 0.185, 0.18]).is_enough());
        assert!(curve(&[0.0; 4]).is_enough(), "no error at all");
    }
}
