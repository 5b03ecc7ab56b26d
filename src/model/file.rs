//! The owner's bundle as bytes, and what the bytes of every kind of model have in common. Files are
//! opened and written elsewhere.

use std::path::Path;

use prost::Message;

use super::bundle::Bundle;
use super::check::check;
use super::checksum;
use super::content::{self, Content};
use super::fault::ModelFault;
use super::graph::graph_of;
use super::metadata::{Metadata, architecture_of};
use super::onnx_proto::{GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto};
use super::weights::network_of;
use crate::error::Result;
use crate::nn::AnyNetwork;

/// Version of the file format that is written and read.
// What ONNX Runtime 1.17 reads, the oldest that is accepted.
pub(super) const IR_VERSION: i64 = 8;
/// Version of the operators.
// From 18 on ReduceMax takes its axes as an input; 17 is read by every accepted runtime.
pub(super) const OPSET: i64 = 17;

impl Bundle {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When there is no such file, or it is not a model that this build can honour; says which.
    pub fn read(path: &Path) -> Result<Self> {
        content::read(path)
    }

    /// Writes a file atomically, readable by its owner only.
    ///
    /// # Errors
    /// When the bundle is not valid, or the disk refuses.
    pub fn write(&self, path: &Path) -> Result<()> {
        content::write(self, path)
    }

    /// The same, sealed where this process has a key: for the owner's folder.
    ///
    /// # Errors
    /// As [`Bundle::write`]; when the key is not to be had.
    pub fn write_sealed(&self, path: &Path) -> Result<()> {
        content::write_sealed(self, path)
    }

    /// Reads and checks the content of a file.
    ///
    /// # Errors
    /// When it is not a model that this build can honour.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        content::from_bytes(bytes)
    }

    /// The content of a file; the same bundle always gives the same bytes.
    ///
    /// # Errors
    /// When the bundle is not valid.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        content::to_bytes(self)
    }

    /// Says what cannot work, if anything.
    ///
    /// # Errors
    /// With the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        check(self).map_err(|fault| fault.of(Self::CALLED))
    }
}

impl Content for Bundle {
    const CALLED: &'static str = "the model";
    const MAKE: &'static str = "Record and train one with `mousewarden --enroll`.";

    fn parse(bytes: &[u8]) -> Result<Self, ModelFault> {
        let model = decode(bytes)?;
        let metadata = Metadata::of(&model)?;
        let architecture = architecture_of(&model)?;
        versions(&model)?;
        let unchanged = checksum::check(&model);
        let graph = model.graph.ok_or_else(|| ModelFault::Graph("it has none".into()))?;
        let network = network_of(&graph, architecture)?;
        let bundle = Self {
            network,
            windows: metadata.windows,
            operating_points: metadata.operating_points,
            default_group: metadata.default_group,
            score_calibration: metadata.score_calibration,
            owner_model: metadata.owner_model,
            limits: metadata.limits,
            kinematics: metadata.kinematics,
            provenance: metadata.provenance,
        };
        check(&bundle)?;
        // Last: whatever else is wrong says more.
        unchanged.map(|()| bundle)
    }

    fn encode(&self) -> Result<Vec<u8>, ModelFault> {
        check(self)?;
        let metadata = Metadata {
            windows: self.windows,
            operating_points: self.operating_points.clone(),
            default_group: self.default_group,
            score_calibration: self.score_calibration,
            owner_model: self.owner_model.clone(),
            limits: self.limits.clone(),
            kinematics: self.kinematics,
            provenance: self.provenance.clone(),
        };
        encoded(&self.network, metadata.entries(self.network.architecture())?)
    }
}

/// The bytes of a file with this network's graph, these entries and their checksum.
///
/// # Errors
/// [`ModelFault::Unreadable`] when the checksum has no JSON form.
pub(super) fn encoded(
    network: &AnyNetwork,
    metadata_props: Vec<StringStringEntryProto>,
) -> Result<Vec<u8>, ModelFault> {
    model_bytes(graph_of(network), metadata_props)
}

/// The bytes of a file with this graph, these entries and their checksum.
///
/// # Errors
/// [`ModelFault::Unreadable`] when the checksum has no JSON form.
pub(super) fn model_bytes(
    graph: GraphProto,
    mut metadata_props: Vec<StringStringEntryProto>,
) -> Result<Vec<u8>, ModelFault> {
    // First: a file that ends early never ends before it.
    metadata_props.insert(0, checksum::entry_of(&graph, &metadata_props)?);
    let opset = OperatorSetIdProto { domain: Some(String::new()), version: Some(OPSET) };
    let model = ModelProto {
        ir_version: Some(IR_VERSION),
        producer_name: Some("mousewarden".into()),
        producer_version: Some(env!("CARGO_PKG_VERSION").into()),
        graph: Some(graph),
        opset_import: vec![opset],
        metadata_props,
    };
    Ok(model.encode_to_vec())
}

pub(super) fn decode(bytes: &[u8]) -> Result<ModelProto, ModelFault> {
    if bytes.is_empty() {
        return Err(ModelFault::Empty);
    }
    // Every writer of ONNX starts with the format's version, field 1.
    // Only a guess at what it was meant to be: it decides between "truncated" and "something else".
    let begins_well = matches!(bytes, [0x08, version, ..] if *version < 64);
    match ModelProto::decode(bytes) {
        Ok(model) if model.graph.is_some() => Ok(model),
        Ok(_) if begins_well => Err(ModelFault::Truncated(bytes.len())),
        Ok(_) => Err(ModelFault::NotOnnx("it holds no graph".into())),
        // prost's word for bytes that end within a field.
        Err(error) if begins_well && error.to_string().contains("underflow") => {
            Err(ModelFault::Truncated(bytes.len()))
        }
        Err(error) => Err(ModelFault::NotOnnx(error.to_string())),
    }
}

pub(super) fn versions(model: &ModelProto) -> Result<(), ModelFault> {
    // Exactly one set of operators: a custom one could do anything.
    let opsets: Vec<_> = model.opset_import.iter().map(|set| set.version.unwrap_or(0)).collect();
    if model.ir_version != Some(IR_VERSION) || opsets != [OPSET] {
        let ir = model.ir_version.unwrap_or(0);
        return Err(ModelFault::Graph(format!(
            "it has IR version {ir} and operator sets {opsets:?} instead of {IR_VERSION} and [{OPSET}]"
        )));
    }
    Ok(())
}
