//! What changes the model that judges and what it knows: one that is read anew, what was learnt, and
//! the devices that are the owner's.

use super::engine::Engine;
use super::event::{Event, Fingerprints};
use super::judge::Judge;
use super::responder::{ResponderParams, Task};
use super::shared_status::AdaptationStatus;
use crate::error::Result;
use crate::pipeline::Timestamp;
use crate::platform::clock;

/// Reads configuration and model anew.
pub type Reload = Box<dyn FnMut() -> Result<Reloaded> + Send>;

/// What is in force after a reload.
pub struct Reloaded {
    /// Who judges.
    pub judge: Judge,
    /// The files that this rests on.
    pub sha256: Fingerprints,
}

impl Reloaded {
    /// The same, for an intake that waits for pauses of so many milliseconds.
    // The intake counts pauses and lives through a reload.
    fn with_pause(self, pause_ms: u32) -> Result<Self> {
        Ok(Self { judge: self.judge.with_pause(pause_ms)?, ..self })
    }
}

impl Engine {
    pub(super) fn reload(&mut self) {
        let pause_ms = self.detector.segmenter().params().pause_ms;
        // As a whole or not at all: a half of the new settings with a half of the old is nobody's
        // wish.
        match (self.reload)().and_then(|reloaded| reloaded.with_pause(pause_ms)) {
            Ok(Reloaded { judge, sha256 }) => self.adopt(judge, sha256),
            Err(failure) => {
                let sentence = format!("the new one is not in force: {}", failure.first_line());
                self.shared_status.problem("configuration", Some(sentence));
                self.tell(Event::ReloadRefused { why: failure.to_string() });
            }
        }
    }

    fn adopt(&mut self, judge: Judge, sha256: Fingerprints) {
        self.shared_status.model(judge.model.clone(), judge.report.clone(), &judge.decision);
        self.shared_status.adaptation(judge.adaptation.as_ref());
        self.shared_status.problem("configuration", None);
        // Compared anew: the new model may know other devices.
        self.device.adopt(judge.profile());
        let notify = judge.notify.clone();
        let lock = judge.lock.clone();
        let task = Task::Adopt(ResponderParams { notify, lock });
        self.adaptation = judge.adaptation.clone();
        self.later_movement = judge.later_movement.clone();
        self.devices = judge.devices.clone();
        // Evidence outlives a reload: otherwise whoever sits there could ask for one to be forgotten.
        let state = self.detector.decider().state().clone();
        self.detector = judge.detector().resumed(state);
        let grouping = self.detector.decider().params().grouping;
        let decision = self.detector.decider().decision();
        self.shared_status.change(|status| status.decision = decision);
        let _ = self.tasks.send(task);
        let threshold = grouping.threshold;
        let group_windows = grouping.windows;
        // Before the fingerprints are replaced by the new ones.
        let changes = sha256.changes_since(&self.sha256, self.has_adapted);
        self.sha256 = sha256.clone();
        // What was learnt until now is part of these fingerprints.
        self.has_adapted = false;
        let sha256 = Some(Box::new(sha256));
        self.tell(Event::Reloaded { threshold, group_windows, sha256 });
        changes.into_iter().for_each(|what| self.tell(Event::Changed { what }));
        // At the end, so that what the new model does not know is told after it is in force.
        self.look_at_device(None);
    }

    /// Takes note of what captures now, or captured at a moment of the stream.
    pub(super) fn look_at_device(&mut self, at: Option<Timestamp>) {
        let event = self.device.look(at);
        let capture = self.device.capture();
        let unknown = self.device.word();
        self.shared_status.change(|status| {
            status.capture = capture;
            status.unknown = unknown;
        });
        self.show_state();
        event.into_iter().for_each(|event| self.tell(event));
    }

    /// Takes what captures now for the owner's, from now on.
    pub(super) fn trust_device(&mut self) {
        let Some(capture) = self.device.trust() else { return };
        let since = clock::wall().strftime("%FT%TZ").to_string();
        // A disk that refuses costs the memory of it, not the trust: the owner has just given a
        // password.
        if let Some(Err(error)) = self.devices.as_mut().map(|list| list.add(&capture, since)) {
            tracing::warn!("the list of devices: {error}");
        }
        self.shared_status.change(|status| status.unknown = None);
        self.tell(Event::Trusted { capture: capture.to_string() });
    }

    /// Keeps what the detector has learnt by the last window, if anything.
    pub(super) fn learn(&mut self) {
        let (Some(adaptation), Some(adapted)) =
            (&mut self.adaptation, self.detector.take_adapted())
        else {
            return;
        };
        let added = adaptation.add(adapted, clock::wall().strftime("%FT%TZ").to_string());
        let Some(now) = adaptation.now() else { return };
        let number = now.number;
        let drift = now.drift;
        self.shared_status
            .change(|status| status.adaptation = Some(AdaptationStatus { version: number, drift }));
        // Even where the file was not written: what is in force is another version now.
        self.has_adapted = true;
        self.tell(Event::Adapted { version: number, drift });
        self.shared_status.problem("adaptation", added.err().map(|failure| failure.first_line()));
    }

    /// Keeps the state of the decision for a restart within the session.
    pub(super) fn keep_state(&self) {
        if let Some(saved) = &self.saved {
            saved.keep(self.detector.decider().state());
        }
    }
}
