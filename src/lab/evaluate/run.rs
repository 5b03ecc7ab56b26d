//! The course of an evaluation: parts everybody by each protocol, trains what is missing if that is
//! wanted, measures every owner, and puts the figures together. The terminal is the caller's
//! business.

use std::path::{Path, PathBuf};

use super::baseline::BaselineKind as Knows;
use super::case::EvaluationCase;
use super::device_confound;
use super::facts::{protocol_facts, split_facts};
use super::figures::Study;
use super::measure::{MeasureParams, Measured};
use super::missing::{MissingModels, refuse_missing};
use super::results::{DatasetFacts, Method, ProtocolRun, Results, UNDATED, VERSION};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::parallel::in_parallel;
use crate::lab::protocol::{Plan, Protocol, ProtocolUser, Split, count_windows};
use crate::model::{Bundle, ScorerParams};
use crate::pipeline::{DecisionParams, Micros, WindowParams};

/// What is to be evaluated, and how.
pub struct EvaluationRequest<'a> {
    /// The rules, each giving a run.
    pub protocols: &'a [Protocol],
    /// Everybody, as recorded.
    pub people: &'a [ProtocolUser],
    /// The dataset's format.
    pub source: &'a str,
    /// How windows are cut.
    pub params: WindowParams,
    /// The folder of models.
    pub models: &'a Path,
    /// Seeds of splits and models.
    pub seeds: &'a [u64],
    /// Draws of every bootstrap.
    pub draws: usize,
    /// Owners measured at the same time.
    pub threads: usize,
    /// Who scores.
    pub scorer: &'a ScorerParams,
    /// How the agent would decide with a model.
    pub decision: &'a (dyn Fn(&Bundle) -> Result<DecisionParams> + Sync),
    /// The notice budget.
    pub half_life: Micros,
    /// Whether clicks are judged too, where a model knows its owner's.
    pub clicks: bool,
    /// Whether groups are judged by the day too: every session of the owner begins with an unlock.
    pub adapt: bool,
    /// Trains the models that are missing; without it they are an error.
    pub trainer: Option<MissingModels<'a>>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationProgress<'a> {
    /// Models have been trained: so many of how many.
    Trained(usize, usize),
    /// Owners of a protocol have been measured: so many of how many.
    Measured(&'a str, usize, usize),
    /// The figures of a protocol are being put together.
    Figures(&'a str),
}

/// A protocol's plan for one seed, and where its models lie, in the order of its splits.
struct Case {
    plan: Plan,
    paths: Vec<PathBuf>,
}

/// Evaluates.
///
/// # Errors
/// When the people cannot be parted, a model is missing, of another person, or knows its test, or
/// something cannot be read.
pub fn evaluate(
    request: &EvaluationRequest<'_>,
    tell: &mut dyn FnMut(EvaluationProgress<'_>),
) -> Result<Results> {
    if request.seeds.is_empty() || request.draws < 100 {
        let what = "evaluation: at least one seed and 100 draws are needed";
        return Err(
            Failure::new(FailureKind::Config, what).remedy("Leave --seeds and --draws out.")
        );
    }
    let studies = parted(request)?;
    provide(request, &studies, tell)?;
    let mut scorer = String::new();
    let mut runs = Vec::new();
    for (protocol, cases) in &studies {
        let (run, by) = run(request, protocol, cases, tell)?;
        scorer = by;
        runs.push(run);
    }
    Ok(Results {
        version: VERSION,
        made_by: concat!("mousewarden ", env!("CARGO_PKG_VERSION")).into(),
        dataset: dataset(request),
        windows: request.params,
        scorer,
        draws: request.draws,
        device: device_confound::device(&runs, request.draws),
        runs,
    })
}

/// Each protocol with a case for each seed.
fn parted<'a>(request: &EvaluationRequest<'a>) -> Result<Vec<(&'a Protocol, Vec<Case>)>> {
    request
        .protocols
        .iter()
        .map(|protocol| {
            let prepared = protocol.prepare(request.people.to_vec(), request.params);
            Ok((
                protocol,
                request
                    .seeds
                    .iter()
                    .map(|seed| -> Result<Case> {
                        let plan = protocol.plan(prepared.clone(), *seed)?;
                        let paths = plan
                            .splits
                            .iter()
                            .map(|s| plan.model_path(request.models, s))
                            .collect();
                        Ok(Case { plan, paths })
                    })
                    .collect::<Result<_>>()?,
            ))
        })
        .collect()
}

fn dataset(request: &EvaluationRequest<'_>) -> DatasetFacts {
    let sessions = request.people.iter().flat_map(|p| p.sessions.iter().chain(&p.claims));
    DatasetFacts {
        format: request.source.to_owned(),
        users: request.people.len(),
        sessions: sessions.clone().count(),
        windows: sessions.map(|session| session.windows.len()).sum(),
    }
}

/// Sees to it that every model is there.
fn provide(
    request: &EvaluationRequest<'_>,
    studies: &[(&Protocol, Vec<Case>)],
    tell: &mut dyn FnMut(EvaluationProgress<'_>),
) -> Result<()> {
    let mut missing: Vec<(&Plan, &Split, &PathBuf)> = Vec::new();
    for case in studies.iter().flat_map(|(_, cases)| cases) {
        for (split, path) in case.plan.splits.iter().zip(&case.paths) {
            if !path.exists() && missing.iter().all(|(.., other)| *other != path) {
                missing.push((&case.plan, split, path));
            }
        }
    }
    let Some(trainer) = &request.trainer else {
        return refuse_missing(&missing, request.source, request.models);
    };
    // What would be refused after training is refused before it.
    let backbone = trainer.options.backbone.backbone()?;
    if let Some((backbone, people)) =
        backbone.as_ref().and_then(|backbone| Some((backbone, backbone.people()?)))
    {
        for &(plan, split, path) in &missing {
            let case =
                EvaluationCase { plan, recorded: request.people, split, source: request.source };
            case.admit_backbone(&people, path, &backbone.origin.name)?;
        }
    }
    // Training from random weights keeps the cores busy by itself.
    let threads = if backbone.is_some() { request.threads } else { 1 };
    let of = missing.len();
    in_parallel(
        threads,
        &missing,
        |(_, split, _)| count_windows(&split.genuine.training),
        |(plan, split, _)| trainer.train(plan, split, request),
        &mut |done, ()| tell(EvaluationProgress::Trained(done, of)),
    )?;
    Ok(())
}

fn run(
    request: &EvaluationRequest<'_>,
    protocol: &Protocol,
    cases: &[Case],
    tell: &mut dyn FnMut(EvaluationProgress<'_>),
) -> Result<(ProtocolRun, String)> {
    let EvaluationRequest { scorer, decision, half_life, clicks, adapt, params, .. } = *request;
    let measure = MeasureParams { scorer, decision, half_life, clicks, adapt, params };
    let jobs: Vec<(EvaluationCase<'_>, &Path)> = cases
        .iter()
        .flat_map(|case| {
            case.plan.splits.iter().zip(&case.paths).map(|(split, path)| {
                let plan = &case.plan;
                let recorded = request.people;
                let source = request.source;
                (EvaluationCase { plan, recorded, split, source }, path.as_path())
            })
        })
        .collect();
    let mut count =
        |done, _: &Measured| tell(EvaluationProgress::Measured(&protocol.name, done, jobs.len()));
    let measured = in_parallel(
        request.threads,
        &jobs,
        |(case, _)| case.windows(),
        |(case, path)| measure.owner(case, path),
        &mut count,
    )?;
    tell(EvaluationProgress::Figures(&protocol.name));
    let study = Study::new(&measured, request.draws);
    let undated = (UNDATED, "the exported model, not knowing how the session began");
    let about = if clicks { "the exported model" } else { "the exported model, by movement alone" };
    let model = [("model", about)].into_iter().chain(adapt.then_some(undated));
    let named = model.chain(Knows::ALL.iter().map(|kind| (kind.name(), kind.about())));
    let named: Vec<(usize, (&str, &str))> = named.enumerate().collect();
    // The model's figures, which come first, take longest.
    let methods: Vec<Method> = in_parallel(
        request.threads,
        &named,
        |(at, _)| named.len() - at,
        |(at, (name, about))| Ok(study.method(*at, name, about)),
        &mut |_, _| {},
    )?;
    let run = ProtocolRun {
        protocol: protocol_facts(protocol),
        seeds: request.seeds.to_vec(),
        splits: cases.iter().map(|case| split_facts(&case.plan)).collect(),
        models: measured.iter().map(|one| one.model.clone()).collect(),
        methods,
        continuous: study.continuous(request.half_life),
        warnings: warnings(&study),
    };
    Ok((run, measured.first().map(|one| one.scorer.clone()).unwrap_or_default()))
}

fn warnings(study: &Study<'_>) -> Vec<String> {
    let mut warnings: Vec<String> =
        study.measured.iter().filter_map(|one| one.warning.clone()).collect();
    let owners = study.owners.len();
    if owners < 8 {
        warnings.push(format!(
            "Only {owners} owners: intervals over so few people are too narrow, and say little."
        ));
    }
    if study.measured.iter().all(|one| one.methods[0].iter().all(|s| s.calibrated.is_none())) {
        warnings.push(
            "No calibration part: only the thresholds that the bundles carry are judged.".into(),
        );
    }
    warnings
}
