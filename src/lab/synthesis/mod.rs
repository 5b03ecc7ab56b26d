//! Synthetic users: endless, deterministic human mouse movement, so that a fresh machine has
//! impostors to learn against without anybody's recordings.
//!
//! A [`SyntheticUser`] is a set of movement parameters drawn from a population; their movement is a
//! sum of strokes with log-normal speed (Plamondon's kinematic theory), timed by Fitts' law, and it
//! passes through a [`Device`] that samples and rounds it. Impostors move with the owner's device:
//! what separates them from the owner is then the hand and never the hardware. A `MovementStyle`
//! turns the owner's own movement into an impostor's: real texture, other parameters. No row of a
//! real recording is here.

pub mod cohort;
mod device;
mod movement;
pub(in crate::lab) mod resynthesis;
mod stroke;
mod style_transfer;
mod user;

pub use device::Device;
pub use movement::{Movement, Pauses};
pub(crate) use style_transfer::MovementStyle;
pub use user::SyntheticUser;
