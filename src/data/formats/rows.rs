//! The rows of a stretch of a file, one at a time. A quote left open costs its line, an endless
//! line itself.

use std::collections::VecDeque;
use std::io::{self, Take};

use csv::ByteRecord;

use super::field::bare;
use super::json::{self, Objects};
use super::layout::Shape;
use super::lines::{LineReader, Spot};
use super::source::Input;
use super::table::{LineSpan, Table};
use crate::error::Result;

/// LineReader that a quoted field may go on for.
const AHEAD_LINES: usize = 64;
/// Bytes that it may have.
const AHEAD_BYTES: usize = 4 * 1024 * 1024;

/// A row, or why a line is none.
pub(super) type Found<'a> = std::result::Result<&'a ByteRecord, &'static str>;

/// The rows of a stretch of a file.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    table: &'a Table,
    input: Text,
    /// LineReader that were read in vain for the end of a quote.
    waiting: VecDeque<(Spot, Vec<u8>)>,
    text: Vec<u8>,
    record: ByteRecord,
    spot: Spot,
}

#[derive(Debug)]
enum Text {
    LineReader(LineReader<Take<Input>>),
    Objects(Objects<Take<Input>>),
}

impl<'a> Rows<'a> {
    pub(super) fn new(table: &'a Table, input: Take<Input>, span: LineSpan) -> Self {
        let input = match table.layout.shape {
            Shape::Json => Text::Objects(Objects::new(input, span.from, span.line)),
            _ => Text::LineReader(LineReader::new(input, table.ends, span.from, span.line)),
        };
        let record = ByteRecord::new();
        Self {
            table,
            input,
            waiting: VecDeque::new(),
            text: Vec::new(),
            record,
            spot: Spot::default(),
        }
    }

    /// The next row, or what is wrong with the next line; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Found<'_>>> {
        loop {
            let Some(spot) = self.line().map_err(|e| self.table.source.failed(e))? else {
                return Ok(None);
            };
            self.spot = spot;
            if !spot.whole {
                let is_json = matches!(self.input, Text::Objects(_));
                let wrong = if is_json { "an object without an end" } else { "an endless line" };
                return Ok(Some(Err(wrong)));
            }
            if self.text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return Ok(Some(match self.table.layout.shape {
                Shape::Table { quoted, .. } => self.fields(quoted)?,
                Shape::Lines(_) => {
                    self.record.clear();
                    self.record.push_field(&self.text);
                    Ok(&self.record)
                }
                Shape::Json => {
                    let columns = &self.table.layout.columns;
                    let is_row = json::row(&self.text, columns, &mut self.record);
                    if is_row { Ok(&self.record) } else { Err("not an object of JSON") }
                }
            }));
        }
    }

    fn line(&mut self) -> io::Result<Option<Spot>> {
        if let Some((spot, text)) = self.waiting.pop_front() {
            self.text = text;
            return Ok(Some(spot));
        }
        match &mut self.input {
            Text::LineReader(lines) => lines.next(&mut self.text),
            Text::Objects(objects) => objects.next(&mut self.text),
        }
    }

    fn fields(&mut self, quoted: bool) -> Result<Found<'_>> {
        let separator = self.table.separator;
        if split(&self.text, separator, quoted, &mut self.record) || self.is_closed_later()? {
            return Ok(Ok(&self.record));
        }
        Ok(Err("a quote that is never closed"))
    }

    /// Whether the lines that follow close a quote, so that a row of the right length stands there.
    /// If not, they are left for later.
    fn is_closed_later(&mut self) -> Result<bool> {
        let first = (self.spot, std::mem::take(&mut self.text));
        let mut whole = first.1.clone();
        let mut ahead = Vec::new();
        while ahead.len() < AHEAD_LINES && whole.len() < AHEAD_BYTES {
            let next = self.line().map_err(|e| self.table.source.failed(e))?;
            let Some(spot) = next.filter(|spot| spot.whole) else { break };
            let text = std::mem::take(&mut self.text);
            whole.push(b'\n');
            whole.extend(&text);
            let may_close = text.contains(&b'"');
            ahead.push((spot, text));
            if may_close && self.is_row(&whole) {
                self.spot.to = spot.to;
                return Ok(true);
            }
        }
        for line in ahead.into_iter().rev() {
            self.waiting.push_front(line);
        }
        (self.spot, self.text) = first;
        Ok(false)
    }

    /// Whether a text is a row with as many fields as the header has, and keeps it if so.
    fn is_row(&mut self, text: &[u8]) -> bool {
        let fields = self.table.header.as_ref().map(ByteRecord::len);
        split_quoted(text, self.table.separator, true, &mut self.record)
            && fields.is_none_or(|fields| self.record.len() == fields)
    }

    /// The line of the row last read, from 1.
    pub(crate) const fn line_number(&self) -> u64 {
        self.spot.line
    }

    /// Where the row last read stands.
    pub(crate) const fn span(&self) -> LineSpan {
        LineSpan { from: self.spot.from, to: self.spot.to, line: self.spot.line }
    }
}

