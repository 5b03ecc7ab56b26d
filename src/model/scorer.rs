//! Chooses who scores: ONNX Runtime where its library is there, the builtin scorer otherwise. A
//! fault of the library may fall back, a fault of the model never: it would only show later.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::bundle::Bundle;
use super::file::bytes_of;
use super::library;
use super::onnx::{OnnxScorer, Runtime};
use crate::error::{Failure, Kind, Result};
use crate::pipeline::{Score, ScoreError, Scorer, Steps};

/// Who scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// ONNX Runtime when its library is there, the builtin scorer otherwise.
    #[default]
    Auto,
    /// ONNX Runtime or nothing.
    OnnxRuntime,
    /// The builtin scorer.
    Builtin,
}

/// How a scorer is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScorerParams {
    /// Who scores.
    pub backend: Backend,
    /// The ONNX Runtime library, by absolute path; without it, `search` is looked through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<PathBuf>,
    /// Folders in which the library may lie, in this order; see
    /// [`folders_beside`](super::folders_beside).
    #[serde(skip)]
    pub search: Vec<PathBuf>,
}

/// Who scores, for `status` and `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScorerReport {
    /// [`Backend::OnnxRuntime`] or [`Backend::Builtin`].
    pub backend: Backend,
    /// Of ONNX Runtime, or of this program.
    pub version: String,
    /// The library in use.
    pub library: Option<PathBuf>,
    /// Why ONNX Runtime is not used, or what to know about the library that is.
    pub note: Option<String>,
}

/// A model that is ready to score.
#[derive(Debug)]
pub struct LoadedScorer {
    engine: OnnxScorer,
    report: ScorerReport,
}
