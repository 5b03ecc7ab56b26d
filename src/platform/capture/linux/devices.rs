//! Which device drives the X server's pointer, and how large the monitors are: as a description for
//! the parent, again after each change. Asks and listens on connections of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::randr::{ConnectionExt as _, NotifyMask};
use x11rb::protocol::xinput::{
    ConnectionExt as _, Device, DeviceClassData, DeviceType, EventMask, ValuatorMode, XIDeviceInfo,
    XIEventMask, XIGetPropertyItems,
};
use x11rb::protocol::xproto::{ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use super::origin::Values;
use super::pipe_writer::Line;
use super::refusal::Refusal;
use super::tap::{connect, has_xinput};
use crate::pipeline::Timestamp;
use crate::platform::Capture;
use crate::platform::capture::description::{Pointer, PointerKind};
use crate::platform::capture::mover::Mover;

/// The number that stands for all monitors' changes in the RandR extension.
const MONITORS: NotifyMask = NotifyMask::SCREEN_CHANGE;

/// A look at the devices of a display.
pub(crate) struct DeviceList {
    x: RustConnection,
    root: Window,
    backend: &'static str,
}

impl DeviceList {
    /// Connects; `backend` names the descriptions.
    ///
    /// # Errors
    /// Why the display does not allow it.
    pub(crate) fn open(display: &str, backend: &'static str) -> Result<Self, Refusal> {
        let (x, screen) = connect(display)?;
        has_xinput(&x)?;
        let root = x.setup().roots[screen].root;
        Ok(Self { x, root, backend })
    }

    /// What captures now. A display that is going away is described by its back end alone.
    pub(crate) fn capture(&self) -> Capture {
        let pointer = self.driver().and_then(|device| self.pointer(device));
        Capture { backend: self.backend.to_owned(), pointer, screens: self.screens() }
    }

    /// Describes the monitors each time that they change, and the device that drives the pointer
    /// until one has moved; ends the process when the display goes.
    pub(crate) fn follow(self, description: &Description) {
        if self.select().is_none() {
            return;
        }
        loop {
            let now = self.capture();
            description.change(|told| {
                told.screens = now.screens;
                if told.pointer.is_none() {
                    told.pointer = now.pointer;
                }
            });
            if self.x.wait_for_event().is_err() {
                std::process::exit(1);
            }
            while let Ok(Some(_)) = self.x.poll_for_event() {}
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

    /// What the values of a device's raw events are.
    pub(crate) fn values(&self, device: u16) -> Values {
        if self.property(device, "XTEST Device").is_some() {
            Values::StepOrPlace
        } else if self.info(device).is_none_or(|info| is_absolute(&info)) {
            Values::Own
        } else {
            Values::Step
        }
    }

    /// What a device is; `None` when it is gone.
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

/// What the parent was told of the capture, by whichever thread knew it first.
#[derive(Debug)]
pub(crate) struct Description {
    line: Arc<Line>,
    told: Mutex<Capture>,
}

impl Description {
    /// Tells this to begin with.
    pub(crate) fn begin(line: Arc<Line>, capture: Capture) -> Arc<Self> {
        line.describe(&capture);
        Arc::new(Self { line, told: Mutex::new(capture) })
    }

    /// Changes it, and tells that if it did.
    fn change(&self, change: impl FnOnce(&mut Capture)) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.clone();
        change(&mut told);
        if *told != before {
            self.line.describe(&told);
        }
    }
}

/// What is known of a device of the display.
#[derive(Debug, Clone)]
struct Known {
    values: Values,
    pointer: Option<Pointer>,
}

/// Names the device behind each movement; lives where events come in.
pub(crate) struct Devices {
    devices: DeviceList,
    description: Arc<Description>,
    known: HashMap<u16, Known>,
    mover: Mover<u16>,
}

impl Devices {
    /// Asks by this list, tells by that description.
    pub(crate) fn new(devices: DeviceList, description: Arc<Description>) -> Self {
        Self { devices, description, known: HashMap::new(), mover: Mover::default() }
    }

    /// What the values of a device's raw events are.
    pub(crate) fn values(&mut self, device: u16) -> Values {
        self.look(device).values
    }

    /// Tells, before anything of its movement is told, that a device moves or clicks.
    pub(crate) fn moved(&mut self, at: Timestamp, device: u16) {
        let pointer = self.look(device).pointer.clone();
        let injects = pointer.as_ref().is_some_and(|is| is.kind == PointerKind::Virtual);
        if self.mover.moved(at, device, injects) && pointer.is_some() {
            self.description.change(|told| told.pointer = pointer);
        }
    }

    /// Devices have come or gone: their numbers may be others'.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
        self.mover = Mover::default();
    }

    fn look(&mut self, device: u16) -> &Known {
        let devices = &self.devices;
        self.known.entry(device).or_insert_with(|| Known {
            values: devices.values(device),
            pointer: devices.pointer(device),
        })
    }
}

fn is_absolute(info: &XIDeviceInfo) -> bool {
    info.classes.iter().any(|class| match &class.data {
        DeviceClassData::Valuator(axis) => axis.number < 2 && axis.mode == ValuatorMode::ABSOLUTE,
        _ => false,
    })
}
