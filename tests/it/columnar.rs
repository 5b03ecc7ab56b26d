//! `--stdio-arrow`: the answers to Arrow streams are those that the same sessions get from a file, and
//! several streams follow each other on one pipe. Compiled with the feature `columnar` only.
#![cfg(feature = "columnar")]

use std::fmt::Debug;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use crate::invented::table;
use arrow_array::builder::{ArrayBuilder, Float64Builder, Int64Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use assert_cmd::Command;
use parquet::arrow::ArrowWriter;

/// The rows of a bank table as one stream of several batches.
fn stream(text: &str) -> Vec<u8> {
    written(&batches(text))
}

fn batches(text: &str) -> Vec<RecordBatch> {
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let batch = |part: &[Vec<&str>]| {
        let column = |at: usize| part.iter().map(move |row| row[at]);
        let times = column(3).map(|time| time.parse::<i64>().unwrap());
        let [xs, ys] = [5, 6].map(|at| column(at).map(|place| place.parse::<f64>().unwrap()));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("session_id", Arc::new(StringArray::from_iter_values(column(1)))),
            ("timestamp", Arc::new(Int64Array::from_iter_values(times))),
            ("event_type", Arc::new(StringArray::from_iter_values(column(4)))),
            ("screen_x", Arc::new(Float64Array::from_iter_values(xs))),
            ("screen_y", Arc::new(Float64Array::from_iter_values(ys))),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    };
    rows.chunks(50).map(batch).collect()
}

/// A Parquet file whose row groups are these batches.
fn parquet(path: &Path, batches: &[RecordBatch]) {
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), None).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
}

/// A stream that names row groups of a file.
fn names(path: &Path, row_groups: &[i64]) -> Vec<u8> {
    let files = row_groups.iter().map(|_| path.to_str().unwrap());
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("file", Arc::new(StringArray::from_iter_values(files))),
        ("row_group", Arc::new(Int64Array::from(row_groups.to_vec()))),
    ];
    written(&[RecordBatch::try_from_iter(columns).unwrap()])
}

fn written(batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    drop(writer);
    bytes
}

/// The same rows as pieces of sessions, the last piece first, each with the number of its first row.
fn pieces(text: &str, size: usize) -> Vec<u8> {
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let numbered: Vec<(usize, Vec<&str>)> = rows.into_iter().enumerate().collect();
    let mut parts: Vec<&[(usize, Vec<&str>)]> = Vec::new();
    for one in numbered.chunk_by(|a, b| a.1[1] == b.1[1]) {
        parts.extend(one.chunks(size));
    }
    parts.reverse();
    let heads = |at: usize| parts.iter().map(move |part| part[0].1[at]);
    let numbers = parts.iter().map(|part| part[0].0 as i64);
    let column = |at: usize| parts.iter().map(move |part| part.iter().map(move |(_, row)| row[at]));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("session_id", Arc::new(StringArray::from_iter_values(heads(1)))),
        ("row", Arc::new(Int64Array::from_iter_values(numbers))),
        ("timestamp", lists(column(3), Int64Builder::new(), |to, v| to.append_value(v))),
        ("event_type", lists(column(4), Int64Builder::new(), |to, v| to.append_value(v))),
        ("screen_x", lists(column(5), Float64Builder::new(), |to, v| to.append_value(v))),
        ("screen_y", lists(column(6), Float64Builder::new(), |to, v| to.append_value(v))),
    ];
    let all = RecordBatch::try_from_iter(columns).unwrap();
    let half = all.num_rows() / 2;
    written(&[all.slice(0, half), all.slice(half, all.num_rows() - half)])
}

/// A list a row.
fn lists<'a, B: ArrayBuilder, T: FromStr<Err: Debug>>(
    rows: impl Iterator<Item = impl Iterator<Item = &'a str>>,
    values: B,
    append: fn(&mut B, T),
) -> ArrayRef {
    let mut builder = ListBuilder::new(values);
    for row in rows {
        row.for_each(|value| append(builder.values(), value.parse().unwrap()));
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn run(arguments: &[&str], input: Vec<u8>) -> (i32, Vec<u8>, String) {
    let mut command = Command::cargo_bin("mousewarden").unwrap();
    let output = command.args(arguments).write_stdin(input).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), output.stdout, err)
}

/// One stream's batch, and the bytes behind it.
fn answer(bytes: &[u8]) -> (RecordBatch, Vec<u8>) {
    let mut cursor = Cursor::new(bytes);
    let mut reader = StreamReader::try_new(&mut cursor, None).unwrap();
    let batch = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none());
    drop(reader);
    let rest = bytes[cursor.position() as usize..].to_vec();
    (batch, rest)
}

