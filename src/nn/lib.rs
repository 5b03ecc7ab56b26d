//! A small training engine: layers with forward and backward, losses, Adam, vector kernels.
//! Pure arithmetic on packed sequences; it knows nothing of mice, files or models on disk, reads
//! no clock and no environment, and gives the same numbers for the same seed on any number of
//! threads.
//!
//! Sequences of a batch are sorted by length and stored step by step ([`packing`]), so that no
//! product ever touches padding. Weights live in gate panels ([`panel`]) in which one register
//! tile of [`kernel`] holds the four gates of a few units.

mod adam;
pub mod any;
pub mod conditioning;
pub mod conv;
pub mod inference;
mod init;
pub mod kernel;
pub mod lines;
mod loss;
pub mod lstm;
pub mod mlp;
pub mod network;
mod norm;
pub mod packing;
pub mod panel;
mod random;
pub mod train;
pub mod triangle;

pub use any::{AnyInference, AnyNetwork};
pub use conv::{Clock, ConvEncoder, ConvInference, ConvLayer, ConvNetwork, ConvShape, PairBatch};
pub use inference::Inference;
pub use kernel::Kernel;
pub use network::{BatchNorm, BiLstm, Conditioning, Dense, Linear, LstmWeights, Network};
pub use train::{Batch, ClassBatch, ClassifierTrainer, TrainParams, Trainer};
