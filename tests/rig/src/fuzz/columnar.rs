//! The readers of Arrow streams and of Parquet files.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, ListBuilder};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use mousewarden::data::columnar::read_stream;
use mousewarden::error::{Failure, FailureKind, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::target::{Sample, Target};

/// Events of a sample.
const EVENTS: i64 = 40;

/// One reader a kind of file.
///
/// # Errors
/// When a sample cannot be written.
pub(super) fn targets(folder: &Path) -> Result<Vec<Target>> {
    let path = folder.join("events.parquet");
    let names = stream(&[
        ("file", Arc::new(StringArray::from(vec![path.to_str().unwrap_or_default()]))),
        ("row_group", Arc::new(Int64Array::from(vec![0]))),
    ])?;
    let streams = [stream(&events())?, stream(&lists())?, names.clone()];
    let read_names = move |_: &Sample, bytes: &[u8]| {
        if fs::write(&path, bytes).is_ok() {
            let _ = read_stream(&mut Cursor::new(&names));
        }
    };
    Ok(vec![
        Target {
            name: "arrow".into(),
            samples: streams.into_iter().map(sample).collect(),
            read: Box::new(|_, bytes| {
                let _ = read_stream(&mut Cursor::new(bytes));
            }),
        },
        Target {
            name: "parquet".into(),
            samples: [Compression::UNCOMPRESSED, Compression::SNAPPY]
                .into_iter()
                .map(|compression| Ok(sample(table(compression)?)))
                .collect::<Result<_>>()?,
            read: Box::new(read_names),
        },
    ])
}

fn sample(bytes: Vec<u8>) -> Sample {
    Sample { path: PathBuf::new(), bytes }
}

type Columns = [(&'static str, ArrayRef)];

fn events() -> Vec<(&'static str, ArrayRef)> {
    let names = (0..EVENTS).map(|n| if n % 2 == 0 { "a" } else { "another" });
    vec![
        ("session_id", Arc::new(StringArray::from_iter_values(names))),
        ("timestamp", Arc::new(Int64Array::from_iter_values((0..EVENTS).map(|n| 8 * n)))),
        ("event_type", Arc::new(Int64Array::from_iter_values((0..EVENTS).map(|n| 1 + n % 5)))),
        ("screen_x", Arc::new(Float64Array::from_iter_values((0..EVENTS).map(|n| n as f64)))),
        ("screen_y", Arc::new(Float64Array::from_iter_values((0..EVENTS).map(|n| 0.5 * n as f64)))),
    ]
}

/// The same in two rows, each a list of events.
fn lists() -> Vec<(&'static str, ArrayRef)> {
    let whole = |factor: i64| -> ArrayRef {
        let mut lists = ListBuilder::new(Int64Builder::new());
        for row in 0..2 {
            (0..EVENTS / 2).for_each(|n| lists.values().append_value(1 + factor * (row + n % 4)));
            lists.append(true);
        }
        Arc::new(lists.finish())
    };
    let mut places = ListBuilder::new(Float64Builder::new());
    for row in 0..2 {
        (0..EVENTS / 2).for_each(|n| places.values().append_value((row + n) as f64));
        places.append(true);
    }
    let places: ArrayRef = Arc::new(places.finish());
    vec![
        ("session_id", Arc::new(StringArray::from(vec!["a", "another"]))),
        ("timestamp", whole(8)),
        ("event_type", whole(1)),
        ("screen_x", Arc::clone(&places)),
        ("screen_y", places),
        ("row", Arc::new(Int64Array::from(vec![1, 0]))),
    ]
}

fn batch(columns: &Columns) -> Result<RecordBatch> {
    RecordBatch::try_from_iter(columns.iter().cloned()).map_err(|e| unwritten(&e))
}

fn stream(columns: &Columns) -> Result<Vec<u8>> {
    let batch = batch(columns)?;
    let mut bytes = Vec::new();
    let mut writer =
        StreamWriter::try_new(&mut bytes, &batch.schema()).map_err(|e| unwritten(&e))?;
    writer.write(&batch).and_then(|()| writer.finish()).map_err(|e| unwritten(&e))?;
    drop(writer);
    Ok(bytes)
}

fn table(compression: Compression) -> Result<Vec<u8>> {
    let batch = batch(&events())?;
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))
        .map_err(|e| unwritten(&e))?;
    writer.write(&batch).map_err(|e| unwritten(&e))?;
    writer.into_inner().map_err(|e| unwritten(&e))
}

fn unwritten(error: &impl ToString) -> Failure {
    Failure::new(FailureKind::Internal, format!("a sample of the fuzzer: {}", error.to_string()))
}
