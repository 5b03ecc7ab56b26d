//! What is kept of a session that will be drawn: few enough events that a page of a hundred
//! sessions stays small, and how many were left out.

use std::collections::BTreeSet;

use super::facts::extent;
use super::kind::EventType;
use crate::pipeline::MouseEvent;

/// Strokes that a timeline can show side by side.
const COLUMNS: f64 = 500.0;
/// The shortest time on a logarithmic timeline, seconds.
pub(super) const SHORTEST_S: f64 = 0.01;

/// A session, thinned.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Trace {
    /// Unique within its user.
    pub id: String,
    /// Type, x and y along the path.
    pub path: Vec<(EventType, [f64; 2])>,
    /// Events before thinning.
    pub events: usize,
    /// Seconds since the first event, one for each type and place that can be told apart on a
    /// linear axis.
    pub linear: Vec<(EventType, f64)>,
    /// The same on a logarithmic axis from 10 ms.
    pub log: Vec<(EventType, f64)>,
    /// Seconds.
    pub duration: f64,
}

impl Trace {
    /// Thins a session's events to about `most` on the path.
    pub(crate) fn of(id: &str, events: &[MouseEvent], most: usize) -> Self {
        let Some((first, last)) = events.first().zip(events.last()) else {
            return Self { id: id.to_owned(), ..Self::default() };
        };
        let duration = (last.at - first.at).as_secs_f64();
        let since = |event: &MouseEvent| (event.at - first.at).as_secs_f64();
        let log_span = (duration.max(2.0 * SHORTEST_S) / SHORTEST_S).ln();
        Self {
            id: id.to_owned(),
            path: thin(events, most),
            events: events.len(),
            linear: columns(events.iter().map(|e| (e.kind.into(), since(e))), |seconds: f64| {
                seconds / duration.max(1e-9)
            }),
            log: columns(events.iter().map(|e| (e.kind.into(), since(e))), |seconds: f64| {
                (seconds.max(SHORTEST_S) / SHORTEST_S).ln() / log_span
            }),
            duration,
        }
    }
}

/// One time for each type and column.
fn columns(
    events: impl Iterator<Item = (EventType, f64)>,
    share: impl Fn(f64) -> f64,
) -> Vec<(EventType, f64)> {
    let mut taken = BTreeSet::new();
    events.filter(|(kind, at)| taken.insert((*kind, (share(*at) * COLUMNS) as i64))).collect()
}

/// Clicks and turns of the wheel stay as long as they are fewer than half of `most`; of movement,
/// what is close to the last kept position goes, first what cannot be seen anyway.
fn thin(events: &[MouseEvent], most: usize) -> Vec<(EventType, [f64; 2])> {
    let Some([left, right, top, bottom]) = extent(events) else { return Vec::new() };
    if events.len() <= most {
        return keep(events, 0.0);
    }
    let mut nearest = (right - left).hypot(bottom - top) / 400.0;
    loop {
        let kept = keep(events, nearest);
        if kept.len() <= most || nearest == 0.0 {
            return spaced(kept, most);
        }
        if kept.iter().filter(|event| !is_movement(event.0)).count() > most / 2 {
            return spaced(kept, most);
        }
        nearest *= 1.5;
    }
}

const fn is_movement(kind: EventType) -> bool {
    matches!(kind, EventType::Move | EventType::Drag)
}

fn keep(events: &[MouseEvent], nearest: f64) -> Vec<(EventType, [f64; 2])> {
    let mut kept: Vec<(EventType, [f64; 2])> = Vec::new();
    for (i, event) in events.iter().enumerate() {
        let kind = EventType::from(event.kind);
        let is_last = i + 1 == events.len();
        let is_close = kept.last().is_some_and(|(before, [x, y])| {
            *before == kind && (event.x - x).hypot(event.y - y) < nearest
        });
        if !is_close || is_last {
            kept.push((kind, [event.x, event.y]));
        }
    }
    kept
}

/// At most `most`, evenly chosen: a session of nothing but clicks would never become few enough.
fn spaced(events: Vec<(EventType, [f64; 2])>, most: usize) -> Vec<(EventType, [f64; 2])> {
    let stride = events.len().div_ceil(most.max(1)).max(1);
    events.into_iter().step_by(stride).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Button, MouseKind, Timestamp};

    fn circle(count: usize, kind: impl Fn(usize) -> MouseKind) -> Vec<MouseEvent> {
        let event = |i: usize| {
            let angle = i as f64 * 0.01;
            let at = Timestamp::from_millis(i as i64 * 8);
            MouseEvent { at, kind: kind(i), x: 500.0 * angle.cos(), y: 500.0 * angle.sin() }
        };
        (0..count).map(event).collect()
    }

    #[test]
    fn a_long_path_becomes_short_and_keeps_its_clicks() {
        let kind = |i| if i % 500 == 7 { MouseKind::Press(Button::Left) } else { MouseKind::Move };
        let trace = Trace::of("s", &circle(20_000, kind), 700);
        assert!(trace.path.len() <= 700, "{}", trace.path.len());
        assert_eq!(trace.path.iter().filter(|event| event.0 == EventType::Press).count(), 40);
        assert!(trace.linear.len() <= 2 * 501 && trace.log.len() <= 2 * 501);
    }

    #[test]
    fn nothing_but_clicks_is_thinned_evenly() {
        let trace = Trace::of("s", &circle(5000, |_| MouseKind::Press(Button::Left)), 700);
        assert!((500..=700).contains(&trace.path.len()));
    }

    #[test]
    fn constant_positions_and_single_events_come_through() {
        let still = MouseEvent { x: 7.0, y: 7.0, ..circle(1, |_| MouseKind::Move)[0] };
        assert_eq!(Trace::of("s", &[still; 3000], 700).path.len(), 600);
        assert_eq!(Trace::of("s", &[still], 700).path.len(), 1);
        assert_eq!(Trace::of("s", &[], 700), Trace { id: "s".into(), ..Trace::default() });
    }
}
