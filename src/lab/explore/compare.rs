//! The users beside each other, feature by feature: a dot for each session and a stroke at each
//! user's median.

use super::Survey;
use super::user::UserSurvey;
use crate::lab::identify::FeatureSet;
use crate::lab::plot::{
    Axis, Colour, Figure, Mark, Picture, PointShape, Style, Ticks, number, short_id,
};

/// So many times the median lies a value that decides the axis.
const FAR_OUT: f64 = 100.0;

/// One picture, with its place from 0, for each of the notebook's features that differs between sessions;
/// the users that have a section.
pub(super) fn features(survey: &Survey) -> Vec<(usize, Picture)> {
    let users: Vec<_> = survey.users.iter().take(survey.params.users).collect();
    let names = FeatureSet::Notebook.names().into_iter().enumerate();
    let differs = names.filter(|(i, _)| constant_value(&users, *i).is_none());
    differs.map(|(i, name)| (i, feature(&users, i, &name))).collect()
}

/// The features that have one value in all sessions, with it: `share_drag 0`.
pub(super) fn constant(survey: &Survey) -> Vec<String> {
    let users: Vec<_> = survey.users.iter().take(survey.params.users).collect();
    let names = FeatureSet::Notebook.names().into_iter().enumerate();
    names
        .filter_map(|(i, name)| Some(format!("{name} {}", number(constant_value(&users, i)?))))
        .collect()
}

/// The value of a feature where all of several sessions have the same.
fn constant_value(users: &[&UserSurvey], at: usize) -> Option<f64> {
    let sessions = users.iter().flat_map(|user| &user.features);
    let mut values = sessions.filter_map(|values| values.get(at).copied());
    let first = values.next()?;
    let second = values.next()?;
    (second == first && values.all(|value| value == first)).then_some(first)
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
    let mut dots = Vec::new();
    let mut medians = Vec::new();
    for (row, user) in users.iter().enumerate() {
        let row = row as f64;
        let mut values: Vec<f64> =
            user.features.iter().filter_map(|values| values.get(at).copied()).collect();
        values.sort_by(f64::total_cmp);
        if let Some(median) = median(&values) {
            medians.push([median, row - 0.38, median, row + 0.38]);
        }
        dots.extend(values.into_iter().map(|value| [value, row]));
    }
    let axis = axis(dots.iter().map(|dot| dot[0])).ticks(Ticks::About(4));
    Figure::new(name, axis, rows(users))
        .size(270.0, height(users.len()))
        .about(format!("{name} of every session, by user, and each user's median."))
        .mark(Mark::points(
            dots,
            PointShape::Circle,
            2.2,
            Style::of(Colour::Series(0)).opacity(0.55),
        ))
        .mark(Mark::segments(medians, Style::of(Colour::Series(1)).width(2.0)))
        .draw()
}

/// The middle of values in order: of an even number, half-way between the two.
fn median(values: &[f64]) -> Option<f64> {
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

/// Logarithmic where one session would otherwise press all others together.
fn axis(values: impl Iterator<Item = f64>) -> Axis {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let Some((&low, &high)) = values.first().zip(values.last()) else {
        return Axis::linear("", 0.0, 1.0);
    };
    let median = values[values.len() / 2];
    let margin = 0.03 * (high - low);
    if high > low && low > 0.0 && high > FAR_OUT * median {
        Axis::log("logarithmic", low / 1.3, high * 1.3)
    } else if high > low {
        Axis::linear("", low - margin, high + margin)
    } else {
        Axis::linear("", low - 0.5, low + 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::plot::Scale;

    #[test]
    fn a_median_of_two_lies_between_them() {
        assert_eq!(median(&[1.0, 4.0]), Some(2.5));
        assert_eq!(median(&[1.0, 4.0, 9.0]), Some(4.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn one_value_far_out_makes_the_axis_logarithmic_and_zero_forbids_it() {
        let of = |values: &[f64]| axis(values.iter().copied());
        assert_eq!(of(&[300.0, 500.0, 900.0, 1e7]).scale, Scale::Log);
        assert_eq!(of(&[0.0, 500.0, 900.0, 1e7]).scale, Scale::Linear);
        assert_eq!(of(&[300.0, 500.0, 900.0]).scale, Scale::Linear);
        assert!(of(&[]).from < of(&[]).to && of(&[4.0, 4.0]).from < 4.0);
    }
}
