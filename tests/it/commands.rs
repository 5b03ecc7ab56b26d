//! Every command that a message, a help text, a notice or a document of this program names is one
//! that it takes.
#![cfg(all(feature = "history", feature = "watch"))]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use mousewarden::cli::Cli;

const NAME: &str = "mousewarden";

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
fn quoted(text: &str) -> Vec<String> {
    let paragraphs = text.split("\n\n").flat_map(|part| part.split('`').skip(1).step_by(2));
    let words = paragraphs.map(|code| {
        let lines = code.lines().map(|line| line.trim().trim_start_matches("///"));
        lines.collect::<Vec<_>>().join(" ")
    });
    words.filter(|words| is_command(words)).collect()
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
        let line = line.split(" #").next().unwrap_or_default().trim();
        if in_code && is_command(line) && !line.contains(['|', '>', '&']) {
            found.push(line.to_owned());
        }
    }
    found
}

fn is_command(words: &str) -> bool {
    let rest = words.strip_prefix(NAME);
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
    let error = Cli::read(words.to_vec()).err()?;
    let stands_for = |word: &OsString| {
        let text = word.to_string_lossy();
        text.chars().any(char::is_uppercase) && text == text.to_uppercase()
    };
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::MissingSubcommand
        | ErrorKind::MissingRequiredArgument => None,
        ErrorKind::ValueValidation | ErrorKind::InvalidValue if words.iter().any(stands_for) => {
            None
        }
        _ => error.to_string().lines().next().map(str::to_owned),
    }
}

#[test]
fn every_command_that_is_named_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = vec![root.join("README.md"), root.join("config.example.toml")];
    files(&root.join("src"), ".rs", &mut texts);
    files(&root.join("installers"), "", &mut texts);
    files(&root.join(".github"), ".md", &mut texts);
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
    assert!(named > 60, "only {named} commands were found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
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
