//! The classifiers that can be asked who made a session, behind one face: fit on rows, then give a
//! probability for each person. What a perceptron answers comes from its exported file.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::features::FeatureSet;
use super::forests::{self, ForestParams};
use super::samples::{Labelled, SampleParams};
use crate::error::{Failure, FailureKind, Result};
use crate::model::identifier::{FeatureNames, IdentifierProvenance};
use crate::model::{Identifier, LoadedIdentifier, ScorerParams};
use crate::nn::mlp::{Mlp, MlpParams, train};

/// A classifier with its settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Classifier {
    /// Our engine's perceptrons; the only one that becomes a file.
    Mlp(MlpParams),
    /// Random forest, votes of its trees.
    RandomForest(ForestParams),
    /// Extremely randomised trees, one forest a person against the rest.
    ExtraTrees(ForestParams),
    /// Gradient-boosted trees, one booster a person against the rest.
    Boosted(ForestParams),
    /// The mean of perceptrons and a random forest.
    Ensemble(MlpParams, ForestParams),
}

/// A classifier that has learnt.
pub(crate) trait FittedClassifier {
    /// Probabilities of each person, a row a session; each row sums to 1.
    ///
    /// # Errors
    /// When a row does not fit, or a library fails.
    fn probabilities(&mut self, rows: &[Vec<f32>]) -> Result<Vec<Vec<f32>>>;
}

impl Classifier {
    /// As `--classifier` calls it.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Mlp(_) => "mlp",
            Self::RandomForest(_) => "random-forest",
            Self::ExtraTrees(_) => "extra-trees",
            Self::Boosted(_) => "boosted",
            Self::Ensemble(..) => "ensemble",
        }
    }

    /// The classifier of a name with its usual settings, perceptrons as given.
    ///
    /// # Errors
    /// When there is none of this name, or this build has it not.
    pub(crate) fn named(name: &str, mlp: MlpParams) -> Result<Self> {
        let forest = ForestParams { seed: mlp.seed, ..ForestParams::default() };
        let found = match name {
            "mlp" => return Ok(Self::Mlp(mlp)),
            "random-forest" => Self::RandomForest(forest),
            "extra-trees" => Self::ExtraTrees(forest),
            "boosted" => Self::Boosted(forest),
            "ensemble" => Self::Ensemble(mlp, forest),
            _ => {
                let what = format!("there is no classifier {name:?}");
                return Err(Failure::new(FailureKind::Config, what)
                    .remedy("Choose one of mlp, random-forest, extra-trees, boosted, ensemble."));
            }
        };
        forests::available().map(|()| found)
    }

    /// The same with another seed.
    #[must_use]
    pub(crate) fn seeded(&self, seed: u64) -> Self {
        let mut seeded = self.clone();
        match &mut seeded {
            Self::Mlp(mlp) => mlp.seed = seed,
            Self::RandomForest(forest) | Self::ExtraTrees(forest) | Self::Boosted(forest) => {
                forest.seed = seed;
            }
            Self::Ensemble(mlp, forest) => (mlp.seed, forest.seed) = (seed, seed),
        }
        seeded
    }

    /// What a search tries: the same classifier with other settings. Small on purpose, for a
    /// hundred sessions cannot choose among many.
    pub(crate) fn grid(&self) -> Vec<Self> {
        let shares = [0.1, 0.3];
        match self {
            Self::Mlp(mlp) => mlp_grid(mlp).into_iter().map(Self::Mlp).collect(),
            Self::RandomForest(forest) => {
                shares.map(|share| Self::RandomForest(ForestParams { share, ..*forest })).to_vec()
            }
            Self::ExtraTrees(forest) => {
                shares.map(|share| Self::ExtraTrees(ForestParams { share, ..*forest })).to_vec()
            }
            Self::Boosted(forest) => {
                [2, 4].map(|depth| Self::Boosted(ForestParams { depth, ..*forest })).to_vec()
            }
            Self::Ensemble(mlp, forest) => {
                mlp_grid(mlp).into_iter().map(|mlp| Self::Ensemble(mlp, *forest)).collect()
            }
        }
    }

    /// Learns from rows; `scorer` says who computes a perceptron's file.
    ///
    /// # Errors
    /// When training breaks down, or a library fails.
    pub(crate) fn fit(
        &self,
        labelled: &Labelled,
        scorer: &ScorerParams,
    ) -> Result<Box<dyn FittedClassifier>> {
        match self {
            Self::Mlp(params) => {
                let identifier = identifier(labelled, params, &ClassifierCard::default())?;
                Ok(Box::new(LoadedIdentifier::of(identifier, scorer)?))
            }
            Self::RandomForest(params) => forests::random_forest(labelled, params),
            Self::ExtraTrees(params) => forests::extra_trees(labelled, params),
            Self::Boosted(params) => forests::boosted(labelled, params),
            Self::Ensemble(mlp, forest) => Ok(Box::new(Mean(vec![
                Self::Mlp(mlp.clone()).fit(labelled, scorer)?,
                Self::RandomForest(*forest).fit(labelled, scorer)?,
            ]))),
        }
    }
}

