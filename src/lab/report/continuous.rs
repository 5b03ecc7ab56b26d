//! The whole detector on streams: how soon a stranger is noticed, and how the score went when one
//! was and when one was not.

use super::{estimate, rate};
use crate::lab::evaluate::results::{Continuous, Delay, Timeline};
use crate::lab::plot::page::{Block, Section};
use crate::lab::plot::{
    Axis, Colour, Dash, Figure, Mark, Picture, Shape, Style, Ticks, number, seconds,
};
use crate::pipeline::policy::Decision;

pub(super) fn section(protocol: &str, streams: &Continuous) -> Section {
    let pictures = pictures(streams).into_iter().map(|picture| picture.1).collect();
    Section::new(format!("As the agent would live it, {protocol}"))
        .with(Block::Text(
            "An owner works, then a stranger takes the mouse: the agent's own detector on the \
             whole stream, alarm by alarm."
                .into(),
        ))
        .with(table(streams))
        .with(Block::Pictures(pictures))
}

/// Pictures with names for files.
pub(super) fn pictures(streams: &Continuous) -> Vec<(&'static str, Picture)> {
    let mut out = vec![("time-to-detect", time_to_detect(streams))];
    let caught = streams.caught.as_ref();
    out.extend(caught.map(|line| ("caught", timeline("A stranger who was noticed", line))));
    let missed = streams.missed_one.as_ref();
    out.extend(missed.map(|line| ("missed", timeline("A stranger who was missed", line))));
    out
}

fn table(streams: &Continuous) -> Block {
    let delay = |delay: Option<&Delay>| {
        delay.map_or_else(
            || "-".into(),
            |d| {
                let median = &d.median;
                let [low, high] = [median.low, median.high].map(seconds);
                format!("{} ({low} to {high}), p95 {}", seconds(median.value), seconds(d.p95))
            },
        )
    };
    let maybe = |value: Option<&_>, none: &str| value.map_or_else(|| none.to_owned(), estimate);
    let [wall, movement] = streams.genuine_hours.map(number);
    let short = format!("{} shorter ones cannot be judged and are not counted", streams.too_short);
    let rows = [
        ("stranger sessions", format!("{}; {short}", streams.impostor_sessions)),
        ("never noticed", format!("{}: {}", streams.missed, rate(&streams.missed_share))),
        ("until noticed, movement, median", delay(streams.movement.as_ref())),
        ("until noticed, on the clock, median", delay(streams.wall.as_ref())),
        ("windows until noticed, mean (ANIA)", maybe(streams.ania.as_ref(), "-")),
        ("own windows for each false alarm (ANGA)", maybe(streams.anga.as_ref(), "no false alarm")),
        ("false alarms in 8 h on the clock", estimate(&streams.false_alarms_per_8h_wall)),
        ("false alarms in 8 h of movement", estimate(&streams.false_alarms_per_8h_movement)),
        ("owners' work behind it", format!("{wall} h on the clock, {movement} h of movement")),
    ];
    let rows = rows.into_iter().map(|(what, value)| vec![what.to_owned(), value]).collect();
    Block::Table(vec!["what".into(), "found, with 95 % intervals".into()], rows)
}

fn time_to_detect(streams: &Continuous) -> Picture {
    let steps = |curve: &[(f64, f64)]| {
        let mut line = vec![[0.0, 0.0]];
        for (at, share) in curve {
            let before = line.last().map_or(0.0, |point: &[f64; 2]| point[1]);
            line.extend([[*at, before], [*at, *share]]);
        }
        line
    };
    let [movement, wall] = [&streams.curve, &streams.wall_curve].map(|curve| steps(curve));
    let last = |line: &[[f64; 2]]| line.last().map_or(0.0, |point| point[0]);
    // Clocks run long over breaks; the picture is about the movement.
    let end = (3.0 * last(&movement)).min(last(&wall)).max(last(&movement)).max(1.0);
    let held = |line: Vec<[f64; 2]>| {
        let top = line.iter().filter(|p| p[0] <= end).map(|p| p[1]).fold(0.0, f64::max);
        let shown = line.into_iter().filter(|point| point[0] <= end);
        shown.chain([[end, top]]).collect::<Vec<_>>()
    };
    let x = Axis::linear("seconds since the stranger took the mouse", 0.0, end);
    let y = Axis::linear("share of strangers noticed", 0.0, 1.0);
    let ceiling = 1.0 - streams.missed_share.value;
    Figure::new("How soon a stranger is noticed", x, y)
        .size(460.0, 320.0)
        .about("Share of stranger sessions noticed over the seconds since the take-over.")
        .mark(Mark::line(held(movement), Style::series(0)).named("seconds of movement"))
        .mark(Mark::line(held(wall), Style::series(1)).named("seconds on the clock"))
        .mark(Mark::level(
            ceiling,
            format!("{} noticed at all", crate::lab::plot::percent(ceiling)),
        ))
        .draw()
}

fn timeline(what: &str, line: &Timeline) -> Picture {
    let ends = line.points.iter().map(|point| point.at_s);
    let (from, to) = (ends.clone().fold(0.0, f64::min), ends.fold(1.0, f64::max));
    let single: Vec<_> = line.points.iter().map(|point| [point.at_s, point.score]).collect();
    let grouped = line.points.iter().filter_map(|p| Some([p.at_s, p.grouped?])).collect();
    let alarm = |point: &&_| is_alarm(point);
    let alarms = line.points.iter().filter(alarm);
    let alarms: Vec<_> = alarms.map(|p| [p.at_s, p.grouped.unwrap_or(p.score)]).collect();
    let title = format!("{what}: {} at the mouse of {}", line.stranger, line.user);
    let x = Axis::linear("seconds on the clock", from, to).ticks(Ticks::About(8));
    let dots = Style::of(Colour::Muted).opacity(0.7);
    let alarm_style = Style::of(Colour::Alarm).width(2.2);
    Figure::new(title, x, Axis::linear("score", 0.0, 1.0))
        .size(620.0, 300.0)
        .about("Scores of single windows and of groups over time, the threshold, and the alarms.")
        .mark(Mark::points(single, Shape::Circle, 2.0, dots).named("one window"))
        .mark(Mark::line(grouped, Style::of(Colour::Series(0))).named("group"))
        .mark(Mark::points(alarms, Shape::Cross, 4.5, alarm_style).named("intruder"))
        .mark(Mark::level(line.threshold, "threshold"))
        .mark(
            Mark::segments(
                vec![[0.0, 0.0, 0.0, 1.0]],
                Style::of(Colour::Ink).width(1.4).dashed(Dash::Long),
            )
            .named("the stranger takes the mouse"),
        )
        .draw()
}

fn is_alarm(point: &crate::lab::evaluate::results::TimelinePoint) -> bool {
    point.decision == Decision::Intruder
}
