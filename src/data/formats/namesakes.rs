//! Folders of one name in several places: their recordings count as one user, who may be two people.

use std::collections::BTreeSet;
use std::path::Path;

use super::dataset::User;
use super::discover;
use super::passed;

/// Users that are named; the others are counted.
const NAMED: usize = 5;

/// Users whose sessions come from several folders of one name: perhaps several people.
pub(super) fn namesakes(users: &[User]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut more = 0;
    for user in users {
        let mut folders = folders(user).into_iter();
        let (Some(first), Some(second)) = (folders.next(), folders.next()) else { continue };
        if found.len() == NAMED {
            more += 1;
            continue;
        }
        let [first, second] = [first, second].map(passed::shown);
        found.push(format!(
            "{first} and {second} count as one user, {:?}: if they are two people, rename a folder",
            user.id
        ));
    }
    if more > 0 {
        found.push(format!("and {more} more users come from several folders of one name"));
    }
    found
}

/// The folders of a user's sessions that are called like the user.
fn folders(user: &User) -> BTreeSet<&Path> {
    let sources = user.sessions.iter().flat_map(|plan| &plan.pieces);
    sources
        .map(|piece| &piece.table.source)
        .filter(|source| discover::folder(source) == user.id)
        .filter_map(|source| source.path.parent())
        .collect()
}
