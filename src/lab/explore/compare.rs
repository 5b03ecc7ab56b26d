//! The users beside each other, feature by feature: a dot for each session and a stroke at each
//! user's median.

use super::Survey;
use super::user::UserSurvey;
use crate::lab::identify::FeatureSet;
use crate::lab::plot::{Axis, Colour, Figure, Mark, Picture, Shape, Style, Ticks, short_id};

/// One picture for each of the notebook's features; the users that have a section.
pub(super) fn features(survey: &Survey) -> Vec<Picture> {
    let users: Vec<_> = survey.users.iter().take(survey.params.users).collect();
    let names = FeatureSet::Notebook.names();
    names.iter().enumerate().map(|(i, name)| feature(&users, i, name)).collect()
}

/// Events of every user, as bars; the users that have a section.
pub(super) fn sizes(survey: &Survey) -> Picture {
    let users: Vec<_> = survey.users.iter().take(survey.params.users).collect();
    let most = users.iter().map(|user| user.events()).max().unwrap_or(0).max(1) as f64;
    let bars = users.iter().enumerate().map(|(row, user)| {
        let row = row as f64;
        [0.0, row - 0.35, user.events() as f64, row + 0.35]
    });
    let x = Axis::linear("events", 0.0, 1.05 * most).ticks(Ticks::About(4));
    Figure::new("Events by user", x, rows(&users))
        .size(360.0, height(users.len()))
        .about("A bar for each user, as long as the user has events.")
        .mark(Mark::rects(bars.collect(), Style::of(Colour::Series(0)).opacity(0.7)))
        .draw()
}

fn rows(users: &[&UserSurvey]) -> Axis {
    let names: Vec<_> = users.iter().map(|user| short_id(&user.id, 12)).collect();
    Axis::named("", &names, true)
}

fn height(users: usize) -> f64 {
    74.0 + 14.0 * users.max(2) as f64
}

fn feature(users: &[&UserSurvey], at: usize, name: &str) -> Picture {
    let (mut dots, mut medians) = (Vec::new(), Vec::new());
    for (row, user) in users.iter().enumerate() {
        let row = row as f64;
        let mut values: Vec<f64> =
            user.features.iter().filter_map(|values| values.get(at).copied()).collect();
        values.sort_by(f64::total_cmp);
        if let Some(median) = values.get(values.len() / 2) {
            medians.push([*median, row - 0.38, *median, row + 0.38]);
        }
        dots.extend(values.into_iter().map(|value| [value, row]));
    }
    let (low, high) = range(dots.iter().map(|dot| dot[0]));
    Figure::new(name, Axis::linear("", low, high).ticks(Ticks::About(4)), rows(users))
        .size(270.0, height(users.len()))
        .about(format!("{name} of every session, by user, and each user's median."))
        .mark(Mark::points(dots, Shape::Circle, 2.2, Style::of(Colour::Series(0)).opacity(0.55)))
        .mark(Mark::segments(medians, Style::of(Colour::Series(1)).width(2.0)))
        .draw()
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    match low < high {
        true => (low - 0.03 * (high - low), high + 0.03 * (high - low)),
        false if low.is_finite() => (low - 0.5, low + 0.5),
        false => (0.0, 1.0),
    }
}
