//! `service`: lays down what starts the agent with the session, takes it away again, and says how
//! it stands. Every file it writes or removes is named.

mod files;
mod launchd;
mod report;
mod step;
mod task;

use clap::{Args, Subcommand, ValueEnum};

use self::files::{Autostart, ServiceUnit};
pub(in crate::cli) use self::report::ServiceState;
use self::step::InstallStep;
use super::context::{Context, paths, socket};
use super::output;
use super::purge::{Purge, PurgeTarget as Holdings};
use crate::agent::control::{self, ControlRequest};
use crate::error::{Failure, FailureKind, Result};
use crate::paths::Paths;
use crate::platform::service::{self, MANAGER, Manager, SESSION_TARGET};

/// The service's name.
const NAME: &str = "mousewarden.service";

/// Arguments of `service`.
#[derive(Debug, Args)]
pub(crate) struct ServiceArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Start the agent with every graphical session from now on
    Install {
        /// Who starts it
        #[arg(long, value_enum, default_value_t = Starter::Auto)]
        by: Starter,
        /// Whether systemd shuts it in by a user namespace as well
        #[arg(long, value_enum, default_value_t = Sandbox::Auto)]
        sandbox: Sandbox,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Stop the agent and remove what starts it; lists every file
    Uninstall {
        /// Also remove model, recordings, history, journal and configuration
        #[arg(long)]
        purge: bool,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Say what is installed, and whether it runs
    Status {
        /// One line of JSON instead of text
        #[arg(long)]
        json: bool,
    },
}

/// Who starts the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Starter {
    /// What this system has; on Linux systemd where the desktop tells it of the session, else the
    /// desktop itself
    Auto,
    /// A systemd user unit, bound to graphical-session.target
    Systemd,
    /// An XDG autostart file, read by the desktop
    Autostart,
    /// A logon task of Windows
    Task,
    /// A launch agent of macOS
    Launchd,
}

/// Whether the unit is shut in by a user namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sandbox {
    /// Where this system opens such namespaces to users, which is tried out
    Auto,
    /// Without trying it out
    Yes,
    /// By the unit's own lines alone
    No,
}

impl Sandbox {
    fn is_wanted(self) -> bool {
        match self {
            Self::Auto => service::opens_user_namespaces(),
            Self::Yes => true,
            Self::No => false,
        }
    }
}

impl ServiceArgs {
    /// Does it.
    ///
    /// # Errors
    /// When a file cannot be written or removed, or the service manager refuses.
    pub fn run(self) -> Result<()> {
        let paths = paths()?;
        match self.what {
            What::Install { by, sandbox, dry_run } => install(&paths, (by, sandbox), dry_run),
            What::Uninstall { purge, dry_run } => uninstall(&paths, purge, dry_run),
            What::Status { json } => report::run(&paths, json),
        }
    }
}

fn install(paths: &Paths, (by, sandbox): (Starter, Sandbox), dry_run: bool) -> Result<()> {
    let program =
        std::env::current_exe().map_err(|e| Failure::io("the path of this program", e))?;
    let (by, why) = choose(by);
    let steps = match by {
        Starter::Autostart => autostart_steps(paths, &program)?,
        Starter::Auto | Starter::Systemd => unit_steps(paths, &program, sandbox)?,
        Starter::Task => task::steps(paths, &program)?,
        Starter::Launchd => launchd::steps(paths, &program)?,
    };
    output::line(why)?;
    step::perform(&steps, dry_run)?;
    let begun = match by {
        Starter::Task | Starter::Launchd => true,
        by => by == Starter::Systemd && service::session_is_up(),
    };
    let begins = if begun {
        "mousewarden watches, and will with every session from now on."
    } else {
        "mousewarden will watch from your next session on; `mousewarden run` does now."
    };
    output::line(if dry_run { "Nothing was changed." } else { begins })
}

fn choose(by: Starter) -> (Starter, &'static str) {
    match by {
        Starter::Systemd => (by, "By a systemd user unit, as asked."),
        Starter::Autostart => (by, "By an autostart file, as asked."),
        Starter::Task => (by, "By a logon task of Windows, as asked."),
        Starter::Launchd => (by, "By a launch agent of macOS, as asked."),
        Starter::Auto if MANAGER == Manager::TaskScheduler => {
            (Starter::Task, "By a logon task of Windows.")
        }
        Starter::Auto if MANAGER == Manager::Launchd => {
            (Starter::Launchd, "By a launch agent of macOS.")
        }
        Starter::Auto if service::session_is_up() => {
            (Starter::Systemd, "By a systemd user unit: this desktop tells systemd of its session.")
        }
        Starter::Auto if service::is_here() => (
            Starter::Autostart,
            "By an autostart file: systemd is here, but this desktop does not tell it of its \
             session (graphical-session.target is not active).",
        ),
        Starter::Auto => (Starter::Autostart, "By an autostart file: no systemd for this user."),
    }
}

