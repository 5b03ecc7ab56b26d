//! The state of the decision, kept for a restart of the agent within the session: whoever ends the
//! agent and starts it again is remembered. It lies where the session's own files lie and goes with
//! them.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::data::private;
use crate::files;
use crate::pipeline::DecisionState;
use crate::sealing::{self, Kind};

/// The file's name.
pub(crate) const NAME: &str = "decision.json";

/// Writes states behind the engine's back: it never waits for a disk.
#[derive(Debug)]
pub struct SavedDecision {
    states: Sender<DecisionState>,
    waiting: Receiver<DecisionState>,
    path: PathBuf,
}

impl SavedDecision {
    /// Keeps states in this folder.
    pub fn within(folder: &Path) -> Self {
        // One place: only the newest state is worth the disk.
        let (states, waiting) = bounded(1);
        let path = folder.join(NAME);
        let written = waiting.clone();
        // A thread that cannot be had costs a restart its memory, not the watch.
        let to = path.clone();
        let writing = move || written.iter().for_each(|state| write(&to, &state));
        if let Err(error) = std::thread::Builder::new().name("saved".into()).spawn(writing) {
            tracing::warn!("the state of the decision is not kept: {error}");
        }
        Self { states, waiting, path }
    }

    /// The state that was kept last, if any; what cannot be read is none.
    pub fn load(&self) -> Option<DecisionState> {
        let bytes = files::read(&self.path).ok()?;
        let name = self.path.display().to_string();
        let text = sealing::opened(&name, Kind::Decision, bytes)
            .inspect_err(|failure| tracing::warn!("{failure}"))
            .ok()?;
        serde_json::from_slice(&text)
            .inspect_err(|error| tracing::warn!("{}: {error}", self.path.display()))
            .ok()
    }

    /// Keeps a state; the newest takes the place of one that is not written yet.
    pub fn keep(&self, state: &DecisionState) {
        if let Err(TrySendError::Full(state)) = self.states.try_send(state.clone()) {
            // Both may fail where the writer was faster: then it has taken what was there.
            let _ = self.waiting.try_recv();
            let _ = self.states.try_send(state);
        }
    }
}

fn write(path: &Path, state: &DecisionState) {
    let text = serde_json::to_vec(state).map_err(std::io::Error::other);
    let bytes = text.and_then(|text| sealing::sealed(Kind::Decision, &text));
    if let Err(error) = bytes.and_then(|bytes| private::replace(path, &bytes)) {
        tracing::warn!("{}: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::{Duration, Instant};

    #[test]
    fn the_newest_state_is_read_back_and_rubbish_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let saved = SavedDecision::within(folder.path());
        assert_eq!(saved.load(), None);
        saved.keep(&DecisionState::default());
        let deadline = Instant::now() + Duration::from_secs(20);
        while saved.load() != Some(DecisionState::default()) {
            assert!(Instant::now() < deadline, "nothing was written");
            std::thread::yield_now();
        }
        fs::write(folder.path().join(NAME), "{").unwrap();
        assert_eq!(saved.load(), None);
    }
}
