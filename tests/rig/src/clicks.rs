//! `mousewarden-rig clicks`: finds how click timings lie among the users of recordings, and writes
//! that into a backbone, whose weights stay as they are.

use std::path::PathBuf;

use clap::Args;

use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::pretrain::click_population;
use mousewarden::lab::protocol::Protocol;
use mousewarden::model::Backbone;
use mousewarden::pipeline::ClickPopulation;

use crate::people::{read_people, sessions_of};
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
            let mut people = read_people(folder, format, backbone.windows)?;
            if let Some(name) = self.protocol.as_ref().filter(|_| at == 0) {
                people.truncate(Protocol::find(name)?.reserved()?);
            }
            users.extend(people.into_iter().map(sessions_of));
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
