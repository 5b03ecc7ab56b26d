//! `bench play`: plays a recording into this session as if its mouse made the movement, so that the
//! hook can be looked at with known input. Judges nothing.

use std::path::PathBuf;

use clap::Args;

use crate::inject::Player;
use mousewarden::cli::output;
use mousewarden::data::RecordingReader;
use mousewarden::error::Result;
use mousewarden::pipeline::{MouseEvent, Signal};

/// Arguments of `bench play`.
#[derive(Debug, Args)]
pub struct PlayArgs {
    /// The recording
    #[arg(value_name = "FILE")]
    recording: PathBuf,
    /// The X display to play on; other systems have one a session
    #[arg(long, default_value_t = display())]
    display: String,
}

impl PlayArgs {
    /// Plays it at the hand's own pace.
    ///
    /// # Errors
    /// When the recording cannot be read, or the system does not let the mouse be moved.
    pub fn run(self) -> Result<()> {
        let reader = RecordingReader::open(&self.recording)?;
        let signals: Vec<Signal> = reader.collect::<Result<_>>()?;
        let events: Vec<MouseEvent> = signals.iter().filter_map(mouse).collect();
        let handed = Player::open(&self.display)?.play(&events)?;
        output::line(&format!("{} events played", handed.len()))
    }
}

const fn mouse(signal: &Signal) -> Option<MouseEvent> {
    match signal {
        Signal::Mouse(event) => Some(*event),
        Signal::Boundary { .. } => None,
    }
}

fn display() -> String {
    std::env::var("DISPLAY").unwrap_or_default()
}
