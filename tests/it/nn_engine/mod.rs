//! The training engine through its public interface: against an independent network in double
//! precision, and as those who train with it see it. No recording is read, nothing is timed.

mod classes;
mod conv;
mod gradients;
mod reference;
mod training;
