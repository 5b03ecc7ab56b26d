//! Cross-validation over whole sessions, repeated with seeds; where settings are searched, the
//! search sees the training part of each fold only. Every choice is made before the held-out part
//! is looked at.

use serde::Serialize;

use super::classifier::{Classifier, FittedClassifier};
use super::folds::{Fold, folds};
use super::importance::{Importance, Shuffles};
use super::samples::Labelled;
use super::scores::{Attribution, AttributionScores};
use crate::error::Result;
use crate::model::{ScorerBackend, ScorerParams};

/// How an evaluation goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EvaluateOptions {
    /// Folds; as many as sessions a user make it leave one session out.
    pub folds: usize,
    /// Times that the sessions are assigned anew.
    pub repeats: usize,
    /// Search the classifier's grid within each training part.
    pub grid: bool,
    /// Measure permutation importance on the held-out parts.
    pub importance: bool,
    /// Seed of every random choice.
    pub seed: u64,
    /// Who computes a perceptron's file.
    pub scorer: ScorerParams,
}

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Evaluation {
    /// All figures.
    pub scores: AttributionScores,
    /// What the search chose, and in how many folds.
    pub chosen: Vec<(Classifier, usize)>,
    /// What the answers hang on; empty unless it was asked for.
    pub importance: Importance,
    #[serde(skip)]
    answers: Vec<Attribution>,
}

/// Called after each fold with how many are done and how many there are.
pub(crate) type OnFold<'a> = dyn FnMut(usize, usize) + 'a;

/// Cross-validates a classifier.
///
/// # Errors
/// When sessions are too few, or training breaks down.
pub(crate) fn evaluate(
    labelled: &Labelled,
    classifier: &Classifier,
    options: &EvaluateOptions,
    on_fold: &mut OnFold<'_>,
) -> Result<Evaluation> {
    let mut run = Run { labelled, options, answers: Vec::new(), chosen: Vec::new() };
    let mut shuffles = Shuffles::new(labelled, options.seed);
    for repeat in 0..options.repeats.max(1) {
        let seed = options.seed + repeat as u64;
        let parts = folds(labelled, options.folds, seed)?;
        for (index, fold) in parts.iter().enumerate() {
            let mut fitted = run.fit(&classifier.seeded(seed), fold, seed)?;
            run.ask(&mut *fitted, fold, repeat)?;
            if options.importance {
                shuffles.measure(&mut *fitted, fold)?;
            }
            on_fold(repeat * parts.len() + index + 1, options.repeats.max(1) * parts.len());
        }
    }
    Ok(Evaluation {
        scores: AttributionScores::of(&run.answers, &labelled.labels, options.seed),
        chosen: run.chosen,
        importance: shuffles.finished(),
        answers: run.answers,
    })
}

impl Evaluation {
    /// The probability below which an answer is called unsure: one in ten of the right answers to
    /// held-out sessions lies below it. 0 where no answer was right.
    pub(crate) fn unsure_below(&self) -> f32 {
        let right = self.answers.iter().filter(|answer| answer.likeliest() == answer.class);
        let mut tops: Vec<f32> = right.map(|answer| answer.probabilities[answer.class]).collect();
        tops.sort_by(f32::total_cmp);
        tops.get(tops.len() / 10).copied().unwrap_or(0.0)
    }
}

struct Run<'a> {
    labelled: &'a Labelled,
    options: &'a EvaluateOptions,
    answers: Vec<Attribution>,
    chosen: Vec<(Classifier, usize)>,
}

impl Run<'_> {
    fn fit(
        &mut self,
        classifier: &Classifier,
        fold: &Fold,
        seed: u64,
    ) -> Result<Box<dyn FittedClassifier>> {
        let train = self.labelled.at(&fold.train);
        let chosen = if self.options.grid {
            search(&train, classifier, self.options.folds, seed)?
        } else {
            classifier.clone()
        };
        let fitted = chosen.fit(&train, &self.options.scorer)?;
        let plain = chosen.seeded(0);
        match self.chosen.iter_mut().find(|(one, _)| *one == plain) {
            Some((_, count)) => *count += 1,
            None => self.chosen.push((plain, 1)),
        }
        Ok(fitted)
    }

    fn ask(&mut self, fitted: &mut dyn FittedClassifier, fold: &Fold, repeat: usize) -> Result<()> {
        let test = self.labelled.at(&fold.test);
        let answers = asked(fitted, &test)?;
        for (place, class, probabilities) in answers {
            self.answers.push(Attribution {
                session: fold.test[place],
                repeat,
                class,
                probabilities,
            });
        }
        Ok(())
    }
}

