//! One session as a row of numbers: three sets of features, each with fixed names in a fixed order.
//! Every value is finite for every session, however short; nothing is scaled or learnt here.
//!
//! Where a session has nothing to measure (no click, no movement, constant coordinates) the feature
//! has the documented value of its file, 0 unless it says otherwise.

mod actions;
mod clicks;
mod motion;
mod notebook;
mod rhythm;
mod screen;
mod stats;
mod track;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::track::Track;
use crate::error::{Failure, FailureKind};
use crate::pipeline::MouseEvent;

/// Which numbers describe a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FeatureSet {
    /// The 17 of the research notebook, its slope corrected.
    Notebook,
    /// The same 17 with the notebook's slope, which takes the mean of x for that of y.
    NotebookAsWas,
    /// Position, screen, device, speed, shape, rhythm, clicks and actions.
    Rich,
    /// What is left of `Rich` without pixels and without the sampling of the device.
    Independent,
}

impl FeatureSet {
    /// All sets.
    pub(crate) const ALL: [Self; 4] =
        [Self::Notebook, Self::NotebookAsWas, Self::Rich, Self::Independent];

    /// As `--features` calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Notebook => "notebook",
            Self::NotebookAsWas => "notebook-as-was",
            Self::Rich => "rich",
            Self::Independent => "independent",
        }
    }

    /// The names, in the order of the values.
    pub(crate) fn names(self) -> Vec<String> {
        self.measure(&[]).into_iter().map(|feature| feature.name).collect()
    }

    /// What each feature looks at, in the order of the values.
    pub(crate) fn groups(self) -> Vec<Group> {
        self.measure(&[]).into_iter().map(|feature| feature.group).collect()
    }

    /// The values of one session's events, which are in the order of time; all are finite.
    pub(crate) fn values(self, events: &[MouseEvent]) -> Vec<f64> {
        let values = self.measure(events).into_iter().map(|feature| feature.value);
        values.map(|value| if value.is_finite() { value } else { 0.0 }).collect()
    }

    fn measure(self, events: &[MouseEvent]) -> Vec<Feature> {
        match self {
            Self::Notebook => notebook::measure(events, notebook::Slope::Corrected),
            Self::NotebookAsWas => notebook::measure(events, notebook::Slope::AsWas),
            Self::Rich => rich(events),
            Self::Independent => {
                let mut all = rich(events);
                all.retain(|feature| feature.group.is_independent());
                all
            }
        }
    }
}

impl FromStr for FeatureSet {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        Self::ALL.into_iter().find(|set| set.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Failure::new(FailureKind::Config, format!("there is no feature set {name:?}"))
                .remedy(format!("Choose one of {names}."))
        })
    }
}

/// What a feature looks at; an evaluation says which of these carry a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Group {
    /// Where on the page the pointer is.
    Position,
    /// How large the screen is and how its pixels are divided.
    Screen,
    /// How often the device and the recorder report, and what they can do.
    Device,
    /// Distances and speeds in pixels.
    Speed,
    /// Directions, bends and ratios, which have no unit.
    Shape,
    /// Pauses and their order.
    Rhythm,
    /// When buttons and wheel are used.
    Clicks,
}

impl Group {
    /// All groups.
    pub(crate) const ALL: [Self; 7] = [
        Self::Position,
        Self::Screen,
        Self::Device,
        Self::Speed,
        Self::Shape,
        Self::Rhythm,
        Self::Clicks,
    ];

    /// As reports call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Screen => "screen",
            Self::Device => "device",
            Self::Speed => "speed",
            Self::Shape => "shape",
            Self::Rhythm => "rhythm",
            Self::Clicks => "clicks",
        }
    }

    /// Whether it says nothing of the screen's pixels or of how often the device reports.
    pub(crate) const fn is_independent(self) -> bool {
        matches!(self, Self::Shape | Self::Rhythm | Self::Clicks)
    }
}

/// One number with its name.
#[derive(Debug, Clone, PartialEq)]
struct Feature {
    name: String,
    group: Group,
    value: f64,
}

/// The features of one group, as they are measured.
#[derive(Debug)]
struct Sheet<'a> {
    features: &'a mut Vec<Feature>,
    group: Group,
}

impl<'a> Sheet<'a> {
    const fn of(features: &'a mut Vec<Feature>, group: Group) -> Self {
        Self { features, group }
    }

