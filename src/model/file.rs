//! Bundles as bytes and as files. A file is whole or not there: it is written beside its place,
//! flushed and renamed; nobody but the owner may read it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use prost::Message;

use super::bundle::Bundle;
use super::check::check;
use super::fault::Fault;
use super::graph::graph_of;
use super::metadata::{Metadata, architecture_of};
use super::onnx_proto::{GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto};
use super::weights::network_of;
use crate::error::{Failure, Result};
use crate::nn::AnyNetwork;

/// Version of the file format that is written and read.
pub(super) const IR_VERSION: i64 = 8;
/// Version of the operators.
pub(super) const OPSET: i64 = 17;
/// No bundle comes near this; what is larger is something else.
const MAX_BYTES: u64 = 256 << 20;

impl Bundle {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When there is no such file, or it is not a model that this build can honour; says which.
    pub fn read(path: &Path) -> Result<Self> {
        Self::from_file(path, &bytes_of(path)?)
    }

    /// From the content of a named file.
    pub(super) fn from_file(path: &Path, bytes: &[u8]) -> Result<Self> {
        Self::parse(bytes).map_err(|fault| fault.of(&name_of(path)))
    }

    /// Writes a file atomically, readable by its owner only.
    ///
    /// # Errors
    /// When the bundle is not valid, or the disk refuses.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.to_bytes()?;
        persist(path, &bytes)
            .map_err(|error| Failure::io(format!("writing {}", name_of(path)), error))
    }

    /// Reads and checks the content of a file.
    ///
    /// # Errors
    /// When it is not a model that this build can honour.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::parse(bytes).map_err(|fault| fault.of("the model"))
    }

    /// The content of a file; the same bundle always gives the same bytes.
    ///
    /// # Errors
    /// When the bundle is not valid.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.encode().map_err(|fault| fault.of("the model"))
    }

    /// Says what cannot work, if anything.
    ///
    /// # Errors
    /// With the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        check(self).map_err(|fault| fault.of("the model"))
    }

    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let model = decode(bytes)?;
        let metadata = Metadata::of(&model)?;
        let architecture = architecture_of(&model)?;
        versions(&model)?;
        let graph = model.graph.ok_or_else(|| Fault::Graph("it has none".into()))?;
        let network = network_of(&graph, architecture)?;
        let bundle = Self {
            network,
            windows: metadata.windows,
            operating_points: metadata.operating_points,
            default_group: metadata.default_group,
            sequential: metadata.sequential,
            likeness: metadata.likeness,
            scan: metadata.scan,
            provenance: metadata.provenance,
        };
        check(&bundle)?;
        Ok(bundle)
    }

    fn encode(&self) -> Result<Vec<u8>, Fault> {
        check(self)?;
        let metadata = Metadata {
            windows: self.windows,
            operating_points: self.operating_points.clone(),
            default_group: self.default_group,
            sequential: self.sequential.clone(),
            likeness: self.likeness.clone(),
            scan: self.scan.clone(),
            provenance: self.provenance.clone(),
        };
        Ok(encoded(&self.network, metadata.entries(self.network.architecture())?))
    }
}

/// The bytes of a file with this network's graph and these entries.
pub(super) fn encoded(
    network: &AnyNetwork,
    metadata_props: Vec<StringStringEntryProto>,
) -> Vec<u8> {
    model_bytes(graph_of(network), metadata_props)
}

/// The bytes of a file with this graph and these entries.
pub(super) fn model_bytes(
    graph: GraphProto,
    metadata_props: Vec<StringStringEntryProto>,
) -> Vec<u8> {
    let opset = OperatorSetIdProto { domain: Some(String::new()), version: Some(OPSET) };
    let model = ModelProto {
        ir_version: Some(IR_VERSION),
        producer_name: Some("mousewarden".into()),
        producer_version: Some(env!("CARGO_PKG_VERSION").into()),
        graph: Some(graph),
        opset_import: vec![opset],
        metadata_props,
    };
    model.encode_to_vec()
}

/// Bytes of a model file.
///
/// # Errors
/// When it is missing, no file, or far too large.
pub(super) fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    let name = name_of(path);
    let open = |error| {
        Failure::io(&name, error).remedy("Record and train one with `mousewarden --enroll`.")
    };
    let file = File::open(path).map_err(open)?;
    let metadata = file.metadata().map_err(|error| Failure::io(&name, error))?;
    if !metadata.is_file() {
        return Err(Fault::NotAFile.of(&name));
    }
    if metadata.len() > MAX_BYTES {
        return Err(Fault::TooLarge(metadata.len()).of(&name));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|error| Failure::io(&name, error))?;
    Ok(bytes)
}

pub(super) fn decode(bytes: &[u8]) -> Result<ModelProto, Fault> {
    if bytes.is_empty() {
        return Err(Fault::Empty);
    }
    // Every writer of ONNX starts with the format's version, field 1.
    let begins_well = matches!(bytes, [0x08, version, ..] if *version < 64);
    match ModelProto::decode(bytes) {
        Ok(model) if model.graph.is_some() => Ok(model),
        Ok(_) if begins_well => Err(Fault::Truncated(bytes.len())),
        Ok(_) => Err(Fault::NotOnnx("it holds no graph".into())),
        Err(error) if begins_well && error.to_string().contains("underflow") => {
            Err(Fault::Truncated(bytes.len()))
        }
        Err(error) => Err(Fault::NotOnnx(error.to_string())),
    }
}

pub(super) fn versions(model: &ModelProto) -> Result<(), Fault> {
    let opsets: Vec<_> = model.opset_import.iter().map(|set| set.version.unwrap_or(0)).collect();
    if model.ir_version != Some(IR_VERSION) || opsets != [OPSET] {
        let ir = model.ir_version.unwrap_or(0);
        return Err(Fault::Graph(format!(
            "it has IR version {ir} and operator sets {opsets:?} instead of {IR_VERSION} and [{OPSET}]"
        )));
    }
    Ok(())
}

pub(super) fn persist(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new().prefix(".model-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The rename itself lives in the folder; where folders cannot be opened it needs no flush.
    File::open(folder).map_or(Ok(()), |folder| folder.sync_all())
}

pub(super) fn name_of(path: &Path) -> String {
    format!("model {}", path.display())
}
