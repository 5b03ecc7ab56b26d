//! The checks of this program's own things: configuration, folders, model, library, instance.

use std::path::Path;

use super::super::context::Context;
use super::Check;
use crate::agent::control::{self, Reply, Request};
use crate::data::private;
use crate::error::Kind;
use crate::model::Backend;
use crate::paths::Paths;

/// All of them; without a configuration nothing more can be said.
pub(super) fn all() -> impl Iterator<Item = Check> {
    let checks = match Context::load() {
        Ok(context) => {
            let mut checks = vec![configuration(&context)];
            checks.extend(folders(&context.paths));
            checks.extend(scoring(&context));
            checks.push(agent(&context.paths));
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

fn folders(paths: &Paths) -> Vec<Check> {
    let look = |name, folder: &Path| match private::is_open_to_others(folder) {
        Ok(false) => Check::ok(name, folder.display().to_string()),
        Ok(true) => {
            let found = format!("{} can be read by others", folder.display());
            Check::fail(name, found, format!("chmod 700 {}", folder.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::ok(name, format!("{}: not there yet", folder.display()))
        }
        Err(error) => {
            let found = format!("{}: {error}", folder.display());
            Check::fail(name, found, format!("ls -ld {}", folder.display()))
        }
    };
    vec![look("data folder", paths.data()), look("runtime folder", paths.runtime())]
}

fn scoring(context: &Context) -> Vec<Check> {
    let judge = match context.judge(None) {
        Ok(judge) => judge,
        Err(failure) => return vec![Check::failed("model", &failure, "mousewarden --enroll")],
    };
    let model = judge.model.path.display().to_string();
    let report = &judge.report;
    let found = format!("{} {}", report.backend, report.version);
    let builtin = context.config.model.backend == Backend::Builtin;
    let scorer = match &report.note {
        Some(note) if !builtin => Check::warn(
            "scorer",
            format!("{found}: {note}"),
            "pip download onnxruntime==1.28.0, as the README shows",
        ),
        _ => Check::ok("scorer", found),
    };
    vec![Check::ok("model", model), scorer]
}

fn agent(paths: &Paths) -> Check {
    let name = "agent";
    match control::ask(&paths.socket(), &Request::Status) {
        Ok(Reply::Status(status)) if status.problems.is_empty() => {
            Check::ok(name, format!("runs as process {}", status.pid))
        }
        Ok(Reply::Status(status)) => {
            Check::warn(name, status.problems.join("; "), "mousewarden status")
        }
        Err(failure) if failure.kind() == Kind::Unavailable => {
            Check::warn(name, "not running", "mousewarden run")
        }
        Ok(_) => Check::warn(name, "answers strangely", "mousewarden stop"),
        Err(failure) => Check::failed(name, &failure, "mousewarden stop"),
    }
}
