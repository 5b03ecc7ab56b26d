//! What captures the movement: the back end, the pointing device and the screens, as a line of text
//! that recordings and models carry, and what of it makes a model's knowledge worthless.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which way of seeing the mouse is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaptureBackend {
    /// The one that suits the session.
    #[default]
    Auto,
    /// The hook of the `rdev` library: X11, Windows, macOS.
    Rdev,
    /// Raw events of the X server, with its own time stamps.
    XInput2,
    /// The kernel's devices: Wayland and the console.
    Evdev,
}

impl CaptureBackend {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Rdev, Self::XInput2, Self::Evdev];

    /// As the configuration writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Rdev => "rdev",
            Self::XInput2 => "xinput2",
            Self::Evdev => "evdev",
        }
    }
}

impl fmt::Display for CaptureBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for CaptureBackend {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|backend| backend.word() == text);
        found.ok_or_else(|| format!("{text:?} is none of auto, rdev, xinput2, evdev"))
    }
}

/// What kind of device moves the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PointerKind {
    /// Moves by counts: a mouse, a trackball, a pointing stick.
    Mouse,
    /// A finger on a surface.
    Touchpad,
    /// Says where, not how far: a tablet, the pointer of a virtual machine.
    Absolute,
    /// No hardware: events made by a program.
    Virtual,
}

impl PointerKind {
    const ALL: [Self; 4] = [Self::Mouse, Self::Touchpad, Self::Absolute, Self::Virtual];

    /// One word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Mouse => "mouse",
            Self::Touchpad => "touchpad",
            Self::Absolute => "tablet",
            Self::Virtual => "virtual",
        }
    }
}

/// A pointing device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// What it is.
    pub kind: PointerKind,
    /// Its name, as the system calls it; without `;`, `|`, parentheses and line breaks.
    pub name: String,
    /// Vendor and product number.
    pub id: Option<(u16, u16)>,
    /// Counts per inch, where the system knows them.
    pub dpi: Option<u32>,
}

impl Pointer {
    /// A device by its name, which is stripped of what the text form needs for itself.
    pub(crate) fn new(kind: PointerKind, name: &str) -> Self {
        let name: String =
            // The text form separates by these, and a device may call itself anything, at any
            // length.
            name.chars().filter(|c| !c.is_control() && !";|()".contains(*c)).take(80).collect();
        let name = if name.trim().is_empty() { "without a name" } else { name.trim() };
        Self { kind, name: name.to_owned(), id: None, dpi: None }
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ')?;
        let kind = PointerKind::ALL.into_iter().find(|known| known.word() == kind)?;
        let (name, details) = rest.rsplit_once(" (").unwrap_or((rest, ""));
        let mut pointer = Self::new(kind, name);
        for detail in details.trim_end_matches(')').split(", ") {
            if let Some(dpi) = detail.strip_suffix(" dpi") {
                pointer.dpi = dpi.parse().ok();
            } else if let Some((vendor, product)) = detail.split_once(':') {
                pointer.id = hexadecimal(vendor).zip(hexadecimal(product));
            }
        }
        Some(pointer)
    }

    fn is_like(&self, other: &Self) -> bool {
        let same = match (self.id, other.id) {
            // Names differ between drivers of the same device; vendor and product do not.
            (Some(own), Some(theirs)) => own == theirs,
            _ => self.name == other.name,
        };
        // Another resolution is another unit of movement, even of the same model.
        let as_fine = self.dpi.zip(other.dpi).is_none_or(|(own, theirs)| own == theirs);
        same && self.kind == other.kind && as_fine
    }
}

fn hexadecimal(text: &str) -> Option<u16> {
    u16::from_str_radix(text, 16).ok()
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)?;
        let id = self.id.map(|(vendor, product)| format!("{vendor:04x}:{product:04x}"));
        let details: Vec<_> =
            id.into_iter().chain(self.dpi.map(|dpi| format!("{dpi} dpi"))).collect();
        if details.is_empty() { Ok(()) } else { write!(f, " ({})", details.join(", ")) }
    }
}

/// What captures the movement at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capture {
    /// The back end: "x11-rdev", "x11-xinput2", "evdev"; "recording" for a file.
    pub backend: String,
    /// The device that moves the pointer; `None` while that is not known.
    pub pointer: Option<Pointer>,
    /// Width and height of each monitor in pixels, where positions are pixels; else empty.
    pub screens: Vec<(u16, u16)>,
}

