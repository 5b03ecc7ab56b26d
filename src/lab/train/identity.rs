//! What makes two windows the same: positions and time steps, whatever the moment. A window on both
//! sides of a split would make every figure a lie, so that is fatal.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::{MarkKey, Window};

/// The part of a window that is in all parts by turns.
pub(super) const CROSSED: &str = "cross-fitting";

/// SHA-256 of positions and time steps.
pub(crate) type Identity = [u8; 32];

/// The identity of a window; its place in time is no part of it.
pub fn of(window: &Window) -> Identity {
    let mut hash = Sha256::new();
    for sample in window.samples() {
        hash.update(sample.x.to_bits().to_le_bytes());
        hash.update(sample.y.to_bits().to_le_bytes());
        hash.update((sample.at - window.started_at()).0.to_le_bytes());
    }
    hash.finalize().into()
}

/// One digest over many windows in order, hexadecimal.
pub(super) fn digest<'a>(windows: impl IntoIterator<Item = &'a Window>) -> String {
    let mut hash = Sha256::new();
    for window in windows {
        hash.update(of(window));
    }
    hex::encode(hash.finalize())
}

/// The key of an owner's marks: nobody knows it who does not have the windows.
pub(super) fn mark_key<'a>(windows: impl IntoIterator<Item = &'a Window>) -> MarkKey {
    let mut hash = Sha256::new();
    hash.update(b"marks of movement");
    windows.into_iter().for_each(|window| hash.update(of(window)));
    let bytes: [u8; 32] = hash.finalize().into();
    let halves = [&bytes[..8], &bytes[8..16]];
    MarkKey(halves.map(|half| half.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))))
}

/// Where a window stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WindowLocation {
    /// "training", "validation" or "calibration"; "cross-fitting" is all of them by turns.
    pub(super) part: &'static str,
    /// "session 2" or "impostor 5".
    pub(super) of: String,
    /// Counting from 1.
    pub(super) number: usize,
    pub(super) genuine: bool,
}

impl std::fmt::Display for WindowLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "window {} of {} ({})", self.number, self.of, self.part)
    }
}

/// Fails when one window stands in two parts, or for the owner and for an impostor.
pub(super) fn refuse_duplicates<'a>(
    windows: impl IntoIterator<Item = (WindowLocation, &'a Window)>,
) -> Result<()> {
    let mut seen: HashMap<Identity, WindowLocation> = HashMap::new();
    for (place, window) in windows {
        let Some(first) = seen.get(&of(window)) else {
            seen.insert(of(window), place);
            continue;
        };
        // By turns every window of the owner's is on the other side of every other.
        let crossed = place.part == CROSSED && (place.genuine || first.of != place.of);
        if crossed || first.part != place.part || first.genuine != place.genuine {
            let what = format!("the same movement twice: {first} is also {place}");
            return Err(Failure::new(FailureKind::Data, what).remedy(
                "Remove the recording that repeats another; a copy in both training and test \
                 would make the model look better than it is.",
            ));
        }
    }
    Ok(())
}
