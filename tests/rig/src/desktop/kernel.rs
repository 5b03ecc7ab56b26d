//! A folder that stands for `/` and has pipes for the kernel's input devices, for the tests and the
//! benchmark: what is written into one arrives as if a device had said it. No real device is touched.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use mousewarden::error::{Failure, Result};
use mousewarden::pipeline::Timestamp;

/// What the kernel says of a mouse with three buttons and a wheel.
pub const MOUSE: &[(&str, &str)] = &[
    ("name", "Plain Optical Mouse"),
    ("id/bustype", "0003"),
    ("id/vendor", "1d6b"),
    ("id/product", "0042"),
    ("capabilities/key", "70000 0 0 0 0"),
    ("capabilities/rel", "903"),
];

/// Devices in a folder.
#[derive(Debug)]
pub struct InputFolder {
    root: tempfile::TempDir,
}

/// A device that says what it is told to; it is unplugged when this is dropped.
#[derive(Debug)]
pub struct InputPipe {
    node: PathBuf,
    pipe: File,
}

impl InputFolder {
    /// A machine without any device.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn new() -> Result<Self> {
        let made = tempfile::Builder::new().prefix("mousewarden-input-").tempdir();
        let folder = Self { root: made.map_err(|error| Failure::io("a temporary folder", error))? };
        make(&folder.root.path().join("dev/input"))?;
        Ok(folder)
    }

    /// What stands for `/`.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Plugs a device in as "event3", described by these files of `/sys`.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn plug(&self, node: &str, described: &[(&str, &str)]) -> Result<InputPipe> {
        describe(self.root(), node, described)?;
        let node = self.root().join("dev/input").join(node);
        let failed = |error: std::io::Error| Failure::io(node.display(), error);
        let readable = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, &node, FileType::Fifo, readable, 0).map_err(|e| failed(e.into()))?;
        // Both ends, so that opening waits for nobody.
        let pipe = OpenOptions::new().read(true).write(true).open(&node).map_err(failed)?;
        Ok(InputPipe { node, pipe })
    }
}

/// Writes what the kernel would say of a device in the files of `/sys`, in a folder that stands for
/// `/`.
///
/// # Errors
/// When the disk refuses.
pub fn describe(root: &Path, node: &str, described: &[(&str, &str)]) -> Result<()> {
    let folder = root.join("sys/class/input").join(node).join("device");
    for (file, text) in described {
        let path = folder.join(file);
        make(path.parent().unwrap_or(&folder))?;
        fs::write(&path, format!("{text}\n")).map_err(|e| Failure::io(path.display(), e))?;
    }
    Ok(())
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| Failure::io(folder.display(), error))
}

impl InputPipe {
    /// Says one frame: type, code and value of each event, and the report that ends it.
    ///
    /// # Errors
    /// When nobody reads and the pipe is full.
    pub fn say(&mut self, at: Timestamp, events: &[(u16, u16, i32)]) -> Result<()> {
        self.say_bytes(&frame(at, events))
    }

    /// Says any bytes.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub fn say_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.pipe.write_all(bytes).map_err(|error| Failure::io(self.node.display(), error))
    }
}

impl Drop for InputPipe {
    fn drop(&mut self) {
        // The folder may be gone already.
        let _ = fs::remove_file(&self.node);
    }
}

/// The kernel's `struct input_event` for each of the events, and for the report that ends them.
pub fn frame(at: Timestamp, events: &[(u16, u16, i32)]) -> Vec<u8> {
    let time = [at.micros() / 1_000_000, at.micros() % 1_000_000];
    let time: Vec<u8> =
        time.iter().flat_map(|part| (*part as std::ffi::c_long).to_ne_bytes()).collect();
    let report = [(0, 0, 0)];
    let bytes = events.iter().chain(&report).flat_map(|(kind, code, value)| {
        let rest = [kind.to_ne_bytes(), code.to_ne_bytes()].concat();
        [time.as_slice(), &rest, &value.to_ne_bytes()].concat()
    });
    bytes.collect()
}
