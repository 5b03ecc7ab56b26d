//! `mousewarden inspect MODEL`: what a model file says of itself, read by our own parser.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::output;
use crate::error::{Failure, Result, printable};
use crate::model::bundle::CONTRACT;
use crate::model::identifier::ARCHITECTURE;
use crate::model::{Backbone, Bundle, Identifier, Limit, OperatingPoint, Provenance};
use crate::nn::{AnyNetwork, BiLstm, Network};
use crate::pipeline::WindowParams;
use crate::sealing;

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The model file.
    model: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is told about a model; the keys of the JSON form stay as they are.
#[derive(Debug, Serialize)]
struct Description {
    path: PathBuf,
    sha256: String,
    contract: u32,
    architecture: &'static str,
    hidden: Vec<usize>,
    weights: usize,
    windows: WindowParams,
    default_group: usize,
    operating_points: Vec<OperatingPoint>,
    limits: Vec<Limit>,
    /// Numbers a window by which groups are judged.
    embedding: Option<usize>,
    /// Click timings that enrolment has seen; none where movement alone is judged.
    click_timings: Option<u32>,
    provenance: Provenance,
}

impl InspectArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the file is missing or not a model that this build can honour.
    pub(crate) fn run(self) -> Result<()> {
        let bundle = match Bundle::read(&self.model) {
            Ok(bundle) => bundle,
            Err(failure) => return tell_other(&self.model, self.json, failure),
        };
        let content = sealing::content(&self.model)?;
        let description = describe(self.model, &content, bundle);
        let text = if self.json {
            serde_json::to_string_pretty(&description).unwrap_or_default()
        } else {
            description.text()
        };
        writeln!(io::stdout(), "{text}").map_err(|error| Failure::io("standard output", error))
    }
}

/// A model of `identify`, or a backbone; of what is neither, the failure of the first kind is told.
fn tell_other(path: &Path, json: bool, failure: Failure) -> Result<()> {
    if let Ok(people) = Identifier::read(path) {
        return tell_people(path, &people, json);
    }
    match Backbone::read(path) {
        Ok(backbone) => tell_backbone(path, &backbone, json),
        Err(_) => Err(failure),
    }
}

/// What the start of an owner's training says of itself.
fn tell_backbone(path: &Path, backbone: &Backbone, json: bool) -> Result<()> {
    let content = sealing::content(path)?;
    let from = &backbone.origin;
    if json {
        return output::json(&serde_json::json!({
            "path": path,
            "sha256": hash_of(&content),
            "architecture": backbone.network.architecture(),
            "windows": backbone.windows,
            "origin": {
                "name": from.name,
                "trained_by": from.trained_by,
                "real_users": from.real_users,
                "real_source": from.real_source,
                "synthetic_users": from.synthetic_users,
                "windows": from.windows,
                "steps": from.steps,
                "seed": from.seed,
            },
        }));
    }
    let real = if from.real_source.is_empty() { "nobody" } else { &from.real_source };
    let clicks = backbone.clicks.as_ref().map_or("unknown", |_| "known");
    let lines = [
        format!("backbone     {}", path.display()),
        format!("content      sha256 {}", hash_of(&content)),
        "kind         what models are trained from, nobody's own: `--backbone FILE` of train and evaluate"
            .into(),
        format!("network      {}, {} weights", backbone.network.architecture(), weights(&backbone.network)),
        format!("people       {} real ({real}), {} generated", from.real_users, from.synthetic_users),
        format!("trained by   {}, {} steps, {} windows, seed {}", from.trained_by, from.steps, from.windows, from.seed),
        format!("clicks       their times among people are {clicks}"),
    ];
    output::line(&printable(&lines.join("\n")))
}

