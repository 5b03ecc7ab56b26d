//! Enrolment cut to its beginning, as of an owner who has just begun: to so many minutes of movement,
//! pauses left out of the count, or to the recordings of so many days.

use std::fmt;

use super::rules::Protocol;
use super::split::{WindowRange, session_of};
use super::users::ProtocolUser;
use crate::lab::enrolment::SAME_DAY_S;
use crate::lab::train::FEWEST_WINDOWS;
use crate::pipeline::Micros;

/// How much of it there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentLength {
    /// So many minutes of movement.
    Minutes(u32),
    /// The recordings of so many days.
    Days(u32),
}

impl fmt::Display for EnrolmentLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self {
            Self::Minutes(minutes) => format!("{minutes} min"),
            Self::Days(1) => "1 day".to_owned(),
            Self::Days(days) => format!("{days} days"),
        })
    }
}

impl EnrolmentLength {
    /// As protocols and their models are called by it: "open-set-2min", "open-set-1day".
    fn named(self, name: &str) -> String {
        format!("{name}-{self}").replace(' ', "")
    }

    fn words(self) -> String {
        match self {
            Self::Minutes(1) => "the first 1 minute of movement".into(),
            Self::Minutes(minutes) => format!("the first {minutes} minutes of movement"),
            Self::Days(_) => format!("the recordings of the first {self}"),
        }
    }
}

impl Protocol {
    /// The same rules under a name of their own, with an enrolment of this length.
    #[must_use]
    pub fn enrolled_for(&self, length: EnrolmentLength) -> Self {
        let about = self.about.trim_end_matches('.');
        let rules = Self {
            name: length.named(&self.name),
            models: self.models.as_deref().map(|one| length.named(one)),
            about: format!("{about}; enrolment is cut to {}", length.words()),
            ..self.clone()
        };
        match length {
            EnrolmentLength::Minutes(minutes) => Self {
                enrol_minutes: Some(minutes.into()),
                text: format!("enrol_minutes = {minutes}\n{}", self.text()),
                ..rules
            },
            EnrolmentLength::Days(days) => Self {
                enrol_days: Some(days),
                text: format!("enrol_days = {days}\n{}", self.text()),
                ..rules
            },
        }
    }
}

/// The recordings of the first so many days. One that begins within six hours of the one before it
/// is of the same day; where clocks begin anew with each, each is a day of its own.
///
/// # Errors
/// Where there are not as many days.
pub(super) fn first_days(
    people: &[ProtocolUser],
    stretches: Vec<WindowRange>,
    wanted: u32,
) -> Result<Vec<WindowRange>, String> {
    let mut days = 0;
    let mut last = None;
    let mut cut = Vec::new();
    for stretch in stretches {
        let Some(first) = session_of(people, &stretch).windows.get(stretch.windows.start) else {
            continue;
        };
        let since = last.replace(first.started_at()).map(|last| first.started_at() - last);
        let is_same_day =
            since.is_some_and(|since| (Micros(0)..Micros(SAME_DAY_S * 1_000_000)).contains(&since));
        days += u32::from(!is_same_day);
        if days > wanted {
            return Ok(cut);
        }
        cut.push(stretch);
    }
    if days < wanted {
        return Err(format!("{days} days to enrol with, {wanted} are wanted"));
    }
    Ok(cut)
}

/// The first windows that take so many minutes of movement together.
///
/// # Errors
/// Where there are not as many, or too few windows to learn from.
pub(super) fn first_minutes(
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
    use crate::pipeline::window::cut_recording;
    use crate::pipeline::{MouseEvent, MouseKind, Signal, Timestamp, WindowParams};

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

    fn person_with_recordings_at(hours: [i64; 4]) -> ProtocolUser {
        let event = |hour: i64, n: i64| {
            let at = Timestamp::from_millis(3_600_000 * hour + 10 * n);
            Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x: n as f64, y: 0.0 })
        };
        let session = |hour: i64| SessionWindows {
            id: format!("session_{hour}"),
            windows: cut_recording(WindowParams::default(), (0..20).map(|n| event(hour, n))).0,
            genuine: true,
        };
        let sessions = hours.map(session).into();
        ProtocolUser { id: "user".into(), sessions, claims: Vec::new() }
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
        let short = usual.enrolled_for(EnrolmentLength::Minutes(2));
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
    fn owners_learn_from_their_first_days_and_are_tested_as_ever() {
        // The second a little later than the first, the third a day later, the fourth by a clock that
        // begins anew.
        let people = [person_with_recordings_at([0, 2, 30, 1])];
        let stretches: Vec<WindowRange> = (0..4)
            .map(|session| WindowRange { person: 0, session, claim: false, windows: 0..1 })
            .collect();
        let kept = |days| first_days(&people, stretches.clone(), days).map(|cut| cut.len());
        assert_eq!([1, 2, 3].map(kept), [Ok(2), Ok(3), Ok(4)]);
        assert_eq!(kept(4), Err("3 days to enrol with, 4 are wanted".into()));
        let rules = Protocol::find("open-set").unwrap().enrolled_for(EnrolmentLength::Days(1));
        assert_eq!((rules.name.as_str(), rules.model_folder()), ("open-set-1day", "open-set-1day"));
        assert_eq!(Protocol::parse("again", rules.text()).unwrap().enrol_days, Some(1));
    }

    #[test]
    fn a_protocol_on_other_peoples_models_asks_for_models_of_as_many_minutes() {
        let device =
            Protocol::find("same-device").unwrap().enrolled_for(EnrolmentLength::Minutes(3));
        assert_eq!(device.model_folder(), "open-set-3min");
        assert!(device.about.ends_with("first 3 minutes of movement"));
        // The text is still a protocol.
        let again = Protocol::parse("again", device.text()).unwrap();
        assert_eq!(again.enrol_minutes, Some(3.0));
    }
}
