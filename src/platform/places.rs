//! Places that the system gives.

use std::path::{Path, PathBuf};

/// The administrator's defaults, below each user's own configuration.
#[cfg(unix)]
pub(crate) const DEFAULTS: &str = "/etc/mousewarden/config.toml";

/// The administrator's defaults, below each user's own configuration.
// Program Files needs no environment variable, which a user could set, and is writable by
// administrators only.
#[cfg(windows)]
pub(crate) const DEFAULTS: &str = r"C:\Program Files\mousewarden\config.toml";

/// The administrator's rules.
#[cfg(unix)]
pub(crate) const POLICY: &str = "/etc/mousewarden/policy.toml";

/// The administrator's rules: in a folder that only administrators can make.
#[cfg(windows)]
pub(crate) const POLICY: &str = r"C:\Program Files\mousewarden\policy.toml";

/// The models of a machine whose administrator fixes them, one a user.
pub(crate) fn pinned_models() -> PathBuf {
    Path::new(POLICY).with_file_name("models")
}

/// The folder of the system for what lives as long as the user's session: the one that the
/// environment names where it is this user's, else the usual one. `su`, `ssh` and cron name none, or
/// another user's.
#[cfg(unix)]
pub(crate) fn runtime(named: Option<&Path>) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::getuid().as_raw();
    // Whoever else owns it could replace the control socket in it.
    let is_own = |folder: &Path| folder.metadata().is_ok_and(|it| it.is_dir() && it.uid() == user);
    let usual = PathBuf::from(format!("/run/user/{user}"));
    let named = named.map(Path::to_owned).filter(|folder| is_own(folder));
    named.or_else(|| Some(usual).filter(|folder| is_own(folder)))
}

/// There is none on this system.
#[cfg(not(unix))]
pub(crate) fn runtime(_named: Option<&Path>) -> Option<PathBuf> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_folder_that_is_not_there_is_not_taken() {
        let own = tempfile::tempdir().unwrap();
        assert_eq!(runtime(Some(own.path())).as_deref(), Some(own.path()));
        let none = Path::new("/run/user/99999");
        assert_ne!(runtime(Some(none)).as_deref(), Some(none));
    }
}
