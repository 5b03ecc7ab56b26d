//! The metadata entries of a bundle: JSON values under `mousewarden.*` keys, as `onnx/README.md`
//! lists them. Keys of others are left alone; an entry of ours that fails to parse is a fault.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bundle::{CONTRACT, Limit, OperatingPoint, Provenance};
use super::fault::ModelFault;
use super::onnx_proto::{ModelProto, StringStringEntryProto};
use crate::pipeline::{KinematicProfile, OwnerModel, ScoreCalibration, WindowParams};

/// The architectures of this contract, as files and [`AnyNetwork::architecture`] name them.
///
/// [`AnyNetwork::architecture`]: crate::nn::AnyNetwork::architecture
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// `bilstm`
    BiLstm,
    /// `conv`
    Conv,
}

pub(super) const CONTRACT_KEY: &str = "mousewarden.contract";
pub(super) const ARCHITECTURE_KEY: &str = "mousewarden.architecture";
pub(super) const WINDOWS_KEY: &str = "mousewarden.windows";
const POINTS_KEY: &str = "mousewarden.operating_points";
const SCORE_CALIBRATION_KEY: &str = "mousewarden.score_calibration";
const OWNER_MODEL_KEY: &str = "mousewarden.owner_model";
const LIMITS_KEY: &str = "mousewarden.limits";
const KINEMATICS_KEY: &str = "mousewarden.kinematics";
const GROUP_KEY: &str = "mousewarden.default_group";
const PROVENANCE_KEY: &str = "mousewarden.provenance";

/// What the metadata says, apart from contract and architecture, which are checked here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metadata {
    /// How windows are cut.
    pub windows: WindowParams,
    /// Group sizes and thresholds.
    pub operating_points: Vec<OperatingPoint>,
    /// The recommended group size.
    pub default_group: usize,
    /// What a single score says, for models without an owner model.
    pub score_calibration: Option<ScoreCalibration>,
    /// How groups are judged by their embeddings.
    pub owner_model: Option<OwnerModel>,
    /// Limits of the evidence against the owner.
    pub limits: Vec<Limit>,
    /// How the owner moves in plain numbers.
    pub kinematics: Option<KinematicProfile>,
    /// Where the model comes from.
    pub provenance: Provenance,
}

impl Metadata {
    /// As entries of the file.
    ///
    /// # Errors
    /// [`ModelFault::Unreadable`] when a value has no JSON form.
    pub(crate) fn entries(
        &self,
        architecture: &str,
    ) -> Result<Vec<StringStringEntryProto>, ModelFault> {
        let calibration = self.score_calibration.as_ref();
        let calibration = calibration.map(|c| entry(SCORE_CALIBRATION_KEY, c)).transpose()?;
        let owner_model =
            self.owner_model.as_ref().map(|l| entry(OWNER_MODEL_KEY, l)).transpose()?;
        let limits = Some(&self.limits).filter(|limits| !limits.is_empty());
        let limits = limits.map(|limits| entry(LIMITS_KEY, limits)).transpose()?;
        let kinematics = self
            .kinematics
            .as_ref()
            .map(|kinematics| entry(KINEMATICS_KEY, kinematics))
            .transpose()?;
        let required = [
            entry(CONTRACT_KEY, &CONTRACT)?,
            entry(ARCHITECTURE_KEY, &architecture)?,
            entry(WINDOWS_KEY, &self.windows)?,
            entry(POINTS_KEY, &self.operating_points)?,
            entry(GROUP_KEY, &self.default_group)?,
            entry(PROVENANCE_KEY, &self.provenance)?,
        ];
        // Entries that a model does not have are left out, so that older readers of this contract
        // see what they know.
        let optional = [calibration, owner_model, limits, kinematics].into_iter().flatten();
        Ok(required.into_iter().chain(optional).collect())
    }

    /// From the entries of a file. The contract is read first: nothing else is believed of a file
    /// that follows another.
    ///
    /// # Errors
    /// [`ModelFault::Foreign`], [`ModelFault::Contract`], [`ModelFault::Missing`],
    /// [`ModelFault::Unreadable`].
    pub(crate) fn of(model: &ModelProto) -> Result<Self, ModelFault> {
        architecture_of(model)?;
        Ok(Self {
            windows: read(model, WINDOWS_KEY)?,
            operating_points: read(model, POINTS_KEY)?,
            default_group: read(model, GROUP_KEY)?,
            score_calibration: optional(model, SCORE_CALIBRATION_KEY)?,
            owner_model: optional(model, OWNER_MODEL_KEY)?,
            limits: optional(model, LIMITS_KEY)?.unwrap_or_default(),
            kinematics: optional(model, KINEMATICS_KEY)?,
            provenance: read(model, PROVENANCE_KEY)?,
        })
    }
}

/// The architecture of a file that follows this contract; asked before anything else of it.
///
/// # Errors
/// [`ModelFault::Foreign`], [`ModelFault::Contract`], [`ModelFault::Missing`],
/// [`ModelFault::Unreadable`].
pub(super) fn architecture_of(model: &ModelProto) -> Result<Architecture, ModelFault> {
    follows_version(model)?;
    let architecture: String = read(model, ARCHITECTURE_KEY)?;
    match architecture.as_str() {
        "bilstm" => Ok(Architecture::BiLstm),
        "conv" => Ok(Architecture::Conv),
        // Told by its own name: it may be an architecture of a later version.
        _ => Err(ModelFault::Graph(format!("it calls itself {architecture:?}"))),
    }
}

/// Whether a file follows this version of the contract, whatever its architecture.
///
/// # Errors
/// [`ModelFault::Foreign`], [`ModelFault::Contract`], [`ModelFault::Missing`],
/// [`ModelFault::Unreadable`].
pub(super) fn follows_version(model: &ModelProto) -> Result<(), ModelFault> {
    if text(model, CONTRACT_KEY).is_none() {
        let producer = model.producer_name.clone().unwrap_or_default();
        return Err(ModelFault::Foreign(if producer.is_empty() {
            "an unnamed program".into()
        } else {
            producer
        }));
    }
    let found: u64 = read(model, CONTRACT_KEY)?;
    if found != u64::from(CONTRACT) {
        return Err(ModelFault::Contract { found });
    }
    Ok(())
}

pub(super) fn entry(
    key: &'static str,
    value: &impl Serialize,
) -> Result<StringStringEntryProto, ModelFault> {
    // JSON in a string, because ONNX's metadata is text and tools show it as such.
    let value = serde_json::to_string(value).map_err(|error| unreadable(key, &error))?;
    Ok(StringStringEntryProto { key: Some(key.into()), value: Some(value) })
}

pub(super) fn read<T: DeserializeOwned>(
    model: &ModelProto,
    key: &'static str,
) -> Result<T, ModelFault> {
    let text = text(model, key).ok_or(ModelFault::Missing(key))?;
    serde_json::from_str(text).map_err(|error| unreadable(key, &error))
}

/// An entry that may be missing.
pub(super) fn optional<T: DeserializeOwned>(
    model: &ModelProto,
    key: &'static str,
) -> Result<Option<T>, ModelFault> {
    // A missing entry is none; one that cannot be read is a fault all the same.
    text(model, key).map(|_| read(model, key)).transpose()
}

fn text<'m>(model: &'m ModelProto, key: &str) -> Option<&'m str> {
    let entry = model.metadata_props.iter().find(|entry| entry.key.as_deref() == Some(key))?;
    Some(entry.value.as_deref().unwrap_or_default())
}

fn unreadable(key: &'static str, error: &serde_json::Error) -> ModelFault {
    ModelFault::Unreadable { key, reason: error.to_string() }
}
