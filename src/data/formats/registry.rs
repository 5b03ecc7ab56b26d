//! What a format that has a name tells of itself.

use std::sync::Arc;

use super::READERS;
use super::dataset::User;
use super::layout::TableLayout;
use super::source::Source;
use super::table::Table;
use crate::error::Result;

/// Finds users and sessions in files.
pub(super) type SessionFinder = fn(Vec<Source>, &[Arc<TableLayout>]) -> Result<Vec<User>>;

/// A format that has a name.
#[derive(Debug)]
pub(super) struct Reader {
    /// As `--format` calls it.
    pub name: &'static str,
    /// Whether a file of this name is one.
    pub wanted: fn(&str) -> bool,
    /// How its files are laid out; the first that fits counts.
    pub layouts: fn() -> Vec<TableLayout>,
    /// Finds users and sessions in files.
    pub plan: SessionFinder,
}

/// The names of the formats whose files look like this one; `None` if there is none.
pub(super) fn that_reads(source: &Source) -> Option<String> {
    let head = source.head(64 * 1024).ok()?;
    let names: Vec<&str> = READERS
        .iter()
        .filter(|reader| {
            let layouts = (reader.layouts)().into_iter().map(Arc::new);
            layouts.into_iter().any(|layout| Table::fit(source, &layout, &head).is_ok())
        })
        .map(|reader| reader.name)
        .collect();
    (!names.is_empty()).then(|| names.join(" or "))
}
