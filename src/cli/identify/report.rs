//! An evaluation of `identify` as text.

use super::evaluate::Report;
use crate::cli::output::WIDEST;
use crate::lab::identify::{AttributionFigure, AttributionScores};

/// Features named in the text; the JSON has all.
const FEATURES_SHOWN: usize = 12;

pub(super) fn text(report: &Report<'_>) -> String {
    let scores = &report.evaluation.scores;
    let without = if report.without.is_empty() {
        String::new()
    } else {
        format!(" without {}", report.without.join(", "))
    };
    let mut lines = vec![
        format!(
            "{} sessions of {} people; {} on {} features ({}{without})",
            report.sessions, report.users, report.classifier, report.feature_count, report.features
        ),
        format!(
            "{} folds of whole sessions, assigned {} times{}{}",
            report.folds,
            report.repeats,
            match report.parts {
                1 => String::new(),
                parts => format!("; each also cut in {parts} parts"),
            },
            if report.grid { "; settings searched within each training part" } else { "" }
        ),
        String::new(),
        format!("macro F1   {}", figure(scores.macro_f1)),
        format!("accuracy   {}", figure(scores.accuracy)),
        format!("top 3      {}", figure(scores.top3)),
        format!("repeats    {}", list(&scores.repeats)),
        String::new(),
    ];
    lines.extend(people(scores));
    lines.extend(chosen(report));
    lines.extend(importance(report));
    lines.push(String::new());
    lines.extend(confusion(scores));
    lines.push(String::new());
    lines.push(
        "In brackets: where the figure would lie for other sessions of the same people, with 95 % \
         confidence."
            .into(),
    );
    lines.join("\n")
}

fn figure(figure: AttributionFigure) -> String {
    format!("{:.3} ({:.3}-{:.3})", figure.value, figure.low, figure.high)
}

/// For a table: always 16 characters.
fn short(figure: AttributionFigure) -> String {
    format!("{:.2} ({:.2}-{:.2})", figure.value, figure.low, figure.high)
}

fn list(values: &[f64]) -> String {
    values.iter().map(|value| format!("{value:.3}")).collect::<Vec<_>>().join(" ")
}

fn people(scores: &AttributionScores) -> Vec<String> {
    let wide = scores.people.iter().map(|person| person.user.chars().count()).max().unwrap_or(4);
    let wide = wide.min(WIDEST);
    let mut lines = vec![format!(
        " no  {:wide$}  sessions  {:16}  {:16}  {:16}  mostly taken for",
        "user", "precision", "recall", "F1"
    )];
    for (index, person) in scores.people.iter().enumerate() {
        let place = |user: &String| scores.people.iter().position(|other| other.user == *user);
        let other = person.taken_for.as_ref().and_then(place);
        lines.push(format!(
            "{:>3}  {:wide$}  {:>8}  {}  {}  {}  {}",
            index + 1,
            person.user,
            person.sessions,
            short(person.precision),
            short(person.recall),
            short(person.f1),
            other.map_or_else(|| "-".into(), |other| format!("no {}", other + 1)),
        ));
    }
    lines
}

fn chosen(report: &Report<'_>) -> Vec<String> {
    if !report.grid {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "chosen in so many folds:".into()];
    for (classifier, folds) in &report.evaluation.chosen {
        let settings = serde_json::to_string(classifier).unwrap_or_default();
        lines.push(format!("{folds:>4}  {settings}"));
    }
    lines
}

fn importance(report: &Report<'_>) -> Vec<String> {
    let found = &report.evaluation.importance;
    if found.groups.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "accuracy lost when a whole group changes hands:".into()];
    lines.extend(found.groups.iter().map(|(name, lost)| loss_line(name, *lost)));
    lines.push("and when a single feature does:".into());
    let shown = found.features.iter().take(FEATURES_SHOWN);
    lines.extend(shown.map(|(name, lost)| loss_line(name, *lost)));
    lines
}

fn loss_line(name: &str, lost: f64) -> String {
    format!("{:>7.1} points  {name}", 100.0 * lost)
}

/// Counts with nothing where there is nothing, so that the eye finds the mistakes.
fn confusion(scores: &AttributionScores) -> Vec<String> {
    let count = scores.confusion.len();
    let largest = scores.confusion.iter().flatten().max().copied().unwrap_or(0);
    let wide = largest.max(count).to_string().len() + 1;
    let header: String = (1..=count).map(|no| format!("{no:>wide$}")).collect();
    let mut lines = vec!["who made it (rows), who was named (columns):".into()];
    lines.push(format!("    {header}"));
    for (index, row) in scores.confusion.iter().enumerate() {
        lines.push(format!(
            "{:>3} {}",
            index + 1,
            row.iter()
                .map(|n| if *n == 0 { format!("{:>wide$}", "·") } else { format!("{n:>wide$}") })
                .collect::<String>()
        ));
    }
    lines
}