/// The place of each session's first row, its user, and the mean answer to its rows.
fn asked(
    fitted: &mut dyn FittedClassifier,
    test: &Labelled,
) -> Result<Vec<(usize, usize, Vec<f32>)>> {
    let rows = fitted.probabilities(&test.rows)?;
    let mut places: Vec<usize> = test.wholes().collect();
    places.push(rows.len());
    Ok(places
        .windows(2)
        .map(|pair| (pair[0], test.classes[pair[0]], mean(&rows[pair[0]..pair[1]])))
        .collect())
}

/// The mean of the answers to the rows of one session.
pub(super) fn mean(answers: &[Vec<f32>]) -> Vec<f32> {
    let share = 1.0 / answers.len().max(1) as f32;
    let mut sums = vec![0.0; answers.first().map_or(0, Vec::len)];
    for answer in answers {
        sums.iter_mut().zip(answer).for_each(|(sum, p)| *sum += share * p);
    }
    sums
}

/// The settings of the grid with the best cross-validated macro F1 on these rows; the first of
/// equals. Where a user has too few sessions left for folds, the classifier stays as it is.
///
/// # Errors
/// When training breaks down.
pub(crate) fn search(
    train: &Labelled,
    classifier: &Classifier,
    count: usize,
    seed: u64,
) -> Result<Classifier> {
    let builtin = ScorerParams { backend: ScorerBackend::Builtin, ..ScorerParams::default() };
    if train.fewest() < 2 {
        return Ok(classifier.clone());
    }
    let parts = folds(train, count.min(train.fewest()).max(2), seed ^ 0x1ea4)?;
    let mut best: Option<(f64, Classifier)> = None;
    for candidate in classifier.grid() {
        let mut answers = Vec::new();
        for fold in &parts {
            let mut fitted = candidate.fit(&train.at(&fold.train), &builtin)?;
            for (place, class, probabilities) in asked(&mut *fitted, &train.at(&fold.test))? {
                let session = fold.test[place];
                answers.push(Attribution { session, repeat: 0, class, probabilities });
            }
        }
        let found = quality(&answers, train.labels.len());
        if best.as_ref().is_none_or(|(so_far, _)| found > *so_far) {
            best = Some((found, candidate));
        }
    }
    Ok(best.map_or_else(|| classifier.clone(), |(_, candidate)| candidate))
}

/// Macro F1, and the mean log-probability of the right person as what decides between equals.
fn quality(answers: &[Attribution], classes: usize) -> f64 {
    let sure = answers
        .iter()
        .map(|answer| f64::from(answer.probabilities[answer.class].max(1e-6)).ln())
        .sum::<f64>()
        / answers.len().max(1) as f64;
    super::scores::macro_f1(answers, classes) + 1e-4 * sure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::identify::Group;

    /// Answers with what it was asked.
    struct Echo;

    impl FittedClassifier for Echo {
        fn probabilities(&mut self, rows: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
            Ok(rows.to_vec())
        }
    }

    #[test]
    fn the_answer_to_a_session_is_the_mean_of_those_to_its_rows() {
        let rows = [[0.9, 0.1], [0.3, 0.7], [0.0, 1.0], [0.4, 0.6]].map(Vec::from);
        let labelled = Labelled {
            rows: rows.to_vec(),
            classes: vec![0, 0, 0, 1],
            sessions: ["s", "s", "s", "t"].map(String::from).to_vec(),
            labels: ["a", "b"].map(String::from).to_vec(),
            names: vec!["x".into(), "y".into()],
            groups: vec![Group::Shape; 2],
        };
        let answers = asked(&mut Echo, &labelled).unwrap();
        assert_eq!(answers.len(), 2);
        let (place, class, first) = &answers[0];
        assert_eq!((*place, *class), (0, 0));
        assert!((first[0] - 0.4).abs() < 1e-6 && (first[1] - 0.6).abs() < 1e-6, "{first:?}");
        assert_eq!(answers[1], (3, 1, vec![0.4, 0.6]));
    }
}
