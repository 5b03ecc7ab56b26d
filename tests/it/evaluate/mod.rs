//! The evaluation from protocol to table: parts, figures against scikit-learn, refusals, files and
//! the command.

mod command;
mod outcome;
mod people;
mod protocol;
mod reference;
mod refusals;
