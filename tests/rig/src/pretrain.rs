//! `mousewarden-rig pretrain`: makes the backbone that every owner's training begins from, for
//! whoever builds the program; the result is part of the next build.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::people::{read_people, sessions_of};
use mousewarden::error::Result;
use mousewarden::lab::pretrain::{BackboneArchitecture, PretrainOptions, pretrain};
use mousewarden::lab::protocol::Protocol;
use mousewarden::model::{Backbone, BackboneOrigin};
use mousewarden::nn::ConvShape;
use mousewarden::pipeline::{Window, WindowParams};

/// Arguments of `pretrain`.
#[derive(Debug, Args)]
pub struct PretrainArgs {
    /// A folder of recordings of real users.
    #[arg(requires = "format")]
    folder: Option<PathBuf>,
    /// Its format: sapimouse, ...
    #[arg(long, requires = "folder")]
    format: Option<String>,
    /// Learn only from the people of this folder whom this evaluation protocol reserves for
    /// teaching: sapimouse, or a TOML file.
    #[arg(long, requires = "folder")]
    protocol: Option<String>,
    /// Learn from all people of another folder too; may be given several times.
    #[arg(long, value_name = "FORMAT=FOLDER", value_parser = folder_of_format, requires = "folder")]
    also: Vec<(String, PathBuf)>,
    /// Where to write the backbone.
    #[arg(long, default_value = "onnx/backbone.onnx")]
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
    /// Go on from this backbone.
    #[arg(long)]
    from: Option<PathBuf>,
    /// Synthetic users.
    #[arg(long)]
    people: Option<usize>,
    /// Windows of each on each device.
    #[arg(long)]
    windows: Option<usize>,
    /// Steps of training.
    #[arg(long)]
    steps: Option<usize>,
    /// `conv`: people a step.
    #[arg(long)]
    at_once: Option<usize>,
    /// `conv`: windows of each of them in the two groups that are to find each other.
    #[arg(long, value_parser = pair, value_name = "FIRST,SECOND")]
    groups: Option<[usize; 2]>,
    /// `conv`: numbers of the projection in which they do.
    #[arg(long)]
    projection: Option<usize>,
    /// `conv`: dimensions of the embedding at most; 0 for none.
    #[arg(long)]
    embedding: Option<usize>,
    /// `conv`: find the embedding in all that the backbone pools, not in the projection.
    #[arg(long)]
    embedding_of_all: bool,
    /// Step size at the start.
    #[arg(long)]
    learning_rate: Option<f32>,
    /// Share of features dropped in training.
    #[arg(long)]
    dropout: Option<f32>,
    /// Share of real users in a batch.
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

/// `FORMAT=FOLDER`.
pub(crate) fn folder_of_format(text: &str) -> std::result::Result<(String, PathBuf), String> {
    let (format, folder) =
        text.split_once('=').ok_or("another folder is written as gmail=FOLDER")?;
    Ok((format.into(), folder.into()))
}

/// `FIRST,SECOND`.
fn pair(text: &str) -> std::result::Result<[usize; 2], String> {
    let (first, second) = text.split_once(',').ok_or("two groups are written as 8,6")?;
    let number = |text: &str| match text.parse() {
        Ok(0) => Err("a group has at least one window".into()),
        Ok(size) => Ok(size),
        Err(error) => Err(format!("{text}: {error}")),
    };
    Ok([number(first)?, number(second)?])
}

impl PretrainArgs {
    /// Trains and exports the backbone.
    ///
    /// # Errors
    /// When the recordings cannot be read, training breaks down, or the file cannot be written.
    pub fn run(self) -> Result<()> {
        let params = WindowParams::default();
        let options = self.options()?;
        let (real, source) = self.real(params)?;
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
        let BackboneOrigin { real_users, synthetic_users, real_source, windows, steps, .. } =
            &start.origin;
        let real = if real_source.is_empty() { "nobody" } else { real_source };
        eprintln!(
            "{}: {real_users} real people ({real}), {synthetic_users} generated; {windows} windows, \
             {steps} steps, seed {}",
            self.out.display(),
            self.seed
        );
        Ok(())
    }

    /// The windows of everybody real, and where they come from.
    fn real(&self, params: WindowParams) -> Result<(Vec<Vec<Window>>, String)> {
        let (Some(folder), Some(format)) = (&self.folder, &self.format) else {
            return Ok((Vec::new(), String::new()));
        };
        let mut people = read_all(folder, format, params)?;
        if let Some(name) = &self.protocol {
            people.truncate(Protocol::find(name)?.reserved()?);
        }
        let mut sources = vec![format.as_str()];
        for (format, folder) in &self.also {
            people.extend(read_all(folder, format, params)?);
            sources.push(format);
        }
        Ok((people, sources.join(", ")))
    }

    fn backbone(&self) -> BackboneArchitecture {
        let usual = ConvShape::default();
        match self.architecture {
            Architecture::Bilstm => BackboneArchitecture::BiLstm,
            Architecture::Conv if self.layers.is_empty() => {
                let scales = self.scales.clone().unwrap_or(usual.scales);
                BackboneArchitecture::Conv(ConvShape { scales, ..usual })
            }
            Architecture::Conv => {
                let scales = self.scales.clone().unwrap_or_default();
                BackboneArchitecture::Conv(ConvShape { layers: self.layers.clone(), scales })
            }
        }
    }

    fn options(&self) -> Result<PretrainOptions> {
        let usual = PretrainOptions::default();
        Ok(PretrainOptions {
            backbone: self.backbone(),
            from: self.from.as_deref().map(Backbone::read).transpose()?,
            people: self.people.unwrap_or(usual.people),
            windows: self.windows.unwrap_or(usual.windows),
            steps: self.steps.unwrap_or(usual.steps),
            at_once: self.at_once.unwrap_or(usual.at_once),
            groups: self.groups.unwrap_or(usual.groups),
            projection: self.projection.unwrap_or(usual.projection),
            embedding: self.embedding.unwrap_or(usual.embedding),
            embedding_of_all: self.embedding_of_all,
            learning_rate: self.learning_rate.unwrap_or(usual.learning_rate),
            dropout: self.dropout.unwrap_or(usual.dropout),
            real_share: self.real_share.unwrap_or(usual.real_share),
            seed: self.seed,
            ..usual
        })
    }
}

/// The windows of every user, sessions one after another.
fn read_all(folder: &PathBuf, format: &str, params: WindowParams) -> Result<Vec<Vec<Window>>> {
    let people = read_people(folder, format, params)?;
    Ok(people.into_iter().map(|user| sessions_of(user).concat()).collect())
}
