//! Where on the screen the pointer was, how large that screen is, and how its pixels are divided:
//! what says more of the desk than of the hand.

use super::Sheet;
use super::stats::{mean, median, quantile, share};
use crate::pipeline::{MouseEvent, MouseKind};

/// Centres and first position, pixels; a session without clicks has them where all points are.
pub(super) fn position(sheet: &mut Sheet<'_>, events: &[MouseEvent]) {
    let clicks: Vec<_> =
        events.iter().filter(|event| matches!(event.kind, MouseKind::Press(_))).copied().collect();
    let clicks = if clicks.is_empty() { events } else { &clicks };
    for (axis, along) in AXES {
        let all = column(events, along);
        let clicked = column(clicks, along);
        sheet.put(format!("centre_{axis}"), mean(&all));
        sheet.put(format!("median_{axis}"), median(&all));
        sheet.put(format!("clicks_{axis}"), mean(&clicked));
        sheet.put(format!("first_{axis}"), all.first().copied().unwrap_or(0.0));
        sheet.put(format!("last_{axis}"), all.last().copied().unwrap_or(0.0));
    }
}

/// Extremes in pixels, and the share of coordinates that are whole numbers at usual zoom factors.
pub(super) fn extent(sheet: &mut Sheet<'_>, events: &[MouseEvent]) {
    for (axis, along) in AXES {
        let all = column(events, along);
        for (name, q) in [("min", 0.0), ("q05", 0.05), ("q95", 0.95), ("max", 1.0)] {
            sheet.put(format!("{name}_{axis}"), quantile(&all, q));
        }
    }
    let both: Vec<f64> = events.iter().flat_map(|event| [event.x, event.y]).collect();
    for (name, zoom) in ZOOMS {
        sheet.put(name, share(&both, |value| is_whole(value * zoom)));
    }
    let rest: Vec<f64> = both.iter().map(|value| (value - value.round()).abs()).collect();
    sheet.put("fraction", mean(&rest));
}

type Along = fn(&MouseEvent) -> f64;

const AXES: [(&str, Along); 2] = [("x", |event| event.x), ("y", |event| event.y)];

/// Pixels of the device to one of the page, as browsers scale it.
const ZOOMS: [(&str, f64); 5] = [
    ("whole_at_1.00", 1.0),
    ("whole_at_1.10", 1.1),
    ("whole_at_1.25", 1.25),
    ("whole_at_1.50", 1.5),
    ("whole_at_1.75", 1.75),
];

/// Recorders round to single precision: a whole number is one up to that.
fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 0.01
}

fn column(events: &[MouseEvent], along: Along) -> Vec<f64> {
    events.iter().map(along).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::identify::features::{Feature, Group};
    use crate::pipeline::Timestamp;

    #[test]
    fn a_page_at_150_percent_shows_in_the_fractions() {
        let at = |i: i32| MouseEvent {
            at: Timestamp::from_millis(i64::from(i)),
            kind: MouseKind::Move,
            x: f64::from(f64::from(i) as f32 / 1.5),
            y: f64::from(f64::from(2 * i) as f32 / 1.5),
        };
        let events: Vec<_> = (1..100).map(at).collect();
        let mut features: Vec<Feature> = Vec::new();
        extent(&mut Sheet { features: &mut features, group: Group::Screen }, &events);
        let value = |name: &str| features.iter().find(|f| f.name == name).unwrap().value;
        assert_eq!(value("whole_at_1.50"), 1.0);
        assert!(value("whole_at_1.00") < 0.4 && value("whole_at_1.25") < 0.4);
        assert!(value("max_y") > 131.0);
    }
}
