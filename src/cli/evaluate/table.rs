//! Results as a table for a terminal: what the model reaches, what baselines reach by other things
//! than the hand, and what that means in use.

use crate::lab::evaluate::results::{
    AdaptationFigures, Continuous, DeviceConfound, IntervalEstimate, Method, ProtocolRun, Results,
    SizeFigures, SplitFacts,
};
use crate::pipeline::adaptation::REACH;

/// The whole table.
pub(super) fn text(results: &Results) -> String {
    let d = &results.dataset;
    let mut lines = vec![format!(
        "{}: {} users, {} sessions, {} windows; scored by {}; intervals: 95 %, owners drawn {} times",
        d.format, d.users, d.sessions, d.windows, results.scorer, results.draws
    )];
    let mut told = None;
    for run in &results.runs {
        lines.push(String::new());
        lines.extend(of_run(run));
        let out: Vec<String> = run.splits.iter().take(1).flat_map(left_out).collect();
        if told.as_ref() != Some(&out) {
            lines.extend(out.iter().map(|line| format!("  {line}")));
        }
        told = Some(out);
    }
    lines.extend(results.device.iter().flat_map(device));
    lines.join("\n")
}

/// How everybody was parted.
pub(super) fn split(name: &str, split: &SplitFacts) -> String {
    let mut lines = vec![
        format!("{name}, seed {}: split {}", split.seed, split.sha256),
        format!(
            "{:>12}  {:>26}  {:>34}",
            "owner", "own: train, calibrate, test", "impostors: train, calibrate, test"
        ),
    ];
    for owner in &split.owners {
        let own = owner.genuine.each_ref().map(|part| part.windows.to_string()).join(" ");
        let others = owner
            .impostor
            .each_ref()
            .map(|part| format!("{} ({})", part.windows, part.names.len()))
            .join(" ");
        lines.push(format!("{:>12}  {own:>26}  {others:>34}", owner.user));
    }
    lines.push("Windows, and in brackets people. Generated people are not listed.".into());
    lines.extend(left_out(split));
    lines.join("\n")
}

fn left_out(split: &SplitFacts) -> impl Iterator<Item = String> + '_ {
    split.left_out.iter().map(|(user, why)| format!("no owner: {user}: {why}"))
}

fn of_run(run: &ProtocolRun) -> Vec<String> {
    let owners = run.splits.first().map_or(0, |split| split.owners.len());
    let seeds = run.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let hashes = run.splits.iter().map(|s| &s.sha256[..12]).collect::<Vec<_>>().join(", ");
    let mut lines =
        vec![format!("{} ({owners} owners, seed {seeds}, split {hashes})", run.protocol.name)];
    lines.extend(wrapped(&run.protocol.about));
    lines.extend(run.warnings.iter().flat_map(|warning| wrapped(&format!("warning: {warning}"))));
    if let Some(model) = run.methods.first() {
        lines.extend(of_model(model));
    }
    lines.extend(baselines(&run.methods));
    lines.extend(run.continuous.iter().flat_map(in_use));
    lines
}

fn of_model(model: &Method) -> Vec<String> {
    let mut lines = vec![format!(
        "{:>8} {:>6} {:>7} {:>7}  {:<17} {:<17} {:<13} {:<13} {:<17} {:>6} {:>5}",
        "windows",
        "owners",
        "moved",
        "clock",
        "AUC",
        "EER %",
        "FAR / FRR %",
        "as shipped",
        "FRR % at FAR 1 %",
        "worst",
        "Gini"
    )];
    lines.extend(model.sizes.iter().map(size));
    lines.push(
        "  means over owners; FAR / FRR at thresholds of the calibration part, and at the bundles' own"
            .into(),
    );
    lines.extend(model.sizes.iter().rev().take(2).rev().map(on_one_roc));
    lines.extend(calibration(&model.sizes));
    if let Some(floor) = model.floor {
        lines.push(format!(
            "  windows of a session correlate by {:.2}: ever more of them lead towards EER {:.1} %",
            floor.correlation,
            100.0 * floor.eer
        ));
    }
    lines
}

/// Owners with groups enough of this size: where there are fewer, a row is about other people.
fn owners(size: &SizeFigures) -> usize {
    let mut users: Vec<&str> = size.users.iter().map(|user| user.user.as_str()).collect();
    users.sort_unstable();
    users.dedup();
    users.len()
}

fn size(size: &SizeFigures) -> String {
    let mean = &size.mean;
    format!(
        "{:>8} {:>6} {:>5.1} s {:>5.0} s  {:<17} {:<17} {:<13} {:<13} {:<17} {:>6.1} {:>5.2}",
        size.unit.to_string(),
        owners(size),
        size.movement_s,
        size.wall_s,
        share(mean.auc),
        percent(mean.eer),
        two(mean.far, mean.frr),
        two(mean.shipped_far, mean.shipped_frr),
        mean.frr_at_far_1.map_or("-".into(), percent),
        100.0 * size.worst.1,
        size.gini
    )
}

fn two(far: Option<IntervalEstimate>, frr: Option<IntervalEstimate>) -> String {
    match (far, frr) {
        (Some(far), Some(frr)) => format!("{:.1} / {:.1}", 100.0 * far.value, 100.0 * frr.value),
        _ => "-".into(),
    }
}

/// The two largest units with one threshold for everybody.
fn on_one_roc(size: &SizeFigures) -> String {
    let unit = size.unit.to_string();
    let pooled = &size.pooled;
    format!(
        "  all owners on one ROC, {unit:>7}: AUC {}, EER {} %",
        share(pooled.auc),
        percent(pooled.eer)
    )
}

