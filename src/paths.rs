//! Where things lie: the places of the XDG base directories, or those that the environment names.
//! Nothing is made or opened here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::error::{Failure, FailureKind, Result};
use crate::platform::places;

/// Names the configuration file.
pub(crate) const CONFIG: &str = "MOUSEWARDEN_CONFIG";
/// Names the data folder: recordings, model, history.
pub(crate) const DATA: &str = "MOUSEWARDEN_DATA";
/// Names the folder for lock and socket.
pub(crate) const RUNTIME: &str = "MOUSEWARDEN_RUNTIME";
/// Names the folder for keys that no key store of the desktop keeps.
pub(crate) const KEYS: &str = "MOUSEWARDEN_KEYS";

/// The places of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paths {
    config: PathBuf,
    config_named: bool,
    config_home: Option<PathBuf>,
    data: PathBuf,
    runtime: PathBuf,
    keys: PathBuf,
    named: Vec<(&'static str, PathBuf)>,
}

impl Paths {
    /// The places by the environment of this process.
    ///
    /// # Errors
    /// When there is no home folder and nothing stands in for it.
    pub(crate) fn from_environment() -> Result<Self> {
        let folders = ProjectDirs::from("", "", "mousewarden");
        let named = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let runtime = places::runtime(named.as_deref());
        Self::resolve(|name| std::env::var_os(name), folders.as_ref(), runtime)
    }

    /// The places of a user with this home folder by the XDG base directories, whatever the
    /// environment says; without one, those of the environment but for the variables of this program.
    ///
    /// # Errors
    /// When there is no home folder.
    pub(crate) fn of_user(home: Option<PathBuf>) -> Result<Self> {
        let folders = ProjectDirs::from("", "", "mousewarden");
        let own = Self::resolve(|_| None, folders.as_ref(), places::runtime(None));
        let Some(home) = home else { return own };
        let data = home.join(".local/share/mousewarden");
        let session = places::runtime(None).map(|folder| folder.join("mousewarden"));
        Ok(Self {
            config: home.join(".config/mousewarden/config.toml"),
            config_named: false,
            config_home: Some(home.join(".config")),
            runtime: session.unwrap_or_else(|| data.join("run")),
            keys: home.join(".local/state/mousewarden/keys"),
            data,
            named: Vec::new(),
        })
    }

    fn resolve(
        variable: impl Fn(&str) -> Option<OsString>,
        folders: Option<&ProjectDirs>,
        session: Option<PathBuf>,
    ) -> Result<Self> {
        let named = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let homeless = |name: &str| {
            Failure::new(FailureKind::Unavailable, "no home folder for this user")
                .remedy(format!("Set HOME, or {name}."))
        };
        let usual = |name, place: fn(&ProjectDirs) -> PathBuf| {
            named(name).or_else(|| folders.map(place)).ok_or_else(|| homeless(name))
        };
        let config = usual(CONFIG, |folders| folders.config_dir().join("config.toml"))?;
        let data = usual(DATA, |folders| folders.data_dir().to_owned())?;
        // Lock and socket of another data folder belong to another agent.
        let runtime = match (named(RUNTIME), named(DATA)) {
            (Some(runtime), _) => runtime,
            (None, Some(data)) => data.join("run"),
            (None, None) => {
                session.map_or_else(|| data.join("run"), |folder| folder.join("mousewarden"))
            }
        };
        // Never within the data folder: whoever copies that copies no key.
        let keys = match (named(KEYS), named(DATA), folders) {
            (Some(keys), ..) => keys,
            (None, None, Some(folders)) => state(folders).join("keys"),
            _ => beside(&data),
        };
        let config_home = folders.and_then(|folders| folders.config_dir().parent());
        let by_environment = [CONFIG, DATA, RUNTIME, KEYS].into_iter();
        Ok(Self {
            config,
            config_named: named(CONFIG).is_some(),
            config_home: config_home.map(Path::to_owned),
            data,
            runtime,
            keys,
            named: by_environment.filter_map(|name| Some((name, named(name)?))).collect(),
        })
    }

