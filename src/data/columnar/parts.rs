//! Streams that name row groups of Parquet files instead of carrying events: what lies on storage
//! that this process reads is spared the pipe.
//!
//! In: columns `file` (text, a path) and `row_group` (integer, from 0). The files have the columns
//! of a stream of events.

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::read::{ColumnIndices, Gatherer, texts, whole_numbers};
use crate::error::{Failure, FailureKind, Result};
use crate::files;

/// Rows that are decoded at a time.
const BATCH: usize = 16 * 1024;

/// Whether a stream of this schema names files.
pub(super) fn are_named(schema: &Schema) -> bool {
    ["file", "row_group"].iter().all(|name| schema.index_of(name).is_ok())
        && schema.index_of("session_id").is_err()
}

/// Adds the events of the row groups that a batch names, in its order.
///
/// # Errors
/// When a file cannot be read, or is not a table of events.
pub(super) fn add(found: &mut Gatherer, batch: &RecordBatch) -> Result<()> {
    let files = texts(batch["file"].as_ref(), "file")?;
    let numbers = whole_numbers(batch["row_group"].as_ref(), "row_group")?;
    for (file, number) in files.iter().zip(numbers) {
        let (Some(file), Some(number)) = (file, number.and_then(|n| usize::try_from(n).ok()))
        else {
            return Err(Failure::new(FailureKind::Data, "the Arrow stream names no row group")
                .remedy("Give each row a path in `file`, and a number from 0 in `row_group`."));
        };
        add_row_group(found, Path::new(file.as_ref()), number)?;
    }
    Ok(())
}

fn add_row_group(found: &mut Gatherer, path: &Path, number: usize) -> Result<()> {
    let file =
        files::open(path).map_err(|e| Failure::io(format!("recording {}", path.display()), e))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| refused(path, e.to_string()))?;
    let name = path.display().to_string();
    let places = ColumnIndices::of(builder.schema(), &name)?;
    let count = builder.metadata().num_row_groups();
    if number >= count {
        return Err(refused(path, format!("it has no row group {number}, only {count} of them")));
    }
    let mask = ProjectionMask::roots(builder.parquet_schema(), places.all());
    let reader = builder.with_row_groups(vec![number]).with_projection(mask);
    for batch in reader.with_batch_size(BATCH).build().map_err(|e| refused(path, e.to_string()))? {
        let batch = batch.map_err(|e| refused(path, e.to_string()))?;
        found.add(&ColumnIndices::of(&batch.schema(), &name)?, &batch)?;
    }
    Ok(())
}

fn refused(path: &Path, what: String) -> Failure {
    Failure::new(FailureKind::Data, format!("{}: {what}", path.display())).remedy(
        "Name a Parquet file with the columns of a stream of events, without compression or \
             compressed by Snappy.",
    )
}
