//! How fast and how crookedly the pointer moves. Speeds are in pixels; shapes are pure ratios.

use std::f64::consts::PI;

use super::Sheet;
use super::stats::{deviation, log, mean, median, quantile, ratio, share};
use super::track::{Leg, Track};

/// Directions are counted in this many equal sectors.
const SECTORS: usize = 8;

/// Speed px/s, acceleration px/s² and the legs' lengths px, as logarithms of their quantiles.
pub(super) fn speed(sheet: &mut Sheet<'_>, track: &Track) {
    let speeds: Vec<f64> = track.moving().filter_map(Leg::speed).collect();
    let lengths: Vec<f64> = track.moving().map(Leg::length).collect();
    let accelerations: Vec<f64> = track.runs().flat_map(accelerations).collect();
    let sizes: Vec<f64> = accelerations.iter().map(|a| a.abs()).collect();
    for (name, q) in [("q10", 0.1), ("median", 0.5), ("q90", 0.9)] {
        sheet.put(format!("speed_{name}"), log(quantile(&speeds, q)));
        sheet.put(format!("leg_{name}"), log(quantile(&lengths, q)));
        sheet.put(format!("acceleration_{name}"), log(quantile(&sizes, q)));
    }
    sheet.put("distance", log(lengths.iter().sum()));
}

/// Change of speed over time between neighbouring legs, px/s².
fn accelerations(run: &[Leg]) -> Vec<f64> {
    run.windows(2)
        .filter_map(|pair| {
            let before = pair[0].speed()?;
            let after = pair[1].speed()?;
            Some((after - before) * 1000.0 / after_ms(&pair[1])?)
        })
        .collect()
}

fn after_ms(leg: &Leg) -> Option<f64> {
    (leg.ms > 0.0).then_some(leg.ms)
}

/// Directions, turns and straightness.
pub(super) fn shape(sheet: &mut Sheet<'_>, track: &Track) {
    let turns = track.turns();
    let sizes: Vec<f64> = turns.iter().map(|turn| turn.abs()).collect();
    sheet.put("turn_mean", mean(&sizes));
    sheet.put("turn_median", median(&sizes));
    sheet.put("turn_deviation", deviation(&turns));
    sheet.put("turn_bias", mean(&turns));
    sheet.put("turn_sharp", share(&sizes, |turn| turn > PI / 2.0));
    sheet.put("turn_slight", share(&sizes, |turn| turn < PI / 16.0));
    let straight: Vec<f64> = track.runs().filter(|run| run.len() > 1).map(straightness).collect();
    sheet.put("straightness", mean(&straight));
    sheet.put("straightness_q10", quantile(&straight, 0.1));
    directions(sheet, track);
    let speeds: Vec<f64> = track.moving().filter_map(Leg::speed).collect();
    sheet.put("speed_variation", ratio(deviation(&speeds), mean(&speeds)));
    sheet.put("speed_skew", ratio(mean(&speeds), median(&speeds)).min(20.0));
    let across: f64 = track.moving().map(|leg| leg.dx.abs()).sum();
    let down: f64 = track.moving().map(|leg| leg.dy.abs()).sum();
    sheet.put("across", ratio(across, across + down));
    sheet.put(
        "axis_parallel",
        count_share(track.moving().filter(|leg| leg.dx == 0.0 || leg.dy == 0.0).count(), track),
    );
}

fn directions(sheet: &mut Sheet<'_>, track: &Track) {
    let mut counts = [0; SECTORS];
    for direction in track.moving().filter_map(Leg::direction) {
        let sector = (direction / (2.0 * PI) * SECTORS as f64).round() as i64;
        counts[sector.rem_euclid(SECTORS as i64) as usize] += 1;
    }
    for (sector, count) in counts.into_iter().enumerate() {
        sheet.put(format!("direction_{}", sector * 360 / SECTORS), count_share(count, track));
    }
}

fn count_share(count: usize, track: &Track) -> f64 {
    ratio(count as f64, track.moving().count() as f64)
}

/// The straight way over the way taken, 0..=1; 0 for a run that went nowhere.
pub(super) fn straightness(run: &[Leg]) -> f64 {
    let dx: f64 = run.iter().map(|l| l.dx).sum();
    let dy: f64 = run.iter().map(|l| l.dy).sum();
    ratio(dx.hypot(dy), run.iter().map(Leg::length).sum())
}