    fn put(&mut self, name: impl Into<String>, value: f64) {
        self.features.push(Feature { name: name.into(), group: self.group, value });
    }
}

fn rich(events: &[MouseEvent]) -> Vec<Feature> {
    let mut features = Vec::new();
    let track = Track::of(events);
    screen::position(&mut Sheet::of(&mut features, Group::Position), events);
    screen::extent(&mut Sheet::of(&mut features, Group::Screen), events);
    rhythm::sampling(&mut Sheet::of(&mut features, Group::Device), events, &track);
    motion::speed(&mut Sheet::of(&mut features, Group::Speed), &track);
    actions::sizes(&mut Sheet::of(&mut features, Group::Speed), events);
    motion::shape(&mut Sheet::of(&mut features, Group::Shape), &track);
    actions::shapes(&mut Sheet::of(&mut features, Group::Shape), events);
    rhythm::pauses(&mut Sheet::of(&mut features, Group::Rhythm), events, &track);
    clicks::timing(&mut Sheet::of(&mut features, Group::Clicks), events);
    features
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Button, MouseKind, Timestamp};

    fn event(ms: i64, kind: MouseKind, x: f64, y: f64) -> MouseEvent {
        MouseEvent { at: Timestamp::from_millis(ms), kind, x, y }
    }

    fn odd_sessions() -> Vec<Vec<MouseEvent>> {
        let press = MouseKind::Press(Button::Left);
        vec![
            vec![],
            vec![event(5, MouseKind::Move, 3.0, 4.0)],
            vec![event(5, press, 3.0, 4.0)],
            (0..9).map(|i| event(i * 10, press, 3.0, 4.0)).collect(),
            (0..9).map(|i| event(i * 10, MouseKind::Move, 7.0, 7.0)).collect(),
            (0..9).map(|_| event(1, MouseKind::Move, 7.0, 7.0)).collect(),
            (0..9).map(|i| event(1, MouseKind::Drag, i as f64, 0.0)).collect(),
            (0..9).map(|i| event(i, MouseKind::Wheel, 0.0, i as f64)).collect(),
            vec![event(0, MouseKind::Move, -1e300, 0.0), event(1, MouseKind::Move, 1e300, 0.0)],
        ]
    }

    #[test]
    fn every_value_of_every_odd_session_is_finite_and_has_its_name() {
        for set in FeatureSet::ALL {
            let names = set.names();
            for session in odd_sessions() {
                let values = set.values(&session);
                assert_eq!(values.len(), names.len(), "{}", set.name());
                let bad = values.iter().position(|value| !value.is_finite());
                assert_eq!(bad.map(|at| &names[at]), None, "{}: {session:?}", set.name());
            }
        }
    }

    #[test]
    fn names_are_unique_and_sets_nest() {
        for set in FeatureSet::ALL {
            let mut names = set.names();
            let count = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), count, "{}", set.name());
            assert_eq!(set.name().parse::<FeatureSet>().unwrap(), set);
        }
        let rich = FeatureSet::Rich.names();
        assert!(FeatureSet::Independent.names().iter().all(|name| rich.contains(name)));
        assert_eq!(FeatureSet::Notebook.names().len(), 17);
        let refused = "colour".parse::<FeatureSet>().unwrap_err().to_string();
        assert!(refused.contains("notebook-as-was"), "{refused}");
    }

    #[test]
    fn the_independent_set_sees_neither_place_nor_size_of_the_screen() {
        let walk = |scale: f64, shift: f64| -> Vec<MouseEvent> {
            let at = |i: i64| {
                let t = i as f64;
                let kind = match i % 11 {
                    10 => MouseKind::Press(Button::Left),
                    _ => MouseKind::Move,
                };
                let (x, y) = (40.0 * t + 30.0 * (t / 3.0).sin(), 200.0 * (t / 5.0).cos());
                let pause = if i % 13 == 12 { 700 } else { 0 };
                event(i * 60 + pause, kind, scale * x + shift, scale * y + shift)
            };
            let mut events: Vec<_> = (0..80).map(at).collect();
            events.sort_by_key(|event| event.at);
            events
        };
        let set = FeatureSet::Independent;
        let (one, other) = (set.values(&walk(1.0, 0.0)), set.values(&walk(1.5, 321.0)));
        for ((name, a), b) in set.names().iter().zip(&one).zip(&other) {
            assert!((a - b).abs() < 1e-6, "{name}: {a} {b}");
        }
    }
}
