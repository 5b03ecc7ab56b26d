//! Rows that are longer than the row of names: what they tell about a table.

use csv::ByteRecord;

use super::field;

pub(super) const COMMA: &str = "Its numbers have a decimal comma: write them with a point.";
const ROW_NAMES: &str = "Its rows begin with a number that the first row has no name for, as R writes \
                         them: write.table(..., row.names = FALSE), or put a name in front.";
const NAMES: &str = "Name every column in the first row. Where numbers have a decimal comma, write \
                     them with a point.";

/// How many rows are longer than the row of names, empty fields at the end aside.
#[derive(Default)]
pub(super) struct Widths {
    longer: u64,
    /// Rows that are exactly twice as long.
    doubled: u64,
    /// Rows that are longer by a first field that counts them.
    counted: u64,
    last_count: Option<u64>,
}

impl Widths {
    pub(crate) fn see(&mut self, record: &ByteRecord, names: usize) {
        let fields = filled(record);
        if fields <= names {
            return;
        }
        self.longer += 1;
        self.doubled += u64::from(fields == 2 * names);
        let first = record.get(0).map(field::bare).and_then(|cell| std::str::from_utf8(cell).ok());
        let count = first.and_then(|cell| cell.parse().ok());
        let is_next = self.last_count.is_none_or(|last| Some(last + 1) == count);
        self.counted += u64::from(fields == names + 1 && count.is_some() && is_next);
        self.last_count = count;
    }

    /// What is wrong with a table of which most rows are too long.
    pub(crate) fn cause(&self, rows: u64, separator: u8) -> Option<&'static str> {
        // R's write.table gives names to the columns and none to the numbers of the rows, so that a
        // reader by names takes the number for the time, the time for x and x for y.
        if self.longer > 0 && self.counted * 10 >= rows * 9 {
            return Some(ROW_NAMES);
        }
        if self.longer * 2 <= rows || separator == b' ' {
            return None;
        }
        // A decimal comma doubles the fields where all numbers have one.
        let is_comma = separator == b',' && self.doubled * 2 > rows;
        Some(if is_comma { COMMA } else { NAMES })
    }
}

/// How many fields a row has, empty ones at its end aside.
pub(super) fn filled(record: &ByteRecord) -> usize {
    record.iter().rposition(|cell| !field::bare(cell).is_empty()).map_or(0, |last| last + 1)
}
