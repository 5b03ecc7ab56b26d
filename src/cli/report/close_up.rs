//! One alarm from near: the evidence, or under the rule of the equal error rate the scores, in the
//! minutes around it.

use super::account::{Account, AlarmAccount, JudgedPoint};
use crate::lab::plot::{Axis, Colour, Figure, Mark, Picture, PointShape, Style};

/// Shown before and after it, milliseconds.
const BEFORE_MS: i64 = 10 * 60_000;
const AFTER_MS: i64 = 3 * 60_000;
/// Width and height, px.
const SIZE: [f64; 2] = [560.0, 170.0];
/// Minutes without a point that break the line.
const JOINED: f64 = 2.0;

/// The picture.
pub(super) fn picture(account: &Account, alarm: &AlarmAccount) -> Picture {
    let near = alarm.at - BEFORE_MS..=alarm.at + AFTER_MS;
    let points: Vec<&JudgedPoint> =
        account.points.iter().filter(|it| near.contains(&it.at)).collect();
    let is_by_evidence = raised_by_evidence(&points, alarm.at);
    let points: Vec<(i64, f64)> = points
        .into_iter()
        .filter_map(|it| {
            let value = if is_by_evidence { Some(it.evidence) } else { it.grouped };
            Some((it.at, value?))
        })
        .collect();
    let line = joined(alarm, &points);
    // A gap is no number, and no end.
    let from = line.iter().map(|it| it[0]).fold(-1.0, f64::min);
    let to = line.iter().map(|it| it[0]).fold(0.5, f64::max);
    let highest = points.iter().map(|(_, value)| *value).fold(1.0, f64::max);
    let (label, top) =
        if is_by_evidence { ("evidence against you", 1.25 * highest) } else { ("score", 1.0) };
    let at_alarm = points.iter().rfind(|(at, _)| *at <= alarm.at);
    let mark = at_alarm.map(|(_, value)| vec![[0.0, *value]]).unwrap_or_default();
    let x = Axis::linear("minutes before and after the alarm", from, to);
    let figure = Figure::new("", x, Axis::linear(label, 0.0, top));
    let threshold = account.threshold(alarm.at).filter(|_| !is_by_evidence);
    let threshold = threshold.map(|at| Mark::level(at, "suspicious below"));
    threshold
        .into_iter()
        .fold(figure, Figure::mark)
        .size(SIZE[0], SIZE[1])
        .about(alarm.why.clone())
        .mark(Mark::line(line, Style::of(Colour::Series(4))))
        .mark(Mark::points(mark, PointShape::Triangle, 6.0, Style::of(Colour::Alarm)))
        .mark(Mark::upright(0.0, "alarm"))
        .draw()
}

/// Whether it was the evidence that had come so far: at such an alarm it is as high as at none of the
/// points before. What falls again, or hardly rose, did not raise it: the scores did.
fn raised_by_evidence(points: &[&JudgedPoint], alarm: i64) -> bool {
    let before: Vec<f64> =
        points.iter().filter(|it| it.at <= alarm).map(|it| it.evidence).collect();
    let highest = before.iter().copied().fold(1.0, f64::max);
    before.last().is_some_and(|last| *last > 1.0 && *last >= highest)
}

/// The points as a line with gaps.
fn joined(alarm: &AlarmAccount, points: &[(i64, f64)]) -> Vec<[f64; 2]> {
    let mut line: Vec<[f64; 2]> = Vec::new();
    for (at, value) in points {
        let x = minutes(alarm, *at);
        if line.last().is_some_and(|last| x - last[0] > JOINED) {
            line.push([f64::NAN; 2]);
        }
        line.push([x, *value]);
    }
    line
}

/// Since the alarm.
fn minutes(alarm: &AlarmAccount, at: i64) -> f64 {
    (at - alarm.at) as f64 / 60_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(evidence: &[f64]) -> Vec<JudgedPoint> {
        let at = |(at, evidence): (usize, &f64)| JudgedPoint {
            at: 1000 * at as i64,
            grouped: Some(0.5),
            evidence: *evidence,
        };
        evidence.iter().enumerate().map(at).collect()
    }

    #[test]
    fn what_raised_the_alarm_is_drawn() {
        let by_evidence = |evidence: &[f64], alarm| {
            let points = points(evidence);
            raised_by_evidence(&points.iter().collect::<Vec<_>>(), alarm)
        };
        assert!(by_evidence(&[0.0, 4.1, 10.5, 2.0], 2000));
        assert!(!by_evidence(&[0.0, 4.1, 0.7, 12.0], 2000), "it had fallen: the score alarmed");
        assert!(!by_evidence(&[0.0, 0.5], 1000));
        assert!(!by_evidence(&[], 0));
    }
}