    /// The configuration file, whether it is there or not.
    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    /// Whether the environment names the configuration file: then it must be there.
    pub(crate) const fn config_named(&self) -> bool {
        self.config_named
    }

    /// Where the desktop's programs keep their configuration; `None` without a home folder.
    pub(crate) fn config_home(&self) -> Option<&Path> {
        self.config_home.as_deref()
    }

    /// The places that the environment names, by variable: another process must be told of them.
    pub(crate) fn named(&self) -> Vec<(&'static str, &Path)> {
        self.named.iter().map(|(name, path)| (*name, path.as_path())).collect()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The folder for lock and socket.
    pub(crate) fn runtime(&self) -> &Path {
        &self.runtime
    }

    /// The folder for keys that no key store of the desktop keeps.
    pub(crate) fn keys(&self) -> &Path {
        &self.keys
    }

    /// Whether the desktop's key store is asked: what lies in a folder that the environment names is
    /// a trial's, or another machine's, and leaves nothing behind elsewhere.
    pub(crate) fn has_key_store(&self) -> bool {
        !self.named.iter().any(|(name, _)| [DATA, KEYS].contains(name))
    }

    /// The file that the running agent holds locked because of its socket.
    pub(crate) fn lock(&self) -> PathBuf {
        self.runtime.join("agent.lock")
    }

    /// The file that the running agent holds locked because of its data, wherever its socket is; it
    /// says where that is.
    pub(crate) fn data_lock(&self) -> PathBuf {
        self.data.join("agent.lock")
    }

    /// The file that a running enrolment holds locked.
    pub(crate) fn enrol_lock(&self) -> PathBuf {
        self.data.join("enrol.lock")
    }

    /// Where an agent that starts in these surroundings can be asked.
    pub(crate) fn socket(&self) -> PathBuf {
        self.runtime.join("control.sock")
    }
}

/// Where this system keeps what is neither data nor configuration.
fn state(folders: &ProjectDirs) -> PathBuf {
    folders.state_dir().map_or_else(|| tailed(folders.data_local_dir(), "-state"), Path::to_owned)
}

/// The folder for the keys of a data folder that the environment names.
fn beside(data: &Path) -> PathBuf {
    tailed(data, "-keys")
}

fn tailed(path: &Path, tail: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(tail);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(set: &[(&str, &str)]) -> Paths {
        let folders = ProjectDirs::from_path(PathBuf::from("mousewarden")).unwrap();
        let variable =
            |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into());
        Paths::resolve(variable, Some(&folders), None).unwrap()
    }

    #[test]
    fn the_environment_overrules_the_usual_places() {
        let paths = resolve(&[(CONFIG, "/c.toml"), (DATA, "/d")]);
        assert_eq!(paths.config(), Path::new("/c.toml"));
        assert!(paths.config_named());
        assert_eq!(paths.runtime(), Path::new("/d/run"));
        assert!(paths.keys() == Path::new("/d-keys") && !paths.has_key_store());
        assert!(resolve(&[(CONFIG, "/c.toml")]).has_key_store());
        assert_eq!(
            resolve(&[(DATA, "/d"), (RUNTIME, "/r")]).socket(),
            Path::new("/r/control.sock")
        );
        assert!(!resolve(&[(CONFIG, "")]).config_named());
        assert_eq!(paths.named(), [(CONFIG, Path::new("/c.toml")), (DATA, Path::new("/d"))]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_places_of_a_user_are_nobody_elses() {
        let paths = Paths::of_user(Some(PathBuf::from("/home/ann"))).unwrap();
        assert_eq!(paths.config(), Path::new("/home/ann/.config/mousewarden/config.toml"));
        assert_eq!(paths.data(), Path::new("/home/ann/.local/share/mousewarden"));
        assert!(paths.named().is_empty() && !paths.config_named());
    }

    #[test]
    fn without_a_home_the_variable_to_set_is_named() {
        let failure = Paths::resolve(|_| None, None, None).unwrap_err();
        assert!(failure.to_string().contains(CONFIG), "{failure}");
    }
}