#[test]
fn features_by_arrow_are_those_of_the_file_stream_after_stream() {
    let folder = tempfile::tempdir().unwrap();
    let texts = [table(&[0, 1, 2], 0..3, true), table(&[3], 0..2, true)];
    let input = [stream(&texts[0]), stream(&texts[1])].concat();
    let (code, out, err) = run(&["identify", "features", "--stdio-arrow"], input);
    assert_eq!((code, err.as_str()), (0, ""));
    let (first, rest) = answer(&out);
    let (second, rest) = answer(&rest);
    assert!(rest.is_empty());
    for (text, batch) in texts.iter().zip([first, second]) {
        let file = folder.path().join("t.csv");
        fs::write(&file, text).unwrap();
        let (_, csv, _) = run(&["identify", "features", file.to_str().unwrap()], Vec::new());
        let csv = String::from_utf8(csv).unwrap();
        let names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
        assert_eq!(batch.num_rows(), csv.lines().count() - 1);
        let ids = batch.column(0).as_string::<i32>();
        for line in csv.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let row = ids.iter().position(|id| id == Some(fields[0])).unwrap();
            for (name, field) in names.iter().zip(&fields).skip(3) {
                let column = batch.column_by_name(name).unwrap().as_primitive::<Float64Type>();
                assert_eq!(column.value(row), field.parse::<f64>().unwrap(), "{name}");
            }
        }
    }
}

#[test]
fn pieces_of_sessions_in_any_order_give_what_single_rows_give() {
    // A third of the events share their moment with the one before: then the order of rows counts.
    let text = table(&[0, 1, 2], 0..2, true);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for at in (2..lines.len()).step_by(3) {
        let (before, line): (Vec<&str>, Vec<&str>) =
            (lines[at - 1].split(',').collect(), lines[at].split(',').collect());
        if before[1] == line[1] {
            lines[at] = [&line[..3], &before[3..4], &line[4..]].concat().join(",");
        }
    }
    let text = lines.join("\n");
    for command in
        [&["identify", "features", "--stdio-arrow"][..], &["preprocess", "--stdio-arrow"]]
    {
        let (code, whole, err) = run(command, stream(&text));
        assert_eq!((code, err.as_str()), (0, ""));
        let (code, out, err) = run(command, pieces(&text, 7));
        assert_eq!((code, err.as_str()), (0, ""));
        let rows = |bytes: &[u8]| {
            let batch = answer(bytes).0;
            let row = |at: usize| format!("{:?}", batch.slice(at, 1));
            let mut rows: Vec<String> = (0..batch.num_rows()).map(row).collect();
            rows.sort();
            rows
        };
        assert_eq!(rows(&whole), rows(&out));
    }
}

#[test]
fn row_groups_that_a_stream_names_give_what_their_events_give() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.parquet");
    // Sessions of 70 events, row groups of 50: most sessions lie in two of them.
    let groups = batches(&table(&[0, 1, 2], 0..2, true));
    parquet(&file, &groups);
    for command in
        [&["identify", "features", "--stdio-arrow"][..], &["preprocess", "--stdio-arrow"]]
    {
        let parts: [&[i64]; 2] = [&[0, 1, 2], &[6, 7]];
        let input = parts.map(|part| names(&file, part)).concat();
        let (code, mut out, err) = run(command, input);
        assert_eq!((code, err.as_str()), (0, ""));
        for part in parts {
            let events: Vec<_> = part.iter().map(|&at| groups[at as usize].clone()).collect();
            let (_, expected, _) = run(command, written(&events));
            let (batch, rest) = answer(&out);
            assert_eq!(batch, answer(&expected).0);
            out = rest;
        }
        assert!(out.is_empty());
    }
}

#[test]
fn row_groups_and_files_that_are_not_there_or_no_recording_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (file, other) = (folder.path().join("events.parquet"), folder.path().join("other.parquet"));
    parquet(&file, &batches(&table(&[0], 0..2, true)));
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    parquet(&other, &[RecordBatch::try_from_iter([("session_id", ids)]).unwrap()]);
    let text = folder.path().join("events.csv");
    fs::write(&text, table(&[0], 0..2, true)).unwrap();
    let nowhere = folder.path().join("nowhere.parquet");
    for (path, number, code, words) in [
        (&file, 99, 65, "no row group 99, only 3"),
        (&file, -1, 65, "names no row group"),
        (&other, 0, 65, "other.parquet has no column \"timestamp\""),
        (&text, 0, 65, "events.csv"),
        (&nowhere, 0, 66, "nowhere.parquet"),
    ] {
        let (found, out, err) =
            run(&["identify", "features", "--stdio-arrow"], names(path, &[number]));
        assert_eq!((found, out.len()), (code, 0), "{err}");
        assert!(err.contains(words), "{words:?} is not in\n{err}");
    }
}

