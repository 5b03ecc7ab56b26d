//! Which of the kernel's input devices move the pointer, as the text files of `/sys` and udev
//! describe them.

use std::fs;
use std::path::{Path, PathBuf};

use super::frame::MotionShape;
use crate::platform::capture::description::{Pointer, PointerKind};

// Bits of the kernel's include/uapi/linux/input-event-codes.h.
const REL_X: usize = 0;
const REL_Y: usize = 1;
const ABS_X: usize = 0;
const ABS_Y: usize = 1;
const KEY_ENTER: usize = 28;
const KEY_A: usize = 30;
const BTN_LEFT: usize = 0x110;
const BTN_TOOL_FINGER: usize = 0x145;
const PROP_DIRECT: usize = 1;
const BUS_VIRTUAL: u16 = 6;

/// Where the system keeps its devices.
#[derive(Debug, Clone)]
pub(crate) struct DeviceRoots {
    /// The devices themselves, `/dev/input`.
    pub nodes: PathBuf,
    /// What the kernel says of them, `/sys/class/input`.
    classes: PathBuf,
    /// What udev knows of them, `/run/udev/data`.
    known: PathBuf,
}

impl DeviceRoots {
    /// Below `/`, or what stands for it.
    pub(crate) fn below(root: Option<&Path>) -> Self {
        let root = root.unwrap_or(Path::new("/"));
        Self {
            nodes: root.join("dev/input"),
            classes: root.join("sys/class/input"),
            known: root.join("run/udev/data"),
        }
    }

    /// What a device is, by its name as "event3"; `None` for one that moves no pointer or is a
    /// keyboard as well.
    pub(crate) fn pointer(&self, name: &str) -> Option<(Pointer, MotionShape)> {
        let folder = self.classes.join(name).join("device");
        let [keys, rel, abs] = ["key", "rel", "abs"]
            .map(|file| bits(&text_of(&folder, &format!("capabilities/{file}"))));
        // Whoever can type letters is a keyboard: it is never opened.
        if keys.has(KEY_A) || keys.has(KEY_ENTER) {
            return None;
        }
        let (kind, shape) = if rel.has(REL_X) && rel.has(REL_Y) && keys.has(BTN_LEFT) {
            (PointerKind::Mouse, MotionShape::Counts)
        } else if !(abs.has(ABS_X) && abs.has(ABS_Y))
            || bits(&text_of(&folder, "properties")).has(PROP_DIRECT)
        {
            // Touch screens are touched, not pointed with.
            return None;
        } else if keys.has(BTN_TOOL_FINGER) {
            (PointerKind::Touchpad, MotionShape::Finger)
        } else if keys.has(BTN_LEFT) {
            (PointerKind::Absolute, MotionShape::Places)
        } else {
            return None;
        };
        let made_by_a_program =
            hexadecimal(&folder, "id/bustype") == Some(BUS_VIRTUAL) || is_made(&folder);
        let kind = if made_by_a_program { PointerKind::Virtual } else { kind };
        let id = hexadecimal(&folder, "id/vendor").zip(hexadecimal(&folder, "id/product"));
        let dpi = self.dpi(name);
        Some((Pointer { id, dpi, ..Pointer::new(kind, &text_of(&folder, "name")) }, shape))
    }

    /// Counts per inch from udev's list of mice: "1000@125", or several with the default starred.
    fn dpi(&self, name: &str) -> Option<u32> {
        let number = fs::read_to_string(self.classes.join(name).join("dev")).ok()?;
        let data = fs::read_to_string(self.known.join(format!("c{}", number.trim()))).ok()?;
        let listed = data.lines().find_map(|line| line.strip_prefix("E:MOUSE_DPI="))?;
        let starred = listed.split(' ').find_map(|one| one.strip_prefix('*'));
        starred.or(listed.split(' ').next())?.split('@').next()?.parse().ok()
    }
}

fn text_of(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap_or_default()
}

fn hexadecimal(folder: &Path, file: &str) -> Option<u16> {
    u16::from_str_radix(text_of(folder, file).trim(), 16).ok()
}

/// Whether a device hangs on no bus: a program made it, whatever it says of itself.
fn is_made(device: &Path) -> bool {
    let place = fs::canonicalize(device).unwrap_or_default();
    place.to_string_lossy().contains("/devices/virtual/input/")
}

/// A bitmap as `/sys` prints it: words of a long in hexadecimal, the highest first.
struct Bits(Vec<u64>);

