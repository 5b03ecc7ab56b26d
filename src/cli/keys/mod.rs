//! The keys of the owner's files: in the desktop's key store where one is open, in files of a folder
//! apart from the data otherwise. `key.json` in the data folder names the one in force and where it
//! is kept; a file that is sealed names its own.

mod renewal;
mod wait;

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use zeroize::Zeroizing;

pub(super) use self::renewal::{
    UNREADABLE, before_enrolment, forget_unused, lost, ready, renew, seal_recordings,
};
pub(super) use self::wait::wait;
use super::context::paths;
use crate::data::private;
use crate::error::{Failure, Result};
use crate::files;
use crate::paths::Paths;
use crate::pipeline::Timestamp;
use crate::platform::clock;
use crate::platform::key_store::{self, StoreFault};
use crate::sealing::{self, KeptKey, Key, KeyFault, KeyId, KeyNote, KeyPlace, KeySource};

/// The file in the data folder that names the key in force.
const NOTE: &str = "key.json";
/// A key store that could not be asked is not asked again for so long, microseconds.
const RESPITE_US: i64 = 5_000_000;

/// The keys of one data folder.
#[derive(Debug, Clone)]
pub(super) struct OwnerKeys {
    note: PathBuf,
    folder: PathBuf,
    has_store: bool,
}

/// Names the owner's keys as those of this process; nothing is asked before a sealed file is met.
pub(super) fn serve() {
    sealing::serve_keys(Box::new(Keys::default()));
}

/// The keys of this process's owner.
#[derive(Default)]
struct Keys {
    /// Looked up once: the policy is read for it.
    owner: OnceLock<Option<OwnerKeys>>,
    /// The key store's last refusal.
    refused: Mutex<Option<(Timestamp, KeyFault)>>,
}

impl Keys {
    fn owner(&self) -> Option<&OwnerKeys> {
        self.owner.get_or_init(|| paths().ok().map(|paths| OwnerKeys::of(&paths))).as_ref()
    }
}

impl KeySource for Keys {
    fn current(&self) -> Option<KeyId> {
        self.owner()?.current()
    }

    fn find(&self, id: KeyId) -> Result<Key, KeyFault> {
        let keys =
            self.owner().ok_or_else(|| KeyFault::Missing("any place of this user's".into()))?;
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        if let Some((at, fault)) = &*refused
            && now.micros() - at.micros() < RESPITE_US
            && !keys.file(id).exists()
        {
            return Err(fault.clone());
        }
        let found = keys.find(id);
        *refused = match &found {
            Err(fault) if fault.is_temporary() => Some((clock::now(), fault.clone())),
            _ => None,
        };
        found
    }
}

impl OwnerKeys {
    pub(super) fn of(paths: &Paths) -> Self {
        Self {
            note: paths.data().join(NOTE),
            folder: paths.keys().to_owned(),
            has_store: paths.has_key_store(),
        }
    }

    /// The file that names the key in force.
    pub(super) fn note_file(&self) -> &Path {
        &self.note
    }

    /// The key in force and where it is kept; none where nothing is sealed.
    pub(super) fn in_force(&self) -> Option<KeptKey> {
        self.note().map(|note| note.now)
    }

    fn current(&self) -> Option<KeyId> {
        self.in_force().and_then(|kept| kept.id())
    }

    fn note(&self) -> Option<KeyNote> {
        let text = match files::read(&self.note) {
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            text => text,
        };
        text.and_then(|text| KeyNote::parse(&text).map_err(io::Error::from))
            .inspect_err(|error| tracing::warn!("{}: {error}", self.note.display()))
            .ok()
    }

    fn write(&self, note: &KeyNote) -> Result<()> {
        let text = serde_json::to_vec(note).map_err(io::Error::other);
        text.and_then(|text| private::replace(&self.note, &text))
            .map_err(|error| Failure::io(self.note.display(), error))
    }

    /// The file of a key that no key store keeps.
    pub(super) fn file(&self, id: KeyId) -> PathBuf {
        self.folder.join(format!("{id}.key"))
    }

