//! The one name of each word of a verdict: what serde writes, what is logged, and what people read.

use std::fmt;

use super::decision::{Action, Decision, MaxAction};
use super::event::Boundary;

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trusted => "trusted",
            Self::Suspicious => "suspicious",
            Self::Intruder => "intruder",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Log => "log",
            Self::Notify => "notify",
            Self::Lock => "lock",
        })
    }
}

impl fmt::Display for MaxAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Log => "log",
            Self::Notify => "notify",
            Self::Lock => "lock",
        })
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Start => "start",
            Self::Quiet => "quiet",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::Suspended => "suspended",
            Self::Overflow => "overflow",
            Self::DeviceChanged => "device_changed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    fn same<T: Serialize + fmt::Display>(words: &[T]) {
        for word in words {
            assert_eq!(serde_json::to_value(word).unwrap(), word.to_string());
        }
    }

    #[test]
    fn what_is_read_is_what_is_written() {
        same(&[Decision::Trusted, Decision::Suspicious, Decision::Intruder]);
        same(&[Action::Log, Action::Notify, Action::Lock]);
        same(&[MaxAction::Log, MaxAction::Notify, MaxAction::Lock]);
        same(&[
            Boundary::Start,
            Boundary::Quiet,
            Boundary::Locked,
            Boundary::Unlocked,
            Boundary::Suspended,
            Boundary::Overflow,
            Boundary::DeviceChanged,
        ]);
    }
}
