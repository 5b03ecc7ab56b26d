//! What replay detection takes for a copy although it is none, on real people, and what it costs:
//! everybody's earlier movement against their own later movement and everybody else's.

use std::path::PathBuf;

use clap::Args;

use crate::people::{read_people, sessions_of};
use mousewarden::error::Result;
use mousewarden::pipeline::{KnownMovement, MarkKey, ReplayDetection, Window, WindowParams};
use mousewarden::platform::stopwatch::Stopwatch;

/// Arguments of `bench copies`.
#[derive(Debug, Args)]
pub struct CopiesArgs {
    /// Format of the dataset.
    #[arg(long)]
    format: String,
    /// Its folder.
    folder: PathBuf,
    /// At most this many owners.
    #[arg(long, default_value_t = 12)]
    owners: usize,
}

/// Owners with fewer windows are left out.
const FEWEST: usize = 200;

impl CopiesArgs {
    /// Runs it and prints a line of a table in Markdown.
    ///
    /// # Errors
    /// When the dataset cannot be read.
    pub fn run(self) -> Result<()> {
        let people = read_people(&self.folder, &self.format, WindowParams::default())?;
        let people: Vec<Vec<Vec<Window>>> = people.into_iter().map(sessions_of).collect();
        let large = |(_, sessions): &(usize, &Vec<Vec<Window>>)| {
            sessions.iter().map(Vec::len).sum::<usize>() >= FEWEST
        };
        let [mut own, mut others] = [Count::default(); 2];
        let (mut owners, mut known) = (0, 0);
        let watch = Stopwatch::start();
        for (at, sessions) in people.iter().enumerate().filter(large).take(self.owners) {
            let (before, after) = halves(sessions);
            let enrolled = KnownMovement::of(MarkKey([at as u64 + 1, 7]), before.iter().flatten());
            (owners, known) = (owners + 1, known + enrolled.len());
            own.add(&enrolled, &after);
            for (_, other) in people.iter().enumerate().filter(|(other, _)| *other != at) {
                others.add(&enrolled, other);
            }
        }
        let micros =
            1e6 * watch.lap().wall.as_secs_f64() / (own.windows + others.windows).max(1) as f64;
        println!(
            "| {} | {owners} | {} | {} windows, {} alarms in {} sessions | {} windows, {} alarms in {} sessions \
             | {micros:.0} us |",
            self.format,
            known / owners.max(1),
            own.windows,
            own.alarms,
            own.sessions,
            others.windows,
            others.alarms,
            others.sessions,
        );
        Ok(())
    }
}

/// What was looked at, and sessions with an alarm.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    windows: usize,
    sessions: usize,
    alarms: usize,
}

impl Count {
    fn add(&mut self, enrolled: &KnownMovement, sessions: &[Vec<Window>]) {
        let mut detection = ReplayDetection::new(enrolled, KnownMovement::default());
        for session in sessions {
            self.windows += session.len();
            self.sessions += 1;
            let mut alarmed = false;
            for window in session {
                alarmed |= detection.observe(window).is_some();
            }
            self.alarms += usize::from(alarmed);
            detection.unlocked(alarmed);
        }
    }
}

/// Earlier and later sessions; a lone one is parted in the middle.
fn halves(sessions: &[Vec<Window>]) -> (Vec<Vec<Window>>, Vec<Vec<Window>>) {
    if let [lone] = sessions {
        let (before, after) = lone.split_at(lone.len() / 2);
        return (vec![before.to_vec()], vec![after.to_vec()]);
    }
    let (before, after) = sessions.split_at(sessions.len() / 2);
    (before.to_vec(), after.to_vec())
}
