//! The confusion matrix as a file: counts as CSV, or a heat map as SVG or PNG.

use std::ffi::OsStr;
use std::path::Path;

use crate::data::npz::write_whole;
use crate::error::{Failure, FailureKind, Result};
use crate::lab::identify::AttributionScores;
use crate::lab::identify::confusion::heat_map;
use crate::lab::plot::Raster;

/// Where the confusion matrix goes, and as what.
pub(super) struct ConfusionFile<'a> {
    path: &'a Path,
    kind: ConfusionKind,
}

enum ConfusionKind {
    Csv,
    Svg,
    Png(Box<Raster>),
}

impl<'a> ConfusionFile<'a> {
    /// Looks at the name's ending; call it before the work, which would be in vain otherwise.
    ///
    /// # Errors
    /// When it says not what to write, or this build cannot.
    pub(super) fn to(path: &'a Path) -> Result<Self> {
        let kind = match path.extension().and_then(OsStr::to_str) {
            Some("csv") => ConfusionKind::Csv,
            Some("svg") => ConfusionKind::Svg,
            Some("png") => ConfusionKind::Png(Box::new(Raster::new()?)),
            _ => {
                let what = format!("{} says not what to write there", path.display());
                return Err(Failure::new(FailureKind::Config, what)
                    .remedy("Name a file that ends in .csv, .svg or .png."));
            }
        };
        Ok(Self { path, kind })
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be drawn or written.
    pub(super) fn write(&self, scores: &AttributionScores, labels: &[String]) -> Result<()> {
        let bytes = match &self.kind {
            ConfusionKind::Csv => table(scores, labels).into_bytes(),
            ConfusionKind::Svg => heat_map(scores, labels).standalone().into_bytes(),
            ConfusionKind::Png(raster) => raster.png(&heat_map(scores, labels))?,
        };
        write_whole(self.path, &bytes)
    }
}

/// The matrix as CSV: a row a person, a column a named person.
fn table(scores: &AttributionScores, labels: &[String]) -> String {
    let names: Vec<String> = labels
        .iter()
        .map(|text| {
            if text.contains([',', '"', '\n']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.clone()
            }
        })
        .collect();
    let mut lines = vec![format!("true\\named,{}", names.join(","))];
    for (name, row) in names.iter().zip(&scores.confusion) {
        let counts: Vec<String> = row.iter().map(ToString::to_string).collect();
        lines.push(format!("{name},{}", counts.join(",")));
    }
    lines.join("\n") + "\n"
}
