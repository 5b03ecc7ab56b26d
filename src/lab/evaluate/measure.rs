//! One owner's model, and the baselines, on that owner's test: scores of groups, and streams
//! through the detector. Scores come from the file as the agent opens it.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::baseline::{Baseline, BaselineKind as Knows};
use super::case::EvaluationCase;
use super::groups::{self, Durations, GroupScorer, SECONDS, SIZES};
use super::owner_windows::{JudgedSession, OwnerWindows, Sides};
use super::results::{JudgedUnit, ModelFacts};
use super::streams::{self, OwnerStreams};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::metrics;
use crate::model::{Bundle, LoadedScorer, ScorerParams};
use crate::pipeline::{
    ClickSums, DecisionParams, GroupMean, Micros, OwnerModel, Scorer, Steps, Window, WindowParams,
    WindowScore,
};

/// Windows that are scored at once.
const BATCH: usize = 64;

/// How owners are measured.
pub(super) struct MeasureParams<'a> {
    /// Who scores.
    pub scorer: &'a ScorerParams,
    /// How the agent would decide with a model.
    pub decision: &'a (dyn Fn(&Bundle) -> Result<DecisionParams> + Sync),
    /// Half of what a refuted alarm raises the limits by is gone after so much time at the desk.
    pub half_life: Micros,
    /// Whether clicks are judged too.
    pub clicks: bool,
    /// Whether groups are judged by what followed an unlock that day.
    pub adapt: bool,
    /// How windows are cut.
    pub params: WindowParams,
}

/// What was measured of one owner with one seed.
pub(super) struct Measured {
    pub user: String,
    pub seed: u64,
    pub model: ModelFacts,
    /// Who scored.
    pub scorer: String,
    pub warning: Option<String>,
    /// What groups of the owner take.
    pub durations: Vec<(JudgedUnit, Durations)>,
    /// The model, the same without knowing the day if it learns that, then the baselines; for each
    /// the units in the order of `durations`.
    pub methods: Vec<Vec<GroupScores>>,
    pub streams: OwnerStreams,
}

/// Scores of groups of one unit.
#[derive(Debug, Clone, Default)]
pub(super) struct GroupScores {
    pub genuine: Vec<f32>,
    pub impostor: Vec<f32>,
    /// The threshold of the calibration part.
    pub calibrated: Option<f32>,
    /// The calibration part's own scores.
    pub calibration: [Vec<f32>; 2],
    /// The threshold that the bundle carries.
    pub shipped: Option<f32>,
}

impl GroupScores {
    /// Whether there are groups enough to speak of rates.
    pub(super) fn enough(&self, unit: JudgedUnit) -> bool {
        let least = fewest(unit);
        self.genuine.len() >= least && self.impostor.len() >= least
    }
}

const fn fewest(unit: JudgedUnit) -> usize {
    match unit {
        JudgedUnit::Windows(_) => 3,
        // A test session of a minute has not more.
        JudgedUnit::Seconds(_) => 2,
        JudgedUnit::Session => 1,
    }
}

/// The units that a protocol measures.
pub(super) fn units(whole_sessions: bool) -> Vec<JudgedUnit> {
    let sizes = SIZES.into_iter().map(JudgedUnit::Windows).chain([JudgedUnit::Seconds(SECONDS)]);
    sizes.chain(whole_sessions.then_some(JudgedUnit::Session)).collect()
}

