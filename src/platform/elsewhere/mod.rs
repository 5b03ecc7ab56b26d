//! What only Linux has, on the other systems: the same names, which say so when they are used.

pub mod stage;
