//! One owner's model, and the baselines, on that owner's test: scores of groups, and streams through
//! the detector. Scores come from the file as the agent opens it.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::baseline::{Baseline, Kind as Knows};
use super::check::Exam;
use super::groups::{self, Durations, Judge, SECONDS, SIZES};
use super::material::{Material, Piece, Sides};
use super::results::{ModelFacts, Unit};
use super::streams::{self, Streams};
use crate::error::{Failure, Kind, Result};
use crate::lab::metrics;
use crate::model::{Bundle, LoadedScorer, ScorerParams};
use crate::pipeline::{
    DecisionParams, Impression, Likeness, Mean, Micros, Scorer, Steps, Window, WindowParams,
};

/// Windows that are scored at once.
const BATCH: usize = 64;

/// How owners are measured.
pub(super) struct Measure<'a> {
    /// Who scores.
    pub scorer: &'a ScorerParams,
    /// How the agent would decide with a model.
    pub decision: &'a (dyn Fn(&Bundle) -> Result<DecisionParams> + Sync),
    /// Half of what a refuted alarm raises the limits by is gone after so much time at the desk.
    pub half_life: Micros,
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
    pub durations: Vec<(Unit, Durations)>,
    /// The model, the same without knowing the day if it learns that, then the baselines; for each the
    /// units in the order of `durations`.
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
        // A test session of a minute has not more.
        Unit::Seconds(_) => 2,
        Unit::Session => 1,
    }
}

/// The units that a protocol measures.
pub(super) fn units(whole_sessions: bool) -> Vec<Unit> {
    let sizes = SIZES.into_iter().map(Unit::Windows).chain([Unit::Seconds(SECONDS)]);
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
        let whole = Material::of(exam.plan, exam.split, self.params);
        let units = units(exam.plan.protocol.whole_sessions);
        let user = exam.plan.people[exam.split.owner].id.clone();
        let begun = self.adapt.then(|| whole.after_unlocks());
        let material = begun.as_ref().unwrap_or(&whole);
        let durations = units.iter().map(|unit| (*unit, durations(*unit, material))).collect();
        let seen = Test::scored(material, &mut scorer, exam.knows_calibration(&bundle))?;
        let ways: &[bool] = if self.adapt { &[true, false] } else { &[false] };
        let model = |dated: &bool| seen.model(&bundle, &units, *dated);
        let mut methods: Vec<Vec<Scores>> = ways.iter().map(model).collect();
        methods.extend(Knows::ALL.map(|kind| baseline(kind, material, &units, exam.plan.seed)));
        let decision = (self.decision)(&bundle)?;
        let streams =
            streams::run(&whole.test, &mut scorer, decision, self.half_life, self.params)?;
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
}

/// What the model makes of single windows of the parts that are judged.
struct Test<'a> {
    calibration: Side<'a>,
    test: Side<'a>,
}

impl<'a> Test<'a> {
    /// Scores everything; `blind` leaves the calibration part out.
    fn scored(material: &'a Material<'_>, scorer: &mut LoadedScorer, blind: bool) -> Result<Self> {
        let calibration = match blind {
            true => Side::default(),
            false => Side::scored(&material.calibration, scorer)?,
        };
        Ok(Self { calibration, test: Side::scored(&material.test, scorer)? })
    }

    /// The scores of groups; `dated` judges each by what the session's morning has shown.
    fn model(&self, bundle: &Bundle, units: &[Unit], dated: bool) -> Vec<Scores> {
        let days = |side: &Side<'_>| match (&bundle.likeness, dated) {
            (Some(likeness), true) => side.days(likeness),
            (likeness, _) => vec![likeness.clone()],
        };
        let [by_calibration, by_test] = [&self.calibration, &self.test].map(days);
        let scores = |unit: &Unit| {
            let shipped =
                bundle.operating_points.iter().find(|p| Unit::Windows(p.windows) == *unit);
            let calibration = self.calibration.groups(*unit, &by_calibration);
            let [genuine, impostor] = self.test.groups(*unit, &by_test);
            Scores {
                genuine,
                impostor,
                calibrated: threshold(*unit, &calibration),
                calibration,
                shipped: shipped.map(|point| point.threshold),
            }
        };
        units.iter().map(scores).collect()
    }
}

/// What the model makes of single windows, a list a piece.
#[derive(Default)]
struct Side<'a> {
    pieces: [&'a [Piece<'a>]; 2],
    genuine: Vec<Vec<Impression>>,
    impostor: Vec<Vec<Impression>>,
    mornings: Vec<Vec<Impression>>,
}

impl<'a> Side<'a> {
    fn scored(sides: &'a Sides<'_>, scorer: &mut LoadedScorer) -> Result<Self> {
        let mut of = |pieces: &[Piece<'_>]| -> Result<Vec<Vec<Impression>>> {
            pieces.iter().map(|piece| impressions(&piece.windows, scorer)).collect()
        };
        let (genuine, impostor) = (of(&sides.genuine)?, of(&sides.impostor)?);
        let mornings = sides.mornings.iter().map(|windows| impressions(windows, scorer));
        let mornings = mornings.collect::<Result<_>>()?;
        Ok(Self { pieces: [&sides.genuine, &sides.impostor], genuine, impostor, mornings })
    }

    /// The owner on the day of each genuine session.
    fn days(&self, likeness: &Likeness) -> Vec<Option<Likeness>> {
        let day = |seen: &Vec<Impression>| likeness.on_day(&Mean::of(seen.iter()), seen.len());
        self.mornings.iter().map(day).map(Some).collect()
    }

    /// Genuine sessions each by its own of these days, strangers by any of them, in turn.
    fn groups(&self, unit: Unit, days: &[Option<Likeness>]) -> [Vec<f32>; 2] {
        let of = |seen: &[Vec<Impression>], pieces: &[Piece<'_>]| -> Vec<f32> {
            let one = |seen, piece: &Piece<'_>, day: &Option<Likeness>| {
                groups::scores(unit, &piece.windows, Judge::Model(day.as_ref(), seen))
            };
            let all = seen.iter().zip(pieces).zip(days.iter().cycle());
            all.flat_map(|((seen, piece), day)| one(seen, piece, day)).collect()
        };
        [of(&self.genuine, self.pieces[0]), of(&self.impostor, self.pieces[1])]
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
        let Sides { genuine, impostor, .. } = &material.calibration;
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
