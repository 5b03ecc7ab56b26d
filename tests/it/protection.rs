//! What lies in the owner's folder is sealed, opens for its owner without a word, and for nobody who
//! has not the key; with the real program.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use mousewarden::agent::model_versions::ModelVersions;
use mousewarden::data::{Header, RecordingWriter, Store};
use mousewarden::pipeline::Adapted;
use mousewarden::sealing::is_sealed;
use serde_json::Value;

use crate::{hand, sample_model};

struct Home(tempfile::TempDir);

impl Home {
    /// With a model, a recording, what was learnt and marks, all in the clear, as earlier versions
    /// left them.
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let store = home.store();
        let bundle = sample_model::conv_bundle(&[(3, 4)], 1);
        bundle.write(&store.model()).unwrap();
        drop(store.record(&Header { capture: "test".into(), started_unix_s: 7 }).unwrap());
        let anchor = bundle.owner_model.unwrap();
        let mut versions =
            ModelVersions::open(&store.adaptation(), &store.model(), &anchor).unwrap();
        versions.add(Adapted::enrolled(&anchor), "2026-03-01T10:00:00Z".into()).unwrap();
        fs::write(store.later_movement(), r#"{"key":[1,2],"marks":"000000000a"}"#).unwrap();
        let text = "[decision]\nmax_action = \"log\"\n[model]\nbackend = \"builtin\"\n[record]\nenabled = true\n";
        fs::write(home.path("config.toml"), text).unwrap();
        hand::record(&home.path("hand.csv"), 3000);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self) -> Store {
        Store::open(self.path("data")).unwrap()
    }

    fn call(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
        command.args(arguments).env("MOUSEWARDEN_CONFIG", self.path("config.toml"));
        command.env("MOUSEWARDEN_DATA", self.path("data")).env("HOME", self.path("home"));
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command.env_remove("DISPLAY").stdin(Stdio::null()).output().unwrap()
    }

    fn says(&self, arguments: &[&str]) -> String {
        crate::program::said(self.call(arguments))
    }

