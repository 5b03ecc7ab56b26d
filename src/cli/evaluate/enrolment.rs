//! How much movement enrolment needs: the lengths of `--minutes` or `--days` side by side, for whoever
//! was measured with each of them.

use crate::lab::evaluate::results::{
    Continuous, IntervalEstimate, JudgedUnit, ProtocolRun, Results, SizeFigures,
};
use crate::lab::metrics;
use crate::lab::protocol::EnrolmentLength;

/// Seconds of movement of the groups that are compared.
const GROUP_S: f64 = 15.0;

/// A line for each length, and for each protocol; none without lengths.
pub(super) fn lines(results: &Results, lengths: &[EnrolmentLength]) -> Vec<String> {
    if lengths.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        String::new(),
        format!("How much enrolment is enough: EER % of groups of about {GROUP_S} s"),
        format!(
            "{:>8} {:>7} {:>8} {:>7}  {:<18} those measured with every length",
            "enrolled", "owners", "windows", "moved", "EER"
        ),
    ];
    for runs in results.runs.chunks(lengths.len()) {
        let Some(unit) = unit(runs) else { continue };
        let names: Vec<&str> = runs.iter().map(|run| run.protocol.name.as_str()).collect();
        lines.push(format!("  {}", names.join(", ")));
        let everywhere = everywhere(runs, unit);
        let rows =
            runs.iter().zip(lengths).map(|(run, length)| row(run, *length, unit, &everywhere));
        lines.extend(rows);
    }
    lines
        .push("In continuous use: false notices in 8 h, share of impostor sessions noticed".into());
    lines.push(format!("{:>8} {:>16}  within windows: %", "enrolled", "false notices"));
    for (run, length) in results.runs.iter().zip(lengths.iter().cycle()) {
        lines.extend(run.continuous.as_ref().map(|continuous| in_use(continuous, *length)));
    }
    lines
}

fn in_use(continuous: &Continuous, length: EnrolmentLength) -> String {
    let IntervalEstimate { value, low, high } = continuous.false_alarms_per_8h_wall;
    let alarms = format!("{value:.1} ({low:.1}-{high:.1})");
    let within: Vec<String> = continuous
        .within
        .iter()
        .map(|within| format!("{}: {:.0}", within.windows, 100.0 * within.noticed.value))
        .collect();
    format!("{length:>8} {alarms:>16}  {}", within.join(", "))
}

/// The group size of all rows: of those that every run has, the one that takes about as long.
fn unit(runs: &[ProtocolRun]) -> Option<JudgedUnit> {
    let sizes = &runs.first()?.methods.first()?.sizes;
    let shared = sizes.iter().filter(|size| runs.iter().all(|run| found(run, size.unit).is_some()));
    let nearest = shared
        .filter(|size| matches!(size.unit, JudgedUnit::Windows(_)))
        .min_by(|a, b| away(a).total_cmp(&away(b)));
    nearest.map(|size| size.unit)
}

/// How far the groups of a size are from the wanted span, in powers of e.
fn away(size: &SizeFigures) -> f64 {
    (size.movement_s / GROUP_S).ln().abs()
}

fn found(run: &ProtocolRun, unit: JudgedUnit) -> Option<&SizeFigures> {
    run.methods.first()?.sizes.iter().find(|size| size.unit == unit)
}

/// Owners that every run has measured.
fn everywhere(runs: &[ProtocolRun], unit: JudgedUnit) -> Vec<&str> {
    let Some((first, others)) = runs.split_first() else { return Vec::new() };
    let mut everywhere = owners(first, unit);
    everywhere.retain(|owner| others.iter().all(|run| owners(run, unit).contains(owner)));
    everywhere
}

/// Owners that this run has measured.
fn owners(run: &ProtocolRun, unit: JudgedUnit) -> Vec<&str> {
    let users = found(run, unit).into_iter().flat_map(|size| &size.users);
    let mut owners: Vec<&str> = users.map(|user| user.user.as_str()).collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

fn row(
    run: &ProtocolRun,
    length: EnrolmentLength,
    unit: JudgedUnit,
    everywhere: &[&str],
) -> String {
    let Some(size) = found(run, unit) else { return format!("{length:>8} nobody") };
    let eer = size.mean.eer;
    let shared = size.users.iter().filter(|user| everywhere.contains(&user.user.as_str()));
    let shared: Vec<f64> = shared.map(|user| user.eer).collect();
    let shared = metrics::mean(&shared).map_or_else(
        || "-".into(),
        |eer| format!("{:.1} ({} owners)", 100.0 * eer, everywhere.len()),
    );
    let [value, low, high] = [eer.value, eer.low, eer.high].map(|share| 100.0 * share);
    let interval = format!("{value:.1} ({low:.1}-{high:.1})");
    format!(
        "{length:>8} {:>7} {:>8} {:>5.1} s  {interval:<18} {shared}",
        owners(run, unit).len(),
        unit.to_string(),
        size.movement_s,
    )
}
