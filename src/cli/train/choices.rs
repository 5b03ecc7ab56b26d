//! How a training goes about its work, as its arguments say; shared by the commands that train.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum};

use crate::error::{Failure, FailureKind, Result};
use crate::lab::train::{BackboneChoice, ClassWeights, Oversampling, Synthesis, TrainOptions};
use crate::model::Backbone;

/// Deviation of a displaced turning point, pixels.
const NOISE_PX: f64 = 4.0;
/// Deviation of the parameters of varied strokes.
const SPREAD: f64 = 0.1;
/// Share of the training windows that may be repeated.
const REPEATED: f64 = 0.2;
/// What a window that was judged entirely wrongly weighs.
const HEAVIEST: f64 = 3.0;

/// What training starts from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum BackboneName {
    /// The network that the program carries.
    #[default]
    Shipped,
    /// Random weights.
    Random,
    /// The file of a backbone.
    File(PathBuf),
}

impl BackboneName {
    /// As an argument names it.
    pub(crate) fn of(name: OsString) -> Self {
        match name.to_str() {
            Some("shipped") => Self::Shipped,
            Some("random") => Self::Random,
            _ => Self::File(name.into()),
        }
    }

    /// The network itself.
    ///
    /// # Errors
    /// When there is no such file, or it is no backbone.
    pub(crate) fn choice(&self) -> Result<BackboneChoice> {
        match self {
            Self::Shipped => Ok(BackboneChoice::Pretrained),
            Self::Random => Ok(BackboneChoice::Random),
            Self::File(path) => Backbone::read(path).map(Arc::new).map(BackboneChoice::Given),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OversamplingName {
    Off,
    /// Hard examples weigh more in the next epoch
    Weights,
    /// Hard examples come once more in the next epoch
    Repeat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SynthesisName {
    Off,
    /// Turning points displaced, speed preserved
    TurningPoint,
    /// Strokes with a lognormal speed, their parameters varied
    SigmaLognormal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClassWeightsName {
    /// Owner and impostors alike, however many windows they have
    Balanced,
    /// Every window alike
    None,
}

/// Arguments about the training itself.
#[derive(Debug, Clone, Args)]
pub(crate) struct ChoiceArgs {
    /// What training starts from: shipped (the network that the program carries; only the owner's head is
    /// learnt, in a second), random (the whole network is learnt, in minutes), or the file of a backbone
    #[arg(long, default_value = "shipped", value_parser = OsStringValueParser::new().map(BackboneName::of))]
    backbone: BackboneName,
    /// Seed of every random choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Impostors made of the owner's own movement in other styles [default: 12 beside synthetic
    /// users, 0 beside real ones]
    #[arg(long, value_name = "N")]
    style_transferred: Option<usize>,
    #[command(flatten)]
    whole: WholeArgs,
}

impl Default for ChoiceArgs {
    /// What stands on no command line.
    fn default() -> Self {
        Self {
            backbone: BackboneName::default(),
            seed: 1,
            style_transferred: None,
            whole: WholeArgs::default(),
        }
    }
}

/// Arguments about the training of a whole network.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Options of --backbone random")]
struct WholeArgs {
    /// Units of each direction of both recurrences [default: 128]
    #[arg(long, value_name = "N")]
    units: Option<usize>,
    /// Epochs over the training part at most [default: 24]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Stop after so many epochs without a better validation AUC [default: 6]
    #[arg(long, value_name = "N")]
    patience: Option<usize>,
    /// Windows a step [default: 64]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Step size at the start; it falls to a tenth [default: 0.002]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f32>,
    /// Share of features dropped between the recurrences [default: 0.3]
    #[arg(long, value_name = "SHARE")]
    dropout: Option<f32>,
    /// Threads, 1 or 2; the model does not depend on them [default: 2]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// What becomes of training windows that were judged wrongly [default: off]
    #[arg(long, value_enum, value_name = "HOW")]
    oversampling: Option<OversamplingName>,
    /// Their weight at most, 1 to 10 [default: 3], or the share that is repeated [default: 0.2]
    #[arg(long, value_name = "CAP", requires = "oversampling")]
    oversampling_cap: Option<f64>,
    /// Synthetic windows of the owner's, made of those in the training part [default: off]
    #[arg(long, value_enum, value_name = "HOW")]
    synthesis: Option<SynthesisName>,
    /// Synthetic windows for each real one [default: 1]
    #[arg(long, value_name = "SHARE", requires = "synthesis")]
    synthesis_share: Option<f64>,
    /// Whether owner and impostors weigh alike [default: balanced]
    #[arg(long, value_enum, value_name = "HOW")]
    class_weights: Option<ClassWeightsName>,
}

impl ChoiceArgs {
    /// Seed of every random choice.
    pub(crate) const fn seed(&self) -> u64 {
        self.seed
    }

    /// The options; `generated` says whether the impostors are synthetic users.
    ///
    /// # Errors
    /// When options of a whole network are given for a head.
    pub(crate) fn options(&self, generated: bool) -> Result<TrainOptions> {
        let usual = TrainOptions::default();
        let style_transferred =
            self.style_transferred.unwrap_or(if generated { usual.style_transferred } else { 0 });
        let usual = TrainOptions { style_transferred, seed: self.seed, ..usual };
        match &self.backbone {
            BackboneName::Random => Ok(self.whole.over(usual)),
            name if self.whole == WholeArgs::default() => {
                Ok(TrainOptions { backbone: name.choice()?, ..usual })
            }
            BackboneName::Shipped | BackboneName::File(_) => {
                let what = "options of a whole network, but only a head would be trained";
                Err(Failure::new(FailureKind::Usage, what)
                    .remedy("Add --backbone random, or omit them."))
            }
        }
    }
}

impl WholeArgs {
    fn over(&self, usual: TrainOptions) -> TrainOptions {
        TrainOptions {
            backbone: BackboneChoice::Random,
            hidden: self.units.map_or(usual.hidden, |units| [units; 2]),
            epochs: self.epochs.unwrap_or(usual.epochs),
            patience: self.patience.unwrap_or(usual.patience),
            batch: self.batch.unwrap_or(usual.batch),
            learning_rate: self.learning_rate.unwrap_or(usual.learning_rate),
            dropout: self.dropout.unwrap_or(usual.dropout),
            threads: self.threads.unwrap_or(usual.threads),
            oversampling: self.oversampling(),
            synthesis: self.synthesis(),
            class_weights: match self.class_weights {
                Some(ClassWeightsName::None) => ClassWeights::None,
                _ => ClassWeights::Balanced,
            },
            ..usual
        }
    }

    fn oversampling(&self) -> Oversampling {
        let cap = self.oversampling_cap;
        match self.oversampling {
            None | Some(OversamplingName::Off) => Oversampling::Off,
            Some(OversamplingName::Weights) => {
                Oversampling::Weights { most: cap.unwrap_or(HEAVIEST) }
            }
            Some(OversamplingName::Repeat) => {
                Oversampling::Repeat { share: cap.unwrap_or(REPEATED) }
            }
        }
    }

    fn synthesis(&self) -> Synthesis {
        let share = self.synthesis_share.unwrap_or(1.0);
        match self.synthesis {
            None | Some(SynthesisName::Off) => Synthesis::Off,
            Some(SynthesisName::TurningPoint) => {
                Synthesis::TurningPoint { share, noise_px: NOISE_PX }
            }
            Some(SynthesisName::SigmaLognormal) => {
                Synthesis::SigmaLognormal { share, spread: SPREAD }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn an_empty_line_is_the_default() {
        assert_eq!(options(&[]).unwrap(), ChoiceArgs::default().options(false).unwrap());
    }

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        choices: ChoiceArgs,
    }

    fn options(line: &[&str]) -> Result<TrainOptions> {
        let words = std::iter::once(&"train").chain(line);
        Line::try_parse_from(words).unwrap().choices.options(false)
    }

    #[test]
    fn the_texts_tell_the_true_defaults() {
        let random = options(&["--backbone", "random"]).unwrap();
        let usual = TrainOptions::default();
        assert_eq!(
            random,
            TrainOptions {
                backbone: BackboneChoice::Random,
                style_transferred: 0,
                ..usual.clone()
            }
        );
        assert_eq!((random.hidden, random.epochs, random.patience), ([128; 2], 24, 6));
        assert_eq!((random.batch, random.threads), (64, 2));
        assert_eq!(
            (random.learning_rate, random.dropout, usual.style_transferred),
            (0.002, 0.3, 12)
        );
    }

    #[test]
    fn caps_and_shares_reach_the_options() {
        let line = "--backbone random --oversampling repeat --oversampling-cap 0.4 \
                    --synthesis sigma-lognormal --synthesis-share 2";
        let found = options(&line.split_whitespace().collect::<Vec<_>>()).unwrap();
        assert_eq!(found.oversampling, Oversampling::Repeat { share: 0.4 });
        assert_eq!(found.synthesis, Synthesis::SigmaLognormal { share: 2.0, spread: SPREAD });
    }

    #[test]
    fn a_backbone_is_taken_from_its_file() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/onnx/backbone.onnx");
        let found = options(&["--backbone", file]).unwrap();
        assert!(matches!(found.backbone, BackboneChoice::Given(_)), "{:?}", found.backbone);
        let said = options(&["--backbone", "nowhere.onnx"]).unwrap_err().to_string();
        assert!(said.contains("nowhere.onnx"), "{said}");
        assert!(options(&["--backbone", file, "--epochs", "3"]).is_err());
    }

    #[test]
    fn a_head_has_no_epochs() {
        let said = options(&["--epochs", "3"]).unwrap_err().to_string();
        assert!(said.contains("--backbone random"), "{said}");
    }
}
