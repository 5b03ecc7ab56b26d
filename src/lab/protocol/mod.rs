//! Protocols: who learns from what and who is tested on what, each in one readable TOML beside this
//! file. A protocol and a dataset's people make a [`Plan`]; the plan is printed, hashed, and the
//! only word on what training may see. Nothing is trained or scored here.
//!
//! ```text
//! Protocol::find("open-set")      the rules
//!    | plan(people, seed)
//! Plan { people, splits }         per owner: training, calibration, test, on both sides
//!    | lesson(split)              the sessions and impostors that `train_owner` takes
//! ```

mod clock;
mod deal;
mod divide;
mod lesson;
mod minutes;
mod overlap;
mod people;
mod plan;
mod rules;

pub use clock::resampled;
pub use lesson::{Lesson, model_path};
pub use people::{Person, Session, read_people};
pub use plan::{LeftOut, Part, Parts, Plan, Split, Stretch};
pub use rules::{Genuine, Impostors, LearnFrom, NAMES, People, Protocol, Recordings};
