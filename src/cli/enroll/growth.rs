//! What an enrolment is worth so far: error rates estimated on a thread of their own while the mouse
//! is watched. Nothing waits for an estimate, and one that fails changes nothing.

use std::thread;

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use crate::lab::sufficiency::{Estimate, LearningCurve, estimate};
use crate::lab::train::TrainOptions;
use crate::pipeline::{Window, WindowParams};

/// The windows so far, and what is known about them.
pub struct Growth {
    params: WindowParams,
    /// Those of earlier sessions, and of this one at the end.
    sessions: Vec<Vec<Window>>,
    curve: LearningCurve,
    working: Option<Receiver<Option<Estimate>>>,
}

impl Growth {
    /// Goes on from what earlier sessions collected.
    pub fn begin(params: WindowParams, mut sessions: Vec<Vec<Window>>) -> Self {
        sessions.push(Vec::new());
        Self { params, sessions, curve: LearningCurve::default(), working: None }
    }

    /// Takes a window; gives an estimate that has become ready since the last one.
    pub fn take(&mut self, window: &Window) -> Option<Estimate> {
        if let Some(session) = self.sessions.last_mut() {
            session.push(window.clone());
        }
        let ready = self.ready();
        let windows: usize = self.sessions.iter().map(Vec::len).sum();
        if self.working.is_none() && windows >= self.curve.next() {
            self.work();
        }
        ready
    }

    /// Whether more movement would hardly help.
    pub fn is_enough(&self) -> bool {
        self.curve.is_enough()
    }

    fn ready(&mut self) -> Option<Estimate> {
        let found = match self.working.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => return None,
            Ok(found) => found,
            Err(TryRecvError::Disconnected) => None,
        };
        self.working = None;
        let estimate = found?;
        self.curve.push(estimate);
        Some(estimate)
    }

    fn work(&mut self) {
        let (result, working) = bounded(1);
        let (params, sessions) = (self.params, self.sessions.clone());
        let work = move || {
            let found = estimate(&sessions, params, &TrainOptions::default());
            // The enrolment may be over by now.
            let _ = result.send(found.ok().flatten());
        };
        let started = thread::Builder::new().name("estimate".into()).spawn(work);
        self.working = started.is_ok().then_some(working);
    }
}
