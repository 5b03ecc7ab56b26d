//! A table of answers, column by column, by type and name.

use std::sync::Arc;

use arrow_array::builder::{Float32Builder, ListBuilder};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};

use super::broken;
use crate::error::Result;

/// Columns of one answer, equally long.
#[derive(Debug, Default)]
pub struct Columns {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    /// A column of text.
    #[must_use]
    pub fn texts(self, name: &str, values: Vec<String>) -> Self {
        self.with(name, Arc::new(StringArray::from(values)))
    }

    /// A column of 64-bit integers.
    #[must_use]
    pub(crate) fn integers(self, name: &str, values: Vec<i64>) -> Self {
        self.with(name, Arc::new(Int64Array::from(values)))
    }

    /// A column of 64-bit floats.
    #[must_use]
    pub(crate) fn floats(self, name: &str, values: Vec<f64>) -> Self {
        self.with(name, Arc::new(Float64Array::from(values)))
    }

    /// A column of lists of 32-bit floats.
    #[must_use]
    pub fn lists(self, name: &str, values: &[Vec<f32>]) -> Self {
        let mut builder = ListBuilder::new(Float32Builder::new());
        for list in values {
            builder.values().append_slice(list);
            builder.append(true);
        }
        self.with(name, Arc::new(builder.finish()))
    }

    fn with(mut self, name: &str, array: ArrayRef) -> Self {
        self.fields.push(Field::new(name, array.data_type().clone(), true));
        self.arrays.push(array);
        self
    }

    /// # Errors
    /// When the columns are not equally long.
    pub(super) fn finished(self) -> Result<(Schema, RecordBatch)> {
        let schema = Schema::new(self.fields);
        let batch = RecordBatch::try_new(Arc::new(schema.clone()), self.arrays)
            .map_err(|e| broken("making an answer", &e))?;
        Ok((schema, batch))
    }
}
