//! Recordings with faults: what is lost is named, what is not lost is read, and nobody becomes
//! another.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;

use mousewarden::data::formats::{
    Dataset, Format, GenericParams, ReadParams, RecordedSession, TimeUnit, open,
};
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::WindowParams;
use mousewarden::pipeline::window::cut_recording;

/// A folder with one user's file of this text.
struct Input(tempfile::TempDir);

impl Input {
    fn of(text: impl AsRef<[u8]>) -> Self {
        let input = Self(tempfile::tempdir().unwrap());
        input.add("ann/a.csv", text);
        input
    }

    fn add(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn open(&self, params: GenericParams) -> Result<Dataset> {
        open(&Format::generic(params), &[self.0.path().to_owned()], ReadParams::default())
    }

    /// The session of the only file.
    fn session(&self, params: GenericParams) -> Result<RecordedSession> {
        let dataset = self.open(params)?;
        dataset.sessions(&dataset.users()[0]).next().unwrap()
    }

    fn failure(&self, params: GenericParams) -> Failure {
        self.session(params).unwrap_err()
    }
}

fn plain() -> GenericParams {
    GenericParams::default()
}

fn in_unit(time_unit: TimeUnit) -> GenericParams {
    GenericParams { time_unit, ..plain() }
}

/// A table of rows of time, x and y.
fn table(rows: usize, row: impl Fn(usize) -> String) -> String {
    let mut text = String::from("time,x,y\n");
    for i in 0..rows {
        writeln!(text, "{}", row(i)).unwrap();
    }
    text
}

fn windows(session: &RecordedSession) -> usize {
    cut_recording(WindowParams { thin_ms: 0, ..WindowParams::default() }, session.signals()).0.len()
}

#[test]
fn numbers_with_exponents_are_read_exactly() {
    let text = "time,x,y\n1655999999990,1,2\n1656000000e3,2,2\n1.656000000010e+12,3e0,2\n";
    let session = Input::of(text).session(plain()).unwrap();
    let times: Vec<_> = session.events.iter().map(|event| event.at.micros()).collect();
    let expected = [1_655_999_999_990_000, 1_656_000_000_000_000, 1_656_000_000_010_000];
    assert_eq!(times, expected);
    let savetxt = table(3, |i| format!("1.6560000000{i}9578943e+09,6.39e+02,4e+02"));
    let session = Input::of(savetxt).session(in_unit(TimeUnit::S)).unwrap();
    assert_eq!(session.events[2].at.micros(), 1_656_000_000_029_579);
}

#[test]
fn times_that_lost_their_digits_are_refused_with_their_line() {
    for text in [
        table(9, |_| "1.65599E+12,1,2".into()),
        table(9, |_| "1.6559929e+12,1,2".into()),
        "time,x,y\n1655992931086,1,2\n1.65599E+12,2,2\n1655992931096,3,2\n".to_owned(),
    ] {
        let failure = Input::of(&text).failure(plain());
        let said = failure.to_string();
        assert_eq!(failure.kind(), FailureKind::Data);
        assert!(said.contains("spreadsheet") && said.contains("a.csv:"), "{said}");
    }
}

#[test]
fn ids_with_exponents_are_spelt_out_unless_they_are_words() {
    let ids = |ids: [&str; 3]| -> Result<Vec<String>> {
        let rows = ids.map(|id| format!("{id},1,1,1\n{id},2,2,2\n")).concat();
        let params = GenericParams { user: Some("user".into()), ..plain() };
        let dataset = Input::of(format!("user,time,x,y\n{rows}")).open(params)?;
        Ok(dataset.users().iter().map(|user| user.id().to_owned()).collect())
    };
    let exact = ids(["60150001022e3", "-2.416201411472988629e+18", "100001"]).unwrap();
    assert_eq!(exact, ["100001", "60150001022000", "-2416201411472988629"]);
    assert_eq!(ids(["2e3", "2000a", "7"]).unwrap(), ["2e3", "7", "2000a"]);
    for id in ["-2.4162E+18", "1.65599e+12", "2.416201411472989e+18"] {
        let said = ids([id, "7", "8"]).unwrap_err().to_string();
        assert!(said.contains("spreadsheet"), "{said}");
    }
}

#[test]
fn a_file_of_which_nothing_can_be_read_is_refused_with_the_likely_cause() {
    let iso = TimeUnit::Iso8601;
    for (text, params, cause) in [
        ("time;x;y\n9,579;639,0;400,0\n19,451;640,0;400,0\n".to_owned(), plain(), "decimal comma"),
        ("time,x,y\n9,579,639,0,400,0\n".to_owned(), plain(), "decimal comma"),
        (table(9, |i| format!("23/06/2022 14:02:00.0{i}0,1,2")), in_unit(iso), "day or month"),
        (table(9, |i| format!("23.06.2022 14:02:00.0{i}0,1,2")), in_unit(iso), "day or month"),
        (table(2, |_| "\"[1, 2, 3]\",\"[1, 2, 3]\",\"[4, 5, 6]\"".into()), plain(), "lists"),
        (table(9, |i| format!("{i}0,639px,400px")), plain(), "units stand around"),
        (
            format!("time;x;y\n{}", "1.656.000.000.000,5;3;4\n".repeat(9)),
            plain(),
            "marks between the thousands",
        ),
        (table(9, |i| format!("2022-06-23 14:02:00.0{i}0,1,2")), plain(), "--time-unit iso8601"),
        (table(9, |i| format!("14:02:00.0{i}0,1,2")), plain(), "lack the day"),
        (table(9, |i| format!("{i}0,1,2")), in_unit(iso), "--time-unit s, ms"),
        (
            "time,x,y\n".to_owned() + &"0,579,639,400\n0,587,640,400\n".repeat(9),
            plain(),
            "decimal comma",
        ),
        ("\"time\" \"x\" \"y\"\n\"1\" 10 5 6\n\"2\" 20 6 6\n".into(), plain(), "row.names = FALSE"),
        ("time,x,y\n1,10,5,6\n2,20,6,6\n3,30,7,7\n".into(), plain(), "row.names = FALSE"),
        (table(9, |i| format!("{i}0,1,2,3,4")), plain(), "Name every column"),
        (table(9, |i| format!("{i}0,\u{2212}{i},2")), plain(), "longer dash"),
        (table(9, |i| format!("{i}0,\u{1b}[31m{i},2")), plain(), "Control characters"),
        (table(9, |i| format!("{i}0,\u{664}\u{661}{i},2")), plain(), "another script"),
        (table(9, |i| format!("{i}0,inf,2")), plain(), "infinite"),
        (table(9, |i| format!("165600000000000000{i},1,2")), plain(), "--time-unit us or ns"),
    ] {
        let failure = Input::of(&text).failure(params);
        assert_eq!(failure.kind(), FailureKind::Data, "{failure}");
        assert!(failure.to_string().contains(cause), "{failure}");
    }
    let bare = |separator: &str| GenericParams {
        separator: separator.into(),
        header: false,
        time: "1".into(),
        x: "2".into(),
        y: "3".into(),
        ..plain()
    };
    let failure = Input::of("10;1;2\n20;2;2\n").failure(bare(","));
    assert!(failure.to_string().contains("--separator ';'"), "{failure}");
    let events = GenericParams { event: Some("what".into()), ..plain() };
    let failure = Input::of("time,x,y,what\n1,2,3,mm\n2,3,4,md\n").failure(events);
    assert!(failure.to_string().contains("called \"mm\", \"md\""), "{failure}");
}

#[test]
fn a_file_of_which_most_is_lost_is_never_read_in_silence() {
    let text = table(100, |i| if i < 40 { format!("{i}0,{i},2") } else { format!("{i}0,x,2") });
    let said = Input::of(text).failure(plain()).to_string();
    assert!(said.contains("60 of its 100 rows cannot be read (60 unreadable)"), "{said}");
    assert!(said.contains("line 42"), "{said}");
    // Cells that are there and empty are usual, no fault.
    let text = table(100, |i| if i < 40 { format!("{i}0,{i},2") } else { format!("{i}0,,NA") });
    assert_eq!(Input::of(text).session(plain()).unwrap().events.len(), 40);
}

#[test]
fn a_broken_quote_costs_one_line() {
    let mut text = String::from("time,x,y,note\n");
    for i in 0..100 {
        let note = if i == 10 {
            "\"broken"
        } else if i == 20 {
            "\"two\nlines\""
        } else {
            "fine"
        };
        writeln!(text, "{i}0,{i},2,{note}").unwrap();
    }
    let session = Input::of(text).session(plain()).unwrap();
    assert_eq!((session.events.len(), session.dropped.faults()), (99, 1));
    let place = session.dropped.places()[0].to_string();
    assert!(place.contains("a.csv:12: a quote that is never closed"), "{place}");
}

#[test]
fn a_clock_that_was_set_back_cuts_the_session_and_is_named() {
    let back = |ms: i64| {
        table(60, |i| {
            let at = 100_000 + 10 * i as i64 - if i < 30 { 0 } else { ms };
            format!("{at},{},{}", 7 * i, i * i % 50)
        })
    };
    let session = Input::of(back(7_200)).session(plain()).unwrap();
    assert_eq!((session.parts().count(), windows(&session)), (2, 2));
    assert!(session.events.is_sorted_by_key(|event| event.at));
    let warning = session.dropped.warnings()[0].to_string();
    assert!(warning.contains("a.csv:32: the clock was set back by 7.190 s"), "{warning}");
    let session = Input::of(back(0)).session(plain()).unwrap();
    assert_eq!((session.parts().count(), windows(&session)), (1, 1));
    assert!(session.dropped.warnings().is_empty());
}

#[test]
fn a_clock_that_cannot_be_true_is_named_with_its_file() {
    for (text, unit, wrong) in [
        (table(40, |i| format!("{:.3},{i},2", i as f64 / 100.0)), TimeUnit::Ms, "is it s?"),
        (table(40, |i| format!("{}0,{i},2", i)), TimeUnit::S, "is it ms?"),
        (table(60, |i| format!("{},{i},2", 1_656_000_000 + i / 20)), TimeUnit::S, "whole seconds"),
        (table(40, |i| format!("{i},{i},2")), TimeUnit::Ms, "it counts rows"),
        (
            table(40, |i| format!("{},{i},2", i * 400 + i % 3)),
            TimeUnit::Ms,
            "slower than the pause",
        ),
        (table(40, |i| format!("7,{i},2")), TimeUnit::Ms, "one and the same time"),
        (
            table(40, |i| format!("{},{i},2", if i == 0 { 0 } else { 16 })),
            TimeUnit::Ms,
            "the steps",
        ),
        (table(40, |i| format!("44735.0000{i:02},{i},2")), TimeUnit::Ms, "were days counted?"),
    ] {
        let session = Input::of(&text).session(in_unit(unit)).unwrap();
        let warnings: Vec<_> = session.dropped.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 1, "{text}");
        assert!(warnings[0].contains(wrong) && warnings[0].contains("a.csv:2: "), "{warnings:?}");
    }
}

