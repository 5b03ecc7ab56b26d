//! The whole detector on streams: how soon an impostor is noticed, and how the score went when one
//! was and when one was missed.

use super::{estimate, rate};
use crate::lab::evaluate::results::{
    AdaptationFigures, Continuous, Delay, IntervalEstimate, SessionTimeline, TimelinePoint,
};
use crate::lab::plot::page::{PageBlock, Section};
use crate::lab::plot::{
    Axis, Colour, Dash, Figure, Mark, Picture, PointShape, Style, Ticks, number, percent, seconds,
};
use crate::pipeline::Decision;
use crate::pipeline::adaptation::REACH;

/// A longer gap on the clock is a break, seconds.
const BREAK_S: f64 = 20.0;

pub(super) fn section(protocol: &str, streams: &Continuous) -> Section {
    let pictures = pictures(streams).into_iter().map(|picture| picture.1).collect();
    Section::new(format!("As the agent would live it, {protocol}"))
        .with(PageBlock::Text(
            "An owner works, then somebody else takes the mouse: the agent's own detector on the \
             whole stream, alarm by alarm."
                .into(),
        ))
        .with(table(streams))
        .with(PageBlock::Pictures(pictures))
}

/// Pictures with names for files.
pub(super) fn pictures(streams: &Continuous) -> Vec<(&'static str, Picture)> {
    let mut out = vec![("time-to-detect", time_to_detect(streams))];
    let caught = streams.caught.as_ref();
    out.extend(caught.map(|line| ("caught", timeline("An impostor who was noticed", line))));
    let missed = streams.missed_one.as_ref();
    out.extend(missed.map(|line| ("missed", timeline("An impostor who was missed", line))));
    out
}

fn table(streams: &Continuous) -> PageBlock {
    let [wall, movement] = streams.genuine_hours.map(number);
    let short = format!("{} shorter ones cannot be judged and are not counted", streams.too_short);
    let rows = [
        ("impostor sessions", format!("{}; {short}", streams.impostor_sessions)),
        ("never noticed", format!("{}: {}", streams.missed, rate(&streams.missed_share))),
        ("until noticed, movement, median", delay_text(streams.movement.as_ref())),
        ("until noticed, on the clock, median", delay_text(streams.wall.as_ref())),
        ("windows until noticed, mean (ANIA)", maybe(streams.ania.as_ref(), "-")),
        ("own windows for each false alarm (ANGA)", maybe(streams.anga.as_ref(), "no false alarm")),
        ("false alarms in 8 h on the clock", estimate(&streams.false_alarms_per_8h_wall)),
        ("false alarms in 8 h of movement", estimate(&streams.false_alarms_per_8h_movement)),
        ("false alarms promised in 8 h", promised(streams)),
        ("owners without a false alarm, and the worst", owners(streams)),
        (
            "false locks in 8 h if no notice is answered",
            maybe(streams.false_locks_per_8h.as_ref(), "-"),
        ),
        ("noticed although they moved first after an unlock", first_mover(streams)),
        ("owners' work behind it", format!("{wall} h on the clock, {movement} h of movement")),
    ];
    let adapted = streams.adapted.as_ref().map(adapted).into_iter().flatten();
    let rows = rows.into_iter().chain(adapted).map(|(what, value)| vec![what.to_owned(), value]);
    let within = streams.within.iter().map(|within| {
        let shares = format!("{}; locked {}", rate(&within.noticed), rate(&within.locked));
        vec![format!("noticed within {} windows", within.windows), shares]
    });
    let rows = rows.chain(within).collect();
    PageBlock::Table(vec!["what".into(), "found, with 95 % intervals".into()], rows)
}

fn maybe(value: Option<&IntervalEstimate>, none: &str) -> String {
    value.map_or_else(|| none.to_owned(), estimate)
}

fn delay_text(delay: Option<&Delay>) -> String {
    delay.map_or_else(
        || "-".into(),
        |d| {
            let median = &d.median;
            let [low, high] = [median.low, median.high].map(seconds);
            format!("{} ({low} to {high}), p95 {}", seconds(median.value), seconds(d.p95))
        },
    )
}

fn promised(streams: &Continuous) -> String {
    streams.promised_per_8h.map_or_else(|| "-".into(), number)
}

fn owners(streams: &Continuous) -> String {
    let worst = streams
        .worst_owner
        .as_ref()
        .map_or_else(String::new, |(owner, rate)| format!("; {owner}: {} in 8 h", number(*rate)));
    format!("{}{worst}", streams.owners_without)
}

fn first_mover(streams: &Continuous) -> String {
    streams.first_mover_noticed.as_ref().map_or_else(|| "-".into(), rate)
}

