//! ONNX Runtime: opens its library by absolute path, once a process, and scores with it. The only
//! file that names `ort`, and with it the only one outside the platform that is unsafe: the type of
//! the interface behind the library's one entry point is known here alone.

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ndarray::{Array1, Array3, aview2, s};
use ort::environment::Environment;
use ort::ep;
use ort::session::Session;
use ort::sys::{ORT_API_VERSION, OrtApi, OrtApiBase};
use ort::value::Tensor;

use super::graph::{EMBEDDING, GENUINE, LENGTHS, STEPS};
use super::identifier::{FEATURES, PROBABILITIES};
use super::library::{FETCH, examine};
use super::library_hash::{self, LibraryHash};
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::steps::STEP_FEATURES;
use crate::pipeline::{Score, ScoreError, Scorer, Steps, WindowScore};

/// The first release whose Linux and macOS builds send usage data by themselves.
const FIRST_WITH_TELEMETRY: u32 = 29;

/// More rows than this cost more in padding and cache than they save.
const MAX_BATCH: usize = 8;

/// An opened library with its environment. Lives as long as the process: ONNX Runtime's own
/// threads and globals don't survive being closed.
#[derive(Debug)]
pub(crate) struct Runtime {
    /// Where the library lies.
    pub path: PathBuf,
    /// "1.28.0".
    pub version: String,
    environment: Environment,
}

impl Runtime {
    /// Opens a library that is known by its SHA-256, or is the one with this hash. `named` says that
    /// a person named this very file: one that was merely found gives way to one that is open
    /// already.
    ///
    /// # Errors
    /// When the file is missing, junk, truncated, for another machine, not known, another library,
    /// too old, or another one is open already.
    pub fn open(path: &Path, named: bool, sha256: Option<&LibraryHash>) -> Result<&'static Self> {
        static OPENING: Mutex<()> = Mutex::new(());
        static OPEN: OnceLock<Runtime> = OnceLock::new();
        // One at a time: two that open side by side could each set the interface.
        let _turn = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        match OPEN.get() {
            Some(open) if !named || same_file(&open.path, path) => Ok(open),
            Some(open) => Err(too_late(path, &open.path.display().to_string())),
            None => {
                // Outside the cell: a library that fails to start may be replaced by another later.
                let opened = Self::start(path, sha256)?;
                Ok(OPEN.get_or_init(|| opened))
            }
        }
    }

    fn start(path: &Path, sha256: Option<&LibraryHash>) -> Result<Self> {
        examine(path)?;
        library_hash::check(path, sha256)?;
        let (api, version) = interface(path)?;
        if !ort::set_api(api) {
            return Err(too_late(path, "one that did not start"));
        }
        let environment = ort::init()
            .with_name("mousewarden")
            .with_telemetry(false)
            .build()
            .map_err(|error| unusable(path, &format!("does not start: {error}")))?;
        Ok(Self { path: path.into(), version, environment })
    }

    /// Whether the release is one that can send usage data by itself.
    pub(crate) fn can_phone_home(&self) -> bool {
        minor(&self.version).is_some_and(|minor| minor >= FIRST_WITH_TELEMETRY)
    }
}

/// Opens the library and takes its interface out. The version is asked first: a library that is
/// too old prints to stderr when it is asked for an interface that it doesn't have.
fn interface(path: &Path) -> Result<(OrtApi, String)> {
    type Entry = unsafe extern "C" fn() -> *const OrtApiBase;
    // SAFETY: opening runs the library's initialisers. `examine` has seen a whole library for this
    // machine, and `check` that it is a known one or the very file that a person named.
    let library = unsafe { libloading::Library::new(path) }
        .map_err(|error| unusable(path, &format!("cannot be opened: {}", reason(&error))))?;
    // SAFETY: the one symbol that every ONNX Runtime exports under this name has this type.
    let entry = unsafe { library.get::<Entry>(b"OrtGetApiBase") }
        .map_err(|_| unusable(path, "is another library: it has no OrtGetApiBase"))?;
    // SAFETY: takes nothing and gives a pointer to a static table, or null.
    let base =
        unsafe { entry().as_ref() }.ok_or_else(|| unusable(path, "gives no interface at all"))?;
    // SAFETY: gives a static string that ends with zero.
    let version = unsafe { CStr::from_ptr((base.GetVersionString)()) };
    let version = version.to_string_lossy().into_owned();
    accept(path, &version)?;
    // SAFETY: gives a pointer to a static table of the version asked for, or null; the table is
    // read once and stays valid because the library is never closed.
    let api = unsafe { (base.GetApi)(ORT_API_VERSION).as_ref().map(|api| std::ptr::read(api)) }
        .ok_or_else(|| {
            unusable(path, &format!("is version {version} without interface {ORT_API_VERSION}"))
        })?;
    // Never closed: its threads would run on in memory that is no longer there.
    std::mem::forget(library);
    Ok((api, version))
}

fn accept(path: &Path, version: &str) -> Result<()> {
    match minor(version) {
        None => Err(unusable(path, &format!("has the unknown version {version:?}"))),
        // Interfaces are numbered by the minor version that brought them.
        Some(minor) if minor < ORT_API_VERSION => {
            Err(unusable(path, &format!("is version {version}, older than 1.{ORT_API_VERSION}")))
        }
        Some(_) => Ok(()),
    }
}

/// The second number of "1.28.0"; `None` for anything that is not a release of version 1.
fn minor(version: &str) -> Option<u32> {
    let (major, rest) = version.split_once('.')?;
    if major != "1" {
        return None;
    }
    rest.split('.').next()?.parse().ok()
}

