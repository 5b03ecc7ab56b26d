//! A protocol as it is written down. Values and their checks; what they lead to is decided
//! elsewhere.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Failure, FailureKind, Result};

/// The protocols that the program carries.
pub const NAMES: [&str; 6] =
    ["open-set", "seed", "sapimouse", "balabit", "same-device", "time-resampled"];

const TEXTS: [&str; 6] = [
    include_str!("open-set.toml"),
    include_str!("seed.toml"),
    include_str!("sapimouse.toml"),
    include_str!("balabit.toml"),
    include_str!("same-device.toml"),
    include_str!("time-resampled.toml"),
];

/// The rules of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// As `--protocol` calls it.
    pub name: String,
    /// What it does, a sentence that continues "In this protocol, ...".
    pub about: String,
    /// The protocol whose models are tested, if it is another one. Both must make the same split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<String>,
    /// Whether whole sessions are judged too, beside groups of windows.
    #[serde(default)]
    pub whole_sessions: bool,
    /// Minutes of movement of which an owner's training part consists, the first ones, instead of
    /// so many windows; whoever has fewer is no owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrol_minutes: Option<f64>,
    /// Days of whose recordings an owner's training part consists at the most, the first ones;
    /// whoever has fewer is no owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrol_days: Option<u32>,
    /// How an owner's sessions are parted.
    pub(crate) genuine: Genuine,
    /// Who the others are.
    pub(crate) impostors: Impostors,
    /// What becomes of the recordings first.
    pub recordings: Recordings,
    /// The text it was read from, for the results and the hash.
    #[serde(skip)]
    pub(super) text: String,
}

/// How an owner's sessions are parted. Windows of one session never lie in two parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Genuine {
    /// In order of time, by shares of the windows.
    Share {
        /// Share of the training part, 0..1.
        training: f64,
        /// Share of the calibration part, 0..1; the rest is the test.
        calibration: f64,
        /// Training windows at most.
        most_training: usize,
        /// Whether labelled sessions of the dataset's own test files are the test, if there are
        /// any.
        #[serde(default)]
        claims: bool,
    },
    /// By a text in the session's name; there is no calibration part.
    Name {
        /// Text in the names of training sessions.
        training: String,
        /// Text in the names of test sessions.
        test: String,
        /// Training windows at most.
        most_training: usize,
    },
}

impl Genuine {
    /// Training windows at most.
    pub(crate) const fn most_training(&self) -> usize {
        match self {
            Self::Share { most_training, .. } | Self::Name { most_training, .. } => *most_training,
        }
    }

    /// Whether the dataset's labelled test sessions are wanted.
    pub(crate) const fn wants_claims(&self) -> bool {
        matches!(self, Self::Share { claims: true, .. })
    }
}

/// Who an owner learns against and is tested with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Impostors {
    /// Whom the model learns against.
    pub learn_from: LearnFrom,
    /// Windows of one impostor in one part at most.
    pub most_windows: usize,
    /// How the dataset's other people are parted.
    pub people: People,
}

impl Impostors {
    /// Whether a model learns against the very people that it is tested with.
    pub(crate) fn is_closed(&self) -> bool {
        self.learn_from == LearnFrom::People && matches!(self.people, People::Shared)
    }
}

/// Whom the model learns against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LearnFrom {
    /// People made up by the program, moving on the owner's device, as in every enrolment.
    Generated,
    /// The dataset's people of the training part.
    People,
}

/// How the dataset's other people are parted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "are", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum People {
    /// Everybody is in every part, with other sessions: closed set.
    Shared,
    /// Everybody is in one part only, assigned for each owner by the seed; the rest is the test.
    Assigned {
        /// Share of the people in training, 0..1.
        training: f64,
        /// Share of the people in calibration, 0..1.
        calibration: f64,
    },
    /// The first people in natural order only teach; the others are owners, and each other's
    /// impostors in the test.
    Reserved {
        /// How many people are reserved.
        first: usize,
    },
}

/// What becomes of the recordings before they are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "are", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Recordings {
    /// Nothing.
    AsRecorded,
    /// All are resampled to the slowest clock among them, before training too.
    OnOneClock,
    /// In calibration and test, everybody is sampled anew on the owner's device.
    OnOwnersDevice,
}

impl Protocol {
    /// A protocol of the program by its name, or one of your own by the path of its file.
    ///
    /// # Errors
    /// When it is neither, or the file is not a protocol.
    pub fn find(name: &str) -> Result<Self> {
        if let Some(at) = NAMES.iter().position(|known| *known == name) {
            return Self::parse(name, TEXTS[at]);
        }
        if !name.ends_with(".toml") {
            let what = format!("protocol {name:?} is not one of {}", NAMES.join(", "));
            return Err(Failure::new(FailureKind::Config, what)
                .remedy("Name one of these, or the TOML file of your own."));
        }
        let text = std::fs::read_to_string(Path::new(name))
            .map_err(|error| Failure::io(format!("protocol {name}"), error))?;
        Self::parse(name, &text)
    }