    /// A key by its name: from its file, else from the key store.
    pub(super) fn find(&self, id: KeyId) -> Result<Key, KeyFault> {
        // The file first: it answers at once, a bus may take its deadline.
        match files::read_to_string(&self.file(id)).map(Zeroizing::new) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::InvalidData => return Err(KeyFault::Wrong),
            Err(error) => return Err(unreadable(&self.file(id), &error)),
            Ok(digits) => return Key::from_digits(id, &digits),
        }
        let is_in_file = self.note().is_some_and(|note| {
            let all = note.former.iter().chain([&note.now]);
            all.into_iter().any(|kept| kept.id() == Some(id) && kept.place == KeyPlace::File)
        });
        if is_in_file || !self.has_store {
            return Err(KeyFault::Missing(self.folder.display().to_string()));
        }
        match key_store::find(&id.to_string()).map_err(unavailable)?.map(Zeroizing::new) {
            None => Err(KeyFault::Missing("the desktop's key store".into())),
            Some(digits) => Key::from_digits(id, &digits),
        }
    }

    /// A new key, kept in the key store where one is open, in a file otherwise.
    fn make(&self) -> Result<KeptKey> {
        let key = Key::random().map_err(|fault| fault.of("a key for your files"))?;
        let id = key.id();
        if self.has_store {
            match self.keep_in_store(&key) {
                Ok(()) => return Ok(KeptKey { key: id.to_string(), place: KeyPlace::KeyStore }),
                Err(fault) => tracing::info!("the key of your files lies in a file: {fault}"),
            }
        }
        let file = self.file(id);
        let kept = private::folder(&self.folder)
            .and_then(|()| private::replace(&file, key.digits().as_bytes()));
        kept.map_err(|error| Failure::io(format!("key {}", file.display()), error))?;
        Ok(KeptKey { key: id.to_string(), place: KeyPlace::File })
    }

    /// Keeps a key in the store, and reads it back: one that does not come back is no key.
    fn keep_in_store(&self, key: &Key) -> Result<(), StoreFault> {
        let id = key.id().to_string();
        let secret = key.digits();
        // In digits: not every store takes bytes.
        key_store::keep(&id, &secret)?;
        let back = key_store::find(&id)?.map(Zeroizing::new);
        if back.is_some_and(|back| *back == *secret) {
            return Ok(());
        }
        let _ = key_store::remove(&id);
        Err(StoreFault::Failed("it gives back another key than it was given".into()))
    }

    /// Removes a key from where it is kept.
    fn remove(&self, kept: &KeptKey) -> Result<()> {
        let Some(id) = kept.id() else { return Ok(()) };
        if kept.place == KeyPlace::KeyStore {
            return key_store::remove(&kept.key)
                .map_err(|fault| unavailable(fault).of(&format!("key {}", id.short())));
        }
        match fs::remove_file(self.file(id)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Failure::io(format!("key {}", self.file(id).display()), error))
            }
            _ => {
                // Others may lie there.
                let _ = fs::remove_dir(&self.folder);
                Ok(())
            }
        }
    }

    /// Where the key in force is, and what follows from it, as a sentence; what is wrong otherwise.
    ///
    /// # Errors
    /// When it is not to be had.
    pub(super) fn words(&self, kept: &KeptKey) -> Result<String> {
        let id = kept.id().ok_or_else(|| KeyFault::Wrong.of(&self.note.display().to_string()))?;
        self.find(id)
            .map_err(|fault| fault.of(&format!("the key {} of your files", id.short())))?;
        Ok(match kept.place {
            KeyPlace::KeyStore => {
                "in the desktop's key store: a copy of the disk alone opens nothing".into()
            }
            KeyPlace::File => format!(
                "in {}: whoever copies that file too can open the rest",
                self.file(id).display()
            ),
        })
    }
}

fn unreadable(file: &Path, error: &io::Error) -> KeyFault {
    KeyFault::Unavailable(
        format!("its key {} cannot be read: {error}", file.display()),
        format!("Let yourself read it: {}", private::closing(file)),
    )
}

fn unavailable(fault: StoreFault) -> KeyFault {
    let remedy = format!(
        "{}; or `mousewarden --enroll --again` begins anew, with a new key.",
        fault.remedy()
    );
    KeyFault::Unavailable(fault.to_string(), remedy)
}