impl Capture {
    /// By a back end of which nothing more is known.
    pub fn by(backend: &str) -> Self {
        Self { backend: backend.to_owned(), ..Self::default() }
    }

    /// From its text form. Never fails: what cannot be read is not known.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let backend = parts.next().unwrap_or_default().to_owned();
        let pointer = parts.next().and_then(Pointer::parse);
        let screens = parts.next().unwrap_or_default();
        Self {
            backend,
            pointer,
            screens: screens
                .split(' ')
                .filter_map(|text| {
                    let (width, height) = text.split_once('x')?;
                    Some((width.parse().ok()?, height.parse().ok()?))
                })
                .collect(),
        }
    }

    /// Whether another capture is by this one's pointer, as far as both are known. Where the system
    /// never tells devices, one that is named is a program.
    fn knows_pointer(&self, now: &Self) -> bool {
        match (&self.pointer, &now.pointer) {
            (Some(own), Some(other)) => own.is_like(other),
            // On these systems rdev tells no devices, so only an injecting program ever bears a
            // name.
            (None, Some(_)) => !["windows-rdev", "macos-rdev"].contains(&now.backend.as_str()),
            (_, None) => true,
        }
    }

    /// Whether this names a way of capturing a live mouse, and not the place a file comes from.
    fn is_live(&self) -> bool {
        self.backend.ends_with("rdev") || ["x11-xinput2", "evdev"].contains(&self.backend.as_str())
    }
}

impl fmt::Display for Capture {
    /// One line: "x11-rdev; mouse Optical Mouse (046d:c077); 1920x1080".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.backend)?;
        if self.pointer.is_none() && self.screens.is_empty() {
            return Ok(());
        }
        match &self.pointer {
            Some(pointer) => write!(f, "; {pointer}")?,
            // No kind of device has this word: it reads back as none.
            None => f.write_str("; unknown device")?,
        }
        let sizes: Vec<_> = self.screens.iter().map(|(w, h)| format!("{w}x{h}")).collect();
        if sizes.is_empty() { Ok(()) } else { write!(f, "; {}", sizes.join(" ")) }
    }
}

/// What a model does not know of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Unknown {
    /// Another back end, whose units are others.
    #[serde(rename = "back end")]
    Backend,
    /// Another device.
    #[serde(rename = "device")]
    Pointer,
    /// Another resolution of every monitor.
    #[serde(rename = "resolution")]
    Screens,
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Backend => "back end",
            Self::Pointer => "device",
            Self::Screens => "resolution",
        })
    }
}

/// The captures that a model was made with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile(Vec<Capture>);

impl Profile {
    /// Of these captures, each once.
    pub(crate) fn of(captures: impl IntoIterator<Item = Capture>) -> Self {
        let mut all: Vec<Capture> = Vec::new();
        for capture in captures {
            if !all.contains(&capture) {
                all.push(capture);
            }
        }
        Self(all)
    }

    /// From its text form.
    pub fn parse(text: &str) -> Self {
        Self::of(text.split('|').map(|part| Capture::parse(part.trim())))
    }

    /// Takes a capture in, unless it is known.
    pub(crate) fn add(&mut self, capture: Capture) {
        if !self.0.contains(&capture) {
            self.0.push(capture);
        }
    }

