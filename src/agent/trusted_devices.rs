//! The mice and screens that the owner has used since the enrolment and given a password after, in a
//! file beside the model. A damaged file is an empty list: a password makes a device known again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::data::private;
use crate::error::{Failure, FailureKind, Result};
use crate::files;
use crate::platform::capture::description::Capture;

/// No list comes near this.
const MAX_BYTES: u64 = 1 << 20;
/// Who plugs in more than so many keeps the newest.
const MOST: usize = 64;

/// A device or a set of screens that counts as the owner's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrustedDevice {
    /// Since when, in UTC as RFC 3339.
    pub since: String,
    /// Back end, device and screens, as a model notes them.
    pub capture: String,
}

/// The list, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedDevices {
    path: PathBuf,
    devices: Vec<TrustedDevice>,
}

impl TrustedDevices {
    /// The list at this place; empty where the file is missing or damaged.
    pub(crate) fn load(path: &Path) -> Self {
        // The device is the owner's again with the next unlock; a watch that does not start would
        // cost more.
        let devices = read(path).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!("{}: {error}; a password makes one known again", path.display());
            }
            Vec::new()
        });
        Self { path: path.to_owned(), devices }
    }

    /// The devices, the oldest first.
    pub(crate) fn devices(&self) -> &[TrustedDevice] {
        &self.devices
    }

    /// What they capture.
    pub(crate) fn captures(&self) -> impl Iterator<Item = Capture> {
        self.devices.iter().map(|device| Capture::parse(&device.capture))
    }

    /// Takes a device in for good.
    ///
    /// # Errors
    /// When the file cannot be written; until it can, the device is the owner's all the same.
    pub(super) fn add(&mut self, capture: &Capture, since: String) -> io::Result<()> {
        let capture = capture.to_string();
        // Names are compared as text: the same mouse in other screens is another capture.
        if self.devices.iter().any(|device| device.capture == capture) {
            return Ok(());
        }
        self.devices.push(TrustedDevice { since, capture });
        // The oldest goes, which is most likely a mouse that broke.
        self.devices.drain(..self.devices.len().saturating_sub(MOST));
        self.write()
    }

    /// Forgets one of them, counted from 1.
    ///
    /// # Errors
    /// When there is no such device, or the file cannot be written.
    pub(crate) fn forget(&mut self, number: usize) -> Result<TrustedDevice> {
        let Some(index) = number.checked_sub(1).filter(|at| *at < self.devices.len()) else {
            let what = format!("there is no device {number} to forget");
            return Err(Failure::new(FailureKind::Usage, what)
                .remedy("`mousewarden devices` lists them with their numbers."));
        };
        let forgotten = self.devices.remove(index);
        self.write().map_err(Failure::at(self.path.display()))?;
        Ok(forgotten)
    }

    /// Forgets all of them, even where the file is damaged.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn forget_all(&mut self) -> Result<()> {
        self.devices.clear();
        self.write().map_err(Failure::at(self.path.display()))
    }

    fn write(&self) -> io::Result<()> {
        let text = serde_json::to_vec(&self.devices).map_err(io::Error::other)?;
        private::replace(&self.path, &text)
    }
}

fn read(path: &Path) -> io::Result<Vec<TrustedDevice>> {
    if fs::metadata(path)?.len() > MAX_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    serde_json::from_slice(&files::read(path)?).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(name: &str) -> Capture {
        Capture::parse(&format!("x11-rdev; mouse {name}; 1920x1080"))
    }

    fn names(list: &TrustedDevices) -> Vec<String> {
        list.captures().filter_map(|capture| Some(capture.pointer?.name)).collect()
    }

    #[test]
    fn a_device_is_kept_once_and_can_be_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("devices.json");
        let mut list = TrustedDevices::load(&path);
        for name in ["A", "B", "A"] {
            list.add(&capture(name), "2026-03-02T09:14:05Z".into()).unwrap();
        }
        assert_eq!(names(&TrustedDevices::load(&path)), ["A", "B"]);
        assert_eq!(list.forget(1).unwrap().capture, capture("A").to_string());
        assert_eq!(names(&TrustedDevices::load(&path)), ["B"]);
        for wrong in [0, 2] {
            assert_eq!(list.forget(wrong).unwrap_err().kind(), FailureKind::Usage);
        }
        fs::write(&path, "[").unwrap();
        list.forget_all().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[]");
    }

    #[test]
    fn the_newest_are_kept_and_a_damaged_file_is_an_empty_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("devices.json");
        let mut list = TrustedDevices::load(&path);
        for n in 0..MOST + 2 {
            list.add(&capture(&n.to_string()), String::new()).unwrap();
        }
        let kept = names(&TrustedDevices::load(&path));
        assert_eq!((kept.len(), kept[0].as_str()), (MOST, "2"));
        for damaged in ["[", "{}", "[{\"since\":1}]"] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(TrustedDevices::load(&path).devices(), []);
        }
        fs::File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(TrustedDevices::load(&path).devices(), []);
    }
}
