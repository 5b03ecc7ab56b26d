//! Such models as bytes: metadata and graph. Files are opened and written elsewhere.

use std::path::Path;

use super::graph::{graph_of, mlp_of};
use super::{ARCHITECTURE, FeatureNames, Identifier, IdentifierProvenance};
use crate::error::Result;
use crate::model::bundle::CONTRACT;
use crate::model::checksum;
use crate::model::content::{self, Content};
use crate::model::fault::ModelFault;
use crate::model::file::{decode, model_bytes, versions};
use crate::model::metadata::{ARCHITECTURE_KEY, CONTRACT_KEY, entry, follows_version, read};

const FEATURES_KEY: &str = "mousewarden.features";
const LABELS_KEY: &str = "mousewarden.labels";
const PROVENANCE_KEY: &str = "mousewarden.provenance";

impl Identifier {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When there is no such file, or it is not such a model; says which.
    pub fn read(path: &Path) -> Result<Self> {
        content::read(path)
    }

    /// Writes a file atomically, readable by its owner only.
    ///
    /// # Errors
    /// When the model is not valid, or the disk refuses.
    pub fn write(&self, path: &Path) -> Result<()> {
        content::write(self, path)
    }

    /// Reads and checks the content of a file.
    ///
    /// # Errors
    /// When it is not such a model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        content::from_bytes(bytes)
    }

    /// The content of a file; the same model always gives the same bytes.
    ///
    /// # Errors
    /// When the model is not valid.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        content::to_bytes(self)
    }
}

impl Content for Identifier {
    const CALLED: &'static str = "the model";
    const MAKE: &'static str = "Learn one with `mousewarden identify train`.";

    fn parse(bytes: &[u8]) -> Result<Self, ModelFault> {
        let model = decode(bytes)?;
        follows_version(&model)?;
        let architecture: String = read(&model, ARCHITECTURE_KEY)?;
        if architecture != ARCHITECTURE {
            return Err(ModelFault::Identifier(format!("it calls itself {architecture:?}")));
        }
        let features: FeatureNames = read(&model, FEATURES_KEY)?;
        let labels: Vec<String> = read(&model, LABELS_KEY)?;
        let provenance: IdentifierProvenance = read(&model, PROVENANCE_KEY)?;
        versions(&model)?;
        let unchanged = checksum::check(&model);
        let graph = model.graph.ok_or_else(|| ModelFault::Identifier("it has no graph".into()))?;
        let identifier = Self { mlp: mlp_of(&graph)?, features, labels, provenance };
        identifier.check()?;
        unchanged.map(|()| identifier)
    }

    fn encode(&self) -> Result<Vec<u8>, ModelFault> {
        self.check()?;
        let entries = vec![
            entry(CONTRACT_KEY, &CONTRACT)?,
            entry(ARCHITECTURE_KEY, &ARCHITECTURE)?,
            entry(FEATURES_KEY, &self.features)?,
            entry(LABELS_KEY, &self.labels)?,
            entry(PROVENANCE_KEY, &self.provenance)?,
        ];
        model_bytes(graph_of(&self.mlp), entries)
    }
}
