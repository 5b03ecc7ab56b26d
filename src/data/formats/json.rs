//! Objects in JSON text, one after the other: JSON lines, an array of objects, or objects in a row.
//! One object is in memory at a time; a broken one costs itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use csv::ByteRecord;
use serde_json::value::RawValue;

use super::layout::Column;
use super::lines::{LINE_MAX, Spot};

/// The objects of some bytes.
#[derive(Debug)]
pub(super) struct Objects<R> {
    input: BufReader<R>,
    at: u64,
    line: u64,
}

/// How far into an object the reading is.
#[derive(Debug, Clone, Copy, Default)]
struct Depth {
    braces: usize,
    in_text: bool,
    escaped: bool,
    /// The byte before was a line break.
    at_line_start: bool,
}

impl Depth {
    /// Whether the object ends with this byte.
    fn ends_with(&mut self, byte: u8) -> bool {
        if self.in_text {
            self.in_text = byte != b'"' || self.escaped;
            self.escaped = byte == b'\\' && !self.escaped;
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' => self.braces += 1,
            b'}' => self.braces = self.braces.saturating_sub(1),
            _ => {}
        }
        byte == b'}' && self.braces == 0
    }
}

impl<R: Read> Objects<R> {
    /// Behind `at` bytes and in the line of this number.
    pub(crate) fn new(input: R, at: u64, line: u64) -> Self {
        Self { input: BufReader::with_capacity(64 * 1024, input), at, line }
    }

    /// The next object's text; `None` at the end. One that is not closed is not whole.
    pub(crate) fn next(&mut self, into: &mut Vec<u8>) -> io::Result<Option<Spot>> {
        into.clear();
        let Some(mut spot) = self.begin()? else { return Ok(None) };
        let mut depth = Depth::default();
        loop {
            let block = self.input.fill_buf()?;
            if block.is_empty() {
                return Ok(Some(Spot { to: self.at, whole: false, ..spot }));
            }
            let mut used = 0;
            let mut outcome = None;
            for byte in block {
                // Inside an object no line begins with a brace, not even where it is indented.
                if depth.at_line_start && *byte == b'{' && depth.braces > 0 {
                    outcome = Some(false);
                    break;
                }
                used += 1;
                depth.at_line_start = *byte == b'\n';
                self.line += u64::from(*byte == b'\n');
                if into.len() < LINE_MAX {
                    into.push(*byte);
                } else {
                    spot.whole = false;
                }
                if depth.ends_with(*byte) {
                    outcome = Some(true);
                    break;
                }
            }
            self.input.consume(used);
            self.at += used as u64;
            if let Some(closed) = outcome {
                return Ok(Some(Spot { to: self.at, whole: spot.whole && closed, ..spot }));
            }
        }
    }

    /// Passes what stands before the next object.
    fn begin(&mut self) -> io::Result<Option<Spot>> {
        loop {
            let block = self.input.fill_buf()?;
            if block.is_empty() {
                return Ok(None);
            }
            let end = block.iter().position(|byte| *byte == b'{');
            let passed = &block[..end.unwrap_or(block.len())];
            self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
            let used = passed.len();
            self.input.consume(used);
            self.at += used as u64;
            if end.is_some() {
                return Ok(Some(Spot { from: self.at, to: self.at, line: self.line, whole: true }));
            }
        }
    }
}

/// The values of an object in the order of the columns, as the text of a table's row would have them;
/// whether it is an object.
pub(super) fn row(text: &[u8], columns: &[Column], into: &mut ByteRecord) -> bool {
    into.clear();
    let Ok(object) = serde_json::from_slice::<BTreeMap<Cow<'_, str>, &RawValue>>(text) else {
        return false;
    };
    for column in columns {
        let value = column
            .names()
            .iter()
            .find_map(|name| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
        let value = value.map(|(_, value)| value.get());
        match value {
            None | Some("null") => into.push_field(b""),
            Some(text) if text.starts_with('"') => {
                let plain = serde_json::from_str::<String>(text).unwrap_or_default();
                into.push_field(plain.as_bytes());
            }
            Some(text) => into.push_field(text.as_bytes()),
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(text: &str) -> Vec<(String, u64, bool)> {
        let mut objects = Objects::new(text.as_bytes(), 0, 1);
        let (mut one, mut all) = (Vec::new(), Vec::new());
        while let Some(spot) = objects.next(&mut one).unwrap() {
            all.push((String::from_utf8(one.clone()).unwrap(), spot.line, spot.whole));
        }
        all
    }

    #[test]
    fn lines_arrays_and_indented_objects_are_found() {
        let of = |text: &str, line| (text.to_owned(), line, true);
        assert_eq!(objects("{\"a\":1}\n{\"a\":2}\n"), [of("{\"a\":1}", 1), of("{\"a\":2}", 2)]);
        assert_eq!(
            objects("[{\"a\":\"}\"},{\"b\":{}}]"),
            [of("{\"a\":\"}\"}", 1), of("{\"b\":{}}", 1)]
        );
        assert_eq!(objects("[\n  {\n    \"a\": 1\n  }\n]"), [of("{\n    \"a\": 1\n  }", 2)]);
    }

    #[test]
    fn a_broken_object_costs_itself() {
        let found = objects("{\"a\":1\n{\"a\":2}\n{\"a\":\"3\n{\"a\":4}\n{\"a\":5");
        let whole: Vec<_> = found.iter().map(|(_, line, whole)| (*line, *whole)).collect();
        assert_eq!(whole, [(1, false), (2, true), (3, false), (4, true), (5, false)]);
    }

    #[test]
    fn values_become_fields_as_they_are_written() {
        let columns = [Column::named("ID"), Column::named("t"), Column::named("none")];
        let mut record = ByteRecord::new();
        assert!(row(br#"{"id": 9007199254740993, "t": "1.50"}"#, &columns, &mut record));
        assert_eq!(record, ByteRecord::from(vec!["9007199254740993", "1.50", ""]));
        assert!(!row(b"[1]", &columns, &mut record));
    }
}
