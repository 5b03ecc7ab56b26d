//! When a silent capture process is asked whether it is alive, and when it is given up. Pure:
//! moments in, a decision out.

use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;

/// After so long without a word it is asked: the only wake-up of an idle agent.
// Ten seconds notice a hung hook within one pause of work, at six wake-ups a minute.
const QUIET: Micros = Micros::from_millis(10_000);
/// So long it may take to answer.
// The child answers in milliseconds; on a machine that swaps it may take seconds.
const PATIENCE: Micros = Micros::from_millis(4_000);
/// Whoever looks so much later than it meant to was held up itself, and judges nobody by that.
const HELD_UP: Micros = Micros::from_millis(1_000);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing yet.
    Wait,
    /// Ask now.
    Ask,
    /// It is not alive.
    GiveUp,
}

/// One capture process's signs of life.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heartbeat {
    heard: Timestamp,
    asked: Option<Timestamp>,
}

impl Heartbeat {
    /// Of a process that was heard just now.
    pub(crate) const fn heard(now: Timestamp) -> Self {
        Self { heard: now, asked: None }
    }

    /// When to look again.
    pub(crate) fn due(&self) -> Timestamp {
        self.asked.map_or(self.heard + QUIET, |asked| asked + PATIENCE)
    }

    /// Looks at the clock.
    pub(crate) fn turn(&mut self, now: Timestamp) -> Turn {
        // Suspended or starved, this process finds an old deadline: then the other may be as well
        // as before.
        let late = now - self.due();
        if late.0 < 0 {
            return Turn::Wait;
        }
        if self.asked.is_some() && late <= HELD_UP {
            return Turn::GiveUp;
        }
        self.asked = Some(now);
        Turn::Ask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1000 * seconds)
    }

    #[test]
    fn a_silent_process_is_asked_once_and_then_given_up() {
        let mut heart = Heartbeat::heard(s(100));
        assert_eq!(heart.turn(s(109)), Turn::Wait);
        assert_eq!(heart.turn(s(110)), Turn::Ask);
        assert_eq!(heart.turn(s(113)), Turn::Wait);
        assert_eq!(heart.turn(s(114)), Turn::GiveUp);
    }

    #[test]
    fn an_agent_that_was_held_up_asks_again() {
        let mut heart = Heartbeat::heard(s(100));
        assert_eq!(heart.turn(s(500)), Turn::Ask);
        assert_eq!(heart.turn(s(900)), Turn::Ask);
        assert_eq!(heart.turn(s(904)), Turn::GiveUp);
    }
}
