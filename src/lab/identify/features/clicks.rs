//! When buttons and wheel are used, and what the hand does just before and after.

use super::Sheet;
use super::stats::{log, mean, median, quantile, ratio, share};
use crate::pipeline::{MouseEvent, MouseKind};

/// Times in ms between a click and its neighbours; none counts more than this.
const LONGEST_MS: f64 = 10_000.0;

pub(super) fn timing(sheet: &mut Sheet<'_>, events: &[MouseEvent]) {
    let presses: Vec<&MouseEvent> = events.iter().filter(|event| is_press(event)).collect();
    let minutes = present_minutes(events);
    sheet.put("clicks_a_minute", ratio(presses.len() as f64, minutes));
    let between: Vec<f64> = presses.windows(2).map(|pair| ms(pair[0], pair[1])).collect();
    sheet.put("between_clicks_median", log(median(&between)));
    sheet.put("between_clicks_q10", log(quantile(&between, 0.1)));
    sheet.put("double_clicks", share(&between, |gap| gap < 500.0));
    let before: Vec<f64> =
        events.windows(2).filter(|pair| is_press(&pair[1])).map(|p| ms(&p[0], &p[1])).collect();
    let after: Vec<f64> =
        events.windows(2).filter(|pair| is_press(&pair[0])).map(|p| ms(&p[0], &p[1])).collect();
    for (name, gaps) in [("before_click", before), ("after_click", after)] {
        sheet.put(format!("{name}_median"), log(median(&gaps)));
        let logs: Vec<f64> = gaps.iter().map(|gap| log(*gap)).collect();
        sheet.put(format!("{name}_log_mean"), mean(&logs));
        sheet.put(format!("{name}_q90"), log(quantile(&gaps, 0.9)));
    }
    wheel(sheet, events, minutes);
}

fn is_press(event: &MouseEvent) -> bool {
    matches!(event.kind, MouseKind::Press(_))
}

/// How the wheel is turned: how often, and how many notches at a time.
fn wheel(sheet: &mut Sheet<'_>, events: &[MouseEvent], minutes: f64) {
    let runs: Vec<f64> = events
        .split(|event| event.kind != MouseKind::Wheel)
        .filter(|run| !run.is_empty())
        .map(|run| run.len() as f64)
        .collect();
    sheet.put("wheel_runs_a_minute", ratio(runs.len() as f64, minutes));
    sheet.put("wheel_run_mean", log(mean(&runs)));
}

fn ms(from: &MouseEvent, to: &MouseEvent) -> f64 {
    ((to.at - from.at).0 as f64 / 1000.0).min(LONGEST_MS)
}

/// The session's length without absences, minutes.
fn present_minutes(events: &[MouseEvent]) -> f64 {
    let gaps = events.windows(2).map(|pair| (pair[1].at - pair[0].at).0 as f64 / 1000.0);
    gaps.filter(|gap| *gap < LONGEST_MS).sum::<f64>() / 60_000.0
}