fn mlp_grid(mlp: &MlpParams) -> Vec<MlpParams> {
    let relevances = [0.0, 1.0, 2.0, 3.0];
    relevances.map(|relevance| MlpParams { relevance, ..mlp.clone() }).to_vec()
}

impl FittedClassifier for LoadedIdentifier {
    fn probabilities(&mut self, rows: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        Self::probabilities(self, rows)
    }
}

/// Several classifiers that count alike.
struct Mean(Vec<Box<dyn FittedClassifier>>);

impl FittedClassifier for Mean {
    fn probabilities(&mut self, rows: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let share = 1.0 / self.0.len().max(1) as f32;
        let mut sums: Vec<Vec<f32>> = Vec::new();
        for member in &mut self.0 {
            let answers = member.probabilities(rows)?;
            if sums.is_empty() {
                sums = answers.iter().map(|row| vec![0.0; row.len()]).collect();
            }
            let both = sums.iter_mut().flatten().zip(answers.iter().flatten());
            both.for_each(|(sum, p)| *sum += share * p);
        }
        Ok(sums)
    }
}

/// What a model file says beside its weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClassifierCard {
    /// What the rows are.
    pub measure: SampleParams,
    /// Which recordings.
    pub source: String,
    /// Macro F1 with its interval, if it was measured.
    pub macro_f1: Option<[f64; 3]>,
    /// Below this probability nobody is named with confidence.
    pub unsure_below: f32,
}

impl Default for ClassifierCard {
    fn default() -> Self {
        let measure = SampleParams { set: FeatureSet::Rich, parts: 1 };
        Self { measure, source: String::new(), macro_f1: None, unsure_below: 0.0 }
    }
}

/// Trains perceptrons on all rows and makes the file's content of them.
///
/// # Errors
/// When training breaks down.
pub(crate) fn identifier(
    labelled: &Labelled,
    params: &MlpParams,
    about: &ClassifierCard,
) -> Result<Identifier> {
    let mlp: Mlp = train(&labelled.rows, &labelled.classes, labelled.labels.len(), params);
    if !mlp.is_finite() {
        return Err(Failure::new(FailureKind::Data, "training of the perceptrons broke down")
            .remedy("Lower --learning-rate."));
    }
    let SampleParams { set, parts } = about.measure;
    let names = set.names();
    let names = if names.len() == mlp.features() { names } else { numbered(mlp.features()) };
    Ok(Identifier {
        features: FeatureNames { set: set.name().into(), names, parts },
        labels: labelled.labels.clone(),
        provenance: IdentifierProvenance {
            trained_by: concat!("mousewarden ", env!("CARGO_PKG_VERSION")).into(),
            source: about.source.clone(),
            sessions: labelled.wholes().count(),
            training: serde_json::to_value(params).unwrap_or_default(),
            macro_f1: about.macro_f1,
            unsure_below: about.unsure_below,
            training_sha256: digest(labelled),
        },
        mlp,
    })
}

/// Names of a part of a set, which an evaluation looks at and nobody keeps.
fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("feature {index}")).collect()
}

fn digest(labelled: &Labelled) -> String {
    let mut hash = Sha256::new();
    for (row, class) in labelled.rows.iter().zip(&labelled.classes) {
        hash.update((*class as u64).to_le_bytes());
        row.iter().for_each(|value| hash.update(value.to_le_bytes()));
    }
    hex::encode(hash.finalize())
}
