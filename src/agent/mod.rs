//! The live process: intake -> engine -> responder over bounded channels, with a log, an optional
//! recorder and a control socket. Everything it needs is handed to it.

mod announce;
mod away;
pub(crate) mod bounded;
mod command;
pub mod control;
mod device;
mod engine;
pub(crate) mod enrol;
pub mod event;
pub mod event_sink;
mod gate;
#[cfg(feature = "history")]
pub mod history;
pub(crate) mod instance;
pub(crate) mod intake;
pub mod journal;
pub mod judge;
pub mod later_movement;
pub mod live;
mod log;
pub(crate) mod metrics;
pub mod model_versions;
mod notice;
mod obey;
pub(crate) mod old_policy;
pub(crate) mod playback;
pub mod presence;
pub(crate) mod recorder;
mod reload;
pub(crate) mod replay;
mod responder;
pub mod rules;
pub mod saved;
pub mod settings;
pub mod shared_status;
pub(crate) mod trusted_devices;
mod unjudged;

pub(crate) use announce::LogSink;
pub use away::AgentOrigin;
pub use command::Command;
pub use reload::{Reload, Reloaded};
pub(crate) use responder::PostGuard;
pub use responder::ResponderIo;
