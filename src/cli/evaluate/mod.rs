//! `mousewarden evaluate`: how well the models of a dataset's people hold under named protocols,
//! beside baselines, and two results side by side.

mod comparison;
mod enrolment;
mod progress;
mod report;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use self::progress::EvaluationBar;
use super::train::input::InputArgs;
use super::{left_out, output};
use crate::agent::settings::{BoundedInt, Budget, DecisionChoice};
use crate::data::npz::check_writable;
use crate::error::{Failure, FailureKind, Result};
use crate::lab::evaluate::{EvaluationRequest, MissingModels, Results, compare, evaluate};
use crate::lab::protocol::{EnrolmentLength, NAMES, Protocol, ProtocolUser, read_users};
use crate::lab::train::{BackboneChoice, TrainOptions};
use crate::model::{self, Bundle, ScorerBackend, ScorerParams, folders_beside};
use crate::pipeline::WindowParams;

/// Fewer draws give no interval of 95 %.
const DRAWS_MIN: usize = 100;

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Who learns from what and is tested on what: open-set, seed, sapimouse, balabit, same-device,
    /// time-resampled, or a TOML file of your own; several with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "open-set")]
    protocol: Vec<String>,
    /// Cut every owner's enrolment to so many minutes of movement; several with commas
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=600))]
    minutes: Vec<u32>,
    /// Cut every owner's enrolment to the recordings of so many days; several with commas
    #[arg(long, value_name = "N", value_delimiter = ',', conflicts_with = "minutes", value_parser = clap::value_parser!(u32).range(1..=366))]
    days: Vec<u32>,
    /// Folder of the models: PROTOCOL/seed-SEED/USER.onnx
    #[arg(long, value_name = "DIR", default_value = "models")]
    models: PathBuf,
    /// Folder for results.json, binary_results.csv and report.html
    #[arg(long, value_name = "DIR", default_value = "evaluation")]
    out: PathBuf,
    /// Seeds of splits and models
    #[arg(long, value_name = "SEED", value_delimiter = ',', default_values_t = [1])]
    seeds: Vec<u64>,
    /// Draws of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = draws)]
    draws: usize,
    /// Train models that are missing, on the protocol's training part
    #[arg(long)]
    train: bool,
    /// What they start from: shipped, random, or the file of a backbone
    #[arg(long, value_name = "BACKBONE", default_value = "shipped", requires = "train")]
    backbone: PathBuf,
    /// Who scores: auto, onnxruntime, builtin
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = backend)]
    backend: ScorerBackend,
    /// In continuous use, hours at the desk for one false notice and for one false lock, or eer
    #[arg(long, value_names = ["NOTICE", "LOCK"], num_args = 2, default_values = ["8", "40"], value_parser = budget)]
    budget: Vec<Budget>,
    /// Judge by movement alone, as if nobody had clicked
    #[arg(long)]
    no_clicks: bool,
    /// In the tables of groups, let the first 30 windows of every session show the day, and judge
    /// the others by it
    #[arg(long)]
    adapt: bool,
    /// Owners measured at the same time
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: usize,
    /// Only show how the protocols part these people
    #[arg(long)]
    split: bool,
    /// Set two results.json side by side instead
    #[arg(long, num_args = 2, value_names = ["FIRST", "SECOND"], conflicts_with_all = ["folder", "train", "split"])]
    compare: Option<Vec<PathBuf>>,
    /// Make only the report, of a results.json that is there
    #[arg(long, value_name = "RESULTS", conflicts_with_all = ["folder", "train", "split", "compare"])]
    report: Option<PathBuf>,
    /// Also write every picture of the report as an SVG file
    #[arg(long)]
    svg: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn backend(name: &str) -> Result<ScorerBackend, String> {
    let known = [ScorerBackend::Auto, ScorerBackend::OnnxRuntime, ScorerBackend::Builtin];
    let found = known.into_iter().find(|backend| backend.to_string() == name);
    found.ok_or_else(|| "it must be auto, onnxruntime or builtin".into())
}

fn draws(text: &str) -> Result<usize, String> {
    let draws = text.parse::<usize>().ok().filter(|draws| *draws >= DRAWS_MIN);
    draws.ok_or_else(|| format!("intervals need a whole number of at least {DRAWS_MIN}"))
}

fn budget(text: &str) -> Result<Budget, String> {
    if text == "eer" {
        return Ok(Budget::Eer);
    }
    let hours = text.parse::<i64>().map_err(|_| "it must be whole hours or eer".to_owned())?;
    BoundedInt::try_from(hours).map(Budget::Hours)
}