fn hash_of(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// What a model of `identify train` says of itself.
fn tell_people(path: &Path, model: &Identifier, json: bool) -> Result<()> {
    let from = &model.provenance;
    if json {
        return output::json(&serde_json::json!({
            "path": path,
            "architecture": ARCHITECTURE,
            "features": model.features,
            "people": model.labels,
            "provenance": from,
        }));
    }
    let f1 = from.macro_f1.map_or("not measured".into(), |[value, low, high]| {
        format!("{value:.3} ({low:.3} to {high:.3})")
    });
    let lines = [
        format!("model        {}", path.display()),
        "kind         tells known people apart (identify); the agent judges by another kind".into(),
        format!("people       {}: {}", model.labels.len(), model.labels.join(", ")),
        format!("features     {} of the set {}", model.features.names.len(), model.features.set),
        format!("learnt from  {} sessions of {}", from.sessions, from.source),
        format!("macro F1     {f1}, cross-validated"),
        format!("trained by   {}", from.trained_by),
    ];
    output::line(&printable(&lines.join("\n")))
}

fn describe(path: PathBuf, content: &[u8], bundle: Bundle) -> Description {
    let Bundle { network, windows, operating_points, default_group, .. } = bundle;
    let Bundle { limits, owner_model, provenance, .. } = bundle;
    let clicks = owner_model.as_ref().and_then(|owner| owner.clicks.as_ref());
    Description {
        path,
        sha256: hash_of(content),
        contract: CONTRACT,
        architecture: network.architecture(),
        hidden: network.widths(),
        weights: weights(&network),
        windows,
        default_group,
        operating_points,
        limits,
        click_timings: clicks.map(|clicks| clicks.timings),
        embedding: owner_model.as_ref().map(|owner_model| owner_model.covariance.dimensions()),
        provenance,
    }
}

fn limit_lines(limits: &[Limit]) -> Vec<String> {
    let head = "evidence against the owner that makes one false alarm in so many hours at the desk";
    [String::new(), head.into()]
        .into_iter()
        .chain(
            limits.iter().map(|limit| {
                format!("{:>7.0} h  {:6.1} nats", limit.hours_between_alarms, limit.llr)
            }),
        )
        .collect()
}

/// Numbers that training has set.
fn weights(network: &AnyNetwork) -> usize {
    let backbone = match network {
        AnyNetwork::BiLstm(network) => recurrent(network),
        AnyNetwork::Conv(network) => {
            network.layers.iter().map(|layer| layer.weight.len() + layer.output).sum()
        }
    };
    let embedding =
        network.embedding().map_or(0, |embedding| embedding.weight.len() + embedding.count());
    backbone + network.head().weight.len() + 1 + embedding
}

fn recurrent(network: &Network) -> usize {
    let norm = network.norm.gamma.len() + network.norm.beta.len();
    parameters(&network.first) + norm + parameters(&network.second)
}

fn parameters(layer: &BiLstm) -> usize {
    let side = &layer.forward;
    2 * (side.w.len() + side.r.len() + side.b.len())
}

impl Description {
    fn text(&self) -> String {
        let p = &self.provenance;
        let w = &self.windows;
        let widths: Vec<String> = self.hidden.iter().map(ToString::to_string).collect();
        let mut lines = vec![
            format!("model        {}", self.path.display()),
            format!("content      sha256 {}", self.sha256),
            format!(
                "contract     {}, {} {}, {} weights",
                self.contract,
                self.architecture,
                widths.join(" + "),
                self.weights
            ),
            format!(
                "windows      pause {} ms, {} to {} steps, thinned to {} ms",
                w.pause_ms, w.min_steps, w.max_steps, w.thin_ms
            ),
            format!(
                "owner        {}, from {} ({} windows, {} to calibrate)",
                p.subject, p.genuine_source, p.genuine_windows[0], p.genuine_windows[1]
            ),
            format!(
                "impostors    {} ({} windows, {} to calibrate)",
                p.impostor_source, p.impostor_windows[0], p.impostor_windows[1]
            ),
            format!(
                "trained by   {}, seed {}, {} epochs, capture {}",
                p.trained_by, p.seed, p.epochs, p.capture
            ),
            format!("started from {}", p.backbone),
            format!("has seen     {} different windows", p.seen_windows.len()),
            String::new(),
            "windows  movement  threshold    EER   FAR (95 % interval)   FRR (95 % interval)"
                .into(),
        ];
        lines.extend(self.operating_points.iter().map(|point| self.row(point)));
        lines.push("* what the trainer recommends".into());
        lines.push(match self.embedding {
            Some(embedding) => {
                format!("groups are judged by the mean of embeddings with {embedding} dimensions")
            }
            None => "groups are judged by the mean of their scores".into(),
        });
        lines.push(self.click_timings.map_or_else(
            || "clicks are not judged: movement alone is".into(),
            |timings| format!("clicks are judged too, by {timings} timings at enrolment"),
        ));
        if !self.limits.is_empty() {
            lines.extend(limit_lines(&self.limits));
        }
        lines.join("\n")
    }

    fn row(&self, point: &OperatingPoint) -> String {
        let mark = if point.windows == self.default_group { '*' } else { ' ' };
        format!(
            "{mark}{:6}  {:6.1} s  {:9.3}  {:4.1} %  {}  {}",
            point.windows,
            point.movement_s,
            point.threshold,
            100.0 * point.eer,
            rate(point.far, point.far_interval),
            rate(point.frr, point.frr_interval),
        )
    }
}

fn rate(rate: f32, interval: [f32; 2]) -> String {
    let [low, high] = interval.map(|end| 100.0 * end);
    format!("{:5.1} % ({low:4.1} .. {high:5.1})", 100.0 * rate)
}