fn unit_steps(
    paths: &Paths,
    program: &std::path::Path,
    sandbox: Sandbox,
) -> Result<Vec<InstallStep>> {
    let unit = ServiceUnit::of(paths)?;
    let mut steps = Vec::new();
    let file = match files::packaged(program) {
        // The package's own unit starts this very program: a copy would outlive its updates.
        Some(packaged) if !unit.file.exists() => packaged,
        _ => {
            let text = files::unit(program, &paths.named());
            steps.push(InstallStep::Write { path: unit.file.clone(), text });
            let text = files::ENDED_UNIT.to_owned();
            steps.push(InstallStep::Write { path: unit.ended, text });
            unit.file
        }
    };
    steps.push(InstallStep::Link { path: unit.wanted, to: file });
    if sandbox.is_wanted() {
        let folders = Context::load()?.written_folders();
        // What is missing when the service starts stays closed to it.
        steps.push(InstallStep::Folder(paths.data().to_owned()));
        steps.push(InstallStep::Folder(paths.keys().to_owned()));
        let text = files::sandbox(&folders);
        steps.push(InstallStep::Write { path: unit.sandbox, text });
    } else if unit.sandbox.exists() {
        steps.push(InstallStep::Remove(unit.sandbox));
    }
    let autostart = Autostart::of(paths)?.file;
    steps.extend(autostart.exists().then_some(InstallStep::Remove(autostart)));
    if service::is_here() {
        steps.push(InstallStep::systemctl(&["daemon-reload"]));
    }
    if service::session_is_up() {
        steps.push(InstallStep::systemctl(&["restart", NAME]));
    }
    Ok(steps)
}

fn autostart_steps(paths: &Paths, program: &std::path::Path) -> Result<Vec<InstallStep>> {
    let text = files::autostart(program, &paths.named());
    let mut steps = removals_of_the_unit(&ServiceUnit::of(paths)?);
    steps.push(InstallStep::Write { path: Autostart::of(paths)?.file, text });
    Ok(steps)
}

fn removals_of_the_unit(unit: &ServiceUnit) -> Vec<InstallStep> {
    let old = [&unit.wanted, &unit.file, &unit.ended, &unit.sandbox].into_iter();
    let old: Vec<_> = old.filter(|path| path.symlink_metadata().is_ok()).collect();
    let mut steps = Vec::new();
    if !old.is_empty() && service::is_here() {
        steps.push(InstallStep::systemctl(&["stop", NAME]));
    }
    steps.extend(old.iter().map(|path| InstallStep::Remove((*path).clone())));
    if !old.is_empty() && service::is_here() {
        steps.push(InstallStep::systemctl(&["daemon-reload"]));
    }
    steps
}

fn uninstall(paths: &Paths, purge: bool, dry_run: bool) -> Result<()> {
    let steps = match MANAGER {
        Manager::Desktop => {
            let mut steps = removals_of_the_unit(&ServiceUnit::of(paths)?);
            let autostart = Autostart::of(paths)?.file;
            steps.extend(autostart.exists().then_some(InstallStep::Remove(autostart)));
            steps
        }
        Manager::TaskScheduler => task::removals(paths),
        Manager::Launchd => launchd::removals(paths)?,
    };
    if !dry_run && MANAGER == Manager::TaskScheduler && !steps.is_empty() {
        // A task that is taken away leaves its program running.
        let _ = control::ask(&socket(paths), &ControlRequest::Stop);
    }
    if steps.is_empty() {
        output::line("Nothing starts mousewarden with your session.")?;
    }
    step::perform(&steps, dry_run)?;
    if purge {
        Purge { what: Holdings::Everything, dry_run }.perform(&Context::load()?, true)
    } else {
        output::line(&format!(
            "Kept: {} and your configuration; `mousewarden purge everything` removes them.",
            paths.data().display()
        ))
    }
}

/// A place that needs a home folder.
fn homeless() -> Failure {
    Failure::new(FailureKind::Unavailable, "no home folder for this user").remedy("Set HOME.")
}

/// Where systemd looks for what a target wants.
fn wants() -> String {
    format!("{SESSION_TARGET}.wants")
}
