//! The Secret Service of the session bus: GNOME Keyring, KWallet, KeePassXC. Secrets travel over the
//! bus as they are ("plain"): whoever can listen to the owner's bus can ask for them too.

use std::collections::HashMap;
use std::time::Duration;

use zbus::blocking::Connection;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use super::StoreFault;
use crate::platform::linux::bus::{Bus, Object};

/// How long the bus, and then each call, may take.
const DEADLINE: Duration = Duration::from_secs(2);
const SERVICE: &str = "org.freedesktop.secrets";
/// What the entries of this program have in common.
const APPLICATION: &str = "mousewarden";

/// Session, parameters, secret, type of its content.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// A connection to the store.
struct SecretService {
    bus: Connection,
    service: Object,
    session: OwnedObjectPath,
}

/// The secret with this name; nothing where the store holds none.
///
/// # Errors
/// When there is no store, it is locked, or it does not answer in time.
pub(crate) fn find(id: &str) -> Result<Option<String>, StoreFault> {
    SecretService::open(&Bus::Session)?.find(id)
}

/// Keeps a secret under this name in the owner's usual collection.
///
/// # Errors
/// As [`find`]; when it would have to ask the person first.
pub(crate) fn keep(id: &str, secret: &str) -> Result<(), StoreFault> {
    SecretService::open(&Bus::Session)?.keep(id, secret)
}

/// Removes the secret with this name, if there is one.
///
/// # Errors
/// As [`find`].
pub(crate) fn remove(id: &str) -> Result<(), StoreFault> {
    SecretService::open(&Bus::Session)?.remove(id)
}

impl SecretService {
    fn open(bus: &Bus) -> Result<Self, StoreFault> {
        let bus = bus.connect_within(DEADLINE).map_err(|e| StoreFault::None(e.first_line()))?;
        let service =
            Object::new(SERVICE, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service");
        let opened = service.call(&bus, "OpenSession", &("plain", Value::from("")));
        let (_, session): (OwnedValue, OwnedObjectPath) = opened.map_err(|error| match error {
            zbus::Error::MethodError(name, ..) if is_absence(name.as_str()) => {
                StoreFault::None("no Secret Service on the session bus".into())
            }
            error => failed(error),
        })?;
        Ok(Self { bus, service, session })
    }

    /// Items with this name, the unlocked and the locked ones.
    fn items(&self, id: &str) -> Result<[Vec<OwnedObjectPath>; 2], StoreFault> {
        let found = self.service.call(&self.bus, "SearchItems", &(attributes(id),));
        let (unlocked, locked) = found.map_err(failed)?;
        Ok([unlocked, locked])
    }

    fn find(&self, id: &str) -> Result<Option<String>, StoreFault> {
        let [unlocked, locked] = self.items(id)?;
        let Some(item) = unlocked.first() else {
            return if locked.is_empty() { Ok(None) } else { Err(StoreFault::Locked) };
        };
        let asked = (vec![item], &self.session);
        let secrets: HashMap<OwnedObjectPath, Secret> =
            self.service.call(&self.bus, "GetSecrets", &asked).map_err(failed)?;
        let secret = secrets.into_values().next().map(|secret| secret.2);
        Ok(secret.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn keep(&self, id: &str, secret: &str) -> Result<(), StoreFault> {
        let alias = self.service.call(&self.bus, "ReadAlias", &("default",));
        let collection: OwnedObjectPath = alias.map_err(failed)?;
        if collection.as_str() == "/" {
            return Err(StoreFault::None("it has no default collection".into()));
        }
        let collection =
            Object::new(SERVICE, collection.as_str(), "org.freedesktop.Secret.Collection");
        if collection.flag(&self.bus, "Locked").map_err(failed)? {
            return Err(StoreFault::Locked);
        }
        let label = Value::from("Key of mousewarden's files");
        let properties: HashMap<&str, Value<'_>> = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", label),
            ("org.freedesktop.Secret.Item.Attributes", Value::from(attributes(id))),
        ]);
        let none: Vec<u8> = Vec::new();
        let session = ObjectPath::try_from(self.session.as_str()).map_err(|e| failed(e.into()))?;
        let secret = (session, none, secret.as_bytes().to_vec(), "text/plain");
        let made = collection.call(&self.bus, "CreateItem", &(properties, secret, true));
        let (_, prompt): (OwnedObjectPath, OwnedObjectPath) = made.map_err(failed)?;
        if prompt.as_str() == "/" { Ok(()) } else { Err(StoreFault::Locked) }
    }

    fn remove(&self, id: &str) -> Result<(), StoreFault> {
        let [unlocked, locked] = self.items(id)?;
        for item in &unlocked {
            let item = Object::new(SERVICE, item.as_str(), "org.freedesktop.Secret.Item");
            let _prompt: OwnedObjectPath = item.call(&self.bus, "Delete", &()).map_err(failed)?;
        }
        if locked.is_empty() { Ok(()) } else { Err(StoreFault::Locked) }
    }
}

fn attributes(id: &str) -> HashMap<String, String> {
    [("application", APPLICATION), ("key", id)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Whether an error of the bus says that nobody has, or can be started under, the service's name.
fn is_absence(name: &str) -> bool {
    let errors = ["ServiceUnknown", "NameHasNoOwner", "Spawn."];
    errors.iter().any(|error| name.contains(&format!("freedesktop.DBus.Error.{error}")))
}

fn failed(error: zbus::Error) -> StoreFault {
    StoreFault::Failed(error.to_string())
}
