//! A small training engine: layers with forward and backward, losses, Adam, vector kernels.
//! Pure arithmetic on packed sequences; it knows nothing of mice, files or models on disk.

pub mod network;

pub use network::{BatchNorm, BiLstm, Conditioning, Dense, LstmWeights, Network};
