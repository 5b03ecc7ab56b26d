//! What an administrator has fixed for everybody on the machine. Where the file lies and whether it
//! can be trusted is decided by whoever reads it.

use serde::{Deserialize, Serialize};

use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::MaxAction;

use super::settings::{Budget, DecisionChoice, Fraction, ModelOr};

/// The administrator's rules; without a file nothing is fixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Whether the owner may pause the agent.
    pub allow_pause: bool,
    /// Whether the owner may stop the agent by its own commands.
    pub allow_stop: bool,
    /// How far the agent goes, whatever the owner configured.
    #[serde(alias = "ladder")]
    pub max_action: Option<MaxAction>,
    /// How often the person may be told by mistake, whatever the owner configured.
    pub notice_budget_h: Option<Budget>,
    /// How often the session may be locked by mistake, whatever the owner configured.
    pub lock_budget_h: Option<Budget>,
    /// The threshold of the grouped score, whatever the owner and the model say. Pins the group
    /// too, or another size would void it.
    pub(crate) threshold: Option<Fraction>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            allow_pause: true,
            allow_stop: true,
            max_action: None,
            notice_budget_h: None,
            lock_budget_h: None,
            threshold: None,
        }
    }
}

impl Rules {
    /// Reads a text; `name` stands in the error.
    ///
    /// # Errors
    /// [`FailureKind::Config`] with line and caret when it is wrong.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            Failure::new(FailureKind::Config, format!("{name}: {}", error.to_string().trim_end()))
                .remedy("The administrator of this machine has to correct that line.")
        })
    }

    /// Puts what is fixed in place of what was chosen.
    pub fn apply(&self, choice: &mut DecisionChoice) {
        let default = DecisionChoice::default();
        choice.max_action = self.max_action.unwrap_or(choice.max_action);
        choice.notice_budget_h = self.notice_budget_h.unwrap_or(choice.notice_budget_h);
        choice.lock_budget_h = self.lock_budget_h.unwrap_or(choice.lock_budget_h);
        if self.lock_budget_h.is_some() {
            choice.cooldown_s = default.cooldown_s;
        }
        if let Some(threshold) = self.threshold {
            choice.threshold = ModelOr::Value(threshold);
            choice.group_windows = default.group_windows;
            choice.confirm_windows = default.confirm_windows;
        }
    }

    /// What is fixed, each in a few words.
    pub fn words(&self) -> Vec<String> {
        let forbidden = |allowed: bool, what: &str| (!allowed).then(|| format!("no {what}"));
        let max_action = self.max_action.map(|action| format!("max_action {action}"));
        let budget = |name: &str, budget: Option<Budget>| {
            budget.map(|budget| format!("{name} {}", toml::Value::from(budget)))
        };
        let threshold = self.threshold.map(|threshold| format!("threshold {}", threshold.get()));
        [
            forbidden(self.allow_pause, "pause"),
            forbidden(self.allow_stop, "stop"),
            max_action,
            budget("notice_budget_h", self.notice_budget_h),
            budget("lock_budget_h", self.lock_budget_h),
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
    use crate::agent::settings::BoundedInt;

    #[test]
    fn what_is_fixed_takes_the_place_of_what_was_chosen() {
        let text =
            "allow_pause = false\nmax_action = \"lock\"\nlock_budget_h = 40\nthreshold = 0.25\n";
        let rules = Rules::parse("policy", text).unwrap();
        let mut choice = DecisionChoice {
            max_action: MaxAction::Log,
            lock_budget_h: Budget::Hours(BoundedInt::clamped(1000)),
            group_windows: ModelOr::Value(BoundedInt::clamped(1000)),
            confirm_windows: BoundedInt::clamped(1000),
            ..DecisionChoice::default()
        };
        rules.apply(&mut choice);
        let threshold = ModelOr::Value(Fraction::try_from(0.25).unwrap());
        let max_action = MaxAction::Lock;
        let fixed = DecisionChoice { max_action, threshold, ..DecisionChoice::default() };
        assert_eq!(choice, fixed, "no free key voids a fixed one");
        let words = ["no pause", "max_action lock", "lock_budget_h 40", "threshold 0.25"];
        assert_eq!(rules.words(), words);
    }

    #[test]
    fn the_example_fixes_nothing_until_its_lines_are_used() {
        let example = include_str!("../../installers/linux/policy.example.toml");
        assert_eq!(Rules::parse("the example", example).unwrap(), Rules::default());
        let used: String = example
            .lines()
            .map(|line| if line.contains(" = ") { line.trim_start_matches('#') } else { line })
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(Rules::parse("the example", &used).unwrap().words().len(), 4);
    }

    #[test]
    fn without_rules_everything_stays_and_a_wrong_rule_is_shown() {
        let mut choice = DecisionChoice::default();
        Rules::default().apply(&mut choice);
        assert_eq!(choice, DecisionChoice::default());
        let failure = Rules::parse("policy p.toml", "\nallow_pauze = false\n").unwrap_err();
        assert!(failure.to_string().contains("line 2"), "{failure}");
    }
}
