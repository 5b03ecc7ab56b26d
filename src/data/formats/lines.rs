//! LineReader of a file, one at a time and each of bounded length in memory.

use std::io::{self, BufRead, BufReader, Read};

/// What is kept of a line; a longer one is no row. A whole trial of an experiment may stand in one.
pub(super) const LINE_MAX: usize = 16 * 1024 * 1024;

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Spot {
    /// Bytes before its first.
    pub from: u64,
    /// Bytes up to the end of its break.
    pub to: u64,
    /// From 1.
    pub line: u64,
    /// Whether all of it was kept.
    pub whole: bool,
}

/// The lines of some bytes.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    input: BufReader<R>,
    at: u64,
    line: u64,
    /// The last byte of a break: `\n`, or `\r` in files of old Macs.
    ends: u8,
}

impl<R: Read> LineReader<R> {
    /// Behind `at` bytes and before the line of this number.
    pub(crate) fn new(input: R, ends: u8, at: u64, line: u64) -> Self {
        Self { input: BufReader::with_capacity(64 * 1024, input), at, line, ends }
    }

    /// The next line without its break; `None` at the end.
    pub(crate) fn next(&mut self, into: &mut Vec<u8>) -> io::Result<Option<Spot>> {
        into.clear();
        let most = LINE_MAX as u64 + 1;
        let mut read = (&mut self.input).take(most).read_until(self.ends, into)? as u64;
        if read == 0 {
            return Ok(None);
        }
        let whole = read < most || into.last() == Some(&self.ends);
        if !whole {
            read += self.skip()?;
        }
        let spot = Spot { from: self.at, to: self.at + read, line: self.line, whole };
        (self.at, self.line) = (spot.to, self.line + 1);
        while let Some(b'\n' | b'\r') = into.last() {
            into.pop();
        }
        Ok(Some(spot))
    }

    /// Passes the rest of a line; how many bytes that was.
    fn skip(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let block = self.input.fill_buf()?;
            let end = block.iter().position(|byte| *byte == self.ends);
            let used = end.map_or(block.len(), |end| end + 1);
            let is_over = end.is_some() || block.is_empty();
            self.input.consume(used);
            skipped += used as u64;
            if is_over {
                return Ok(skipped);
            }
        }
    }
}

/// What ends the lines of a file that begins so.
pub(super) fn line_end(head: &[u8]) -> u8 {
    if !head.contains(&b'\n') && head.contains(&b'\r') { b'\r' } else { b'\n' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_their_place_with_every_kind_of_break() {
        let mut lines = LineReader::new(&b"a\r\n\nbc"[..], b'\n', 10, 3);
        let mut text = Vec::new();
        let mut seen = Vec::new();
        while let Some(spot) = lines.next(&mut text).unwrap() {
            seen.push((text.clone(), spot.from, spot.to, spot.line));
        }
        let expected =
            [(b"a".to_vec(), 10, 13, 3), (Vec::new(), 13, 14, 4), (b"bc".to_vec(), 14, 16, 5)];
        assert_eq!(seen, expected);
        assert_eq!(line_end(b"a\rb\r"), b'\r');
        assert_eq!(line_end(b"a\r\nb"), b'\n');
    }

    #[test]
    fn an_endless_line_is_cut_and_passed() {
        let endless = io::repeat(b'x').take(3 * LINE_MAX as u64).chain(&b"\nnext\n"[..]);
        let mut lines = LineReader::new(endless, b'\n', 0, 1);
        let mut text = Vec::new();
        let spot = lines.next(&mut text).unwrap().unwrap();
        assert!(!spot.whole && text.len() <= LINE_MAX + 1);
        let spot = lines.next(&mut text).unwrap().unwrap();
        assert_eq!((text.as_slice(), spot.line, spot.whole), (&b"next"[..], 2, true));
    }
}
