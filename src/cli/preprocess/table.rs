//! The summary of `preprocess` for people: a table on stdout, what was left out on stderr.

use crate::lab::preprocess::{Quartiles, UserSummary};

/// One line a user, and one for all.
pub(super) fn table(users: &[UserSummary]) -> String {
    let heads = ["user", "sessions", "events", "dropped", "windows", "steps q1/med/q3", "seconds"];
    let mut rows = vec![heads.map(str::to_owned).into_iter().chain(["minutes".into()]).collect()];
    rows.extend(users.iter().map(row));
    rows.push(total(users));
    let columns = rows.first().map_or(0, Vec::len);
    let width = |i: usize| rows.iter().map(|row: &Vec<String>| row[i].chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|i| width(i).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let pad = |(i, cell): (usize, &String)| match i {
            0 => format!("{cell:<0$}", widths[i]),
            _ => format!("{cell:>0$}", widths[i]),
        };
        row.iter().enumerate().map(pad).collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(user: &UserSummary) -> Vec<String> {
    let name = if user.claims { format!("{} (claims)", user.user) } else { user.user.clone() };
    let steps = |q: Quartiles| format!("{:.0}/{:.0}/{:.0}", q.q1, q.median, q.q3);
    let dropped: u64 = user.dropped.values().sum();
    vec![
        name,
        user.sessions.to_string(),
        user.events.to_string(),
        dropped.to_string(),
        user.windows.to_string(),
        user.steps.map_or_else(|| "-".into(), steps),
        user.seconds.map_or_else(|| "-".into(), |q| format!("{:.2}", q.median)),
        format!("{:.1}", user.movement_min),
    ]
}

fn total(users: &[UserSummary]) -> Vec<String> {
    let sum = |value: fn(&UserSummary) -> u64| users.iter().map(value).sum::<u64>().to_string();
    let minutes: f64 = users.iter().map(|user| user.movement_min).sum();
    vec![
        "all".into(),
        sum(|user| user.sessions as u64),
        sum(|user| user.events),
        sum(|user| user.dropped.values().sum()),
        sum(|user| user.windows as u64),
        String::new(),
        String::new(),
        format!("{minutes:.1}"),
    ]
}

/// Why rows were left out, and where the first faulty ones stand.
pub(super) fn tell_faults(users: &[UserSummary]) {
    let mut reasons = std::collections::BTreeMap::new();
    for (reason, rows) in users.iter().flat_map(|user| &user.dropped) {
        *reasons.entry(*reason).or_insert(0) += rows;
    }
    for (reason, rows) in reasons {
        eprintln!("mousewarden: {rows} rows left out: {}", reason.name());
    }
    let faults = users.iter().flat_map(|user| &user.places).filter(|p| p.reason.is_fault());
    for place in faults.take(10) {
        eprintln!("mousewarden: {place}");
    }
}
