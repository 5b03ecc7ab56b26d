//! Places that the system gives and no variable of the user's may name. Nothing is opened here.

/// The administrator's rules.
#[cfg(unix)]
pub const POLICY: &str = "/etc/mousewarden/policy.toml";

/// The administrator's rules: in a folder that only administrators can make.
#[cfg(windows)]
pub const POLICY: &str = r"C:\Program Files\mousewarden\policy.toml";
