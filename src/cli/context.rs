//! What most commands begin with: the paths, the configuration in force, and what follows from
//! both.

use std::path::{Path, PathBuf};

use super::first_hours::QuietPeriod;
use super::keys;
use super::unknown_owner;
use crate::agent::control::{self, ControlRequest};
use crate::agent::event::{Event, Fingerprints};
use crate::agent::instance;
use crate::agent::judge::Judge;
use crate::config::{AdminPolicy, Config, ConfigPath};
use crate::data::{Store, aside, private};
use crate::error::{Failure, FailureKind, Result};
use crate::files;
use crate::model::{ScorerParams, folders_beside};
use crate::paths::{DATA, Paths, RUNTIME};
use crate::platform::places::{DEFAULTS, POLICY, pinned_models};
use crate::platform::{clock, user};
use crate::sealing;

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
    pub policy: AdminPolicy,
}

impl Context {
    /// Reads the configuration; without a file the defaults hold, unless the environment names one.
    ///
    /// # Errors
    /// When the configuration is wrong or named and missing.
    pub fn load() -> Result<Self> {
        let policy = policy(Path::new(POLICY))?;
        let paths = places(&policy)?;
        let has_own = paths.config_named() || paths.config().exists();
        let own = has_own.then(|| paths.config());
        let (mut config, file) = layered(Path::new(DEFAULTS), own)?;
        policy.apply(&mut config);
        Ok(Self { paths, config, file, policy })
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

    /// The folders in which an agent by this configuration writes.
    pub(super) fn written_folders(&self) -> Vec<PathBuf> {
        let files = [&self.config.journal.file, &self.config.metrics.file];
        let files = files.into_iter().filter(|file| file.is_absolute());
        let beside = files.filter_map(|file| file.parent()).map(Path::to_owned);
        let own = [self.paths.data(), self.paths.runtime(), self.paths.keys()].map(Path::to_owned);
        own.into_iter().chain(beside).collect()
    }

    /// The model file: that of the command line, of the administrator, of the configuration, or
    /// the owner's.
    pub fn model(&self, named: Option<&Path>) -> PathBuf {
        match (named, &self.config.model.path) {
            (Some(named), _) => named.to_owned(),
            (None, ConfigPath::At(path)) => path.clone(),
            (None, ConfigPath::Auto) if self.policy.fixes_model() => {
                let name = user::own().map_or_else(|| "unknown".to_owned(), |user| user.name);
                pinned_models().join(format!("{name}.onnx"))
            }
            (None, ConfigPath::Auto) => self.enrolled_model(),
        }
    }

    /// Where an enrolment writes its model: where it is looked for, unless an administrator has to
    /// lay it there.
    pub(crate) fn enrolled_model(&self) -> PathBuf {
        match &self.config.model.path {
            ConfigPath::At(path) if !self.policy.fixes_model() => path.clone(),
            _ => self.paths.data().join("owner.onnx"),
        }
    }

    /// Makes sure that a model which the administrator fixes is one that nobody else can write.
    fn check_pinned(&self, model: &Path) -> Result<()> {
        let what = format!("model {}, which the policy of this machine fixes", model.display());
        match private::only_root_writes(model) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::new(
                FailureKind::Denied,
                format!("{what}: others than administrators can write it, so it is not used"),
            )
            .remedy(private::handing_to_root(model))),
            Err(error) => {
                let remedy = private::laying_for_all(&self.enrolled_model(), model);
                Err(Failure::io(what, error).remedy(remedy))
            }
        }
    }

    /// Who scores.
    pub(crate) fn scorer(&self) -> ScorerParams {
        let mut search = std::env::current_exe().map_or(Vec::new(), |exe| folders_beside(&exe));
        if !self.policy.fixes_model() {
            search.extend([self.paths.data().join("lib"), self.paths.data().to_owned()]);
        }
        self.config.model.scorer(search)
    }

    /// A judge by this configuration.
    ///
    /// # Errors
    /// When the model cannot be used, or the configuration does not fit it.
    pub fn judge(&self, model: Option<&Path>) -> Result<Judge> {
        let path = self.model(model);
        if model.is_none() && self.policy.fixes_model() {
            self.check_pinned(&path)?;
        }
        if model.is_none() {
            self.own_model()?;
        }
        let judge = Judge::open(&path, &self.scorer(), &self.config.decision)?;
        let mut notify = self.config.notify.clone();
        notify.alarm &= self.quiet().is_none();
        let lock = self.config.lock.clone();
        let store = Store::at(self.paths.data());
        let judge = Judge { notify, lock, ..judge }
            .knowing(&store.later_movement())
            .trusting(&store.devices());
        if self.config.adapt.enabled { judge.learning(&store.adaptation()) } else { Ok(judge) }
    }
}

