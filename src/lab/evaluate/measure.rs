//! One owner's model, and the baselines, on that owner's test: scores of groups, and streams through
//! the detector. Scores come from the file as the agent opens it.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::baseline::{Baseline, Kind as Knows};
use super::check::Exam;
use super::groups::{self, Durations, Judge, SIZES};
use super::material::{Material, Piece, Sides};
use super::results::{ModelFacts, Unit};
use super::streams::{self, Streams, Ways};
use crate::error::{Failure, Kind, Result};
use crate::lab::metrics;
use crate::model::{Bundle, LoadedScorer, ScorerParams};
use crate::pipeline::{Impression, Likeness, PolicyParams, Scorer, Steps, Window, WindowParams};

/// Windows that are scored at once.
const BATCH: usize = 64;

/// How owners are measured.
pub(super) struct Measure<'a> {
    /// Who scores.
    pub scorer: &'a ScorerParams,
    /// How the agent would decide with a model.
    pub policy: &'a (dyn Fn(&Bundle) -> Result<PolicyParams> + Sync),
    /// Whether it learns from false alarms.
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
    pub durations: Vec<(Unit, Durations)>,
    /// The model, then the baselines; for each the units in the order of `durations`.
    pub methods: Vec<Vec<Scores>>,
    pub streams: Streams,
}

/// Scores of groups of one unit.
#[derive(Debug, Clone, Default)]
pub(super) struct Scores {
    pub genuine: Vec<f32>,
    pub impostor: Vec<f32>,
    /// The threshold of the calibration part.
    pub calibrated: Option<f32>,
    /// The calibration part's own scores.
    pub calibration: [Vec<f32>; 2],
    /// The threshold that the bundle carries.
    pub shipped: Option<f32>,
}

impl Scores {
    /// Whether there are groups enough to speak of rates.
    pub(super) fn enough(&self, unit: Unit) -> bool {
        let least = fewest(unit);
        self.genuine.len() >= least && self.impostor.len() >= least
    }
}

const fn fewest(unit: Unit) -> usize {
    match unit {
        Unit::Windows(_) => 3,
        Unit::Session => 1,
    }
}

/// The units that a protocol measures.
pub(super) fn units(whole_sessions: bool) -> Vec<Unit> {
    let sizes = SIZES.into_iter().map(Unit::Windows);
    sizes.chain(whole_sessions.then_some(Unit::Session)).collect()
}

impl Measure<'_> {
    /// Measures one owner.
    pub(super) fn owner(&self, exam: &Exam<'_>, path: &Path) -> Result<Measured> {
        let (bundle, mut scorer) = LoadedScorer::open_bundle(path, self.scorer)?;
        if bundle.windows != self.params {
            let what = format!("model {} is for windows that are cut otherwise", path.display());
            return Err(Failure::new(Kind::Data, what).remedy("Train it again with this version."));
        }
        let warning = exam.admit(&bundle, path)?;
        let material = Material::of(exam.plan, exam.split, self.params);
        let units = units(exam.plan.protocol.whole_sessions);
        let durations = units.iter().map(|unit| (*unit, durations(*unit, &material))).collect();
        let user = exam.plan.people[exam.split.owner].id.clone();
        let blind = exam.knows_calibration(&bundle);
        let own = self.model(&bundle, &mut scorer, &material, &units, blind)?;
        let mut methods = vec![own];
        methods.extend(Knows::ALL.map(|kind| baseline(kind, &material, &units, exam.plan.seed)));
        let ways = Ways { policy: (self.policy)(&bundle)?, adapt: self.adapt };
        let streams = streams::run(&material.test, &mut scorer, ways, self.params)?;
        Ok(Measured {
            model: facts(&bundle, path, &user, exam.plan.seed)?,
            scorer: format!("{} {}", scorer.report().backend, scorer.report().version),
            seed: exam.plan.seed,
            user,
            warning,
            durations,
            methods,
            streams,
        })
    }

    fn model(
        &self,
        bundle: &Bundle,
        scorer: &mut LoadedScorer,
        material: &Material<'_>,
        units: &[Unit],
        blind: bool,
    ) -> Result<Vec<Scores>> {
        let likeness = bundle.likeness.as_ref();
        let test = Side::scored(&material.test, scorer)?;
        let calibration = match blind {
            true => Side::default(),
            false => Side::scored(&material.calibration, scorer)?,
        };
        let scores = |unit: &Unit| {
            let shipped =
                bundle.operating_points.iter().find(|p| Unit::Windows(p.windows) == *unit);
            let calibration = calibration.groups(*unit, &material.calibration, likeness);
            let [genuine, impostor] = test.groups(*unit, &material.test, likeness);
            Scores {
                genuine,
                impostor,
                calibrated: threshold(*unit, &calibration),
                calibration,
                shipped: shipped.map(|point| point.threshold),
            }
        };
        Ok(units.iter().map(scores).collect())
    }
}