    /// What it does not know of this capture; `None` when it knows all of it. A profile that was
    /// not made with a live mouse, or before devices were noted, says nothing about them.
    pub(crate) fn lacks(&self, now: &Capture) -> Option<Unknown> {
        // A model from a data set was made with no mouse that this one could be compared with.
        let known: Vec<_> = self.0.iter().filter(|capture| capture.is_live()).collect();
        if known.is_empty() || !now.is_live() {
            // Older models say nothing of devices, and nothing can be missed then.
            return None;
        }
        let same: Vec<_> = known.into_iter().filter(|own| own.backend == now.backend).collect();
        if same.is_empty() {
            return Some(Unknown::Backend);
        }
        let same: Vec<_> = same.into_iter().filter(|own| own.knows_pointer(now)).collect();
        if same.is_empty() {
            return Some(Unknown::Pointer);
        }
        if same.into_iter().any(|own| {
            let either = own.screens.is_empty() || now.screens.is_empty();
            // One monitor in common is enough: a laptop is docked and undocked all day.
            either || own.screens.iter().any(|screen| now.screens.contains(screen))
        }) {
            None
        } else {
            Some(Unknown::Screens)
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&all.join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mouse() -> Capture {
        let id = Some((0x046d, 0xc077));
        let pointer = Pointer { id, ..Pointer::new(PointerKind::Mouse, "Optical Mouse") };
        Capture {
            backend: "x11-rdev".into(),
            pointer: Some(pointer),
            screens: vec![(1920, 1080), (2560, 1440)],
        }
    }

    fn captures() -> impl Strategy<Value = Capture> {
        let kind = prop::sample::select(PointerKind::ALL.to_vec());
        let id = prop::option::of(any::<(u16, u16)>());
        let pointer = (kind, "[ -~]{1,20}", id, prop::option::of(1_u32..30_000))
            .prop_map(|(kind, name, id, dpi)| Pointer { id, dpi, ..Pointer::new(kind, &name) });
        let screens = prop::collection::vec(any::<(u16, u16)>(), 0..3);
        let backend = prop::sample::select(vec!["x11-rdev", "evdev"]);
        (backend, prop::option::of(pointer), screens).prop_map(|(backend, pointer, screens)| {
            Capture { backend: backend.to_owned(), pointer, screens }
        })
    }

    proptest! {
        #[test]
        fn a_profile_survives_its_text(all in prop::collection::vec(captures(), 1..4)) {
            let profile = Profile::of(all);
            prop_assert_eq!(Profile::parse(&profile.to_string()), profile);
        }
    }

    #[test]
    fn it_reads_like_this() {
        let text = "x11-rdev; mouse Optical Mouse (046d:c077); 1920x1080 2560x1440";
        assert_eq!(mouse().to_string(), text);
        assert_eq!(Capture::by("x11-rdev").to_string(), "x11-rdev");
        let text = "x11-rdev; unknown device; 1280x800";
        assert_eq!(Capture::parse(text).pointer, None);
        assert_eq!(Capture::parse(text).to_string(), text);
    }

    #[test]
    fn another_mouse_resolution_or_back_end_is_unknown() {
        let profile = Profile::of([mouse()]);
        assert_eq!(profile.lacks(&mouse()), None);
        let other = Capture { backend: "evdev".into(), ..mouse() };
        assert_eq!(profile.lacks(&other), Some(Unknown::Backend));
        let pad = Pointer::new(PointerKind::Touchpad, "Optical Mouse");
        let other = Capture { pointer: Some(pad), ..mouse() };
        assert_eq!(profile.lacks(&other), Some(Unknown::Pointer));
        let other = Capture { screens: vec![(800, 600)], ..mouse() };
        assert_eq!(profile.lacks(&other), Some(Unknown::Screens));
        let finer = mouse().pointer.map(|pointer| Pointer { dpi: Some(1600), ..pointer });
        let [coarse, fine] = [Some(800), None].map(|dpi| Capture {
            pointer: finer.clone().map(|pointer| Pointer { dpi, ..pointer }),
            ..mouse()
        });
        let finer = Capture { pointer: finer, ..mouse() };
        assert_eq!(Profile::of([coarse]).lacks(&finer), Some(Unknown::Pointer));
        assert_eq!(Profile::of([fine]).lacks(&finer), None);
    }

    #[test]
    fn a_monitor_more_and_what_is_not_known_change_nothing() {
        let profile = Profile::of([Capture { screens: vec![(1920, 1080)], ..mouse() }]);
        assert_eq!(profile.lacks(&mouse()), None);
        assert_eq!(Profile::parse("x11-rdev").lacks(&mouse()), None);
        assert_eq!(Profile::parse("gmail").lacks(&mouse()), None);
        assert_eq!(profile.lacks(&Capture::by("recording")), None);
        assert_eq!(profile.lacks(&Capture { pointer: None, ..mouse() }), None);
        let injected = |backend| {
            let pointer = Some(Pointer::new(PointerKind::Virtual, "injected input"));
            Profile::parse(backend).lacks(&Capture { pointer, ..Capture::by(backend) })
        };
        assert_eq!(injected("windows-rdev"), Some(Unknown::Pointer));
        assert_eq!(injected("x11-rdev"), None);
    }

    #[test]
    fn every_back_end_has_one_word() {
        for backend in CaptureBackend::ALL {
            assert_eq!(backend.word().parse(), Ok(backend));
            let toml = toml::Value::try_from(backend).unwrap();
            assert_eq!(toml.as_str(), Some(backend.word()));
        }
    }
}
