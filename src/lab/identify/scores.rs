//! How well sessions were attributed to people: macro F1, accuracy, top-3, the confusion matrix,
//! each with an interval.

use serde::Serialize;

use crate::lab::random::Random;

/// Redraws of the sessions behind each interval.
const REDRAWS: usize = 1000;

/// The answer to one session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attribution {
    /// Which session, the same in every repeat.
    pub session: usize,
    /// Which repeat of the cross-validation.
    pub repeat: usize,
    /// Who made it.
    pub class: usize,
    /// The probability of each person.
    pub probabilities: Vec<f32>,
}

impl Attribution {
    /// The likeliest person.
    pub(crate) fn likeliest(&self) -> usize {
        likeliest(&self.probabilities)
    }

    /// How many people are likelier than the right one.
    fn rank(&self) -> usize {
        let own = self.probabilities[self.class];
        self.probabilities.iter().filter(|p| **p > own).count()
    }
}

/// The place of the largest; the first of equals.
pub(crate) fn likeliest(probabilities: &[f32]) -> usize {
    (0..probabilities.len())
        .reduce(|best, place| if probabilities[place] > probabilities[best] { place } else { best })
        .unwrap_or(0)
}

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct AttributionFigure {
    /// The mean over repeats.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One person's figures, means over repeats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct PersonScores {
    /// Who.
    pub user: String,
    /// Sessions that are theirs.
    pub sessions: usize,
    /// Share of the sessions named theirs that are.
    pub precision: AttributionFigure,
    /// Share of their sessions that were named theirs.
    pub recall: AttributionFigure,
    /// Harmonic mean of both.
    pub f1: AttributionFigure,
    /// With whom they were confused most, if with anybody.
    pub taken_for: Option<String>,
}

/// All figures of an evaluation. Intervals redraw the sessions of each person with replacement, all
/// repeats of a session together, and take the middle 95 %: what other sessions of the *same*
/// people would give. They say nothing of other people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct AttributionScores {
    /// Mean of the people's F1.
    pub macro_f1: AttributionFigure,
    /// Share of right answers.
    pub accuracy: AttributionFigure,
    /// Share of sessions whose maker is among the three likeliest.
    pub top3: AttributionFigure,
    /// Macro F1 of each repeat.
    pub repeats: Vec<f64>,
    /// In the order of the labels.
    pub people: Vec<PersonScores>,
    /// `[true][named]`, counts over all repeats.
    pub confusion: Vec<Vec<usize>>,
}

/// Counts of one drawing of sessions.
struct Count {
    macro_f1: f64,
    accuracy: f64,
    top3: f64,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
}

impl AttributionScores {
    /// From the answers of every repeat; every session is answered once a repeat.
    pub(crate) fn of(answers: &[Attribution], labels: &[String], seed: u64) -> Self {
        let all: Vec<&Attribution> = answers.iter().collect();
        let whole = count(&all, labels.len());
        let draws = redraw(answers, labels.len(), seed);
        let figure = |pick: &dyn Fn(&Count) -> f64| interval(&whole, &draws, pick);
        let confusion = confusion(&all, labels.len());
        let repeats = answers.iter().map(|answer| answer.repeat + 1).max().unwrap_or(0);
        let repeat = |wanted: usize| {
            let own: Vec<&Attribution> = answers.iter().filter(|a| a.repeat == wanted).collect();
            count(&own, labels.len()).macro_f1
        };
        Self {
            macro_f1: figure(&|count| count.macro_f1),
            accuracy: figure(&|count| count.accuracy),
            top3: figure(&|count| count.top3),
            repeats: (0..repeats).map(repeat).collect(),
            people: (0..labels.len())
                .map(|class| PersonScores {
                    user: labels[class].clone(),
                    sessions: confusion[class].iter().sum::<usize>() / repeats.max(1),
                    precision: figure(&|count| count.precision[class]),
                    recall: figure(&|count| count.recall[class]),
                    f1: figure(&|count| count.f1[class]),
                    taken_for: taken_for(&confusion, class).map(|other| labels[other].clone()),
                })
                .collect(),
            confusion,
        }
    }
}

/// Macro F1 of some answers.
pub(super) fn macro_f1(answers: &[Attribution], classes: usize) -> f64 {
    count(&answers.iter().collect::<Vec<_>>(), classes).macro_f1
}

