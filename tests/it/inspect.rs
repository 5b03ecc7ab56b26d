//! `mousewarden inspect` on a real file: the text names what matters, the JSON keeps its keys, and
//! a bad file ends with its exit code and a clean standard output.

use crate::sample_model::bundle;
use crate::tools::checkout;
use assert_cmd::Command;

fn inspect(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("mousewarden").unwrap();
    let output = command.arg("inspect").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_model_in_words_and_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("owner.onnx");
    bundle([24, 16], 1).write(&path).unwrap();
    let path = path.to_str().unwrap();

    let (code, text, _) = inspect(&[path]);
    assert_eq!(code, 0);
    for words in
        ["bilstm 24 + 16", "pause 250 ms", "nobody", "*     5", "0.520", "clicks are not judged"]
    {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }

    let (code, json, _) = inspect(&[path, "--json"]);
    assert_eq!(code, 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["contract"], 2);
    assert_eq!(json["hidden"], serde_json::json!([24, 16]));
    assert_eq!(json["windows"]["pause_ms"], 250);
    assert_eq!(json["operating_points"][1]["windows"], 5);
    assert_eq!(json["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn a_backbone_says_whom_it_knows() {
    for (file, people) in [("backbone.onnx", "86 real"), ("benchmark.onnx", "48 real (sapimouse")] {
        let path = checkout("onnx").join(file);
        let (code, text, talk) = inspect(&[path.to_str().unwrap()]);
        assert_eq!(code, 0, "{talk}");
        assert!(text.contains("--backbone FILE") && text.contains(people), "{text}");
        let (_, json, _) = inspect(&[path.to_str().unwrap(), "--json"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let card = std::fs::read_to_string(path.with_extension("md")).unwrap();
        assert!(card.contains(json["sha256"].as_str().unwrap()), "the card of {file} has another");
        assert!(std::fs::metadata(&path).unwrap().len() < 4_000_000, "{file}");
    }
}

#[test]
fn a_bad_file_ends_with_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junk.onnx");
    std::fs::write(&path, "junk").unwrap();
    let (code, text, talk) = inspect(&[path.to_str().unwrap()]);
    assert_eq!((code, text.as_str()), (65, ""));
    assert!(talk.contains("junk.onnx") && talk.contains("is not an ONNX file"), "{talk}");
    let (code, ..) = inspect(&[folder.path().join("none.onnx").to_str().unwrap()]);
    assert_eq!(code, 66);
}
