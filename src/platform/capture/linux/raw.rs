//! Raw pointer events of the X server's XInput extension. They come at once, carry the server's
//! time in milliseconds and the movement after acceleration.
//!
//! # Invariants
//! Keys are never asked for.

use std::convert::Infallible;
use std::sync::Arc;

use x11rb::connection::Connection;
use x11rb::protocol::xinput::{ConnectionExt as _, Device, EventMask, XIEventMask};
use x11rb::protocol::xproto::Window;
use x11rb::rust_connection::RustConnection;

use super::backend::{Hook, start};
use super::choice::Surroundings;
use super::confine;
use super::devices::{Description, DeviceList, Devices};
use super::pipe_writer::PipeWriter;
use super::record::Record;
use super::refusal::Refusal;
use super::tap::{connect, has_xinput};
use super::tracker::{Tracker, pixel};
use crate::platform::{CaptureBackend, clock};

/// Listens to raw events of all pointers of a display.
pub(crate) struct RawHook {
    x: RustConnection,
    root: Window,
    /// Asks about devices.
    devices: DeviceList,
    /// Describes the device in use, from a thread of its own.
    follower: DeviceList,
}

impl RawHook {
    /// Connects and selects the events.
    ///
    /// # Errors
    /// Why the display does not allow it.
    pub(crate) fn open(session: &Surroundings) -> Result<Self, Refusal> {
        if session.wayland {
            return Err(Refusal::Wayland);
        }
        let display = session.display.as_deref().ok_or(Refusal::NoDisplay)?;
        let (x, screen) = connect(display)?;
        has_xinput(&x)?;
        let root = x.setup().roots[screen].root;
        let [devices, follower] = [(); 2].map(|()| DeviceList::open(display, "x11-xinput2"));
        let hook = Self { x, root, devices: devices?, follower: follower? };
        hook.select().ok_or(Refusal::Hook)?;
        Ok(hook)
    }

    fn select(&self) -> Option<()> {
        let pointer = XIEventMask::RAW_MOTION
            | XIEventMask::RAW_BUTTON_PRESS
            | XIEventMask::RAW_BUTTON_RELEASE;
        let masks = [
            EventMask { deviceid: Device::ALL_MASTER.into(), mask: vec![pointer] },
            EventMask { deviceid: Device::ALL.into(), mask: vec![XIEventMask::HIERARCHY] },
        ];
        self.x.xinput_xi_select_events(self.root, &masks).ok()?.check().ok()
    }
}

impl Hook for RawHook {
    fn listen(self: Box<Self>, mut writer: PipeWriter) -> Result<Infallible, Refusal> {
        let Self { x, root, devices, follower } = *self;
        let description = Description::begin(Arc::clone(writer.line()), follower.capture());
        let devices = Devices::new(devices, Arc::clone(&description));
        let mut tracker = Tracker::new(x, root, devices);
        start("capture-devices", move || follower.follow(&description))?;
        let asked = tracker.ask().ok_or(Refusal::NoAnswer)?;
        tracker.place = asked.place;
        let (x, y) = pixel(tracker.place);
        confine::after_set_up(CaptureBackend::XInput2);
        writer.send(Record::Ready { at: clock::now(), x, y, held: asked.held });
        let mut batch = asked.after;
        loop {
            if batch.is_empty() {
                batch.push(tracker.x.wait_for_event().map_err(|_| Refusal::NoAnswer)?);
            }
            let now = clock::now();
            while let Ok(Some(event)) = tracker.x.poll_for_event() {
                batch.push(event);
            }
            batch = tracker.take(&batch, now, &mut writer);
        }
    }
}
