//! How one person's sessions are parted: whole sessions, in order of time. Where exact shares are
//! impossible, the borders lie where they miss them least.

use std::ops::Range;

use super::rules::Genuine;
use crate::lab::train::FEWEST_WINDOWS;

/// Windows that a test, and a calibration if there is one, need at the least.
pub(crate) const FEWEST_TESTED: usize = 20;

/// Which sessions are in which part, by number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SessionDivision {
    pub(super) training: Vec<usize>,
    pub(super) calibration: Vec<usize>,
    pub(super) test: Vec<usize>,
}

/// Parts sessions of these many windows.
///
/// # Errors
/// With what is missing, and what would be needed.
pub(super) fn divide(
    rules: &Genuine,
    names: &[&str],
    counts: &[usize],
) -> Result<SessionDivision, String> {
    match rules {
        Genuine::Share { training, calibration, .. } => by_share(counts, [*training, *calibration]),
        Genuine::Name { training, test, .. } => by_name(names, counts, [training, test]),
    }
}

/// All sessions train and calibrate: the test lies elsewhere.
pub(super) fn without_test(rules: &Genuine, counts: &[usize]) -> Result<SessionDivision, String> {
    let Genuine::Share { training, calibration, .. } = rules else {
        return Err("the protocol parts sessions by name and by claims".into());
    };
    let share = training / (training + calibration);
    let cut = by_share(counts, [share, 0.0])?;
    Ok(SessionDivision { calibration: cut.test, test: Vec::new(), ..cut })
}

fn by_share(counts: &[usize], shares: [f64; 2]) -> Result<SessionDivision, String> {
    let ends: Vec<usize> = counts
        .iter()
        .scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        })
        .collect();
    let total = ends.last().copied().unwrap_or(0);
    let wanted = [shares[0], shares[0] + shares[1]].map(|share| share * total as f64);
    let calibrates = shares[1] > 0.0;
    let mut best: Option<(f64, usize, usize)> = None;
    for a in 1..counts.len() {
        let last = if calibrates { counts.len() - 1 } else { a };
        for b in a..=last {
            let parts =
                [within(counts, 0..a), within(counts, a..b), within(counts, b..counts.len())];
            let enough = parts[0] >= FEWEST_WINDOWS
                && parts[2] >= FEWEST_TESTED
                && (a == b || parts[1] >= FEWEST_TESTED);
            // No calibration only where there is no other way.
            let without = if calibrates && a == b { 2.0 * total as f64 } else { 0.0 };
            let miss = missed(&ends, a, wanted[0]) + missed(&ends, b, wanted[1]) + without;
            if enough && best.is_none_or(|(least, ..)| miss < least) {
                best = Some((miss, a, b));
            }
        }
    }
    let Some((_, a, b)) = best else { return Err(too_little(counts)) };
    Ok(SessionDivision {
        training: (0..a).collect(),
        calibration: (a..b).collect(),
        test: (b..counts.len()).collect(),
    })
}

fn missed(ends: &[usize], end: usize, wanted: f64) -> f64 {
    (ends[end - 1] as f64 - wanted).abs()
}

fn within(counts: &[usize], range: Range<usize>) -> usize {
    counts[range].iter().sum::<usize>()
}

fn by_name(
    names: &[&str],
    counts: &[usize],
    [training, test]: [&str; 2],
) -> Result<SessionDivision, String> {
    let division = SessionDivision {
        training: of_part(names, training),
        calibration: Vec::new(),
        test: of_part(names, test),
    };
    for (part, sessions, least) in
        [(training, &division.training, FEWEST_WINDOWS), (test, &division.test, FEWEST_TESTED)]
    {
        let windows: usize = sessions.iter().map(|i| counts[*i]).sum();
        if windows < least {
            return Err(format!("{windows} windows in its {part:?} sessions, {least} are needed"));
        }
    }
    if division.training.iter().any(|session| division.test.contains(session)) {
        return Err(format!("a session is named both {training:?} and {test:?}"));
    }
    Ok(division)
}

fn of_part(names: &[&str], part: &str) -> Vec<usize> {
    (0..names.len()).filter(|i| names[*i].contains(part)).collect()
}

fn too_little(counts: &[usize]) -> String {
    let windows = counts.iter().sum::<usize>();
    let sessions = counts.iter().filter(|c| **c > 0).count();
    let needed = FEWEST_WINDOWS + FEWEST_TESTED;
    match (sessions, windows) {
        (0 | 1, _) => {
            format!("{windows} windows in {sessions} session; the test needs a session of its own")
        }
        (_, few) if few < needed => format!("{windows} windows, {needed} are needed"),
        _ => format!(
            "{windows} windows, but its sessions of {counts:?} leave no {FEWEST_WINDOWS} to learn from and {FEWEST_TESTED} to test"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(counts: &[usize]) -> Result<SessionDivision, String> {
        by_share(counts, [0.5, 0.15])
    }

    #[test]
    fn borders_lie_between_sessions_where_the_shares_are_missed_least() {
        let cut = share(&[100; 10]).unwrap();
        assert_eq!((cut.training.len(), cut.calibration.len(), cut.test.len()), (5, 1, 4));
        let cut = share(&[1, 111, 153, 139]).unwrap();
        assert_eq!((cut.training, cut.calibration, cut.test), (vec![0, 1], vec![2], vec![3]));
    }

    #[test]
    fn two_sessions_have_no_calibration() {
        let cut = share(&[100, 80]).unwrap();
        assert_eq!((cut.training, cut.calibration, cut.test), (vec![0], vec![], vec![1]));
    }

    #[test]
    fn who_has_too_little_is_told_what_is_missing() {
        for (counts, said) in [
            (&[500][..], "a session of its own"),
            (&[30, 30], "80 are needed"),
            (&[2, 3, 143], "leave no 60"),
        ] {
            let wrong = share(counts).unwrap_err();
            assert!(wrong.contains(said), "{wrong}");
        }
    }

    #[test]
    fn names_part_sessions_and_the_rest_is_left_out() {
        let names = ["a_1min", "b_3min", "c_5min"];
        let cut = by_name(&names, &[40, 120, 200], ["3min", "1min"]).unwrap();
        assert_eq!((cut.training, cut.test), (vec![1], vec![0]));
        assert!(by_name(&names, &[10, 120, 200], ["3min", "1min"]).unwrap_err().contains("10 w"));
        assert!(by_name(&names, &[90, 120, 200], ["min", "1min"]).unwrap_err().contains("both"));
    }

    #[test]
    fn with_a_test_elsewhere_every_session_teaches_or_calibrates() {
        let rules =
            Genuine::Share { training: 0.5, calibration: 0.15, most_training: 9, claims: true };
        let cut = without_test(&rules, &[100, 100, 100, 100]).unwrap();
        assert_eq!((cut.training.len(), cut.calibration.len(), cut.test.len()), (3, 1, 0));
    }

    proptest! {
        #[test]
        fn every_session_is_in_one_part_in_order_of_time(counts in prop::collection::vec(0..200usize, 1..12)) {
            if let Ok(cut) = share(&counts) {
                let all = [cut.training, cut.calibration, cut.test].concat();
                prop_assert_eq!(all, (0..counts.len()).collect::<Vec<_>>());
            }
        }
    }
}