impl Context {
    /// The path of the owner's model.
    ///
    /// # Errors
    /// When nobody has enrolled yet.
    pub(super) fn own_model(&self) -> Result<PathBuf> {
        let path = self.model(None);
        if !path.exists() {
            let what = format!("nobody has enrolled yet: there is no model {}", path.display());
            return Err(Failure::new(FailureKind::NoInput, what).remedy(unknown_owner::ASK));
        }
        Ok(path)
    }

    /// Has a running agent read again what it works with; when none runs, nothing is missed.
    pub(super) fn reload_agent(&self) {
        let _ = control::ask(&socket(&self.paths), &ControlRequest::Reload);
    }

    /// The hours after an enrolment in which alarms are written down only, if they are not over. An
    /// administrator who fixes the decision has no use for them: their end lies in a file of the owner's.
    pub(super) fn quiet(&self) -> Option<QuietPeriod> {
        if self.policy.fixes_decision() {
            return None;
        }
        let period = QuietPeriod::read(&Store::at(self.paths.data()));
        period.filter(|period| !period.is_over(clock::wall()))
    }

    /// The same, also where what was learnt cannot be used: that is put aside, and learning begins
    /// anew. The entry tells of it.
    ///
    /// # Errors
    /// When the model cannot be used, or the configuration does not fit it.
    pub(crate) fn judge_whatever_was_learnt(
        &self,
        model: Option<&Path>,
    ) -> Result<(Judge, Vec<Event>)> {
        let store = Store::at(self.paths.data());
        let mut events = Vec::new();
        if let Some(fault) = keys::lost(&store.later_movement()) {
            events.extend(set_aside(&store.later_movement(), keys::UNREADABLE, &fault.to_string()));
        }
        let failure = match self.judge(model) {
            Ok(judge) => return Ok((judge, events)),
            Err(failure) => failure,
        };
        let path = store.adaptation();
        let unlearning = || {
            let mut context = self.clone();
            context.config.adapt.enabled = false;
            context.judge(model)
        };
        if !path.exists() || unlearning().is_err() {
            return Err(failure);
        }
        let why = failure.first_line();
        tracing::warn!("{why}");
        // A key that cannot be had now may be had with the next start.
        let is_passing = failure.kind() == FailureKind::Unavailable;
        let word = keys::lost(&path).map_or("damaged", |_| keys::UNREADABLE);
        match Some(()).filter(|()| !is_passing).and_then(|()| set_aside(&path, word, &why)) {
            Some(event) => {
                events.push(event);
                Ok((self.judge(model)?, events))
            }
            // Or a folder that cannot be written: judged by the enrolment alone.
            None => Ok((unlearning()?, events)),
        }
    }

    /// What an agent by this configuration works with.
    pub(crate) fn fingerprints(&self, model: Option<&Path>) -> Fingerprints {
        let adaptation = Store::at(self.paths.data()).adaptation();
        Fingerprints {
            program: std::env::current_exe()
                .ok()
                .and_then(|program| private::sha256(&program).ok()),
            model: sealing::sha256_of_content(&self.model(model)).ok(),
            configuration: self.file.as_deref().and_then(|file| private::sha256(file).ok()),
            policy: private::sha256(Path::new(POLICY)).ok(),
            adaptation: sealing::sha256_of_content(&adaptation).ok(),
        }
    }
}