fn adapted(adapted: &AdaptationFigures) -> [(&'static str, String); 2] {
    let most = adapted.drift.iter().copied().fold(0.0, f64::max);
    [
        ("led away by verified work, at most", format!("{most:.2} of {REACH}")),
        (
            "unnoticed after 20 unlocks at which they moved first",
            rate(&adapted.missed_by_poisoning),
        ),
    ]
}

fn time_to_detect(streams: &Continuous) -> Picture {
    let [movement, wall] = [&streams.curve, &streams.wall_curve].map(|curve| staircase(curve));
    // Clocks run long over breaks; the picture is about the movement.
    let end = (3.0 * last_x(&movement)).min(last_x(&wall)).max(last_x(&movement)).max(1.0);
    let x = Axis::linear("seconds since the impostor took the mouse", 0.0, end);
    let y = Axis::linear("share of impostors noticed", 0.0, 1.0);
    let ceiling = 1.0 - streams.missed_share.value;
    Figure::new("How soon an impostor is noticed", x, y)
        .size(460.0, 320.0)
        .about("Share of impostor sessions noticed over the seconds since the take-over.")
        .mark(Mark::line(held_to(end, movement), Style::series(0)).named("seconds of movement"))
        .mark(Mark::line(held_to(end, wall), Style::series(1)).named("seconds on the clock"))
        .mark(Mark::level(ceiling, format!("{} noticed at all", percent(ceiling))))
        .draw()
}

/// The line up to an end, where it stays at its top.
fn held_to(end: f64, line: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let top = line.iter().filter(|p| p[0] <= end).map(|p| p[1]).fold(0.0, f64::max);
    let shown = line.into_iter().filter(|point| point[0] <= end);
    shown.chain([[end, top]]).collect::<Vec<_>>()
}

fn last_x(line: &[[f64; 2]]) -> f64 {
    line.last().map_or(0.0, |point| point[0])
}

/// A line that rises only where a share does.
fn staircase(curve: &[(f64, f64)]) -> Vec<[f64; 2]> {
    let mut line = vec![[0.0, 0.0]];
    for (at, share) in curve {
        let before = line.last().map_or(0.0, |point: &[f64; 2]| point[1]);
        line.extend([[*at, before], [*at, *share]]);
    }
    line
}

/// Breaks on the clock are cut: a night between two windows would hide everything else.
fn timeline(what: &str, line: &SessionTimeline) -> Picture {
    let places = without_breaks(line);
    let at = |value: fn(&TimelinePoint) -> Option<f64>| {
        let points = places.iter().zip(&line.points);
        points.filter_map(|(at, point)| Some([*at, value(point)?])).collect::<Vec<_>>()
    };
    let (from, to) = places.iter().fold((0.0, 1.0), |(a, b), at| (at.min(a), at.max(b)));
    let title = format!("{what}: {} at the mouse of {}", line.impostor, line.user);
    let label = format!("seconds on the clock, breaks cut to {BREAK_S:.0} s");
    let dots = Style::of(Colour::Muted).opacity(0.8);
    let taken = Mark::segments(
        vec![[0.0, 0.0, 0.0, 1.0]],
        Style::of(Colour::Ink).width(1.4).dashed(Dash::Long),
    );
    let alarms = Style::of(Colour::Alarm).width(2.2);
    let x = Axis::linear(label, from, to).ticks(Ticks::About(8));
    Figure::new(title, x, Axis::linear("score", 0.0, 1.0))
        .size(600.0, 300.0)
        .about("Scores of single windows and of groups over time, the threshold, and the alarms.")
        .mark(
            Mark::points(at(|p| Some(p.score)), PointShape::Circle, 2.0, dots).named("one window"),
        )
        .mark(Mark::line(at(|p| p.grouped), Style::of(Colour::Series(0))).named("group"))
        .mark(Mark::points(raised(line, &places), PointShape::Cross, 5.0, alarms).named("alarm"))
        .mark(Mark::level(line.threshold, "threshold"))
        .mark(taken.named("the impostor takes the mouse"))
        .draw()
}

/// When each window is drawn: as on the clock, but no gap longer than a break; 0 stays 0.
fn without_breaks(line: &SessionTimeline) -> Vec<f64> {
    let mut clock: Vec<f64> = line.points.iter().map(|point| point.at_s).collect();
    let taken = clock.partition_point(|at| *at < 0.0);
    clock.insert(taken, 0.0);
    let mut drawn = vec![0.0];
    for pair in clock.windows(2) {
        let before = drawn.last().copied().unwrap_or(0.0);
        drawn.push(before + (pair[1] - pair[0]).clamp(0.0, BREAK_S));
    }
    let origin = drawn.remove(taken);
    drawn.into_iter().map(|at| at - origin).collect()
}

/// Where the decision becomes an intruder.
fn raised(line: &SessionTimeline, places: &[f64]) -> Vec<[f64; 2]> {
    let mut was = false;
    let mut alarms = Vec::new();
    for (at, point) in places.iter().zip(&line.points) {
        let is = point.decision == Decision::Intruder;
        if is && !was {
            alarms.push([*at, point.grouped.unwrap_or(point.score)]);
        }
        was = is;
    }
    alarms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::evaluate::report::sample;

    #[test]
    fn a_night_between_two_windows_is_cut_and_the_take_over_stays_at_zero() {
        let streams = sample::results().runs.remove(0).continuous.unwrap();
        let mut line = streams.caught.unwrap();
        let taken = line.points.iter().position(|point| point.at_s >= 0.0).unwrap();
        line.points.iter_mut().skip(taken + 3).for_each(|point| point.at_s += 50_000.0);
        let places = without_breaks(&line);
        assert_eq!(places.len(), line.points.len());
        assert_eq!(places[taken], 0.0);
        assert!((places[taken + 3] - places[taken + 2] - BREAK_S).abs() < 1e-9);
        assert_eq!(raised(&line, &places).len(), 1, "one alarm, not one a window");
    }
}