/// What the model makes of single windows, a list a piece.
#[derive(Default)]
struct Side {
    genuine: Vec<Vec<Impression>>,
    impostor: Vec<Vec<Impression>>,
}

impl Side {
    fn scored(sides: &Sides<'_>, scorer: &mut LoadedScorer) -> Result<Self> {
        let mut of = |pieces: &[Piece<'_>]| -> Result<Vec<Vec<Impression>>> {
            pieces.iter().map(|piece| impressions(&piece.windows, scorer)).collect()
        };
        Ok(Self { genuine: of(&sides.genuine)?, impostor: of(&sides.impostor)? })
    }

    fn groups(&self, unit: Unit, sides: &Sides<'_>, likeness: Option<&Likeness>) -> [Vec<f32>; 2] {
        let of = |seen: &[Vec<Impression>], pieces: &[Piece<'_>]| -> Vec<f32> {
            let judge = |(seen, piece): (&Vec<Impression>, &Piece<'_>)| {
                groups::scores(unit, &piece.windows, Judge::Model(likeness, seen))
            };
            seen.iter().zip(pieces).flat_map(judge).collect()
        };
        [of(&self.genuine, &sides.genuine), of(&self.impostor, &sides.impostor)]
    }
}

/// One impression a window, as the agent would get it.
pub(super) fn impressions(
    windows: &[Window],
    scorer: &mut LoadedScorer,
) -> Result<Vec<Impression>> {
    let steps: Vec<Steps> = windows.iter().map(Steps::from).collect();
    let mut seen = Vec::with_capacity(steps.len());
    for batch in steps.chunks(BATCH) {
        let batch = scorer.score(batch);
        seen.extend(batch.map_err(|e| Failure::new(Kind::Internal, e.to_string()))?);
    }
    Ok(seen)
}

fn baseline(kind: Knows, material: &Material<'_>, units: &[Unit], seed: u64) -> Vec<Scores> {
    let training = material.training.iter().flat_map(|piece| piece.windows.iter());
    let baseline = Baseline::fit(kind, training, seed);
    let groups = |unit: Unit, pieces: &[Piece<'_>]| -> Vec<f32> {
        let of =
            |piece: &Piece<'_>| groups::scores(unit, &piece.windows, Judge::Baseline(&baseline));
        pieces.iter().flat_map(of).collect()
    };
    let scores = |unit: &Unit| {
        let Sides { genuine, impostor } = &material.calibration;
        let calibration = [groups(*unit, genuine), groups(*unit, impostor)];
        Scores {
            genuine: groups(*unit, &material.test.genuine),
            impostor: groups(*unit, &material.test.impostor),
            calibrated: threshold(*unit, &calibration),
            calibration,
            shipped: None,
        }
    };
    units.iter().map(scores).collect()
}

/// Where FAR and FRR meet on the calibration part; none where it is too small to say.
fn threshold(unit: Unit, [genuine, impostor]: &[Vec<f32>; 2]) -> Option<f32> {
    let least = fewest(unit);
    let enough = genuine.len() >= least && impostor.len() >= least;
    enough.then(|| metrics::eer(genuine, impostor)).flatten().map(|equal| equal.threshold)
}

fn durations(unit: Unit, material: &Material<'_>) -> Durations {
    let mut durations = Durations::default();
    material.test.genuine.iter().for_each(|piece| durations.add(unit, &piece.windows));
    durations
}

fn facts(bundle: &Bundle, path: &Path, user: &str, seed: u64) -> Result<ModelFacts> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::io(format!("model {}", path.display()), error))?;
    let digest = Sha256::digest(&bytes);
    Ok(ModelFacts {
        user: user.to_owned(),
        seed,
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        start: bundle.provenance.start.clone(),
        impostor_source: bundle.provenance.impostor_source.clone(),
        group: bundle.default_group,
    })
}
