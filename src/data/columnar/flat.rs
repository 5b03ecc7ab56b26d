//! Columns of events as flat columns, whether a row is one event or a list of them.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, make_array};
use arrow_schema::DataType;

use crate::error::{Failure, FailureKind, Result};

/// Four columns without lists, and which part of them each row of the batch is.
#[derive(Debug)]
pub(super) struct Flat {
    pub columns: [ArrayRef; 4],
    /// Where each row begins and the last ends; `None` where a row is an event.
    ends: Option<Vec<usize>>,
}

impl Flat {
    /// Takes the lists apart if there are any; no value is copied.
    ///
    /// # Errors
    /// When only some columns are lists, or the lists of a row are not equally long.
    pub(super) fn of(columns: [&dyn Array; 4]) -> Result<Self> {
        let lists = columns.iter().filter(|column| is_list(**column)).count();
        match lists {
            0 => {
                Ok(Self { columns: columns.map(|column| make_array(column.to_data())), ends: None })
            }
            4 => Self::unfolded(columns),
            _ => Err(uneven("only some columns are lists")),
        }
    }

    fn unfolded(columns: [&dyn Array; 4]) -> Result<Self> {
        let [first, rest @ ..] = columns.map(unfold);
        if rest.iter().any(|(ends, _)| *ends != first.0) {
            return Err(uneven("the lists of a row differ in length"));
        }
        let [second, third, fourth] = rest.map(|(_, values)| values);
        Ok(Self { columns: [first.1, second, third, fourth], ends: Some(first.0) })
    }

    /// The events of a row of the batch.
    pub(super) fn span(&self, row: usize) -> Range<usize> {
        match &self.ends {
            None => row..row + 1,
            Some(ends) => ends[row]..ends[row + 1],
        }
    }
}

fn is_list(array: &dyn Array) -> bool {
    matches!(array.data_type(), DataType::List(_))
}

/// Where the lists begin and end, from 0, and their values one after another.
fn unfold(array: &dyn Array) -> (Vec<usize>, ArrayRef) {
    let list = array.as_list::<i32>();
    let offsets = list.value_offsets();
    let begin = offsets[0];
    let end = offsets[offsets.len() - 1];
    let ends = offsets.iter().map(|offset| (offset - begin) as usize).collect();
    (ends, list.values().slice(begin as usize, (end - begin) as usize))
}

fn uneven(what: &str) -> Failure {
    Failure::new(FailureKind::Data, format!("the Arrow stream cannot be read: {what}"))
        .remedy("Send timestamp, event_type, screen_x and screen_y all as numbers, or all as lists of one length.")
}
