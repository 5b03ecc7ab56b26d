//! The checks of what the agent keeps of its past: the history with its chain of hashes, what it
//! has learnt, and what was put aside.

use std::path::Path;

use super::super::context::Context;
use crate::data::{Store, aside};
#[cfg(feature = "history")]
use crate::error::FailureKind;
use crate::platform::probe::Check;

/// All of them.
pub(super) fn all(context: &Context) -> Vec<Check> {
    let store = Store::at(context.paths.data());
    let mut checks = history(context, &store);
    checks.extend(journal(context));
    checks.push(adaptation(context, &store));
    checks.extend(put_aside(&store.history()));
    checks.extend(put_aside(&store.adaptation()));
    checks.extend(put_aside(&store.later_movement()));
    checks
}

#[cfg(not(feature = "history"))]
fn history(_context: &Context, _store: &Store) -> Vec<Check> {
    let mend = "install a mousewarden that was built with it";
    vec![Check::warn("history", "this program was built without a history", mend)]
}

#[cfg(feature = "history")]
fn history(context: &Context, store: &Store) -> Vec<Check> {
    use crate::agent::history::History;
    let name = "history";
    if context.config.retention.history_days.get() == 0 {
        let found = "history_days = 0: nobody can see afterwards what happened to the watch";
        return vec![Check::warn(name, found, "set [retention] history_days")];
    }
    let path = store.history();
    if !path.exists() {
        return vec![Check::ok(name, format!("{}: not there yet", path.display()))];
    }
    match History::open(&path) {
        Ok(history) => chain::checks(name, &path, &history),
        Err(failure) if failure.kind() == FailureKind::Busy => {
            vec![Check::failed(name, &failure, "close the program that has it open")]
        }
        // The watch goes on without it.
        Err(failure) => vec![chain::unusable(name, &failure)],
    }
}

#[cfg(feature = "history")]
mod chain {
    use std::path::Path;

    use crate::agent::history::{Chain, History};
    use crate::error::Failure;
    use crate::platform::journal_chain::{self, Told};
    use crate::platform::probe::Check;

    const REPORT: &str =
        "`mousewarden report` shows what is left; `mousewarden purge history` begins anew";

    pub(super) fn unusable(name: &'static str, failure: &Failure) -> Check {
        let why = failure.to_string().lines().next().unwrap_or_default().to_owned();
        Check::warn(name, why, "start the agent: it is put aside then, and a new one begun")
    }

    pub(super) fn checks(name: &'static str, path: &Path, history: &History) -> Vec<Check> {
        let chain = match history.chain() {
            Ok(chain) => chain,
            Err(failure) => return vec![unusable(name, &failure)],
        };
        if let Some(broken) = &chain.broken {
            let found = format!("{}: {broken}: somebody else wrote into it", path.display());
            return vec![Check::fail(name, found, REPORT)];
        }
        let found = format!("{}: {} rows, each as it was written", path.display(), chain.rows);
        let told = journal_chain::told().map(|told| agrees_with_journal(&chain, history, &told));
        vec![Check::ok(name, found)].into_iter().chain(told).collect()
    }

    /// Compares with the hashes that the system journal holds.
    fn agrees_with_journal(chain: &Chain, history: &History, told: &[Told]) -> Check {
        let name = "history's hash";
        let ours: Vec<&Told> = told.iter().filter(|told| told.chain == chain.name).collect();
        let wrong = ours.iter().find_map(|told| disagreement(chain, history, told));
        match (wrong, ours.last()) {
            (Some(wrong), _) => Check::fail(name, wrong, REPORT),
            (None, None) => Check::ok(name, "the system journal holds no hash of it yet"),
            (None, Some(last)) => {
                Check::ok(name, format!("the system journal agrees, to row {}", last.number))
            }
        }
    }

    fn disagreement(chain: &Chain, history: &History, told: &Told) -> Option<String> {
        let last = chain.head.as_ref().map_or(0, |head| head.number);
        if told.number > last {
            let number = told.number;
            return Some(format!("the system journal knows row {number}, the last here is {last}"));
        }
        let here = history.sha256_of(told.number).ok()?;
        // What was pruned is not there any more.
        (here? != told.sha256)
            .then(|| format!("row {} is another than the system journal was told of", told.number))
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::agent::event::{Event, StampedEvent};
        use crate::agent::event_sink::EventSink;
        use crate::agent::history::HistoryDatabase;
        use crate::platform::journal_chain::Heads;
        use crate::platform::probe::Health;

        #[test]
        fn a_history_that_was_written_anew_is_found_by_what_the_journal_was_told() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("history.db");
            let mut database = HistoryDatabase::open(&path, 90, Heads::default());
            for _ in 0..5 {
                database.note(&StampedEvent::now(Event::Resumed)).unwrap();
            }
            let history = History::open(&path).unwrap();
            let chain = history.chain().unwrap();
            let told = |number, sha256: &str| Told {
                chain: chain.name.clone(),
                number,
                sha256: sha256.into(),
            };
            let right = history.sha256_of(3).unwrap().unwrap();
            let health = |told: &[Told]| agrees_with_journal(&chain, &history, told).health;
            assert_eq!(health(&[]), Health::Ok);
            assert_eq!(health(&[told(3, &right)]), Health::Ok);
            assert_eq!(health(&[told(3, "another")]), Health::Fail);
            assert_eq!(health(&[told(3, &right), told(99, "cut off")]), Health::Fail);
            let other = Told { chain: "another".into(), ..told(3, "another") };
            assert_eq!(health(&[other]), Health::Ok);
        }
    }
}

/// The file for a collector, where one is wanted.
fn journal(context: &Context) -> Option<Check> {
    let file = &context.config.journal.file;
    if file.as_os_str().is_empty() {
        return None;
    }
    let name = "journal";
    if !file.is_absolute() {
        let found = format!("{} is no absolute path, so nothing is written", file.display());
        return Some(Check::warn(name, found, "correct [journal] file"));
    }
    let folder = file.parent().unwrap_or(Path::new("/"));
    Some(if folder.is_dir() {
        Check::ok(name, file.display().to_string())
    } else {
        Check::warn(name, format!("{}: no such folder", folder.display()), "make that folder")
    })
}

fn adaptation(context: &Context, store: &Store) -> Check {
    let name = "adaptation";
    let path = store.adaptation();
    if !context.config.adapt.enabled {
        return Check::ok(name, "switched off: [adapt] enabled = false");
    }
    if !path.exists() {
        return Check::ok(name, "no adaptation since the enrolment");
    }
    match context.judge(None) {
        Ok(judge) => {
            let versions = judge.adaptation.map_or(0, |adapted| adapted.versions().len());
            Check::ok(name, format!("{}: {versions} versions", path.display()))
        }
        Err(failure) => {
            let why = failure.to_string().lines().next().unwrap_or_default().to_owned();
            Check::warn(name, why, "start the agent: it is put aside then, and learnt anew")
        }
    }
}

fn put_aside(path: &Path) -> Option<Check> {
    let aside = aside::list(path).ok()?;
    let newest = aside.last()?;
    let found = format!("{} of them, the newest {}", aside.len(), newest.display());
    Some(Check::warn(
        "put aside",
        found,
        "look why, then `mousewarden purge history` or remove them",
    ))
}
