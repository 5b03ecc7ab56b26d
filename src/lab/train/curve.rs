//! Learning curves as a table: a row a pass. Written beside a model, read to be drawn.

use serde::{Deserialize, Serialize};

use super::progress::Epoch;
use crate::error::{Failure, Kind, Result};

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The pass, counting from 1.
    pub epoch: usize,
    /// Mean weighted cross entropy of the pass.
    pub training_loss: f32,
    /// Mean cross entropy on the validation part, both classes weighing alike.
    pub validation_loss: f64,
    /// Area under the ROC curve on the validation part.
    pub validation_auc: f64,
    /// 1 where the weights were the best so far; the last such row is the model.
    pub better: u8,
}

impl From<&Epoch> for CurvePoint {
    fn from(epoch: &Epoch) -> Self {
        Self {
            epoch: epoch.number,
            training_loss: epoch.training_loss,
            validation_loss: epoch.validation_loss,
            validation_auc: epoch.validation_auc,
            better: u8::from(epoch.better),
        }
    }
}

/// The table as CSV, with a header.
///
/// # Errors
/// Never for finite numbers; the writer's word otherwise.
pub fn curve_csv(epochs: &[Epoch]) -> Result<Vec<u8>> {
    let failed = |e: String| Failure::new(Kind::Internal, format!("learning curve as CSV: {e}"));
    let mut table = csv::Writer::from_writer(Vec::new());
    for epoch in epochs {
        table.serialize(CurvePoint::from(epoch)).map_err(|e| failed(e.to_string()))?;
    }
    table.into_inner().map_err(|e| failed(e.to_string()))
}

/// Reads such a table; `name` is what errors call it.
///
/// # Errors
/// When it is none.
pub fn read_curve(name: &str, csv: &[u8]) -> Result<Vec<CurvePoint>> {
    let rows = csv::Reader::from_reader(csv).into_deserialize();
    let rows: std::result::Result<Vec<CurvePoint>, _> = rows.collect();
    rows.map_err(|e| {
        Failure::new(Kind::Data, format!("learning curve {name}: {e}"))
            .remedy("`mousewarden train --start random` writes such files beside its models.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_comes_back_and_a_stranger_is_refused() {
        let epoch = Epoch {
            number: 3,
            of: 9,
            training_loss: 0.5,
            validation_loss: 0.625,
            validation_auc: 0.75,
            better: true,
        };
        let csv = curve_csv(&[epoch]).unwrap();
        let text = String::from_utf8(csv.clone()).unwrap();
        assert_eq!(
            text,
            "epoch,training_loss,validation_loss,validation_auc,better\n3,0.5,0.625,0.75,1\n"
        );
        assert_eq!(read_curve("a", &csv).unwrap(), [CurvePoint::from(&epoch)]);
        let said = read_curve("other.csv", b"a,b\n1,2\n").unwrap_err().to_string();
        assert!(said.contains("other.csv"), "{said}");
    }
}
