//! mousewarden learns how a person moves the mouse and notices when somebody else has taken it over.
//!
//! ```text
//! Signal   = Mouse(MouseEvent) | Boundary(Start | Quiet | Locked | Unlocked | ...)
//!    | Segmenter::push            a window is complete by construction; live, Quiet closes it
//! Window   { positions of one continuous movement }
//!    | Steps::from                [T, 3] float32: dx px, dy px, dt ms
//! Steps    -> Scorer::score       the exported ONNX graph; scaling lives inside the graph
//! Score    0 stranger .. 1 owner  not-a-number counts as 0
//!    | Policy::update
//! Verdict  { window, at, score, grouped score, decision, action }
//! ```
//!
//! | module | what it is | may import |
//! |---|---|---|
//! | [`pipeline`] | events in, verdicts out; pure | nothing of ours |
//! | [`nn`] | the training engine; pure | nothing of ours |
//! | [`platform`] | the operating system behind traits | pipeline |
//! | `data` | recordings and stores; parses and writes | pipeline |
//! | [`model`] | the ONNX file as one bundle | pipeline, nn |
//! | `agent` | the live process | pipeline, model, platform, data |
//! | `lab` | offline: training, evaluation | pipeline, nn, model, data |
//! | `config` | the sum of the modules' parameters | parameter types of pipeline, model, platform, agent, lab |
//! | `cli` | one file a command | everything |
//!
//! [`error`] belongs to everyone but `pipeline` and `nn`; so does `acl`, which is there on Windows
//! only. `tests/it/architecture.rs` holds this table.

#[cfg(windows)]
pub mod acl;
pub mod agent;
pub mod cli;
pub mod config;
pub mod data;
pub mod error;
pub mod lab;
pub mod model;
pub mod nn;
pub mod paths;
pub mod pipeline;
pub mod platform;
