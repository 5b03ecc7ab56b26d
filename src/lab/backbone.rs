//! The backbone that the program carries: `onnx/backbone.onnx`, whose making `onnx/backbone.md`
//! tells.

use crate::error::Result;
use crate::model::Backbone;

const EMBEDDED: &[u8] = include_bytes!("../../onnx/backbone.onnx");

/// Reads it.
///
/// # Errors
/// When the program was built with a file that it cannot honour.
pub(crate) fn embedded() -> Result<Backbone> {
    Backbone::from_bytes(EMBEDDED)
}
