//! The ONNX file as one self-describing bundle: graph and weights, contract, thresholds and
//! provenance in one file. No file here knows where models are kept or who asks for a score.

pub mod bundle;

pub use bundle::{Bundle, OperatingPoint, Provenance};
