//! What was left out of recordings and what to be wary of in the rest, on stderr: the same words in
//! every command that reads them.

use std::path::PathBuf;

use super::output;
use crate::data::formats::{self, Dataset, Dropped, Format, ReadParams};
use crate::error::{Result, printable};

/// Places and warnings that are named.
const NAMED: usize = 10;

/// Says it, of one user or of all.
pub(super) fn tell(user: Option<&str>, dropped: &Dropped) {
    let whose = user.map_or_else(String::new, |user| format!("{}: ", printable(user)));
    for (reason, rows) in dropped.by_reason() {
        let rows = counted(rows, "row");
        output::talk(&format!("mousewarden: {whose}{rows} left out: {}", reason.name()));
    }
    let faults = dropped.places().iter().filter(|place| place.reason.is_fault());
    for place in faults.take(NAMED) {
        output::talk(&format!("mousewarden: {place}"));
    }
    for warning in dropped.warnings().iter().take(2 * NAMED) {
        output::talk(&format!("mousewarden: warning: {warning}"));
    }
    let more = dropped.unnamed_warnings();
    if more > 0 {
        output::talk(&format!("mousewarden: and {} like these", counted(more, "warning")));
    }
}

/// Opens recordings and says what to know about them before anything is read.
///
/// # Errors
/// When they are not there, or not of the format.
pub(super) fn open(format: &Format, inputs: &[PathBuf], params: ReadParams) -> Result<Dataset> {
    let dataset = formats::open(format, inputs, params)?;
    for note in dataset.notes() {
        output::talk(&format!("mousewarden: warning: {}", printable(note)));
    }
    Ok(dataset)
}

/// "1 row", "2 rows".
pub(super) fn counted(count: u64, thing: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{end}")
}
