//! `mousewarden-rig limits`: how often owners are bothered and how soon impostors are noticed by each
//! of several limits, set by set, and which limit the other sets would have chosen for a set that was
//! left out.

use std::path::{Path, PathBuf};

use clap::Args;

use mousewarden::agent::settings::DecisionChoice;
use mousewarden::cli::output;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::evaluate::results::ProtocolRun;
use mousewarden::lab::evaluate::{EvaluationRequest, MissingModels, evaluate};
use mousewarden::lab::protocol::{Protocol, ProtocolUser};
use mousewarden::lab::train::TrainOptions;
use mousewarden::model::{Bundle, ScorerParams};
use mousewarden::pipeline::{Trigger, WindowParams};

use crate::people::read_people;
use crate::pretrain::folder_of_format;

/// Locks take so many times the limit of notices, as in what ships.
const LOCK: f32 = 1.5;
/// Hours at the desk of a working day, in which one false notice is promised.
const DAY_H: f64 = 8.0;
/// An interval needs no more; nobody reads it here.
const DRAWS: usize = 100;

/// Arguments of `limits`.
#[derive(Debug, Args)]
pub struct LimitsArgs {
    /// Recordings of people who come back, a set each.
    #[arg(required = true, num_args = 2.., value_name = "FORMAT=FOLDER", value_parser = folder_of_format)]
    folders: Vec<(String, PathBuf)>,
    /// Limits of a notice in nats.
    #[arg(long, value_name = "NATS", value_delimiter = ',', default_values_t = [6.0, 8.0, 10.0, 13.0, 17.0])]
    limits: Vec<f32>,
    /// Folder of the models, a folder for each set; those that are missing are trained.
    #[arg(long, value_name = "DIR")]
    models: PathBuf,
    /// Who learns from what and is tested on what.
    #[arg(long, default_value = "open-set")]
    protocol: String,
    /// Seeds of splits and models.
    #[arg(long, value_name = "SEED", value_delimiter = ',', default_values_t = [1])]
    seeds: Vec<u64>,
}

/// What a limit does to the people of a set.
#[derive(Debug, Clone, PartialEq)]
struct LimitRow {
    limit: f32,
    false_notices: f64,
    hours: f64,
    /// Shares of impostor sessions noticed within 30, 100, 300 and 600 windows.
    within: Vec<f64>,
}

/// The rows of a set.
struct MeasuredSet {
    name: String,
    rows: Vec<LimitRow>,
}

impl LimitsArgs {
    /// Measures each set by each limit, and shows what leaving a set out would have chosen.
    ///
    /// # Errors
    /// When recordings cannot be read or parted, or a model cannot be trained.
    pub fn run(self) -> Result<()> {
        if !self.limits.is_sorted_by(|one, next| 0.0 < *one && one < next) {
            return Err(Failure::new(FailureKind::Usage, "--limits are not ascending and above 0")
                .remedy("Write them like this: --limits 6,8,10."));
        }
        let mut sets = Vec::new();
        for (format, folder) in &self.folders {
            sets.push(self.measured(format, folder)?);
        }
        text(&sets).iter().try_for_each(|line| output::line(line))
    }

    fn measured(&self, format: &str, folder: &PathBuf) -> Result<MeasuredSet> {
        let protocols = [Protocol::find(&self.protocol)?];
        let people = read_people(folder, format, WindowParams::default())?;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_else(|| format.to_owned());
        let models = self.models.join(&name);
        let mut rows = Vec::new();
        for limit in &self.limits {
            eprintln!("{name}: {limit} nats");
            rows.push(self.by_limit(*limit, &protocols, &people, &models)?);
        }
        Ok(MeasuredSet { name, rows })
    }

