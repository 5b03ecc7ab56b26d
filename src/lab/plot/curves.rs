//! Learning curves: what a training wrote epoch by epoch, as one picture.

use super::axis::Axis;
use super::figure::{Figure, Picture};
use super::mark::Mark;
use super::style::{Colour, Style};
use super::text::number;
use crate::error::{Failure, FailureKind, Result};

/// One epoch of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EpochPoint {
    /// Its number, from 1.
    pub epoch: u32,
    /// Loss on the training part.
    pub training_loss: f64,
    /// Loss on the validation part; not a number where there was none.
    pub validation_loss: f64,
    /// AUC on the validation part, 0..=1; not a number where there was none.
    pub validation_auc: f64,
}

/// Reads `epoch,training_loss,validation_loss,validation_auc` with a header row; an empty field is
/// one that was not measured. More columns may follow.
///
/// # Errors
/// When a row has fewer columns or something else than numbers. `name` says which file it was.
pub(crate) fn parse_curves(name: &str, csv: &str) -> Result<Vec<EpochPoint>> {
    let mut epochs = Vec::new();
    for (i, line) in csv.lines().enumerate().skip(1).filter(|line| !line.1.trim().is_empty()) {
        let mut fields = line.split(',').map(str::trim);
        let epoch = fields.next().and_then(|field| field.parse().ok());
        let epoch = epoch.ok_or_else(|| wrong(name, i + 1, "no number of an epoch"))?;
        let mut values = [f64::NAN; 3];
        for value in &mut values {
            let field = fields.next().ok_or_else(|| wrong(name, i + 1, "too few columns"))?;
            // An epoch without a validation part leaves its fields empty.
            if !field.is_empty() {
                *value = field.parse().map_err(|_| wrong(name, i + 1, "not a number"))?;
            }
        }
        let [training_loss, validation_loss, validation_auc] = values;
        epochs.push(EpochPoint { epoch, training_loss, validation_loss, validation_auc });
    }
    Ok(epochs)
}

fn wrong(name: &str, line: usize, what: &str) -> Failure {
    let what = format!("{name}:{line}: {what}");
    let remedy = "Expected epoch,training_loss,validation_loss,validation_auc.";
    Failure::new(FailureKind::Data, what).remedy(remedy)
}

/// The losses and the AUC of a training over its epochs, with the best epoch marked: losses in the
/// first picture, the AUC in the second.
pub(crate) fn learning_curves(title: &str, epochs: &[EpochPoint]) -> [Picture; 2] {
    let last = epochs.iter().map(|epoch| f64::from(epoch.epoch)).fold(1.0, f64::max);
    let first = if epochs.len() > 1 { 1.0 } else { 0.0 };
    let x = || Axis::linear("epoch", first, last);
    let losses = epochs.iter().flat_map(|epoch| [epoch.training_loss, epoch.validation_loss]);
    let highest = losses.filter(|loss| loss.is_finite()).fold(0.0, f64::max);
    let loss =
        Figure::new(format!("{title}: loss"), x(), Axis::linear("loss", 0.0, highest * 1.05))
            .about("Training and validation loss over the epochs.")
            .mark(
                Mark::line(series(epochs, |e| e.training_loss), Style::series(0)).named("training"),
            )
            .mark(
                Mark::line(series(epochs, |e| e.validation_loss), Style::series(1))
                    .named("validation"),
            );
    let aucs = epochs.iter().map(|epoch| epoch.validation_auc).filter(|auc| auc.is_finite());
    let low = (aucs.fold(0.5, f64::min) * 20.0).floor() / 20.0;
    let auc = Figure::new(format!("{title}: AUC"), x(), Axis::linear("validation AUC", low, 1.0))
        .about("Area under the ROC curve on the validation part over the epochs.")
        .mark(Mark::line(series(epochs, |e| e.validation_auc), Style::of(Colour::Series(1))));
    let auc = match best(epochs) {
        Some(best) => {
            let note = format!("best: {} in epoch {}", number(best.validation_auc), best.epoch);
            auc.mark(Mark::upright(f64::from(best.epoch), note))
        }
        None => auc,
    };
    [loss.draw(), auc.draw()]
}

fn series(epochs: &[EpochPoint], value: fn(&EpochPoint) -> f64) -> Vec<[f64; 2]> {
    epochs.iter().map(|epoch| [f64::from(epoch.epoch), value(epoch)]).collect::<Vec<_>>()
}

fn best(epochs: &[EpochPoint]) -> Option<&EpochPoint> {
    let measured = epochs.iter().filter(|epoch| epoch.validation_auc.is_finite());
    // The first of equals: training goes back to it.
    measured.rev().max_by(|a, b| a.validation_auc.total_cmp(&b.validation_auc))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "epoch,training_loss,validation_loss,validation_auc\n\
                       1,0.69,0.68,0.61\n2,0.5,0.55,0.9\n3,0.4,,0.9\n";

    #[test]
    fn the_best_epoch_is_the_first_of_equals() {
        let epochs = parse_curves("a.csv", CSV).unwrap();
        assert_eq!(epochs.len(), 3);
        let [loss, auc] = learning_curves("user7", &epochs);
        assert!(auc.inline().contains("best: 0.9 in epoch 2"));
        assert!(loss.inline().contains("validation") && !loss.inline().contains("NaN"));
    }

    #[test]
    fn a_wrong_row_is_named() {
        let error = parse_curves("a.csv", "head\n1,2\n").unwrap_err().to_string();
        assert!(error.contains("a.csv:2: too few columns"), "{error}");
    }

    #[test]
    fn a_training_that_was_cut_off_at_once_still_has_a_picture() {
        for epochs in [&[][..], &parse_curves("a", "h\n1,0.7,,\n").unwrap()] {
            for picture in learning_curves("cut off", epochs) {
                roxmltree::Document::parse(&picture.standalone()).unwrap();
            }
        }
    }
}
