//! What is stored, copied and removed, with the real program on a data folder of its own.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

struct Home(tempfile::TempDir);

impl Home {
    /// With one of everything.
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for (file, text) in [
            ("data/recordings/recording-1.csv", "positions"),
            ("data/watched/recordings/recording-2.csv", "more positions"),
            ("data/owner.onnx", "a model"),
            ("data/journal.jsonl", "{}\n"),
            ("data/history.db", "a history"),
            ("data/history.db-wal", "its last rows"),
            ("data/thesis.txt", "not ours"),
            ("config.toml", "[decision]\nmax_action = \"log\"\n"),
        ] {
            fs::create_dir_all(home.path(file).parent().unwrap()).unwrap();
            fs::write(home.path(file), text).unwrap();
        }
        home.close("data", 0o700);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn close(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn call(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
        command.args(arguments).stdin(Stdio::null());
        command.env("MOUSEWARDEN_CONFIG", self.path("config.toml"));
        command.env("MOUSEWARDEN_DATA", self.path("data"));
        command.output().unwrap()
    }

    fn says(&self, arguments: &[&str]) -> String {
        crate::program::said(self.call(arguments))
    }

    fn inventory(&self) -> Vec<Value> {
        let said = self.says(&["privacy", "--json"]);
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn everything_that_is_stored_is_listed_with_who_can_read_it() {
    let home = Home::new();
    let readers = |home: &Home, part: &str| {
        let inventory = home.inventory();
        let found = inventory.iter().find(|holding| holding["part"] == part).unwrap();
        assert!(found["files"].as_u64().unwrap() > 0, "{found}");
        found["readers"].as_str().unwrap().to_owned()
    };
    assert_eq!(readers(&home, "recordings"), "you (and root)");
    home.close("data", 0o755);
    home.close("data/recordings", 0o755);
    assert!(readers(&home, "recordings").contains("OTHER USERS"));
    let text = home.says(&["privacy"]);
    assert!(text.contains("Never recorded: keys"), "{text}");

    let metrics = home.path("mousewarden.prom");
    fs::write(&metrics, "up 1").unwrap();
    let config = format!("[metrics]\nfile = {:?}\n", metrics.display().to_string());
    fs::write(home.path("config.toml"), config).unwrap();
    assert!(readers(&home, "metrics").starts_with("everybody"));
}

#[test]
fn a_purge_removes_what_it_names_and_nothing_else() {
    let home = Home::new();
    let refused = home.call(&["purge", "recordings"]);
    assert_eq!(refused.status.code(), Some(69), "nobody to ask");
    home.says(&["purge", "recordings", "--dry-run"]);
    assert!(home.path("data/recordings/recording-1.csv").exists());
    let said = home.says(&["purge", "recordings", "--yes"]);
    assert!(said.contains("data/recordings"), "{said}");
    assert!(!home.path("data/recordings").exists());
    assert!(home.path("data/owner.onnx").exists());

    home.says(&["purge", "everything", "--yes"]);
    // The environment names it, so it must be there.
    fs::write(home.path("config.toml"), "").unwrap();
    let left = |holding: &Value| holding["part"] != "configuration" && holding["files"] != 0;
    assert!(!home.inventory().iter().any(left));
    assert!(!home.path("data/history.db-wal").exists());
    assert!(home.path("data/thesis.txt").exists(), "not ours");
    assert!(home.says(&["purge", "history", "--yes"]).contains("Nothing of that is stored"));
}

#[test]
fn an_export_is_a_true_and_private_copy_with_a_list() {
    let home = Home::new();
    let folder = home.path("copy");
    home.says(&["export", folder.to_str().unwrap()]);
    let copy = fs::read_to_string(folder.join("recordings/recording-1.csv")).unwrap();
    assert_eq!(copy, "positions");
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.clone()), 0o700);
    assert_eq!(mode(folder.join("owner.onnx")), 0o600);
    let list: Vec<Value> =
        serde_json::from_str(&fs::read_to_string(folder.join("list.json")).unwrap()).unwrap();
    assert_eq!(list.len(), 6);
    assert!(list.iter().all(|copied| copied["sha256"].as_str().unwrap().len() == 64));
    let again = home.call(&["export", folder.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(74), "never over something else");
}
