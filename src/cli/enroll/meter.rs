//! The progress of an enrolment on stderr: windows, minutes of movement, estimated time left.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::agent::enrol::CollectedMovement;
use crate::agent::settings::EnrolParams;
use crate::cli::output;
use crate::lab::sufficiency::EnrolmentEstimate;
use crate::pipeline::Timestamp;

/// Minutes at the desk in which a minute of movement comes together.
const AT_THE_DESK: u32 = 4;
/// Steps of the bar.
const STEPS: f64 = 1000.0;

/// A progress bar, or a line now and then where there is no terminal.
#[derive(Debug)]
pub(crate) struct Meter {
    bar: Option<ProgressBar>,
    target: EnrolParams,
    before: CollectedMovement,
    since: Timestamp,
}

impl Meter {
    /// Begins with what earlier sessions collected.
    pub fn begin(target: &EnrolParams, before: &CollectedMovement, now: Timestamp) -> Self {
        let style = ProgressStyle::with_template("{bar:18} {percent:>3} %  {msg}");
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(STEPS as u64));
        if let (Some(bar), Ok(style)) = (&bar, style) {
            bar.set_style(style);
        }
        output::talk(&format!(
            "Work as you always do: mousewarden records how the mouse moves until it has {}, or \
             until more no longer helps. At a desk that takes about {}.\nCtrl-C interrupts; nothing \
             is lost, and `mousewarden --enroll` goes on.",
            wanted(target),
            counted(
                AT_THE_DESK
                    * target.target_minutes.get().max(target.target_windows.get() / 80).max(1),
                "minute"
            )
        ));
        if before.windows > 0 {
            output::talk(&format!("Earlier sessions: {}.", words(before)));
        }
        let meter = Self { bar, target: target.clone(), before: *before, since: now };
        meter.show(before, now);
        meter
    }

    /// Shows how much there is.
    pub(crate) fn show(&self, tally: &CollectedMovement, now: Timestamp) {
        let left =
            self.left(tally, now).map_or(String::new(), |left| format!(", about {left} left"));
        match &self.bar {
            Some(bar) => {
                bar.set_position((tally.share(&self.target) * STEPS) as u64);
                bar.set_message(format!("{}{left}", words(tally)));
            }
            None if tally.windows.is_multiple_of(50) && tally.windows > self.before.windows => {
                output::talk(&format!("{}{left}", words(tally)));
            }
            None => {}
        }
    }

    /// Tells what an enrolment that ended now would be worth.
    pub(crate) fn estimated(&self, estimate: &EnrolmentEstimate) {
        let EnrolmentEstimate { windows, point } = estimate;
        let text = format!(
            "After {windows} windows: others pass in {:.0} %, you are doubted in {:.0} % ({:.0} s at a \
             time).",
            100.0 * point.far,
            100.0 * point.frr,
            point.movement_s
        );
        match &self.bar {
            Some(bar) => bar.println(text),
            None => output::talk(&text),
        }
    }

    /// Leaves the last word.
    pub(crate) fn end(&self, tally: &CollectedMovement) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        output::talk(&format!("Collected {}.", words(tally)));
    }

    /// By the pace of this session, pauses included.
    fn left(&self, tally: &CollectedMovement, now: Timestamp) -> Option<String> {
        let share = tally.share(&self.target);
        let before = self.before.share(&self.target);
        let spent = (now - self.since).as_secs_f64();
        let pace = (share - before) / spent;
        let seconds = (1.0 - share) / pace;
        (share - before > 0.01 && seconds > 0.0 && seconds.is_finite()).then(|| match seconds {
            s if s < 90.0 => format!("{s:.0} s"),
            s => format!("{:.0} min", s / 60.0),
        })
    }
}

/// "400 windows (single movements) and 5 minutes of movement".
fn wanted(target: &EnrolParams) -> String {
    let windows = counted(target.target_windows.get(), "window");
    match target.target_minutes.get() {
        0 => format!("{windows} (single movements)"),
        minutes => {
            format!("{windows} (single movements) and {} of movement", counted(minutes, "minute"))
        }
    }
}

/// "1 minute", "5 minutes".
fn counted(number: u32, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// "120 windows, 2.4 min of movement".
pub fn words(tally: &CollectedMovement) -> String {
    format!("{} windows, {:.1} min of movement", tally.windows, tally.movement.as_secs_f64() / 60.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_wanted_names_no_zero_and_no_plural_of_one() {
        let wanted =
            super::wanted(&toml::from_str("target_windows = 400\ntarget_minutes = 1").unwrap());
        assert_eq!(wanted, "400 windows (single movements) and 1 minute of movement");
        let wanted =
            super::wanted(&toml::from_str("target_windows = 100\ntarget_minutes = 0").unwrap());
        assert_eq!(wanted, "100 windows (single movements)");
    }
}