    /// Reads a protocol; `source` names it in errors.
    ///
    /// # Errors
    /// When it is not understood, or cannot work.
    pub fn parse(source: &str, text: &str) -> Result<Self> {
        let read: Self = toml::from_str(text).map_err(|e| wrong(source, e.to_string()))?;
        let protocol = Self { text: text.to_owned(), ..read };
        protocol.validate().map_err(|one| wrong(source, one))?;
        Ok(protocol)
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text, hexadecimal.
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.text.as_bytes()))
    }

    /// The protocol whose models are tested.
    pub(crate) fn model_folder(&self) -> &str {
        self.models.as_deref().unwrap_or(&self.name)
    }

    /// How many people, the first in natural order, only teach.
    ///
    /// # Errors
    /// When it reserves nobody.
    pub fn reserved(&self) -> Result<usize> {
        match self.impostors.people {
            People::Reserved { first } => Ok(first),
            People::Shared | People::Assigned { .. } => {
                let what = format!("protocol {} reserves nobody for teaching", self.name);
                Err(Failure::new(FailureKind::Config, what)
                    .remedy("Use --protocol sapimouse, or leave it out to learn from everybody."))
            }
        }
    }

    fn validate(&self) -> Result<(), String> {
        if !is_file_name(&self.name) || !is_file_name(self.model_folder()) {
            return Err("name and models must be letters, digits and hyphens".into());
        }
        if let Genuine::Share { training, calibration, .. } = self.genuine {
            check_shares(training, calibration, 0.01)?;
        }
        if let People::Assigned { training, calibration } = self.impostors.people {
            let learns = self.impostors.learn_from == LearnFrom::People;
            check_shares(training, calibration, if learns { 0.01 } else { 0.0 })?;
        }
        if self.genuine.most_training() == 0 || self.impostors.most_windows == 0 {
            return Err("most_training and most_windows must be at least 1".into());
        }
        if self.enrol_minutes.is_some_and(|minutes| !(minutes > 0.0 && minutes.is_finite())) {
            return Err("enrol_minutes must be above 0".into());
        }
        if self.enrol_days == Some(0) {
            return Err("enrol_days must be above 0".into());
        }
        Ok(())
    }
}

fn check_shares(training: f64, calibration: f64, least: f64) -> Result<(), String> {
    let sum = training + calibration;
    (training >= least && calibration >= 0.0 && sum < 1.0)
        .then_some(())
        .ok_or(format!("shares {training} and {calibration} leave nothing for a part"))
}

fn is_file_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn wrong(source: &str, what: String) -> Failure {
    Failure::new(FailureKind::Config, format!("protocol {source}: {what}"))
        .remedy("Compare it with the protocols in src/lab/protocol/.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_of_the_program_is_read_under_its_name() {
        for name in NAMES {
            let protocol = Protocol::find(name).unwrap();
            assert_eq!(protocol.name, name);
            assert!(NAMES.contains(&protocol.model_folder()));
            assert_eq!(protocol.sha256().len(), 64);
        }
    }

    #[test]
    fn who_shares_models_shares_the_split() {
        let rules = |name| {
            let Protocol { genuine, impostors, .. } = Protocol::find(name).unwrap();
            (genuine, impostors)
        };
        assert_eq!(rules("same-device"), rules("open-set"));
        assert_eq!(rules("time-resampled"), rules("open-set"));
    }

    #[test]
    fn a_wrong_protocol_says_what_is_wrong() {
        let text = Protocol::find("open-set").unwrap().text().to_owned();
        for (from, to, said) in [
            ("training = 0.5", "training = 0.9", "leave nothing"),
            ("most_windows = 200", "most_windows = 0", "at least 1"),
            ("most_windows", "most_windoes", "most_windoes"),
            ("[genuine]", "enrol_minutes = 0\n[genuine]", "above 0"),
            ("[genuine]", "enrol_days = 0\n[genuine]", "above 0"),
            ("\"open-set\"", "\"../open\"", "letters"),
            ("\"generated\"", "\"people\"", "leave nothing"),
        ] {
            let wrong = Protocol::parse("my.toml", &text.replace(from, to)).unwrap_err();
            assert!(wrong.to_string().contains(said), "{wrong}");
            assert!(wrong.to_string().starts_with("protocol my.toml"), "{wrong}");
        }
        let nobody = Protocol::find("open-set").unwrap().reserved().unwrap_err().to_string();
        assert!(nobody.contains("reserves nobody"), "{nobody}");
        let unknown = Protocol::find("closed").unwrap_err().to_string();
        assert!(unknown.contains("time-resampled"), "{unknown}");
        assert!(Protocol::find("nowhere.toml").is_err());
    }
}