/// The fields of a line; whether all quotes in it are closed. Blanks separate as many as they are.
pub(super) fn split(text: &[u8], separator: u8, quoted: bool, into: &mut ByteRecord) -> bool {
    into.clear();
    if separator == b' ' {
        let words = text.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        words.for_each(|word| into.push_field(word));
        return true;
    }
    if !quoted || !text.contains(&b'"') {
        text.split(|byte| *byte == separator).for_each(|field| into.push_field(field));
        return true;
    }
    split_quoted(text, separator, false, into)
}

/// A quote counts only at the beginning of a field; two of them inside are one. What stands between
/// the closing quote and the separator belongs to nothing, or, if reading is strict, may not be
/// there.
fn split_quoted(text: &[u8], separator: u8, strict: bool, into: &mut ByteRecord) -> bool {
    into.clear();
    let mut rest = text;
    loop {
        let begin =
            rest.iter().position(|byte| !matches!(byte, b' ' | b'\t') || *byte == separator);
        if begin.and_then(|begin| rest.get(begin)) == Some(&b'"') {
            let inner = &rest[begin.unwrap_or(0) + 1..];
            let Some((field, behind)) = quoted_field(inner) else { return false };
            let end = behind.iter().position(|byte| *byte == separator);
            let between = &behind[..end.unwrap_or(behind.len())];
            if strict && !between.iter().all(u8::is_ascii_whitespace) {
                return false;
            }
            into.push_field(&field);
            let Some(end) = end else { return true };
            rest = &behind[end + 1..];
            continue;
        }
        let end = rest.iter().position(|byte| *byte == separator);
        into.push_field(bare(&rest[..end.unwrap_or(rest.len())]));
        let Some(end) = end else { return true };
        rest = &rest[end + 1..];
    }
}

/// The text up to the closing quote, and what is behind that.
fn quoted_field(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut field = Vec::new();
    let mut rest = text;
    loop {
        let quote = rest.iter().position(|byte| *byte == b'"')?;
        field.extend(&rest[..quote]);
        rest = &rest[quote + 1..];
        if rest.first() != Some(&b'"') {
            return Some((field, rest));
        }
        field.push(b'"');
        rest = &rest[1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str, separator: u8) -> Option<Vec<String>> {
        let mut record = ByteRecord::new();
        let closed = split(text.as_bytes(), separator, true, &mut record);
        let text = |field: &[u8]| String::from_utf8(field.to_vec()).unwrap();
        closed.then(|| record.iter().map(text).collect())
    }

    #[test]
    fn fields_in_quotes_hold_separators_and_quotes() {
        assert_eq!(fields(r#"1,"a, ""b""",2"#, b',').unwrap(), ["1", "a, \"b\"", "2"]);
        assert_eq!(fields(r#"1, "a" ,12" screen,"#, b',').unwrap(), ["1", "a", "12\" screen", ""]);
        assert_eq!(fields("1  2\t3 ", b' ').unwrap(), ["1", "2", "3"]);
        assert_eq!(fields(r#"1,"a,2"#, b','), None);
    }
}
