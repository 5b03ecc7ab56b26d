//! The icon in the desktop's tray: what the agent is doing, a pause, and the report. Where the tray
//! is missing it waits for one in silence.

use std::process::{Command, Stdio};
use std::sync::Arc;

use ksni::blocking::{Handle, TrayMethods};
use ksni::menu::{MenuItem, StandardItem};
use ksni::{Category, Status, ToolTip, Tray};

use crate::platform::{ControlHandler, StatusSummary, service};

/// Seconds of the pause that the menu offers.
const PAUSE_S: u64 = 15 * 60;

/// An icon, as long as it lives.
pub(crate) struct TrayIcon {
    handle: Handle<Icon>,
}

impl TrayIcon {
    /// Puts the icon where a tray is or will be; `None` without a bus.
    pub(crate) fn show(handler: Arc<dyn ControlHandler>, summary: StatusSummary) -> Option<Self> {
        let icon = Icon { handler, summary };
        let handle = icon.assume_sni_available(true).spawn().ok()?;
        Some(Self { handle })
    }

    /// Shows how it goes now.
    pub(crate) fn refresh(&self, summary: &StatusSummary) {
        self.handle.update(|icon| icon.summary = summary.clone());
    }
}

impl Drop for TrayIcon {
    fn drop(&mut self) {
        // The icon goes with the connection; nobody waits for it.
        drop(self.handle.shutdown());
    }
}

struct Icon {
    handler: Arc<dyn ControlHandler>,
    summary: StatusSummary,
}

impl Icon {
    fn is_paused(&self) -> bool {
        self.summary.state == "paused"
    }

    /// Whether nothing is judged because the model knows another mouse.
    fn is_blind(&self) -> bool {
        self.summary.state == "unknown_device"
    }

    fn is_enrolling(&self) -> bool {
        self.summary.state == StatusSummary::ENROLLING
    }

    /// What the agent is doing, in words.
    fn words(&self) -> String {
        let StatusSummary { state, decision, problem, learning, enrolled_percent } = &self.summary;
        match (state.as_str(), decision.as_str()) {
            (StatusSummary::ENROLLING, _) => {
                return format!("Learning how you move: {enrolled_percent} %");
            }
            ("paused", _) => "Paused",
            ("locked", _) => "The screen is locked",
            _ if problem.is_some() => "Something does not work",
            (_, "intruder") => "Somebody else is at the mouse",
            (_, "suspicious") => "Is this you?",
            ("unknown_device", _) => "Your model does not know this mouse",
            _ if *learning => "Getting to know the hand at the mouse",
            _ => "Guarding",
        }
        .into()
    }

    /// What can be done about a running agent.
    fn actions(&self) -> Vec<MenuItem<Self>> {
        if self.is_enrolling() {
            let stop = item("Stop for now; it goes on later", |icon| drop(icon.handler.stop()));
            return vec![stop.into()];
        }
        let pause = if self.is_paused() {
            item("Watch again", |icon| drop(icon.handler.resume()))
        } else {
            item("Pause for 15 minutes", |icon| drop(icon.handler.pause(Some(PAUSE_S))))
        };
        vec![pause.into(), item("Show the report", |_| show_report()).into()]
    }
}

impl Tray for Icon {
    fn id(&self) -> String {
        "mousewarden".into()
    }

    fn category(&self) -> Category {
        Category::SystemServices
    }

    fn title(&self) -> String {
        "mousewarden".into()
    }

    fn status(&self) -> Status {
        let calm = matches!(self.summary.decision.as_str(), "trusted");
        if self.summary.problem.is_some() {
            Status::NeedsAttention
        } else if self.is_enrolling() {
            // Desktops may hide what is passive, but a recording should be seen.
            Status::Active
        } else if calm && !self.is_blind() {
            Status::Passive
        } else {
            Status::NeedsAttention
        }
    }

    fn icon_name(&self) -> String {
        let StatusSummary { state, decision, problem, .. } = &self.summary;
        match (state.as_str(), decision.as_str()) {
            (StatusSummary::ENROLLING, _) => "media-record",
            ("paused", _) => "media-playback-pause",
            ("locked", _) => "system-lock-screen",
            _ if problem.is_some() => "dialog-warning",
            _ if self.is_blind() => "dialog-question",
            (_, "intruder") => "security-low",
            (_, "suspicious") => "security-medium",
            _ => "security-high",
        }
        .into()
    }

    fn attention_icon_name(&self) -> String {
        self.icon_name()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: format!("mousewarden: {}", self.words()),
            description: self.summary.problem.clone().unwrap_or_default(),
            ..ToolTip::default()
        }
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let state = item(&self.words(), |_| {});
        let mut rows = vec![StandardItem { enabled: false, ..state }.into(), MenuItem::Separator];
        rows.extend(self.actions());
        rows
    }
}

fn item(label: &str, act: impl Fn(&mut Icon) + Send + 'static) -> StandardItem<Icon> {
    StandardItem { label: label.into(), activate: Box::new(act), ..StandardItem::default() }
}

/// This program makes the page and opens it; the icon does not wait for it. A browser must not
/// inherit what the service may not do, so the service manager starts it where there is one.
fn show_report() {
    let Ok(program) = std::env::current_exe() else { return };
    let mut report = if service::is_here() {
        let mut run = Command::new("systemd-run");
        run.args(["--user", "--collect", "--quiet", "--"]).arg(program);
        run
    } else {
        Command::new(program)
    };
    report.args(["report", "--open"]).stdin(Stdio::null()).stdout(Stdio::null());
    if let Ok(mut child) = report.spawn() {
        std::thread::spawn(move || child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Deaf;

    impl ControlHandler for Deaf {
        fn status(&self) -> String {
            String::new()
        }

        fn summary(&self) -> StatusSummary {
            StatusSummary::default()
        }

        fn pause(&self, _seconds: Option<u64>) -> Result<(), String> {
            Ok(())
        }

        fn resume(&self) -> Result<(), String> {
            Ok(())
        }

        fn reload(&self) -> Result<(), String> {
            Ok(())
        }

        fn stop(&self) -> Result<(), String> {
            Ok(())
        }
    }

    #[test]
    fn who_judges_nobody_does_not_look_as_if_it_guarded() {
        let shown = |state: &str, decision: &str| {
            let (state, decision) = (state.to_owned(), decision.to_owned());
            let summary = StatusSummary { state, decision, ..StatusSummary::default() };
            let icon = Icon { handler: Arc::new(Deaf), summary };
            (icon.icon_name(), icon.status() == Status::NeedsAttention)
        };
        let named = |name: &str, calls| (name.to_owned(), calls);
        assert_eq!(shown("watching", "trusted"), named("security-high", false));
        assert_eq!(shown("watching", "intruder"), named("security-low", true));
        assert_eq!(shown("unknown_device", "trusted"), named("dialog-question", true));
        assert_eq!(shown("locked", "trusted"), named("system-lock-screen", false));
        assert_eq!(shown("paused", "trusted"), named("media-playback-pause", false));
    }
}
