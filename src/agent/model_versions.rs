//! What the agent has learnt from what follows unlocks: where the owner is found now, version by
//! version, in a file beside the model. The model itself stays as it was enrolled, so every version
//! can be taken back.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::data::private;
use crate::error::{Failure, FailureKind, Result};
use crate::files;
use crate::pipeline::adaptation::REACH;
use crate::pipeline::{Adapted, OwnerModel};
use crate::sealing::{self, Kind};

/// Versions that are kept; the oldest go first.
const MOST: usize = 50;

/// One step of learning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Counted from 1.
    pub number: u32,
    /// Wall time.
    pub at: String,
    /// How far it is from the enrolment, see
    /// [`OwnerMean::drift`](crate::pipeline::OwnerMean::drift).
    pub drift: f64,
    /// Where the owner is found, and how far the limits are raised.
    pub adapted: Adapted,
}

impl Version {
    /// Whether the model has been led as far as it may be. Most owners get there within days:
    /// chance alone moves every one of many dimensions a little.
    pub(crate) fn is_at_the_end(&self) -> bool {
        self.drift > 0.95 * REACH
    }
}

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    model_sha256: String,
    versions: Vec<Version>,
}

/// The versions of one model.
#[derive(Debug, Clone)]
pub struct ModelVersions {
    path: PathBuf,
    model_sha256: String,
    anchor: OwnerModel,
    versions: Vec<Version>,
}

impl ModelVersions {
    /// Reads what was learnt with this model, whose owner enrolment found at `anchor`. What was
    /// learnt with another model is none of this one's, and goes when something new is learnt.
    ///
    /// # Errors
    /// [`FailureKind::Data`] when the file is damaged, otherwise why file or model cannot be read.
    pub fn open(path: &Path, model: &Path, anchor: &OwnerModel) -> Result<Self> {
        // Of the content, so that sealing a model is no change of it.
        let model_sha256 = sealing::sha256_of_content(model)?;
        let written = read(path)?;
        // Another model's means are numbers of another space.
        let ours = written.model_sha256 == model_sha256;
        let versions = if ours { written.versions } else { Vec::new() };
        // A file that was changed by hand could lead the owner anywhere: each version is held
        // against the enrolment.
        let wrong = versions.iter().find_map(|version| version.adapted.validate(anchor).err());
        match wrong {
            Some(wrong) => Err(damaged(path, &wrong)),
            None => Ok(Self { path: path.into(), model_sha256, anchor: anchor.clone(), versions }),
        }
    }

    /// All versions, the oldest first.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The one in force; nothing before the first.
    pub fn now(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// Adds a version, in force from now on. The file is written before this returns.
    ///
    /// # Errors
    /// When it cannot be written; the version is kept in memory.
    pub fn add(&mut self, adapted: Adapted, at: String) -> Result<()> {
        let number = self.now().map_or(1, |last| last.number.saturating_add(1));
        let drift = adapted.owner.drift(&self.anchor);
        // In force before the disk has it: a full disk must not stop the following.
        self.versions.push(Version { number, at, drift, adapted });
        let surplus = self.versions.len().saturating_sub(MOST);
        self.versions.drain(..surplus);
        self.write()
    }

    /// Takes back everything after this version; 0 is the enrolment.
    ///
    /// # Errors
    /// [`FailureKind::Config`] when there is no such version, otherwise why it cannot be written.
    pub(crate) fn roll_back(&mut self, number: u32) -> Result<()> {
        let known = number == 0 || self.versions.iter().any(|version| version.number == number);
        if !known {
            let what = format!("there is no version {number} of the adapted model");
            return Err(Failure::new(FailureKind::Config, what)
                .remedy("`mousewarden adaptation` lists them; 0 is the enrolment."));
        }
        self.versions.retain(|version| version.number <= number);
        self.write()
    }

    fn write(&self) -> Result<()> {
        let Self { path, model_sha256, versions, .. } = self;
        let written = Written { model_sha256: model_sha256.clone(), versions: versions.clone() };
        let text = serde_json::to_vec(&written).map_err(|e| {
            Failure::new(FailureKind::Internal, format!("the adaptations as JSON: {e}"))
        })?;
        let written = sealing::sealed(Kind::Adaptation, &text)
            .and_then(|bytes| private::replace(path, &bytes));
        written.map_err(|e| Failure::io(path.display(), e))
    }
}

fn read(path: &Path) -> Result<Written> {
    match files::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Written::default()),
        Err(error) => Err(Failure::io(path.display(), error)),
        Ok(bytes) => {
            let name = format!("{}, the adaptations since the enrolment", path.display());
            // A key that is locked now is no damage: only what will never open may be forgotten.
            let text = sealing::opened(&name, Kind::Adaptation, bytes).map_err(closed)?;
            serde_json::from_slice(&text).map_err(|e| damaged(path, &e.to_string()))
        }
    }
}

