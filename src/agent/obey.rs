//! What the engine does when it is asked.

use std::time::Duration;

use crossbeam_channel::{after, never};

use super::command::Command;
use super::engine::Engine;
use super::event::Event;
use crate::error::Result;
use crate::pipeline::Boundary;
use crate::platform::{clock, signals};

impl Engine {
    /// Returns why to end, if that is what is asked.
    pub(super) fn obey(&mut self, command: Command) -> Result<Option<String>> {
        match command {
            Command::Pause(span) => self.pause(span)?,
            Command::Resume => self.resume(),
            Command::Reload => self.reload(),
            Command::Refused { request, why } => self.tell(Event::Refused { request, why }),
            Command::Stop(why) => {
                // From here the process ends in any case, even where a disk or a locker hangs.
                self.last_moment.into_iter().for_each(signals::end_within);
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    fn pause(&mut self, span: Option<Duration>) -> Result<()> {
        // The hand before the pause may be another than the one after it.
        self.mark(Boundary::Suspended)?;
        self.paused = Some(span.map_or_else(never, after));
        // The wall clock for people alone; the pause itself runs by the monotonic one.
        let until = span.and_then(|span| clock::wall().checked_add(span).ok());
        self.shared_status.change(|s| s.paused_until = until.map(|until| until.to_string()));
        self.show_state();
        self.tell(Event::Paused { seconds: span.map(|span| span.as_secs()) });
        Ok(())
    }

    pub(super) fn resume(&mut self) {
        // A timer that fires after `resume` was asked is no second resume.
        if self.paused.take().is_none() {
            return;
        }
        self.shared_status.change(|status| status.paused_until = None);
        self.show_state();
        self.tell(Event::Resumed);
    }
}
