//! From an owner's store to an owner's model: the recordings cut into windows, synthetic users on
//! the owner's device as impostors. Where files lie and how progress is shown is the caller's.

use crate::data::{RecordingReader, Store};
use crate::error::{Failure, FailureKind, Result};
use crate::model::Bundle;
use crate::pipeline::window::cut_recording;
use crate::pipeline::{Signal, Window, WindowParams};

use super::synthesis::Device;
use super::synthesis::cohort;
use super::synthesis::cohort::Cohort;
use super::train::{TrainOptions, TrainingFacts, TrainingProgress, TrainingRequest, train_owner};

/// Impostors that an owner's model learns against.
pub(crate) const IMPOSTORS: usize = 60;
/// Impostor windows for each of the owner's.
const IMPOSTOR_RATIO: usize = 10;
/// Windows of each impostor at the least, so that their groups can be judged too.
const FEWEST_EACH: usize = 40;

/// Recordings of which one begins so many seconds after another, at the most, are of one day.
pub(super) const SAME_DAY_S: i64 = 6 * 3600;

/// The owner's own movement.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnMovement {
    /// The windows of each recording, in order of time.
    pub sessions: Vec<Vec<Window>>,
    /// When each recording began, seconds since 1970.
    pub started_unix_s: Vec<i64>,
    /// What captured it: each recording's word with movement in it, once, parted by `|`.
    pub capture: String,
    /// Torn last lines that were left out.
    pub torn: u64,
    /// Lines that could not be read, by file and line; they were left out.
    pub bad_lines: Vec<String>,
}

impl OwnMovement {
    /// The windows of each day: recordings that begin within a few hours belong together.
    pub(crate) fn days(&self) -> Vec<Vec<Window>> {
        let mut days: Vec<Vec<Window>> = Vec::new();
        let mut last = None;
        for (windows, started) in self.sessions.iter().zip(&self.started_unix_s) {
            match days.last_mut().filter(|_| last.is_some_and(|last| started - last < SAME_DAY_S)) {
                Some(day) => day.extend(windows.iter().cloned()),
                None => days.push(windows.clone()),
            }
            last = Some(*started);
        }
        days
    }
}

/// Reads and cuts every recording of a store.
///
/// # Errors
/// When a recording cannot be read at all.
pub(crate) fn own_movement(store: &Store, params: WindowParams) -> Result<OwnMovement> {
    let mut own = OwnMovement::default();
    let mut captures: Vec<String> = Vec::new();
    for session in store.sessions()? {
        let mut reader = RecordingReader::open(&session.path)?;
        let mut signals: Vec<Signal> = Vec::new();
        for item in reader.by_ref() {
            match item {
                Ok(signal) => signals.push(signal),
                Err(failure) if failure.kind() == FailureKind::Data => {
                    own.bad_lines.push(failure.to_string());
                }
                Err(failure) => return Err(failure),
            }
        }
        own.torn += reader.torn();
        let windows = cut_recording(params, signals).0;
        let capture = session.header.capture;
        if !windows.is_empty() && !captures.contains(&capture) {
            captures.push(capture);
        }
        own.sessions.push(windows);
        own.started_unix_s.push(session.header.started_unix_s);
    }
    own.capture = captures.join(" | ");
    Ok(own)
}

/// Generated impostors for these windows: on the owner's device, ten windows for each of theirs.
///
/// # Errors
/// When there is no movement to tell the device from.
pub fn impostors(sessions: &[Vec<Window>], params: WindowParams, seed: u64) -> Result<Cohort> {
    let windows = sessions.concat();
    let device = Device::from_windows(&windows).ok_or_else(|| {
        Failure::new(FailureKind::Data, "no movement is recorded yet")
            .remedy("Record some with `mousewarden --enroll`.")
    })?;
    let each = (windows.len() * IMPOSTOR_RATIO).div_ceil(IMPOSTORS).max(FEWEST_EACH);
    Ok(cohort::generated(&device, params, IMPOSTORS, each, seed))
}

/// Trains an owner's model against synthetic users.
///
/// # Errors
/// Like [`train_owner`].
pub fn train_against_generated(
    sessions: &[Vec<Window>],
    params: WindowParams,
    about: &TrainingFacts,
    options: &TrainOptions,
    progress: &mut dyn FnMut(TrainingProgress),
) -> Result<Bundle> {
    let cohort = impostors(sessions, params, options.seed)?;
    let request = TrainingRequest { sessions, cohort: &cohort, windows: params, about, options };
    train_owner(&request, progress)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{MouseEvent, MouseKind, Timestamp};

    fn window() -> Vec<Window> {
        let event = |n: i64| {
            let at = Timestamp::from_millis(10 * n);
            Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x: n as f64, y: 0.0 })
        };
        cut_recording(WindowParams::default(), (0..20).map(event)).0
    }

    #[test]
    fn recordings_of_a_few_hours_are_one_day() {
        let hour = 3600;
        let started_unix_s = vec![0, hour, 6 * hour, 30 * hour];
        let own = OwnMovement { sessions: vec![window(); 4], started_unix_s, ..Default::default() };
        let counts: Vec<usize> = own.days().iter().map(Vec::len).collect();
        assert_eq!(counts, [3, 1]);
    }
}
