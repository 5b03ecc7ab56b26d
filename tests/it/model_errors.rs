//! Bad models and bad libraries: each is told apart, in one sentence with a remedy and its exit
//! code, and none of them ends the process. No real library is opened in this process, because a
//! second one would come too late.

use std::fs;
use std::path::{Path, PathBuf};

use crate::alone::alone;
use crate::sample_model::bundle;
use mousewarden::error::{Failure, FailureKind};
use mousewarden::model::onnx_proto::{ModelProto, StringStringEntryProto, TensorProto};
use mousewarden::model::{Bundle, LibraryHash, LoadedScorer, ScorerBackend, ScorerParams};
use proptest::prelude::*;
use prost::Message;
use tempfile::TempDir;

fn sample() -> Bundle {
    bundle([5, 7], 1)
}

fn file_of(bundle: &Bundle) -> ModelProto {
    ModelProto::decode(&bundle.to_bytes().unwrap()[..]).unwrap()
}

/// The refusal of a sample file after a change.
fn refused(change: impl FnOnce(&mut ModelProto)) -> Failure {
    let mut model = file_of(&sample());
    change(&mut model);
    Bundle::from_bytes(&model.encode_to_vec()).unwrap_err()
}

fn assert_says(failure: &Failure, kind: FailureKind, words: &[&str]) {
    let text = failure.to_string();
    assert_eq!(failure.kind(), kind, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
    assert!(text.lines().count() == 2 && text.ends_with('.'), "no remedy: {text}");
}

fn entry<'m>(model: &'m mut ModelProto, key: &str) -> &'m mut StringStringEntryProto {
    let mut entries = model.metadata_props.iter_mut();
    entries.find(|entry| entry.key.as_deref() == Some(key)).unwrap()
}

fn set(model: &mut ModelProto, key: &str, value: &str) {
    entry(model, key).value = Some(value.into());
}

fn weights<'m>(model: &'m mut ModelProto, name: &str) -> &'m mut TensorProto {
    let mut all = model.graph.as_mut().unwrap().initializer.iter_mut();
    all.find(|tensor| tensor.name.as_deref() == Some(name)).unwrap()
}

#[test]
fn a_truncated_file() {
    let bytes = sample().to_bytes().unwrap();
    for end in [2, 40, bytes.len() / 2, bytes.len() - 1] {
        let failure = Bundle::from_bytes(&bytes[..end]).unwrap_err();
        assert_says(&failure, FailureKind::Data, &["is truncated", &end.to_string(), "train"]);
    }
}

#[test]
fn an_empty_file_and_files_of_other_kinds() {
    assert_says(&Bundle::from_bytes(&[]).unwrap_err(), FailureKind::Data, &["is empty"]);
    for junk in [&b"#!/bin/sh\necho model\n"[..], b"\x89PNG\r\n\x1a\n", b"PK\x03\x04rest of a zip"]
    {
        let failure = Bundle::from_bytes(junk).unwrap_err();
        assert_says(&failure, FailureKind::Data, &["is not an ONNX file"]);
    }
}

