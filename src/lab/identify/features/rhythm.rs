//! When things happen: how often the device reports, and how a person pauses.

use super::Sheet;
use super::stats::{deviation, log, mean, median, quantile, ratio, share};
use super::track::{PAUSE_MS, Track};
use crate::pipeline::{MouseEvent, MouseKind};

/// A pause longer than this is an absence, ms.
const ABSENCE_MS: f64 = 10_000.0;

/// Gaps within movement, ms, and what the device was seen to do.
pub(super) fn sampling(sheet: &mut Sheet<'_>, events: &[MouseEvent], track: &Track) {
    let gaps: Vec<f64> = track.moving().map(|leg| leg.ms).collect();
    for (name, q) in [("min", 0.0), ("q10", 0.1), ("median", 0.5), ("q90", 0.9)] {
        sheet.put(format!("gap_{name}"), log(quantile(&gaps, q)));
    }
    for (name, low, high) in BANDS {
        sheet.put(name, share(&gaps, |gap| gap >= low && gap < high));
    }
    sheet.put("gap_deviation", log(deviation(&gaps)));
    sheet.put("share_move", share_of(events, |kind| kind == MouseKind::Move));
    sheet.put("share_wheel", share_of(events, |kind| kind == MouseKind::Wheel));
    sheet.put("share_drag", share_of(events, |kind| kind == MouseKind::Drag));
    sheet.put("share_press", share_of(events, |kind| matches!(kind, MouseKind::Press(_))));
    sheet.put("points", log(events.len() as f64));
}

fn share_of(events: &[MouseEvent], holds: fn(MouseKind) -> bool) -> f64 {
    ratio(events.iter().filter(|event| holds(event.kind)).count() as f64, events.len() as f64)
}

/// Gaps in milliseconds, from and below.
const BANDS: [(&str, f64, f64); 4] = [
    ("gap_below_12", 0.0, 12.0),
    ("gap_12_to_40", 12.0, 40.0),
    ("gap_40_to_80", 40.0, 80.0),
    ("gap_80_to_250", 80.0, PAUSE_MS),
];

/// Pauses in seconds, how often and how long, and how even they are.
pub(super) fn pauses(sheet: &mut Sheet<'_>, events: &[MouseEvent], track: &Track) {
    let gaps: Vec<f64> =
        events.windows(2).map(|pair| (pair[1].at - pair[0].at).0 as f64 / 1000.0).collect();
    let pauses: Vec<f64> = gaps
        .iter()
        .filter(|gap| **gap >= PAUSE_MS && **gap < ABSENCE_MS)
        .map(|gap| gap / 1000.0)
        .collect();
    let present: f64 = gaps.iter().filter(|gap| **gap < ABSENCE_MS).sum::<f64>() / 1000.0;
    sheet.put("present_s", log(present));
    sheet.put("pauses_a_minute", 60.0 * ratio(pauses.len() as f64, present));
    sheet.put("pause_share", ratio(pauses.iter().sum(), present));
    for (name, q) in [("q10", 0.1), ("median", 0.5), ("q90", 0.9)] {
        sheet.put(format!("pause_{name}"), log(quantile(&pauses, q)));
    }
    let logs: Vec<f64> = pauses.iter().map(|pause| pause.ln()).collect();
    sheet.put("pause_log_mean", mean(&logs));
    sheet.put("pause_log_deviation", deviation(&logs));
    sheet.put("pause_below_1s", share(&pauses, |pause| pause < 1.0));
    let runs: Vec<f64> =
        track.runs().map(|run| run.iter().map(|leg| leg.ms).sum::<f64>() / 1000.0).collect();
    sheet.put("run_median", log(median(&runs)));
    sheet.put("run_q90", log(quantile(&runs, 0.9)));
    sheet.put("runs_a_minute", 60.0 * ratio(runs.len() as f64, present));
    sheet.put("moving_share", ratio(runs.iter().sum(), present));
}
