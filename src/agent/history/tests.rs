//! The history's file: what is read again, what is kept while the disk refuses it, what is put
//! aside when it is damaged, and what the chain of hashes finds.

use std::fs;

use super::*;
use crate::error::FailureKind;
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

    fn open(&self) -> HistoryDatabase {
        HistoryDatabase::open(&self.path(), 90, Heads::default())
    }

    /// A history of so many resumptions, and its beginning.
    fn written(&self, rows: i64) {
        let mut database = self.open();
        for second in 0..rows {
            database.note(&stamped(second, Event::Resumed)).unwrap();
        }
        database.finish().unwrap();
    }

    fn events(&self) -> Vec<Event> {
        let rows = History::open(&self.path()).unwrap().since(0).unwrap();
        rows.into_iter().map(|stamped| stamped.event).collect()
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

fn stamped(second: i64, event: Event) -> StampedEvent {
    let wall = clock::wall().checked_add(jiff::SignedDuration::from_secs(second)).unwrap();
    StampedEvent { wall: wall.to_string(), mono_us: Timestamp::default(), event }
}

fn at(wall: &str, event: Event) -> StampedEvent {
    StampedEvent { wall: wall.into(), mono_us: Timestamp::default(), event }
}

fn resumed(events: &[Event]) -> usize {
    events.iter().filter(|event| **event == Event::Resumed).count()
}

#[test]
fn what_is_noted_is_read_again_in_order_and_by_its_time() {
    let control = Desk::new();
    let mut database = control.open();
    let paused = at("2026-03-01T10:00:00Z", Event::Paused { seconds: Some(60) });
    let resumed = at("2026-03-01T10:01:00Z", Event::Resumed);
    database.note(&paused).unwrap();
    database.note(&resumed).unwrap();
    let history = History::open(&control.path()).unwrap();
    let rows = history.since(0).unwrap();
    assert!(matches!(rows[0].event, Event::HistoryReset { .. }));
    assert_eq!(rows[1..], [paused, resumed.clone()]);
    assert_eq!(history.after(history.last().unwrap() - 1).unwrap(), [(3, resumed)]);
    assert!(!private::is_open_to_others(&control.path()).unwrap());
}

#[test]
fn what_is_older_than_it_may_be_goes_and_the_chain_goes_on() {
    let control = Desk::new();
    let open = || HistoryDatabase::open(&control.path(), 2, Heads::default());
    const DAY_S: i64 = 86_400;
    open().note(&stamped(0, Event::Resumed)).unwrap();
    // The first row of a new agent prunes.
    open().note(&stamped(4 * DAY_S, Event::Confirmed)).unwrap();
    open().note(&stamped(5 * DAY_S, Event::DayKnown)).unwrap();
    let events = control.events();
    assert_eq!(resumed(&events), 0, "{events:?}");
    assert_eq!(events.last(), Some(&Event::DayKnown));
    let chain = control.chain();
    assert_eq!((chain.broken, chain.rows), (None, events.len()));
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
        let control = Desk::new();
        control.written(10);
        assert_eq!((control.chain().broken, control.chain().rows), (None, 11));
        control.other().execute_batch(sql).unwrap();
        let broken = control.chain().broken.unwrap();
        assert!(broken.contains(says), "{sql}: {broken}");
    }
}

#[test]
fn rows_that_are_taken_away_while_it_runs_are_noticed_and_told() {
    let control = Desk::new();
    let mut database = control.open();
    for second in 0..5 {
        database.note(&stamped(second, Event::Resumed)).unwrap();
    }
    database.news();
    control.other().execute_batch("DELETE FROM event WHERE id > 3").unwrap();
    database.note(&stamped(6, Event::Confirmed)).unwrap();
    assert!(matches!(database.news()[..], [Event::HistoryReset { .. }]));
    assert!(
        control
            .events()
            .iter()
            .any(|e| matches!(e, Event::HistoryReset { why } if why.contains("last rows")))
    );
}

#[cfg_attr(windows, ignore = "an open file cannot be removed there")]
#[test]
fn a_file_that_is_removed_or_replaced_while_it_is_written_is_begun_anew_and_told() {
    for replace in [false, true] {
        let control = Desk::new();
        let mut database = control.open();
        database.note(&stamped(0, Event::Resumed)).unwrap();
        database.news();
        fs::remove_file(control.path()).unwrap();
        if replace {
            fs::write(control.path(), "something else that is no database at all").unwrap();
        }
        database.note(&stamped(1, Event::Confirmed)).unwrap();
        let news = database.news();
        let removed =
            |e: &Event| matches!(e, Event::HistoryReset { why } if why.contains("removed"));
        assert!(news.iter().any(removed), "{news:?}");
        assert!(control.events().contains(&Event::Confirmed));
    }
}

