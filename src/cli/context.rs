//! What most commands begin with: the paths, the configuration in force, and what follows from both.
//! Nothing is started here.

use std::path::{Path, PathBuf};

use crate::agent::judge::Judge;
use crate::config::{Config, Place};
use crate::data::Store;
use crate::data::private;
use crate::error::{Failure, Result};
use crate::model::{ScorerParams, folders_beside};
use crate::paths::Paths;

/// The setting of a command.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where things lie.
    pub paths: Paths,
    /// The configuration in force.
    pub config: Config,
    /// The file it comes from; `None` for the defaults.
    pub file: Option<PathBuf>,
}

impl Context {
    /// Reads the configuration; without a file the defaults hold, unless the environment names one.
    ///
    /// # Errors
    /// When the configuration is wrong or named and missing.
    pub fn load() -> Result<Self> {
        let paths = Paths::from_environment()?;
        let (config, file) = match paths.config_named() || paths.config().exists() {
            true => (Config::read(paths.config())?, Some(paths.config().to_owned())),
            false => (Config::default(), None),
        };
        Ok(Self { paths, config, file })
    }

    /// The owner's folder, made if it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn store(&self) -> Result<Store> {
        Store::open(self.paths.data())
    }

    /// Makes the folder for lock and socket.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_runtime(&self) -> Result<()> {
        let folder = self.paths.runtime();
        private::folder(folder).map_err(|e| Failure::io(format!("folder {}", folder.display()), e))
    }

    /// The model file: that of the command line, of the configuration, or the owner's.
    pub fn model(&self, named: Option<&Path>) -> PathBuf {
        match (named, &self.config.model.path) {
            (Some(named), _) => named.to_owned(),
            (None, Place::At(path)) => path.clone(),
            (None, Place::Auto) => self.paths.data().join("owner.onnx"),
        }
    }

    /// Who scores.
    pub fn scorer(&self) -> ScorerParams {
        let mut search = std::env::current_exe().map_or(Vec::new(), |exe| folders_beside(&exe));
        search.extend([self.paths.data().join("lib"), self.paths.data().to_owned()]);
        self.config.model.scorer(search)
    }

    /// A judge by this configuration.
    ///
    /// # Errors
    /// When the model cannot be used, or the configuration does not fit it.
    pub fn judge(&self, model: Option<&Path>) -> Result<Judge> {
        let judge = Judge::open(&self.model(model), &self.scorer(), &self.config.policy)?;
        let (notify, lock) = (self.config.notify.clone(), self.config.lock.clone());
        Ok(Judge { notify, lock, ..judge })
    }
}