/// Puts a file aside and says so; nothing where its folder cannot be written.
fn set_aside(path: &Path, word: &str, why: &str) -> Option<Event> {
    let date = clock::wall().strftime("%Y-%m-%dT%H%M%S").to_string();
    let file = aside::put_aside(path, word, &date).ok()?;
    let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Some(Event::PutAside { file, why: why.to_owned() })
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

/// The places of this user. Where the administrator fixes the model, the environment cannot move
/// them: other data are another past.
fn places(policy: &AdminPolicy) -> Result<Paths> {
    if !policy.fixes_model() {
        return Paths::from_environment();
    }
    let named = Paths::from_environment().ok().and_then(|it| it.named().first().map(|it| it.0));
    if let Some(name) = named {
        tracing::warn!("the policy of this machine fixes where things lie: {name} is ignored");
    }
    Paths::of_user(user::own().and_then(|user| user.home))
}

/// The places of this user for a command that needs nothing else; a policy that cannot be read
/// fixes none, so that a running agent can still be asked and stopped.
///
/// # Errors
/// When there is no home folder and nothing stands in for it.
pub(super) fn paths() -> Result<Paths> {
    places(&policy(Path::new(POLICY)).unwrap_or_default())
}

/// The owner's configuration over the machine's defaults, key by key, and the file that it comes
/// from; each is whole and right by itself.
///
/// # Errors
/// When either is wrong, or the owner's cannot be read.
fn layered(defaults: &Path, own: Option<&Path>) -> Result<(Config, Option<PathBuf>)> {
    let config = own.map(Config::read).transpose()?;
    if !defaults.exists() {
        return Ok((config.unwrap_or_default(), own.map(Path::to_owned)));
    }
    let below = Config::read(defaults)?;
    let Some(own) = own else { return Ok((below, Some(defaults.to_owned()))) };
    let mut merged = table(defaults)?;
    lay_over(&mut merged, table(own)?);
    let name = format!("{} over {}", own.display(), defaults.display());
    Ok((Config::parse(&name, &merged.to_string())?, Some(own.to_owned())))
}

/// The keys of a file that was read as a configuration before.
fn table(path: &Path) -> Result<toml::Table> {
    let text = files::read_to_string(path)
        .map_err(|e| Failure::io(format!("configuration {}", path.display()), e))?;
    Ok(text.parse().unwrap_or_default())
}

/// Puts every key of one table over those of another.
fn lay_over(below: &mut toml::Table, above: toml::Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
            (_, value) => drop(below.insert(key, value)),
        }
    }
}

/// Reads the administrator's policy; nothing is fixed without the file.
///
/// # Errors
/// [`FailureKind::Denied`] when somebody else may have written them, [`FailureKind::Config`] when
/// they are wrong.
fn policy(path: &Path) -> Result<AdminPolicy> {
    let name = format!("policy {}", path.display());
    let text = match files::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(AdminPolicy::default());
        }
        read => read.map_err(|e| Failure::io(&name, e))?,
    };
    if private::only_root_writes(path).map_err(|e| Failure::io(&name, e))? {
        AdminPolicy::parse(&name, &text)
    } else {
        let what = format!("{name}: others than administrators can write it, so it is not obeyed");
        Err(Failure::new(FailureKind::Denied, what).remedy(private::handing_to_root(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owners_keys_lie_over_the_machines() {
        let folder = tempfile::tempdir().unwrap();
        let [machine, own] = ["machine.toml", "own.toml"].map(|name| folder.path().join(name));
        let text = "[enrol]\nquiet_hours = 2\ntarget_windows = 100\n[tray]\nenabled = false\n";
        std::fs::write(&machine, text).unwrap();
        std::fs::write(&own, "[enrol]\nquiet_hours = 0\n").unwrap();
        let (config, file) = layered(&machine, Some(&own)).unwrap();
        assert_eq!((config.enrol.quiet_hours.get(), config.enrol.target_windows.get()), (0, 100));
        assert!(!config.tray.enabled && file.as_deref() == Some(own.as_path()));
        let (config, file) = layered(&machine, None).unwrap();
        assert_eq!((config.enrol.quiet_hours.get(), file), (2, Some(machine.clone())));
        let none = folder.path().join("none.toml");
        assert_eq!(layered(&none, None).unwrap(), (Config::default(), None));
        std::fs::write(&machine, "[enrol]\nquiet = 2\n").unwrap();
        assert!(layered(&machine, Some(&own)).unwrap_err().to_string().contains("machine.toml"));
    }

    #[test]
    fn without_a_file_nothing_is_fixed() {
        let none = policy(Path::new("/nonexistent/policy.toml")).unwrap();
        assert_eq!(none, AdminPolicy::default());
    }

    #[cfg(unix)]
    #[test]
    fn a_policy_that_others_may_write_is_refused_loudly() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        std::fs::write(&path, "allow_stop = false\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        mode(0o666).unwrap();
        let failure = policy(&path).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Denied);
        assert!(failure.to_string().contains("chown root"), "{failure}");
        mode(0o644).unwrap();
        let by_root = path.metadata().unwrap().uid() == 0;
        assert_eq!(policy(&path).is_ok_and(|policy| !policy.rules().allow_stop), by_root);
    }
}
