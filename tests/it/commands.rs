//! Every command that a message, a help text, a notice or a document of this program names is one
//! that it takes.
#![cfg(all(feature = "history", feature = "watch"))]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use clap::error::ErrorKind;
use mousewarden::cli::Cli;

const NAME: &str = "mousewarden";
/// What is not shipped, and how the source runs it.
const RIG: &str = "mousewarden-rig";
const RIG_OF_THE_SOURCE: &str = "cargo run --release -p mousewarden-rig -- ";

/// Every file that ends like this below a folder.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files(&entry, ending, found);
        } else if entry.to_str().is_some_and(|name| name.ends_with(ending)) {
            found.push(entry);
        }
    }
}

/// The text with the lines joined that only the source breaks.
fn joined(text: &str) -> String {
    let mut parts = text.split("\\\n");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| whole.push_str(part.trim_start()));
    whole
}

/// What stands between backticks, on one line or over two.
pub fn quoted(text: &str) -> Vec<String> {
    let paragraphs = text.split("\n\n").flat_map(|part| part.split('`').skip(1).step_by(2));
    let words = paragraphs.map(|code| {
        let lines = code.lines().map(|line| line.trim().trim_start_matches("///"));
        of_the_rig(&lines.collect::<Vec<_>>().join(" "))
    });
    words.filter(|words| is_command(words)).collect()
}

/// A command of the rig as its binary takes it.
fn of_the_rig(words: &str) -> String {
    let rest = words.strip_prefix(RIG_OF_THE_SOURCE);
    rest.map_or_else(|| words.to_owned(), |rest| format!("{RIG} {rest}"))
}

/// String literals that are nothing but a command of this program, as `doctor` has them.
fn literals(text: &str) -> Vec<String> {
    let begins = text.match_indices("\"mousewarden ").map(|(at, _)| &text[at + 1..]);
    let whole = begins.filter_map(|rest| rest.split('"').next().map(str::to_owned));
    let plain = |words: &String| {
        words.split(' ').all(|word| word.starts_with("--") || word.chars().all(char::is_lowercase))
    };
    let first = |words: &String| words.split(' ').nth(1).unwrap_or_default().to_owned();
    let known = ["doctor", "run", "stop", "status", "service", "config", "train", "demo", "report"];
    let said = |words: &String| known.contains(&&*first(words)) || first(words).starts_with("--");
    whole.filter(plain).filter(said).collect()
}

/// Lines of a document that are to be typed.
fn typed(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        }
        let line = line.trim_start_matches("$ ");
        let line = line.split(" #").next().unwrap_or_default();
        for command in line.split("&&").map(|command| of_the_rig(command.trim())) {
            if in_code && is_command(&command) && !command.contains(['|', '>', '&']) {
                found.push(command);
            }
        }
    }
    found
}

/// All commands of a document, quoted and typed.
pub fn of_document(text: &str) -> Vec<String> {
    let text = joined(text);
    [quoted(&text), typed(&text)].concat()
}

/// README.md and every other document.
pub fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![root.join("README.md")];
    for folder in ["src", "onnx", ".github", "installers"] {
        files(&root.join(folder), ".md", &mut found);
    }
    found
}

fn is_command(words: &str) -> bool {
    let rest = words.strip_prefix(RIG).or_else(|| words.strip_prefix(NAME));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')) && !words.contains(['{', '*'])
}

/// "a\|b" and "a|b" stand for two commands; brackets are of the notation.
fn variants(words: &str) -> Vec<Vec<OsString>> {
    let words = words.replace("\\|", "|").replace(['[', ']'], "").replace("...", "");
    let mut found: Vec<Vec<OsString>> = vec![Vec::new()];
    for word in words.split_whitespace() {
        let choices: Vec<_> = word.split('|').collect();
        let longer = found.iter().flat_map(|before| {
            choices.iter().map(|choice| [before.as_slice(), &[choice.into()]].concat())
        });
        found = longer.collect();
    }
    found
}

/// Why a command is not one of this program. A name of a command without what it needs is one, and so
/// is a word in capitals in place of a value.
fn refusal(words: &[OsString]) -> Option<String> {
    let error = if words[0] == RIG {
        mousewarden_rig::cli::Cli::try_parse_from(words).err()?
    } else {
        Cli::read(words.to_vec()).err()?
    };
    let stands_for = |word: &OsString| {
        let text = word.to_string_lossy();
        text.chars().any(char::is_uppercase) && text == text.to_uppercase()
    };
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::MissingSubcommand => None,
        // A command is called by its name alone; with anything behind it, it is to be typed.
        ErrorKind::MissingRequiredArgument if words.iter().all(|word| !stands_for(word)) => None,
        ErrorKind::ValueValidation | ErrorKind::InvalidValue if words.iter().any(stands_for) => {
            None
        }
        _ => error.to_string().lines().next().map(str::to_owned),
    }
}

