//! The architecture `conv`: steps on a common clock, convolutions over time, their mean and
//! deviation over the window, one linear unit. What it knows of a window is how often which short
//! pattern of movement occurs in it.

mod activation;
pub mod clock;
mod embed;
mod inference;
mod layer;
pub mod network;
mod pairs;
pub mod pool;
mod rows;
mod train;

pub use clock::Clock;
pub use inference::ConvInference;
pub use network::{ConvLayer, ConvNetwork, ConvShape};
pub use pairs::PairBatch;
pub use train::ConvEncoder;
