//! Learning curves: a row an epoch, written beside a model; `lab::plot` reads and draws them.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::progress::EpochFigures;
use crate::data::npz::write_whole;
use crate::error::{Failure, Result};
use crate::lab::plot;
use crate::lab::plot::page::{Page, PageBlock, Section};

/// Where a model's curve lies.
pub(crate) fn curve_path(model: &Path) -> PathBuf {
    model.with_extension("curve.csv")
}

/// Writes a model's curve beside it; nothing where there were no passes.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn write_curve(model: &Path, epochs: &[EpochFigures]) -> Result<()> {
    if epochs.is_empty() {
        return Ok(());
    }
    write_whole(&curve_path(model), csv(epochs).as_bytes())
}

/// Reads the curve beside a model.
///
/// # Errors
/// When there is none (a head has no passes), or it is none.
pub(crate) fn read_curve(model: &Path) -> Result<Vec<plot::EpochPoint>> {
    let path = curve_path(model);
    let name = format!("learning curve {}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|e| {
        Failure::io(&name, e).remedy("Only `train --backbone random` learns in epochs.")
    })?;
    plot::parse_curves(&name, &text)
}

/// The curves of these models on one page, a section a name.
///
/// # Errors
/// Like [`read_curve`].
pub(crate) fn curves_page(models: &[(&str, &Path)]) -> Result<Page> {
    let lead = "Loss: mean cross entropy; that of training counts hard examples and synthetic windows \
                as they were shown, and dropout. AUC: on the validation part, which stops training \
                and decides which weights are kept.";
    Ok(Page {
        title: "Learning curves".into(),
        lead: vec![PageBlock::Text(lead.into())],
        sections: models
            .iter()
            .map(|(name, model)| {
                let pictures = plot::learning_curves(name, &read_curve(model)?);
                Ok(Section::new(*name).with(PageBlock::Pictures(pictures.to_vec())))
            })
            .collect::<Result<_>>()?,
    })
}

fn csv(epochs: &[EpochFigures]) -> String {
    let mut text = "epoch,training_loss,validation_loss,validation_auc\n".to_owned();
    for epoch in epochs {
        let EpochFigures { number, training_loss, validation_loss, validation_auc, .. } = epoch;
        // Writing into a text never fails.
        let _ = writeln!(text, "{number},{training_loss},{validation_loss},{validation_auc}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_comes_back_and_is_drawn_under_a_harmless_name() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("a.b.onnx");
        let epoch = |number| EpochFigures {
            number,
            of: 9,
            training_loss: 0.5,
            validation_loss: 0.625,
            validation_auc: 0.75,
            better: true,
        };
        write_curve(&model, &[epoch(1), epoch(2)]).unwrap();
        let back = read_curve(&model).unwrap();
        assert_eq!(back.len(), 2);
        assert_eq!((back[1].epoch, back[1].validation_auc), (2, 0.75));
        let page = curves_page(&[("<b>", &model)]).unwrap().html();
        assert!(page.contains("&lt;b&gt;: AUC") && !page.contains("<b>"));
        let said = read_curve(&folder.path().join("head.onnx")).unwrap_err().to_string();
        assert!(said.contains("--backbone random"), "{said}");
    }
}
