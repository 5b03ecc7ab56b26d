//! The summary of `preprocess` for people: a table.

use crate::lab::preprocess::{Quartiles, UserSummary};

/// A longer name widens no column, characters.
const NAME_MAX: usize = 40;

/// One line a user, and one for all.
pub(super) fn table(users: &[UserSummary]) -> String {
    let heads = ["user", "sessions", "events", "dropped", "windows", "steps q1/med/q3", "seconds"];
    let mut rows = vec![heads.map(str::to_owned).into_iter().chain(["minutes".into()]).collect()];
    rows.extend(users.iter().map(row));
    rows.push(total(users));
    let columns = rows.first().map_or(0, Vec::len);
    let width = |i: usize| rows.iter().map(|row: &Vec<String>| row[i].chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|i| width(i).unwrap_or(0)).collect();
    rows.iter()
        .map(|row| {
            row.iter()
                .enumerate()
                .map(|(i, cell)| match i {
                    0 => format!("{cell:<0$}", widths[i]),
                    _ => format!("{cell:>0$}", widths[i]),
                })
                .collect::<Vec<_>>()
                .join("  ")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn row(user: &UserSummary) -> Vec<String> {
    let name = short(&user.user);
    let name = if user.claims { format!("{name} (claims)") } else { name };
    let dropped: u64 = user.dropped.values().sum();
    vec![
        name,
        user.sessions.to_string(),
        user.events.to_string(),
        dropped.to_string(),
        user.windows.to_string(),
        user.steps.map_or_else(
            || "-".into(),
            |q: Quartiles| format!("{:.0}/{:.0}/{:.0}", q.q1, q.median, q.q3),
        ),
        user.seconds.map_or_else(|| "-".into(), |q| format!("{:.2}", q.median)),
        format!("{:.1}", user.movement_min),
    ]
}

fn total(users: &[UserSummary]) -> Vec<String> {
    // Not `sum`, which of no user would make -0.
    let minutes = users.iter().fold(0.0, |minutes, user| minutes + user.movement_min);
    vec![
        "all".into(),
        sum(users, |user| user.sessions as u64),
        sum(users, |user| user.events),
        sum(users, |user| user.dropped.values().sum()),
        sum(users, |user| user.windows as u64),
        String::new(),
        String::new(),
        format!("{minutes:.1}"),
    ]
}

fn sum(users: &[UserSummary], value: fn(&UserSummary) -> u64) -> String {
    users.iter().map(value).sum::<u64>().to_string()
}

/// A name of at most so many characters, shortened in the middle, where the parts that tell names
/// apart seldom are.
fn short(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME_MAX {
        return name.to_owned();
    }
    let head: String = name.chars().take(NAME_MAX / 2).collect();
    // One that was shortened already says so once.
    if let Some((_, tail)) = name.rsplit_once('…')
        && tail.chars().count() < NAME_MAX / 2
    {
        return format!("{head}…{tail}");
    }
    let tail: String = name.chars().skip(length - NAME_MAX / 2 + 1).collect();
    format!("{head}…{tail}")
}
