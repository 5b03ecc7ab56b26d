//! Results on disk: `results.json` with everything, `binary_results.csv` with a row for each user,
//! protocol, method and unit. Each appears whole.

use std::fs;
use std::path::Path;

use super::results::{Results, UserFigures, VERSION};
use crate::data::npz::write_whole;
use crate::error::{Failure, FailureKind, Result};

/// The file that holds everything.
pub(crate) const RESULTS: &str = "results.json";
/// The table of users.
pub const TABLE: &str = "binary_results.csv";

/// The table's columns. The first nine are the notebooks' (its threshold is that of the equal error
/// rate, found on the test itself; its rates stand at that threshold); what follows is ours.
pub const COLUMNS: [&str; 30] = [
    "user_id",
    "n",
    "auc",
    "eer",
    "threshold",
    "far",
    "frr",
    "accuracy",
    "f1",
    "protocol",
    "method",
    "seed",
    "genuine_groups",
    "impostor_groups",
    "movement_s",
    "wall_s",
    "calibrated_threshold",
    "calibrated_far",
    "calibrated_frr",
    "shipped_threshold",
    "shipped_far",
    "shipped_frr",
    "frr_at_far_1",
    "frr_at_far_01",
    "genuine_accepted",
    "genuine_rejected",
    "impostor_accepted",
    "impostor_rejected",
    "cllr",
    "min_cllr",
];

impl Results {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is missing, no results, or of another version.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let text =
            fs::read_to_string(path).map_err(|e| Failure::io(format!("results {name}"), e))?;
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|e| unreadable(&name, format!("no JSON: {e}")))?;
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => {
                return Err(unreadable(
                    &name,
                    format!("version {version}, this program reads {VERSION}"),
                )
                .remedy("Evaluate again with this version."));
            }
            None => return Err(unreadable(&name, "it names no version".into())),
        }
        serde_json::from_value(value).map_err(|e| unreadable(&name, e.to_string()))
    }

    /// Writes both files into a folder, which is made if it is missing.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)
            .map_err(|e| Failure::io(format!("folder {}", folder.display()), e))?;
        let json = serde_json::to_vec_pretty(self)
            .map_err(|e| Failure::new(FailureKind::Internal, format!("results as JSON: {e}")))?;
        write_whole(&folder.join(RESULTS), &json)?;
        write_whole(&folder.join(TABLE), &self.table()?)
    }

    /// The table of users as CSV.
    fn table(&self) -> Result<Vec<u8>> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(COLUMNS).map_err(|e| no_table(&e))?;
        let methods = self.runs.iter().flat_map(|run| run.methods.iter().map(move |m| (run, m)));
        let sizes = methods.flat_map(|(run, m)| m.sizes.iter().map(move |size| (run, m, size)));
        for (run, method, size) in sizes {
            let place = [&run.protocol.name, &method.name];
            for user in &size.users {
                let takes = [size.movement_s, size.wall_s];
                let row = row(user, &size.unit.to_string(), place, takes);
                csv.write_record(row).map_err(|e| no_table(&e))?;
            }
        }
        csv.into_inner().map_err(|e| no_table(&e))
    }
}

fn no_table(e: &dyn std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Internal, format!("{TABLE}: {e}"))
}

fn unreadable(name: &str, what: String) -> Failure {
    Failure::new(FailureKind::Data, format!("results {name}: {what}"))
        .remedy("Give a results.json that `mousewarden evaluate` of this version has written.")
}

fn row(user: &UserFigures, unit: &str, place: [&String; 2], takes: [f64; 2]) -> Vec<String> {
    let g = user.genuine_groups as f64;
    let i = user.impostor_groups as f64;
    // At the equal error rate both kinds of error are that rate, interpolated.
    let hits = g * (1.0 - user.eer);
    let alarms = i * user.eer;
    let accuracy = (hits + i - alarms) / (g + i);
    let f1 = 2.0 * hits / (hits + alarms + g);
    let c = &user.confusion;
    let mut row = vec![user.user.clone(), unit.to_owned()];
    row.extend(
        [user.auc, user.eer, user.eer_threshold, user.eer, user.eer, accuracy, f1].map(number),
    );
    row.extend(place.map(Clone::clone));
    row.extend([user.seed.to_string(), user.genuine_groups.to_string()]);
    row.push(user.impostor_groups.to_string());
    row.extend(takes.map(number));
    row.extend(threshold_cells(&user.calibrated));
    row.extend(threshold_cells(&user.shipped));
    row.extend([maybe(user.frr_at_far_1), maybe(user.frr_at_far_01)]);
    row.extend(
        [c.genuine_accepted, c.genuine_rejected, c.impostor_accepted, c.impostor_rejected]
            .map(|count| count.to_string()),
    );
    row.extend([maybe(user.cllr), maybe(user.min_cllr)]);
    row
}

fn number(value: f64) -> String {
    format!("{value:.6}")
}

/// A cell that may be empty.
fn maybe(value: Option<f64>) -> String {
    value.map_or(String::new(), number)
}

fn threshold_cells(value: &Option<super::results::AtThreshold>) -> [String; 3] {
    let value = *value;
    [value.map(|v| v.threshold), value.map(|v| v.far), value.map(|v| v.frr)].map(maybe)
}