impl MeasureParams<'_> {
    /// Measures one owner.
    pub(super) fn owner(&self, case: &EvaluationCase<'_>, path: &Path) -> Result<Measured> {
        let (mut bundle, mut scorer) = LoadedScorer::open_bundle(path, self.scorer)?;
        if let Some(owner) = bundle.owner_model.as_mut().filter(|_| !self.clicks) {
            owner.clicks = None;
        }
        if bundle.windows != self.params {
            let what = format!("model {} is for windows that are cut otherwise", path.display());
            return Err(
                Failure::new(FailureKind::Data, what).remedy("Train it again with this version.")
            );
        }
        let warning = case.admit(&bundle, path)?;
        let whole = OwnerWindows::of(case.plan, case.split, self.params);
        let units = units(case.plan.protocol.whole_sessions);
        let user = case.plan.people[case.split.owner].id.clone();
        let begun = self.adapt.then(|| whole.after_unlocks());
        let material = begun.as_ref().unwrap_or(&whole);
        let durations = units.iter().map(|unit| (*unit, durations(*unit, material))).collect();
        let seen = Test::scored(material, &mut scorer, case.knows_calibration(&bundle))?;
        let ways: &[bool] = if self.adapt { &[true, false] } else { &[false] };
        let mut methods: Vec<Vec<GroupScores>> =
            ways.iter().map(|dated| seen.model(&bundle, &units, *dated)).collect();
        methods.extend(Knows::ALL.map(|kind| baseline(kind, material, &units, case.plan.seed)));
        let decision = (self.decision)(&bundle)?;
        let own = &bundle.provenance.own_movement;
        let agent =
            streams::AgentParams { decision, half_life: self.half_life, params: self.params, own };
        let streams = streams::run(&whole.test, &mut scorer, &agent)?;
        Ok(Measured {
            model: facts(&bundle, path, &user, case.plan.seed)?,
            scorer: format!("{} {}", scorer.report().backend, scorer.report().version),
            seed: case.plan.seed,
            user,
            warning,
            durations,
            methods,
            streams,
        })
    }
}

/// What the model makes of single windows of the parts that are judged.
struct Test<'a> {
    calibration: Side<'a>,
    test: Side<'a>,
}

impl<'a> Test<'a> {
    /// Scores everything; `blind` leaves the calibration part out.
    fn scored(
        material: &'a OwnerWindows<'_>,
        scorer: &mut LoadedScorer,
        blind: bool,
    ) -> Result<Self> {
        let calibration =
            if blind { Side::default() } else { Side::scored(&material.calibration, scorer)? };
        Ok(Self { calibration, test: Side::scored(&material.test, scorer)? })
    }

    /// The scores of groups; `dated` judges each by what the session's first windows have shown.
    fn model(&self, bundle: &Bundle, units: &[JudgedUnit], dated: bool) -> Vec<GroupScores> {
        let [by_calibration, by_test] =
            [&self.calibration, &self.test].map(|side| match (&bundle.owner_model, dated) {
                (Some(owner_model), true) => side.days(owner_model),
                (owner_model, _) => vec![owner_model.clone()],
            });
        units
            .iter()
            .map(|unit| {
                let shipped = bundle
                    .operating_points
                    .iter()
                    .find(|p| JudgedUnit::Windows(p.windows) == *unit);
                let calibration = self.calibration.groups(*unit, &by_calibration);
                let [genuine, impostor] = self.test.groups(*unit, &by_test);
                GroupScores {
                    genuine,
                    impostor,
                    calibrated: threshold(*unit, &calibration),
                    calibration,
                    shipped: shipped.map(|point| point.threshold),
                }
            })
            .collect()
    }
}

/// What the model makes of single windows, a list a piece.
#[derive(Default)]
struct Side<'a> {
    pieces: [&'a [JudgedSession<'a>]; 2],
    genuine: Vec<Vec<WindowScore>>,
    impostor: Vec<Vec<WindowScore>>,
    after_unlocks: Vec<Vec<WindowScore>>,
}

impl<'a> Side<'a> {
    fn scored(sides: &'a Sides<'_>, scorer: &mut LoadedScorer) -> Result<Self> {
        let genuine = session_scores(&sides.genuine, scorer)?;
        let impostor = session_scores(&sides.impostor, scorer)?;
        let after_unlocks =
            sides.after_unlocks.iter().map(|windows| window_scores(windows, scorer));
        let after_unlocks = after_unlocks.collect::<Result<_>>()?;
        Ok(Self { pieces: [&sides.genuine, &sides.impostor], genuine, impostor, after_unlocks })
    }

