//! One owner's parts: which stretches of whose sessions train, calibrate and test.

use std::ops::Range;

use super::users::{ProtocolUser, SessionWindows};

/// What a window is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitPart {
    /// The model learns from it.
    Training,
    /// Thresholds are set on it.
    Calibration,
    /// Figures come from it.
    Test,
}

/// Something for each part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ByPart<T> {
    /// See [`SplitPart::Training`].
    pub training: T,
    /// See [`SplitPart::Calibration`].
    pub calibration: T,
    /// See [`SplitPart::Test`].
    pub test: T,
}

impl<T> ByPart<T> {
    /// Part and content, in order.
    pub const fn named(&self) -> [(SplitPart, &T); 3] {
        [
            (SplitPart::Training, &self.training),
            (SplitPart::Calibration, &self.calibration),
            (SplitPart::Test, &self.test),
        ]
    }
}

/// Windows of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowRange {
    /// Whose, by number among the plan's people.
    pub person: usize,
    /// Which of their sessions, by number.
    pub session: usize,
    /// Whether it is one of their claims instead of their own sessions.
    pub claim: bool,
    /// Which of its windows.
    pub windows: Range<usize>,
}

/// Windows of all these together.
pub(crate) fn count_windows(stretches: &[WindowRange]) -> usize {
    stretches.iter().map(|stretch| stretch.windows.len()).sum()
}

/// One owner's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// By number among the plan's people.
    pub owner: usize,
    /// The owner's windows.
    pub genuine: ByPart<Vec<WindowRange>>,
    /// The impostors' windows; generated ones are not listed.
    pub impostor: ByPart<Vec<WindowRange>>,
}

impl Split {
    /// Every stretch: whether it is the owner's, and what it is for.
    pub fn all(&self) -> impl Iterator<Item = (bool, SplitPart, &WindowRange)> {
        let sides = [(true, &self.genuine), (false, &self.impostor)];
        sides.into_iter().flat_map(|(genuine, parts)| {
            let stretches = parts.named().into_iter();
            stretches.flat_map(move |(part, of)| of.iter().map(move |s| (genuine, part, s)))
        })
    }
}

/// The session of a stretch.
pub(super) fn session_of<'a>(
    people: &'a [ProtocolUser],
    stretch: &WindowRange,
) -> &'a SessionWindows {
    let person = &people[stretch.person];
    let sessions = if stretch.claim { &person.claims } else { &person.sessions };
    &sessions[stretch.session]
}
