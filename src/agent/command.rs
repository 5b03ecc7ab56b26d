//! What may be asked of a running agent.

use std::time::Duration;

use super::event::Asked;

/// A request, whoever made it and by whatever way it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Stop watching for a while, or until resumed.
    Pause(Option<Duration>),
    /// Watch again.
    Resume,
    /// Read the configuration again.
    Reload,
    /// Write down that something was asked and refused.
    Refused {
        /// What.
        request: Asked,
        /// Why not.
        why: String,
    },
    /// End; the text says why.
    Stop(String),
}