#[test]
fn events_without_a_session_are_nobodys() {
    let column = |values: Vec<f64>| Arc::new(Float64Array::from(values)) as ArrayRef;
    let whole = |values: Vec<i64>| Arc::new(Int64Array::from(values)) as ArrayRef;
    let columns = [
        ("session_id", Arc::new(StringArray::from(vec![Some("a"), None, Some("a")])) as ArrayRef),
        ("timestamp", whole(vec![0, 5, 10])),
        ("event_type", whole(vec![2, 2, 2])),
        ("screen_x", column(vec![0.0, 1.0, 2.0])),
        ("screen_y", column(vec![0.0, 1.0, 2.0])),
    ];
    let input = written(&[RecordBatch::try_from_iter(columns).unwrap()]);
    let (code, out, err) = run(&["identify", "features", "--stdio-arrow"], input);
    assert!(code == 0 && err.contains("1 rows left out: no session"), "{err}");
    let (batch, _) = answer(&out);
    assert_eq!(batch.num_rows(), 1);
    assert_eq!(batch["events"].as_primitive::<Int64Type>().values(), &[2]);
}

#[test]
fn lists_of_unequal_length_or_beside_single_values_are_refused() {
    let list = |values: &[&str]| {
        let rows = std::iter::once(values.iter().copied());
        lists(rows, Int64Builder::new(), |to, value| to.append_value(value))
    };
    let refused = |kinds: ArrayRef| {
        let batch = RecordBatch::try_from_iter(vec![
            ("session_id", Arc::new(StringArray::from(vec!["a"])) as ArrayRef),
            ("timestamp", list(&["1", "2", "3"])),
            ("event_type", kinds),
            ("screen_x", list(&["1", "2", "3"])),
            ("screen_y", list(&["1", "2", "3"])),
        ]);
        let (code, _, err) =
            run(&["identify", "features", "--stdio-arrow"], written(&[batch.unwrap()]));
        assert_eq!(code, 65, "{err}");
        err
    };
    assert!(refused(list(&["2", "2"])).contains("differ in length"));
    let single = Arc::new(Int64Array::from(vec![2]));
    assert!(refused(single).contains("only some columns are lists"));
}

#[test]
fn windows_by_arrow_follow_the_agents_cut() {
    let (code, out, err) =
        run(&["preprocess", "--stdio-arrow"], stream(&table(&[0, 1], 0..2, true)));
    assert_eq!((code, err.as_str()), (0, ""));
    let (batch, _) = answer(&out);
    assert!(batch.num_rows() > 8, "{}", batch.num_rows());
    let number = batch.column_by_name("window").unwrap().as_primitive::<Int64Type>();
    assert_eq!((number.value(0), number.value(1)), (0, 1));
    let lists = ["dx", "dy", "dt"].map(|name| batch.column_by_name(name).unwrap().as_list::<i32>());
    for row in 0..batch.num_rows() {
        let lengths = lists.map(|list| list.value_length(row));
        assert!(
            lengths[0] > 3 && lengths.iter().all(|&length| length == lengths[0]),
            "{lengths:?}"
        );
    }
}

#[test]
fn a_stream_without_rows_is_answered_with_the_schema_and_a_shard_takes_its_part() {
    let whole = stream(&table(&[0, 1, 2], 0..4, true));
    let mut rows = 0;
    for shard in ["1/2", "2/2"] {
        let (_, out, _) =
            run(&["identify", "features", "--stdio-arrow", "--shard", shard], whole.clone());
        rows += answer(&out).0.num_rows();
    }
    assert_eq!(rows, 12);
    let (code, out, _) = run(&["identify", "features", "--stdio-arrow"], Vec::new());
    assert_eq!((code, out.len()), (0, 0));
    let empty = table(&[0], 0..1, true).replace(",2,", ",8,").replace(",5,", ",8,");
    let (code, out, err) = run(&["identify", "features", "--stdio-arrow"], stream(&empty));
    assert!(code == 0 && err.contains("70 rows left out"), "{err}");
    let reader = StreamReader::try_new(Cursor::new(out), None).unwrap();
    assert!(reader.schema().index_of("centre_x").is_ok());
    assert_eq!(reader.count(), 0);
}

#[test]
fn what_is_no_stream_or_lacks_a_column_is_refused() {
    let (code, _, err) =
        run(&["identify", "features", "--stdio-arrow"], b"uid,session_id\n".to_vec());
    assert!(code == 65 && err.contains("Arrow stream"), "{err}");
    let batch = RecordBatch::try_from_iter([(
        "session_id",
        Arc::new(StringArray::from(vec!["a"])) as ArrayRef,
    )])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let (code, _, err) = run(&["identify", "features", "--stdio-arrow"], bytes);
    assert!(code == 65 && err.contains("no column \"timestamp\""), "{err}");
}
