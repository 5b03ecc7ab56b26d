//! The report of an evaluation on disk: one page, and by option each picture by itself.

use std::path::Path;

use crate::data::npz::write_whole;
use crate::error::Result;
use crate::lab::evaluate::Results;
use crate::lab::evaluate::report;

/// The page's name in the output folder.
const PAGE: &str = "report.html";

/// Writes the page, and every picture if asked for, into a folder.
///
/// # Errors
/// When the disk refuses.
pub(super) fn write(results: &Results, out: &Path, svg: bool) -> Result<()> {
    let page = out.join(PAGE);
    write_whole(&page, report::page(results).html().as_bytes())?;
    eprintln!("The report is {}.", page.display());
    if svg {
        let pictures = report::single_pictures(results);
        for (name, picture) in &pictures {
            write_whole(&out.join(format!("{name}.svg")), picture.standalone().as_bytes())?;
        }
        eprintln!("{} pictures are beside it.", pictures.len());
    }
    Ok(())
}
