//! `mousewarden-rig clicks`: finds how click timings lie among the users of recordings, and writes
//! that into a backbone, whose weights stay as they are.

use std::path::{Path, PathBuf};

use clap::Args;

use mousewarden::data::formats::{Format, ReadParams, open};
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::pretrain::click_population;
use mousewarden::lab::protocol::Protocol;
use mousewarden::model::Backbone;
use mousewarden::pipeline::window::cut_recording;
use mousewarden::pipeline::{ClickPopulation, Window, WindowParams};

use crate::pretrain::folder_of_format;

/// Arguments of `clicks`.
#[derive(Debug, Args)]
pub struct ClicksArgs {
    /// Recordings with clicks; several after one another.
    #[arg(required = true, value_name = "FORMAT=FOLDER", value_parser = folder_of_format)]
    folders: Vec<(String, PathBuf)>,
    /// Learn only from the people of the first folder whom this evaluation protocol reserves for
    /// teaching: sapimouse, or a TOML file.
    #[arg(long)]
    protocol: Option<String>,
    /// The backbone that learns of them.
    #[arg(long, default_value = "onnx/backbone.onnx")]
    backbone: PathBuf,
    /// Where to write it; in its own place if nothing is said.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl ClicksArgs {
    /// Finds the population and writes the backbone.
    ///
    /// # Errors
    /// When the recordings cannot be read or hold too few clicks, or the file cannot be written.
    pub fn run(self) -> Result<()> {
        let mut backbone = Backbone::read(&self.backbone)?;
        let mut users = Vec::new();
        for (at, (format, folder)) in self.folders.iter().enumerate() {
            let mut people = sessions_of(folder, format, backbone.windows)?;
            if let Some(name) = self.protocol.as_ref().filter(|_| at == 0) {
                people.truncate(Protocol::find(name)?.reserved()?);
            }
            users.extend(people);
        }
        let population = click_population(&users).ok_or_else(|| {
            Failure::new(FailureKind::Data, "too few people click in these recordings")
                .remedy("Give recordings of more people.")
        })?;
        tell(&population, users.len());
        backbone.clicks = Some(population);
        backbone.write(self.out.as_ref().unwrap_or(&self.backbone))
    }
}

fn tell(population: &ClickPopulation, users: usize) {
    eprintln!("{users} people; means of logarithms, variances between users, sessions and within:");
    for class in &population.classes {
        eprintln!("class of {:.0} % of sessions", 100.0 * class.share);
        for (at, kind) in population.kinds.iter().enumerate() {
            let numbers =
                [&class.mean, &class.between_user, &class.between_session, &class.within_session];
            let numbers = numbers.map(|values| format!("{:8.3}", values[at])).join("");
            eprintln!("  {:26}{numbers}", kind.words());
        }
    }
}

/// The windows of every session of every user.
fn sessions_of(folder: &Path, format: &str, params: WindowParams) -> Result<Vec<Vec<Vec<Window>>>> {
    let format: Format = format.parse()?;
    let dataset = open(&format, &[folder.to_owned()], ReadParams::default())?;
    let mut users = Vec::new();
    for user in dataset.users() {
        let mut sessions = Vec::new();
        for session in dataset.sessions(user) {
            let session = session?;
            if !session.events.is_empty() {
                sessions.push(cut_recording(params, session.signals()).0);
            }
        }
        users.push(sessions);
    }
    Ok(users)
}
