//! Protocols: who learns from what and who is tested on what, each in one readable TOML beside this
//! file. A protocol and a dataset's people make a [`Plan`]; the plan is printed, hashed, and the
//! only word on what training may see.
//!
//! ```text
//! Protocol::find("open-set")      the rules
//!    | plan(people, seed)
//! Plan { people, splits }         per owner: training, calibration, test, on both sides
//!    | training_set(split)          the sessions and impostors that `train_owner` takes
//! ```

mod clock;
mod divide;
mod enrolment_length;
mod impostor_assignment;
mod leakage;
mod plan;
mod rules;
mod split;
mod training_set;
mod users;

pub(crate) use clock::resampled;
pub use enrolment_length::EnrolmentLength;
pub(crate) use plan::LeftOut;
pub use plan::Plan;
pub(crate) use rules::LearnFrom;
pub use rules::{NAMES, Protocol, Recordings};
pub(crate) use split::ByPart;
pub use split::{Split, SplitPart, WindowRange};
pub(crate) use training_set::TrainingSet;
pub use training_set::model_path;
pub use users::read_users;
pub use users::{ProtocolUser, SessionWindows};
