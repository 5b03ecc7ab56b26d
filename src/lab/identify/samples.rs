//! Sessions as rows of features, each with its id and, where it is known, its user. Nothing is
//! learnt here, and no event is kept.

use super::features::{FeatureSet, Group};
use crate::data::formats::{Dataset, Dropped, Session};
use crate::error::{Failure, Kind, Result};
use crate::lab::shard::Shard;

/// One session.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The session's id.
    pub session: String,
    /// Who made it, if the recording says so.
    pub user: Option<String>,
    /// Values in the order of [`FeatureSet::names`].
    pub values: Vec<f64>,
    /// How many events it has.
    pub events: usize,
}

/// The sessions of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// What the values are.
    pub set: FeatureSet,
    /// In the order of the dataset's users and their sessions.
    pub rows: Vec<Sample>,
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
    pub fn read(dataset: &Dataset, set: FeatureSet, shard: Shard) -> Result<Self> {
        let mut samples =
            Self { set, rows: Vec::new(), dropped: Dropped::default(), empty: Vec::new() };
        for user in dataset.users() {
            let own = user.sessions().iter().map(|plan| (plan, Some(user.id())));
            let claims = user.claims().iter().map(|plan| (plan, None));
            for (plan, id) in own.chain(claims).filter(|(plan, _)| shard.takes(plan.id())) {
                samples.add(&dataset.read(user, plan)?, id);
            }
        }
        Ok(samples)
    }

    fn add(&mut self, session: &Session, user: Option<&str>) {
        self.dropped.absorb(&session.dropped);
        if session.events.is_empty() {
            self.empty.push(session.id.clone());
            return;
        }
        self.rows.push(Sample {
            session: session.id.clone(),
            user: user.map(str::to_owned),
            values: self.set.values(&session.events),
            events: session.events.len(),
        });
    }

    /// The rows whose user is known, with the users in the dataset's order.
    ///
    /// # Errors
    /// When there are fewer than two users, or a user with a single session: nothing could be
    /// learnt and then asked about them.
    pub fn labelled(&self) -> Result<Labelled> {
        let mut labels: Vec<String> = Vec::new();
        let (mut rows, mut classes, mut sessions) = (Vec::new(), Vec::new(), Vec::new());
        for row in &self.rows {
            let Some(user) = &row.user else { continue };
            let class = labels.iter().position(|label| label == user).unwrap_or_else(|| {
                labels.push(user.clone());
                labels.len() - 1
            });
            rows.push(row.values.iter().map(|value| *value as f32).collect());
            classes.push(class);
            sessions.push(row.session.clone());
        }
        if labels.len() < 2 {
            let what = format!("two users are needed, these recordings name {}", labels.len());
            return Err(Failure::new(Kind::Data, what)
                .remedy("Give recordings that say who made each session."));
        }
        let (names, groups) = (self.set.names(), self.set.groups());
        Ok(Labelled { rows, classes, sessions, labels, names, groups })
    }
}

/// Rows with known users, ready to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// `[N][F]`.
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
    pub fn at(&self, places: &[usize]) -> Self {
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
    pub fn without(&self, groups: &[Group]) -> Self {
        let kept: Vec<usize> =
            (0..self.groups.len()).filter(|&f| !groups.contains(&self.groups[f])).collect();
        let row = |row: &Vec<f32>| kept.iter().map(|&f| row[f]).collect();
        Self {
            rows: self.rows.iter().map(row).collect(),
            names: kept.iter().map(|&f| self.names[f].clone()).collect(),
            groups: kept.iter().map(|&f| self.groups[f]).collect(),
            ..self.clone()
        }
    }

    /// Sessions of the user with the fewest.
    pub fn fewest(&self) -> usize {
        let count = |class| self.classes.iter().filter(|&&one| one == class).count();
        (0..self.labels.len()).map(count).min().unwrap_or(0)
    }
}
