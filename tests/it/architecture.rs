//! Reads the source and holds the house's table: who may import whom, where the clock, the
//! operating system and unsafe code may live, and that every file says what it is for.

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use mousewarden::cli::Cli;

/// Module, and what of ours it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("pipeline", &[]),
    ("nn", &[]),
    ("platform", &["pipeline", "error", "acl"]),
    ("data", &["pipeline", "error", "files", "hex", "acl", "sealing"]),
    ("model", &["pipeline", "nn", "error", "files", "hex", "sealing"]),
    ("agent", &["pipeline", "model", "platform", "data", "error", "files", "hex", "sealing"]),
    ("lab", &["pipeline", "nn", "model", "data", "error", "hex"]),
    ("config", &["pipeline", "agent", "lab", "model", "platform", "error", "files"]),
    ("paths", &["platform", "error"]),
    ("error", &[]),
    ("sealing", &["error", "files", "hex"]),
    ("files", &[]),
    ("hex", &[]),
    ("acl", &[]),
];

/// Modules that are packages of their own, so that the compiler holds what they may import.
const PACKAGES: &[&str] = &["nn", "pipeline"];

#[test]
fn packages_depend_on_nothing_of_ours() {
    for package in PACKAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(package);
        let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        assert!(!dependencies.contains("path ="), "{package}: {dependencies}");
    }
}

struct Source {
    /// Path below `src`, with slashes.
    name: String,
    /// The code without comment lines and without the tests beside it.
    code: String,
    text: String,
}

impl Source {
    fn module(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap_or_default()
    }

    fn is_below(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.name.starts_with(place))
    }
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match entry.is_dir() {
            true => files_below(&entry, found),
            false if entry.extension().is_some_and(|end| end == "rs") => found.push(entry),
            false => {}
        }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files_below(&root, &mut paths);
    assert!(paths.len() > 10, "the source was not found");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let shipped = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let code = shipped.lines().filter(is_code).collect::<Vec<_>>().join("\n");
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        Source { name, code, text }
    };
    paths.into_iter().map(read).collect()
}

fn assert_none(offences: Vec<String>) {
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

/// The modules of ours that a file names, in paths as `crate::module` and in grouped imports.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let names = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        };
        let first_word = |name: &str| {
            name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        found.extend(names.into_iter().map(first_word));
    }
    found
}

#[test]
fn imports_point_down_the_table() {
    let mut offences = Vec::new();
    for source in sources() {
        if PACKAGES.contains(&source.module()) {
            continue;
        }
        let Some((module, allowed)) = MAY_IMPORT.iter().find(|row| row.0 == source.module()) else {
            assert!(
                ["cli", "lib", "main"].contains(&source.module()),
                "src/{}: a module that the table doesn't know",
                source.name
            );
            continue;
        };
        for import in imports(&source.code) {
            if import != *module && !allowed.contains(&import.as_str()) {
                offences.push(format!("src/{}: {module} may not import {import}", source.name));
            }
        }
    }
    assert_none(offences);
}

/// Fails for every file outside `places` whose code has one of `words`.
fn only_in(places: &[&str], words: &[&str]) {
    let offence = |source: &Source, word: &&str| {
        source.code.contains(*word).then(|| format!("src/{}: {word}", source.name))
    };
    let outside = |source: &Source| !source.is_below(places);
    let offences = sources()
        .iter()
        .filter(|source| outside(source))
        .flat_map(|source| words.iter().filter_map(|word| offence(source, word)))
        .collect();
    assert_none(offences);
}

#[test]
fn only_the_platform_knows_the_operating_system() {
    only_in(
        &["platform/", "data/private.rs", "files.rs", "lib.rs"],
        &["target_os", "cfg(unix)", "cfg(windows)", "cfg(not(target_os"],
    );
}

#[test]
fn only_the_platform_the_vector_kernels_and_the_library_are_unsafe() {
    only_in(&["platform/", "nn/kernel", "model/onnx.rs", "acl.rs"], &["unsafe "]);
}

#[test]
fn only_the_platform_reads_a_clock() {
    only_in(&["platform/"], &["Instant::now", "SystemTime::now", "Zoned::now", "Timestamp::now"]);
}

