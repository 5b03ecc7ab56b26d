//! Finds session files below the inputs and says whose folder they lie in. Reads names only.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dataset::{Piece, SessionPlan, User};
use super::layout::Layout;
use super::table::{Span, Table};
use crate::error::{Failure, Kind, Result};

/// Folders nested deeper than this are a loop of links.
const DEPTH_MAX: usize = 16;

/// A piece of a name, so that numbers sort by value.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u128, usize),
    Text(String),
}

/// A key by which `user2` sorts before `user10`.
pub(super) fn natural(name: &str) -> impl Ord + use<> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        parts.push(match part.parse() {
            Ok(number) => Part::Number(number, part.len()),
            Err(_) => Part::Text(part.to_owned()),
        });
        rest = behind;
    }
    parts
}

/// The files below the inputs that a format wants, each once, in natural order. A file that is
/// named itself is always taken.
pub(super) fn files(inputs: &[PathBuf], wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let mut found = BTreeMap::new();
    for input in inputs {
        let failed = |e| Failure::io(format!("input {}", input.display()), e);
        let mut add = |path: PathBuf| -> Result<()> {
            // The same file by two ways must not count twice.
            let canonical = fs::canonicalize(&path).map_err(failed)?;
            found.entry(canonical).or_insert(path);
            Ok(())
        };
        match fs::metadata(input).map_err(failed)?.is_dir() {
            true => walk(input, 0, &wanted, &mut add)?,
            false => add(input.clone())?,
        }
    }
    if found.is_empty() {
        let inputs = inputs.iter().map(|i| i.display().to_string()).collect::<Vec<_>>().join(", ");
        return Err(Failure::new(Kind::NoInput, format!("{inputs}: no recording of this format"))
            .remedy("Give the folder that holds the recordings, and its --format."));
    }
    let mut paths: Vec<PathBuf> = found.into_values().collect();
    paths.sort_by_cached_key(|path| natural(&path.to_string_lossy()));
    Ok(paths)
}

fn walk(
    folder: &Path,
    depth: usize,
    wanted: &impl Fn(&str) -> bool,
    add: &mut impl FnMut(PathBuf) -> Result<()>,
) -> Result<()> {
    let failed = |e| Failure::io(format!("folder {}", folder.display()), e);
    if depth > DEPTH_MAX {
        return Err(failed(std::io::Error::other("nested too deeply")));
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue; // Also the shadows that one system leaves on other systems' disks.
        }
        match fs::metadata(&path).map_err(failed)?.is_dir() {
            true => walk(&path, depth + 1, wanted, add)?,
            false if wanted(&name) => add(path)?,
            false => {}
        }
    }
    Ok(())
}

/// Whether a name ends in `.csv`, in any case.
pub(super) fn is_csv(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".csv")
}

/// The name of the folder that a file lies in.
pub(super) fn folder(path: &Path) -> Result<String> {
    let whole = fs::canonicalize(path)
        .map_err(|e| Failure::io(format!("recording {}", path.display()), e))?;
    let name = whole.parent().and_then(Path::file_name);
    Ok(name.map_or_else(|| "user".to_owned(), |name| name.to_string_lossy().into_owned()))
}

/// The name of a file without its ending.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A whole file as one session.
pub(super) fn whole_file(path: &Path, layout: &Layout) -> Result<SessionPlan> {
    let piece = Piece { table: Arc::new(Table::open(path, layout)?), span: Span::WHOLE };
    Ok(SessionPlan { id: stem(path), pieces: vec![piece], genuine: Some(true), repeated: 0 })
}

/// Users in natural order; a session id that occurs twice gets a number.
#[derive(Debug, Default)]
pub(super) struct Users(BTreeMap<String, User>);

impl Users {
    pub fn add(&mut self, id: &str, mut plan: SessionPlan, is_claim: bool) {
        let new = || User { id: id.to_owned(), sessions: Vec::new(), claims: Vec::new() };
        let user = self.0.entry(id.to_owned()).or_insert_with(new);
        let taken = |id: &str| user.sessions.iter().chain(&user.claims).any(|plan| plan.id == id);
        if taken(&plan.id) {
            let free = (2u32..).map(|n| format!("{}#{n}", plan.id)).find(|id| !taken(id));
            plan.id = free.unwrap_or_default();
        }
        if is_claim { user.claims.push(plan) } else { user.sessions.push(plan) }
    }

    pub fn sorted(self) -> Vec<User> {
        let mut users: Vec<User> = self.0.into_values().collect();
        users.sort_by_cached_key(|user| natural(&user.id));
        users
    }
}