#[test]
fn every_command_that_is_named_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = documents();
    texts.push(root.join("config.example.toml"));
    files(&root.join("src"), ".rs", &mut texts);
    files(&root.join("tests/rig/src"), ".rs", &mut texts);
    files(&root.join("installers"), "", &mut texts);
    let mut named = 0;
    let mut wrong = Vec::new();
    for path in texts {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let text = joined(&text);
        let commands = [quoted(&text), literals(&text), typed(&text)].concat();
        named += commands.len();
        for command in commands {
            for words in variants(&command) {
                let refused = refusal(&words);
                wrong.extend(refused.map(|why| format!("{}: `{command}`: {why}", path.display())));
            }
        }
    }
    assert!(named > 250, "only {named} commands were found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Words of commands that name a file of the source.
fn named_files(text: &str) -> Vec<String> {
    let text = joined(text);
    let quoted = text.split('`').skip(1).step_by(2);
    let words =
        quoted.flat_map(str::split_whitespace).map(|word| word.trim_end_matches([',', ';', ')']));
    let of_source = ["installers/", "tests/", ".ci/", ".github/", "onnx/", "src/"];
    words
        .filter(|word| of_source.iter().any(|folder| word.starts_with(folder)))
        .filter(|word| !word.contains(['*', '{', '<', '[']) && !word.chars().any(|c| c == ':'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_file_of_the_source_that_a_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    let mut missing = Vec::new();
    for path in documents() {
        for file in named_files(&fs::read_to_string(&path).unwrap()) {
            named += 1;
            // A place that a reader is to fill is named in capitals.
            let to_fill =
                file.chars().filter(|c| c.is_uppercase()).count() > 2 && !file.ends_with(".md");
            if !to_fill && !root.join(&file).exists() {
                missing.push(format!("{}: {file}", path.display()));
            }
        }
    }
    assert!(named > 60, "only {named} files were found");
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn every_test_that_a_document_names_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for rest in text.split("--test ").skip(1) {
            let mut words = rest.split([' ', '`', '\n']);
            let target = words.next().unwrap_or_default();
            let module = words.next().unwrap_or_default();
            let module = module.split("::").next().unwrap_or_default();
            assert_eq!(target, "it", "{}: there is one binary of tests", path.display());
            let file = root.join("tests/it").join(module);
            assert!(
                module.is_empty() || file.is_dir() || file.with_extension("rs").is_file(),
                "{}: no tests {module}",
                path.display()
            );
        }
    }
}

#[test]
fn the_flag_takes_the_options_of_the_command() {
    for options in [&["--again"][..], &["--record-only"], &["--source", "a.csv", "b.csv"], &[]] {
        let words = [&["mousewarden", "--enroll"], options].concat();
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        assert!(Cli::read(words).is_ok(), "{options:?}");
    }
    let wrong = ["mousewarden", "--enroll", "--agian"].map(OsString::from);
    assert_eq!(Cli::read(wrong).unwrap_err().kind(), ErrorKind::UnknownArgument);
}

/// The options under a heading of a command's help.
fn under(help: &str, heading: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != heading).skip(1);
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with(' '));
    let names = lines.filter_map(|line| line.trim_start().strip_prefix("--"));
    names.filter_map(|rest| rest.split(' ').next().map(str::to_owned)).collect()
}

#[test]
fn an_option_stands_under_the_heading_that_it_belongs_to() {
    let of_a_layout = ["layout", "separator", "no-header", "time", "time-unit", "x", "y"];
    let of_a_layout = of_a_layout.iter().chain(&[
        "position",
        "event",
        "code",
        "user-column",
        "user-from-file",
        "session-column",
    ]);
    let of_a_layout: Vec<&str> = of_a_layout.copied().collect();
    for command in ["preprocess", "explore", "train", "evaluate", "identify train"] {
        let line = format!("mousewarden {command} --help");
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let help = Cli::read(words).unwrap_err();
        let help = help.to_string();
        assert_eq!(under(&help, "Options of --format generic:"), of_a_layout, "{command}");
        assert!(under(&help, "Options:").contains(&"format".to_owned()), "{command}: {help}");
    }
}

#[test]
fn a_command_that_is_none_is_noticed() {
    let words = |line: &str| variants(line).remove(0);
    assert!(refusal(&words("mousewarden --enrol-me")).is_some());
    assert!(refusal(&words("mousewarden dance")).is_some());
    assert!(refusal(&words("mousewarden inspect MODEL")).is_none());
    assert_eq!(variants("mousewarden config default\\|check").len(), 2);
    assert_eq!(
        quoted("Say `mousewarden\n    status` or `mousewarden.windows`."),
        ["mousewarden status"]
    );
}