fn interval(whole: &Count, draws: &[Count], pick: &dyn Fn(&Count) -> f64) -> AttributionFigure {
    let mut values: Vec<f64> = draws.iter().map(pick).collect();
    values.sort_by(f64::total_cmp);
    AttributionFigure {
        value: pick(whole),
        low: quantile(&values, 0.025),
        high: quantile(&values, 0.975),
    }
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let place = (share * values.len() as f64) as usize;
    values.get(place.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// Sessions redrawn within each person.
fn redraw(answers: &[Attribution], classes: usize, seed: u64) -> Vec<Count> {
    let mut random = Random::new(seed, 32);
    let mut sessions: Vec<Vec<Vec<&Attribution>>> = vec![Vec::new(); classes];
    for answer in answers {
        let own = &mut sessions[answer.class];
        match own.iter_mut().find(|group| group[0].session == answer.session) {
            Some(group) => group.push(answer),
            None => own.push(vec![answer]),
        }
    }
    (0..REDRAWS)
        .map(|_| {
            let mut drawn: Vec<&Attribution> = Vec::with_capacity(answers.len());
            for own in &sessions {
                for _ in 0..own.len() {
                    drawn.extend(&own[random.below(own.len())]);
                }
            }
            count(&drawn, classes)
        })
        .collect()
}

fn count(answers: &[&Attribution], classes: usize) -> Count {
    let confusion = confusion(answers, classes);
    let f1 = of_all(&confusion, f1);
    Count {
        macro_f1: f1.iter().sum::<f64>() / classes.max(1) as f64,
        accuracy: share_of(answers, |answer| answer.likeliest() == answer.class),
        top3: share_of(answers, |answer| answer.rank() < 3),
        precision: of_all(&confusion, precision),
        recall: of_all(&confusion, recall),
        f1,
    }
}

fn of_all(confusion: &[Vec<usize>], of: fn(&[Vec<usize>], usize) -> f64) -> Vec<f64> {
    (0..confusion.len()).map(|class| of(confusion, class)).collect()
}

fn share_of(answers: &[&Attribution], holds: fn(&Attribution) -> bool) -> f64 {
    share(answers.iter().filter(|answer| holds(answer)).count(), answers.len())
}

fn confusion(answers: &[&Attribution], classes: usize) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; classes]; classes];
    for answer in answers {
        table[answer.class][answer.likeliest()] += 1;
    }
    table
}

fn precision(confusion: &[Vec<usize>], class: usize) -> f64 {
    share(confusion[class][class], confusion.iter().map(|row| row[class]).sum())
}

fn recall(confusion: &[Vec<usize>], class: usize) -> f64 {
    share(confusion[class][class], confusion[class].iter().sum())
}

/// 0 for a person who is never there and never named.
fn f1(confusion: &[Vec<usize>], class: usize) -> f64 {
    let named: usize = confusion.iter().map(|row| row[class]).sum();
    share(2 * confusion[class][class], named + confusion[class].iter().sum::<usize>())
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn taken_for(confusion: &[Vec<usize>], class: usize) -> Option<usize> {
    let others = (0..confusion.len()).filter(|&other| other != class);
    others.filter(|&o| confusion[class][o] > 0).max_by_key(|&other| confusion[class][other])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(session: usize, repeat: usize, class: usize, named: usize) -> Attribution {
        let mut probabilities = vec![0.1, 0.1, 0.1, 0.1];
        probabilities[named] = 0.7;
        Attribution { session, repeat, class, probabilities }
    }

    fn labels() -> Vec<String> {
        ["a", "b", "c", "d"].map(String::from).to_vec()
    }

    #[test]
    fn a_small_table_by_hand() {
        // a: 2 of 2 right, and once b is taken for a; b 1 of 2; c 0 of 1 (for b); d 1 of 1.
        let all = [(0, 0), (0, 0), (1, 1), (1, 0), (2, 1), (3, 3)];
        let answers: Vec<Attribution> =
            all.iter().enumerate().map(|(i, &(class, named))| answer(i, 0, class, named)).collect();
        let scores = AttributionScores::of(&answers, &labels(), 1);
        assert_eq!(scores.confusion[1], [1, 1, 0, 0]);
        assert!((scores.accuracy.value - 4.0 / 6.0).abs() < 1e-12);
        // F1: 4/5, 1/2, 0, 1.
        assert!((scores.macro_f1.value - 2.3 / 4.0).abs() < 1e-12);
        assert_eq!(scores.top3.value, 1.0);
        assert_eq!(scores.people[2].taken_for.as_deref(), Some("b"));
        let [precision, f1] = [scores.people[0].precision, scores.people[0].f1];
        assert!((precision.value - 2.0 / 3.0).abs() < 1e-12 && precision.low < precision.high);
        assert!((f1.value - 0.8).abs() < 1e-12 && f1.high == 1.0, "{f1:?}");
        let AttributionFigure { value, low, high } = scores.macro_f1;
        assert!(low <= value && value <= high && low < high, "{low} {value} {high}");
    }

    #[test]
    fn repeats_count_each_and_perfect_answers_have_no_spread() {
        let answers: Vec<Attribution> = (0..2)
            .flat_map(|repeat| (0..8).map(move |i| answer(i, repeat, i % 4, i % 4)))
            .collect();
        let scores = AttributionScores::of(&answers, &labels(), 1);
        assert_eq!(scores.repeats, [1.0, 1.0]);
        assert_eq!(scores.people[0].sessions, 2);
        assert_eq!(scores.macro_f1, AttributionFigure { value: 1.0, low: 1.0, high: 1.0 });
    }

    #[test]
    fn equal_probabilities_name_the_first_and_nothing_panics() {
        assert_eq!((likeliest(&[0.5, 0.5]), likeliest(&[])), (0, 0));
    }
}
