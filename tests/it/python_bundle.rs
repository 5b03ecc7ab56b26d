//! The reference implementations judge what this program writes: `onnx.checker`, strict shape
//! inference, and ONNX Runtime from Python on the same windows.

use std::fs;
use std::process::Command;

use crate::sample_model::{bundle, conv_bundle, windows};
use crate::tools::python;
use mousewarden::model::{LoadedScorer, ScorerBackend, ScorerParams};
use mousewarden::pipeline::{Scorer, Steps, WindowScore};
use serde_json::json;

#[test]
fn the_reference_implementations_accept_the_file_and_agree_on_the_scores() {
    let python = python("onnx, onnxruntime");
    let folder = tempfile::tempdir().unwrap();
    let recurrent = [[1, 1], [5, 7], [24, 16], [64, 64]].map(|hidden| bundle(hidden, 1));
    let layers: [&[(usize, usize)]; 2] = [&[(25, 64)], &[(5, 24), (3, 33)]];
    let bundles = recurrent.into_iter().chain(layers.map(|layers| conv_bundle(layers, 1)));
    for (seed, bundle) in (1..).zip(bundles) {
        let what = (bundle.network.architecture(), bundle.network.widths());
        let (model, cases) = (folder.path().join("model.onnx"), folder.path().join("cases.json"));
        bundle.write(&model).unwrap();
        let windows = windows(&[5, 128, 1, 25, 60, 7], seed);
        let params = ScorerParams { backend: ScorerBackend::Builtin, ..ScorerParams::default() };
        let scores = LoadedScorer::open(&model, &params).unwrap().score(&windows).unwrap();
        let case = |(window, seen): (&Steps, &WindowScore)| json!({ "steps": window.rows(), "score": seen.score, "embedding": seen.embedding });
        let all: Vec<_> = windows.iter().zip(&scores).map(case).collect();
        fs::write(&cases, json!(all).to_string()).unwrap();

        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/check_bundle.py");
        let output = Command::new(&python).arg(script).args([&model, &cases]).output().unwrap();
        let talk = [output.stdout, output.stderr].concat();
        let talk = String::from_utf8_lossy(&talk);
        assert!(output.status.success(), "{what:?}:\n{talk}");
        let checks = if bundle.owner_model.is_some() { 11 } else { 10 };
        assert_eq!(talk.matches("ok: ").count(), checks, "{talk}");
        println!("{what:?}:\n{talk}");
    }
}
