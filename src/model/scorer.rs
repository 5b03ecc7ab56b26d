//! Chooses who scores: ONNX Runtime where its library is there, the builtin scorer otherwise. A
//! fault of the library may fall back; a fault of the model is refused at once, because otherwise
//! it would show later.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::builtin::BuiltinScorer;
use super::bundle::Bundle;
use super::content::{bytes_of, named};
use super::library;
use super::library_hash::LibraryHash;
use super::onnx::{OnnxScorer, Runtime};
use crate::error::Result;
use crate::pipeline::{ScoreError, Scorer, Steps, WindowScore};

/// Who scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScorerBackend {
    /// ONNX Runtime when its library is there, the builtin scorer otherwise.
    #[default]
    Auto,
    /// ONNX Runtime or nothing.
    OnnxRuntime,
    /// The builtin scorer.
    Builtin,
}

impl std::fmt::Display for ScorerBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::OnnxRuntime => "onnxruntime",
            Self::Builtin => "builtin",
        })
    }
}

/// How a scorer is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScorerParams {
    /// Who scores.
    pub backend: ScorerBackend,
    /// The ONNX Runtime library, by absolute path; without it, `search` is looked through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<PathBuf>,
    /// Its hash, for one that is not known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library_sha256: Option<LibraryHash>,
    /// Folders in which the library may lie, in this order; see
    /// [`folders_beside`](super::folders_beside).
    #[serde(skip)]
    pub search: Vec<PathBuf>,
}

/// Who scores, for `status` and `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScorerReport {
    /// [`ScorerBackend::OnnxRuntime`] or [`ScorerBackend::Builtin`].
    pub backend: ScorerBackend,
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
    engine: Engine,
    report: ScorerReport,
}

impl ScorerReport {
    /// Who would score, found out without a model.
    ///
    /// # Errors
    /// When [`ScorerBackend::OnnxRuntime`] is asked for and its library is not there.
    pub fn of(params: &ScorerParams) -> Result<Self> {
        choose(params).map(|(_, report)| report)
    }

    fn builtin(note: Option<String>) -> Self {
        let version = env!("CARGO_PKG_VERSION").into();
        Self { backend: ScorerBackend::Builtin, version, library: None, note }
    }
}

#[derive(Debug)]
enum Engine {
    Onnx(OnnxScorer),
    Builtin(Box<BuiltinScorer>),
}

impl LoadedScorer {
    /// Reads a model file and makes it ready.
    ///
    /// # Errors
    /// When the model cannot be used, or [`ScorerBackend::OnnxRuntime`] is asked for and not there.
    pub fn open(model: &Path, params: &ScorerParams) -> Result<Self> {
        Self::open_bundle(model, params).map(|(_, scorer)| scorer)
    }

    /// The same, with what the file says of itself; both come from one reading of the file.
    ///
    /// # Errors
    /// As [`LoadedScorer::open`].
    pub fn open_bundle(model: &Path, params: &ScorerParams) -> Result<(Bundle, Self)> {
        let bytes = bytes_of::<Bundle>(model)?;
        let bundle: Bundle = named(model, &bytes)?;
        let scorer = Self::ready(&bundle, &bytes, params)?;
        Ok((bundle, scorer))
    }

    /// From a bundle in memory, through the very bytes that a file of it would hold.
    ///
    /// # Errors
    /// As [`LoadedScorer::open`].
    pub fn of(bundle: &Bundle, params: &ScorerParams) -> Result<Self> {
        Self::ready(bundle, &bundle.to_bytes()?, params)
    }

    /// Who scores.
    pub const fn report(&self) -> &ScorerReport {
        &self.report
    }

    fn ready(bundle: &Bundle, bytes: &[u8], params: &ScorerParams) -> Result<Self> {
        let (runtime, report) = choose(params)?;
        let engine = match runtime {
            Some(runtime) => Engine::Onnx(OnnxScorer::new(runtime, bytes)?),
            None => Engine::Builtin(Box::new(BuiltinScorer::new(&bundle.network))),
        };
        Ok(Self { engine, report })
    }
}

impl Scorer for LoadedScorer {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        match &mut self.engine {
            Engine::Onnx(scorer) => scorer.score(windows),
            Engine::Builtin(scorer) => scorer.score(windows),
        }
    }
}

/// ONNX Runtime or nobody (the builtin scorer), with the reason.
pub(super) fn choose(params: &ScorerParams) -> Result<(Option<&'static Runtime>, ScorerReport)> {
    if params.backend == ScorerBackend::Builtin {
        return Ok((None, ScorerReport::builtin(None)));
    }
    match runtime(params) {
        Ok(runtime) => Ok((Some(runtime), runtime_report(runtime))),
        Err(failure) if params.backend == ScorerBackend::Auto => {
            let why = failure.to_string().lines().next().map(str::to_owned);
            Ok((None, ScorerReport::builtin(why)))
        }
        Err(failure) => Err(failure),
    }
}

/// The named library, or the first usable one of the folders; the first failure when none is.
fn runtime(params: &ScorerParams) -> Result<&'static Runtime> {
    if let Some(path) = &params.library {
        return Runtime::open(path, true, params.library_sha256.as_ref());
    }
    let mut first = None;
    for path in library::candidates(&params.search) {
        match Runtime::open(&path, false, None) {
            Ok(runtime) => return Ok(runtime),
            Err(failure) => first = first.or(Some(failure)),
        }
    }
    Err(first.unwrap_or_else(|| library::nowhere(&params.search)))
}

fn runtime_report(runtime: &Runtime) -> ScorerReport {
    let warning = "this release can send usage data by itself; 1.28.0 is the last that doesn't";
    ScorerReport {
        backend: ScorerBackend::OnnxRuntime,
        version: runtime.version.clone(),
        library: Some(runtime.path.clone()),
        note: runtime.can_phone_home().then(|| warning.into()),
    }
}
