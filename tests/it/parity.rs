//! One file, one score: ONNX Runtime, the builtin scorer and the definition agree on random
//! networks and windows of every length, alone and in batches.

use crate::reference;
use crate::sample_model::{bundle, conv_bundle, windows};
use crate::tools::{by_onnxruntime, onnxruntime};
use mousewarden::model::{Bundle, LoadedScorer, ScorerBackend, ScorerParams};
use mousewarden::nn::Network;
use mousewarden::pipeline::{Scorer, Steps, grouped};
use proptest::prelude::*;

const LENGTHS: [usize; 19] = [5, 1, 40, 2, 128, 7, 25, 25, 64, 3, 17, 100, 9, 31, 6, 11, 90, 1, 33];

/// Hidden sizes that are multiples of no vector width, of some, and of all.
const SHAPES: [[usize; 2]; 4] = [[1, 1], [5, 7], [24, 16], [64, 64]];

fn scorer(bundle: &Bundle, backend: ScorerBackend) -> LoadedScorer {
    let params = match backend {
        ScorerBackend::Builtin => ScorerParams { backend, ..ScorerParams::default() },
        _ => ScorerParams { backend, ..by_onnxruntime() },
    };
    LoadedScorer::of(bundle, &params).unwrap()
}

fn scores(scorer: &mut LoadedScorer, windows: &[Steps]) -> Vec<f32> {
    scorer.score(windows).unwrap().iter().map(|seen| seen.score.get()).collect()
}

fn assert_close(left: &[f32], right: &[f32], tolerance: f32) {
    assert_eq!(left.len(), right.len());
    for (index, (l, r)) in left.iter().zip(right).enumerate() {
        assert!((l - r).abs() <= tolerance, "window {index}: {l} and {r}");
    }
}

fn recurrent(bundle: &Bundle) -> &Network {
    bundle.network.as_bilstm().unwrap()
}

fn by_definition(bundle: &Bundle, windows: &[Steps]) -> Vec<f32> {
    let score = |w: &Steps| reference::probability(recurrent(bundle), w.rows()) as f32;
    windows.iter().map(score).collect()
}

#[test]
fn onnx_runtime_computes_the_network() {
    for (seed, shape) in (1..).zip(SHAPES) {
        let (bundle, windows) = (bundle(shape, seed), windows(&LENGTHS, seed));
        let mut scorer = scorer(&bundle, ScorerBackend::OnnxRuntime);
        assert_eq!(scorer.report().backend, ScorerBackend::OnnxRuntime);
        assert_close(&scores(&mut scorer, &windows), &by_definition(&bundle, &windows), 2e-6);
    }
}

#[test]
fn the_builtin_scorer_computes_the_network() {
    for (seed, shape) in (1..).zip(SHAPES) {
        let (bundle, windows) = (bundle(shape, seed), windows(&LENGTHS, seed));
        let mut scorer = scorer(&bundle, ScorerBackend::Builtin);
        assert_close(&scores(&mut scorer, &windows), &by_definition(&bundle, &windows), 2e-6);
    }
}

#[test]
fn the_two_scorers_agree() {
    for (seed, shape) in (11..).zip(SHAPES) {
        let bundle = bundle(shape, seed);
        let windows = windows(&LENGTHS, seed);
        let [mut onnx, mut builtin] = [ScorerBackend::OnnxRuntime, ScorerBackend::Builtin]
            .map(|backend| scorer(&bundle, backend));
        assert_close(&scores(&mut onnx, &windows), &scores(&mut builtin, &windows), 1e-6);
    }
}

/// Layers of the convolutional architecture: few channels and many, one layer and several.
const LAYERS: [&[(usize, usize)]; 4] =
    [&[(1, 1)], &[(5, 7)], &[(25, 128)], &[(5, 24), (3, 16), (3, 33)]];

#[test]
fn the_two_scorers_agree_on_convolutions() {
    for (seed, layers) in (21..).zip(LAYERS) {
        let bundle = conv_bundle(layers, seed);
        let windows = windows(&LENGTHS, seed);
        let [onnx, builtin] = [ScorerBackend::OnnxRuntime, ScorerBackend::Builtin]
            .map(|backend| scorer(&bundle, backend).score(&windows).unwrap());
        for (left, right) in onnx.iter().zip(&builtin) {
            assert_eq!(left.embedding.len(), bundle.network.embedding().unwrap().count());
            assert_close(&left.embedding, &right.embedding, 1e-5);
        }
        let owner_model = bundle.owner_model.as_ref();
        let together = [&onnx, &builtin].map(|seen| grouped(owner_model, seen.iter()).unwrap());
        assert!((together[0] - together[1]).abs() < 1e-5, "{together:?}");
        let [onnx, builtin] = [onnx, builtin]
            .map(|seen| seen.iter().map(|seen| seen.score.get()).collect::<Vec<f32>>());
        assert_close(&onnx, &builtin, 1e-6);
        let (least, most) = onnx.iter().fold((1.0_f32, 0.0_f32), |(l, m), &s| (l.min(s), m.max(s)));
        assert!(most - least > 0.1, "{least}..{most}");
    }
}

