//! Makes the X server hand over recorded events at once. The server keeps what the RECORD extension
//! captures in a buffer of 1 kB and passes it on only when something is written to some client
//! (`RecordFlushAllContexts`, called from `FlushClient` in xorg-server), so we have it write to us:
//!
//! - Core pointer motion selected on the root window is written right after the event was recorded,
//!   unless a window below takes the event, and then its client is written to, which does as well.
//! - While a button is held its window holds a grab and may take no motion at all. Raw events come
//!   even then, but are written just before the event is recorded: for those moments a thread wakes
//!   with it and makes the server write once more, by asking something, on the other connection:
//!   an answer on this one would wake the thread again, for ever.
//!
//! The raw events also say what is behind a place that the hook tells of (see `origin`). Everything
//! else that comes in is thrown away unread. Never asks for keys.

use std::os::fd::{AsFd, BorrowedFd};

use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::ConnectError;
use x11rb::protocol::Event;
use x11rb::protocol::record::{self, ConnectionExt as _};
use x11rb::protocol::res::ConnectionExt as _;
use x11rb::protocol::xinput::{ConnectionExt as _, Device, EventMask, XIEventMask};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, EventMask as CoreMask, KeyButMask,
};
use x11rb::rust_connection::RustConnection;

use super::refusal::Refusal;

/// Core protocol, `GetInputFocus`: the shortest question that is answered. Written past the
/// library, which would keep account of every answer that nobody reads.
const QUESTION: u8 = 43;

/// The connections that have the server write.
pub(crate) struct Tap {
    /// Selects core motion on the root, and is asked things. Nobody waits for it.
    lure: RustConnection,
    /// Selects raw motion and buttons.
    raw: RustConnection,
    root: u32,
}

impl Tap {
    /// Connects to the display and selects pointer motion.
    ///
    /// # Errors
    /// Why the display does not allow it.
    pub(crate) fn open(display: &str) -> Result<Self, Refusal> {
        let (lure, screen) = connect(display)?;
        let mask = ChangeWindowAttributesAux::new().event_mask(CoreMask::POINTER_MOTION);
        lure.change_window_attributes(lure.setup().roots[screen].root, &mask)
            .ok()
            .and_then(|done| done.check().ok())
            .ok_or(Refusal::Hook)?;
        let root = lure.setup().roots[screen].root;
        Ok(Self { lure, raw: raw_events(display)?, root })
    }

