//! The history's file: what is read again, what is kept while it cannot be written, what is put aside
//! when it is damaged, and what the chain of hashes finds.

use std::fs;

use super::*;
use crate::error::Kind;
use crate::pipeline::Timestamp;

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("history.db")
    }

    fn open(&self) -> Chronicle {
        Chronicle::open(&self.path(), 90, Heads::default())
    }

    /// A history of so many resumptions, and its beginning.
    fn written(&self, rows: i64) {
        let mut chronicle = self.open();
        for second in 0..rows {
            chronicle.note(&stamped(second, Entry::Resumed)).unwrap();
        }
        chronicle.finish().unwrap();
    }

    fn entries(&self) -> Vec<Entry> {
        let rows = History::open(&self.path()).unwrap().since(0).unwrap();
        rows.into_iter().map(|stamped| stamped.entry).collect()
    }

    fn chain(&self) -> Chain {
        History::open(&self.path()).unwrap().chain().unwrap()
    }

    /// Another program's connection.
    fn other(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    fn aside(&self) -> Vec<PathBuf> {
        aside::list(&self.path()).unwrap()
    }
}

fn stamped(second: i64, entry: Entry) -> Stamped {
    let wall = clock::wall().checked_add(jiff::SignedDuration::from_secs(second)).unwrap();
    Stamped { wall: wall.to_string(), mono_us: Timestamp::default(), entry }
}

fn at(wall: &str, entry: Entry) -> Stamped {
    Stamped { wall: wall.into(), mono_us: Timestamp::default(), entry }
}

fn resumed(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| **entry == Entry::Resumed).count()
}

#[test]
fn what_is_noted_is_read_again_in_order_and_by_its_time() {
    let desk = Desk::new();
    let mut chronicle = desk.open();
    let paused = at("2026-03-01T10:00:00Z", Entry::Paused { seconds: Some(60) });
    let resumed = at("2026-03-01T10:01:00Z", Entry::Resumed);
    chronicle.note(&paused).unwrap();
    chronicle.note(&resumed).unwrap();
    let history = History::open(&desk.path()).unwrap();
    let rows = history.since(0).unwrap();
    assert!(matches!(rows[0].entry, Entry::HistoryReset { .. }));
    assert_eq!(rows[1..], [paused, resumed.clone()]);
    assert_eq!(history.after(history.last().unwrap() - 1).unwrap(), [(3, resumed)]);
    assert!(!private::is_open_to_others(&desk.path()).unwrap());
}

#[test]
fn what_is_older_than_it_may_be_goes_and_the_chain_goes_on() {
    let desk = Desk::new();
    let open = || Chronicle::open(&desk.path(), 2, Heads::default());
    const DAY_S: i64 = 86_400;
    open().note(&stamped(0, Entry::Resumed)).unwrap();
    // The first row of a new agent prunes.
    open().note(&stamped(4 * DAY_S, Entry::Confirmed)).unwrap();
    open().note(&stamped(5 * DAY_S, Entry::DayKnown)).unwrap();
    let entries = desk.entries();
    assert_eq!(resumed(&entries), 0, "{entries:?}");
    assert_eq!(entries.last(), Some(&Entry::DayKnown));
    let chain = desk.chain();
    assert_eq!((chain.broken, chain.rows), (None, entries.len()));
}

#[test]
fn the_chain_finds_a_row_that_was_changed_removed_or_added() {
    for (sql, says) in [
        ("UPDATE event SET json = replace(json, 'resumed', 'confirmed') WHERE id = 4", "row 4"),
        ("UPDATE event SET at_ms = at_ms - 1 WHERE id = 4", "row 4"),
        ("DELETE FROM event WHERE id BETWEEN 4 AND 5", "rows 4 to 5 are missing"),
        ("INSERT INTO event (id, at_ms, json, sha256) VALUES (12, 0, '{}', 'ab')", "row 12"),
        ("UPDATE chain SET name = 'other', pruned_sha256 = 'other'", "row 1 "),
    ] {
        let desk = Desk::new();
        desk.written(10);
        assert_eq!((desk.chain().broken, desk.chain().rows), (None, 11));
        desk.other().execute_batch(sql).unwrap();
        let broken = desk.chain().broken.unwrap();
        assert!(broken.contains(says), "{sql}: {broken}");
    }
}

