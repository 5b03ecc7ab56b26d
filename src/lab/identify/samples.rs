//! Sessions as rows of features, each with its id and, where it is known, its user; if wished,
//! parts of them as further rows.

use super::features::{FeatureSet, Group};
use crate::data::formats::{Dataset, Dropped, RecordedSession};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::shard::Shard;
use crate::pipeline::MouseEvent;

/// A part of fewer events says too little.
const FEWEST_EVENTS: usize = 10;

/// What is measured of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SampleParams {
    /// Which features.
    pub set: FeatureSet,
    /// Parts, equal in events, that are measured beside the whole; 1 leaves it at the whole.
    pub parts: usize,
}

impl SampleParams {
    fn parts(self, events: &[MouseEvent]) -> Vec<Vec<f64>> {
        let cut = |part: usize| part * events.len() / self.parts;
        if self.parts < 2 || events.len() / self.parts < FEWEST_EVENTS {
            return Vec::new();
        }
        (0..self.parts).map(|part| self.set.values(&events[cut(part)..cut(part + 1)])).collect()
    }
}

/// One session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionFeatures {
    /// The session's id.
    pub session: String,
    /// Who made it, if the recording says so.
    pub user: Option<String>,
    /// Values in the order of [`FeatureSet::names`].
    pub values: Vec<f64>,
    /// The same of its parts; none where it is too short for them.
    pub parts: Vec<Vec<f64>>,
    /// How many events it has.
    pub events: usize,
}

impl SessionFeatures {
    /// The values of the whole, then those of the parts, in single precision.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Vec<f32>> {
        std::iter::once(&self.values)
            .chain(&self.parts)
            .map(|values| values.iter().map(|value| *value as f32).collect())
    }
}

/// The sessions of a recording.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Samples {
    /// What the values are.
    pub set: FeatureSet,
    /// In the order of the dataset's users and their sessions.
    pub rows: Vec<SessionFeatures>,
    /// Rows of the recording that were left out.
    pub dropped: Dropped,
    /// Sessions without a single readable event; they have no features.
    pub empty: Vec<String>,
}

impl Samples {
    /// Measures every session that falls into this shard (by the hash of its id), one at a time.
    ///
    /// # Errors
    /// When a recording cannot be read.
    pub(crate) fn read(dataset: &Dataset, measure: SampleParams, shard: Shard) -> Result<Self> {
        let set = measure.set;
        let rows = Vec::new();
        let empty = Vec::new();
        let mut samples = Self { set, rows, dropped: Dropped::default(), empty };
        for user in dataset.users() {
            let own = user.sessions().iter().map(|plan| (plan, Some(user.id())));
            let claims = user.claims().iter().map(|plan| (plan, None));
            for (plan, id) in own.chain(claims).filter(|(plan, _)| shard.takes(plan.id())) {
                samples.add(&dataset.read(user, plan)?, id, measure);
            }
        }
        Ok(samples)
    }

    fn add(&mut self, session: &RecordedSession, user: Option<&str>, measure: SampleParams) {
        self.dropped.absorb(&session.dropped);
        if session.events.is_empty() {
            self.empty.push(session.id.clone());
            return;
        }
        self.rows.push(SessionFeatures {
            session: session.id.clone(),
            user: user.map(str::to_owned),
            values: self.set.values(&session.events),
            parts: measure.parts(&session.events),
            events: session.events.len(),
        });
    }

    /// The rows whose user is known, with the users in the dataset's order.
    ///
    /// # Errors
    /// When there are fewer than two users, or a user with a single session: nothing could be
    /// learnt and then asked about them.
    pub(crate) fn labelled(&self) -> Result<Labelled> {
        let mut labels: Vec<String> = Vec::new();
        let mut rows = Vec::new();
        let mut classes = Vec::new();
        let mut sessions = Vec::new();
        for row in &self.rows {
            let Some(user) = &row.user else { continue };
            let class = labels.iter().position(|label| label == user).unwrap_or_else(|| {
                labels.push(user.clone());
                labels.len() - 1
            });
            for values in row.rows() {
                rows.push(values);
                classes.push(class);
                sessions.push(row.session.clone());
            }
        }
        if labels.len() < 2 {
            let what = format!("two users are needed, these recordings name {}", labels.len());
            return Err(Failure::new(FailureKind::Data, what)
                .remedy("Give recordings that say who made each session."));
        }
        let names = self.set.names();
        let groups = self.set.groups();
        Ok(Labelled { rows, classes, sessions, labels, names, groups })
    }
}

