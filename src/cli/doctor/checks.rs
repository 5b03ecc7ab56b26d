//! The checks of this program's own things: configuration, folders, model, library, instance.

use std::path::Path;

use super::super::context::{Context, socket};
use super::super::keys::OwnerKeys;
use super::super::service::ServiceState;
use super::past;
use crate::agent::control::{self, ControlRequest, Reply};
use crate::data::private;
use crate::error::FailureKind;
use crate::model::{LibraryHash, ScorerBackend, ScorerReport, how_to_fetch};
use crate::paths::Paths;
use crate::platform::places::POLICY;
use crate::platform::probe::Check;

/// All of them; without a configuration nothing more can be said.
pub(super) fn all() -> impl Iterator<Item = Check> {
    let checks = match Context::load() {
        Ok(context) => {
            let mut checks = vec![configuration(&context)];
            checks.extend(policy(&context));
            checks.extend(folders(&context.paths));
            checks.push(scorer(&context));
            checks.push(model(&context));
            checks.push(key(&context));
            checks.extend(past::all(&context));
            checks.push(agent(&context.paths));
            checks.push(service(&context.paths));
            checks
        }
        Err(failure) => vec![Check::failed("configuration", &failure, "mousewarden config check")],
    };
    checks.into_iter()
}

fn configuration(context: &Context) -> Check {
    let file = context.file.as_ref().map(|file| file.display().to_string());
    Check::ok("configuration", file.unwrap_or_else(|| "no file: defaults".into()))
}

fn policy(context: &Context) -> Option<Check> {
    let fixed = context.policy.words();
    (!fixed.is_empty()).then(|| Check::ok("policy", format!("{POLICY}: {}", fixed.join(", "))))
}

fn folders(paths: &Paths) -> Vec<Check> {
    let look = |name, folder: &Path| match private::is_open_to_others(folder) {
        Ok(false) => Check::ok(name, folder.display().to_string()),
        Ok(true) => {
            let found = format!("{} can be read by others", folder.display());
            Check::fail(name, found, private::closing(folder))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::ok(name, format!("{}: not there yet", folder.display()))
        }
        Err(error) => {
            let found = format!("{}: {error}", folder.display());
            Check::fail(name, found, private::closing(folder))
        }
    };
    vec![look("data folder", paths.data()), look("runtime folder", paths.runtime())]
}

fn model(context: &Context) -> Check {
    // What was learnt since is a check of its own.
    let mut unlearning = context.clone();
    unlearning.config.adapt.enabled = false;
    match unlearning.judge(None) {
        Ok(judge) => Check::ok("model", judge.model.path.display().to_string()),
        Err(failure) => Check::failed("model", &failure, "mousewarden --enroll"),
    }
}

/// Where the key of the owner's files is.
fn key(context: &Context) -> Check {
    let name = "key";
    let keys = OwnerKeys::of(&context.paths);
    match keys.in_force().map(|kept| keys.words(&kept)) {
        None => Check::ok(name, "none yet: your files are in the clear until the agent starts"),
        Some(Ok(words)) => Check::ok(name, words),
        Some(Err(failure)) => Check::failed(name, &failure, "mousewarden --enroll"),
    }
}

fn scorer(context: &Context) -> Check {
    let params = context.scorer();
    let folder = context.paths.data().join("lib");
    let fetch = how_to_fetch(&folder);
    match ScorerReport::of(&params) {
        Ok(report) => {
            let by_choice = params.backend == ScorerBackend::Builtin;
            let hash = report.library.as_deref().and_then(|path| LibraryHash::of(path).ok());
            let hash = hash.map_or_else(String::new, |hash| format!(", {}", hash.words()));
            let at = report.library.map(|path| format!(", {}{hash}", path.display()));
            let note = report.note.map(|note| format!("; {note}"));
            let found = [format!("{} {}", report.backend, report.version)]
                .into_iter()
                .chain(at)
                .chain(note)
                .collect::<String>();
            if report.backend == ScorerBackend::Builtin && !by_choice {
                Check::warn("scorer", found, fetch)
            } else {
                Check::ok("scorer", found)
            }
        }
        Err(failure) => Check::failed("scorer", &failure, &fetch),
    }
}

fn service(paths: &Paths) -> Check {
    match ServiceState::of(paths) {
        Ok(standing) => starter(&standing),
        Err(failure) => Check::failed("service", &failure, "mousewarden service status"),
    }
}

fn starter(standing: &ServiceState) -> Check {
    let name = "service";
    let by_hand = "systemctl --user start mousewarden";
    match (standing.starter, standing.unit_state.as_deref()) {
        ("autostart", _) => Check::ok(name, "started by the desktop's autostart"),
        ("task", _) => Check::ok(name, "started by a logon task"),
        ("launchd", _) => Check::ok(name, "started by a launch agent"),
        ("systemd", Some("active")) => Check::ok(name, "started by a systemd user unit, active"),
        ("systemd", Some("failed")) => {
            let log = "journalctl --user -u mousewarden tells why; then ";
            Check::fail(name, "the systemd user unit has failed", format!("{log}{by_hand}"))
        }
        ("systemd", Some(state)) => {
            Check::warn(name, format!("the systemd user unit is {state}"), by_hand)
        }
        ("systemd", None) => Check::warn(
            name,
            "a systemd user unit is installed, but no systemd answers this user",
            "mousewarden service install --by autostart",
        ),
        _ => Check::warn(
            name,
            "not installed: nothing starts mousewarden with your session",
            "mousewarden service install",
        ),
    }
}

fn agent(paths: &Paths) -> Check {
    let name = "agent";
    match control::ask(&socket(paths), &ControlRequest::Status) {
        Ok(Reply::Status(status)) if status.problems.is_empty() => {
            Check::ok(name, format!("runs as process {}", status.pid))
        }
        Ok(Reply::Status(status)) => {
            Check::warn(name, status.problems.join("; "), "mousewarden status")
        }
        Err(failure) if failure.kind() == FailureKind::Unavailable => {
            Check::warn(name, "not running", "mousewarden run")
        }
        Ok(_) => Check::warn(name, "answers strangely", "mousewarden stop"),
        Err(failure) => Check::failed(name, &failure, "mousewarden stop"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::probe::Health;

    #[test]
    fn the_service_is_well_only_where_something_starts_it() {
        let health = |starter, state: Option<&str>| {
            let unit_state = state.map(str::to_owned);
            super::starter(&ServiceState { starter, unit_state, ..ServiceState::default() }).health
        };
        assert_eq!(health("systemd", Some("active")), Health::Ok);
        assert_eq!(health("systemd", Some("inactive")), Health::Warn);
        assert_eq!(health("systemd", Some("failed")), Health::Fail);
        assert_eq!(health("systemd", None), Health::Warn);
        assert_eq!(health("autostart", None), Health::Ok);
        assert_eq!(health("none", None), Health::Warn);
    }
}