impl EvaluateArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the recordings or models cannot be used, or the results not be written.
    pub(crate) fn run(self) -> Result<()> {
        match (&self.compare, &self.report) {
            (Some(files), _) => self.compare(&files[0], &files[1]),
            (None, Some(file)) => report::write(&Results::read(file)?, &self.out, self.svg),
            (None, None) => self.evaluate(),
        }
    }

    fn compare(&self, first: &Path, second: &Path) -> Result<()> {
        let first = Results::read(first)?;
        let second = Results::read(second)?;
        let comparison = compare(&first, &second, self.draws.max(100))?;
        if self.json {
            output::json(&comparison)
        } else {
            output::line(&comparison::text(&comparison))
        }
    }

    fn evaluate(&self) -> Result<()> {
        let params = WindowParams::default();
        let protocols = self.protocols()?;
        let Some(folder) = &self.input.folder else {
            return Err(Failure::new(FailureKind::Usage, "no recordings are named")
                .remedy("Give the folder of a dataset and its --format."));
        };
        let source = self.input.format()?.name();
        let (options, scorer) = self.learning()?;
        if !self.split {
            check_writable(&self.out)?;
            self.train.then(|| check_writable(&self.models)).transpose()?;
        }
        let show = EvaluationBar::begin();
        let people = self.people(folder, params, &show)?;
        if self.split {
            return self.show_splits(&protocols, &people, params);
        }
        let notice = self.budget[0];
        let lock = self.budget[1];
        let choice = DecisionChoice {
            notice_budget_h: notice,
            lock_budget_h: lock,
            ..DecisionChoice::default()
        };
        let request = EvaluationRequest {
            protocols: &protocols,
            people: &people,
            source,
            params,
            models: &self.models,
            seeds: &self.seeds,
            draws: self.draws,
            threads: self.threads,
            scorer: &scorer,
            decision: &|bundle: &Bundle| choice.resolve(bundle),
            half_life: notice.half_life(),
            clicks: !self.no_clicks,
            adapt: self.adapt,
            trainer: self.train.then_some(MissingModels { options: &options, scorer: &scorer }),
        };
        let results = evaluate(&request, &mut |progress| show.tell(progress))?;
        show.end();
        // Whether the files could be written or not, what was measured is shown.
        let written = self.write(&results);
        if self.json {
            output::json(&results)?;
        } else {
            output::line(&table::text(&results))?;
            let enrolment = enrolment::lines(&results, &self.lengths());
            enrolment.iter().try_for_each(|line| output::line(line))?;
        }
        written
    }

    fn write(&self, results: &Results) -> Result<()> {
        results.write(&self.out)?;
        report::write(results, &self.out, self.svg)?;
        eprintln!("Everything is in {}.", self.out.display());
        Ok(())
    }

    fn learning(&self) -> Result<(TrainOptions, ScorerParams)> {
        let options = TrainOptions { backbone: self.backbone()?, ..TrainOptions::default() };
        Ok((options, self.scorer()))
    }

    /// The protocols, with `all` spelt out, each with every length of enrolment asked for.
    fn protocols(&self) -> Result<Vec<Protocol>> {
        let names = if self.protocol.iter().any(|name| name == "all") {
            NAMES.map(str::to_owned).to_vec()
        } else {
            self.protocol.clone()
        };
        let usual: Vec<Protocol> =
            names.iter().map(|name| Protocol::find(name)).collect::<Result<_>>()?;
        let lengths = self.lengths();
        if lengths.is_empty() {
            return Ok(usual);
        }
        let cut = |rules: &Protocol| lengths.iter().map(|n| rules.enrolled_for(*n)).collect();
        Ok(usual.iter().flat_map(|rules| -> Vec<Protocol> { cut(rules) }).collect())
    }

    /// The lengths of enrolment that are asked for.
    fn lengths(&self) -> Vec<EnrolmentLength> {
        let minutes = self.minutes.iter().copied().map(EnrolmentLength::Minutes);
        minutes.chain(self.days.iter().copied().map(EnrolmentLength::Days)).collect()
    }

    fn people(
        &self,
        folder: &Path,
        params: WindowParams,
        show: &EvaluationBar,
    ) -> Result<Vec<ProtocolUser>> {
        let dataset = self.input.open(folder)?;
        let (people, dropped) =
            read_users(&dataset, params, &mut |user, of| show.reading(user, of))?;
        left_out::tell(None, &dropped);
        Ok(people)
    }

    fn show_splits(
        &self,
        protocols: &[Protocol],
        people: &[ProtocolUser],
        params: WindowParams,
    ) -> Result<()> {
        let mut all = Vec::new();
        for protocol in protocols {
            let prepared = protocol.prepare(people.to_vec(), params);
            for seed in &self.seeds {
                let plan = protocol.plan(prepared.clone(), *seed)?;
                all.push((protocol.name.clone(), crate::lab::evaluate::split_facts(&plan)));
            }
        }
        if self.json {
            output::json(&all)
        } else {
            all.iter().try_for_each(|(name, split)| output::line(&table::split(name, split)))
        }
    }

    fn scorer(&self) -> ScorerParams {
        let search = std::env::current_exe().map(|exe| folders_beside(&exe)).unwrap_or_default();
        ScorerParams { backend: self.backend, search, ..ScorerParams::default() }
    }

    fn backbone(&self) -> Result<BackboneChoice> {
        match self.backbone.to_str() {
            Some("shipped") => Ok(BackboneChoice::Pretrained),
            Some("random") => Ok(BackboneChoice::Random),
            _ => Ok(BackboneChoice::Given(Arc::new(model::Backbone::read(&self.backbone)?))),
        }
    }
}
