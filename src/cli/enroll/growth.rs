//! What an enrolment is worth so far: error rates estimated on a thread of their own while the
//! mouse is watched. An estimate that fails is left out.

use std::thread;

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use crate::lab::sufficiency::{EnrolmentEstimate, LearningCurve, estimate};
use crate::lab::train::TrainOptions;
use crate::pipeline::{Window, WindowParams};

/// The windows so far, and what is known about them.
pub(crate) struct Growth {
    params: WindowParams,
    /// Those of earlier sessions, and of this one at the end.
    sessions: Vec<Vec<Window>>,
    curve: LearningCurve,
    working: Option<Receiver<Option<EnrolmentEstimate>>>,
    /// An estimate failed, and so would the next.
    given_up: bool,
}

impl Growth {
    /// Goes on from what earlier sessions collected.
    pub(crate) fn begin(params: WindowParams, mut sessions: Vec<Vec<Window>>) -> Self {
        sessions.push(Vec::new());
        let curve = LearningCurve::default();
        Self { params, sessions, curve, working: None, given_up: false }
    }

    /// Takes a window; gives an estimate that has become ready since the last one.
    pub(crate) fn take(&mut self, window: &Window) -> Option<EnrolmentEstimate> {
        if let Some(session) = self.sessions.last_mut() {
            session.push(window.clone());
        }
        let ready = self.ready();
        let windows: usize = self.sessions.iter().map(Vec::len).sum();
        let idle = self.working.is_none() && !self.given_up;
        if idle && windows >= self.curve.next() {
            self.work();
        }
        ready
    }

    /// Whether more movement would hardly help.
    pub(crate) fn is_enough(&self) -> bool {
        self.curve.is_enough()
    }

    fn ready(&mut self) -> Option<EnrolmentEstimate> {
        let found = match self.working.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => return None,
            Ok(found) => found,
            Err(TryRecvError::Disconnected) => None,
        };
        self.working = None;
        self.given_up = found.is_none();
        let estimate = found?;
        self.curve.push(estimate);
        Some(estimate)
    }

    fn work(&mut self) {
        let (result, working) = bounded(1);
        let params = self.params;
        let sessions = self.sessions.clone();
        let started = thread::Builder::new().name("estimate".into()).spawn(move || {
            let found = estimate(&sessions, params, &TrainOptions::default());
            // The enrolment may be over by now.
            let _ = result.send(found.ok().flatten());
        });
        self.working = started.is_ok().then_some(working);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::lab::synthesis::cohort::windows_of;
    use crate::lab::synthesis::{Device, SyntheticUser};

    #[test]
    fn an_estimate_comes_while_windows_do_and_one_that_fails_is_not_tried_again() {
        let params = WindowParams::default();
        let device = Device::steady(125.0, [1920, 1080]);
        let windows = windows_of(&SyntheticUser::generate(900), &device, params, 82, 0);
        let until_answered = |growth: &mut Growth| {
            let deadline = Instant::now() + Duration::from_secs(300);
            while growth.working.is_some() {
                assert!(Instant::now() < deadline, "no estimate");
                if let Some(estimate) = growth.ready() {
                    return Some(estimate.windows);
                }
                thread::yield_now();
            }
            None
        };
        let mut growth = Growth::begin(params, Vec::new());
        for window in &windows[..80] {
            assert_eq!(growth.take(window), None);
        }
        assert_eq!(until_answered(&mut growth), Some(80));
        assert!(growth.take(&windows[80]).is_none() && growth.working.is_none(), "not due yet");
        // A backbone for windows that are cut otherwise fits nothing.
        let other = WindowParams { pause_ms: 500, ..params };
        let mut growth = Growth::begin(other, vec![windows[..79].to_vec()]);
        growth.take(&windows[79]);
        assert_eq!(until_answered(&mut growth), None);
        growth.take(&windows[80]);
        assert!(growth.working.is_none() && !growth.is_enough());
    }
}
