//! What the agent would have said about a recording: the same judge and the same pauses on one
//! thread, bit for bit what the live process writes down.

use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::{Boundary, Signal, Verdict};

use super::judge::Judge;

/// Gives every verdict on a recording to `tell`, in order.
///
/// # Errors
/// When the recording has a bad line, or the model fails.
pub(crate) fn replay(
    judge: Judge,
    signals: impl IntoIterator<Item = Result<Signal>>,
    mut tell: impl FnMut(&Verdict) -> Result<()>,
) -> Result<()> {
    let mut detector = judge.detector();
    let broken =
        |e: crate::pipeline::ScoreError| Failure::new(FailureKind::Internal, e.to_string());
    for signal in signals {
        if let Some(verdict) = detector.push(signal?).map_err(broken)? {
            tell(&verdict)?;
        }
    }
    // The end of a recording is a pause that lasts.
    let Some(at) = detector.segmenter().quiet_at() else { return Ok(()) };
    let last = detector.push(Signal::Boundary { at, kind: Boundary::Quiet }).map_err(broken)?;
    last.as_ref().map_or(Ok(()), tell)
}
