//! Generated people: endless, deterministic human mouse movement, so that a fresh machine has
//! impostors to learn against without anybody's recordings.
//!
//! A [`Person`] is a set of habits drawn from a population; their movement is a sum of strokes with
//! log-normal speed (Plamondon's kinematic theory), timed by Fitts' law, and it passes through a
//! [`Device`] that samples and rounds it. Impostors move with the owner's device: what separates
//! them from the owner is then the hand and never the hardware. A [`Style`] turns the owner's own
//! movement into a stranger's: real texture, other habits. No row of a real recording is here.

mod device;
mod moves;
mod person;
mod stroke;
mod style;

pub use device::Device;
pub use moves::{Moves, Pauses};
pub use person::Person;
pub use style::Style;
