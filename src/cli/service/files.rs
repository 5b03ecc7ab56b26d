//! The unit and the autostart file: where they lie, and the packages' text of them for a program at
//! some path.

use std::path::{Path, PathBuf};

use super::{NAME, homeless, wants};
use crate::error::Result;
use crate::paths::Paths;

/// The unit as packages install it.
const UNIT: &str = include_str!("../../../installers/linux/mousewarden.service");
/// What tells of the end, as packages install it.
pub(super) const ENDED_UNIT: &str =
    include_str!("../../../installers/linux/mousewarden-ended.service");
/// Its name, as the unit has it.
const ENDED: &str = "mousewarden-ended.service";
/// What shuts it in more tightly, as packages document it.
const SANDBOX: &str = include_str!("../../../installers/linux/mousewarden-sandbox.conf");
/// The autostart file as packages document it.
const AUTOSTART: &str = include_str!("../../../installers/linux/mousewarden-autostart.desktop");
/// The program as both name it.
const PROGRAM: &str = "/usr/bin/mousewarden";
/// Where packages put units of users.
const PACKAGED: [&str; 2] = ["/usr/lib/systemd/user", "/lib/systemd/user"];

/// The user's own unit.
#[derive(Debug)]
pub(super) struct ServiceUnit {
    /// The file.
    pub file: PathBuf,
    /// The link by which the session's target wants it.
    pub wanted: PathBuf,
    /// What tells of the end.
    pub ended: PathBuf,
    /// What shuts it in more tightly, where the system can.
    pub sandbox: PathBuf,
}

impl ServiceUnit {
    pub(super) fn of(paths: &Paths) -> Result<Self> {
        let folder = paths.config_home().ok_or_else(homeless)?.join("systemd/user");
        let wanted = folder.join(wants()).join(NAME);
        let sandbox = folder.join(format!("{NAME}.d/sandbox.conf"));
        Ok(Self { file: folder.join(NAME), wanted, ended: folder.join(ENDED), sandbox })
    }
}

/// The user's autostart file.
#[derive(Debug)]
pub(super) struct Autostart {
    /// The file.
    pub file: PathBuf,
}

impl Autostart {
    pub(super) fn of(paths: &Paths) -> Result<Self> {
        let folder = paths.config_home().ok_or_else(homeless)?.join("autostart");
        Ok(Self { file: folder.join("mousewarden.desktop") })
    }
}

/// The unit that a package brought for this very program.
pub(super) fn packaged(program: &Path) -> Option<PathBuf> {
    let units = PACKAGED.iter().map(|folder| Path::new(folder).join(NAME));
    units.into_iter().find(|unit| unit.exists()).filter(|_| program == Path::new(PROGRAM))
}

/// The unit's text for a program, with these variables set.
pub(super) fn unit(program: &Path, variables: &[(&str, &Path)]) -> String {
    let start = format!("ExecStart={} run", quoted_for_systemd(&program.display().to_string()));
    let variables: String = variables
        .iter()
        .map(|(name, value)| {
            let assignment = format!("{name}={}", value.display());
            format!("Environment={}\n", quoted_for_systemd(&assignment))
        })
        .collect();
    UNIT.replace(&format!("ExecStart={PROGRAM} run"), &format!("{variables}{start}"))
}

/// The text of what shuts it in, for an agent that writes in these folders. One that is not there is
/// passed over.
pub(super) fn sandbox(folders: &[PathBuf]) -> String {
    let lines = folders.iter().map(|folder| {
        let path = folder.display().to_string().replace('\\', "\\\\").replace('%', "%%");
        format!("ReadWritePaths=\"-{}\"\n", path.replace('"', "\\\""))
    });
    lines.fold(SANDBOX.to_owned(), |text, line| text + &line)
}

/// The autostart file's text for a program, with these variables set.
pub(super) fn autostart(program: &Path, variables: &[(&str, &Path)]) -> String {
    let mut words = Vec::new();
    if !variables.is_empty() {
        words.push("env".to_owned());
        words.extend(
            variables.iter().map(|(n, v)| quoted_for_desktop(&format!("{n}={}", v.display()))),
        );
    }
    words.push(quoted_for_desktop(&program.display().to_string()));
    AUTOSTART.replace(&format!("Exec={PROGRAM}"), &format!("Exec={}", words.join(" ")))
}

/// systemd.service(5), "Command lines": quotes, backslashes, specifiers and variables.
fn quoted_for_systemd(word: &str) -> String {
    let word = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    let word = word.replace('$', "$$");
    if word.contains([' ', '\t', '\'', ';']) { format!("\"{word}\"") } else { word }
}

/// Desktop Entry Specification, "The Exec key": inside quotes these are escaped by a backslash,
/// which the format of the file doubles.
fn quoted_for_desktop(word: &str) -> String {
    if word.chars().all(|c| c.is_alphanumeric() || "/-_.=:,@+".contains(c)) {
        return word.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '\\' => quoted.push_str("\\\\\\\\"),
            '"' | '`' | '$' => quoted.extend(["\\\\", &c.to_string()]),
            '%' => quoted.push_str("%%"),
            _ => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_starts_the_program_that_installs_it() {
        let text = unit(Path::new("/home/a b/100%/mousewarden"), &[]);
        assert!(text.contains("\nExecStart=\"/home/a b/100%%/mousewarden\" run\n"), "{text}");
        assert!(!text.contains(PROGRAM) && text.contains(&format!("OnFailure={ENDED}")));
        let folder = [("MOUSEWARDEN_DATA", Path::new("/d"))];
        let text = unit(Path::new("/opt/m"), &folder);
        assert!(text.contains("\nEnvironment=MOUSEWARDEN_DATA=/d\nExecStart=/opt/m run\n"));
    }

    #[test]
    fn the_autostart_file_quotes_as_its_format_wants_it() {
        let text = autostart(Path::new("/opt/m"), &[("MOUSEWARDEN_DATA", Path::new("/d e"))]);
        assert!(text.contains("\nExec=env \"MOUSEWARDEN_DATA=/d e\" /opt/m run\n"), "{text}");
        assert_eq!(quoted_for_desktop("a$b\\"), "\"a\\\\$b\\\\\\\\\"");
    }
}
