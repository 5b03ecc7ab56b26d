//! How commands talk: data on stdout as text or JSON, talk on stderr, colour only on a terminal
//! that wants it (NO_COLOR).

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogLevel;
use crate::error::{Failure, FailureKind, Result};
use crate::platform::logs;

/// No column of names is padded beyond this; a longer name moves the rest of its line.
pub const WIDEST: usize = 60;

/// Prints a value as one line of JSON.
///
/// # Errors
/// When stdout is closed or its disk is full.
pub fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value)
        .map_err(|e| Failure::new(FailureKind::Internal, format!("writing JSON: {e}")))?;
    line(&text)
}

/// Prints a line of text.
///
/// # Errors
/// When stdout is closed or its disk is full.
pub fn line(text: &str) -> Result<()> {
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
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().filter(|line| {
            line.is_empty() || line.chars().count() + 1 + word.chars().count() <= columns
        });
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(word.into()),
        }
    }
    lines
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