    fn refusal(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.call(arguments);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// An agent that watches a recording to its end.
    fn watch(&self) {
        self.says(&["run", "--fast", "--source", self.path("hand.csv").to_str().unwrap()]);
    }

    /// Recordings are sealed behind the watch's back, which may end before.
    fn watch_until_all_is_sealed(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        self.watch();
        while !self.sealed().iter().all(|sealed| *sealed) {
            assert!(Instant::now() < deadline, "{:?}", self.files());
            self.watch();
        }
    }

    /// Verdicts on the recording, as lines of JSON.
    fn verdicts(&self, recording: &Path) -> String {
        self.says(&["replay", "--json", recording.to_str().unwrap()])
    }

    fn key(&self) -> PathBuf {
        let mut keys = fs::read_dir(self.path("data-keys")).unwrap();
        let key = keys.next().unwrap().unwrap().path();
        assert!(keys.next().is_none(), "one key");
        key
    }

    /// The personal files below the data folder.
    fn files(&self) -> Vec<PathBuf> {
        let store = self.store();
        let recordings = [store.recordings(), self.path("data/watched/recordings")];
        let recordings = recordings.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        let recordings = recordings.map(|entry| entry.unwrap().path());
        let small = [store.model(), store.adaptation(), store.later_movement()];
        small.into_iter().chain(recordings).collect()
    }

    fn sealed(&self) -> Vec<bool> {
        self.files().iter().map(|file| is_sealed(&fs::read(file).unwrap())).collect()
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn an_agents_start_seals_what_lies_in_the_clear_and_nothing_else_changes() {
    let home = Home::new();
    let model = fs::read(home.store().model()).unwrap();
    let inspected = home.says(&["inspect", home.store().model().to_str().unwrap()]);
    let verdicts = home.verdicts(&home.path("hand.csv"));
    assert!(verdicts.lines().count() > 3, "{verdicts}");
    home.watch_until_all_is_sealed();
    assert!(home.files().len() >= 5);
    for file in home.files().iter().chain([&home.key()]) {
        assert_eq!(mode(file), 0o600, "{file:?}");
        assert_eq!(mode(file.parent().unwrap()), 0o700, "{file:?}");
    }
    // Bit for bit, and without the person doing anything.
    assert_eq!(home.verdicts(&home.path("hand.csv")), verdicts);
    let inspected_now = home.says(&["inspect", home.store().model().to_str().unwrap()]);
    assert_eq!(inspected_now, inspected);
    assert!(home.says(&["adaptation"]).contains("2026-03-01T10:00:00Z"));
    let watched = fs::read_dir(home.path("data/watched/recordings")).unwrap().next().unwrap();
    assert_eq!(home.verdicts(&watched.unwrap().path()), verdicts);
    let copy = crate::program::exported(&home.path("data"));
    assert_eq!(fs::read(copy.path().join("copy/owner.onnx")).unwrap(), model);
    assert!(!copy.path().join("copy/key.json").exists());
    let doctor = String::from_utf8(home.call(&["doctor"]).stdout).unwrap();
    let key = home.key().display().to_string();
    assert!(doctor.contains(&key), "{doctor}");
    let privacy = home.says(&["privacy", "--json"]);
    let mut parts = privacy.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(parts.any(|part| part["part"] == "key" && part["path"] == key.as_str()), "{privacy}");
}

#[test]
fn nothing_opens_without_its_key_and_every_refusal_says_what_to_do() {
    let home = Home::new();
    home.watch_until_all_is_sealed();
    let model = home.store().model();
    let key = home.key();
    let secret = fs::read_to_string(&key).unwrap();
    let good = fs::read(&model).unwrap();
    let adaptation = fs::read(home.store().adaptation()).unwrap();
    let refused = |why: &str| {
        let (code, said) = home.refusal(&["inspect", model.to_str().unwrap()]);
        assert!(
            code == Some(65) && said.contains(why) && said.contains("--enroll"),
            "{code:?} {said}"
        );
    };
    let mut changed = good.clone();
    changed[good.len() / 2] ^= 4;
    for (bytes, why) in [
        (&changed, "changed or damaged"),
        (&good[..good.len() - 1].to_vec(), "truncated"),
        (&adaptation, "sealed as adaptations, not as a model"),
    ] {
        fs::write(&model, bytes).unwrap();
        refused(why);
    }
    fs::write(&model, &good).unwrap();
    fs::write(&key, "00".repeat(32)).unwrap();
    refused("another one lies in its place");
    fs::remove_file(&key).unwrap();
    refused("it is not in");
    let source = home.path("hand.csv");
    let (code, said) = home.refusal(&["run", "--fast", "--source", source.to_str().unwrap()]);
    assert!(code == Some(65) && said.contains("--enroll"), "{code:?} {said}");
    let doctor = String::from_utf8(home.call(&["doctor"]).stdout).unwrap();
    assert!(doctor.contains("FAIL  key"), "{doctor}");
    assert_eq!(fs::read(&model).unwrap(), good, "nothing is deleted");
    // The key comes back, and so does everything else.
    fs::write(&key, secret).unwrap();
    home.watch();
}

#[test]
fn what_can_be_done_without_is_put_aside_where_its_key_is_lost() {
    let home = Home::new();
    home.watch();
    fs::remove_file(home.key()).unwrap();
    let copy = home.path("copy.onnx");
    sample_model::conv_bundle(&[(3, 4)], 1).write(&copy).unwrap();
    let source = home.path("hand.csv");
    let model = copy.to_str().unwrap();
    home.says(&["run", "--fast", "--model", model, "--source", source.to_str().unwrap()]);
    let names: Vec<_> = fs::read_dir(home.path("data")).unwrap().flatten().collect();
    let names: Vec<_> = names.iter().map(|it| it.file_name().into_string().unwrap()).collect();
    for file in ["adaptation.json.unreadable-", "movement.json.unreadable-"] {
        assert!(names.iter().any(|name| name.starts_with(file)), "{file}: {names:?}");
    }
}

#[test]
fn an_enrolment_without_the_old_key_begins_with_a_new_one_and_deletes_nothing() {
    let home = Home::new();
    home.watch_until_all_is_sealed();
    let old = home.key();
    fs::remove_file(&old).unwrap();
    let source = home.path("hand.csv");
    home.says(&["enroll", "--record-only", "--source", source.to_str().unwrap()]);
    assert_ne!(home.key(), old);
    let names: Vec<_> = fs::read_dir(home.store().recordings()).unwrap().flatten().collect();
    let names: Vec<_> = names.iter().map(|it| it.file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(names.iter().filter(|name| name.contains(".csv.unreadable-")).count(), 1);
    assert!(!home.store().model().exists());
    let said = home.says(&["purge", "everything", "--yes"]);
    assert!(!home.path("data-keys").exists(), "{said}");
}

#[test]
fn a_new_enrolment_makes_copies_of_the_old_files_useless() {
    let home = Home::new();
    home.watch_until_all_is_sealed();
    let old_key = home.key();
    let copies: Vec<_> =
        home.files().iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect();
    hand::record(&home.path("long.csv"), 40_000);
    let source = home.path("long.csv");
    home.says(&["enroll", "--again", "--source", source.to_str().unwrap()]);
    assert_ne!(home.key(), old_key);
    assert!(!old_key.exists());
    // All that is there opens with the new key, old recordings too.
    assert!(home.sealed().iter().all(|sealed| *sealed));
    home.watch();
    home.says(&["export", home.path("whole").to_str().unwrap()]);
    // A copy of the model that was there before does not.
    fs::write(home.store().model(), &copies[0].1).unwrap();
    let (code, said) = home.refusal(&["inspect", home.store().model().to_str().unwrap()]);
    assert!(code == Some(65) && said.contains("it is not in"), "{code:?} {said}");
    for (file, bytes) in
        copies.iter().filter(|(file, _)| file.extension().is_some_and(|end| end == "csv"))
    {
        fs::write(file, bytes).unwrap();
        let (code, said) = home.refusal(&["replay", file.to_str().unwrap()]);
        assert!(code == Some(65) && said.contains("it is not in"), "{code:?} {said}");
    }
}

#[test]
fn what_the_laboratory_writes_stays_in_the_clear() {
    let home = Home::new();
    home.watch();
    let mut writer = RecordingWriter::create(
        &home.path("own.csv"),
        &Header { capture: "test".into(), started_unix_s: 1 },
    )
    .unwrap();
    writer.flush().unwrap();
    assert!(!is_sealed(&fs::read(home.path("own.csv")).unwrap()));
    let out = home.path("trained.onnx");
    hand::record(&home.path("long.csv"), 40_000);
    let source = home.path("long.csv");
    home.says(&["enroll", "--record-only", "--source", source.to_str().unwrap()]);
    home.says(&["train", "--out", out.to_str().unwrap()]);
    assert!(!is_sealed(&fs::read(out).unwrap()));
}