#[test]
fn only_the_command_line_reads_environment_and_terminal() {
    only_in(
        &["cli/", "main.rs", "paths.rs", "platform/"],
        &["env::var", "println!", "eprintln!", "env::args"],
    );
}

#[test]
fn nothing_that_moves_a_mouse_or_starts_a_display_is_shipped() {
    only_in(&[], &["xtest", "Xvfb", "SendInput", "new_mouse_event", "mousewarden_rig"]);
}

#[test]
fn the_only_hidden_commands_are_those_that_the_program_and_its_packages_need() {
    let cli = Cli::command();
    let hidden = cli.get_subcommands().filter(|command| command.is_hide_set());
    let hidden: Vec<_> = hidden.map(clap::Command::get_name).collect();
    assert_eq!(hidden, ["manual", "capture-process", "guard"]);
}

#[test]
fn only_one_file_names_onnx_runtime() {
    only_in(&["model/onnx.rs"], &[" ort::", "<ort::", "(ort::"]);
}

#[test]
fn the_pipeline_holds_no_file_thread_or_randomness() {
    for source in sources().iter().filter(|source| source.module() == "pipeline") {
        for word in ["std::fs", "std::thread", "std::time", "rand::", "HashMap", "std::io"] {
            assert!(!source.code.contains(word), "src/{}: {word}", source.name);
        }
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_readable() {
    let mut offences = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            offences.push(format!("src/{}: does not open with //!", source.name));
        }
        let lines = source.text.lines().count();
        if lines > 400 {
            offences.push(format!("src/{}: {lines} lines", source.name));
        }
    }
    assert_none(offences);
}

#[test]
fn the_table_of_the_architecture_is_this_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ARCHITECTURE.md");
    let page = fs::read_to_string(path).unwrap();
    let table = page.split("## Who may import whom").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    for (module, allowed) in
        MAY_IMPORT.iter().filter(|row| !["acl", "error", "files", "hex", "paths"].contains(&row.0))
    {
        let start = format!("| `{module}` |");
        let row = table.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("ARCHITECTURE.md has no row for {module}"));
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        for name in allowed.iter().filter(|name| !["acl", "error", "files", "hex"].contains(name)) {
            assert!(last.contains(name), "ARCHITECTURE.md: the row of {module} lacks {name}");
        }
    }
}

/// Words that only this project would use for what the field has a word for; ARCHITECTURE.md has
/// the vocabulary.
const PRIVATE: &[&str] = &[
    "asides",
    "board",
    "chronicle",
    "crowd",
    "dealt",
    "door",
    "doubt",
    "exam",
    "glance",
    "habit",
    "herald",
    "impression",
    "lesson",
    "likeness",
    "manner",
    "morning",
    "outlet",
    "relay",
    "restyle",
    "restyled",
    "roster",
    "scout",
    "sensor",
    "stranger",
    "strayed",
    "teller",
    "theatre",
    "trunk",
    "vigil",
    "witness",
];

/// The words of a text in lower case, those of names apart: `OwnerModel` has two.
fn words(text: &str) -> impl Iterator<Item = String> {
    let mut parted = String::with_capacity(text.len() + 1024);
    let mut before = ' ';
    for letter in text.chars() {
        if letter.is_uppercase() && before.is_lowercase() {
            parted.push(' ');
        }
        parted.extend(letter.to_lowercase());
        before = letter;
    }
    let words: Vec<_> = parted.split(|c: char| !c.is_alphabetic()).map(str::to_owned).collect();
    words.into_iter()
}

#[test]
fn the_field_s_words_are_used_and_not_our_own() {
    let mut offences = Vec::new();
    for source in sources() {
        for word in words(&source.text) {
            let one = word.strip_suffix('s').unwrap_or(&word);
            if PRIVATE.contains(&word.as_str()) || PRIVATE.contains(&one) {
                offences.push(format!("src/{}: {word}", source.name));
            }
        }
    }
    assert_none(offences);
}

#[test]
fn names_are_read_word_by_word() {
    let found: Vec<_> = words("OwnerModel::on_day(2)").filter(|word| !word.is_empty()).collect();
    assert_eq!(found, ["owner", "model", "on", "day"]);
}