const FORGET: &str = "`mousewarden adaptation forget` goes back to the enrolment.";

fn damaged(path: &Path, why: &str) -> Failure {
    let what = format!("{}, the adaptations since the enrolment: {why}", path.display());
    Failure::new(FailureKind::Data, what).remedy(FORGET)
}

/// A file that will never open can be done without.
fn closed(failure: Failure) -> Failure {
    if failure.kind() == FailureKind::Data { failure.remedy(FORGET) } else { failure }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{EmbeddingCovariance, OwnerMean};
    use std::fs;

    struct Desk {
        folder: tempfile::TempDir,
        anchor: OwnerModel,
    }

    impl Desk {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("owner.onnx"), "a model").unwrap();
            let covariance = EmbeddingCovariance {
                between_user: vec![1.0],
                between_session: vec![0.1],
                within_session: vec![1.0],
            };
            Self { folder, anchor: OwnerModel::of(&covariance, &[0.0], 100, 4.0) }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("adaptation.json")
        }

        fn open(&self) -> Result<ModelVersions> {
            ModelVersions::open(&self.path(), &self.folder.path().join("owner.onnx"), &self.anchor)
        }

        fn adapted(&self, mean: f32) -> Adapted {
            let enrolled = Adapted::enrolled(&self.anchor);
            Adapted { owner: OwnerMean { mean: vec![mean], ..enrolled.owner.clone() }, ..enrolled }
        }

        /// Learns one version after another.
        fn learn(&self, means: &[f32]) -> ModelVersions {
            let mut adaptation = self.open().unwrap();
            for mean in means {
                adaptation.add(self.adapted(*mean), "then".into()).unwrap();
            }
            adaptation
        }
    }

    #[test]
    fn versions_last_and_can_be_taken_back() {
        let control = Desk::new();
        assert!(control.open().unwrap().now().is_none());
        control.learn(&[0.1, 0.2, 0.3]);
        let mut again = control.open().unwrap();
        let now = again.now().unwrap();
        assert_eq!((now.number, &now.adapted), (3, &control.adapted(0.3)));
        assert!((now.drift - 0.3).abs() < 1e-6 && !now.is_at_the_end());
        assert!(control.learn(&[0.35]).now().unwrap().is_at_the_end());
        again = control.open().unwrap();
        again.roll_back(1).unwrap();
        assert_eq!(control.open().unwrap().now().unwrap().number, 1);
        assert_eq!(again.roll_back(3).unwrap_err().kind(), FailureKind::Config);
        again.roll_back(0).unwrap();
        assert!(control.open().unwrap().now().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_it_and_it_does_not_grow_for_ever() {
        use std::os::unix::fs::PermissionsExt;
        let control = Desk::new();
        let adaptation = control.learn(&[0.1; MOST + 5]);
        assert_eq!((adaptation.versions().len(), adaptation.versions()[0].number), (MOST, 6));
        assert_eq!(fs::metadata(control.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn another_model_has_learnt_nothing() {
        let control = Desk::new();
        control.learn(&[0.1]);
        fs::write(control.folder.path().join("owner.onnx"), "another model").unwrap();
        assert!(control.open().unwrap().now().is_none());
    }

    #[test]
    fn a_damaged_file_is_named_with_its_remedy_and_so_is_a_place_that_nobody_learnt() {
        let control = Desk::new();
        control.learn(&[0.3]);
        let good = fs::read_to_string(control.path()).unwrap();
        for bad in [&good[..good.len() / 2], &good.replace("[0.3]", "[4.0]")] {
            fs::write(control.path(), bad).unwrap();
            let failure = control.open().unwrap_err();
            assert_eq!(failure.kind(), FailureKind::Data);
            let said = failure.to_string();
            assert!(
                said.contains("adaptation.json") && said.contains("adaptation forget"),
                "{said}"
            );
        }
    }

    #[test]
    fn whatever_happens_to_the_file_is_a_refusal_and_never_the_end() {
        let control = Desk::new();
        control.learn(&[0.1, 0.2, 0.3]);
        let good = fs::read(control.path()).unwrap();
        let mut state = 11_u64;
        let mut refused = 0;
        for round in 0..300 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(state >> 33).unwrap() % good.len();
            let mut bytes = good.clone();
            if round % 3 == 0 {
                bytes.truncate(at);
            } else {
                bytes[at] ^= 1 << (round % 8);
            }
            fs::write(control.path(), &bytes).unwrap();
            match control.open() {
                Ok(adaptation) => assert!(adaptation.versions().len() <= 3),
                Err(failure) => {
                    assert_eq!(failure.kind(), FailureKind::Data, "{failure}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 100, "{refused}");
    }
}
