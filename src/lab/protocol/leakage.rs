//! The same movement in two parts of a split would make every figure a lie: it stops the run. What
//! "the same" means is `lab::train::identity`'s word.

use std::collections::HashMap;

use super::split::{Split, SplitPart, WindowRange, session_of};
use super::users::ProtocolUser;
use crate::error::{Failure, FailureKind, Result};
use crate::lab::train::{Identity, identity_of};

/// Fails when a movement stands in two parts of an owner's split, or on both sides.
pub(super) fn refuse(people: &[ProtocolUser], splits: &[Split]) -> Result<()> {
    let known = identities(people);
    for split in splits {
        let mut seen: HashMap<&Identity, Place<'_>> = HashMap::new();
        for (genuine, part, stretch) in split.all() {
            let identities = &known[&(stretch.person, stretch.claim, stretch.session)];
            for at in stretch.windows.clone() {
                let place = (part, genuine, stretch, at);
                let first = *seen.entry(&identities[at]).or_insert(place);
                if (first.0, first.1) != (part, genuine) {
                    return Err(twice(people, split, first, place));
                }
            }
        }
    }
    Ok(())
}

/// The identities of every session's windows, by person, kind and number of the session.
fn identities(people: &[ProtocolUser]) -> HashMap<(usize, bool, usize), Vec<Identity>> {
    let mut known = HashMap::new();
    for (person, somebody) in people.iter().enumerate() {
        for (claim, sessions) in [(false, &somebody.sessions), (true, &somebody.claims)] {
            for (at, session) in sessions.iter().enumerate() {
                let of = session.windows.iter().map(identity_of).collect();
                known.insert((person, claim, at), of);
            }
        }
    }
    known
}

/// Part, whether it is the owner's, stretch, and number of the window in its session.
type Place<'a> = (SplitPart, bool, &'a WindowRange, usize);

fn twice(people: &[ProtocolUser], split: &Split, first: Place<'_>, other: Place<'_>) -> Failure {
    let owner = &people[split.owner].id;
    let what = format!(
        "the same movement twice in the split of {owner}: {} is also {}",
        place_name(people, first),
        place_name(people, other)
    );
    Failure::new(FailureKind::Data, what).remedy(
        "Remove the recording that repeats another; a copy on both sides would make the model look \
         better than it is.",
    )
}

fn place_name(people: &[ProtocolUser], (part, _, stretch, at): Place<'_>) -> String {
    let person = &people[stretch.person];
    let session = session_of(people, stretch);
    format!("window {} of {} in {} ({part:?})", at + 1, person.id, session.id)
}