#[test]
fn another_program_s_transaction_delays_nothing_and_loses_nothing() {
    let control = Desk::new();
    let mut database = control.open();
    database.note(&stamped(0, Event::Resumed)).unwrap();
    let other = control.other();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = clock::now();
    for second in 1..200 {
        let failure = database.note(&stamped(second, Event::Resumed)).unwrap_err();
        assert!(failure.to_string().contains("another program has it open"), "{failure}");
        assert!(failure.to_string().contains("Close that program"), "{failure}");
    }
    let took = (clock::now() - before).as_secs_f64();
    assert!(took < 5.0, "200 entries took {took} s");
    assert!(database.waits().is_some());
    drop(other);
    database.finish().unwrap();
    assert_eq!(resumed(&control.events()), 200);
    assert_eq!(control.chain().broken, None);
    assert_eq!(database.waits(), None);
}

#[test]
fn an_agent_that_starts_while_another_program_writes_catches_up() {
    let control = Desk::new();
    control.written(3);
    let other = control.other();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut database = control.open();
    database.note(&stamped(9, Event::Confirmed)).unwrap_err();
    drop(other);
    database.finish().unwrap();
    assert_eq!(control.events().last(), Some(&Event::Confirmed));
    assert_eq!(control.aside(), Vec::<PathBuf>::new());
}

#[test]
fn what_cannot_be_kept_is_counted() {
    let control = Desk::new();
    let mut database = control.open();
    database.note(&stamped(0, Event::Resumed)).unwrap();
    let other = control.other();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for second in 0..MOST_PENDING as i64 + 7 {
        let _ = database.note(&stamped(second, Event::Confirmed));
    }
    assert!(database.pending.len() <= MOST_PENDING);
    drop(other);
    database.finish().unwrap();
    assert!(control.events().contains(&Event::Unwritten { events: 7 }));
}

#[test]
fn a_disk_that_cannot_be_written_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not yet/history.db");
    let mut database = HistoryDatabase::open(&path, 90, Heads::default());
    let failure = database.note(&stamped(0, Event::Resumed)).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Io);
    assert!(failure.to_string().contains("Free some space"), "{failure}");
    fs::create_dir(folder.path().join("not yet")).unwrap();
    database.finish().unwrap();
    let rows = History::open(&path).unwrap().since(0).unwrap();
    assert!(rows.iter().any(|row| row.event == Event::Resumed));
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
        let control = Desk::new();
        make(&control.path());
        let mut database = control.open();
        database.note(&stamped(0, Event::Resumed)).unwrap();
        let name = control.aside()[0].file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.starts_with(&format!("history.db.{word}-")), "{name}");
        assert!(matches!(&database.news()[0], Event::PutAside { file, .. } if *file == name));
        assert!(matches!(control.events()[0], Event::PutAside { .. }));
    }
}

/// A step of a sequence that looks random.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap()
}

#[test]
fn no_damage_keeps_the_watch_from_writing() {
    let control = Desk::new();
    control.written(200);
    control.other().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let good = fs::read(control.path()).unwrap();
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
        for file in fs::read_dir(control.folder.path()).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        fs::write(control.path(), &bytes).unwrap();
        let mut database = control.open();
        database.before();
        database.note(&stamped(0, Event::Confirmed)).unwrap_or_else(|e| panic!("{round}: {e}"));
        database.finish().unwrap_or_else(|e| panic!("{round}: {e}"));
        drop(database);
        assert!(control.events().contains(&Event::Confirmed), "round {round}");
    }
}

#[test]
fn a_history_that_somebody_has_made_refuse_rows_is_put_aside() {
    let control = Desk::new();
    let mut database = control.open();
    database.note(&stamped(0, Event::Resumed)).unwrap();
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no'); END";
    control.other().execute_batch(trap).unwrap();
    database.note(&stamped(1, Event::Confirmed)).unwrap();
    assert_eq!(control.aside().len(), 1);
    assert!(control.events().contains(&Event::Confirmed));
}

#[test]
fn an_agent_knows_how_the_one_before_it_ended() {
    let control = Desk::new();
    control.written(2);
    let mut database = control.open();
    let before = database.before();
    assert_eq!(before.last.unwrap().event, Event::Resumed);
    assert_eq!(before.head.as_ref().map(|head| head.number), Some(3));
    assert_eq!(before.head, control.chain().head);
    assert!(before.started.is_none() && !before.adaptation);
    database.note(&stamped(0, Event::Stopped { why: String::new() })).unwrap();
    assert!(matches!(control.open().before().last.unwrap().event, Event::Stopped { .. }));
}

#[test]
fn without_a_history_the_reader_says_what_makes_one() {
    let failure = History::open(Path::new("/nonexistent/history.db")).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::NoInput);
    assert!(failure.to_string().contains("history_days"), "{failure}");
}
