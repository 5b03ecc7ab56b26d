//! What can be said of one session in numbers: counts and extents only.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::kind::EventType;
use crate::data::formats::RecordedSession;
use crate::pipeline::MouseEvent;

/// Movement between neighbouring positions that nobody makes by hand within 20 ms, as a share of
/// the session's extent.
const JUMP_SHARE: f64 = 0.4;
const JUMP_MS: f64 = 20.0;

/// One session in numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionFacts {
    /// Unique within its user.
    pub id: String,
    /// Rows of its files.
    pub rows: u64,
    /// Rows left out by the reader.
    pub dropped: u64,
    /// Events by [`EventType::ALL`].
    pub counts: [usize; 5],
    /// First and last event, microseconds since the format's origin.
    pub span: Option<[i64; 2]>,
    /// Events that repeat one before them in time, type and position.
    pub duplicates: usize,
    /// Events at the same time as the one before, exact repetitions not counted.
    pub simultaneous: usize,
    /// Events that stood behind a later one in the file.
    pub backwards: u64,
    /// The longest gap between two events, seconds.
    pub longest_gap_s: f64,
    /// Median time between positions of continuous movement, milliseconds.
    pub median_step_ms: Option<f64>,
    /// Smallest x, largest x, smallest y, largest y.
    pub extent: Option<[f64; 4]>,
    /// Events with a negative coordinate.
    pub negative: usize,
    /// Events with a coordinate between two pixels.
    pub fractional: usize,
    /// Leaps across the screen in no time.
    pub jumps: usize,
    /// Equal for sessions with the same events, wherever they begin in time.
    pub fingerprint: u64,
}

impl SessionFacts {
    /// Looks at a session.
    pub(crate) fn of(session: &RecordedSession) -> Self {
        let events = &session.events;
        let kinds = EventType::ALL;
        let extent = extent(events);
        Self {
            id: session.id.clone(),
            rows: session.rows,
            dropped: session.dropped.total(),
            counts: kinds.map(|kind| count(events, &|event| EventType::from(event.kind) == kind)),
            span: events.first().zip(events.last()).map(|(a, b)| [a.at.micros(), b.at.micros()]),
            duplicates: duplicates(events),
            simultaneous: pairs(events).filter(|(a, b)| a.at == b.at && a != b).count(),
            backwards: session.backwards,
            longest_gap_s: pairs(events).map(|pair| gap_ms(pair) / 1e3).fold(0.0, f64::max),
            median_step_ms: median_step(events),
            extent,
            negative: count(events, &|event| event.x < 0.0 || event.y < 0.0),
            fractional: count(events, &|event| event.x.fract() != 0.0 || event.y.fract() != 0.0),
            jumps: extent.map_or(0, |extent| jumps(events, extent)),
            fingerprint: fingerprint(events),
        }
    }

    /// All events.
    pub(crate) fn events(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Events of a type.
    pub(crate) const fn count(&self, kind: EventType) -> usize {
        self.counts[kind.index()]
    }

    /// From the first event to the last, seconds.
    pub(crate) fn duration_s(&self) -> f64 {
        self.span.map_or(0.0, |[from, to]| (to - from) as f64 / 1e6)
    }

    /// Whether several events all stand at one place.
    pub(crate) fn is_constant(&self) -> bool {
        self.events() > 1 && self.extent.is_some_and(|[a, b, c, d]| a == b && c == d)
    }
}

fn count(events: &[MouseEvent], f: &dyn Fn(&MouseEvent) -> bool) -> usize {
    events.iter().filter(|e| f(e)).count()
}

fn pairs(events: &[MouseEvent]) -> impl Iterator<Item = (&MouseEvent, &MouseEvent)> {
    events.iter().zip(events.iter().skip(1))
}

fn gap_ms((a, b): (&MouseEvent, &MouseEvent)) -> f64 {
    (b.at - a.at).0 as f64 / 1e3
}

pub(super) fn extent(events: &[MouseEvent]) -> Option<[f64; 4]> {
    let first = events.first()?;
    let start = [first.x, first.x, first.y, first.y];
    Some(events.iter().fold(start, |[left, right, top, bottom], event| {
        [left.min(event.x), right.max(event.x), top.min(event.y), bottom.max(event.y)]
    }))
}

/// Repetitions among events of one time, whatever stands between them.
fn duplicates(events: &[MouseEvent]) -> usize {
    let moments = events.chunk_by(|a, b| a.at == b.at).filter(|moment| moment.len() > 1);
    moments
        .map(|moment| (1..moment.len()).filter(|i| moment[..*i].contains(&moment[*i])).count())
        .sum()
}

fn median_step(events: &[MouseEvent]) -> Option<f64> {
    let moves: Vec<_> = events.iter().filter(|event| event.kind.is_movement()).copied().collect();
    let gaps = pairs(&moves).map(gap_ms).filter(|gap| *gap > 0.0 && *gap < 250.0);
    let mut gaps: Vec<f64> = gaps.collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 2).copied()
}

fn jumps(events: &[MouseEvent], [left, right, top, bottom]: [f64; 4]) -> usize {
    let far = JUMP_SHARE * (right - left).hypot(bottom - top);
    pairs(events)
        .filter(|(a, b)| {
            let distance = (b.x - a.x).hypot(b.y - a.y);
            far > 200.0 && distance > far && gap_ms((a, b)) <= JUMP_MS
        })
        .count()
}

fn fingerprint(events: &[MouseEvent]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for event in events {
        let since = event.at - events[0].at;
        (since, event.kind, event.x.to_bits(), event.y.to_bits()).hash(&mut hasher);
    }
    hasher.finish()
}