#[test]
fn rows_that_are_taken_away_while_it_runs_are_noticed_and_told() {
    let desk = Desk::new();
    let mut chronicle = desk.open();
    for second in 0..5 {
        chronicle.note(&stamped(second, Entry::Resumed)).unwrap();
    }
    chronicle.news();
    desk.other().execute_batch("DELETE FROM event WHERE id > 3").unwrap();
    chronicle.note(&stamped(6, Entry::Confirmed)).unwrap();
    assert!(matches!(chronicle.news()[..], [Entry::HistoryReset { .. }]));
    assert!(
        desk.entries()
            .iter()
            .any(|e| matches!(e, Entry::HistoryReset { why } if why.contains("last rows")))
    );
}

#[cfg_attr(windows, ignore = "an open file cannot be removed there")]
#[test]
fn a_file_that_is_removed_or_replaced_while_it_is_written_is_begun_anew_and_told() {
    for replace in [false, true] {
        let desk = Desk::new();
        let mut chronicle = desk.open();
        chronicle.note(&stamped(0, Entry::Resumed)).unwrap();
        chronicle.news();
        fs::remove_file(desk.path()).unwrap();
        if replace {
            fs::write(desk.path(), "something else that is no database at all").unwrap();
        }
        chronicle.note(&stamped(1, Entry::Confirmed)).unwrap();
        let news = chronicle.news();
        let removed =
            |e: &Entry| matches!(e, Entry::HistoryReset { why } if why.contains("removed"));
        assert!(news.iter().any(removed), "{news:?}");
        assert!(desk.entries().contains(&Entry::Confirmed));
    }
}

#[test]
fn another_program_s_transaction_delays_nothing_and_loses_nothing() {
    let desk = Desk::new();
    let mut chronicle = desk.open();
    chronicle.note(&stamped(0, Entry::Resumed)).unwrap();
    let other = desk.other();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = clock::now();
    for second in 1..200 {
        let failure = chronicle.note(&stamped(second, Entry::Resumed)).unwrap_err();
        assert!(failure.to_string().contains("another program has it open"), "{failure}");
        assert!(failure.to_string().contains("Close that program"), "{failure}");
    }
    let took = (clock::now() - before).as_secs_f64();
    assert!(took < 5.0, "200 entries took {took} s");
    assert!(chronicle.waits().is_some());
    drop(other);
    chronicle.finish().unwrap();
    assert_eq!(resumed(&desk.entries()), 200);
    assert_eq!(desk.chain().broken, None);
    assert_eq!(chronicle.waits(), None);
}

#[test]
fn an_agent_that_starts_while_another_program_writes_catches_up() {
    let desk = Desk::new();
    desk.written(3);
    let other = desk.other();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut chronicle = desk.open();
    chronicle.note(&stamped(9, Entry::Confirmed)).unwrap_err();
    drop(other);
    chronicle.finish().unwrap();
    assert_eq!(desk.entries().last(), Some(&Entry::Confirmed));
    assert_eq!(desk.aside(), Vec::<PathBuf>::new());
}

#[test]
fn what_cannot_be_kept_is_counted() {
    let desk = Desk::new();
    let mut chronicle = desk.open();
    chronicle.note(&stamped(0, Entry::Resumed)).unwrap();
    let other = desk.other();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for second in 0..MOST_PENDING as i64 + 7 {
        let _ = chronicle.note(&stamped(second, Entry::Confirmed));
    }
    assert!(chronicle.pending.len() <= MOST_PENDING);
    drop(other);
    chronicle.finish().unwrap();
    assert!(desk.entries().contains(&Entry::Unwritten { entries: 7 }));
}

