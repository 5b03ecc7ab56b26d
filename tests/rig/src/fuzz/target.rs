//! The readers of foreign bytes, each with samples of what it reads.

use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use mousewarden::agent::control::{ControlRequest, Reply};
use mousewarden::agent::event::StampedEvent;
use mousewarden::agent::model_versions::ModelVersions;
use mousewarden::config::AdminPolicy;
use mousewarden::config::Config;
use mousewarden::data::RecordingReader;
use mousewarden::data::formats::{Format, GenericParams, ReadParams, open};
use mousewarden::error::{Failure, Result};
use mousewarden::lab::protocol::Protocol;
use mousewarden::model::{Backbone, Bundle, Identifier};
use mousewarden::pipeline::{DecisionState, EmbeddingCovariance, KnownMovement, OwnerModel};
use mousewarden::platform::Capture;
use mousewarden::platform::capture::description::Profile;

use crate::bench::untrained;

/// What stands for the model that an adaptation belongs to.
pub(super) const MODEL: &str = "a model";

/// What a reader reads, and where it would lie.
pub(super) struct Sample {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
}

/// What reads bytes that were made of a sample.
pub(super) type Reader = Box<dyn Fn(&Sample, &[u8])>;

/// One reader.
pub(super) struct Target {
    /// One word.
    pub(super) name: String,
    pub(super) samples: Vec<Sample>,
    /// Reads bytes that were made of a sample; whether it refuses them is its business.
    pub(super) read: Reader,
}

/// Readers whose names hold a text.
///
/// # Errors
/// When the fixtures cannot be read.
pub(super) fn targets(only: &str) -> Result<Vec<Target>> {
    let folder = tempfile::tempdir().map_err(|e| Failure::io("a folder for inputs", e))?.keep();
    let mut targets = texts();
    targets.extend(models()?);
    targets.push(adaptation(&folder)?);
    targets.extend(super::sealed::targets(&folder)?);
    #[cfg(feature = "columnar")]
    targets.extend(super::columnar::targets(&folder)?);
    for name in Format::names() {
        targets.extend(format(name.parse()?, &folder)?);
    }
    targets.retain(|target| target.name.contains(only) && !target.samples.is_empty());
    Ok(targets)
}

fn text(name: &str, samples: &[&str], read: fn(&str)) -> Target {
    let sample = |text: &&str| Sample { path: PathBuf::new(), bytes: text.as_bytes().to_vec() };
    Target {
        name: name.into(),
        samples: samples.iter().map(sample).collect(),
        read: Box::new(move |_, bytes| read(&String::from_utf8_lossy(bytes))),
    }
}

pub(super) const RECORDING: &str = "#mousewarden-recording 1\n#capture x11-rdev\n#started 1751871600\n\
                         at_us,what,x,y\n0,start,,\n8013,move,640,412\n16002,press-left,640,412\n\
                         24000,drag,641.5,-3\n32000,release-4,1,1\n40000,unlocked,,\n";
const LAYOUT: &str = "separator = \";\"\ntime = \"when\"\ntime_unit = \"iso8601\"\nposition = \"where\"\n\
                      event = \"what\"\nuser_from = \"file\"\n[events]\n0 = \"move\"\n8 = \"ignore\"\n";
pub(super) const DECISION: &str =
    r#"{"evidence":{"sum":3.5,"windows":4,"block":null},"decision":"suspicious"}"#;
pub(super) const MOVEMENT: &str = r#"{"key":[1,2],"marks":"000000000a000000000b"}"#;