/// The loader's own words; libloading keeps them one level down.
fn reason(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn same_file(one: &Path, other: &Path) -> bool {
    // Compared with links resolved: packages install the library under several names.
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|o| o == one))
}

fn too_late(path: &Path, first: &str) -> Failure {
    unusable(path, &format!("comes too late, this process holds {first}"))
        .remedy("Restart mousewarden to use another library.")
}

fn unusable(path: &Path, what: &str) -> Failure {
    let what = format!("ONNX Runtime library {} {what}", path.display());
    Failure::new(FailureKind::Unavailable, what).remedy(FETCH)
}

/// Scores windows with ONNX Runtime, on the caller's thread alone.
#[derive(Debug)]
pub(crate) struct OnnxScorer {
    session: Session,
}

impl OnnxScorer {
    /// From the content of a model file.
    ///
    /// # Errors
    /// When ONNX Runtime refuses the model.
    pub(crate) fn new(runtime: &Runtime, model: &[u8]) -> Result<Self> {
        Ok(Self { session: accepted(runtime, model)? })
    }

    fn batch(&mut self, windows: &[Steps]) -> ort::Result<Vec<WindowScore>> {
        // Filled up to the longest of the batch, which `lengths` cuts again.
        let (steps, lengths) = padded(windows);
        let steps = Tensor::from_array(steps)?;
        let lengths = Tensor::from_array(lengths)?;
        let outputs = self.session.run(ort::inputs![STEPS => steps, LENGTHS => lengths])?;
        let (_, scores) = outputs[GENUINE].try_extract_tensor::<f32>()?;
        let mut window_scores: Vec<WindowScore> =
            scores.iter().copied().map(|score| Score::new(score).into()).collect();
        if let Some(embedding) = outputs.get(EMBEDDING) {
            let (_, embedding) = embedding.try_extract_tensor::<f32>()?;
            // Rows of a flat array: every window has as many numbers.
            let rows = embedding.chunks(embedding.len() / windows.len().max(1));
            let pairs = window_scores.iter_mut().zip(rows);
            pairs.for_each(|(window_score, row)| window_score.embedding = row.to_vec());
        }
        Ok(window_scores)
    }
}

impl Scorer for OnnxScorer {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        if windows.iter().any(Steps::is_empty) {
            // ONNX Runtime would answer with a constant.
            return Err(ScoreError("a window without steps".into()));
        }
        let mut scores = Vec::with_capacity(windows.len());
        for batch in windows.chunks(MAX_BATCH) {
            scores.extend(self.batch(batch).map_err(|error| ScoreError(error.to_string()))?);
        }
        Ok(scores)
    }
}

/// Scores rows of features with ONNX Runtime, on the caller's thread alone.
#[derive(Debug)]
pub(crate) struct OnnxTable {
    session: Session,
}

impl OnnxTable {
    /// From the content of a model file.
    ///
    /// # Errors
    /// When ONNX Runtime refuses the model.
    pub(crate) fn new(runtime: &Runtime, model: &[u8]) -> Result<Self> {
        Ok(Self { session: accepted(runtime, model)? })
    }

    /// The row of probabilities of each row of features, all equally long.
    ///
    /// # Errors
    /// When ONNX Runtime fails.
    pub(crate) fn rows(&mut self, rows: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.run(rows).map_err(|error| {
            Failure::new(
                FailureKind::Internal,
                format!("ONNX Runtime cannot score the rows: {error}"),
            )
            .remedy("Set backend = \"builtin\".")
        })
    }

    fn run(&mut self, rows: &[Vec<f32>]) -> ort::Result<Vec<Vec<f32>>> {
        let width = rows.first().map_or(0, Vec::len);
        let values: Vec<f32> = rows.iter().flatten().copied().collect();
        let features = Tensor::from_array(([rows.len(), width], values))?;
        let outputs = self.session.run(ort::inputs![FEATURES => features])?;
        let (_, flat) = outputs[PROBABILITIES].try_extract_tensor::<f32>()?;
        Ok(flat.chunks(flat.len() / rows.len()).map(<[f32]>::to_vec).collect())
    }
}

fn accepted(runtime: &Runtime, model: &[u8]) -> Result<Session> {
    session(runtime, model).map_err(|error| {
        let what = format!("ONNX Runtime {} refuses the model: {error}", runtime.version);
        Failure::new(FailureKind::Data, what)
            .remedy("Train it again with `mousewarden train`, or set backend = \"builtin\".")
    })
}

/// One thread, because two spin and cost more than twice the processor time for the same wall
/// time; no arena and no memory pattern, because windows have every length.
fn session(runtime: &Runtime, model: &[u8]) -> ort::Result<Session> {
    Session::builder(&runtime.environment)?
        .with_execution_providers([ep::CPU::default().with_arena_allocator(false).build()])?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_memory_pattern(false)?
        .commit_from_memory(model)
}

/// `[batch, time, 3]` filled up with zeros, and how many steps of each row count.
fn padded(windows: &[Steps]) -> (Array3<f32>, Array1<i32>) {
    // Sorting by length would save padding, and cost the order of the answers; batches are small.
    let time = windows.iter().map(Steps::len).max().unwrap_or(0);
    let mut steps = Array3::zeros((windows.len(), time, STEP_FEATURES));
    for (mut row, window) in steps.outer_iter_mut().zip(windows) {
        row.slice_mut(s![..window.len(), ..]).assign(&aview2(window.rows()));
    }
    (steps, windows.iter().map(|window| window.len() as i32).collect())
}
