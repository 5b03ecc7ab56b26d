//! `mousewarden adaptation` with the real program: what was learnt is listed, taken back, and
//! forgotten even when its file is damaged.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::sample_model;
use mousewarden::agent::model_versions::ModelVersions;
use mousewarden::data::Store;
use mousewarden::model::Bundle;
use mousewarden::pipeline::Adapted;

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// With this model.
    fn with(model: &Bundle) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        model.write(&home.store().model()).unwrap();
        fs::write(home.path("config.toml"), "").unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn store(&self) -> Store {
        Store::open(self.path("data")).unwrap()
    }

    /// Learns so many versions, each a little farther off.
    fn learn(&self, versions: usize) {
        let (store, anchor) =
            (self.store(), sample_model::conv_bundle(&[(3, 4)], 1).owner_model.unwrap());
        let mut adaptation =
            ModelVersions::open(&store.adaptation(), &store.model(), &anchor).unwrap();
        for number in 1..=versions {
            let mut adapted = Adapted::enrolled(&anchor);
            adapted.owner.mean[0] += 0.1 * number as f32;
            adaptation.add(adapted, format!("2026-03-0{number}T10:00:00Z")).unwrap();
        }
    }

    fn call(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
        command.arg("adaptation").args(arguments);
        command.env("MOUSEWARDEN_CONFIG", self.path("config.toml"));
        command.env("MOUSEWARDEN_DATA", self.path("data"));
        command.env("XDG_RUNTIME_DIR", self.folder.path());
        command.output().unwrap()
    }

    fn says(&self, arguments: &[&str]) -> String {
        crate::program::said(self.call(arguments))
    }

    fn refusal(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.call(arguments);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

fn by_embedding() -> Home {
    Home::with(&sample_model::conv_bundle(&[(3, 4)], 1))
}

#[test]
fn versions_are_listed_and_taken_back() {
    let home = by_embedding();
    assert!(home.says(&[]).contains("No adaptation"));
    home.learn(3);
    let listed = home.says(&[]);
    assert!(listed.contains("2026-03-02T10:00:00Z") && listed.contains("Version 3"), "{listed}");
    assert!(!listed.contains("--again"), "it may go on: {listed}");
    let rows: serde_json::Value = serde_json::from_str(&home.says(&["--json"])).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert!(home.says(&["rollback", "1"]).contains("Back at version 1"));
    assert!(home.says(&[]).contains("Version 1 is in force"));
    let (code, said) = home.refusal(&["rollback", "3"]);
    assert!(code == Some(78) && said.contains("no version 3"), "{code:?} {said}");
    home.says(&["rollback", "0"]);
    assert!(home.says(&[]).contains("No adaptation"));
}

#[test]
fn a_damaged_file_is_refused_and_can_be_forgotten() {
    let home = by_embedding();
    home.learn(1);
    fs::write(home.store().adaptation(), "{").unwrap();
    let (code, said) = home.refusal(&[]);
    assert!(code == Some(65) && said.contains("adaptation forget"), "{code:?} {said}");
    home.says(&["forget"]);
    assert!(home.says(&[]).contains("No adaptation"));
    home.says(&["forget"]);
}

#[test]
fn a_model_that_learns_nothing_says_so() {
    let home = Home::with(&sample_model::bundle([2, 2], 1));
    let (code, said) = home.refusal(&[]);
    assert!(code == Some(78) && said.contains("learns nothing"), "{code:?} {said}");
}
