//! The laboratory's papers: each command is typed on invented people in the format that the page names,
//! the samples are read, the Python scripts run, and the generated page is what its files make.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::tools::{checkout, python};

/// Invented people, and sessions of each.
pub const USERS: usize = 4;
pub const SESSIONS: usize = 3;
const STROKES: usize = 50;

/// Numbers that look random, the same each time.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 31)
    }
}

/// A session of strokes in the layout of DFL; each user has a pace and a reach.
pub fn session(user: usize, which: usize) -> String {
    let mut draw = Draw((user * 100 + which) as u64 + 5);
    let mut text = String::from("client timestamp,button,state,x,y\n");
    let (mut at, mut x, mut y) = (1000.0, 600.0, 400.0);
    for _ in 0..STROKES {
        let reach = 60.0 + 40.0 * user as f64 + 200.0 * draw.next();
        let (steps, turn) = (14 + 5 * user, std::f64::consts::TAU * draw.next());
        for step in 0..=steps {
            let share = step as f64 / steps as f64;
            // A minimum jerk from one place to the next.
            let way = share.powi(3) * (10.0 - 15.0 * share + 6.0 * share * share);
            let (dx, dy) = (reach * way * turn.cos(), reach * way * turn.sin());
            let wobble = 2.0 * (draw.next() - 0.5);
            let _ = writeln!(text, "{at:.0},NoButton,Move,{:.0},{:.0}", x + dx + wobble, y + dy);
            at += 8.0 + 3.0 * draw.next();
        }
        x = (x + reach * turn.cos()).clamp(50.0, 1800.0);
        y = (y + reach * turn.sin()).clamp(50.0, 1000.0);
        at += 320.0 + 400.0 * draw.next();
    }
    text
}

/// People in the layout of DFL, a folder each.
pub fn invented(folder: &Path) {
    for user in 1..=USERS {
        let own = folder.join(format!("User{user}"));
        fs::create_dir_all(&own).unwrap();
        for which in 0..SESSIONS {
            let name = format!("2018_01_0{}__10_00_00.CSV", which + 1);
            fs::write(own.join(name), session(user, which)).unwrap();
        }
    }
}

/// Lines to be typed of a page that begin so.
fn typed(page: &str, first: &str) -> Vec<String> {
    let text = fs::read_to_string(checkout(page)).unwrap();
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).filter(|line| line.starts_with(first));
    lines.map(str::to_owned).collect()
}

fn run(line: &str, folder: &Path) -> Output {
    let words: Vec<String> = line
        .split_whitespace()
        .map(|word| match word {
            "mousewarden" => env!("CARGO_BIN_EXE_mousewarden").into(),
            "FOLDER" => "people".into(),
            word if word.starts_with("onnx/") || word.starts_with("tests/") => {
                checkout(word).display().to_string()
            }
            word => word.replace("USER", "User1").replace("OTHER", "User2"),
        })
        .collect();
    Command::new(&words[0])
        .args(&words[1..])
        .current_dir(folder)
        .env("HOME", folder)
        .output()
        .unwrap()
}

#[test]
fn every_line_of_the_walk_runs() {
    let folder = tempfile::tempdir().unwrap();
    invented(&folder.path().join("people"));
    let lines = typed("onnx/LABORATORY.md", "mousewarden ");
    assert!(lines.len() >= 8, "{lines:?}");
    for line in &lines {
        let output = run(line, folder.path());
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {talk}");
    }
    let made =
        ["windows/User1.npz", "look/explore.html", "result/results.json", "result/report.html"];
    for file in made {
        assert!(folder.path().join(file).is_file(), "{file}");
    }
    let python = python("numpy, onnxruntime").display().to_string();
    let lines = typed("onnx/LABORATORY.md", "target/venv/bin/python ");
    assert_eq!(lines.len(), 2);
    for line in &lines {
        let output = run(&line.replace("target/venv/bin/python", &python), folder.path());
        let said = String::from_utf8_lossy(&output.stdout);
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {talk}");
        assert!(said.contains("EER") || said.contains("\\begin{tabular}"), "{said}");
    }
    assert!(fs::read_to_string(folder.path().join("det.svg")).unwrap().contains("<polyline"));
}

#[test]
fn the_sample_of_a_layout_reads_the_rows_that_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("when;where;what;who;which\n");
    for step in 0..60 {
        let at = 1_655_992_931.086 + 0.01 * f64::from(step);
        let code =
            ["move", "left", "up", "note"][usize::from(step % 20 == 19) * (1 + step as usize / 20)];
        let _ =
            writeln!(text, "{at:.3};\"[{}, {}]\";{code};ann;first", 1044 + 3 * step, 731 + step);
    }
    fs::write(folder.path().join("a.csv"), text).unwrap();
    let line = "mousewarden preprocess a.csv --layout onnx/samples/layout.toml --out out --json";
    let output = run(line, folder.path());
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{talk}");
    let summary = String::from_utf8_lossy(&output.stdout);
    assert!(summary.contains("\"ann\"") && summary.contains("\"ignored\": 1"), "{summary}");
}

#[test]
fn the_generated_page_is_what_its_files_make() {
    let script = checkout("tests/python/results_table.py");
    let page = checkout("onnx/RESULTS.md");
    let python = PathBuf::from("python3");
    let output = Command::new(python).arg(script).arg("--check").arg(page).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A figure of an evaluation that is kept, by its place in the file.
fn kept(set: &str, place: &str) -> f64 {
    let text = fs::read_to_string(checkout(&format!("onnx/results/{set}-open-set.json"))).unwrap();
    let results: serde_json::Value = serde_json::from_str(&text).unwrap();
    results["runs"][0]["continuous"].pointer(place).unwrap().as_f64().unwrap()
}

#[test]
fn the_readme_has_the_figures_of_the_results() {
    let text = fs::read_to_string(checkout("README.md")).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let rate = |set| kept(set, "/false_alarms_per_8h_wall/value");
    let [long_term, administrators, browsing] =
        ["long-term", "administrators", "browsing"].map(rate);
    for words in [
        format!("long-term users {long_term:.1} ("),
        format!("administrators {administrators:.1} ("),
        format!("people browsing {browsing:.1} ("),
        format!(
            "after {:.0} s of movement in the median",
            kept("long-term", "/movement/median/value")
        ),
    ] {
        assert!(text.contains(&words), "README.md does not say {words:?}");
    }
    let within = |place: &str| {
        let sets = ["long-term", "administrators", "browsing"];
        sets.map(|set| format!("{:.0}", 100.0 * kept(set, place)))
    };
    let [first, second, third] = within("/within/1/noticed/value");
    let noticed = format!("within 100 movements in {first}, {second} and {third} %");
    let [first, second, third] = within("/missed_share/value");
    let never = format!("{first}, {second} and {third} % never");
    assert!(text.contains(&noticed) && text.contains(&never), "{noticed}; {never}");
}

#[test]
fn the_citation_names_this_version() {
    let text = fs::read_to_string(checkout(".github/CITATION.cff")).unwrap();
    assert!(text.contains(&format!("\nversion: {}\n", env!("CARGO_PKG_VERSION"))));
}
