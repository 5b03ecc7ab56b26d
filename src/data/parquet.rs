//! Writes windows as a Parquet table, a row a window, for engines that read columns. The file
//! appears whole, for its owner alone.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float32Builder, Int32Builder, Int64Builder, ListBuilder, StringBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use tempfile::NamedTempFile;

use super::npz::beside;
use crate::error::{Failure, FailureKind, Result};

/// Windows that are in memory at a time.
const BATCH: usize = 1024;

/// One window as a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowRow<'a> {
    /// The session's name.
    pub session: &'a str,
    /// Whether the user made it; `None` where the dataset doesn't say.
    pub genuine: Option<bool>,
    /// First movement, microseconds since the format's origin.
    pub start_us: i64,
    /// dx px, dy px, dt ms, a step after the other.
    pub steps: &'a [[f32; 3]],
}

/// A table that is being written beside its place. Columns: `session` text, `genuine` boolean or
/// null, `start_us` int64, `length` int32, and the lists of float32 `dx_px`, `dy_px`, `dt_ms`.
#[derive(Debug)]
pub(crate) struct ParquetWriter {
    path: PathBuf,
    writer: ArrowWriter<NamedTempFile>,
    schema: Arc<Schema>,
    rows: Rows,
}

/// The columns of the next batch.
#[derive(Debug, Default)]
struct Rows {
    count: usize,
    session: StringBuilder,
    genuine: BooleanBuilder,
    start_us: Int64Builder,
    length: Int32Builder,
    steps: [ListBuilder<Float32Builder>; 3],
}

impl ParquetWriter {
    /// Begins a table; a folder that is missing is made, closed to others.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = beside(path)?;
        let schema = Arc::new(schema());
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(|e| failed(path, &e))?;
        Ok(Self { path: path.to_owned(), writer, schema, rows: Rows::default() })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn row(&mut self, row: &WindowRow<'_>) -> Result<()> {
        self.rows.append(row);
        if self.rows.count >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Completes the table and puts it in its place.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush()?;
        let path = self.path;
        let mut file = self.writer.into_inner().map_err(|e| failed(&path, &e))?;
        file.flush()
            .and_then(|()| file.as_file().sync_all())
            .map_err(Failure::at(format_args!("writing {}", path.display())))?;
        file.persist(&path)
            .map_err(|e| Failure::io(format!("writing {}", path.display()), e.error))?;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows.count == 0 {
            return Ok(());
        }
        let columns = std::mem::take(&mut self.rows).columns();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|e| {
            Failure::new(FailureKind::Internal, format!("{}: {e}", self.path.display()))
        })?;
        self.writer.write(&batch).map_err(|e| failed(&self.path, &e))
    }
}

impl Rows {
    fn append(&mut self, row: &WindowRow<'_>) {
        self.count += 1;
        self.session.append_value(row.session);
        self.genuine.append_option(row.genuine);
        self.start_us.append_value(row.start_us);
        self.length.append_value(row.steps.len() as i32);
        for (axis, list) in self.steps.iter_mut().enumerate() {
            row.steps.iter().for_each(|step| list.values().append_value(step[axis]));
            list.append(true);
        }
    }

    fn columns(mut self) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.session.finish()),
            Arc::new(self.genuine.finish()),
            Arc::new(self.start_us.finish()),
            Arc::new(self.length.finish()),
        ];
        columns.extend(self.steps.iter_mut().map(|list| Arc::new(list.finish()) as ArrayRef));
        columns
    }
}

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("session", DataType::Utf8, false),
        Field::new("genuine", DataType::Boolean, true),
        Field::new("start_us", DataType::Int64, false),
        Field::new("length", DataType::Int32, false),
        Field::new("dx_px", list(), false),
        Field::new("dy_px", list(), false),
        Field::new("dt_ms", list(), false),
    ])
}

fn list() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Float32, true)))
}

/// Nothing but the disk can fail here.
fn failed(path: &Path, error: &parquet::errors::ParquetError) -> Failure {
    Failure::new(FailureKind::Io, format!("writing {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float32Type, Int32Type};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    #[test]
    fn rows_come_back_over_several_batches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut table = ParquetWriter::create(&path).unwrap();
        for i in 0..BATCH + 3 {
            let steps = [[i as f32, -1.0, 8.0], [2.0, 0.5, 9.0]];
            let genuine = (i % 2 == 0).then_some(true);
            let row = WindowRow { session: "s", genuine, start_us: i as i64, steps: &steps };
            table.row(&row).unwrap();
        }
        table.finish().unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        let batches: Vec<RecordBatch> = batches.map(|batch| batch.unwrap()).collect();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), BATCH + 3);
        let last = batches.last().unwrap();
        let at = last.num_rows() - 1;
        assert_eq!(last["length"].as_primitive::<Int32Type>().value(at), 2);
        let dx = last["dx_px"].as_list::<i32>().value(at);
        assert_eq!(dx.as_primitive::<Float32Type>().values(), &[(BATCH + 2) as f32, 2.0]);
        assert_eq!(last["genuine"].null_count(), last.num_rows() / 2);
    }

    #[test]
    fn a_table_that_is_not_finished_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        drop(ParquetWriter::create(&folder.path().join("a.parquet")).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
