//! The kernel's pointing devices, for Wayland and the console: read as they are, with the kernel's
//! time, followed as they are plugged in and out.
//!
//! # Invariants
//! Keyboards are never opened, and nothing that is no pointer's event leaves this process.

mod device;
mod frame;

use std::convert::Infallible;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags, inotify};
use rustix::io::Errno;
use rustix::ioctl::{Setter, ioctl, opcode};

pub(crate) use device::DeviceRoots;

use self::frame::{Assembler, EVENT_BYTES};
use super::backend::Hook;
use super::confine;
use super::pipe_writer::PipeWriter;
use super::record::Record;
use super::refusal::Refusal;
use crate::platform::capture::description::{Capture, Pointer, PointerKind};
use crate::platform::capture::mover::Mover;
use crate::platform::{CaptureBackend, clock};

/// The kernel keeps 64 events of a device for us; so many are read at once.
const BATCH: usize = 64 * EVENT_BYTES;
/// `EVIOCSCLOCKID` of the kernel's include/uapi/linux/input.h.
const SET_CLOCK: u32 = opcode::write::<i32>(b'E', 0xa0);
/// `CLOCK_MONOTONIC`.
const MONOTONIC: i32 = 1;

/// All pointing devices of the machine.
pub(crate) struct EvdevHook {
    places: DeviceRoots,
    inotify: OwnedFd,
    devices: Vec<Open>,
    /// Devices that this user may not read.
    denied: usize,
    /// Which device moves, by its node.
    mover: Mover<String>,
}

struct Open {
    node: String,
    pointer: Pointer,
    file: OwnedFd,
    assembler: Assembler,
}

impl EvdevHook {
    /// Opens what may be opened. Without any mouse it waits for one to be plugged in.
    ///
    /// # Errors
    /// When there are no input devices at all, or none of the mice may be read.
    pub(crate) fn open(places: DeviceRoots) -> Result<Self, Refusal> {
        let flags = inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK;
        let inotify = inotify::init(flags).map_err(|_| Refusal::Hook)?;
        // Attributes change when udev gives the seat's user access, some time after the creation.
        let events = inotify::WatchFlags::CREATE | inotify::WatchFlags::ATTRIB;
        inotify::add_watch(&inotify, &places.nodes, events).map_err(|_| Refusal::NoInput)?;
        let devices = Vec::new();
        let mover = Mover::default();
        let mut hook = Self { places, inotify, devices, denied: 0, mover };
        hook.look();
        if hook.devices.is_empty() && hook.denied > 0 {
            return Err(Refusal::NoPermission);
        }
        Ok(hook)
    }

    /// Opens the pointing devices that are not open yet.
    fn look(&mut self) {
        self.denied = 0;
        let nodes = std::fs::read_dir(&self.places.nodes).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            nodes.filter_map(|node| node.file_name().into_string().ok()).collect();
        names.sort();
        for name in names.into_iter().filter(|name| name.starts_with("event")) {
            if self.devices.iter().any(|open| open.node == name) {
                continue;
            }
            let Some((pointer, shape)) = self.places.pointer(&name) else { continue };
            match open(&self.places, &name) {
                Ok(file) => {
                    let assembler = Assembler::new(shape);
                    self.devices.push(Open { node: name, pointer, file, assembler });
                }
                Err(Errno::ACCESS | Errno::PERM) => self.denied += 1,
                // Gone again, or not ready yet: its attributes will change.
                Err(_) => {}
            }
        }
    }

    /// What captures now: the device that moved last, or the only one there is.
    fn capture(&self) -> Capture {
        let last = self.devices.iter().find(|open| Some(&open.node) == self.mover.current());
        let only = if let [only] = &self.devices[..] { Some(only) } else { None };
        let pointer = last.or(only).map(|open| open.pointer.clone());
        Capture { backend: "evdev".to_owned(), pointer, screens: Vec::new() }
    }

    /// Waits until something happens, and hands it over.
    fn turn(&mut self, writer: &mut PipeWriter) {
        let fds = std::iter::once(&self.inotify).chain(self.devices.iter().map(|open| &open.file));
        let mut polled: Vec<_> = fds.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        if poll(&mut polled, None).is_err() {
            return;
        }
        let ready: Vec<bool> = polled.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut changed = ready[0];
        // From the back, so that a device that is gone moves none that is still to be read.
        for index in (0..self.devices.len()).rev().filter(|index| ready[index + 1]) {
            if !self.read(index, writer) {
                self.lose(index);
                changed = true;
            }
        }
        if changed {
            drain(&self.inotify);
            self.look();
        }
    }

    /// Forgets a device that is gone. Its node is often given to the next one at once.
    fn lose(&mut self, index: usize) {
        let gone = self.devices.remove(index);
        self.mover.forget(&gone.node);
    }

    /// Hands over what a device says; `false` when it is gone.
    fn read(&mut self, index: usize, writer: &mut PipeWriter) -> bool {
        let mut buffer = [0; BATCH];
        let records = match rustix::io::read(&self.devices[index].file, &mut buffer) {
            Ok(0) => return false,
            Ok(count) => self.devices[index].assembler.feed(&buffer[..count], clock::now()),
            Err(Errno::AGAIN | Errno::INTR) => return true,
            // ENODEV: unplugged, out of reach, or taken away with the session.
            Err(_) => return false,
        };
        let open = &self.devices[index];
        let injects = open.pointer.kind == PointerKind::Virtual;
        if !records.is_empty() && self.mover.moved(clock::now(), open.node.clone(), injects) {
            writer.line().describe(&self.capture());
        }
        records.into_iter().for_each(|record| writer.send(record));
        true
    }
}

impl Hook for EvdevHook {
    fn listen(mut self: Box<Self>, mut writer: PipeWriter) -> Result<Infallible, Refusal> {
        writer.line().describe(&self.capture());
        confine::after_set_up(CaptureBackend::Evdev);
        writer.send(Record::Ready { at: clock::now(), x: 0.0, y: 0.0, held: 0 });
        loop {
            self.turn(&mut writer);
        }
    }
}

fn open(places: &DeviceRoots, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(places.nodes.join(name), flags, Mode::empty())?;
    // SAFETY: this request takes a pointer to an int, which it only reads.
    let monotonic = unsafe { Setter::<SET_CLOCK, i32>::new(MONOTONIC) };
    // Where the clock cannot be chosen, each stamp shows that it is another one's.
    // SAFETY: as above.
    let _ = unsafe { ioctl(file.as_fd(), monotonic) };
    Ok(file)
}

/// What happened in the folder is looked at in the folder itself.
fn drain(inotify: &OwnedFd) {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(inotify, &mut buffer);
    while reader.next().is_ok() {}
}
