//! The configuration: the sum of the modules' parameters, read from one TOML file that is right as
//! a whole or refused with the line at fault.

mod policy;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::agent::old_policy::OldPolicy;
use crate::agent::settings::{
    AdaptParams, DecisionChoice, EnrolParams, IntakeParams, JournalParams, LockParams,
    MetricsParams, NotifyParams, RecordParams, RetentionParams, TrayParams,
};
use crate::error::{Failure, FailureKind, Result};
use crate::files;
use crate::model::{LibraryHash, ScorerBackend, ScorerParams};

pub use self::policy::AdminPolicy;

/// The configuration of the agent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How the mouse is listened to.
    pub capture: IntakeParams,
    /// Which model, and who scores with it.
    pub(crate) model: ModelChoice,
    /// How windows become decisions.
    pub decision: DecisionChoice,
    /// The same in configurations before version 0.2; emptied into `decision` when it is read.
    #[serde(skip_serializing)]
    pub(crate) policy: Option<OldPolicy>,
    /// What the person is told.
    pub notify: NotifyParams,
    /// How the session is locked.
    pub lock: LockParams,
    /// Whether the agent learns from its false alarms.
    pub(crate) adapt: AdaptParams,
    /// Whether movement is kept.
    pub(crate) record: RecordParams,
    /// The log as a file for another program.
    pub(crate) journal: JournalParams,
    /// The icon in the tray.
    pub(crate) tray: TrayParams,
    /// Figures for those who watch over many machines.
    pub(crate) metrics: MetricsParams,
    /// How long is kept what is stored.
    pub(crate) retention: RetentionParams,
    /// How much movement an enrolment collects.
    pub(crate) enrol: EnrolParams,
    /// What is said on stderr.
    pub(crate) log: LogParams,
}

/// A path, or `"auto"` for the usual place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PathBuf", into = "PathBuf")]
pub(crate) enum ConfigPath {
    /// The usual place.
    #[default]
    Auto,
    /// This file.
    At(PathBuf),
}

impl From<PathBuf> for ConfigPath {
    fn from(path: PathBuf) -> Self {
        if path == Path::new("auto") { Self::Auto } else { Self::At(path) }
    }
}

impl From<ConfigPath> for PathBuf {
    fn from(place: ConfigPath) -> Self {
        match place {
            ConfigPath::Auto => Self::from("auto"),
            ConfigPath::At(path) => path,
        }
    }
}

/// A hash as the configuration writes it: "" for none.
mod written_hash {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::model::LibraryHash;

    pub fn serialize<S: Serializer>(hash: &Option<LibraryHash>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hash.clone().map_or_else(String::new, String::from))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<LibraryHash>, D::Error> {
        let text = String::deserialize(from)?;
        if text.is_empty() {
            return Ok(None);
        }
        LibraryHash::try_from(text).map(Some).map_err(serde::de::Error::custom)
    }
}

/// Which model, and who scores with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ModelChoice {
    /// The model file.
    pub path: ConfigPath,
    /// Who scores.
    pub backend: ScorerBackend,
    /// The ONNX Runtime library, by absolute path.
    pub library: ConfigPath,
    /// Its SHA-256, for one that is not known here.
    #[serde(with = "written_hash")]
    pub library_sha256: Option<LibraryHash>,
}

impl ModelChoice {
    /// The choice as the model module wants it, with the folders in which the library may lie.
    pub(crate) fn scorer(&self, search: Vec<PathBuf>) -> ScorerParams {
        let library = match &self.library {
            ConfigPath::Auto => None,
            ConfigPath::At(path) => Some(path.clone()),
        };
        let library_sha256 = self.library_sha256.clone();
        ScorerParams { backend: self.backend, library, library_sha256, search }
    }
}

/// What is said on stderr.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogParams {
    /// The least important thing that is still said.
    pub level: LogLevel,
}

/// How much is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    /// Faults.
    Error,
    /// What does not work as it should.
    Warn,
    /// What the agent does.
    #[default]
    Info,
    /// Why it does so.
    Debug,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`FailureKind::Config`] with file, line and what is allowed, when it is wrong; otherwise why
    /// it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let name = format!("configuration {}", path.display());
        let text = files::read_to_string(path).map_err(|e| {
            Failure::io(&name, e).remedy("`mousewarden config paths` shows where it is looked for.")
        })?;
        Self::parse(&name, &text)
    }

    /// Reads a text; `name` stands in the error.
    ///
    /// # Errors
    /// [`FailureKind::Config`] as for [`Config::read`].
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let read = toml::from_str(text).map_err(|error| {
            Failure::new(FailureKind::Config, format!("{name}: {}", error.to_string().trim_end()))
                .remedy("Correct that line; `mousewarden config default` prints every key.")
        });
        read.map(Self::renewed)
    }

    /// The same in today's words.
    fn renewed(mut self) -> Self {
        if let Some(old) = self.policy.take() {
            tracing::warn!(
                "the section [policy] is called [decision] now; `mousewarden config default` prints \
                 its keys"
            );
            old.apply(&mut self.decision);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::settings::Budget;
    use crate::pipeline::MaxAction;

    fn refusal(text: &str) -> String {
        let failure = Config::parse("configuration c.toml", text).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Config);
        failure.to_string()
    }

    #[test]
    fn an_unknown_key_is_shown_with_line_and_caret() {
        let said = refusal("[decision]\nmax_action = \"lock\"\nladderr = 1\n");
        assert!(said.contains("c.toml") && said.contains("line 3"), "{said}");
        assert!(said.contains("^^^") && said.contains("ladderr"), "{said}");
    }

    #[test]
    fn a_wrong_value_is_shown_with_what_is_allowed() {
        for (text, allowed) in [
            ("[decision]\n\nconfirm_windows = 0", "0 must lie in 1..=1000"),
            ("[decision]\n\nnotice_budget_h = 0", "0 must lie in 1..=1000"),
            ("[decision]\n\nlock_budget_h = \"err\"", "must be \"eer\" or whole hours"),
            ("[decision]\n\nthreshold = 2", "2 must lie in 0..=1"),
            ("[decision]\n\ngroup_windows = \"modell\"", "must be \"model\" or a number"),
            ("[decision]\n\nmax_action = \"shout\"", "expected one of"),
            ("[model]\n\nlibrary_sha256 = \"abc\"", "64 hexadecimal digits"),
            ("[capture]\n\nslack_ms = -1", "-1 must lie in 0..=100"),
        ] {
            let said = refusal(text);
            assert!(said.contains(allowed) && said.contains("line 3"), "{said}");
            assert!(said.contains('^'), "{said}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = "[decision]\ngroup_windows = 7\nlock_budget_h = \"eer\"\n[model]\npath = \"/a/b.onnx\"\n";
        let config = Config::parse("x", text).unwrap();
        let again = Config::parse("y", &toml::to_string(&config).unwrap()).unwrap();
        assert_eq!(again, config);
        assert_ne!(again, Config::default());
    }

    #[test]
    fn a_section_of_before_is_read_in_todays_words() {
        let old = "[policy]\nladder = \"lock\"\nhysteresis = 0.1\n";
        let decision = Config::parse("x", old).unwrap().decision;
        assert_eq!(decision.max_action, MaxAction::Lock);
        assert_eq!(decision.notice_budget_h, DecisionChoice::default().notice_budget_h);
        let eer = Config::parse("x", "[policy]\nthreshold = 0.5\nconfirm_windows = 1\n").unwrap();
        assert_eq!(eer.decision.lock_budget_h, Budget::Eer);
        assert!(refusal("[policy]\nladderr = 1\n").contains("ladderr"));
    }
}
