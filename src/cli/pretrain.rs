//! `mousewarden pretrain`: makes the start that every owner's training begins from. For whoever
//! builds the program, never for its owner: the result is part of the next build.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::data::formats::{Format, ReadParams, open};
use crate::error::Result;
use crate::lab::pretrain::{PretrainOptions, Trunk, pretrain};
use crate::lab::protocol::Protocol;
use crate::model::Start;
use crate::nn::ConvShape;
use crate::pipeline::window::cut_recording;
use crate::pipeline::{Window, WindowParams};

/// Arguments of `pretrain`.
#[derive(Debug, Args)]
pub struct PretrainArgs {
    /// A folder of recordings of real people.
    #[arg(requires = "format")]
    folder: Option<PathBuf>,
    /// Its format: sapimouse, ...
    #[arg(long, requires = "folder")]
    format: Option<String>,
    /// Learn only from the people whom this evaluation protocol reserves for teaching: sapimouse,
    /// or a TOML file.
    #[arg(long, requires = "folder")]
    protocol: Option<String>,
    /// Where to write the start.
    #[arg(long, default_value = "onnx/start.onnx")]
    out: PathBuf,
    /// What is trained.
    #[arg(long, value_enum, default_value = "conv")]
    architecture: Architecture,
    /// `conv`: ticks seen by, and channels given by, each layer, such as `25x128`.
    #[arg(long, value_parser = layer, value_delimiter = ',')]
    layers: Vec<(usize, usize)>,
    /// `conv`: lengths that the first layer's filters start with, in turn.
    #[arg(long, value_delimiter = ',')]
    scales: Option<Vec<usize>>,
    /// Go on from this start.
    #[arg(long)]
    from: Option<PathBuf>,
    /// Generated people.
    #[arg(long)]
    people: Option<usize>,
    /// Windows of each on each device.
    #[arg(long)]
    windows: Option<usize>,
    /// Steps of training.
    #[arg(long)]
    steps: Option<usize>,
    /// Step size at the start.
    #[arg(long)]
    learning_rate: Option<f32>,
    /// Share of features dropped in training.
    #[arg(long)]
    dropout: Option<f32>,
    /// Share of real people in a batch.
    #[arg(long)]
    real_share: Option<f64>,
    /// Seed of every random choice.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Architecture {
    /// Two bidirectional recurrences.
    Bilstm,
    /// Convolutions on a common clock.
    Conv,
}

/// `TICKSxCHANNELS`.
fn layer(text: &str) -> std::result::Result<(usize, usize), String> {
    let (ticks, channels) = text.split_once('x').ok_or("a layer is written as 25x128")?;
    let number = |text: &str| text.parse().map_err(|e| format!("{text}: {e}"));
    Ok((number(ticks)?, number(channels)?))
}

impl PretrainArgs {
    /// Trains and writes the start.
    ///
    /// # Errors
    /// When the recordings cannot be read, training breaks down, or the file cannot be written.
    pub fn run(self) -> Result<()> {
        let params = WindowParams::default();
        let options = self.options()?;
        let source = self.format.clone().unwrap_or_default();
        let mut real = match (&self.folder, &self.format) {
            (Some(folder), Some(format)) => read_all(folder, format, params)?,
            _ => Vec::new(),
        };
        if let Some(name) = &self.protocol {
            real.truncate(Protocol::find(name)?.reserved()?);
        }
        let bar = ProgressBar::new(options.steps as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} step {pos}/{len}  {msg}  ~{eta}")
        {
            bar.set_style(style);
        }
        let mut show = |step: usize, loss: f32| {
            bar.set_position(step as u64);
            bar.set_message(format!("loss {loss:.3}"));
            if bar.is_hidden() && step.is_multiple_of(100) {
                eprintln!("step {step} of {}: loss {loss:.3}", options.steps);
            }
        };
        let start = pretrain(&real, &source, params, &options, &mut show)?;
        bar.finish_and_clear();
        start.write(&self.out)?;
        eprintln!("{}: {:?}", self.out.display(), start.origin);
        Ok(())
    }

    fn trunk(&self) -> Trunk {
        let usual = ConvShape::default();
        match self.architecture {
            Architecture::Bilstm => Trunk::BiLstm,
            Architecture::Conv if self.layers.is_empty() => {
                let scales = self.scales.clone().unwrap_or(usual.scales);
                Trunk::Conv(ConvShape { scales, ..usual })
            }
            Architecture::Conv => {
                let scales = self.scales.clone().unwrap_or_default();
                Trunk::Conv(ConvShape { layers: self.layers.clone(), scales })
            }
        }
    }

    fn options(&self) -> Result<PretrainOptions> {
        let usual = PretrainOptions::default();
        Ok(PretrainOptions {
            trunk: self.trunk(),
            from: self.from.as_deref().map(Start::read).transpose()?,
            people: self.people.unwrap_or(usual.people),
            windows: self.windows.unwrap_or(usual.windows),
            steps: self.steps.unwrap_or(usual.steps),
            learning_rate: self.learning_rate.unwrap_or(usual.learning_rate),
            dropout: self.dropout.unwrap_or(usual.dropout),
            real_share: self.real_share.unwrap_or(usual.real_share),
            seed: self.seed,
            ..usual
        })
    }
}

/// The windows of every user, sessions one after another.
fn read_all(folder: &Path, format: &str, params: WindowParams) -> Result<Vec<Vec<Window>>> {
    let format: Format = format.parse()?;
    let dataset = open(&format, &[folder.to_owned()], ReadParams::default())?;
    let windows = |user| -> Result<Vec<Window>> {
        let mut all = Vec::new();
        for session in dataset.sessions(user) {
            let session = session?;
            if !session.events.is_empty() {
                all.extend(cut_recording(params, session.signals()).0);
            }
        }
        Ok(all)
    };
    dataset.users().iter().map(windows).collect()
}
