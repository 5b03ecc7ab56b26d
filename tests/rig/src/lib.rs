//! The rig: everything that plays the world around mousewarden and is shipped with nothing. The test
//! desktop, hands on its mouse, stand-ins for the operating system, and the commands of
//! `mousewarden-rig` that use them: demonstration, benchmarks, fuzzing, pretraining.

pub mod bench;
pub mod clicks;
#[cfg(target_os = "linux")]
pub mod demo;
#[cfg(target_os = "linux")]
pub mod desktop;
pub mod fake;
pub mod fuzz;
pub mod inject;
pub mod limits;
mod people;
pub mod pretrain;
#[cfg(target_os = "linux")]
mod program;
