//! The enrolment as the desktop's tray shows it: how far it is, and a way to stop for now.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crossbeam_channel::Sender;

use crate::platform::{ControlHandler, StatusDisplay, StatusSummary, desktop};

/// An icon, as long as it lives.
pub(crate) struct Icon {
    enrolment: Arc<Enrolment>,
    shown: Box<dyn StatusDisplay>,
}

impl Icon {
    /// Shows how far it is, a share of 1; `stop` rings when somebody wants no more of it for now.
    pub(crate) fn show(share: f64, stop: Sender<()>) -> Self {
        let enrolment = Arc::new(Enrolment { percent: AtomicU8::new(percent(share)), stop });
        let shown = desktop::icon(Arc::clone(&enrolment) as Arc<dyn ControlHandler>);
        Self { enrolment, shown }
    }

    /// Shows how far it is now.
    pub(crate) fn refresh(&mut self, share: f64) {
        self.enrolment.percent.store(percent(share), Ordering::Relaxed);
        self.shown.refresh(&self.enrolment.summary());
    }
}

fn percent(share: f64) -> u8 {
    (100.0 * share.clamp(0.0, 1.0)) as u8
}

struct Enrolment {
    percent: AtomicU8,
    stop: Sender<()>,
}

impl ControlHandler for Enrolment {
    fn status(&self) -> String {
        "{}".into()
    }

    fn summary(&self) -> StatusSummary {
        StatusSummary {
            state: StatusSummary::ENROLLING.into(),
            enrolled_percent: self.percent.load(Ordering::Relaxed),
            ..StatusSummary::default()
        }
    }

    fn pause(&self, _seconds: Option<u64>) -> Result<(), String> {
        self.stop()
    }

    fn resume(&self) -> Result<(), String> {
        Err("an enrolment has no pause".into())
    }

    fn reload(&self) -> Result<(), String> {
        Err("an enrolment reads its configuration once".into())
    }

    fn stop(&self) -> Result<(), String> {
        // One request is enough.
        let _ = self.stop.try_send(());
        Ok(())
    }
}
