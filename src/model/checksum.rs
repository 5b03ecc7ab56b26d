//! The checksum of a model file: a hash over its graph, with all weights, and over the metadata entries
//! of this program. Any change since it was written is noticed, however small.

use prost::Message;
use sha2::{Digest, Sha256};

use super::fault::ModelFault;
use super::metadata::{entry, optional};
use super::onnx_proto::{GraphProto, ModelProto, StringStringEntryProto};

const CHECKSUM_KEY: &str = "mousewarden.sha256";

/// The entry with the checksum of a graph and these entries.
///
/// # Errors
/// [`ModelFault::Unreadable`] when it has no JSON form.
pub(super) fn entry_of(
    graph: &GraphProto,
    entries: &[StringStringEntryProto],
) -> Result<StringStringEntryProto, ModelFault> {
    entry(CHECKSUM_KEY, &sha256(graph, entries))
}

/// Whether a file is as it was written; files of before have none.
///
/// # Errors
/// [`ModelFault::Changed`] when it is not.
pub(super) fn check(model: &ModelProto) -> Result<(), ModelFault> {
    let written: Option<String> = optional(model, CHECKSUM_KEY)?;
    let (Some(written), Some(graph)) = (written, &model.graph) else { return Ok(()) };
    if written == sha256(graph, &model.metadata_props) { Ok(()) } else { Err(ModelFault::Changed) }
}

/// Over the entries of this program in their order, each with its length, and the graph.
fn sha256(graph: &GraphProto, entries: &[StringStringEntryProto]) -> String {
    let mut hash = Sha256::new();
    for entry in entries.iter().filter(|entry| {
        entry
            .key
            .as_deref()
            .is_some_and(|key| key.starts_with("mousewarden.") && key != CHECKSUM_KEY)
    }) {
        let bytes = entry.encode_to_vec();
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(bytes);
    }
    hash.update(graph.encode_to_vec());
    hex::encode(hash.finalize())
}
