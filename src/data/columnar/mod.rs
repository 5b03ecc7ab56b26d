//! Sessions as Arrow: streams of the IPC format in, streams out, so that any engine that can talk
//! to a child process can drive this program. In builds with the feature `columnar`. Parses and
//! writes; nothing is measured here.
//!
//! In: columns `session_id` (text), `timestamp` (integer milliseconds, or an Arrow timestamp),
//! `event_type` (the bank recordings' codes 1 to 5, as integer or text), `screen_x` and `screen_y`
//! (numbers). A row is an event, or, where the last four are lists of one length, a piece of a
//! session. Rows may come in any order, and those of many sessions mixed; events of the same moment
//! keep the order of the column `row` (integer) where there is one, otherwise that of the stream.
//! Other columns are ignored. Instead of events a stream may name row groups of Parquet files
//! (`parts`).
//!
//! One stream is in memory at a time and answered by one stream, with the schema even where no row
//! came; streams may follow each other on the same pipe until it is closed.

mod flat;
mod parts;
mod read;
mod write;

use std::io::{BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Schema};

pub(crate) use read::ColumnarSession;
pub use write::Columns;

use crate::error::{Failure, FailureKind, Result};

/// Answers every stream on `input` with one on `output` until the input ends; each answer is
/// flushed before the next stream is waited for.
///
/// # Errors
/// When a stream is broken or lacks a column, the answer cannot be written, or `answer` fails.
pub(crate) fn serve(
    input: &mut impl BufRead,
    output: &mut impl Write,
    answer: &mut dyn FnMut(Vec<ColumnarSession>) -> Result<Columns>,
) -> Result<()> {
    while !input.fill_buf().map_err(|e| Failure::io("the Arrow stream", e))?.is_empty() {
        let sessions = contained(|| sessions(input))?;
        let (schema, batch) = answer(sessions)?.finished()?;
        write_stream(output, &schema, &batch).map_err(|e| broken("writing an Arrow stream", &e))?;
        output.flush().map_err(|e| Failure::io("the answer's stream", e))?;
    }
    Ok(())
}

/// Reads one stream; how many sessions it holds.
///
/// # Errors
/// When it is broken, lacks a column, or names a file that cannot be read.
pub fn read_stream(input: &mut impl BufRead) -> Result<usize> {
    contained(|| sessions(input)).map(|sessions| sessions.len())
}

/// What the libraries of Arrow and Parquet make of damaged bytes: some of them end in a panic there,
/// which is a refusal here.
fn contained<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(Failure::new(FailureKind::Data, "the Arrow stream cannot be read: it is damaged")
            .remedy("Send whole streams of the Arrow IPC format, without compression."))
    })
}

fn sessions(input: &mut impl BufRead) -> Result<Vec<ColumnarSession>> {
    let mut reader = StreamReader::try_new(&mut *input, None).map_err(|e| wrong(&e))?;
    let schema = reader.schema();
    let mut found = read::Gatherer::default();
    if parts::are_named(&schema) {
        for batch in &mut reader {
            parts::add(&mut found, &batch.map_err(|e| wrong(&e))?)?;
        }
        return Ok(found.finished());
    }
    let places = read::ColumnIndices::of(&schema, "the Arrow stream")?;
    for batch in &mut reader {
        found.add(&places, &batch.map_err(|e| wrong(&e))?)?;
    }
    Ok(found.finished())
}

fn wrong(e: &ArrowError) -> Failure {
    broken("the Arrow stream cannot be read", e)
}

fn write_stream(
    output: &mut impl Write,
    schema: &Schema,
    batch: &RecordBatch,
) -> Result<(), ArrowError> {
    let mut writer = StreamWriter::try_new(&mut *output, schema)?;
    if batch.num_rows() > 0 {
        writer.write(batch)?;
    }
    writer.finish()
}

fn broken(what: &str, error: &ArrowError) -> Failure {
    Failure::new(FailureKind::Data, format!("{what}: {error}"))
        .remedy("Send whole streams of the Arrow IPC format, without compression.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_library_is_a_refusal() {
        let refused = contained::<()>(|| Err(broken("x", &ArrowError::DivideByZero))).unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Data);
        let refused = contained::<()>(|| panic!("by a library")).unwrap_err();
        assert!(refused.to_string().contains("it is damaged"), "{refused}");
    }
}
