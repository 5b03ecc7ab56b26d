//! Recordings below the inputs, and whose they are by the folder that they lie in.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dataset::{FileRange, SessionPlan, User};
use super::layout::TableLayout;
use super::passed::{Passed, names_document, shown};
use super::source::Source;
use super::table::{LineSpan, Table};
use super::unpack::{self, UnpackFile};
use super::{cause, foreign, index, names};
use crate::error::{Failure, FailureKind, Result};

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

/// The recordings below the inputs that a format wants by their names, each once, in natural order.
/// A file that is named itself is always taken. An archive is a folder, a file `.gz` what is in it.
pub(super) fn files(inputs: &[PathBuf], wanted: &dyn Fn(&str) -> bool) -> Result<FoundFiles> {
    let passed = Passed::default();
    let pool = UnpackFile::default();
    let mut search = Search { wanted, found: BTreeMap::new(), pool, passed };
    for input in inputs {
        match kind_of(input)? {
            Entry::Folder => search.walk(input, 0)?,
            Entry::File => search.file(input, true)?,
        }
    }
    let mut sources: Vec<Source> = search.found.into_values().collect();
    sources.sort_by_cached_key(|source| natural(&source.path.to_string_lossy()));
    Ok(FoundFiles { sources, passed: search.passed })
}

/// What a search has found.
#[derive(Debug)]
pub(super) struct FoundFiles {
    pub sources: Vec<Source>,
    /// What lay beside them.
    pub passed: Passed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    File,
    Folder,
}

/// What a path leads to; a link to nowhere, a pipe or a device is refused by its name.
fn kind_of(path: &Path) -> Result<Entry> {
    let shown = shown(path);
    let metadata = fs::metadata(path).map_err(|error| match fs::read_link(path) {
        Ok(target) if error.kind() == ErrorKind::NotFound => {
            let what = format!("{shown}: a link to nowhere: {} is missing", target.display());
            Failure::new(FailureKind::NoInput, what)
                .remedy("Fetch what it points to, or delete the link.")
        }
        Ok(_) if error.kind() != ErrorKind::PermissionDenied => {
            let what = format!("{shown}: a link that cannot be followed: {error}");
            Failure::new(FailureKind::NoInput, what).remedy("Delete the link.")
        }
        _ => Failure::io(format!("input {shown}"), error),
    })?;
    if metadata.is_dir() {
        return Ok(Entry::Folder);
    }
    if metadata.is_file() {
        return Ok(Entry::File);
    }
    Err(Failure::new(
        FailureKind::NoInput,
        format!("{shown}: a pipe, socket or device, not a file"),
    )
    .remedy("Recordings are read more than once: write it to a file first."))
}

/// A search for recordings.
struct Search<'a> {
    wanted: &'a dyn Fn(&str) -> bool,
    /// By their canonical paths: the same file by two ways must not count twice.
    found: BTreeMap<PathBuf, Source>,
    pool: UnpackFile,
    passed: Passed,
}

impl Search<'_> {
    fn walk(&mut self, folder: &Path, depth: usize) -> Result<()> {
        if depth > DEPTH_MAX {
            let what = format!("{}: folders nested too deeply", folder.display());
            return Err(Failure::new(FailureKind::Data, what)
                .remedy("A link in it may lead back to a folder above: delete that link."));
        }
        let entries = fs::read_dir(folder).and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<std::io::Result<Vec<_>>>()
        });
        let mut paths =
            entries.map_err(Failure::at(format_args!("folder {}", folder.display())))?;
        // Of two names of one file the first by letters counts, whatever the disk gives first.
        paths.sort();
        for path in paths {
            let name = path.file_name().map(names::os_name).unwrap_or_default();
            if name.starts_with('.') {
                continue; // Also the shadows that one system leaves on other systems' disks.
            }
            if !names_document(&path) && self.is_of_interest(&path, &name) {
                match kind_of(&path)? {
                    Entry::Folder => self.walk(&path, depth + 1)?,
                    Entry::File => self.file_in_folder(&path, &name, depth == 0)?,
                }
            } else {
                self.pass(path, &name, depth)?;
            }
        }
        Ok(())
    }

    /// What is called like no recording: a folder to look into, or a file to count.
    fn pass(&mut self, path: PathBuf, name: &str, depth: usize) -> Result<()> {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => self.walk(&path, depth + 1),
            Ok(metadata) if metadata.is_file() => {
                let packed = unpacked_name(name);
                if packed.is_none_or(|packed| !has_twin(&path, packed)) {
                    self.passed.add(path);
                }
                Ok(())
            }
            // A link to nowhere without an ending may have been somebody's folder.
            Err(_) if path.extension().is_none() && !names_document(&path) => {
                kind_of(&path).map(drop)
            }
            Err(_) => {
                self.passed.add(path);
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Whether a name is that of a recording, compressed or not.
    fn is_of_interest(&self, path: &Path, name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        let is_packed = |packed: &str| (self.wanted)(packed) && !has_twin(path, packed);
        (self.wanted)(name)
            || lower.ends_with(".zip")
            || lower.ends_with(".gz") && is_packed(&name[..name.len() - 3])
            || foreign::by_ending(name).is_some_and(|(_, packed)| is_packed(packed))
    }

    fn file_in_folder(&mut self, path: &Path, name: &str, is_top: bool) -> Result<()> {
        match foreign::by_ending(name) {
            Some((how, _)) if !(self.wanted)(name) => {
                let what = format!("{}: compressed by {how}", path.display());
                Err(Failure::new(FailureKind::Data, what).remedy(
                    "Unpack it, or move it away; of compressed files .gz and .zip are read.",
                ))
            }
            _ => self.file(path, is_top),
        }
    }

    /// A file, or what is in it. `is_top` where no folder of a user is around it.
    fn file(&mut self, path: &Path, is_top: bool) -> Result<()> {
        let canonical = fs::canonicalize(path)
            .map_err(|e| Failure::io(format!("input {}", path.display()), e))?;
        if let Some(same) = self.found.get(&canonical) {
            if same.path != path {
                self.passed.add_again(path.to_owned());
            }
            return Ok(());
        }
        let source = Source::file(path.to_owned());
        let head = source.head(4)?;
        if head.starts_with(unpack::GZIP) {
            let source = self.pool.gzip(path, path.to_owned())?;
            self.found.insert(canonical, source);
        } else if head.starts_with(unpack::ZIP) {
            self.archive(path, &canonical, is_top)?;
        } else {
            self.found.insert(canonical, source);
        }
        Ok(())
    }

    /// The members of an archive.
    fn archive(&mut self, path: &Path, canonical: &Path, is_top: bool) -> Result<()> {
        for mut member in self.pool.zip(path, self.wanted, &mut self.passed)? {
            let inside = member.path.strip_prefix(path).unwrap_or(&member.path).to_owned();
            // Archives of several people often hold files of the same names, and are themselves
            // called the same: neither may make them one person.
            if inside.components().count() == 1 {
                member.owner = Some(owner_of_archive(canonical, is_top));
            }
            self.found.insert(canonical.join(inside), member);
        }
        Ok(())
    }
}

/// Whose an archive is that has no folders: called like it, or like the folder around it.
fn owner_of_archive(archive: &Path, is_top: bool) -> String {
    let folder = archive.parent().and_then(Path::file_name).filter(|_| !is_top);
    folder.or(archive.file_stem()).map(names::os_name).unwrap_or_default()
}

/// The name of what is in a compressed file.
pub(super) fn unpacked_name(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let gzip = lower.ends_with(".gz").then(|| &name[..name.len() - 3]);
    gzip.or_else(|| foreign::by_ending(name).map(|(_, packed)| packed))
}

/// Whether the unpacked file lies beside a packed one.
fn has_twin(path: &Path, packed: &str) -> bool {
    path.with_file_name(packed).exists()
}

/// Whether a name ends in `.csv`, in any case.
pub(super) fn is_csv(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".csv")
}

