//! The running agent as the desktop sees it: a name on the session bus and an icon in the tray. A
//! thread of its own talks to the bus and looks for it again where it fails to answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::bus::Bus;
use crate::error::FailureKind;
use crate::platform::control::linux::BusControl;
use crate::platform::{ControlHandler, StatusDisplay, StatusSummary};

/// How long after a bus that did not answer it is looked for again.
const RETRY: Duration = Duration::from_secs(15);
/// How long leaving the desktop may take.
const LEAVE: Duration = Duration::from_secs(1);

/// What of the agent is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// The name on the bus, and the icon if it is wanted.
    Name { with_icon: bool },
    /// The icon alone.
    Icon,
}

/// The agent on the desktop, as long as it lives.
pub(crate) struct BusAndTray {
    shown: StatusSummary,
    latest: Arc<Mutex<StatusSummary>>,
    /// Rings when there is something new; the thread ends when it is gone.
    bell: Option<Sender<()>>,
    gone: Receiver<()>,
}

impl BusAndTray {
    /// Shows the agent from a thread of its own; what is missing is only said in the log.
    pub(crate) fn show(handler: &Arc<dyn ControlHandler>, with_icon: bool) -> Self {
        Self::of(Arc::clone(handler), Parts::Name { with_icon })
    }

    /// The icon alone.
    pub(crate) fn in_tray(handler: Arc<dyn ControlHandler>) -> Self {
        Self::of(handler, Parts::Icon)
    }

    fn of(handler: Arc<dyn ControlHandler>, parts: Parts) -> Self {
        let shown = handler.summary();
        let latest = Arc::new(Mutex::new(shown.clone()));
        let (bell, rung) = bounded(1);
        let (done, gone) = bounded::<()>(0);
        let news = Arc::clone(&latest);
        // Without a thread nothing is shown, which the desktop may lack anyway.
        drop(thread::Builder::new().name("desktop".into()).spawn(move || {
            Desktop { handler, parts, on_bus: OnBus::Not, icon: None }.live(&rung, &news);
            drop(done);
        }));
        Self { shown, latest, bell: Some(bell), gone }
    }
}

impl StatusDisplay for BusAndTray {
    fn refresh(&mut self, summary: &StatusSummary) {
        if *summary == self.shown {
            return;
        }
        self.shown = summary.clone();
        *lock(&self.latest) = summary.clone();
        // One that has not been heard yet will do.
        if let Some(bell) = &self.bell {
            let _ = bell.try_send(());
        }
    }
}

impl Drop for BusAndTray {
    fn drop(&mut self) {
        self.bell = None;
        // Answers that are on their way still arrive, but nobody who hangs keeps the agent from
        // its end.
        let _ = self.gone.recv_timeout(LEAVE);
    }
}

fn lock(summary: &Mutex<StatusSummary>) -> MutexGuard<'_, StatusSummary> {
    summary.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(feature = "tray")]
type Icon = crate::platform::tray::linux::TrayIcon;
#[cfg(not(feature = "tray"))]
type Icon = ();

/// Whether the bus has been reached.
enum OnBus {
    /// Not yet.
    Not,
    /// It has, and the name is ours as long as this lives; without a name where none was wanted or
    /// another program has it.
    Yes { _name: Option<BusControl> },
}

/// The thread's state.
struct Desktop {
    handler: Arc<dyn ControlHandler>,
    parts: Parts,
    on_bus: OnBus,
    #[cfg_attr(not(feature = "tray"), allow(dead_code, reason = "held, where there is one"))]
    icon: Option<Icon>,
}

impl Desktop {
    fn live(&mut self, rung: &Receiver<()>, latest: &Mutex<StatusSummary>) {
        let mut next = Instant::now();
        loop {
            if matches!(self.on_bus, OnBus::Not) && Instant::now() >= next {
                self.look_for_bus();
                next = Instant::now() + RETRY;
            }
            match rung.recv_timeout(self.patience(next)) {
                Ok(()) => self.refresh(&lock(latest).clone()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn patience(&self, next: Instant) -> Duration {
        match self.on_bus {
            OnBus::Not => next.saturating_duration_since(Instant::now()),
            // There is nothing left to do but to hear the bell.
            OnBus::Yes { .. } => Duration::from_secs(86_400),
        }
    }

    fn look_for_bus(&mut self) {
        let named = match self.parts {
            Parts::Name { .. } => {
                BusControl::open(&Bus::Session, Arc::clone(&self.handler)).map(Some)
            }
            Parts::Icon => Bus::Session.connect().map(|_| None),
        };
        match named {
            Ok(name) => self.on_bus = OnBus::Yes { _name: name },
            Err(failure) => {
                tracing::info!("{failure}");
                if failure.kind() != FailureKind::Busy {
                    return;
                }
                self.on_bus = OnBus::Yes { _name: None };
            }
        }
        self.show_icon();
    }

    #[cfg(feature = "tray")]
    fn show_icon(&mut self) {
        if self.parts != (Parts::Name { with_icon: false }) {
            self.icon = Icon::show(Arc::clone(&self.handler), self.handler.summary());
        }
    }

    #[cfg(not(feature = "tray"))]
    fn show_icon(&mut self) {}

    #[cfg(feature = "tray")]
    fn refresh(&self, summary: &StatusSummary) {
        self.icon.iter().for_each(|icon| icon.refresh(summary));
    }

    #[cfg(not(feature = "tray"))]
    fn refresh(&self, _summary: &StatusSummary) {}
}
