//! Protocols: who learns from what and who is tested on what, each in one readable TOML beside this
//! file. A protocol and a dataset's people make a [`Plan`]; the plan is printed, hashed, and the
//! only word on what training may see. Nothing is trained or scored here.
//!
//! ```text
//! Protocol::find("open-set")      the rules
//!    | plan(people, seed)
//! Plan { people, splits }         per owner: training, calibration, test, on both sides
//!    | training_set(split)          the sessions and impostors that `train_owner` takes
//! ```

mod clock;
mod divide;
mod impostor_assignment;
mod leakage;
mod minutes;
mod plan;
mod rules;
mod training_set;
mod users;

pub use clock::resampled;
pub use plan::{ByPart, LeftOut, Plan, Split, SplitPart, WindowRange};
pub use rules::{Genuine, Impostors, LearnFrom, NAMES, People, Protocol, Recordings};
pub use training_set::{TrainingSet, model_path};
pub use users::{ProtocolUser, SessionWindows, read_users};