#[test]
fn every_prefix_of_a_file_is_refused() {
    let bytes = sample().to_bytes().unwrap();
    for end in 0..bytes.len() {
        assert!(Bundle::from_bytes(&bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
    }
}

proptest! {
    #[test]
    fn a_damaged_file_never_ends_the_process(at in any::<prop::sample::Index>(), value: u8) {
        let mut bytes = sample().to_bytes().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(bundle) = Bundle::from_bytes(&bytes) {
            bundle.validate().unwrap();
        }
    }
}

#[test]
fn a_foreign_model() {
    let failure = refused(|model| {
        model.metadata_props.clear();
        model.producer_name = Some("pytorch".into());
    });
    assert_says(&failure, FailureKind::Data, &["by pytorch", "mousewarden.contract", "train"]);
}

#[test]
fn another_contract() {
    let newer = refused(|model| set(model, "mousewarden.contract", "3"));
    assert_says(&newer, FailureKind::Data, &["contract 3", "contract 2", "Update mousewarden"]);
    let older = refused(|model| set(model, "mousewarden.contract", "1"));
    assert_says(&older, FailureKind::Data, &["contract 1", "contract 2", "`mousewarden --enroll`"]);
}

#[test]
fn missing_and_unreadable_metadata() {
    for key in ["architecture", "windows", "operating_points", "default_group", "provenance"] {
        let key = format!("mousewarden.{key}");
        let missing = refused(|model| {
            model.metadata_props.retain(|entry| entry.key.as_deref() != Some(&key));
        });
        assert_says(&missing, FailureKind::Data, &["lacks", &key]);
        let unreadable = refused(|model| set(model, &key, "{"));
        assert_says(&unreadable, FailureKind::Data, &[&key, "cannot be read"]);
    }
}

#[test]
fn window_parameters_of_a_newer_build_or_beyond_reason() {
    let unknown = r#"{"pause_ms":250,"min_steps":5,"max_steps":128,"thin_ms":6,"smooth_ms":3}"#;
    let failure = refused(|model| set(model, "mousewarden.windows", unknown));
    assert_says(&failure, FailureKind::Data, &["mousewarden.windows", "smooth_ms"]);
    let absurd = r#"{"pause_ms":250,"min_steps":5,"max_steps":1000000000,"thin_ms":6}"#;
    let failure = refused(|model| set(model, "mousewarden.windows", absurd));
    assert_says(&failure, FailureKind::Data, &["max_steps = 1000000000", "4096"]);
}

#[test]
fn operating_points_that_nobody_can_decide_by() {
    let failure = refused(|model| set(model, "mousewarden.operating_points", "[]"));
    assert_says(&failure, FailureKind::Data, &["no operating points"]);
    let failure = refused(|model| set(model, "mousewarden.default_group", "3"));
    assert_says(&failure, FailureKind::Data, &["default_group = 3"]);
    let mut bundle = sample();
    bundle.operating_points[1].threshold = f32::NAN;
    assert_says(&bundle.to_bytes().unwrap_err(), FailureKind::Data, &["threshold", "0..=1"]);
    let mut bundle = sample();
    bundle.operating_points.reverse();
    assert_says(&bundle.validate().unwrap_err(), FailureKind::Data, &["ascending order"]);
}

#[test]
fn weights_that_are_no_numbers_or_of_another_shape() {
    let failure = refused(|model| {
        let raw = weights(model, "second.r").raw_data.as_mut().unwrap();
        raw[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert_says(&failure, FailureKind::Data, &["second layer", "finite"]);
    let failure = refused(|model| weights(model, "first.w").dims[2] = 4);
    assert_says(&failure, FailureKind::Data, &["first.w", "4"]);
    let failure = refused(|model| weights(model, "first.r").dims[2] = i64::MAX);
    assert_says(&failure, FailureKind::Data, &["first.r"]);
    let mut bundle = sample();
    bundle.network.head_mut().bias = f32::INFINITY;
    assert_says(&bundle.to_bytes().unwrap_err(), FailureKind::Data, &["head"]);
}

#[test]
fn another_graph_says_where_it_differs() {
    let failure = refused(|model| {
        model.graph.as_mut().unwrap().node[1].op_type = Some("Tanh".into());
    });
    assert_says(&failure, FailureKind::Data, &["node 1 is Tanh(scaled) instead of Asinh(scaled)"]);
    let failure = refused(|model| weights(model, "norm.offset").name = Some("offset".into()));
    assert_says(&failure, FailureKind::Data, &["no weights named norm.offset"]);
    let failure = refused(|model| drop(model.graph.as_mut().unwrap().node.pop()));
    assert_says(&failure, FailureKind::Data, &["it has 14 nodes instead of 15"]);
    let failure = refused(|model| set(model, "mousewarden.architecture", "\"transformer\""));
    assert_says(&failure, FailureKind::Data, &["transformer"]);
    let failure = refused(|model| model.opset_import[0].version = Some(23));
    assert_says(&failure, FailureKind::Data, &["operator sets [23] instead of 8 and [17]"]);
}

#[test]
fn paths_that_are_no_model_files() {
    let folder = TempDir::new().unwrap();
    let failure = Bundle::read(folder.path()).unwrap_err();
    assert_says(&failure, FailureKind::Data, &[folder.path().to_str().unwrap(), "is not a file"]);
    let failure = Bundle::read(&folder.path().join("none.onnx")).unwrap_err();
    assert_says(&failure, FailureKind::NoInput, &["none.onnx", "--enroll"]);
}

#[test]
fn writing_replaces_a_whole_file_for_its_owner_only() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("owner.onnx");
    fs::write(&path, "old").unwrap();
    let bundle = Bundle::from_bytes(&sample().to_bytes().unwrap()).unwrap();
    bundle.write(&path).unwrap();
    assert_eq!(Bundle::read(&path).unwrap(), bundle);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let failure = bundle.write(&folder.path().join("no/folder.onnx")).unwrap_err();
    assert!(failure.to_string().contains("no/folder.onnx"), "{failure}");
}

fn open(
    backend: ScorerBackend,
    library: Option<PathBuf>,
    search: Vec<PathBuf>,
) -> Result<LoadedScorer, Failure> {
    let library_sha256 = library.as_deref().and_then(|path| LibraryHash::of(path).ok());
    let params = ScorerParams { backend, library, library_sha256, search };
    LoadedScorer::of(&sample(), &params)
}

fn library_refused(path: &Path) -> Failure {
    open(ScorerBackend::OnnxRuntime, Some(path.into()), vec![]).unwrap_err()
}

/// A library with ONNX Runtime's entry point that claims a version and has no interface.
#[cfg(target_os = "linux")]
fn pretender(folder: &Path, name: &str, version: &str) -> PathBuf {
    let (source, library) = (folder.join("pretender.c"), folder.join(name));
    let code = format!(
        "static const void *api(unsigned v) {{ (void)v; return 0; }}\n\
         static const char *version(void) {{ return \"{version}\"; }}\n\
         static const struct {{ const void *(*a)(unsigned); const char *(*v)(void); }} base = {{ api, version }};\n\
         const void *OrtGetApiBase(void) {{ return &base; }}\n"
    );
    fs::write(&source, code).unwrap();
    let mut compiler = std::process::Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).args([&library, &source]);
    assert!(compiler.status().unwrap().success());
    library
}

#[test]
fn a_missing_junk_or_relative_library() {
    if !alone("model_errors::a_missing_junk_or_relative_library") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let failure = library_refused(&folder.path().join("none.so"));
    assert_says(&failure, FailureKind::NoInput, &["none.so", "fetch-onnxruntime.sh"]);
    let junk = folder.path().join("junk.so");
    fs::write(&junk, "not a library").unwrap();
    assert_says(&library_refused(&junk), FailureKind::Unavailable, &["is not a library at all"]);
    assert_says(&library_refused(folder.path()), FailureKind::Unavailable, &["is not a file"]);
    let failure = library_refused(Path::new("libonnxruntime.so"));
    assert_says(&failure, FailureKind::Config, &["absolute path"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_cut_short_or_for_another_processor() {
    if !alone("model_errors::a_library_cut_short_or_for_another_processor") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let whole = fs::read(pretender(folder.path(), "whole.so", "1.28.0")).unwrap();
    let short = folder.path().join("short.so");
    fs::write(&short, &whole[..whole.len() / 2]).unwrap();
    assert_says(&library_refused(&short), FailureKind::Unavailable, &["is truncated"]);
    let mut foreign = whole;
    foreign[18] = if cfg!(target_arch = "x86_64") { 183 } else { 62 };
    let path = folder.path().join("foreign.so");
    fs::write(&path, foreign).unwrap();
    assert_says(&library_refused(&path), FailureKind::Unavailable, &["is for", "this is"]);
}

#[cfg(target_os = "linux")]
#[test]
fn another_library_and_versions_that_cannot_be_used() {
    if !alone("model_errors::another_library_and_versions_that_cannot_be_used") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let other = folder.path().join("other.so");
    fs::write(folder.path().join("other.c"), "int answer(void) { return 42; }\n").unwrap();
    let mut compiler = std::process::Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&other).arg(folder.path().join("other.c"));
    assert!(compiler.status().unwrap().success());
    assert_says(&library_refused(&other), FailureKind::Unavailable, &["is another library"]);

    let claims = |name: &str, version| library_refused(&pretender(folder.path(), name, version));
    assert_says(
        &claims("old.so", "1.16.3"),
        FailureKind::Unavailable,
        &["1.16.3", "older than 1.17"],
    );
    assert_says(&claims("odd.so", "2.0.0"), FailureKind::Unavailable, &["unknown version"]);
    // Named with its hash, a later release is let in; this one then has nothing to offer.
    let failure = claims("new.so", "1.30.0");
    assert_says(&failure, FailureKind::Unavailable, &["1.30.0 without interface 17"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_that_is_not_known_is_never_opened() {
    if !alone("model_errors::a_library_that_is_not_known_is_never_opened") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let library = pretender(folder.path(), mousewarden::model::library_names()[0], "1.28.0");
    let search = vec![folder.path().to_path_buf()];
    let failure = open(ScorerBackend::OnnxRuntime, None, search.clone()).unwrap_err();
    assert_says(&failure, FailureKind::Unavailable, &["none that is known", "library_sha256 = "]);
    let backend = ScorerBackend::OnnxRuntime;
    let named = ScorerParams { backend, library: Some(library), ..ScorerParams::default() };
    let failure = LoadedScorer::of(&sample(), &named).unwrap_err();
    assert_says(&failure, FailureKind::Unavailable, &["none that is known", "library_sha256 = "]);
    let scorer = open(ScorerBackend::Auto, None, search).unwrap();
    assert_eq!(scorer.report().backend, ScorerBackend::Builtin);
    assert!(scorer.report().note.as_ref().unwrap().contains("its SHA-256 is"));
}

#[test]
fn auto_falls_back_for_the_library_but_never_for_the_model() {
    if !alone("model_errors::auto_falls_back_for_the_library_but_never_for_the_model") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let scorer = open(ScorerBackend::Auto, None, vec![folder.path().into()]).unwrap();
    let report = scorer.report();
    assert_eq!((report.backend, &report.library), (ScorerBackend::Builtin, &None));
    let note = report.note.as_ref().unwrap();
    assert!(note.contains(folder.path().to_str().unwrap()) && !note.contains('\n'), "{note}");

    let path = folder.path().join("broken.onnx");
    fs::write(&path, &sample().to_bytes().unwrap()[..500]).unwrap();
    let failure = LoadedScorer::open(&path, &ScorerParams::default()).unwrap_err();
    assert_says(&failure, FailureKind::Data, &["broken.onnx", "is truncated"]);
}

#[test]
fn the_scorer_can_move_to_the_thread_that_scores() {
    fn assert_send<T: Send>() {}
    assert_send::<LoadedScorer>();
}

#[test]
fn no_flipped_bit_of_weights_or_entries_passes() {
    let good = bundle([16, 16], 7).to_bytes().unwrap();
    Bundle::from_bytes(&good).unwrap();
    let mut state = 5_u64;
    let mut passed = Vec::new();
    for _ in 0..400 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let bit = usize::try_from(state >> 33).unwrap() % (good.len() * 8);
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if Bundle::from_bytes(&bytes).is_ok() {
            passed.push(bit / 8);
        }
    }
    // The name of the program that wrote it is not sealed, nor is the seal's own name.
    assert!(passed.len() <= 2, "{passed:?} of {} bytes", good.len());
}

#[test]
fn a_file_of_before_the_seal_is_read() {
    let good = bundle([16, 16], 7).to_bytes().unwrap();
    let mut model = ModelProto::decode(&*good).unwrap();
    let before = model.metadata_props.len();
    model.metadata_props.retain(|entry| entry.key.as_deref() != Some("mousewarden.sha256"));
    assert_eq!(model.metadata_props.len(), before - 1);
    Bundle::from_bytes(&model.encode_to_vec()).unwrap();
}
