//! The 17 features of the research notebook on the bank recordings. Knows nothing of the other sets.
//!
//! Centres, first position and gaps are in pixels and milliseconds; the shares are of all events. A
//! session without clicks has its clicks' centre in the centre of all points; without two moves its
//! gaps are 0; with constant coordinates its slope and its narrowness are 0, where the notebook
//! divided by zero.

use super::stats::{mean, ratio};
use super::{Feature, Group, Sheet};
use crate::pipeline::{MouseEvent, MouseKind};

/// Which slope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slope {
    /// Least squares: `(E[xy] - E[x] E[y]) / (E[x²] - E[x]²)`.
    Corrected,
    /// The notebook's: `(E[xy] - E[x] E[x]) / (E[x²] - E[x]²)`.
    AsWas,
}

/// First and second moments of the positions.
#[derive(Debug, Clone, Copy)]
struct Moments {
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Moments {
    /// Second moments around the centre, which loses no digits far from the origin.
    fn of(events: &[MouseEvent]) -> Self {
        let x = over(events, &|e| e.x);
        let y = over(events, &|e| e.y);
        Self {
            x,
            y,
            xx: over(events, &|e| (e.x - x).powi(2)),
            xy: over(events, &|e| (e.x - x) * (e.y - y)),
            yy: over(events, &|e| (e.y - y).powi(2)),
        }
    }

    /// `E[xy] - E[x]²` is `cov(x, y) + E[x] (E[y] - E[x])`.
    fn slope(&self, slope: Slope) -> f64 {
        let wrong_mean = match slope {
            Slope::Corrected => 0.0,
            Slope::AsWas => self.x * (self.y - self.x),
        };
        ratio(self.xy + wrong_mean, self.xx)
    }

    /// The share of variance on the first principal component, 0.5..=1: the larger eigenvalue of
    /// the covariance over their sum. 0 where there is no variance at all.
    fn narrowness(&self) -> f64 {
        let half = f64::midpoint(self.xx, self.yy);
        let root = ((self.xx - self.yy) / 2.0).hypot(self.xy);
        ratio(half + root, self.xx + self.yy)
    }
}

/// The mean of a value over all events.
fn over(events: &[MouseEvent], value: &dyn Fn(&MouseEvent) -> f64) -> f64 {
    mean(&events.iter().map(value).collect::<Vec<_>>())
}

pub(super) fn measure(events: &[MouseEvent], slope: Slope) -> Vec<Feature> {
    let mut features = Vec::with_capacity(17);
    let moments = Moments::of(events);
    position(&mut Sheet { features: &mut features, group: Group::Position }, events, &moments);
    let mut shape = Sheet { features: &mut features, group: Group::Shape };
    shape.put("slope", moments.slope(slope));
    shape.put("narrowness", moments.narrowness());
    let mut clicks = Sheet { features: &mut features, group: Group::Clicks };
    for (name, holds) in KINDS {
        let count = events.iter().filter(|event| holds(event.kind)).count();
        clicks.put(name, ratio(count as f64, events.len() as f64));
    }
    let mut device = Sheet { features: &mut features, group: Group::Device };
    let (shortest, longest) = gaps(events);
    device.put("shortest_gap_ms", shortest);
    device.put("longest_gap_ms", longest);
    Sheet { features: &mut features, group: Group::Rhythm }.put("points", events.len() as f64);
    features
}

fn position(sheet: &mut Sheet<'_>, events: &[MouseEvent], moments: &Moments) {
    let clicks: Vec<_> =
        events.iter().filter(|e| matches!(e.kind, MouseKind::Press(_))).copied().collect();
    let clicked = if clicks.is_empty() { *moments } else { Moments::of(&clicks) };
    let first = events.first().map_or((0.0, 0.0), |event| (event.x, event.y));
    sheet.put("centre_x", moments.x);
    sheet.put("centre_y", moments.y);
    sheet.put("clicks_x", clicked.x);
    sheet.put("clicks_y", clicked.y);
    sheet.put("first_x", first.0);
    sheet.put("first_y", first.1);
    sheet.put(
        "radius",
        events
            .iter()
            .map(|event| (event.x - moments.x).hypot(event.y - moments.y))
            .fold(0.0, f64::max),
    );
}

type Holds = fn(MouseKind) -> bool;

/// The event types of the recordings, 1 to 5.
const KINDS: [(&str, Holds); 5] = [
    ("share_release", |kind| matches!(kind, MouseKind::Release(_))),
    ("share_move", |kind| kind == MouseKind::Move),
    ("share_wheel", |kind| kind == MouseKind::Wheel),
    ("share_drag", |kind| kind == MouseKind::Drag),
    ("share_press", |kind| matches!(kind, MouseKind::Press(_))),
];

/// Shortest and longest time between neighbouring moves, ms.
fn gaps(events: &[MouseEvent]) -> (f64, f64) {
    let moves: Vec<_> = events.iter().filter(|event| event.kind == MouseKind::Move).collect();
    let gaps: Vec<f64> =
        moves.windows(2).map(|pair| (pair[1].at - pair[0].at).0 as f64 / 1000.0).collect();
    let shortest = gaps.iter().copied().reduce(f64::min).unwrap_or(0.0);
    (shortest, gaps.iter().copied().fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Button, Timestamp};

    fn event(ms: i64, kind: MouseKind, x: f64, y: f64) -> MouseEvent {
        MouseEvent { at: Timestamp::from_millis(ms), kind, x, y }
    }

    fn value(features: &[Feature], name: &str) -> f64 {
        features.iter().find(|feature| feature.name == name).unwrap().value
    }

    fn session() -> Vec<MouseEvent> {
        vec![
            event(0, MouseKind::Move, 0.0, 10.0),
            event(40, MouseKind::Move, 2.0, 14.0),
            event(50, MouseKind::Press(Button::Left), 2.0, 14.0),
            event(140, MouseKind::Move, 4.0, 18.0),
        ]
    }

    #[test]
    fn a_small_session_by_hand() {
        let features = measure(&session(), Slope::Corrected);
        let expected = [
            ("centre_x", 2.0),
            ("centre_y", 14.0),
            ("clicks_x", 2.0),
            ("first_y", 10.0),
            ("radius", 20.0_f64.sqrt()),
            ("slope", 2.0),
            ("narrowness", 1.0),
            ("share_release", 0.0),
            ("share_move", 0.75),
            ("share_press", 0.25),
            ("shortest_gap_ms", 40.0),
            ("longest_gap_ms", 100.0),
            ("points", 4.0),
        ];
        for (name, expected) in expected {
            assert!((value(&features, name) - expected).abs() < 1e-12, "{name}");
        }
    }

    #[test]
    fn the_notebooks_slope_takes_the_mean_of_x_for_that_of_y() {
        // E[xy] = (28 + 28 + 72) / 4 = 32, E[x] = 2, E[x²] = 24 / 4 = 6: (32 - 4) / (6 - 4).
        let features = measure(&session(), Slope::AsWas);
        assert!((value(&features, "slope") - 14.0).abs() < 1e-12);
    }

    #[test]
    fn without_clicks_their_centre_is_the_centre_of_all_points() {
        let moves: Vec<_> =
            session().into_iter().filter(|event| event.kind == MouseKind::Move).collect();
        let features = measure(&moves, Slope::Corrected);
        assert_eq!(value(&features, "clicks_x"), value(&features, "centre_x"));
    }

    #[test]
    fn constant_coordinates_have_neither_slope_nor_narrowness() {
        let still: Vec<_> = (0..5).map(|i| event(i, MouseKind::Move, 8.0, 9.0)).collect();
        for slope in [Slope::Corrected, Slope::AsWas] {
            let features = measure(&still, slope);
            assert_eq!((value(&features, "slope"), value(&features, "narrowness")), (0.0, 0.0));
        }
    }
}