    fn by_limit(
        &self,
        limit: f32,
        protocols: &[Protocol],
        people: &[ProtocolUser],
        models: &Path,
    ) -> Result<LimitRow> {
        let choice = DecisionChoice::default();
        let scorer = ScorerParams::default();
        let options = TrainOptions::default();
        let decision = |bundle: &Bundle| {
            let mut decision = choice.resolve(bundle)?;
            decision.notice = Trigger::Llr(limit);
            decision.lock = Trigger::Llr(LOCK * limit);
            Ok(decision)
        };
        let request = EvaluationRequest {
            protocols,
            people,
            source: "limits",
            params: WindowParams::default(),
            models,
            seeds: &self.seeds,
            draws: DRAWS,
            threads: 2,
            scorer: &scorer,
            decision: &decision,
            half_life: choice.notice_budget_h.half_life(),
            clicks: true,
            adapt: false,
            trainer: Some(MissingModels { options: &options, scorer: &scorer }),
        };
        let results = evaluate(&request, &mut |_| {})?;
        results.runs.first().and_then(|run| LimitRow::of(limit, run)).ok_or_else(|| {
            Failure::new(FailureKind::Data, "nobody of this set could be judged in continuous use")
                .remedy("Give recordings of at least two people with several sessions each.")
        })
    }
}

impl LimitRow {
    /// The figures of a run; none where nobody was judged in continuous use.
    fn of(limit: f32, run: &ProtocolRun) -> Option<Self> {
        let continuous = run.continuous.as_ref()?;
        let hours = continuous.genuine_hours[0];
        Some(Self {
            limit,
            false_notices: continuous.false_alarms_per_8h_wall.value * hours / DAY_H,
            hours,
            within: continuous.within.iter().map(|within| within.noticed.value).collect(),
        })
    }

    fn words(&self) -> String {
        let within: Vec<String> =
            self.within.iter().map(|share| format!("{:.0}", 100.0 * share)).collect();
        let per_day = self.false_notices * DAY_H / self.hours;
        format!(
            "{:>5} nats: {per_day:>5.2} false notices in 8 h ({:.0} in {:.1} h); noticed within \
             30/100/300/600 windows {} %",
            self.limit,
            self.false_notices,
            self.hours,
            within.join("/")
        )
    }
}

/// Every row, then for each set the lowest limit by which all others together keep the promise.
fn text(sets: &[MeasuredSet]) -> Vec<String> {
    let mut lines = Vec::new();
    for set in sets {
        lines.push(format!("{}:", set.name));
        lines.extend(set.rows.iter().map(LimitRow::words));
    }
    lines.push(String::new());
    lines.push("Chosen by the other sets, one false notice in 8 h, and what it does:".into());
    for (at, left_out) in sets.iter().enumerate() {
        let chosen = chosen_without(sets, at);
        let words = chosen.map_or_else(
            || "no limit keeps the promise on the others".into(),
            |row| left_out.rows[row].words(),
        );
        lines.push(format!("{:<14} {words}", left_out.name));
    }
    lines
}

/// The number of the lowest limit by which the people of all sets but one are bothered no more than
/// once in 8 h, each hour at the desk counting the same.
fn chosen_without(sets: &[MeasuredSet], left_out: usize) -> Option<usize> {
    let limits = sets.first()?.rows.len();
    (0..limits).find(|row| {
        let others = sets.iter().enumerate().filter(|(at, _)| *at != left_out);
        let rows: Vec<&LimitRow> = others.map(|(_, set)| &set.rows[*row]).collect();
        let notices: f64 = rows.iter().map(|row| row.false_notices).sum();
        let hours: f64 = rows.iter().map(|row| row.hours).sum();
        notices * DAY_H <= hours
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, hours: f64, notices: [f64; 3]) -> MeasuredSet {
        let rows = [6.0, 8.0, 10.0].into_iter().zip(notices);
        let row = |(limit, false_notices)| LimitRow {
            limit,
            false_notices,
            hours,
            within: vec![0.5, 0.6, 0.7, 0.8],
        };
        MeasuredSet { name: name.into(), rows: rows.map(row).collect() }
    }

    #[test]
    fn the_left_out_set_has_no_say() {
        let sets = [
            set("a", 80.0, [20.0, 9.0, 5.0]),
            set("b", 16.0, [2.0, 1.0, 0.0]),
            set("c", 8.0, [9.0, 9.0, 9.0]),
        ];
        // b and c: 11, 10, 9 in 24 h; a and c: 29, 18, 14 in 88 h; a and b: 22, 10, 5 in 96 h.
        assert_eq!([0, 1, 2].map(|at| chosen_without(&sets, at)), [None, None, Some(1)]);
        let text = text(&sets);
        assert!(text.last().unwrap().contains("c                  8 nats:  9.00"), "{text:#?}");
        assert!(text[text.len() - 3].ends_with("on the others"), "{text:#?}");
    }
}