/// Rows with known users, ready to learn from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Labelled {
    /// `[N][F]`; a session's rows lie together, the whole before its parts.
    pub rows: Vec<Vec<f32>>,
    /// `[N]`, indices into `labels`.
    pub classes: Vec<usize>,
    /// `[N]`, ids: what must not be on both sides of a split.
    pub sessions: Vec<String>,
    /// `[C]`, users in the dataset's order.
    pub labels: Vec<String>,
    /// `[F]`, names of the features.
    pub names: Vec<String>,
    /// `[F]`, what the features look at.
    pub groups: Vec<Group>,
}

impl Labelled {
    /// The rows at these places.
    pub(crate) fn at(&self, places: &[usize]) -> Self {
        Self {
            rows: places.iter().map(|&place| self.rows[place].clone()).collect(),
            classes: places.iter().map(|&place| self.classes[place]).collect(),
            sessions: places.iter().map(|&place| self.sessions[place].clone()).collect(),
            labels: self.labels.clone(),
            names: self.names.clone(),
            groups: self.groups.clone(),
        }
    }

    /// The same rows without the features of these groups.
    #[must_use]
    pub(crate) fn without(&self, groups: &[Group]) -> Self {
        let kept: Vec<usize> =
            (0..self.groups.len()).filter(|&f| !groups.contains(&self.groups[f])).collect();
        Self {
            rows: self.rows.iter().map(|row| kept.iter().map(|&f| row[f]).collect()).collect(),
            names: kept.iter().map(|&f| self.names[f].clone()).collect(),
            groups: kept.iter().map(|&f| self.groups[f]).collect(),
            ..self.clone()
        }
    }

    /// Sessions of the user with the fewest.
    pub(crate) fn fewest(&self) -> usize {
        let mut counts = vec![0; self.labels.len()];
        self.wholes().for_each(|place| counts[self.classes[place]] += 1);
        counts.into_iter().min().unwrap_or(0)
    }

    /// The place of each session's first row, which is that of the whole.
    pub(crate) fn wholes(&self) -> impl Iterator<Item = usize> {
        let key = |place: usize| (&self.sessions[place], self.classes[place]);
        (0..self.rows.len()).filter(move |&place| place == 0 || key(place) != key(place - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{MouseKind, Timestamp};

    fn events(count: i64) -> Vec<MouseEvent> {
        let at = |i: i64| MouseEvent {
            at: Timestamp::from_millis(17 * i),
            kind: MouseKind::Move,
            x: (i * i) as f64,
            y: (7 * i % 11) as f64,
        };
        (0..count).map(at).collect()
    }

    #[test]
    fn parts_are_measured_like_sessions_and_short_sessions_have_none() {
        let measure = SampleParams { set: FeatureSet::Rich, parts: 2 };
        let (long, short) = (events(25), events(19));
        let halves = [&long[..12], &long[12..]].map(|half| measure.set.values(half));
        assert_eq!(measure.parts(&long), halves);
        assert_eq!(measure.parts(&short), Vec::<Vec<f64>>::new());
        assert!(SampleParams { parts: 1, ..measure }.parts(&long).is_empty());
    }

    #[test]
    fn a_session_counts_once_however_many_rows_it_has() {
        let sample = |user: &str, session: &str, parts: usize| SessionFeatures {
            session: session.into(),
            user: Some(user.into()),
            values: vec![1.0],
            parts: vec![vec![2.0]; parts],
            events: 30,
        };
        let samples = Samples {
            set: FeatureSet::Rich,
            rows: vec![
                sample("a", "1", 2),
                sample("a", "2", 0),
                sample("b", "2", 2),
                sample("b", "3", 2),
                sample("b", "4", 2),
            ],
            dropped: Dropped::default(),
            empty: Vec::new(),
        };
        let labelled = samples.labelled().unwrap();
        assert_eq!(labelled.wholes().collect::<Vec<_>>(), [0, 3, 4, 7, 10]);
        assert_eq!((labelled.rows.len(), labelled.fewest()), (13, 2));
        assert!(labelled.wholes().all(|place| labelled.rows[place] == [1.0]));
    }
}
