//! Which sessions are held out together: stratified by user, whole sessions only.

use super::samples::Labelled;
use crate::error::{Failure, FailureKind, Result};
use crate::lab::random::Random;

/// Places of rows to learn from, and of rows to be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fold {
    /// To learn from.
    pub train: Vec<usize>,
    /// Held out.
    pub test: Vec<usize>,
}

/// Deals each user's sessions, in random order, onto `count` folds one after another: every fold
/// holds out about as many of each. With as many folds as sessions a user this is leave one session
/// (of each user) out. Rows of one session stay together.
///
/// # Errors
/// When there are fewer than two folds, or a user has fewer than two sessions.
pub(crate) fn folds(labelled: &Labelled, count: usize, seed: u64) -> Result<Vec<Fold>> {
    if count < 2 {
        return Err(Failure::new(FailureKind::Config, format!("{count} folds"))
            .remedy("Two are the least that can be held out in turn."));
    }
    let mut random = Random::new(seed, 31);
    let mut fold_of = vec![0; labelled.rows.len()];
    for (class, user) in labelled.labels.iter().enumerate() {
        let mut sessions = sessions_of(labelled, class);
        if sessions.len() < 2 {
            let what = format!("user {user} has a single session");
            return Err(Failure::new(FailureKind::Data, what).remedy(
                "Two are the least that one can learn from and be asked about; leave this user out.",
            ));
        }
        random.shuffle(&mut sessions);
        for (place, fold) in fold_of.iter_mut().enumerate() {
            if labelled.classes[place] == class {
                let own = sessions.iter().position(|id| *id == labelled.sessions[place]);
                *fold = own.unwrap_or(0) % count;
            }
        }
    }
    let folds = (0..count)
        .map(|held| Fold { train: part(&fold_of, held, false), test: part(&fold_of, held, true) });
    Ok(folds.filter(|fold| !fold.test.is_empty()).collect())
}

fn part(fold_of: &[usize], held: usize, inside: bool) -> Vec<usize> {
    let places = 0..fold_of.len();
    places.filter(|&place| (fold_of[place] == held) == inside).collect::<Vec<_>>()
}

/// The user's session ids, each once.
fn sessions_of(labelled: &Labelled, class: usize) -> Vec<String> {
    let mut sessions: Vec<String> = Vec::new();
    for (session, _) in
        labelled.sessions.iter().zip(&labelled.classes).filter(|(_, c)| **c == class)
    {
        if !sessions.contains(session) {
            sessions.push(session.clone());
        }
    }
    sessions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::identify::Group;

    fn labelled(sessions_a_user: usize, rows_a_session: usize) -> Labelled {
        let places = 0..3 * sessions_a_user * rows_a_session;
        let session = |place: usize| place / rows_a_session;
        Labelled {
            rows: places.clone().map(|place| vec![place as f32]).collect(),
            classes: places.clone().map(|place| session(place) % 3).collect(),
            sessions: places.map(|place| format!("s{}", session(place))).collect(),
            labels: ["a", "b", "c"].map(String::from).to_vec(),
            names: vec!["place".into()],
            groups: vec![Group::Position],
        }
    }

    #[test]
    fn every_row_is_held_out_once_and_no_session_is_on_both_sides() {
        let labelled = labelled(5, 4);
        let folds = folds(&labelled, 5, 1).unwrap();
        let mut held: Vec<usize> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
        held.sort_unstable();
        assert_eq!(held, (0..60).collect::<Vec<_>>());
        for fold in &folds {
            assert_eq!((fold.train.len(), fold.test.len()), (48, 12));
            for class in 0..3 {
                let own = fold.test.iter().filter(|&&place| labelled.classes[place] == class);
                assert_eq!(own.count(), 4);
            }
            let inside = |place: &usize| &labelled.sessions[*place];
            assert!(fold.test.iter().all(|t| fold.train.iter().all(|r| inside(r) != inside(t))));
        }
    }

    #[test]
    fn seeds_deal_differently_and_too_little_is_refused() {
        let many = labelled(5, 1);
        assert_ne!(folds(&many, 5, 1).unwrap(), folds(&many, 5, 2).unwrap());
        assert_eq!(folds(&many, 5, 1).unwrap(), folds(&many, 5, 1).unwrap());
        assert!(folds(&many, 1, 1).is_err());
        let refused = folds(&labelled(1, 3), 2, 1).unwrap_err().to_string();
        assert!(refused.contains("user a has a single session"), "{refused}");
    }
}
