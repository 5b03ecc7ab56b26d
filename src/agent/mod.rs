//! The live process: intake -> engine -> responder over bounded channels, with a log, an
//! optional recorder and a control socket. It reads no configuration, environment or terminal;
//! everything it needs is handed to it.

mod announce;
mod away;
pub mod board;
pub mod bounded;
pub mod control;
mod device;
mod engine;
pub mod enrol;
pub mod entry;
mod gate;
#[cfg(feature = "history")]
pub mod history;
pub mod instance;
pub mod intake;
pub mod journal;
pub mod judge;
pub mod learnt;
pub mod live;
mod log;
pub mod metrics;
mod notice;
pub mod playback;
pub mod recorder;
mod reload;
pub mod replay;
mod responder;
pub mod rules;
pub mod saved;
pub mod settings;
mod unjudged;
pub mod witness;

pub use announce::Announcer;
pub use away::{Before, Origin};
pub use engine::{Command, Reload};
pub use responder::{Hands, PostGuard};