/// Whether a score is the chance that it seems to be.
fn calibration(sizes: &[SizeFigures]) -> Vec<String> {
    let rows: Vec<String> = sizes
        .iter()
        .filter_map(|size| {
            let found = size.calibration.as_ref()?;
            Some(format!(
                "{:>8}  {:<19} {:<18} {:<18}",
                size.unit.to_string(),
                share(found.ece),
                share(found.cllr),
                share(found.min_cllr)
            ))
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    let about = "  do scores mean what they say? Calibration error, and bits lost (Cllr, 1 is knowing nothing)";
    let head =
        format!("{:>8}  {:<19} {:<18} {:<18}", "windows", "ECE", "Cllr", "on the best scale");
    [about.to_owned(), head].into_iter().chain(rows).collect()
}

/// The equal error rates of all methods, side by side.
fn baselines(methods: &[Method]) -> Vec<String> {
    let names: String = methods.iter().map(|method| format!("{:>10}", method.name)).collect();
    let mut lines = vec![format!("  EER % of what knows less:\n{:>8}{names}", "windows")];
    let Some(model) = methods.first() else { return Vec::new() };
    let mut beaten = true;
    for own in &model.sizes {
        let cells: String = methods
            .iter()
            .map(|method| {
                let Some(found) = method.sizes.iter().find(|size| size.unit == own.unit) else {
                    return format!("{:>10}", "-");
                };
                let doubtful = found.model_minus_this.is_some_and(|lead| lead.high >= 0.0);
                beaten &= !doubtful;
                let mark = if doubtful { "*" } else { " " };
                format!("{:>9.1}{mark}", 100.0 * found.mean.eer.value)
            })
            .collect();
        lines.push(format!("{:>8}{cells}", own.unit.to_string()));
    }
    if !beaten {
        lines.push("  * the model is NOT shown to beat this (paired by owner, 95 %)".into());
    }
    lines
}

fn in_use(use_: &Continuous) -> Vec<String> {
    let hours = use_.genuine_hours;
    let mut lines = vec![
        "  in use, the whole detector, an impostor taking over from the owner:".into(),
        format!("    noticed after  {} of movement", delay(&use_.movement)),
        format!("                   {} on the clock", delay(&use_.wall)),
        format!(
            "    windows        {} until an impostor is noticed (ANIA), {} between false alarms (ANGA)",
            use_.ania.map_or("-".into(), number),
            use_.anga.map_or("no end".into(), number)
        ),
        format!(
            "    never noticed  {} of {} impostor sessions, {} % ({} more were too short to be judged)",
            use_.missed,
            use_.impostor_sessions,
            percent(use_.missed_share),
            use_.too_short
        ),
        format!(
            "    false alarms   {} in 8 h at work, {} in 8 h of movement ({:.1} h and {:.2} h seen)",
            number(use_.false_alarms_per_8h_wall),
            number(use_.false_alarms_per_8h_movement),
            hours[0],
            hours[1]
        ),
    ];
    lines.extend(promises(use_));
    lines.extend(use_.adapted.as_ref().map(adapted));
    lines
}

fn number(e: IntervalEstimate) -> String {
    format!("{:.1} ({:.1}-{:.1})", e.value, e.low, e.high)
}

fn delay(delay: &Option<crate::lab::evaluate::results::Delay>) -> String {
    match delay {
        Some(found) => format!("median {} s, p95 {:.0} s", number(found.median), found.p95),
        None => "nobody was noticed".into(),
    }
}

/// What the budgets promised, and what became of it.
fn promises(use_: &Continuous) -> Vec<String> {
    let promised = use_.promised_per_8h.map_or("-".into(), |rate| format!("{rate:.1}"));
    let worst = use_.worst_owner.as_ref();
    let worst = worst.map_or("-".into(), |(owner, rate)| format!("{owner} with {rate:.1} in 8 h"));
    let mut lines = vec![
        format!(
            "    promised       {promised} in 8 h; {} owners without a false alarm, the worst {worst}",
            use_.owners_without
        ),
        format!(
            "    false locks    {} in 8 h at work if nobody answers a notice",
            use_.false_locks_per_8h.map_or("-".into(), |e: IntervalEstimate| format!(
                "{:.2} ({:.2}-{:.2})",
                e.value, e.low, e.high
            ))
        ),
    ];
    lines.extend(use_.within.iter().map(|within| {
        format!(
            "    within {:>4} windows  {} % noticed, {} % locked",
            within.windows,
            percent(within.noticed),
            percent(within.locked)
        )
    }));
    lines.extend(use_.first_mover_noticed.map(|share| {
        format!(
            "    first mover    {} % noticed although they moved first after an unlock",
            percent(share)
        )
    }));
    lines
}

fn adapted(adapted: &AdaptationFigures) -> String {
    let most = adapted.drift.iter().copied().fold(0.0, f64::max);
    format!(
        "    adapted        by verified work, led at most {most:.2} of {REACH} away; {} % of impostors get \
         through who were first at the mouse after 20 unlocks",
        percent(adapted.missed_by_poisoning)
    )
}

fn device(device_confound: &DeviceConfound) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        format!("Person or device? (AUC, {} windows together)", device_confound.unit),
    ];
    lines.extend(device_confound.plainly.iter().flat_map(|line| wrapped(line)));
    lines
}

/// Indented lines of at most 100 columns.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| line.len() + word.len() < 100) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(format!("  {word}")),
        }
    }
    lines
}

fn share(e: IntervalEstimate) -> String {
    format!("{:.3} ({:.2}-{:.2})", e.value, e.low, e.high)
}

fn percent(e: IntervalEstimate) -> String {
    format!("{:.1} ({:.1}-{:.1})", 100.0 * e.value, 100.0 * e.low, 100.0 * e.high)
}
