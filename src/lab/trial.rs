//! How well a freshly enrolled owner would be protected from real impostors: one person's
//! enrolment, then scores on later windows of theirs and on people new to every stage of training.
//! A small check beside the trainer; `evaluate` is the evaluation of the product.

use crate::model::Bundle;
use crate::nn::AnyInference;
use crate::pipeline::{OwnerModel, Score, Steps, Window, WindowParams, WindowScore, grouped};

use super::metrics;
use super::synthesis::{Device, MovementStyle};

/// What a model makes of genuine and impostor test windows, a list a person.
#[derive(Debug, Clone, Default)]
pub struct TrialScores {
    /// The owner's, in order of time.
    pub genuine: Vec<WindowScore>,
    /// Each impostor's, in order of time.
    pub impostor: Vec<Vec<WindowScore>>,
    /// How the model judges groups.
    pub owner_model: Option<OwnerModel>,
}

impl TrialScores {
    /// Scores test windows with a model, in memory.
    pub fn of_model(bundle: &Bundle, genuine: &[Window], impostors: &[Vec<Window>]) -> Self {
        let mut inference = AnyInference::new(&bundle.network);
        let scores = Self::of(genuine, impostors, |windows| {
            let steps: Vec<Steps> = windows.iter().map(Steps::from).collect();
            let rows: Vec<_> = steps.iter().map(Steps::rows).collect();
            let seen = inference.described(&rows).into_iter();
            seen.map(|(p, embedding)| WindowScore::of_movement(Score::new(p), embedding)).collect()
        });
        Self { owner_model: bundle.owner_model.clone(), ..scores }
    }

    /// Scores test windows by their time steps alone.
    pub fn of_time(times: &TimeOnly, genuine: &[Window], impostors: &[Vec<Window>]) -> Self {
        Self::of(genuine, impostors, |windows| {
            windows.iter().map(|window| Score::new(times.score(window)).into()).collect()
        })
    }

    fn of(
        genuine: &[Window],
        others: &[Vec<Window>],
        mut score: impl FnMut(&[Window]) -> Vec<WindowScore>,
    ) -> Self {
        let genuine = score(genuine);
        Self { genuine, impostor: others.iter().map(|w| score(w)).collect(), owner_model: None }
    }

    /// Equal error rate of groups of `n`; `None` with fewer than three groups on a side.
    pub fn eer(&self, n: usize) -> Option<f64> {
        let (genuine, impostor) = self.groups(n);
        let enough = genuine.len() >= 3 && impostor.len() >= 3;
        enough.then(|| metrics::eer(&genuine, &impostor)).flatten().map(|equal| equal.rate)
    }

    /// Error rates of groups of `n` at a threshold set elsewhere.
    pub fn rates(&self, n: usize, threshold: f32) -> Option<metrics::Rates> {
        let (genuine, impostor) = self.groups(n);
        let enough = genuine.len() >= 3 && impostor.len() >= 3;
        enough.then(|| metrics::rates(&genuine, &impostor, threshold))
    }

    /// Area under the curve of single windows.
    pub fn auc(&self) -> Option<f64> {
        let (genuine, impostor) = self.groups(1);
        metrics::auc(&genuine, &impostor)
    }

    fn groups(&self, n: usize) -> (Vec<f32>, Vec<f32>) {
        let of = |seen: &Vec<WindowScore>| -> Vec<f32> {
            seen.chunks_exact(n.max(1))
                .filter_map(|group| grouped(self.owner_model.as_ref(), group.iter()))
                .collect()
        };
        (of(&self.genuine), self.impostor.iter().flat_map(of).collect())
    }
}

/// The baseline that keeps one honest: a smoothed histogram of the time steps, no positions. What
/// it reaches is mostly the device's sampling rate.
#[derive(Debug, Clone)]
pub struct TimeOnly {
    log_ratio: [f64; Self::BINS],
}

impl TimeOnly {
    const BINS: usize = 18;

    /// Learns how the owner's time steps differ from the impostors'.
    pub fn fit<'a>(
        genuine: impl IntoIterator<Item = &'a Window>,
        impostor: impl IntoIterator<Item = &'a Window>,
    ) -> Self {
        let owner = Self::histogram(genuine);
        let others = Self::histogram(impostor);
        Self { log_ratio: std::array::from_fn(|bin| (owner[bin] / others[bin]).ln()) }
    }

    fn histogram<'a>(windows: impl IntoIterator<Item = &'a Window>) -> [f64; Self::BINS] {
        let mut counts = [1.0; Self::BINS];
        for window in windows {
            for row in Steps::from(window).rows() {
                counts[Self::bin(row[2])] += 1.0;
            }
        }
        let total: f64 = counts.iter().sum();
        counts.map(|count| count / total)
    }

    /// Bins that grow with the step: 1 ms wide below 8 ms, then by a third each.
    fn bin(dt_ms: f32) -> usize {
        let bin = if dt_ms < 8.0 { dt_ms } else { 8.0 + (dt_ms / 8.0).ln() / 1.4f32.ln() };
        (bin.max(0.0) as usize).min(Self::BINS - 1)
    }

    /// Mean log likelihood ratio of the steps, squeezed into 0..1.
    pub fn score(&self, window: &Window) -> f32 {
        let steps = Steps::from(window);
        let sum: f64 = steps.rows().iter().map(|row| self.log_ratio[Self::bin(row[2])]).sum();
        (1.0 / (1.0 + (-sum / steps.len().max(1) as f64).exp())) as f32
    }
}

/// Other people's movement as the owner's device would have reported it.
pub fn on_device(
    device: &Device,
    params: WindowParams,
    people: &[Vec<Window>],
) -> Vec<Vec<Window>> {
    people
        .iter()
        .enumerate()
        .map(|(i, windows)| MovementStyle::OWN.apply(windows, device, params, i as u64))
        .collect()
}

/// An owner's windows in two: what enrolment sees, and what comes later. The sessions of the second
/// are whole where there are several; a gap of ten windows lies between otherwise.
pub fn enrolment(sessions: Vec<Vec<Window>>, share: f64, most: usize) -> Enrolment {
    let total: usize = sessions.iter().map(Vec::len).sum();
    let wanted = ((share * total as f64) as usize).min(most);
    let mut seen = 0;
    let mut learn = Vec::new();
    let mut test = Vec::new();
    for mut session in sessions {
        let count = session.len();
        if seen >= wanted {
            test.extend(session);
        } else if seen + count <= wanted {
            learn.push(session);
        } else {
            let later = session.split_off(wanted - seen);
            learn.push(session);
            test.extend(later.into_iter().skip(10));
        }
        seen += count;
    }
    Enrolment { learn, test }
}

/// See [`enrolment`].
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// For training, validation and calibration.
    pub learn: Vec<Vec<Window>>,
    /// For the test, in order of time.
    pub test: Vec<Window>,
}