#[test]
fn convolutions_come_back_as_they_were_written_and_no_other_graph_does() {
    let bytes = conv_bundle(LAYERS[3], 6).to_bytes().unwrap();
    let read = Bundle::from_bytes(&bytes).unwrap();
    assert_eq!(read.to_bytes().unwrap(), bytes);
    let claims = |architecture: &str, other: &str| {
        let text = |name: &str| format!("\"{name}\"").into_bytes();
        let (from, to) = (text(architecture), text(other));
        let at = bytes.windows(from.len()).position(|part| part == from).unwrap();
        let mut bytes = bytes.clone();
        bytes.splice(at..at + from.len(), to);
        Bundle::from_bytes(&bytes)
    };
    assert!(claims("conv", "cone").is_err());
}

/// How many times the effect of one rounding the two may lie apart: they round at every step.
const ROUNDINGS: f32 = 4.0;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_two_scorers_agree_on_any_network(
        hidden in [1..40_usize, 1..40],
        lengths in prop::collection::vec(1..200_usize, 1..20),
        seed: u64,
    ) {
        let (bundle, windows) = (bundle(hidden, seed), windows(&lengths, seed));
        let [onnx, builtin] = [ScorerBackend::OnnxRuntime, ScorerBackend::Builtin]
            .map(|backend| scores(&mut scorer(&bundle, backend), &windows));
        for ((window, left), right) in windows.iter().zip(onnx).zip(builtin) {
            let bound = 1e-6 + ROUNDINGS * reference::rounding(recurrent(&bundle), window.rows());
            prop_assert!((left - right).abs() <= bound, "{left} and {right}, allowed {bound}");
        }
    }
}

#[test]
fn the_scores_of_a_window_do_not_depend_on_its_neighbours() {
    let (bundle, windows) = (bundle([24, 16], 5), windows(&LENGTHS, 5));
    for backend in [ScorerBackend::Auto, ScorerBackend::Builtin] {
        let mut scorer = scorer(&bundle, backend);
        let together = scores(&mut scorer, &windows);
        let alone = |window: &Steps| scores(&mut scorer, std::slice::from_ref(window))[0];
        assert_close(&together, &windows.iter().map(alone).collect::<Vec<_>>(), 1e-6);
    }
}

#[test]
fn one_process_holds_one_library() {
    let library = onnxruntime();
    let bundle = bundle([5, 7], 8);
    scorer(&bundle, ScorerBackend::OnnxRuntime);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join(library.file_name().unwrap());
    std::fs::copy(&library, &copy).unwrap();

    let named = ScorerParams { library: Some(copy), ..by_onnxruntime() };
    let failure = LoadedScorer::of(&bundle, &named).unwrap_err();
    assert!(failure.to_string().contains("Restart mousewarden"), "{failure}");
    let scorer =
        LoadedScorer::of(&bundle, &ScorerParams { backend: ScorerBackend::Auto, ..named }).unwrap();
    assert_eq!(scorer.report().backend, ScorerBackend::Builtin);

    let search = vec![folder.path().to_path_buf()];
    let params = ScorerParams { search, library: None, ..by_onnxruntime() };
    let found = LoadedScorer::of(&bundle, &params).unwrap();
    assert_eq!(found.report().library.as_ref(), Some(&library));
}

#[test]
fn a_file_that_is_read_and_written_again_stays_the_same() {
    let written = bundle([24, 16], 6).to_bytes().unwrap();
    let read = Bundle::from_bytes(&written).unwrap();
    assert_eq!(read.to_bytes().unwrap(), written);
    assert_eq!(Bundle::from_bytes(&read.to_bytes().unwrap()).unwrap(), read);
}

#[test]
fn scores_spread_out_so_that_the_comparisons_mean_something() {
    let (bundle, windows) = (bundle([64, 64], 4), windows(&LENGTHS, 4));
    let scores = by_definition(&bundle, &windows);
    let (least, most) = scores.iter().fold((1.0_f32, 0.0_f32), |(l, m), &s| (l.min(s), m.max(s)));
    assert!(most - least > 0.1, "{least}..{most}");
}

#[test]
fn a_window_without_steps_is_an_error_not_a_score() {
    for backend in [ScorerBackend::Auto, ScorerBackend::Builtin] {
        let mut scorer = scorer(&bundle([5, 7], 7), backend);
        let error = scorer.score(&[Steps::default()]).unwrap_err();
        assert!(error.to_string().contains("without steps"), "{error}");
        assert!(scorer.score(&[]).unwrap().is_empty());
    }
}