fn bits(text: &str) -> Bits {
    let words = text.split_whitespace().rev();
    Bits(words.map(|word| u64::from_str_radix(word, 16).unwrap_or(0)).collect())
}

impl Bits {
    fn has(&self, bit: usize) -> bool {
        let width = std::ffi::c_long::BITS as usize;
        self.0.get(bit / width).is_some_and(|word| word >> (bit % width) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUSE: [(&str, &str); 6] = [
        ("name", "Plain Optical Mouse"),
        ("id/bustype", "0003"),
        ("id/vendor", "1d6b"),
        ("id/product", "0042"),
        ("capabilities/key", "70000 0 0 0 0"),
        ("capabilities/rel", "903"),
    ];

    /// Writes the files in which the kernel describes a device.
    fn describe(root: &Path, node: &str, files: &[(&str, &str)]) -> std::io::Result<()> {
        let folder = root.join("sys/class/input").join(node).join("device");
        for (file, text) in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap())?;
            fs::write(path, format!("{text}\n"))?;
        }
        Ok(())
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn mice_touchpads_and_tablets_are_told_apart_and_keyboards_left_alone() {
        let root = tempfile::tempdir().unwrap();
        describe(root.path(), "event1", &MOUSE).unwrap();
        fs::write(root.path().join("sys/class/input/event1/dev"), "13:65\n").unwrap();
        fs::create_dir_all(root.path().join("run/udev/data")).unwrap();
        let known = "I:1\nE:ID_INPUT_MOUSE=1\nE:MOUSE_DPI=800@125 *1600@1000\n";
        fs::write(root.path().join("run/udev/data/c13:65"), known).unwrap();
        let pad = [
            ("name", "Some Touchpad"),
            ("capabilities/key", "e520 10000 0 0 0 0"),
            ("capabilities/abs", "660800011000003"),
            ("properties", "5"),
        ];
        describe(root.path(), "event2", &pad).unwrap();
        let tablet = [
            ("name", "Virtual Machine Tablet"),
            ("capabilities/key", "70000 0 0 0 0"),
            ("capabilities/abs", "3"),
        ];
        describe(root.path(), "event3", &tablet).unwrap();
        let program = [MOUSE[0], ("id/bustype", "0006"), MOUSE[4], MOUSE[5]];
        describe(root.path(), "event4", &program).unwrap();
        let disguised = root.path().join("sys/devices/virtual/input/input9");
        fs::create_dir_all(root.path().join("sys/class/input/event9")).unwrap();
        describe(root.path(), "event8", &MOUSE).unwrap();
        fs::create_dir_all(disguised.parent().unwrap()).unwrap();
        fs::rename(root.path().join("sys/class/input/event8/device"), &disguised).unwrap();
        let link = root.path().join("sys/class/input/event9/device");
        std::os::unix::fs::symlink(&disguised, link).unwrap();
        let keyboard =
            [("capabilities/key", "402000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe")];
        describe(root.path(), "event5", &keyboard).unwrap();
        let both = [("capabilities/key", "70000 0 0 0 fffffffffffffffe"), MOUSE[5]];
        describe(root.path(), "event6", &both).unwrap();
        let touchscreen =
            [tablet[2], ("capabilities/key", "400 10000 0 0 0 0"), ("properties", "2")];
        describe(root.path(), "event7", &touchscreen).unwrap();

        let places = DeviceRoots::below(Some(root.path()));
        let look = |name| places.pointer(name).map(|(pointer, shape)| (pointer.to_string(), shape));
        let text = "mouse Plain Optical Mouse (1d6b:0042, 1600 dpi)".to_owned();
        assert_eq!(look("event1"), Some((text, MotionShape::Counts)));
        assert_eq!(look("event2"), Some(("touchpad Some Touchpad".into(), MotionShape::Finger)));
        assert_eq!(
            look("event3"),
            Some(("tablet Virtual Machine Tablet".into(), MotionShape::Places))
        );
        assert_eq!(
            look("event4"),
            Some(("virtual Plain Optical Mouse".into(), MotionShape::Counts))
        );
        let text = "virtual Plain Optical Mouse (1d6b:0042)".to_owned();
        assert_eq!(look("event9"), Some((text, MotionShape::Counts)), "says that it is on USB");
        for name in ["event5", "event6", "event7", "event8"] {
            assert_eq!(look(name), None, "{name}");
        }
    }
}
