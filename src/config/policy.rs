//! The administrator's policy: what may be asked of an agent, and sections of the configuration that
//! hold for everybody on the machine. Where the file lies and whether it can be trusted is decided by
//! whoever reads it.
//!
//! # Invariants
//! A section is fixed as a whole: what the policy leaves out has its default, not the owner's choice.
//! With it every other section is fixed by which the owner could void it.

use serde::{Deserialize, Serialize};

use super::{Config, LogParams, ModelChoice};
use crate::agent::rules::Rules;
use crate::agent::settings::{
    AdaptParams, Budget, DecisionChoice, EnrolParams, Fraction, IntakeParams, JournalParams,
    LockParams, MetricsParams, ModelOr, NotifyParams, RecordParams, RetentionParams, TrayParams,
};
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::MaxAction;

/// The administrator's policy; without a file nothing is fixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdminPolicy {
    allow_pause: bool,
    allow_stop: bool,
    #[serde(alias = "ladder", skip_serializing)]
    max_action: Option<MaxAction>,
    #[serde(skip_serializing)]
    notice_budget_h: Option<Budget>,
    #[serde(skip_serializing)]
    lock_budget_h: Option<Budget>,
    #[serde(skip_serializing)]
    threshold: Option<Fraction>,
    capture: Option<IntakeParams>,
    model: Option<ModelChoice>,
    decision: Option<DecisionChoice>,
    notify: Option<NotifyParams>,
    lock: Option<LockParams>,
    adapt: Option<AdaptParams>,
    record: Option<RecordParams>,
    journal: Option<JournalParams>,
    tray: Option<TrayParams>,
    metrics: Option<MetricsParams>,
    retention: Option<RetentionParams>,
    enrol: Option<EnrolParams>,
    log: Option<LogParams>,
}

impl Default for AdminPolicy {
    fn default() -> Self {
        Self {
            allow_pause: true,
            allow_stop: true,
            max_action: None,
            notice_budget_h: None,
            lock_budget_h: None,
            threshold: None,
            capture: None,
            model: None,
            decision: None,
            notify: None,
            lock: None,
            adapt: None,
            record: None,
            journal: None,
            tray: None,
            metrics: None,
            retention: None,
            enrol: None,
            log: None,
        }
    }
}

impl AdminPolicy {
    /// Reads a text; `name` stands in the error.
    ///
    /// # Errors
    /// [`FailureKind::Config`] with line and caret when it is wrong.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let read: Self = toml::from_str(text).map_err(|error| {
            Failure::new(FailureKind::Config, format!("{name}: {}", error.to_string().trim_end()))
                .remedy("The administrator of this machine has to correct that line.")
        })?;
        Ok(read.renewed().completed())
    }

    /// Single keys of before, as the section that they belong to.
    fn renewed(mut self) -> Self {
        let keys = (self.max_action, self.notice_budget_h, self.lock_budget_h, self.threshold);
        if keys == (None, None, None, None) {
            return self;
        }
        let decision = self.decision.get_or_insert_default();
        decision.max_action = self.max_action.take().unwrap_or(decision.max_action);
        decision.notice_budget_h = self.notice_budget_h.take().unwrap_or(decision.notice_budget_h);
        decision.lock_budget_h = self.lock_budget_h.take().unwrap_or(decision.lock_budget_h);
        decision.threshold = self.threshold.take().map_or(decision.threshold, ModelOr::Value);
        self
    }

    /// With the sections by which the owner could void a fixed one: a decision is worth what is
    /// seen, who judges by which model, what is told and locked, and what is kept of it.
    fn completed(mut self) -> Self {
        if self.decision.is_some() {
            self.capture.get_or_insert_default();
            self.model.get_or_insert_default();
            self.notify.get_or_insert_default();
            self.lock.get_or_insert_default();
            self.adapt.get_or_insert_default();
            self.retention.get_or_insert_default();
        }
        if self.adapt.is_some() {
            self.model.get_or_insert_default();
        }
        if self.record.is_some() {
            self.retention.get_or_insert_default();
        }
        self
    }

    /// Puts what is fixed in place of what was chosen.
    pub(crate) fn apply(&self, config: &mut Config) {
        put(&mut config.capture, &self.capture);
        put(&mut config.model, &self.model);
        put(&mut config.decision, &self.decision);
        put(&mut config.notify, &self.notify);
        put(&mut config.lock, &self.lock);
        put(&mut config.adapt, &self.adapt);
        put(&mut config.record, &self.record);
        put(&mut config.journal, &self.journal);
        put(&mut config.tray, &self.tray);
        put(&mut config.metrics, &self.metrics);
        put(&mut config.retention, &self.retention);
        put(&mut config.enrol, &self.enrol);
        put(&mut config.log, &self.log);
    }

    /// What the owner may ask of the agent.
    pub(crate) const fn rules(&self) -> Rules {
        Rules { allow_pause: self.allow_pause, allow_stop: self.allow_stop }
    }

    /// Whether the model is the administrator's: then it lies where only administrators write, and
    /// neither the environment nor an argument names another.
    pub(crate) const fn fixes_model(&self) -> bool {
        self.model.is_some()
    }

    /// Whether the administrator decides what becomes of what is seen.
    pub(crate) const fn fixes_decision(&self) -> bool {
        self.decision.is_some()
    }

    /// What is fixed, each in a few words.
    pub(crate) fn words(&self) -> Vec<String> {
        let forbidden = [(self.allow_pause, "no pause"), (self.allow_stop, "no stop")];
        let forbidden = forbidden.into_iter().filter(|(allowed, _)| !allowed);
        let sections = toml::Table::try_from(self).unwrap_or_default();
        let sections = sections.into_iter().filter(|(_, value)| value.is_table());
        let mut words: Vec<_> = forbidden.map(|(_, what)| what.to_owned()).collect();
        words.extend(sections.map(|(name, _)| format!("[{name}]")));
        words
    }
}

