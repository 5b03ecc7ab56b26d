//! What an administrator has fixed for everybody on the machine. Where the file lies and whether it
//! can be trusted is decided by whoever reads it.

use serde::{Deserialize, Serialize};

use crate::error::{Failure, Kind, Result};
use crate::pipeline::Ladder;

use super::settings::{Choice, PolicyChoice, Share};

/// The administrator's rules; without a file nothing is fixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Whether the owner may pause the agent.
    pub allow_pause: bool,
    /// Whether the owner may stop the agent by its own commands.
    pub allow_stop: bool,
    /// How far the agent goes, whatever the owner configured.
    pub ladder: Option<Ladder>,
    /// The threshold, whatever the owner and the model say.
    pub threshold: Option<Share>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { allow_pause: true, allow_stop: true, ladder: None, threshold: None }
    }
}

impl Rules {
    /// Reads a text; `name` stands in the error.
    ///
    /// # Errors
    /// [`Kind::Config`] with line and caret when it is wrong.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            Failure::new(Kind::Config, format!("{name}: {}", error.to_string().trim_end()))
                .remedy("The administrator of this machine has to correct that line.")
        })
    }

    /// Puts what is fixed in place of what was chosen.
    pub fn apply(&self, choice: &mut PolicyChoice) {
        if let Some(ladder) = self.ladder {
            choice.ladder = ladder;
        }
        if let Some(threshold) = self.threshold {
            choice.threshold = Choice::Value(threshold);
        }
    }

    /// What is fixed, each in a few words.
    pub fn words(&self) -> Vec<String> {
        let forbidden = |allowed: bool, what: &str| (!allowed).then(|| format!("no {what}"));
        let ladder = self.ladder.map(|ladder| format!("ladder {ladder}"));
        let threshold = self.threshold.map(|threshold| format!("threshold {}", threshold.get()));
        [
            forbidden(self.allow_pause, "pause"),
            forbidden(self.allow_stop, "stop"),
            ladder,
            threshold,
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fixed_takes_the_place_of_what_was_chosen() {
        let text = "allow_pause = false\nladder = \"lock\"\nthreshold = 0.25\n";
        let rules = Rules::parse("policy", text).unwrap();
        let mut choice = PolicyChoice { ladder: Ladder::Log, ..PolicyChoice::default() };
        rules.apply(&mut choice);
        assert_eq!(choice.ladder, Ladder::Lock);
        assert!(matches!(choice.threshold, Choice::Value(share) if share.get() == 0.25));
        assert_eq!(rules.words(), ["no pause", "ladder lock", "threshold 0.25"]);
    }

    #[test]
    fn the_example_fixes_nothing_until_its_lines_are_used() {
        let example = include_str!("../../installers/linux/policy.example.toml");
        assert_eq!(Rules::parse("the example", example).unwrap(), Rules::default());
        let used = example.replace("#ladder", "ladder").replace("#threshold", "threshold");
        assert_eq!(Rules::parse("the example", &used).unwrap().words().len(), 2);
    }

    #[test]
    fn without_rules_everything_stays_and_a_wrong_rule_is_shown() {
        let mut choice = PolicyChoice::default();
        Rules::default().apply(&mut choice);
        assert_eq!(choice, PolicyChoice::default());
        let failure = Rules::parse("policy p.toml", "\nallow_pauze = false\n").unwrap_err();
        assert!(failure.to_string().contains("line 2"), "{failure}");
    }
}
