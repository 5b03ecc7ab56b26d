//! The section `[policy]`, which `[decision]` has taken the place of.

use serde::{Deserialize, Serialize};

use super::bounded::{BoundedInt, Fraction, ModelOr};
use super::settings::{Budget, DecisionChoice};
use crate::pipeline::MaxAction;

/// What it says, read so that an update leaves nobody unprotected.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OldPolicy {
    #[serde(rename = "ladder")]
    old_max_action: Option<MaxAction>,
    rule: Option<OldRule>,
    hours_between_alarms: Option<BoundedInt<1, 1000>>,
    group_windows: Option<ModelOr<BoundedInt<1, 1000>>>,
    threshold: Option<ModelOr<Fraction>>,
    hysteresis: Option<Fraction>,
    confirm_windows: Option<BoundedInt<1, 1000>>,
    cooldown_s: Option<BoundedInt<0, 86_400>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OldRule {
    Mean,
    Cusum,
    Scan,
}

impl OldPolicy {
    /// What it says in today's words. Whoever set a threshold, a group or the rule of the mean
    /// meant the rule of the equal error rate.
    pub(crate) fn apply(self, choice: &mut DecisionChoice) {
        let Self { old_max_action, rule, hours_between_alarms, group_windows, threshold, .. } =
            self;
        if rule == Some(OldRule::Mean) || group_windows.is_some() || threshold.is_some() {
            choice.notice_budget_h = Budget::Eer;
            choice.lock_budget_h = Budget::Eer;
        } else if let Some(hours) = hours_between_alarms {
            choice.notice_budget_h = Budget::Hours(hours);
            choice.lock_budget_h = Budget::Hours(hours);
        }
        choice.max_action = old_max_action.unwrap_or(choice.max_action);
        choice.group_windows = group_windows.unwrap_or(choice.group_windows);
        choice.threshold = threshold.unwrap_or(choice.threshold);
        choice.confirm_windows = self.confirm_windows.unwrap_or(choice.confirm_windows);
        choice.cooldown_s = self.cooldown_s.unwrap_or(choice.cooldown_s);
    }
}
