//! A private stage exists on Linux only: its display, bus and servers are programs of that system.
//! Here it has the same shape and cannot be raised.

pub mod kernel;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::error::{Failure, Kind, Result};
use crate::platform::inject::Player;

/// What a stage should have.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Width and height in pixels.
    pub screen: (u16, u16),
    /// Mice of its own.
    pub mice: usize,
}

impl Plan {
    /// As little as possible.
    pub fn bare() -> Self {
        Self::default()
    }
}

/// A notification as its server received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The headline.
    pub summary: String,
    /// The text below.
    pub body: String,
    /// Buttons: key and label by turns.
    pub actions: Vec<String>,
    /// The number that the server gave it.
    pub id: Option<u32>,
}

/// What was shown on the stage.
#[derive(Debug)]
pub enum NotificationLog {}

impl NotificationLog {
    /// Never called: there is none.
    pub fn wait_for(&self, _within: Duration, _fits: impl Fn(&Shown) -> bool) -> Option<Shown> {
        match *self {}
    }
}

/// A mouse of a stage.
#[derive(Debug)]
pub enum TestMouse {}

impl TestMouse {
    /// Never called: there is none.
    ///
    /// # Errors
    /// Never.
    pub fn step(&mut self, _dx: f64, _dy: f64) -> Result<()> {
        match *self {}
    }
}

/// A private stage.
#[derive(Debug)]
pub enum Stage {}

impl Stage {
    /// Always fails.
    ///
    /// # Errors
    /// [`Kind::Unavailable`].
    pub fn raise(_plan: &Plan) -> Result<Self> {
        Err(missing())
    }

    /// Never called: there is none.
    ///
    /// # Errors
    /// Never.
    pub fn mouse(&self, _number: usize) -> Result<TestMouse> {
        match *self {}
    }

    /// Never called: there is none.
    pub fn display_pid(&self) -> u32 {
        match *self {}
    }

    /// Never called: there is none.
    pub fn notifications(&self) -> &NotificationLog {
        match *self {}
    }

    /// Never called: there is none.
    ///
    /// # Errors
    /// Never.
    pub fn player(&self) -> Result<Player> {
        match *self {}
    }

    /// Never called: there is none.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        match *self {}
    }

    /// Never called: there is none.
    pub fn command(&self, _program: impl AsRef<std::ffi::OsStr>) -> Command {
        match *self {}
    }

    /// Never called: there is none.
    pub fn folder(&self) -> &Path {
        match *self {}
    }
}

fn missing() -> Failure {
    let what = "the private display that this command plays on exists on Linux only";
    Failure::new(Kind::Unavailable, what)
        .remedy("`mousewarden replay` judges a recording on every system.")
}
