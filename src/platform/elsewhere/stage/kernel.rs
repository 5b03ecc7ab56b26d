//! A folder that stands for the kernel's devices, which only Linux has.

use std::path::Path;

use super::missing;
use crate::error::Result;
use crate::pipeline::Timestamp;

/// How a mouse is described.
pub const MOUSE: &[(&str, &str)] = &[];

/// The folder.
#[derive(Debug)]
pub enum InputFolder {}

impl InputFolder {
    /// Always fails.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`].
    pub fn new() -> Result<Self> {
        Err(missing())
    }

    /// Never called: there is none.
    pub fn root(&self) -> &Path {
        match *self {}
    }

    /// Never called: there is none.
    ///
    /// # Errors
    /// Never.
    pub fn plug(&self, _node: &str, _described: &[(&str, &str)]) -> Result<InputPipe> {
        match *self {}
    }
}

/// A device in it.
#[derive(Debug)]
pub enum InputPipe {}

impl InputPipe {
    /// Never called: there is none.
    ///
    /// # Errors
    /// Never.
    pub fn say(&mut self, _at: Timestamp, _events: &[(u16, u16, i32)]) -> Result<()> {
        match *self {}
    }
}
