//! When each type of event happened: a row for each type, on linear time to see the pauses, on
//! logarithmic time to see the beginning.

use super::kind::EventType;
use super::trace::{SHORTEST_S, Trace};
use crate::lab::plot::{Axis, Figure, Mark, Picture, Style, Ticks, short_id};

/// The timeline of a session on linear time, then on logarithmic time.
pub(super) fn draw(trace: &Trace) -> [Picture; 2] {
    let end = trace.duration.max(2.0 * SHORTEST_S);
    let (per, unit) = match end {
        end if end > 7200.0 => (3600.0, "h"),
        end if end > 300.0 => (60.0, "min"),
        _ => (1.0, "s"),
    };
    let linear: Vec<_> = trace.linear.iter().map(|(kind, at)| (*kind, at / per)).collect();
    let log: Vec<_> = trace.log.iter().map(|(kind, at)| (*kind, at.max(SHORTEST_S))).collect();
    let axis = Axis::linear(format!("time since the first event, {unit}"), 0.0, end / per);
    let log_axis = Axis::log("time since the first event, s (logarithmic)", SHORTEST_S, end);
    let name = short_id(&trace.id, 22);
    [
        rows(format!("{name}: timeline"), axis.ticks(Ticks::About(7)), &linear),
        rows(format!("{name}: timeline, log"), log_axis.ticks(Ticks::About(6)), &log),
    ]
}

fn rows(title: String, x: Axis, events: &[(EventType, f64)]) -> Picture {
    let names = EventType::ALL.map(|kind| kind.name().to_owned());
    let marks = EventType::ALL.into_iter().filter_map(|kind| {
        let row = kind.index() as f64;
        let of_kind = events.iter().filter(|event| event.0 == kind);
        let strokes: Vec<_> = of_kind.map(|e| [e.1, row - 0.35, e.1, row + 0.35]).collect();
        (!strokes.is_empty()).then(|| Mark::segments(strokes, Style::of(kind.colour()).width(1.0)))
    });
    Figure::new(title, x, Axis::named("", &names, true))
        .size(420.0, 146.0)
        .about("A stroke for each moment at which an event of the row's type happened.")
        .marks(marks)
        .draw()
}
