//! Statistics of single actions, after Antal & Egyed-Zsigmond (2019): a movement that ends in a
//! click (point and click) or in a pause (movement only), each measured, then averaged over the
//! session. A kind of action that is absent gives 0.

use super::Sheet;
use super::motion::straightness;
use super::stats::{deviation, log, mean, ratio};
use super::track::{Leg, PAUSE_MS, turns};
use crate::pipeline::{MouseEvent, MouseKind};

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Click,
    Pause,
}

const ENDS: [(&str, End); 2] = [("click", End::Click), ("move", End::Pause)];

/// One movement of at least two legs.
#[derive(Debug, Clone, PartialEq)]
struct Action {
    end: End,
    legs: Vec<Leg>,
}

/// The actions of a session; the wheel neither ends one nor belongs to it.
fn actions(events: &[MouseEvent]) -> Vec<Action> {
    let mut found = Vec::new();
    let mut legs = Vec::new();
    let mut last: Option<&MouseEvent> = None;
    let mut close = |legs: &mut Vec<Leg>, end| {
        let legs = std::mem::take(legs);
        if legs.len() > 1 {
            found.push(Action { end, legs });
        }
    };
    for event in events {
        match event.kind {
            MouseKind::Press(_) => {
                close(&mut legs, End::Click);
                last = None;
            }
            MouseKind::Move | MouseKind::Drag => {
                if let Some(before) = last {
                    let leg = Leg::between(before, event);
                    if leg.ms >= PAUSE_MS { close(&mut legs, End::Pause) } else { legs.push(leg) }
                }
                last = Some(event);
            }
            MouseKind::Release(_) | MouseKind::Wheel => {}
        }
    }
    close(&mut legs, End::Pause);
    found
}

impl Action {
    fn length(&self) -> f64 {
        self.legs.iter().map(Leg::length).sum()
    }

    fn ms(&self) -> f64 {
        self.legs.iter().map(|leg| leg.ms).sum()
    }

    fn speeds(&self) -> Vec<f64> {
        self.legs.iter().filter_map(Leg::speed).collect()
    }

    /// Furthest distance from the straight line between its ends, over that line's length.
    fn bulge(&self) -> f64 {
        let end = self.legs.iter().fold((0.0, 0.0), |at, leg| (at.0 + leg.dx, at.1 + leg.dy));
        let line = f64::hypot(end.0, end.1);
        let mut at = (0.0, 0.0);
        let mut furthest = 0.0_f64;
        for leg in &self.legs {
            at = (at.0 + leg.dx, at.1 + leg.dy);
            furthest = furthest.max(ratio(at.0 * end.1 - at.1 * end.0, line).abs());
        }
        ratio(furthest, line).min(5.0)
    }

    /// When it was fastest, as a share of its legs.
    fn peak(&self) -> f64 {
        let speeds = self.speeds();
        let top = (0..speeds.len()).max_by(|&a, &b| speeds[a].total_cmp(&speeds[b]));
        ratio(top.unwrap_or(0) as f64, speeds.len().saturating_sub(1) as f64)
    }

    /// Last over mean speed: how it brakes before its end.
    fn braking(&self) -> f64 {
        let speeds = self.speeds();
        ratio(speeds.last().copied().unwrap_or(0.0), mean(&speeds))
    }

    fn bending(&self) -> f64 {
        mean(&turns(&self.legs).iter().map(|turn| turn.abs()).collect::<Vec<_>>())
    }
}

/// Lengths px and speeds px/s of the actions, by how they end.
pub(super) fn sizes(sheet: &mut Sheet<'_>, events: &[MouseEvent]) {
    let all = actions(events);
    for (name, end) in ENDS {
        let lengths = measured(&all, end, |action| log(action.length()));
        sheet.put(format!("{name}_length_mean"), mean(&lengths));
        sheet.put(format!("{name}_length_deviation"), deviation(&lengths));
        sheet.put(
            format!("{name}_speed_mean"),
            mean(&measured(&all, end, |a| log(mean(&a.speeds())))),
        );
        sheet.put(
            format!("{name}_speed_top"),
            mean(&measured(&all, end, |a: &Action| {
                log(a.speeds().into_iter().fold(0.0, f64::max))
            })),
        );
    }
}

fn measured(all: &[Action], end: End, measure: fn(&Action) -> f64) -> Vec<f64> {
    all.iter().filter(|action| action.end == end).map(measure).collect()
}

/// Durations, bends, bulges and braking of the actions, by how they end; no pixels.
pub(super) fn shapes(sheet: &mut Sheet<'_>, events: &[MouseEvent]) {
    let all = actions(events);
    for (name, end) in ENDS {
        for (what, measure) in SHAPES {
            let values: Vec<f64> =
                all.iter().filter(|action| action.end == end).map(measure).collect();
            sheet.put(format!("{name}_{what}_mean"), mean(&values));
            sheet.put(format!("{name}_{what}_deviation"), deviation(&values));
        }
    }
    let clicks = all.iter().filter(|action| action.end == End::Click).count();
    sheet.put("actions_that_click", ratio(clicks as f64, all.len() as f64));
}

type Measure = fn(&Action) -> f64;

const SHAPES: [(&str, Measure); 6] = [
    ("duration", |action| log(action.ms())),
    ("straightness", |action| straightness(&action.legs)),
    ("bulge", Action::bulge),
    ("peak", Action::peak),
    ("braking", Action::braking),
    ("bending", Action::bending),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Button, Timestamp};

    fn event(ms: i64, kind: MouseKind, x: f64, y: f64) -> MouseEvent {
        MouseEvent { at: Timestamp::from_millis(ms), kind, x, y }
    }

    #[test]
    fn a_click_and_a_pause_end_an_action() {
        let events = [
            event(0, MouseKind::Move, 0.0, 0.0),
            event(10, MouseKind::Move, 3.0, 4.0),
            event(20, MouseKind::Wheel, 3.0, 4.0),
            event(30, MouseKind::Move, 6.0, 0.0),
            event(40, MouseKind::Press(Button::Left), 6.0, 0.0),
            event(50, MouseKind::Move, 6.0, 0.0),
            event(60, MouseKind::Move, 7.0, 0.0),
            event(70, MouseKind::Move, 8.0, 0.0),
            event(900, MouseKind::Move, 9.0, 0.0),
        ];
        let all = actions(&events);
        let ends: Vec<End> = all.iter().map(|action| action.end).collect();
        assert_eq!(ends, [End::Click, End::Pause]);
        assert!((all[0].length() - 10.0).abs() < 1e-12);
        assert!((all[0].bulge() - 4.0 / 6.0).abs() < 1e-12);
        assert_eq!(straightness(&all[1].legs), 1.0);
    }
}
