//! Reads the agent's journal while it grows, as any program that watches it would. It writes
//! nothing and skips entries that it doesn't know.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;

use serde::Deserialize;

use mousewarden::error::{Failure, Result};
use mousewarden::pipeline::event::Micros;
use mousewarden::pipeline::{Action, Decision, Timestamp};

/// What the demonstration tells of an entry.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DemoEvent {
    /// A window was judged.
    Verdict(DemoVerdict),
    /// Anything else.
    #[serde(other)]
    Other,
}

/// A judged window.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DemoVerdict {
    /// The window.
    pub window: DemoWindow,
    /// Its own score.
    pub score: f32,
    /// The grouped score, once there are enough windows.
    pub grouped: Option<f32>,
    /// The evidence against the owner, nats.
    pub evidence: f32,
    /// The state after it.
    pub decision: Decision,
    /// What was done about it.
    pub action: Option<Action>,
}

/// A window's times and length.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DemoWindow {
    /// First movement, monotonic clock.
    pub started_at: Timestamp,
    /// Last movement, monotonic clock.
    pub ended_at: Timestamp,
    /// Steps.
    pub steps: usize,
}

impl DemoWindow {
    /// How long the hand moved.
    pub fn movement(&self) -> Micros {
        self.ended_at - self.started_at
    }
}

/// A journal that somebody else is writing.
#[derive(Debug)]
pub struct DemoJournal {
    path: PathBuf,
    read: u64,
}

impl DemoJournal {
    /// From its beginning; it need not exist yet.
    pub const fn at(path: PathBuf) -> Self {
        Self { path, read: 0 }
    }

    /// The verdicts that were added since the last call, by whole lines.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn news(&mut self) -> Result<Vec<DemoVerdict>> {
        let text = self.rest().or_else(|error| match error.kind() {
            ErrorKind::NotFound => Ok(String::new()),
            _ => Err(Failure::io(format!("journal {}", self.path.display()), error)),
        })?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.read += whole as u64;
        let verdict = |line: &str| match serde_json::from_str(line) {
            Ok(DemoEvent::Verdict(verdict)) => Some(verdict),
            _ => None,
        };
        Ok(text[..whole].lines().filter_map(verdict).collect())
    }

    fn rest(&self) -> std::io::Result<String> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const LINE: &str = r#"{"wall":"w","mono_us":9,"event":"verdict","window":{"started_at":1000000,
        "ended_at":1500000,"steps":40,"end":"pause"},"at":1750000,"score":0.25,"grouped":null,"evidence":1.5,
        "decision":"trusted","action":null}"#;

    #[test]
    fn only_whole_lines_are_news_and_each_only_once() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut journal = DemoJournal::at(file.path().to_owned());
        let line = LINE.replace('\n', " ");
        write!(file, "{{\"event\":\"started\"}}\n{line}\n{}", &line[..40]).unwrap();
        let news = journal.news().unwrap();
        assert_eq!((news.len(), news[0].score), (1, 0.25));
        assert_eq!(news[0].window.movement(), Micros::from_millis(500));
        writeln!(file, "{}", &line[40..]).unwrap();
        assert_eq!(journal.news().unwrap().len(), 1);
        assert_eq!(journal.news().unwrap(), []);
    }

    #[test]
    fn a_journal_that_does_not_exist_yet_has_no_news() {
        assert_eq!(DemoJournal::at("/nonexistent/journal".into()).news().unwrap(), []);
    }
}
