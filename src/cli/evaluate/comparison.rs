//! Two results side by side, for a terminal.

use crate::lab::evaluate::{ComparedFigure, Comparison};

/// The table.
pub(super) fn text(comparison: &Comparison) -> String {
    let mut lines = vec![format!(
        "{:<16} {:<9} {:>8} {:>6}  {:>15}  {:>24}  {:>15}",
        "protocol", "method", "windows", "owners", "EER %", "second - first (95 %)", "AUC"
    )];
    lines.extend(comparison.rows.iter().map(row));
    lines.push("Differences are paired by owner. * zero lies outside the interval.".into());
    lines.extend(comparison.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.join("\n")
}

fn row(row: &ComparedFigure) -> String {
    let d = row.eer_difference;
    let mark = if d.low > 0.0 || d.high < 0.0 { "*" } else { " " };
    let difference =
        format!("{:+.1} ({:+.1} to {:+.1}){mark}", 100.0 * d.value, 100.0 * d.low, 100.0 * d.high);
    format!(
        "{:<16} {:<9} {:>8} {:>6}  {:>6.1} / {:>6.1}  {difference:>24}  {:>6.3} / {:>6.3}",
        row.protocol,
        row.method,
        row.unit.to_string(),
        row.owners,
        100.0 * row.eer[0],
        100.0 * row.eer[1],
        row.auc[0],
        row.auc[1]
    )
}
