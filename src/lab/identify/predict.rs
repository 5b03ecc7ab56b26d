//! Names the likeliest maker of each session and says where that is a guess. The model knows some
//! people only: an impostor's session goes to whoever is most like them.

use super::evaluate::mean;
use super::features::FeatureSet;
use super::samples::{SampleParams, Samples, SessionFeatures};
use super::scores::likeliest;
use crate::error::{Failure, FailureKind, Result};
use crate::model::{Identifier, LoadedIdentifier};

/// The answer to one session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    /// The session's id.
    pub session: String,
    /// The likeliest of the model's people.
    pub user: String,
    /// Its probability, 0..=1.
    pub probability: f32,
    /// The next likeliest.
    pub second: String,
    /// Whether the probability lies below what the model calls unsure.
    pub unsure: bool,
    /// Who the recording says it was, if it does.
    pub recorded: Option<String>,
}

/// What a model wants to be measured, its features checked name by name.
///
/// # Errors
/// When this build has no such set, or measures it otherwise.
pub(crate) fn wanted(identifier: &Identifier) -> Result<SampleParams> {
    let wants = &identifier.features;
    let set: FeatureSet = wants
        .set
        .parse()
        .map_err(|_| refuse(format!("the model wants features {:?}, unknown here", wants.set)))?;
    let names = set.names();
    if names == wants.names {
        return Ok(SampleParams { set, parts: wants.parts });
    }
    let first = (0..names.len().max(wants.names.len()))
        .find(|index| names.get(*index) != wants.names.get(*index))
        .unwrap_or(0);
    let what = format!(
        "the model was trained on other features: number {} is {:?} there and {:?} here",
        first + 1,
        name_at(first, &wants.names),
        name_at(first, &names)
    );
    Err(refuse(what))
}

fn name_at(first: usize, list: &[String]) -> String {
    list.get(first).cloned().unwrap_or_else(|| "nothing".into())
}

fn refuse(what: String) -> Failure {
    Failure::new(FailureKind::Data, what)
        .remedy("Train it again with this version: `mousewarden identify train`.")
}

/// Answers every session.
///
/// # Errors
/// When the model does not fit the samples, or ONNX Runtime fails.
pub(crate) fn predict(samples: &Samples, model: &mut LoadedIdentifier) -> Result<Vec<Named>> {
    let rows: Vec<Vec<f32>> = samples.rows.iter().flat_map(SessionFeatures::rows).collect();
    let answers = model.probabilities(&rows)?;
    let mut answers = answers.as_slice();
    let answers = samples.rows.iter().map(|row| {
        let (own, others) = answers.split_at(1 + row.parts.len());
        answers = others;
        mean(own)
    });
    let answers: Vec<Vec<f32>> = answers.collect();
    let labels = model.identifier().labels.clone();
    let bar = model.identifier().provenance.unsure_below;
    Ok(samples
        .rows
        .iter()
        .zip(answers)
        .map(|(row, p)| {
            let first = likeliest(&p);
            let mut others = p.clone();
            others[first] = f32::NEG_INFINITY;
            Named {
                session: row.session.clone(),
                user: labels[first].clone(),
                probability: p[first],
                second: labels[likeliest(&others)].clone(),
                unsure: p[first] < bar,
                recorded: row.user.clone(),
            }
        })
        .collect())
}
