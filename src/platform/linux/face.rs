//! The running agent as the desktop sees it: a name on the session bus and an icon in the tray. Each
//! may be missing without the other, and without the agent minding.

use std::sync::Arc;

use super::bus::Bus;
use super::counter::BusCounter;
use crate::platform::{Counter, Glance, Presence};

/// Both, as long as it lives.
#[derive(Default)]
pub struct Face {
    _counter: Option<BusCounter>,
    #[cfg(feature = "tray")]
    icon: Option<super::tray::TrayIcon>,
    shown: Glance,
}

impl Face {
    /// Shows itself; what is missing is only said in the log.
    pub fn show(counter: &Arc<dyn Counter>, with_icon: bool) -> Self {
        let bus = BusCounter::open(&Bus::Session, Arc::clone(counter));
        let _counter = bus.inspect_err(|failure| tracing::info!("{failure}")).ok();
        let tray = with_icon.then(|| Self::in_tray(Arc::clone(counter)));
        Self { _counter, ..tray.unwrap_or_default() }
    }

    /// The icon alone.
    pub fn in_tray(counter: Arc<dyn Counter>) -> Self {
        let shown = counter.glance();
        #[cfg(feature = "tray")]
        let icon = super::tray::TrayIcon::show(counter, shown.clone());
        Self {
            _counter: None,
            #[cfg(feature = "tray")]
            icon,
            shown,
        }
    }
}

impl Presence for Face {
    fn refresh(&mut self, glance: &Glance) {
        if *glance == self.shown {
            return;
        }
        self.shown = glance.clone();
        #[cfg(feature = "tray")]
        if let Some(icon) = &self.icon {
            icon.refresh(glance);
        }
    }
}
