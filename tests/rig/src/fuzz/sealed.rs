//! Sealed files and their keys. Whoever can write into the owner's folder damages sealed bytes; who
//! has the key too damages what they hold. Nonces are new in every process, and no outcome hangs on
//! them: the same number damages the same places again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use mousewarden::agent::later_movement::LaterMovement;
use mousewarden::agent::model_versions::ModelVersions;
use mousewarden::agent::saved::SavedDecision;
use mousewarden::data::RecordingReader;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::model::Bundle;
use mousewarden::sealing::{self, Key, KeyFault, KeyId, KeyNote, KeySource, Kind};

use super::target::{
    DECISION, MODEL, MOVEMENT, RECORDING, Reader, Sample, Target, adaptation_text, anchor,
};
use crate::bench::untrained;

/// Text of a recording that is sealed in more than one chunk, bytes.
const LONG: usize = 70_000;

/// The one key of this process. Nothing is sealed with it unasked: other tests run beside.
struct OneKey;

static KEY: OnceLock<Key> = OnceLock::new();

impl KeySource for OneKey {
    fn current(&self) -> Option<KeyId> {
        None
    }

    fn find(&self, id: KeyId) -> std::result::Result<Key, KeyFault> {
        let known = KEY.get().filter(|key| key.id() == id);
        known.cloned().ok_or_else(|| KeyFault::Missing("the fuzzer".into()))
    }
}

fn key() -> Result<&'static Key> {
    if let Some(key) = KEY.get() {
        return Ok(key);
    }
    let key = Key::random().map_err(|fault| unsealed(&fault))?;
    sealing::serve_keys(Box::new(OneKey));
    Ok(KEY.get_or_init(|| key))
}

fn unsealed(fault: &KeyFault) -> Failure {
    Failure::new(FailureKind::Internal, format!("a sealed sample: {fault}"))
}

/// A target of damaged sealed bytes and one of damaged content for every kind, and the keys.
///
/// # Errors
/// When a sample cannot be made.
pub(super) fn targets(folder: &Path) -> Result<Vec<Target>> {
    let key = key()?;
    let mut targets = keys(key);
    for kind in Kind::ALL {
        let texts = texts(kind, folder)?;
        let mut samples = texts
            .iter()
            .map(|text| sealing::seal(key, kind, text).map(sample))
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|fault| unsealed(&fault))?;
        if kind == Kind::Recording {
            samples.push(sample(in_chunks(key, folder)?));
        }
        let word = word(kind);
        let place = folder.join(format!("sealed-{word}"));
        targets.push(Target {
            name: format!("sealed-{word}"),
            samples,
            read: reader(kind, place)?,
        });
        let place = folder.join(format!("opened-{word}"));
        let read = reader(kind, place)?;
        let read_sealed = move |from: &Sample, text: &[u8]| {
            if let Ok(bytes) = sealing::seal(key, kind, text) {
                read(from, &bytes);
            }
        };
        targets.push(Target {
            name: format!("opened-{word}"),
            samples: texts.into_iter().map(sample).collect(),
            read: Box::new(read_sealed),
        });
    }
    Ok(targets)
}

fn sample(bytes: Vec<u8>) -> Sample {
    Sample { path: PathBuf::new(), bytes }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Model => "model",
        Kind::Recording => "recording",
        Kind::Adaptation => "adaptation",
        Kind::Movement => "movement",
        Kind::Decision => "decision",
    }
}

/// What the files of a kind hold.
fn texts(kind: Kind, folder: &Path) -> Result<Vec<Vec<u8>>> {
    Ok(match kind {
        Kind::Model => vec![untrained().to_bytes()?],
        Kind::Recording => vec![RECORDING.into()],
        Kind::Adaptation => vec![adaptation_text(folder)?],
        Kind::Movement => vec![MOVEMENT.into()],
        Kind::Decision => vec![DECISION.into()],
    })
}

/// A recording in several chunks, as one that grew.
fn in_chunks(key: &Key, folder: &Path) -> Result<Vec<u8>> {
    let path = folder.join("chunks");
    let io = |error| Failure::io(path.display(), error);
    let line = "48000,move,641,413\n";
    let text = format!("{RECORDING}{}", line.repeat(LONG / line.len()));
    File::create(&path)
        .and_then(|file| sealing::seal_text(text.as_bytes(), file, key, Kind::Recording))
        .and_then(|_| fs::read(&path))
        .map_err(io)
}

/// What reads the files of a kind, from a folder of its own.
fn reader(kind: Kind, folder: PathBuf) -> Result<Reader> {
    fs::create_dir_all(&folder).map_err(|error| Failure::io(folder.display(), error))?;
    let path = match kind {
        Kind::Decision => folder.join("decision.json"),
        _ => folder.join("file"),
    };
    let file = path.clone();
    let decision = SavedDecision::within(&folder);
    let anchor = anchor();
    let read = move || match kind {
        Kind::Model => {
            drop(Bundle::read(&path));
            // The model by its content alone, whatever it is sealed as.
            drop(ModelVersions::open(&folder.join("none"), &path, &anchor));
        }
        Kind::Recording => {
            if let Ok(reader) = RecordingReader::open(&path) {
                let _ = reader.count();
            }
        }
        Kind::Adaptation => {
            drop(ModelVersions::open(&path, &folder.join("model"), &anchor));
        }
        Kind::Movement => drop(LaterMovement::at(&path).load()),
        Kind::Decision => drop(decision.load()),
    };
    if kind == Kind::Adaptation {
        let model = file.with_file_name("model");
        fs::write(&model, MODEL).map_err(|error| Failure::io(model.display(), error))?;
    }
    Ok(Box::new(move |_, bytes| {
        if fs::write(&file, bytes).is_ok() {
            read();
        }
    }))
}

/// The file of a key, and the note that names the one in force.
fn keys(key: &'static Key) -> Vec<Target> {
    let id = key.id();
    let note = format!(r#"{{"now":{{"key":"{id}","place":"file"}},"former":[]}}"#);
    let digits = move |_: &Sample, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        drop((Key::from_digits(id, &text), KeyId::parse(&text)));
    };
    let noted = |_: &Sample, bytes: &[u8]| drop(KeyNote::parse(bytes));
    vec![
        Target {
            name: "key".into(),
            samples: vec![sample(key.digits().as_bytes().to_vec())],
            read: Box::new(digits),
        },
        Target {
            name: "key-note".into(),
            samples: vec![sample(note.into_bytes())],
            read: Box::new(noted),
        },
    ]
}
