//! The evaluation from protocol to table: parts, figures against scikit-learn, refusals, files and
//! the command.
#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

mod command;
mod outcome;
mod people;
mod protocol;
mod reference;
mod refusals;
