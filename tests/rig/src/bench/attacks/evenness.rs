//! What is taken for movement of a program although it is a hand's, on real people.

use std::path::PathBuf;

use clap::Args;

use crate::people::{read_people, sessions_of};
use mousewarden::error::Result;
use mousewarden::pipeline::{GeneratedMovement, WindowParams};

/// Arguments of `bench evenness`.
#[derive(Debug, Args)]
pub struct EvennessArgs {
    /// Format of the dataset.
    #[arg(long)]
    format: String,
    /// Its folder.
    folder: PathBuf,
}

impl EvennessArgs {
    /// Runs it and prints a line of a table in Markdown.
    ///
    /// # Errors
    /// When the dataset cannot be read.
    pub fn run(self) -> Result<()> {
        let people = read_people(&self.folder, &self.format, WindowParams::default())?;
        let mut lowest: Vec<f64> = Vec::new();
        let (mut windows, mut sessions, mut even) = (0, 0, 0);
        for session in people.into_iter().flat_map(sessions_of) {
            let mut generated = GeneratedMovement::default();
            let mut least = f64::MAX;
            let mut is_even = false;
            for window in &session {
                is_even |= generated.observe(window);
                least = generated.deviations().map_or(least, |evenness| least.min(evenness));
            }
            windows += session.len();
            if least < f64::MAX {
                sessions += 1;
                even += usize::from(is_even);
                lowest.push(least);
            }
        }
        lowest.sort_by(f64::total_cmp);
        let least: Vec<String> =
            lowest.iter().take(3).map(|evenness| format!("{evenness:.2}")).collect();
        println!("| {} | {windows} | {sessions} | {even} | {} |", self.format, least.join(", "));
        Ok(())
    }
}
