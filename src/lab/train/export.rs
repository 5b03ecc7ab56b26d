//! Writing a model: only a file that gives the trainer's own scores when it is read back is kept.
//! An existing model stays untouched until then.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Failure, FailureKind, Result};
use crate::model::Bundle;
use crate::pipeline::{Scorer, Steps, Window};

use super::fit;

/// The scores of the written file may differ from the trainer's by this much.
const TOLERANCE: f32 = 1e-5;
/// Windows that are compared.
const PROBES: usize = 64;

/// How a model is written: in the clear, or sealed.
pub type WriteModel = fn(&Bundle, &Path) -> Result<()>;

/// Writes the bundle by `write` beside `path`, opens it as the agent would, compares its scores on `probes`
/// with the trainer's, and moves it into place.
///
/// # Errors
/// When it cannot be written or opened, or the scores differ: then `path` is left as it was.
pub fn write_checked<S: Scorer>(
    bundle: &Bundle,
    (path, write): (&Path, WriteModel),
    probes: &[Window],
    open: impl FnOnce(&Path) -> Result<S>,
) -> Result<()> {
    let candidate = beside(path);
    let outcome = write(bundle, &candidate)
        .and_then(|()| open(&candidate))
        .and_then(|mut scorer| compare(bundle, &mut scorer, probes, path))
        .and_then(|()| {
            fs::rename(&candidate, path)
                .map_err(|e| Failure::io(format!("model {}", path.display()), e))
        });
    if outcome.is_err() {
        let _ = fs::remove_file(&candidate); // The first error is the one to tell.
    }
    outcome
}

/// Removes what an interruption may have left beside a model's place.
pub(super) fn remove_candidate(path: &Path) {
    // Usually nothing is there.
    let _ = fs::remove_file(beside(path));
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push(".candidate.onnx");
    path.with_file_name(name)
}

fn compare(
    bundle: &Bundle,
    scorer: &mut impl Scorer,
    probes: &[Window],
    path: &Path,
) -> Result<()> {
    let steps: Vec<Steps> = probes.iter().take(PROBES).map(Steps::from).collect();
    let trained = fit::probabilities(&bundle.network, steps.iter());
    let failed = |wrong: String| {
        Failure::new(FailureKind::Internal, format!("model {}: {wrong}", path.display()))
            .remedy("It was not kept. Try backend = \"builtin\", and report this.")
    };
    let written = scorer.score(&steps).map_err(|e| failed(e.to_string()))?;
    let worst =
        trained.iter().zip(&written).map(|(a, b)| (a - b.score.get()).abs()).fold(0.0f32, f32::max);
    if written.len() != trained.len() || worst > TOLERANCE {
        return Err(failed(format!(
            "read back, its scores differ from the trainer's by {worst:e}"
        )));
    }
    Ok(())
}
