//! Enrolment cut to so many minutes of movement, pauses left out of the count: the first ones, as
//! an owner who has just begun.

use super::rules::Protocol;
use super::split::{WindowRange, session_of};
use super::users::ProtocolUser;
use crate::lab::train::FEWEST_WINDOWS;

impl Protocol {
    /// The same rules under a name of their own, with owners who have moved for so many minutes.
    #[must_use]
    pub fn enrolled_for(&self, minutes: u32) -> Self {
        let plural = if minutes == 1 { "" } else { "s" };
        Self {
            name: named(minutes, &self.name),
            models: self.models.as_deref().map(|one| named(minutes, one)),
            about: format!(
                "{}; enrolment is cut to the first {minutes} minute{plural} of movement",
                self.about.trim_end_matches('.')
            ),
            enrol_minutes: Some(minutes.into()),
            text: format!("enrol_minutes = {minutes}\n{}", self.text()),
            ..self.clone()
        }
    }
}

fn named(minutes: u32, name: &str) -> String {
    format!("{name}-{minutes}min")
}

/// The first windows that take so many minutes of movement together.
///
/// # Errors
/// Where there are not as many, or too few windows to learn from.
pub(super) fn first(
    people: &[ProtocolUser],
    stretches: Vec<WindowRange>,
    minutes: f64,
) -> Result<Vec<WindowRange>, String> {
    let mut seconds = 0.0;
    let mut windows = 0;
    let mut cut = Vec::new();
    for mut stretch in stretches {
        let begin = stretch.windows.start;
        let all = &session_of(people, &stretch).windows[stretch.windows.clone()];
        let taken = all.iter().take_while(|window| {
            let wanted = seconds < 60.0 * minutes;
            seconds += if wanted { window.movement().as_secs_f64() } else { 0.0 };
            wanted
        });
        stretch.windows.end = begin + taken.count();
        windows += stretch.windows.len();
        if !stretch.windows.is_empty() {
            cut.push(stretch);
        }
    }
    if seconds < 60.0 * minutes {
        let has = seconds / 60.0;
        return Err(format!("{has:.2} minutes of movement to enrol with, {minutes} are wanted"));
    }
    if windows < FEWEST_WINDOWS {
        let has = format!("{windows} windows in {minutes} min of movement");
        return Err(format!("{has}, {FEWEST_WINDOWS} are needed"));
    }
    Ok(cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::protocol::SessionWindows;
    use crate::lab::synthesis::cohort::windows_of;
    use crate::lab::synthesis::{Device, SyntheticUser as Generated};
    use crate::pipeline::WindowParams;

    fn everybody() -> Vec<ProtocolUser> {
        let device = Device::steady(125.0, [1280, 800]);
        let session = |who: u64, at: u64, count: usize| SessionWindows {
            id: format!("session_{at}"),
            windows: windows_of(
                &Generated::generate(who),
                &device,
                WindowParams::default(),
                count,
                at,
            ),
            genuine: true,
        };
        let person = |who: u64| ProtocolUser {
            id: format!("user{who}"),
            // The last has moved for less.
            sessions: [240, 90, 70, 60]
                .into_iter()
                .zip(0..)
                .map(|(count, at)| session(who, at, if who == 4 { count / 3 } else { count }))
                .collect(),
            claims: Vec::new(),
        };
        (0..5).map(person).collect()
    }

    fn seconds(people: &[ProtocolUser], stretches: &[WindowRange]) -> f64 {
        let windows =
            stretches.iter().flat_map(|s| &session_of(people, s).windows[s.windows.clone()]);
        windows.map(|window| window.movement().as_secs_f64()).sum()
    }

    #[test]
    fn owners_learn_from_their_first_minutes_and_are_tested_as_ever() {
        let usual = Protocol::find("open-set").unwrap();
        let whole = usual.plan(everybody(), 1).unwrap();
        let short = usual.enrolled_for(2);
        assert_eq!((short.name.as_str(), short.model_folder()), ("open-set-2min", "open-set-2min"));
        assert_ne!(short.sha256(), usual.sha256());
        let plan = short.plan(everybody(), 1).unwrap();
        assert_eq!(plan.left_out.len(), 1 + whole.left_out.len(), "{:?}", plan.left_out);
        assert!(plan.left_out[0].why.contains("minutes of movement"), "{:?}", plan.left_out);
        for (cut, usual) in plan.splits.iter().zip(&whole.splits) {
            assert_eq!(cut.genuine.test, usual.genuine.test);
            assert_eq!(cut.genuine.training[0].windows.start, 0);
            let took = seconds(&plan.people, &cut.genuine.training);
            // No more than the window that crosses the border.
            assert!((120.0..124.0).contains(&took), "{took}");
        }
    }

    #[test]
    fn a_protocol_on_other_peoples_models_asks_for_models_of_as_many_minutes() {
        let device = Protocol::find("same-device").unwrap().enrolled_for(3);
        assert_eq!(device.model_folder(), "open-set-3min");
        assert!(device.about.ends_with("first 3 minutes of movement"));
        // The text is still a protocol.
        let again = Protocol::parse("again", device.text()).unwrap();
        assert_eq!(again.enrol_minutes, Some(3.0));
    }
}