    /// The descriptor that becomes readable when the pointer moves, or a button of it does.
    pub(crate) fn moved(&self) -> BorrowedFd<'_> {
        self.raw.stream().as_fd()
    }

    /// Has the server write, now. What it writes is thrown away like the rest.
    pub(crate) fn prod(&self) {
        let [low, high] = 1_u16.to_ne_bytes();
        // A display that is gone ends the process by the hook's own connection.
        let _ = rustix::io::write(self.lure.stream(), &[QUESTION, 0, low, high]);
        self.drain();
    }

    /// Throws away what the lure has brought. Does not block. Ends the process when the server has
    /// closed the connection: the parent starts another.
    pub(crate) fn drain(&self) {
        let mut scratch = [0_u8; 16 * 1024];
        loop {
            match rustix::io::read(self.lure.stream(), &mut scratch[..]) {
                Ok(0) => std::process::exit(1),
                Ok(read) if read == scratch.len() => {}
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// The next raw event that has come. Does not block. Ends the process as [`Self::drain`] does.
    pub(crate) fn next_raw(&self) -> Option<Event> {
        self.raw.poll_for_event().unwrap_or_else(|_| std::process::exit(1))
    }

    /// Returns when every raw event of what has happened so far has come: how large the screen is,
    /// which is what it asks to know that.
    pub(crate) fn settle(&self) -> (f64, f64) {
        let asked = self.raw.get_geometry(self.root).ok().and_then(|asked| asked.reply().ok());
        let size = asked.unwrap_or_else(|| std::process::exit(1));
        (f64::from(size.width), f64::from(size.height))
    }
}

fn raw_events(display: &str) -> Result<RustConnection, Refusal> {
    let (x, screen) = connect(display)?;
    let root = x.setup().roots[screen].root;
    // A release is no motion, but ends a drag.
    let events =
        XIEventMask::RAW_MOTION | XIEventMask::RAW_BUTTON_PRESS | XIEventMask::RAW_BUTTON_RELEASE;
    let masks = [
        EventMask { deviceid: Device::ALL_MASTER.into(), mask: vec![events] },
        EventMask { deviceid: Device::ALL.into(), mask: vec![XIEventMask::HIERARCHY] },
    ];
    has_xinput(&x)?;
    x.xinput_xi_select_events(root, &masks)
        .ok()
        .and_then(|done| done.check().ok())
        .ok_or(Refusal::Hook)?;
    Ok(x)
}

/// Asks for version 2 of the XInput extension. From 2.1 on raw events also come while another
/// client grabs the pointer.
pub(super) fn has_xinput(x: &RustConnection) -> Result<(), Refusal> {
    let version = x.xinput_xi_query_version(2, 2).ok().and_then(|reply| reply.reply().ok());
    version.map(drop).ok_or(Refusal::NoXInput)
}

pub(super) fn connect(display: &str) -> Result<(RustConnection, usize), Refusal> {
    x11rb::connect(Some(display)).map_err(|error| match error {
        ConnectError::SetupFailed(_) | ConnectError::SetupAuthenticate(_) => Refusal::NotAllowed,
        _ => Refusal::NoAnswer,
    })
}

/// A plain connection that tells when the hook is up and where the pointer is.
pub(crate) struct PlainConnection {
    x: RustConnection,
    root: u32,
    /// Recording contexts that were enabled before ours.
    foreign: Vec<u32>,
}

impl PlainConnection {
    /// Looks at the display before the hook is set up.
    ///
    /// # Errors
    /// Why there cannot be a hook.
    pub(crate) fn open(display: &str) -> Result<Self, Refusal> {
        let (x, screen) = connect(display)?;
        let root = x.setup().roots[screen].root;
        let has_record = x.extension_information(record::X11_EXTENSION_NAME);
        if !matches!(has_record, Ok(Some(_))) {
            return Err(Refusal::NoRecord);
        }
        // The server refuses every other request of the extension before this one.
        x.record_query_version(1, 13)
            .ok()
            .and_then(|reply| reply.reply().ok())
            .ok_or(Refusal::NoRecord)?;
        let mut connection = Self { x, root, foreign: Vec::new() };
        connection.foreign = connection.recorders();
        Ok(connection)
    }

    /// Whether a recording context was enabled since this connection was made.
    pub(crate) fn hook_is_up(&self) -> bool {
        self.recorders().iter().any(|context| !self.foreign.contains(context))
    }

    /// Where the pointer is, and which buttons are held (bit n-1 for button n).
    pub(crate) fn pointer(&self) -> Option<(f32, f32, u8)> {
        let pointer = self.x.query_pointer(self.root).ok()?.reply().ok()?;
        let mask = u16::from(pointer.mask);
        let buttons = [KeyButMask::BUTTON1, KeyButMask::BUTTON2, KeyButMask::BUTTON3];
        let held = buttons
            .iter()
            .enumerate()
            .filter(|(_, button)| mask & u16::from(**button) != 0)
            .fold(0, |held, (index, _)| held | 1 << index);
        Some((f32::from(pointer.root_x), f32::from(pointer.root_y), held))
    }

    /// Enabled recording contexts of all clients. There is no request that lists them, so the
    /// first few identifiers of each client are tried, which is where Xlib puts them.
    fn recorders(&self) -> Vec<u32> {
        let Some(clients) = self.x.res_query_clients().ok().and_then(|reply| reply.reply().ok())
        else {
            return Vec::new();
        };
        let candidates = clients
            .clients
            .iter()
            .flat_map(|client| (0..8).map(|number| client.resource_base | number));
        let asked: Vec<_> = candidates
            .filter_map(|context| Some((context, self.x.record_get_context(context).ok()?)))
            .collect();
        asked
            .into_iter()
            .filter_map(|(context, reply)| reply.reply().ok()?.enabled.then_some(context))
            .collect()
    }
}
