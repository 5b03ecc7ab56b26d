//! Such a model, ready to be asked: by ONNX Runtime where its library is, by the engine of this
//! program otherwise. What a probability means for a person is decided elsewhere.

use std::path::Path;

use super::Identifier;
use crate::error::{Failure, FailureKind, Result};
use crate::model::onnx::OnnxTable;
use crate::model::scorer::choose;
use crate::model::{ScorerParams, ScorerReport};
use crate::nn::mlp::MlpInference;

/// A model that is ready to score.
#[derive(Debug)]
pub struct LoadedIdentifier {
    identifier: Identifier,
    engine: Engine,
    report: ScorerReport,
}

#[derive(Debug)]
enum Engine {
    Onnx(OnnxTable),
    Builtin(MlpInference),
}

impl LoadedIdentifier {
    /// Reads a model file and makes it ready.
    ///
    /// # Errors
    /// When the model cannot be used, or ONNX Runtime is asked for and not there.
    pub fn open(model: &Path, params: &ScorerParams) -> Result<Self> {
        Self::of(Identifier::read(model)?, params)
    }

    /// From a model in memory, through the very bytes that a file of it would hold.
    ///
    /// # Errors
    /// As [`LoadedIdentifier::open`].
    pub fn of(identifier: Identifier, params: &ScorerParams) -> Result<Self> {
        let (runtime, report) = choose(params)?;
        let engine = match runtime {
            Some(runtime) => Engine::Onnx(OnnxTable::new(runtime, &identifier.to_bytes()?)?),
            None => Engine::Builtin(MlpInference::new(&identifier.mlp)),
        };
        Ok(Self { identifier, engine, report })
    }

    /// What the file says of itself.
    pub const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// Who scores.
    pub const fn report(&self) -> &ScorerReport {
        &self.report
    }

    /// The probability of each known person, a row a session.
    ///
    /// # Errors
    /// When a row has another number of features, or ONNX Runtime fails.
    pub fn probabilities(&mut self, rows: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let wants = self.identifier.features.names.len();
        if let Some(row) = rows.iter().find(|row| row.len() != wants) {
            let what = format!("the model takes {wants} features, a session has {}", row.len());
            return Err(Failure::new(FailureKind::Data, what)
                .remedy("Measure sessions with the feature set that the model names."));
        }
        match &mut self.engine {
            Engine::Onnx(table) => table.rows(rows),
            Engine::Builtin(inference) => {
                Ok(rows.iter().map(|row| inference.probabilities(row)).collect())
            }
        }
    }
}