/// A zip archive as `zip` writes it: local header, deflated bytes, directory.
fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let members: Vec<_> = members.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    zipped_bytes(&members)
}

fn zipped_bytes(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in members {
        let mut packed =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text).unwrap();
        let packed = packed.finish().unwrap();
        let offset = archive.len() as u32;
        let mut shared = Vec::new();
        [20_u16, 0, 8, 0, 0x21].iter().for_each(|v| shared.extend(v.to_le_bytes()));
        [0, packed.len() as u32, text.len() as u32]
            .iter()
            .for_each(|v| shared.extend(v.to_le_bytes()));
        [name.len() as u16, 0].iter().for_each(|v| shared.extend(v.to_le_bytes()));
        archive.extend(b"PK\x03\x04");
        archive.extend(&shared);
        archive.extend(name.as_bytes());
        archive.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&shared);
        directory.extend([0; 6]);
        directory.extend([0; 4]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (from, size) = (archive.len() as u32, directory.len() as u32);
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    [members.len() as u16; 2].iter().for_each(|v| archive.extend(v.to_le_bytes()));
    archive.extend(size.to_le_bytes());
    archive.extend(from.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn compressed_files_and_archives_are_read_like_what_is_in_them() {
    let text = table(20, |i| format!("{i}0,{i},2"));
    let input = Input::of(&text);
    input.add("bob/b.csv.gz", gzipped(&text));
    input.add("carl/really_gzip.csv", gzipped(&text));
    input.add("ann/a.csv.gz", gzipped(&text)); // What `gzip --keep` leaves: the same file.
    let members = [("dora/s1.csv", text.as_str()), ("dora/s2.csv", &text), ("../eve/e.csv", &text)];
    let about = [("dora/readme.md", "no"), ("README.txt", "no")];
    input.add("all.zip", zipped(&[&members[..], &about].concat()));
    let dataset = input.open(plain()).unwrap();
    let users: Vec<_> = dataset.users().iter().map(|u| (u.id(), u.sessions().len())).collect();
    assert_eq!(users, [("ann", 1), ("bob", 1), ("carl", 1), ("dora", 2)]);
    for user in dataset.users() {
        for session in dataset.sessions(user) {
            assert_eq!(session.unwrap().events.len(), 20, "{}", user.id());
        }
    }
    assert_eq!(dataset.users()[1].sessions()[0].id(), "b");
}

#[test]
fn what_cannot_be_read_is_named() {
    let text = table(20, |i| format!("{i}0,{i},2"));
    let packed = gzipped(&text);
    let archive = zipped(&[("a.csv", &text)]);
    for (name, bytes, wrong) in [
        ("b.csv", &packed[..packed.len() / 2], "b.csv: damaged or cut short"),
        ("b.csv.xz", b"\xFD7zXZ\0..", "b.csv.xz: compressed by xz"),
        ("b.csv", b"BZh91AY&SY", "b.csv: compressed by bzip2"),
        ("b.csv", b"\x00\x01\x02\x03\x04time,x,y", "b.csv: not text"),
        ("b.zip", &archive[..archive.len() - 30], "b.zip: damaged or cut short"),
        ("b.csv", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    ] {
        let input = Input::of(&text);
        input.add(&format!("bob/{name}"), bytes);
        let failure = input.open(plain()).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Data, "{failure}");
        assert!(failure.to_string().contains(wrong), "{failure}");
    }
}

#[test]
fn what_nobody_read_is_said_and_two_folders_of_one_name_are_named() {
    let text = table(20, |i| format!("{i}0,{i},2"));
    let input = Input::of(&text);
    input.add("bob/b.dat", &text);
    input.add("bob/README.txt", "about");
    input.add("x/day1/a.csv", &text);
    input.add("y/day1/a.csv", &text);
    let dataset = input.open(plain()).unwrap();
    let notes = dataset.notes().join("\n");
    assert!(notes.starts_with("1 file was not read") && notes.contains("b.dat"), "{notes}");
    let archive = tempfile::tempdir().unwrap();
    fs::write(archive.path().join("all.tar"), text.as_bytes()).unwrap();
    let format = Format::generic(plain());
    let failure = open(&format, &[archive.path().into()], ReadParams::default()).unwrap_err();
    assert!(failure.to_string().contains("Unpack the archive"), "{failure}");
    assert!(notes.contains("x/day1 and ") && notes.contains("count as one user"), "{notes}");
    let empty = tempfile::tempdir().unwrap();
    fs::write(empty.path().join("a.json"), "[]").unwrap();
    let inputs = [empty.path().to_owned()];
    let failure = open(&Format::generic(plain()), &inputs, ReadParams::default()).unwrap_err();
    assert!(failure.to_string().contains("a.json"), "{failure}");
}

#[test]
fn an_archive_without_folders_is_its_users_or_its_folders() {
    let text = table(20, |i| format!("{i}0,{i},2"));
    let input = Input(tempfile::tempdir().unwrap());
    input.add("ann/s.zip", zipped(&[("1.csv", &text), ("2.csv", &text)]));
    input.add("bob/s.zip", zipped(&[("1.csv", &text)]));
    input.add("carl.zip", zipped(&[("1.csv", &text)]));
    input.add("more.zip", zipped(&[("dora/1.csv", &text), ("in.zip", "PK")]));
    let dataset = input.open(plain()).unwrap();
    let users: Vec<_> = dataset.users().iter().map(|u| (u.id(), u.sessions().len())).collect();
    assert_eq!(users, [("ann", 2), ("bob", 1), ("carl", 1), ("dora", 1)]);
    assert!(dataset.notes()[0].contains("more.zip/in.zip"), "{:?}", dataset.notes());
}

#[test]
fn gzip_in_a_zip_quotes_of_both_kinds_and_wide_tables_are_read() {
    let text = table(20, |i| format!("{i}0,{i},2"));
    let archive = zipped_bytes(&[("eve/e.csv.gz", &gzipped(&text))]);
    let input = Input(tempfile::tempdir().unwrap());
    input.add("all.zip", archive);
    let dataset = input.open(plain()).unwrap();
    assert_eq!(dataset.users()[0].id(), "eve");
    let quoted = "'time','x','y'\n'10','1','2'\n'20','2','2'\n";
    assert_eq!(Input::of(quoted).session(plain()).unwrap().events.len(), 2);
    let names: Vec<String> = (0..100_000).map(|i| format!("c{i}")).collect();
    let zeros = ",0".repeat(100_000);
    let wide = format!("time,x,y,{}\n10,1,2{zeros}\n20,2,2{zeros}\n", names.join(","));
    let session = Input::of(wide).session(plain()).unwrap();
    assert_eq!((session.events.len(), session.dropped.total()), (2, 0));
    let blanks = Input::of("\n  \n\n").session(plain()).unwrap();
    assert_eq!((blanks.rows, blanks.events.len()), (0, 0));
}

#[test]
fn what_rows_cannot_be_is_said_of_them() {
    for (text, wrong) in [
        (table(80, |i| format!("{},{i},2", i / 2 * 8)), None),
        (table(80, |i| format!("{},{},2", i / 2 * 8, i / 2)), Some("rows repeat the row before")),
        (table(80, |i| format!("{},{i},2", 8 + i * 5 % 7)), Some("the steps from one row")),
    ] {
        let session = Input::of(&text).session(plain()).unwrap();
        let said: Vec<_> = session.dropped.warnings().iter().map(ToString::to_string).collect();
        match wrong {
            Some(wrong) => assert!(said.iter().any(|it| it.contains(wrong)), "{said:?}"),
            None => assert!(said.iter().all(|it| !it.contains("repeat")), "{said:?}"),
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_name_never_breaks_its_line() {
    let input = Input(tempfile::tempdir().unwrap());
    input.add("ann/a\u{1b}[31m\n.csv", "time,x,y\nfoo,b,c\n");
    let said = input.failure(plain()).to_string();
    assert!(said.contains("a\\u{1b}[31m\\n.csv: "), "{said}");
    std::os::unix::fs::symlink("a.csv", input.0.path().join("ann/a.csv")).unwrap();
    let said = input.failure(plain()).to_string();
    assert!(said.contains("a link that cannot be followed"), "{said}");
}

#[test]
fn endless_lines_and_names_cost_no_memory() {
    let long = "x".repeat(65_536);
    let mut text = String::from("user,time,x,y\n");
    for i in 0..40 {
        writeln!(text, "{long}{},{i}0,{i},2", i / 20).unwrap();
    }
    let params = GenericParams { user: Some("user".into()), ..plain() };
    let dataset = Input::of(text).open(params).unwrap();
    let ids: Vec<_> = dataset.users().iter().map(|user| user.id().len()).collect();
    assert!(ids.len() == 2 && ids.iter().all(|length| *length < 256), "{ids:?}");
    let mut text = table(20, |i| format!("{i}0,{i},2"));
    text.push_str(&"9".repeat(17 * 1024 * 1024));
    text.push_str("\n500,1,2\n");
    let session = Input::of(text).session(plain()).unwrap();
    assert_eq!((session.events.len(), session.dropped.faults()), (21, 1));
}

#[test]
fn remarks_above_the_header_and_any_separator_are_understood() {
    for text in [
        "# made by a logger\n# time,x,y\n10,1,2\n20,2,2\n",
        "time x y\n10 1 2\n20  2 2\n",
        "time|x|y\n10|1|2\n20|2|2\n",
        "time\tx\ty\r10\t1\t2\r20\t2\t2\r",
    ] {
        let session = Input::of(text).session(plain()).unwrap();
        assert_eq!((session.events.len(), session.dropped.total()), (2, 0), "{text:?}");
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn names_that_are_not_utf_8_stay_two_users() {
        let folder = tempfile::tempdir().unwrap();
        for name in [&b"Ren\xe9"[..], b"Ren\xe8"] {
            let path = folder.path().join(OsStr::from_bytes(name));
            fs::create_dir(&path).unwrap();
            fs::write(path.join("a.csv"), table(20, |i| format!("{i}0,{i},2"))).unwrap();
        }
        let dataset =
            open(&Format::generic(plain()), &[folder.path().into()], ReadParams::default())
                .unwrap();
        let users: Vec<_> = dataset.users().iter().map(|user| user.id()).collect();
        assert_eq!(users, ["Ren%E8", "Ren%E9"]);
    }

    #[test]
    fn links_to_nowhere_and_pipes_are_named() {
        let input = Input::of(table(20, |i| format!("{i}0,{i},2")));
        let link = input.0.path().join("ann/gone.csv");
        symlink("nowhere.csv", &link).unwrap();
        let said = input.open(plain()).unwrap_err().to_string();
        assert!(said.contains("gone.csv: a link to nowhere: nowhere.csv"), "{said}");
        fs::remove_file(link).unwrap();
        let person = input.0.path().join("bob");
        symlink("/nowhere/bob", &person).unwrap();
        let said = input.open(plain()).unwrap_err().to_string();
        assert!(said.contains("bob: a link to nowhere: /nowhere/bob"), "{said}");
        fs::remove_file(person).unwrap();
        fs::create_dir(input.0.path().join("carl")).unwrap();
        symlink("../ann/a.csv", input.0.path().join("carl/a.csv")).unwrap();
        let dataset = input.open(plain()).unwrap();
        let users: Vec<_> = dataset.users().iter().map(|user| user.id()).collect();
        assert_eq!(users, ["ann"]);
        assert!(dataset.notes()[0].contains("carl/a.csv"), "{:?}", dataset.notes());
        let socket = input.0.path().join("ann/pipe.csv");
        let _socket = UnixListener::bind(&socket).unwrap();
        let said = input.open(plain()).unwrap_err().to_string();
        assert!(said.contains("pipe.csv: a pipe, socket or device"), "{said}");
        let said = open(
            &Format::generic(plain()),
            &[Path::new("/dev/null").into()],
            ReadParams::default(),
        );
        assert!(said.unwrap_err().to_string().contains("/dev/null: a pipe"));
    }
}

#[test]
fn a_column_of_users_that_is_not_read_is_told_of() {
    let row = |i: usize| format!("{},{}0,{i},2\n", ["ann", "bob"][i % 2], i);
    let text = "User_ID,time,x,y\n".to_owned() + &(0..20).map(row).collect::<String>();
    let input = Input::of(&text);
    let dataset = input.open(plain()).unwrap();
    assert!(dataset.notes()[0].contains("--user-column user_id"), "{:?}", dataset.notes());
    let told = GenericParams { user: Some("User_ID".into()), ..plain() };
    let dataset = input.open(told).unwrap();
    assert_eq!((dataset.users().len(), dataset.notes().len()), (2, 0));
}
