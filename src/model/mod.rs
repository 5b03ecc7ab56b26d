//! The ONNX file as one self-describing bundle: graph and weights, contract, thresholds and
//! provenance in one file. No file here knows where models are kept or who asks for a score.

pub mod bundle;
mod check;
mod fault;
mod file;
mod graph;
mod metadata;
pub mod onnx_proto;
mod weights;

pub use bundle::{Bundle, OperatingPoint, Provenance};