    /// The owner on the day of each genuine session.
    fn days(&self, owner_model: &OwnerModel) -> Vec<Option<OwnerModel>> {
        self.after_unlocks
            .iter()
            .map(|seen| owner_model.on_session(&GroupMean::of(seen.iter()), seen.len()))
            .map(Some)
            .collect()
    }

    /// Genuine sessions each by its own of these days, impostors by any of them, in turn.
    fn groups(&self, unit: JudgedUnit, days: &[Option<OwnerModel>]) -> [Vec<f32>; 2] {
        let of = |seen: &[Vec<WindowScore>], pieces: &[JudgedSession<'_>]| -> Vec<f32> {
            let all = seen.iter().zip(pieces).zip(days.iter().cycle());
            all.flat_map(|((seen, piece), day)| {
                groups::scores(unit, &piece.windows, GroupScorer::Model(day.as_ref(), seen))
            })
            .collect()
        };
        [of(&self.genuine, self.pieces[0]), of(&self.impostor, self.pieces[1])]
    }
}

fn session_scores(
    pieces: &[JudgedSession<'_>],
    scorer: &mut LoadedScorer,
) -> Result<Vec<Vec<WindowScore>>> {
    pieces.iter().map(|piece| window_scores(&piece.windows, scorer)).collect()
}

/// One score a window, with the clicks that go with it, as the agent would get it.
pub(super) fn window_scores(
    windows: &[Window],
    scorer: &mut impl Scorer,
) -> Result<Vec<WindowScore>> {
    let steps: Vec<Steps> = windows.iter().map(Steps::from).collect();
    let mut seen = Vec::with_capacity(steps.len());
    for batch in steps.chunks(BATCH) {
        let batch = scorer.score(batch);
        seen.extend(batch.map_err(|e| Failure::new(FailureKind::Internal, e.to_string()))?);
    }
    for (seen, window) in seen.iter_mut().zip(windows) {
        seen.clicks.add(&ClickSums::of(window.clicks()));
    }
    Ok(seen)
}

fn baseline(
    kind: Knows,
    material: &OwnerWindows<'_>,
    units: &[JudgedUnit],
    seed: u64,
) -> Vec<GroupScores> {
    let training = material.training.iter().flat_map(|piece| piece.windows.iter());
    let baseline = Baseline::fit(kind, training, seed);
    let groups = |unit: JudgedUnit, pieces: &[JudgedSession<'_>]| -> Vec<f32> {
        pieces
            .iter()
            .flat_map(|piece| {
                groups::scores(unit, &piece.windows, GroupScorer::Baseline(&baseline))
            })
            .collect()
    };
    units
        .iter()
        .map(|unit| {
            let Sides { genuine, impostor, .. } = &material.calibration;
            let calibration = [groups(*unit, genuine), groups(*unit, impostor)];
            GroupScores {
                genuine: groups(*unit, &material.test.genuine),
                impostor: groups(*unit, &material.test.impostor),
                calibrated: threshold(*unit, &calibration),
                calibration,
                shipped: None,
            }
        })
        .collect()
}

/// Where FAR and FRR meet on the calibration part; none where it is too small to say.
fn threshold(unit: JudgedUnit, [genuine, impostor]: &[Vec<f32>; 2]) -> Option<f32> {
    let least = fewest(unit);
    let enough = genuine.len() >= least && impostor.len() >= least;
    enough.then(|| metrics::eer(genuine, impostor)).flatten().map(|equal| equal.threshold)
}

fn durations(unit: JudgedUnit, material: &OwnerWindows<'_>) -> Durations {
    let mut durations = Durations::default();
    material.test.genuine.iter().for_each(|piece| durations.add(unit, &piece.windows));
    durations
}

fn facts(bundle: &Bundle, path: &Path, user: &str, seed: u64) -> Result<ModelFacts> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::io(format!("model {}", path.display()), error))?;
    Ok(ModelFacts {
        user: user.to_owned(),
        seed,
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256: hex::encode(Sha256::digest(&bytes)),
        backbone: bundle.provenance.backbone.clone(),
        impostor_source: bundle.provenance.impostor_source.clone(),
        group: bundle.default_group,
    })
}