fn texts() -> Vec<Target> {
    let protocol =
        Protocol::find("open-set").map_or_else(|_| String::new(), |one| one.text().to_owned());
    let state = serde_json::to_string(&DecisionState::default()).unwrap_or_default();
    vec![
        text("recording", &[RECORDING], |text| {
            if let Ok(reader) = RecordingReader::new("input", Cursor::new(text.as_bytes())) {
                let _ = reader.count();
            }
        }),
        text("layout", &[LAYOUT], |text| {
            if let Ok(params) = GenericParams::from_toml("input", text) {
                let _ = open(
                    &Format::generic(params),
                    &[fixtures().join("generic")],
                    ReadParams::default(),
                );
            }
        }),
        text("protocol", &[&protocol], |text| drop(Protocol::parse("input", text))),
        text("configuration", &[include_str!("../../../../config.example.toml")], |text| {
            drop(Config::parse("input", text));
        }),
        text("policy", &["max_action = \"lock\"\nnotice_budget_h = 8\n"], |text| {
            drop(AdminPolicy::parse("input", text));
        }),
        text(
            "control",
            &[r#"{"command":"pause","seconds":60}"#, r#"{"reply":"accepted"}"#],
            |text| {
                drop(serde_json::from_str::<ControlRequest>(text));
                drop(serde_json::from_str::<Reply>(text));
            },
        ),
        text(
            "capture",
            &["rdev, mouse 1a2b, 1920x1080+0+0", "x11-rdev; touchpad, 2560x1440"],
            |text| {
                drop((Capture::parse(text), Profile::parse(text)));
            },
        ),
        text(
            "event",
            &[r#"{"wall":"2026-01-01T00:00:00Z","mono_us":1,"event":"paused","seconds":5}"#],
            |text| {
                drop(serde_json::from_str::<StampedEvent>(text));
            },
        ),
        text("decision", &[&state, DECISION], |text| {
            drop(serde_json::from_str::<DecisionState>(text))
        }),
        text("movement", &[MOVEMENT], |text| {
            drop(serde_json::from_str::<KnownMovement>(text));
        }),
    ]
}

fn models() -> Result<Vec<Target>> {
    let sample = |bytes: Vec<u8>| Sample { path: PathBuf::new(), bytes };
    let owner = sample(untrained().to_bytes()?);
    let backbone = sample(include_bytes!("../../../../onnx/backbone.onnx").to_vec());
    let target = |name: &str, sample, read: fn(&[u8])| Target {
        name: name.into(),
        samples: vec![sample],
        read: Box::new(move |_, bytes| read(bytes)),
    };
    Ok(vec![
        target("model", owner, |bytes| {
            drop(Bundle::from_bytes(bytes));
            drop(Identifier::from_bytes(bytes));
        }),
        target("backbone", backbone, |bytes| drop(Backbone::from_bytes(bytes))),
    ])
}

fn adaptation(folder: &Path) -> Result<Target> {
    let bytes = adaptation_text(folder)?;
    let [model, path] = ["owner.onnx", "adaptation.json"].map(|name| folder.join(name));
    let anchor = anchor();
    let read = move |_: &Sample, bytes: &[u8]| {
        if fs::write(&path, bytes).is_ok() {
            drop(ModelVersions::open(&path, &model, &anchor));
        }
    };
    let samples = vec![Sample { path: PathBuf::new(), bytes }];
    Ok(Target { name: "adaptation".into(), samples, read: Box::new(read) })
}

/// Where an enrolment found the owner.
pub(super) fn anchor() -> OwnerModel {
    let covariance = EmbeddingCovariance {
        between_user: vec![1.0; 2],
        between_session: vec![0.1; 2],
        within_session: vec![1.0; 2],
    };
    OwnerModel::of(&covariance, &[0.0; 2], 100, 4.0)
}

/// One version of adaptation to a model that lies in this folder then.
///
/// # Errors
/// When it cannot be written or read.
pub(super) fn adaptation_text(folder: &Path) -> Result<Vec<u8>> {
    let [model, path] = ["owner.onnx", "adaptation.json"].map(|name| folder.join(name));
    fs::write(&model, MODEL).map_err(|e| Failure::io(model.display(), e))?;
    fs::remove_file(&path).or_else(missing).map_err(|e| Failure::io(path.display(), e))?;
    let anchor = anchor();
    let mut versions = ModelVersions::open(&path, &model, &anchor)?;
    versions.add(mousewarden::pipeline::Adapted::enrolled(&anchor), "then".into())?;
    fs::read(&path).map_err(|e| Failure::io(path.display(), e))
}

fn missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Recordings of a format, each in a folder of its own, named as its fixture.
fn format(format: Format, folder: &Path) -> Result<Option<Target>> {
    let name = format.name();
    let root = fixtures().join(name);
    let mut samples = Vec::new();
    collect(&root, &root, &mut samples).map_err(|e| Failure::io(root.display(), e))?;
    if samples.is_empty() {
        return Ok(None);
    }
    let place = folder.join(name);
    let read = move |sample: &Sample, bytes: &[u8]| {
        let file = place.join(&sample.path);
        let made = file.parent().map_or(Ok(()), fs::create_dir_all);
        if made.and_then(|()| fs::write(&file, bytes)).is_err() {
            return;
        }
        if let Ok(dataset) = open(&format, std::slice::from_ref(&place), ReadParams::default()) {
            for user in dataset.users() {
                dataset.sessions(user).for_each(drop);
            }
        }
        let _ = fs::remove_dir_all(&place);
    };
    Ok(Some(Target { name: format!("format-{name}"), samples, read: Box::new(read) }))
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/formats")
}

fn collect(root: &Path, folder: &Path, into: &mut Vec<Sample>) -> std::io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(root, &path, into)?;
        } else {
            let bytes = fs::read(&path)?;
            let path = path.strip_prefix(root).map_or_else(|_| path.clone(), Path::to_owned);
            into.push(Sample { path, bytes });
        }
    }
    Ok(())
}
