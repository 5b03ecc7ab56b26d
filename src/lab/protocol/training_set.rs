//! What a protocol gives the trainer: the owner's training windows, whom to learn against, and
//! where the model belongs.
//!
//! # Invariants
//! Calibration and test are not handed out here.

use std::path::{Path, PathBuf};

use super::plan::Plan;
use super::rules::LearnFrom;
use super::split::{Split, WindowRange};
use crate::data::formats::file_stem;
use crate::error::Result;
use crate::lab::enrolment;
use crate::pipeline::{Window, WindowParams};

/// What `train_owner` takes.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSet {
    /// Whose model it is.
    pub user: String,
    /// The owner's windows, a list a session.
    pub sessions: Vec<Vec<Window>>,
    /// The impostors' windows, a list a person.
    pub cohort: Vec<Vec<Window>>,
    /// Who the impostors are, for the provenance: "synthetic users", "gmail, 13 users".
    pub impostor_source: String,
}

impl Plan {
    /// The training set of one owner. Synthetic users are drawn by the plan's seed. `source` names
    /// the dataset.
    ///
    /// # Errors
    /// When there is no movement to tell the owner's device from.
    pub fn training_set(
        &self,
        split: &Split,
        params: WindowParams,
        source: &str,
    ) -> Result<TrainingSet> {
        let sessions: Vec<Vec<Window>> =
            split.genuine.training.iter().map(|stretch| self.windows(stretch).to_vec()).collect();
        let (cohort, impostor_source) = match self.protocol.impostors.learn_from {
            LearnFrom::Generated => {
                (enrolment::impostors(&sessions, params, self.seed)?, "generated people".to_owned())
            }
            LearnFrom::People => {
                let cohort = self.by_person(&split.impostor.training);
                let source = format!("{source}, {} users", cohort.len());
                (cohort, source)
            }
        };
        let user = self.people[split.owner].id.clone();
        Ok(TrainingSet { user, sessions, cohort, impostor_source })
    }

    fn by_person(&self, stretches: &[WindowRange]) -> Vec<Vec<Window>> {
        let people = stretches.chunk_by(|a, b| a.person == b.person);
        people.map(|of| of.iter().flat_map(|s| self.windows(s)).cloned().collect()).collect()
    }

    /// Where an owner's model lies below a folder of models; see [`model_path`].
    pub fn model_path(&self, folder: &Path, split: &Split) -> PathBuf {
        let user = &self.people[split.owner].id;
        model_path(folder, self.protocol.model_folder(), self.seed, user)
    }
}

/// `FOLDER/PROTOCOL/seed-SEED/USER.onnx`, as files are called after users.
pub fn model_path(folder: &Path, protocol: &str, seed: u64, user: &str) -> PathBuf {
    let name = file_stem(user);
    folder.join(protocol).join(format!("seed-{seed}")).join(format!("{name}.onnx"))
}
