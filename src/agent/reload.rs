//! What changes the model that judges: one that is read anew, and what was learnt.

use super::board::LearntStatus;
use super::engine::{Engine, first_line};
use super::entry::Entry;
use super::judge::Judge;
use super::responder::{Manner, Task};
use crate::platform::clock;

impl Engine {
    pub(super) fn reload(&mut self) {
        let pause_ms = self.detector.segmenter().params().pause_ms;
        match (self.reload)().and_then(|judge| judge.with_pause(pause_ms)) {
            Ok(judge) => self.adopt(judge),
            Err(failure) => {
                let sentence = format!("the new one is not in force: {}", first_line(&failure));
                self.board.problem("configuration", Some(sentence));
                self.tell(Entry::ReloadRefused { why: failure.to_string() });
            }
        }
    }

    fn adopt(&mut self, judge: Judge) {
        self.board.model(judge.model.clone(), judge.report.clone(), &judge.decision);
        self.board.learnt(judge.learnt.as_ref());
        self.board.problem("configuration", None);
        self.device.adopt(judge.profile());
        let (notify, lock) = (judge.notify.clone(), judge.lock.clone());
        let task = Task::Adopt(Manner { notify, lock });
        self.learnt = judge.learnt.clone();
        // Evidence outlives a reload: otherwise whoever sits there could ask for one to be forgotten.
        let state = self.detector.decider().state().clone();
        self.detector = judge.detector().resumed(state);
        let grouping = self.detector.decider().params().grouping;
        let decision = self.detector.decider().decision();
        self.board.change(|status| status.decision = decision);
        let _ = self.tasks.send(task);
        let (threshold, group_windows) = (grouping.threshold, grouping.windows);
        self.tell(Entry::Reloaded { threshold, group_windows });
        self.look_at_device(None);
    }

    /// Keeps what the detector has learnt by the last window, if anything.
    pub(super) fn learn(&mut self) {
        let (Some(learnt), Some(adapted)) = (&mut self.learnt, self.detector.take_learnt()) else {
            return;
        };
        let added = learnt.add(adapted, clock::wall().strftime("%FT%TZ").to_string());
        let Some(now) = learnt.now() else { return };
        let (number, drift) = (now.number, now.drift);
        self.board.change(|status| status.learnt = Some(LearntStatus { version: number, drift }));
        self.tell(Entry::Learnt { version: number, drift });
        self.board.problem("adaptation", added.err().map(|failure| first_line(&failure)));
    }
}