/// Whether a name ends as tables and logs do.
pub(super) fn is_text(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".csv", ".tsv", ".txt", ".log"].iter().any(|end| name.ends_with(end))
}

/// The name of the folder that a recording lies in.
pub(super) fn folder(source: &Source) -> String {
    if let Some(owner) = &source.owner {
        return owner.clone();
    }
    let whole = fs::canonicalize(&source.path).unwrap_or_else(|_| source.path.clone());
    let name = whole.parent().and_then(Path::file_name);
    name.map_or_else(|| "user".to_owned(), names::os_name)
}

/// The name of a recording's file without its ending.
pub(super) fn stem(source: &Source) -> String {
    let name = source.path.file_name().unwrap_or_default();
    let path = Path::new(name);
    let is_packed = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
    let path = if is_packed { Path::new(path.file_stem().unwrap_or_default()) } else { path };
    names::os_name(path.file_stem().unwrap_or_default())
}

/// A whole file as one session.
pub(super) fn whole_file(table: Table) -> Result<SessionPlan> {
    cause::check(&table)?;
    let id = stem(&table.source);
    let piece = FileRange { table: Arc::new(table), span: LineSpan::WHOLE };
    Ok(SessionPlan { id, pieces: vec![piece], genuine: Some(true), repeated: 0, is_file: true })
}

/// What most recorders leave: a file is a session, unless its rows name users or sessions; the user
/// is who the rows or `user_of` say.
pub(super) fn tables(
    sources: Vec<Source>,
    layouts: &[Arc<TableLayout>],
    user_of: fn(&Source) -> String,
) -> Result<Vec<User>> {
    let mut users = Users::default();
    for source in sources {
        let table = Table::open(source, layouts)?;
        if table.layout.keys.iter().any(|key| key.is_some_and(|key| table.has(key))) {
            index::add(&mut users, table, user_of)?;
        } else {
            users.add(&user_of(&table.source), whole_file(table)?, false);
        }
    }
    Ok(users.sorted())
}

/// Users in natural order; a session id that occurs twice gets a number.
#[derive(Debug, Default)]
pub(super) struct Users(BTreeMap<String, User>);

impl Users {
    pub(crate) fn add(&mut self, id: &str, mut plan: SessionPlan, is_claim: bool) {
        let user = self.0.entry(id.to_owned()).or_insert_with(|| User {
            id: id.to_owned(),
            sessions: Vec::new(),
            claims: Vec::new(),
        });
        if is_taken(user, &plan.id) {
            let free = (2u32..).map(|n| format!("{}#{n}", plan.id)).find(|id| !is_taken(user, id));
            plan.id = free.unwrap_or_default();
        }
        if is_claim { user.claims.push(plan) } else { user.sessions.push(plan) }
    }

    pub(crate) fn sorted(self) -> Vec<User> {
        let mut users: Vec<User> = self.0.into_values().collect();
        users.sort_by_cached_key(|user| natural(&user.id));
        users
    }
}

fn is_taken(user: &User, id: &str) -> bool {
    user.sessions.iter().chain(&user.claims).any(|plan| plan.id == id)
}
