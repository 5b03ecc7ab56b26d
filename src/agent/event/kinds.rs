//! The words that entries are made of, each with one name for files and people.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::platform::CaptureNews;

/// Why nobody was watched, judged or locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// The agent ended without a word: killed, or the machine lost its power.
    Killed,
    /// The agent had been stopped.
    Stopped,
    /// The agent was paused.
    Paused,
    /// Somebody moved with what the model does not know.
    Unjudged,
    /// The mouse was not seen.
    Blind,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "killed",
            Self::Stopped => "stopped",
            Self::Paused => "paused",
            Self::Unjudged => "unjudged",
            Self::Blind => "blind",
        })
    }
}

/// What an agent works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The program itself.
    Program,
    /// Whose movement is the owner's.
    Model,
    /// What the owner has configured.
    Configuration,
    /// What the administrator has fixed.
    Policy,
    /// What was learnt since the enrolment.
    Adaptation,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Program => "program",
            Self::Model => "model",
            Self::Configuration => "configuration",
            Self::Policy => "policy",
            Self::Adaptation => "adaptation",
        })
    }
}

/// SHA-256 of the files that an agent works with, hexadecimal; none of what is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprints {
    /// The program itself.
    pub program: Option<String>,
    /// Whose movement is the owner's.
    pub model: Option<String>,
    /// What the owner has configured.
    pub configuration: Option<String>,
    /// What the administrator has fixed.
    pub policy: Option<String>,
    /// What was learnt since the enrolment.
    pub adaptation: Option<String>,
}

impl Fingerprints {
    /// In what this one is another than an earlier one. What the agent itself has `adapted`
    /// meanwhile is no change.
    pub fn changes_since(&self, earlier: &Self, adapted: bool) -> Vec<Part> {
        let pairs = [
            (Part::Program, &self.program, &earlier.program),
            (Part::Model, &self.model, &earlier.model),
            (Part::Configuration, &self.configuration, &earlier.configuration),
            (Part::Policy, &self.policy, &earlier.policy),
            (Part::Adaptation, &self.adaptation, &earlier.adaptation),
        ];
        let is_own = |part| part == Part::Adaptation && adapted;
        let changed = pairs.into_iter().filter(|(part, now, then)| now != then && !is_own(*part));
        changed.map(|(part, ..)| part).collect()
    }
}

/// A row of the history, and with it everything before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Counted from 1.
    pub number: i64,
    /// SHA-256 over the row and the hash of the one before it, hexadecimal.
    pub sha256: String,
}

/// Why the person was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Withheld {
    /// They do not want to be told of that.
    #[serde(rename = "switched off")]
    SwitchedOff,
    /// They have been told of too many already.
    #[serde(rename = "too many within an hour")]
    TooMany,
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SwitchedOff => "switched off",
            Self::TooMany => "too many within an hour",
        })
    }
}

/// What an administrator may forbid to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// To stop watching for a while.
    Pause,
    /// To end.
    Stop,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pause => "pause",
            Self::Stop => "stop",
        })
    }
}

/// How the capture process is getting on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CaptureState {
    /// It sees nothing, and another one is started.
    Blind {
        /// Why, in half a sentence.
        why: String,
    },
    /// It sees the mouse again.
    Sees,
    /// A program moves the pointer, which is left out.
    ProgramMoves,
    /// No program does any more.
    ProgramRests,
}

impl CaptureState {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Blind { why } => format!("the mouse is not seen: {why}"),
            Self::Sees => "the mouse is seen again".into(),
            Self::ProgramMoves => "a program moves the pointer, which is left out".into(),
            Self::ProgramRests => "no program moves the pointer any more".into(),
        }
    }
}

impl From<CaptureNews> for CaptureState {
    fn from(news: CaptureNews) -> Self {
        match news {
            CaptureNews::Blind(why) => Self::Blind { why },
            CaptureNews::Sees => Self::Sees,
            CaptureNews::ProgramMoves => Self::ProgramMoves,
            CaptureNews::ProgramRests => Self::ProgramRests,
        }
    }
}
