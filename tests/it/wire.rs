//! A mouse that moves when a test says so. Nothing is scripted here.

use std::time::Duration;

use crossbeam_channel::Receiver;
use mousewarden::error::Result;
use mousewarden::pipeline::Signal;
use mousewarden::platform::{EventSource, Next};

/// Gives what a test sends, and ends when the test drops its end.
pub struct Wire(pub Receiver<Signal>);

impl EventSource for Wire {
    fn next(&mut self, _timeout: Option<Duration>) -> Result<Next> {
        Ok(self.0.recv().map_or(Next::End, Next::Signal))
    }

    fn name(&self) -> &str {
        "wire"
    }
}