fn put<T: Clone>(chosen: &mut T, fixed: &Option<T>) {
    if let Some(fixed) = fixed {
        chosen.clone_from(fixed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use toml::{Table, Value};

    /// Why the owner may choose these where the decision is fixed. Whoever adds a key has to say it
    /// here, or to fix its section with the decision.
    const CANNOT_VOID: [(&str, &str); 12] = [
        ("record.enabled", "what is kept of the movement is read by no decision"),
        ("journal.file", "a copy of the log; the history is kept all the same"),
        ("journal.max_mb", "the size of that copy"),
        ("tray.enabled", "shows the decision to the owner, who is told of alarms all the same"),
        ("metrics.file", "figures for others, read by no decision"),
        ("enrol.target_windows", "the model in force is the administrator's"),
        ("enrol.target_minutes", "the model in force is the administrator's"),
        ("enrol.quiet_hours", "there are none where the decision is fixed"),
        ("enrol.stop_early", "the model in force is the administrator's"),
        ("log.level", "what is said on stderr; the history is kept all the same"),
        ("allow_pause", "the policy's own"),
        ("allow_stop", "the policy's own"),
    ];

    fn leaves(table: &Table) -> Vec<(String, String)> {
        let of_section = |(section, value): (&String, &Value)| {
            let keys = value.as_table().map(|table| table.keys().cloned().collect::<Vec<_>>());
            let keys = keys.unwrap_or_default().into_iter();
            keys.map(|key| (section.clone(), key)).collect::<Vec<_>>()
        };
        table.iter().flat_map(of_section).collect()
    }

    fn defaults() -> Table {
        Table::try_from(Config::default()).unwrap()
    }

    /// Another value of a key that the configuration takes.
    fn others(key: &str, value: &Value) -> Vec<Value> {
        let candidates: Vec<Value> = match value {
            Value::Boolean(is) => vec![(!is).into()],
            Value::Integer(number) => vec![(number + 1).into(), (number - 1).into()],
            Value::Array(_) => vec![vec![Value::from("true")].into()],
            Value::String(_) => ["log", "lock", "builtin", "debug", "xinput2", "eer"]
                .map(Value::from)
                .into_iter()
                .chain([Value::from("/tmp/other"), Value::from("0".repeat(64))])
                .chain([Value::from(0.5), Value::from(7)])
                .collect(),
            other => panic!("{key}: {other} is of no kind that is known here"),
        };
        candidates.into_iter().filter(|other| other != value).collect()
    }

    /// Every configuration that differs from the defaults in this key alone.
    fn chosen(section: &str, key: &str) -> Vec<Config> {
        let value = defaults()[section][key].clone();
        let with = |other: Value| {
            let mut table = defaults();
            table[section][key] = other;
            Config::parse("owner", &toml::to_string(&table).unwrap()).ok()
        };
        let found: Vec<_> = others(key, &value).into_iter().filter_map(with).collect();
        assert!(!found.is_empty(), "{section}.{key}: no other value is known");
        found
    }

    fn section<'t>(of: &'t Table, name: &str) -> &'t Value {
        &of[name]
    }

    #[test]
    fn no_key_of_the_owners_moves_a_fixed_section_or_one_that_it_rests_on() {
        let untouched = defaults();
        for fixed in untouched.keys() {
            let policy = AdminPolicy::parse("policy", &format!("[{fixed}]\n")).unwrap();
            let words = policy.words();
            assert!(words.contains(&format!("[{fixed}]")), "{words:?}");
            for (name, key) in leaves(&untouched) {
                for mut config in chosen(&name, &key) {
                    policy.apply(&mut config);
                    let now = Table::try_from(&config).unwrap();
                    for held in untouched.keys().filter(|held| words.contains(&format!("[{held}]")))
                    {
                        let (is, was) = (section(&now, held), section(&untouched, held));
                        assert_eq!(is, was, "[{fixed}]: {name}.{key} moves [{held}]");
                    }
                }
            }
        }
    }

    #[test]
    fn what_stays_free_beside_a_fixed_decision_is_argued_key_by_key() {
        let policy = AdminPolicy::parse("policy", "[decision]\nmax_action = \"lock\"\n").unwrap();
        let words = policy.words();
        let is_free = |(section, _): &(String, String)| !words.contains(&format!("[{section}]"));
        let free = leaves(&defaults()).into_iter().filter(is_free);
        let free: BTreeSet<_> = free.map(|(section, key)| format!("{section}.{key}")).collect();
        let argued = CANNOT_VOID.iter().map(|(key, _)| (*key).to_owned());
        let argued: BTreeSet<_> = argued.filter(|key| key.contains('.')).collect();
        assert_eq!(free, argued);
        assert!(policy.fixes_model() && policy.fixes_decision());
    }

    #[test]
    fn single_keys_of_before_fix_the_whole_decision() {
        let text =
            "allow_pause = false\nmax_action = \"lock\"\nlock_budget_h = 40\nthreshold = 0.25\n";
        let policy = AdminPolicy::parse("policy", text).unwrap();
        let mut config = Config::parse(
            "owner",
            "[decision]\nmax_action = \"log\"\ngroup_windows = 1000\nconfirm_windows = 1000\n\
             [lock]\ncountdown_s = 600\n[model]\npath = \"/tmp/everybody.onnx\"\n",
        )
        .unwrap();
        policy.apply(&mut config);
        let decision = DecisionChoice {
            max_action: MaxAction::Lock,
            threshold: ModelOr::Value(Fraction::try_from(0.25).unwrap()),
            ..DecisionChoice::default()
        };
        assert_eq!(config, Config { decision, ..Config::default() });
        assert_eq!(policy.words()[0], "no pause");
        assert!(!policy.rules().allow_pause && policy.rules().allow_stop);
    }

    #[test]
    fn the_example_fixes_nothing_until_its_lines_are_used() {
        let example = include_str!("../../installers/linux/policy.example.toml");
        assert_eq!(AdminPolicy::parse("the example", example).unwrap(), AdminPolicy::default());
        let is_setting = |line: &&str| line.starts_with("#[") || line.contains(" = ");
        let used = example.lines().filter(is_setting).map(|line| line.trim_start_matches('#'));
        let used: String = used.map(|line| format!("{line}\n")).collect();
        let words = AdminPolicy::parse("the example", &used).unwrap().words();
        for section in ["[decision]", "[lock]", "[model]", "[record]", "[metrics]"] {
            assert!(words.contains(&section.to_owned()), "{section}: {words:?}");
        }
    }

    #[test]
    fn without_a_policy_everything_stays_and_a_wrong_one_is_shown() {
        let mut config = Config::parse("owner", "[lock]\ncountdown_s = 3\n").unwrap();
        let before = config.clone();
        AdminPolicy::default().apply(&mut config);
        assert_eq!(config, before);
        assert!(AdminPolicy::default().words().is_empty());
        for text in ["\nallow_pauze = false\n", "[lock]\ncountdown_s = 601\n"] {
            let failure = AdminPolicy::parse("policy p.toml", text).unwrap_err();
            assert!(failure.to_string().contains("line 2"), "{failure}");
        }
    }
}
