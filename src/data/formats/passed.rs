//! Files that lie beside the recordings and that a format passes over: they are counted, and the
//! first few are named.

use std::path::{Path, PathBuf};

use crate::error::printable;

/// So many are named.
const NAMED: usize = 3;
/// What lies beside recordings and is none, by its ending.
const DOCUMENTS: &[&str] = &[
    ".md", ".rst", ".pdf", ".html", ".htm", ".py", ".r", ".m", ".ipynb", ".png", ".jpg", ".svg",
    ".bib", ".toml", ".docx",
];

/// Files that were not taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Passed {
    count: u64,
    first: Vec<PathBuf>,
    /// Other names of files that are read.
    again: Vec<PathBuf>,
}

impl Passed {
    /// Counts another name of a file that is read: it is nobody else's recording.
    pub(crate) fn add_again(&mut self, path: PathBuf) {
        self.again.push(path);
    }

    /// What to know about other names, which a person may have been lost by.
    pub(crate) fn note_of_links(&self) -> Option<String> {
        let first = shown(self.again.iter().min()?);
        let names = super::counted(self.again.len() as u64, "name");
        Some(format!("{names} of files that are read already count for nothing, such as {first}"))
    }

    /// Counts a file, unless its name says that it is a document.
    pub(crate) fn add(&mut self, path: PathBuf) {
        if names_document(&path) {
            return;
        }
        self.count += 1;
        self.first.push(path);
        self.first.sort();
        self.first.truncate(NAMED);
    }

    /// The first by name.
    pub(crate) fn first(&self) -> Option<&Path> {
        self.first.first().map(PathBuf::as_path)
    }

    /// "a.json", "a.json, b.json and 7 more files"; `None` of no file.
    pub(crate) fn list(&self) -> Option<String> {
        let names = self.first.iter().map(|path| shown(path)).collect::<Vec<_>>().join(", ");
        let more = self.count.saturating_sub(self.first.len() as u64);
        match (self.count, more) {
            (0, _) => None,
            (_, 0) => Some(names),
            (_, more) => Some(format!("{names} and {}", super::counted(more, "more file"))),
        }
    }

    /// What to know about them.
    pub(crate) fn note(&self) -> Option<String> {
        let files = super::counted(self.count, "file");
        let verb = if self.count == 1 { "was" } else { "were" };
        let list = self.list()?;
        Some(format!(
            "{files} {verb} not read, as recordings of this format are called otherwise: {list}"
        ))
    }
}

/// A path on one line, free of what a terminal would obey.
pub(super) fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    printable(&text.replace('\n', "\\n")).into_owned()
}

/// Whether a name is that of a text about recordings, whatever its ending.
pub(super) fn names_document(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let abouts = ["readme", "license", "licence", "copying", "changelog"];
    abouts.iter().any(|about| name.split('.').next() == Some(about))
        || DOCUMENTS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_few_are_named_and_documents_are_not_counted() {
        let mut passed = Passed::default();
        assert_eq!(passed.note(), None);
        for name in ["in/README.txt", "in/LICENSE", "in/b/e.json", "in/a\n/d.dat", "in/paper.PDF"] {
            passed.add(name.into());
        }
        let note = passed.note().unwrap();
        assert!(
            note.starts_with("2 files were not read") && note.contains("in/a\\n/d.dat"),
            "{note}"
        );
        for n in 0..5 {
            passed.add(format!("in/z{n}.json").into());
        }
        assert!(passed.list().unwrap().ends_with("in/z0.json and 4 more files"), "{passed:?}");
    }
}
