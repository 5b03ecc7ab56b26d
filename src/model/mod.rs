//! The ONNX file as one self-describing bundle: graph and weights, contract, thresholds and
//! provenance in one file.

pub(crate) mod backbone;
mod builtin;
pub(crate) mod bundle;
mod check;
mod checksum;
mod content;
mod conv_graph;
mod conv_weights;
mod fault;
mod file;
mod graph;
pub mod identifier;
mod library;
mod library_hash;
mod metadata;
mod onnx;
pub mod onnx_proto;
mod scorer;
mod seen;
mod weights;

pub(crate) use backbone::Population;
pub use backbone::{Backbone, BackboneOrigin};
pub use bundle::{BackboneUsers, Bundle, Limit, OperatingPoint, Provenance};
pub use identifier::{Identifier, LoadedIdentifier};
pub(crate) use library::how_to_fetch;
pub use library::{folders_beside, library_names};
pub use library_hash::LibraryHash;
pub use scorer::{LoadedScorer, ScorerBackend, ScorerParams, ScorerReport};
pub use seen::SeenWindows;