#[test]
fn a_disk_that_cannot_be_written_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not yet/history.db");
    let mut chronicle = Chronicle::open(&path, 90, Heads::default());
    let failure = chronicle.note(&stamped(0, Entry::Resumed)).unwrap_err();
    assert_eq!(failure.kind(), Kind::Io);
    assert!(failure.to_string().contains("Free some space"), "{failure}");
    fs::create_dir(folder.path().join("not yet")).unwrap();
    chronicle.finish().unwrap();
    let rows = History::open(&path).unwrap().since(0).unwrap();
    assert!(rows.iter().any(|row| row.entry == Entry::Resumed));
}

#[test]
fn what_is_no_history_is_put_aside_under_a_telling_name() {
    let other_version = |path: &Path| {
        Connection::open(path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    };
    let text = |path: &Path| fs::write(path, "not a database, not even a small one").unwrap();
    let a_folder = |path: &Path| fs::create_dir(path).unwrap();
    type Make<'a> = &'a dyn Fn(&Path);
    let makes: [(&str, Make<'_>); 3] =
        [("damaged", &text), ("other_version", &other_version), ("unreadable", &a_folder)];
    for (word, make) in makes {
        let desk = Desk::new();
        make(&desk.path());
        let mut chronicle = desk.open();
        chronicle.note(&stamped(0, Entry::Resumed)).unwrap();
        let name = desk.aside()[0].file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.starts_with(&format!("history.db.{word}-")), "{name}");
        assert!(matches!(&chronicle.news()[0], Entry::PutAside { file, .. } if *file == name));
        assert!(matches!(desk.entries()[0], Entry::PutAside { .. }));
    }
}

/// A step of a sequence that looks random.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap()
}

#[test]
fn no_damage_keeps_the_watch_from_writing() {
    let desk = Desk::new();
    desk.written(200);
    desk.other().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let good = fs::read(desk.path()).unwrap();
    let mut state = 7;
    for round in 0..300 {
        let mut bytes = good.clone();
        match round % 3 {
            0 => bytes.truncate(next(&mut state) % good.len()),
            1 => {
                for _ in 0..8 {
                    let at = next(&mut state) % bytes.len();
                    bytes[at] ^= 1 << (round % 8);
                }
            }
            _ => {
                // The header and the schema, where everything is decided.
                let at = next(&mut state) % 1024;
                bytes[at] = bytes[at].wrapping_add(1 + (round % 250) as u8);
            }
        }
        for file in fs::read_dir(desk.folder.path()).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        fs::write(desk.path(), &bytes).unwrap();
        let mut chronicle = desk.open();
        chronicle.before();
        chronicle.note(&stamped(0, Entry::Confirmed)).unwrap_or_else(|e| panic!("{round}: {e}"));
        chronicle.finish().unwrap_or_else(|e| panic!("{round}: {e}"));
        drop(chronicle);
        assert!(desk.entries().contains(&Entry::Confirmed), "round {round}");
    }
}

#[test]
fn a_history_that_somebody_has_made_refuse_rows_is_put_aside() {
    let desk = Desk::new();
    let mut chronicle = desk.open();
    chronicle.note(&stamped(0, Entry::Resumed)).unwrap();
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no'); END";
    desk.other().execute_batch(trap).unwrap();
    chronicle.note(&stamped(1, Entry::Confirmed)).unwrap();
    assert_eq!(desk.aside().len(), 1);
    assert!(desk.entries().contains(&Entry::Confirmed));
}

#[test]
fn an_agent_knows_how_the_one_before_it_ended() {
    let desk = Desk::new();
    desk.written(2);
    let mut chronicle = desk.open();
    let before = chronicle.before();
    assert_eq!(before.last.unwrap().entry, Entry::Resumed);
    assert_eq!(before.head.as_ref().map(|head| head.number), Some(3));
    assert_eq!(before.head, desk.chain().head);
    assert!(before.started.is_none() && !before.learnt);
    chronicle.note(&stamped(0, Entry::Stopped { why: String::new() })).unwrap();
    assert!(matches!(desk.open().before().last.unwrap().entry, Entry::Stopped { .. }));
}

#[test]
fn without_a_history_the_reader_says_what_makes_one() {
    let failure = History::open(Path::new("/nonexistent/history.db")).unwrap_err();
    assert_eq!(failure.kind(), Kind::NoInput);
    assert!(failure.to_string().contains("history_days"), "{failure}");
}
