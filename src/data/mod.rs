//! Session files: our own log of signals, the owner's folder, and readers of public recordings.
//!
//! # Invariants
//! Everything here parses and writes; nothing cuts, scales or judges a movement.

pub(crate) mod aside;
#[cfg(feature = "columnar")]
pub mod columnar;
pub mod formats;
pub mod npz;
#[cfg(feature = "columnar")]
pub(crate) mod parquet;
pub mod private;
pub(crate) mod recording;
pub(crate) mod relabel;
pub(crate) mod reseal;
pub(crate) mod store;

pub use recording::{Header, RecordingReader, RecordingWriter};
pub use store::Store;
