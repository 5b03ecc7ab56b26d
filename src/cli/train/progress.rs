//! What a training shows: a bar while it goes on, and what to expect of its model.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::output;
use crate::lab::train::{EpochFigures, TrainingProgress};
use crate::model::Bundle;

/// While epochs are counted; whoever begins with a backbone has none.
const COUNTING: &str = "{bar:30} epoch {pos}/{len}  {msg}  {eta} left";
/// While nobody knows how long it takes.
const WAITING: &str = "{spinner} {msg}, {elapsed} so far";

/// The bar of one training, and the curve that it has seen.
pub(super) struct TrainingBar {
    bar: ProgressBar,
    whose: &'static str,
    /// Every epoch so far.
    pub(super) epochs: Vec<EpochFigures>,
}

impl TrainingBar {
    /// `whose` windows the model is about: "your", "their".
    pub(super) fn begin(epochs: usize, whose: &'static str) -> Self {
        let bar = if stderr().is_terminal() {
            ProgressBar::new(epochs as u64).with_style(style(WAITING)).with_message("learning")
        } else {
            ProgressBar::hidden()
        };
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar, whose, epochs: Vec::new() }
    }

    pub(super) fn tell(&mut self, progress: TrainingProgress) {
        match progress {
            TrainingProgress::Split { genuine, impostor } => self.bar.suspend(|| {
                output::talk(&format!(
                    "Learning from {} of {} windows and {} of others, calibrating on {} and {}.",
                    genuine[0], self.whose, impostor[0], genuine[2], impostor[2]
                ));
            }),
            TrainingProgress::Epoch(epoch) => {
                if self.epochs.is_empty() {
                    self.bar.set_style(style(COUNTING));
                }
                self.bar.set_position(epoch.number as u64);
                self.bar.set_message(format!(
                    "loss {:.3}, AUC {:.3}",
                    epoch.training_loss, epoch.validation_auc
                ));
                self.epochs.push(epoch);
            }
            TrainingProgress::Calibrating => {
                self.bar.set_style(style(WAITING));
                self.bar.set_message("measuring thresholds");
            }
        }
    }

    pub(super) fn end(self) -> Vec<EpochFigures> {
        self.bar.finish_and_clear();
        self.epochs
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// What to expect, a line a group size.
pub(super) fn expectation(bundle: &Bundle) -> String {
    let mut lines = vec![format!(
        "{:>8} {:>10} {:>22} {:>22}",
        "windows", "movement", "others accepted", "you rejected"
    )];
    lines.extend(bundle.operating_points.iter().map(|point| {
        let chosen = if point.windows == bundle.default_group { "  <- used" } else { "" };
        format!(
            "{:>8} {:>8.1} s {:>22} {:>22}{chosen}",
            point.windows,
            point.movement_s,
            percent(point.far, point.far_interval),
            percent(point.frr, point.frr_interval)
        )
    }));
    lines.push("In brackets: where the true rate lies with 95 % confidence.".into());
    lines.push(format!(
        "Others are here: {}, and your own movement in other styles. Real ones are more often \
         accepted.",
        bundle.provenance.impostor_source
    ));
    lines.join("\n")
}

fn percent(rate: f32, interval: [f32; 2]) -> String {
    let [low, high] = interval.map(|bound| bound * 100.0);
    format!("{:.1} % ({low:.1}-{high:.1})", rate * 100.0)
}
