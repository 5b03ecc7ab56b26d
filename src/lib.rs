//! mousewarden learns how a person moves the mouse and notices when somebody else has taken it
//! over.
//!
//! ```text
//! Signal   = Mouse(MouseEvent) | Boundary(Start | Quiet | Locked | Unlocked | ...)
//!    | Segmenter::push            a window is complete by construction; live, Quiet closes it
//! Window   { positions of one continuous movement }
//!    | Steps::from                [T, 3] float32: dx px, dy px, dt ms
//! Steps    -> Scorer::score       the exported ONNX graph; scaling lives inside the graph
//! Score    0 impostor .. 1 owner  not-a-number counts as 0
//!    | Policy::update
//! Verdict  { window, at, score, grouped score, decision, action }
//! ```
//!
//! `src/ARCHITECTURE.md` has the code map, who may import whom, and what must stay true.

#[cfg(windows)]
pub mod acl;
pub mod agent;
pub mod cli;
pub mod config;
pub mod data;
pub mod error;
pub(crate) mod files;
pub mod lab;
pub mod model;
pub mod paths;
pub mod platform;
pub mod sealing;

pub use mousewarden_nn as nn;
pub use mousewarden_pipeline as pipeline;
