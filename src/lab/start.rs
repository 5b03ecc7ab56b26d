//! The start that the program carries: `onnx/start.onnx`, whose making `onnx/start.md` tells.
//! Nothing is read from disk here.

use crate::error::Result;
use crate::model::Start;

const EMBEDDED: &[u8] = include_bytes!("../../onnx/start.onnx");

/// Reads it.
///
/// # Errors
/// When the program was built with a file that it cannot honour.
pub fn embedded() -> Result<Start> {
    Start::from_bytes(EMBEDDED)
}
