//! What most commands begin with: the paths, the configuration in force, and what follows from
//! both.

use std::path::{Path, PathBuf};

use crate::agent::event::{Event, Fingerprints};
use crate::agent::instance;
use crate::agent::judge::Judge;
use crate::agent::rules::Rules;
use crate::config::{Config, ConfigPath};
use crate::data::{Store, aside, private};
use crate::error::{Failure, FailureKind, Result};
use crate::model::{ScorerParams, folders_beside};
use crate::paths::{DATA, Paths, RUNTIME};
use crate::platform::clock;
use crate::platform::places::POLICY;

/// The setting of a command.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// Where things lie.
    pub paths: Paths,
    /// The configuration in force.
    pub config: Config,
    /// The file it comes from; `None` for the defaults.
    pub file: Option<PathBuf>,
    /// What the administrator has fixed; in force in `config` already.
    pub rules: Rules,
}

impl Context {
    /// Reads the configuration; without a file the defaults hold, unless the environment names one.
    ///
    /// # Errors
    /// When the configuration is wrong or named and missing.
    pub(crate) fn load() -> Result<Self> {
        let paths = Paths::from_environment()?;
        let (mut config, file) = if paths.config_named() || paths.config().exists() {
            (Config::read(paths.config())?, Some(paths.config().to_owned()))
        } else {
            (Config::default(), None)
        };
        let rules = rules(Path::new(POLICY))?;
        rules.apply(&mut config.decision);
        Ok(Self { paths, config, file, rules })
    }

    /// The owner's folder, made if it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn store(&self) -> Result<Store> {
        make(self.paths.data(), DATA)?;
        Store::open(self.paths.data())
    }

    /// Makes the folder for lock and socket.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn make_runtime(&self) -> Result<()> {
        make(self.paths.runtime(), RUNTIME)
    }

    /// The model file: that of the command line, of the configuration, or the owner's.
    pub(crate) fn model(&self, named: Option<&Path>) -> PathBuf {
        match (named, &self.config.model.path) {
            (Some(named), _) => named.to_owned(),
            (None, ConfigPath::At(path)) => path.clone(),
            (None, ConfigPath::Auto) => self.paths.data().join("owner.onnx"),
        }
    }

    /// Who scores.
    pub(crate) fn scorer(&self) -> ScorerParams {
        let mut search = std::env::current_exe().map_or(Vec::new(), |exe| folders_beside(&exe));
        search.extend([self.paths.data().join("lib"), self.paths.data().to_owned()]);
        self.config.model.scorer(search)
    }

    /// A judge by this configuration.
    ///
    /// # Errors
    /// When the model cannot be used, or the configuration does not fit it.
    pub(crate) fn judge(&self, model: Option<&Path>) -> Result<Judge> {
        let judge = Judge::open(&self.model(model), &self.scorer(), &self.config.decision)?;
        let notify = self.config.notify.clone();
        let lock = self.config.lock.clone();
        let judge = Judge { notify, lock, ..judge };
        if self.config.adapt.enabled {
            judge.learning(&Store::at(self.paths.data()).adaptation())
        } else {
            Ok(judge)
        }
    }
}

impl Context {
    /// The same, also where what was learnt cannot be used: that is put aside, and learning begins
    /// anew. The entry tells of it.
    ///
    /// # Errors
    /// When the model cannot be used, or the configuration does not fit it.
    pub(crate) fn judge_whatever_was_learnt(
        &self,
        model: Option<&Path>,
    ) -> Result<(Judge, Option<Event>)> {
        let failure = match self.judge(model) {
            Ok(judge) => return Ok((judge, None)),
            Err(failure) => failure,
        };
        let path = Store::at(self.paths.data()).adaptation();
        let unlearning = || {
            let mut context = self.clone();
            context.config.adapt.enabled = false;
            context.judge(model)
        };
        if !path.exists() || unlearning().is_err() {
            return Err(failure);
        }
        let why = failure.to_string().lines().next().unwrap_or_default().to_owned();
        tracing::warn!("{why}");
        let date = clock::wall().strftime("%Y-%m-%dT%H%M%S").to_string();
        match aside::put_aside(&path, "damaged", &date) {
            Ok(file) => {
                let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Ok((self.judge(model)?, Some(Event::PutAside { file, why })))
            }
            // A folder that cannot be written: judged by the enrolment alone.
            Err(_) => Ok((unlearning()?, None)),
        }
    }

    /// What an agent by this configuration works with.
    pub(crate) fn fingerprints(&self, model: Option<&Path>) -> Fingerprints {
        Fingerprints {
            program: std::env::current_exe()
                .ok()
                .and_then(|program| private::sha256(&program).ok()),
            model: private::sha256(&self.model(model)).ok(),
            configuration: self.file.as_deref().and_then(|file| private::sha256(file).ok()),
            policy: private::sha256(Path::new(POLICY)).ok(),
            adaptation: private::sha256(&Store::at(self.paths.data()).adaptation()).ok(),
        }
    }
}

/// Makes a private folder, which `variable` may place elsewhere.
fn make(folder: &Path, variable: &str) -> Result<()> {
    private::folder(folder).map_err(|error| {
        let remedy = private::remedy(folder, &error, variable);
        Failure::io(format!("folder {}", folder.display()), error).remedy(remedy)
    })
}

/// Where the running agent can be asked: as it says beside its data, because it may have been
/// started in other surroundings; else where one started here would be.
pub(super) fn socket(paths: &Paths) -> PathBuf {
    let holder = instance::holder(&paths.data_lock());
    holder.and_then(|holder| holder.socket).unwrap_or_else(|| paths.socket())
}

/// Reads the administrator's rules; none without the file.
///
/// # Errors
/// [`FailureKind::Denied`] when somebody else may have written them, [`FailureKind::Config`] when
/// they are wrong.
fn rules(path: &Path) -> Result<Rules> {
    let name = format!("policy {}", path.display());
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Rules::default()),
        read => read.map_err(|e| Failure::io(&name, e))?,
    };
    if private::only_root_writes(path).map_err(|e| Failure::io(&name, e))? {
        Rules::parse(&name, &text)
    } else {
        let what = format!("{name}: others than administrators can write it, so it is not obeyed");
        Err(Failure::new(FailureKind::Denied, what).remedy(private::handing_to_root(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_file_nothing_is_fixed() {
        assert_eq!(rules(Path::new("/nonexistent/policy.toml")).unwrap(), Rules::default());
    }

    #[cfg(unix)]
    #[test]
    fn rules_that_others_may_write_are_refused_loudly() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        std::fs::write(&path, "allow_stop = false\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        mode(0o666).unwrap();
        let failure = rules(&path).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Denied);
        assert!(failure.to_string().contains("chown root"), "{failure}");
        mode(0o644).unwrap();
        let by_root = path.metadata().unwrap().uid() == 0;
        assert_eq!(rules(&path).is_ok_and(|rules| !rules.allow_stop), by_root);
    }
}
