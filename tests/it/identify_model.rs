//! The identifier's file: the same answers from ONNX Runtime and from the builtin engine, accepted
//! by the reference checker, and refused where it is something else.

use std::process::Command;

use crate::tools::{by_onnxruntime, python};
use mousewarden::model::identifier::{FeatureNames, IdentifierProvenance};
use mousewarden::model::{Bundle, Identifier, LoadedIdentifier, ScorerBackend, ScorerParams};
use mousewarden::nn::mlp::{MlpParams, train};
use serde_json::json;

const FEATURES: usize = 9;

/// Rows of three invented people with features of very different sizes.
fn rows(count: usize) -> (Vec<Vec<f32>>, Vec<usize>) {
    let row = |i: usize| {
        let wave = |k: usize| ((i * (k + 3)) as f32 * 0.7).sin();
        let at = |k: usize| 10_f32.powi(k as i32 - 3) * (wave(k) + 2.0 * (i % 3) as f32);
        ((0..FEATURES).map(at).collect(), i % 3)
    };
    (0..count).map(row).unzip()
}

fn identifier(hidden: &[usize], members: usize, bins: usize) -> Identifier {
    let (rows, classes) = rows(30);
    let hidden = hidden.to_vec();
    let params = MlpParams { hidden, members, bins, epochs: 40, ..Default::default() };
    Identifier {
        mlp: train(&rows, &classes, 3, &params),
        features: FeatureNames {
            set: "invented".into(),
            names: (0..FEATURES).map(|k| format!("feature {k}")).collect(),
            parts: 2,
        },
        labels: ["-2416201411472988629", "Zoë \"Z\"", "c"].map(String::from).to_vec(),
        provenance: IdentifierProvenance {
            trained_by: "a test".into(),
            source: "invented".into(),
            sessions: 30,
            training: json!({ "hidden": params.hidden }),
            macro_f1: None,
            unsure_below: 0.5,
            training_sha256: String::new(),
        },
    }
}

fn params(backend: ScorerBackend) -> ScorerParams {
    match backend {
        ScorerBackend::OnnxRuntime => by_onnxruntime(),
        _ => ScorerParams { backend, ..ScorerParams::default() },
    }
}

fn answers(identifier: &Identifier, backend: ScorerBackend, rows: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let mut loaded = LoadedIdentifier::of(identifier.clone(), &params(backend)).unwrap();
    loaded.probabilities(rows).unwrap()
}

#[test]
fn onnx_runtime_and_the_builtin_engine_agree() {
    let (mut rows, _) = rows(50);
    rows.push(vec![1e30; FEATURES]);
    rows.push(vec![-1e30; FEATURES]);
    for (hidden, members, bins) in [(&[][..], 1, 1), (&[40], 1, 8), (&[17, 40], 3, 4)] {
        let identifier = identifier(hidden, members, bins);
        let one = answers(&identifier, ScorerBackend::OnnxRuntime, &rows);
        let other = answers(&identifier, ScorerBackend::Builtin, &rows);
        assert_eq!(one.len(), rows.len());
        for (a, b) in one.iter().flatten().zip(other.iter().flatten()) {
            assert!((a - b).abs() <= 1e-6, "{hidden:?}: {a} {b}");
        }
        assert!(one.iter().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
    }
}

#[test]
fn a_file_comes_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.onnx");
    for bins in [1, 8] {
        let written = identifier(&[8], 2, bins);
        written.write(&path).unwrap();
        assert_eq!(Identifier::read(&path).unwrap(), written);
    }
}

#[test]
fn what_is_no_such_model_is_refused_and_the_owners_model_reader_refuses_this_one() {
    let good = identifier(&[8], 2, 8);
    let bytes = good.to_bytes().unwrap();
    let refused = |bytes: &[u8]| Identifier::from_bytes(bytes).unwrap_err().to_string();
    assert!(refused(&bytes[..bytes.len() / 2]).contains("truncated"));
    assert!(refused(&[]).contains("empty"));
    let mut fewer = good.clone();
    fewer.labels.pop();
    let fault = fewer.to_bytes().unwrap_err().to_string();
    assert!(fault.contains("2 people") && fault.contains("3 apart"), "{fault}");
    let mut broken = good;
    broken.mlp.members[0][0].weight[3] = f32::NAN;
    assert!(broken.to_bytes().unwrap_err().to_string().contains("finite"));
    let fault = Bundle::from_bytes(&bytes).unwrap_err().to_string();
    assert!(fault.contains("mlp"), "{fault}");
}

#[test]
fn a_graph_that_computes_something_else_is_refused() {
    use mousewarden::model::onnx_proto::ModelProto;
    use prost::Message;
    let bytes = identifier(&[8], 1, 8).to_bytes().unwrap();
    for (from, to) in [("Relu", "Tanh"), ("Gather", "Identity")] {
        let mut model = ModelProto::decode(&bytes[..]).unwrap();
        let nodes = &mut model.graph.as_mut().unwrap().node;
        let node = nodes.iter_mut().find(|node| node.op_type.as_deref() == Some(from)).unwrap();
        node.op_type = Some(to.into());
        let refused = Identifier::from_bytes(&model.encode_to_vec()).unwrap_err().to_string();
        assert!(refused.contains("computes something else"), "{refused}");
        assert!(refused.contains("identify train"), "{refused}");
    }
}

#[test]
fn a_column_of_a_feature_that_is_not_there_is_refused() {
    use mousewarden::model::onnx_proto::ModelProto;
    use prost::Message;
    let mut model = ModelProto::decode(&identifier(&[8], 1, 8).to_bytes().unwrap()[..]).unwrap();
    let weights = &mut model.graph.as_mut().unwrap().initializer;
    let source = weights.iter_mut().find(|one| one.name.as_deref() == Some("scaling.source"));
    source.unwrap().raw_data.as_mut().unwrap()[0] = 99;
    let refused = Identifier::from_bytes(&model.encode_to_vec()).unwrap_err().to_string();
    assert!(refused.contains("do not fit"), "{refused}");
}

#[test]
fn rows_of_another_length_are_refused() {
    let mut loaded =
        LoadedIdentifier::of(identifier(&[4], 1, 1), &params(ScorerBackend::Builtin)).unwrap();
    let refused = loaded.probabilities(&[vec![0.0; FEATURES + 1]]).unwrap_err().to_string();
    assert!(refused.contains("takes 9 features, a session has 10"), "{refused}");
}

#[test]
fn the_reference_checker_accepts_it_and_onnx_runtime_agrees_from_python() {
    let python = python("onnx, onnxruntime");
    let folder = tempfile::tempdir().unwrap();
    let (model, cases) = (folder.path().join("people.onnx"), folder.path().join("cases.json"));
    let identifier = identifier(&[17, 40], 3, 8);
    identifier.write(&model).unwrap();
    let (rows, _) = rows(12);
    let expected = answers(&identifier, ScorerBackend::Builtin, &rows);
    std::fs::write(&cases, json!({ "rows": rows, "probabilities": expected }).to_string()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/check_identifier.py");
    let output = Command::new(&python).arg(script).args([&model, &cases]).output().unwrap();
    let talk = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{talk}");
    assert_eq!(talk.matches("ok: ").count(), 4, "{talk}");
}
