//! Which device drives the X server's pointer, and how large the monitors are: as a description for
//! the parent, again after each change. Asks and listens on a connection of its own; sees no event
//! of the mouse itself.

use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::randr::{ConnectionExt as _, NotifyMask};
use x11rb::protocol::xinput::{
    ConnectionExt as _, Device, DeviceClassData, DeviceType, EventMask, ValuatorMode, XIDeviceInfo,
    XIEventMask, XIGetPropertyItems,
};
use x11rb::protocol::xproto::{ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use super::outlet::Pipe;
use super::refusal::Refusal;
use super::tap::{connect, has_xinput};
use crate::platform::Capture;
use crate::platform::capture::{Pointer, PointerKind};

/// The number that stands for all monitors' changes in the RandR extension.
const MONITORS: NotifyMask = NotifyMask::SCREEN_CHANGE;

/// A look at the devices of a display.
pub struct Roster {
    x: RustConnection,
    root: Window,
    backend: &'static str,
}

impl Roster {
    /// Connects; `backend` names the descriptions.
    ///
    /// # Errors
    /// Why the display does not allow it.
    pub fn open(display: &str, backend: &'static str) -> Result<Self, Refusal> {
        let (x, screen) = connect(display)?;
        has_xinput(&x)?;
        let root = x.setup().roots[screen].root;
        Ok(Self { x, root, backend })
    }

    /// What captures now. A display that is going away is described by its back end alone.
    pub fn capture(&self) -> Capture {
        let pointer = self.driver().and_then(|device| self.pointer(device));
        Capture { backend: self.backend.to_owned(), pointer, screens: self.screens() }
    }

    /// Describes what captures each time that it may have changed, until the display goes.
    pub fn follow(self, pipe: &Pipe) {
        if self.select().is_none() {
            return;
        }
        let mut told = self.capture();
        // The device may have changed between the first description and the selection.
        pipe.describe(&told);
        while self.x.wait_for_event().is_ok() {
            while let Ok(Some(_)) = self.x.poll_for_event() {}
            let now = self.capture();
            // A device that was unplugged drives nothing; the next movement tells which one does.
            if now.pointer.is_some() && now != told {
                pipe.describe(&now);
                told = now;
            }
        }
    }

    fn select(&self) -> Option<()> {
        let mask = XIEventMask::DEVICE_CHANGED | XIEventMask::HIERARCHY;
        let mask = EventMask { deviceid: Device::ALL.into(), mask: vec![mask] };
        self.x.xinput_xi_select_events(self.root, &[mask]).ok()?.check().ok()?;
        if self.has_randr() {
            self.x.randr_select_input(self.root, MONITORS).ok()?.check().ok()?;
        }
        Some(())
    }

    fn has_randr(&self) -> bool {
        let extension = x11rb::protocol::randr::X11_EXTENSION_NAME;
        matches!(self.x.extension_information(extension), Ok(Some(_)))
    }

    /// The slave device that drove the master pointer last: the server stamps the pointer's
    /// classes with it.
    fn driver(&self) -> Option<u16> {
        let masters = self.x.xinput_xi_query_device(Device::ALL_MASTER).ok()?.reply().ok()?.infos;
        let master = masters.into_iter().find(|info| info.type_ == DeviceType::MASTER_POINTER)?;
        let valuator = |data: &DeviceClassData| matches!(data, DeviceClassData::Valuator(_));
        let class = master.classes.iter().find(|class| valuator(&class.data))?;
        Some(class.sourceid).filter(|source| *source != master.deviceid)
    }

    /// Whether a device says where and not how far, or is made of a program's events, whose values
    /// mean the one or the other as the program likes.
    pub fn is_placed(&self, device: u16) -> bool {
        self.info(device).is_none_or(|info| is_absolute(&info))
            || self.property(device, "XTEST Device").is_some()
    }

    fn pointer(&self, device: u16) -> Option<Pointer> {
        let info = self.info(device)?;
        let name = String::from_utf8_lossy(&info.name).into_owned();
        let ids = self.property(device, "Device Product ID");
        let id = ids.and_then(|ids| match ids[..] {
            [vendor, product] => Some((u16::try_from(vendor).ok()?, u16::try_from(product).ok()?)),
            _ => None,
        });
        Some(Pointer { id, ..Pointer::new(self.kind(&info), &name) })
    }

    /// The libinput and synaptics drivers give touchpads properties that mice lack.
    fn kind(&self, info: &XIDeviceInfo) -> PointerKind {
        let has = |name| self.property(info.deviceid, name).is_some();
        if has("XTEST Device") {
            PointerKind::Virtual
        } else if has("libinput Tapping Enabled") || has("Synaptics Off") {
            PointerKind::Touchpad
        } else if is_absolute(info) {
            PointerKind::Absolute
        } else {
            PointerKind::Mouse
        }
    }

    fn info(&self, device: u16) -> Option<XIDeviceInfo> {
        let reply = self.x.xinput_xi_query_device(device).ok()?.reply().ok()?;
        reply.infos.into_iter().find(|info| info.deviceid == device)
    }

    /// The numbers of a property; `None` when the device has no such one.
    fn property(&self, device: u16, name: &str) -> Option<Vec<u32>> {
        let atom = self.x.intern_atom(true, name.as_bytes()).ok()?.reply().ok()?.atom;
        if atom == x11rb::NONE {
            return None;
        }
        let asked = self.x.xinput_xi_get_property(device, false, atom, x11rb::NONE, 0, 8);
        let reply = asked.ok()?.reply().ok()?;
        if reply.type_ == x11rb::NONE {
            return None;
        }
        Some(match reply.items {
            XIGetPropertyItems::Data8(items) => items.into_iter().map(u32::from).collect(),
            XIGetPropertyItems::Data16(items) => items.into_iter().map(u32::from).collect(),
            XIGetPropertyItems::Data32(items) => items,
            XIGetPropertyItems::InvalidValue(_) => Vec::new(),
        })
    }

    /// Width and height of each monitor that is on, the largest first.
    fn screens(&self) -> Vec<(u16, u16)> {
        if !self.has_randr() {
            return Vec::new();
        }
        let asked = self.x.randr_get_monitors(self.root, true).ok();
        let reply = asked.and_then(|asked| asked.reply().ok());
        let monitors = reply.map(|reply| reply.monitors).unwrap_or_default();
        let mut sizes: Vec<_> = monitors.iter().map(|on| (on.width, on.height)).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes
    }
}

fn is_absolute(info: &XIDeviceInfo) -> bool {
    info.classes.iter().any(|class| match &class.data {
        DeviceClassData::Valuator(axis) => axis.number < 2 && axis.mode == ValuatorMode::ABSOLUTE,
        _ => false,
    })
}
