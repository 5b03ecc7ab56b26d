//! How commands talk: data on stdout as text or JSON, talk on stderr, colour only on a terminal
//! that wants it (NO_COLOR).

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use textwrap::{Options, WordSeparator, WordSplitter};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogLevel;
use crate::error::{Failure, FailureKind, Result};
use crate::platform::logs;

/// No column of names is padded beyond this; a longer name moves the rest of its line.
pub const WIDEST: usize = 60;
/// Prose is easy to read up to so many columns, however wide the terminal is.
const READABLE: usize = 110;
/// A line with so many gaps is a row of a table.
const ROW_GAPS: usize = 3;
/// What goes on below a line begins at most here.
const MARGIN: usize = 24;

/// Prints a value as one line of JSON.
///
/// # Errors
/// When stdout is closed or its disk is full.
pub fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value)
        .map_err(|e| Failure::new(FailureKind::Internal, format!("writing JSON: {e}")))?;
    plain(&text)
}

/// Prints text for a person: no word is broken at the edge of the terminal.
///
/// # Errors
/// When stdout is closed or its disk is full.
pub fn line(text: &str) -> Result<()> {
    match terminal_size::terminal_size_of(io::stdout()) {
        Some((width, _)) => plain(&hung(text, usize::from(width.0))),
        None => plain(text),
    }
}

/// Says something on stderr, each word whole.
pub fn talk(text: &str) {
    let size = terminal_size::terminal_size_of(io::stderr());
    let text = size.map_or(text.into(), |(width, _)| hung(text, usize::from(width.0)));
    // Whoever closed stderr wants no talk.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints text as it is, for a program or a file.
///
/// # Errors
/// When stdout is closed or its disk is full.
pub fn plain(text: &str) -> Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|e| {
            Failure::io("writing to stdout", e).remedy("Free some space where stdout goes.")
        }),
    }
}

/// How wide the terminal is that stdout goes to; wide where it goes elsewhere.
pub fn columns() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    usize::from(size.map_or(u16::MAX, |(width, _)| width.0))
}

/// A text over as many lines as it takes, whole words each.
pub fn folded(text: &str, columns: usize) -> Vec<String> {
    textwrap::wrap(text, whole_words(columns)).into_iter().map(Cow::into_owned).collect()
}

fn whole_words(columns: usize) -> Options<'static> {
    Options::new(columns)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
}

/// A text whose lines are at most so many columns wide where its words allow it. What goes on does so
/// below the second column of its line, where it has one.
pub fn hung(text: &str, columns: usize) -> String {
    text.split('\n').map(|line| hung_line(line, columns)).collect::<Vec<_>>().join("\n")
}

fn hung_line(line: &str, columns: usize) -> String {
    let columns = if gaps(line) < ROW_GAPS { columns.min(READABLE) } else { columns };
    let (column, place) = hang(line, columns);
    let below = " ".repeat(column);
    let options = whole_words(columns).initial_indent(&line[..place]).subsequent_indent(&below);
    textwrap::fill(&line[place..], options)
}

/// Gaps of two spaces and more between words.
fn gaps(line: &str) -> usize {
    let spaces = line.trim().split(|letter| letter != ' ');
    spaces.filter(|spaces| spaces.len() > 1).count()
}

/// Where the second column of a line begins, near its beginning, else its first word: at which column
/// of the terminal, and at which byte.
fn hang(line: &str, columns: usize) -> (usize, usize) {
    let own = line.bytes().take_while(|byte| *byte == b' ').count();
    let mut spaces = 0;
    let mut second = None;
    for (place, column, letter) in seen(line) {
        if letter == ' ' {
            spaces += 1;
            continue;
        }
        if spaces > 1 && column > own && column <= MARGIN {
            second = Some((column, place));
        }
        spaces = 0;
    }
    second.filter(|(column, _)| 2 * column <= columns).unwrap_or((own, own))
}

/// The letters of a line with their bytes and columns, without the sequences that colour it.
fn seen(line: &str) -> impl Iterator<Item = (usize, usize, char)> {
    let mut in_colour = false;
    let shown = line.char_indices().filter(move |(_, letter)| {
        let hidden = in_colour || *letter == '\x1b';
        in_colour = hidden && *letter != 'm';
        !hidden
    });
    shown.enumerate().map(|(column, (place, letter))| (place, column, letter))
}

/// Whether stdout may be coloured.
pub(crate) fn colour() -> bool {
    io::stdout().is_terminal() && allows_colour()
}

fn allows_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Starts logging to stderr. A second call changes nothing.
pub(crate) fn log_to_stderr(level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let in_service = std::env::var_os("JOURNAL_STREAM").is_some();
    if in_service && logs::to_journal(level) {
        return;
    }
    let lines = tracing_subscriber::fmt::layer()
        .with_target(false)
        .with_ansi(io::stderr().is_terminal() && allows_colour())
        .with_writer(io::stderr);
    let log = tracing_subscriber::registry().with(logs::filter(level));
    // The system journal stamps every line itself.
    let _ = if in_service {
        log.with(lines.without_time()).try_init()
    } else {
        log.with(lines).try_init()
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_below_their_second_column() {
        let row = "  report       Make a page of the history: scores, alarms";
        let folded = "  report       Make a page of the\n               history: scores,\n               alarms";
        assert_eq!(hung(row, 36), folded);
        assert_eq!(hung(row, 200), row);
        let check = "\x1b[32mok  \x1b[0m  model           owner.onnx is there and well";
        let below = "owner.onnx is there and\n                      well";
        assert!(hung(check, 46).ends_with(below), "{}", hung(check, 46));
        assert_eq!(hung(check, 50), check, "colours take no columns");
    }

    #[test]
    fn a_wide_terminal_stretches_no_prose_and_breaks_no_row() {
        let prose = "word ".repeat(40);
        assert!(hung(&prose, 200).lines().all(|line| line.len() <= READABLE));
        let row = "windows  movement  threshold".to_owned() + &"     12.3".repeat(12);
        assert_eq!(hung(&row, 200), row);
    }

    #[test]
    fn prose_keeps_its_indent_and_a_long_word_stays_whole() {
        assert_eq!(
            hung("one two three\n  four five six", 9),
            "one two\nthree\n  four\n  five\n  six"
        );
        assert_eq!(hung("/a/very/long/path and more", 8), "/a/very/long/path\nand more");
        assert_eq!(hung("two  words  here", 10), "two  words\nhere");
        assert_eq!(hung("ends here ", 9), "ends here");
        assert_eq!(hung("", 0), "");
    }
}
