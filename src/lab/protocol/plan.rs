//! Protocol and people put together: for every owner which windows train, calibrate and test, on
//! both sides, and a hash over all of it. Windows that stand in two parts stop it.

use sha2::{Digest, Sha256};

use super::divide::{SessionDivision, divide, without_test};
use super::enrolment_length;
use super::impostor_assignment::{assign, may_own};
use super::leakage;
use super::rules::{Genuine, LearnFrom, People, Protocol};
use super::split::{ByPart, Split, SplitPart, WindowRange, session_of};
use super::users::{ProtocolUser, SessionWindows};
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::Window;

/// Somebody who can be no owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// As the dataset calls them.
    pub user: String,
    /// What is missing.
    pub why: String,
}

/// Who learns from what and is tested on what.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The rules.
    pub protocol: Protocol,
    /// Everybody, owners or not.
    pub people: Vec<ProtocolUser>,
    /// One for each owner.
    pub splits: Vec<Split>,
    /// Who can be no owner, and why. They are others' impostors all the same.
    pub left_out: Vec<LeftOut>,
    /// Seed of the impostor assignment.
    pub seed: u64,
    /// SHA-256 over protocol, people and splits, hexadecimal.
    pub sha256: String,
}

impl Protocol {
    /// Parts these people; the seed draws whoever is assigned by it.
    ///
    /// # Errors
    /// When fewer than two people are there, nobody can be an owner, a part that the protocol needs
    /// stays empty, or the same movement stands in two parts.
    pub fn plan(&self, people: Vec<ProtocolUser>, seed: u64) -> Result<Plan> {
        self.require_company(&people)?;
        let mut splits = Vec::new();
        let mut left_out = Vec::new();
        for (owner, person) in people.iter().enumerate() {
            if !may_own(&self.impostors.people, owner) {
                continue;
            }
            let split = |own| self.split(&people, owner, &own, seed);
            match self.division(person).and_then(split) {
                Ok(split) => splits.push(split),
                Err(why) => left_out.push(LeftOut { user: person.id.clone(), why }),
            }
        }
        self.require_parts(&people, &splits, &left_out)?;
        leakage::refuse(&people, &splits)?;
        let sha256 = self.digest(&people, &splits, seed);
        Ok(Plan { protocol: self.clone(), people, splits, left_out, seed, sha256 })
    }

    fn require_company(&self, people: &[ProtocolUser]) -> Result<()> {
        if people.iter().filter(|person| person.windows() > 0).count() < 2 {
            let what =
                format!("{} user with movement: nobody is there to be an impostor", people.len());
            return Err(Failure::new(FailureKind::Data, what)
                .remedy("Give a dataset of at least two people."));
        }
        let reserved = self.reserved().unwrap_or(0);
        if people.len() < reserved + 2 {
            let what = format!(
                "protocol {} reserves {reserved} people for teaching, but only {} are there",
                self.name,
                people.len()
            );
            return Err(Failure::new(FailureKind::Data, what)
                .remedy("Give more people, or copy the protocol and reserve fewer."));
        }
        Ok(())
    }

    /// How a person's own sessions are parted.
    fn division(&self, person: &ProtocolUser) -> Result<SessionDivision, String> {
        let counts: Vec<usize> = person.sessions.iter().map(|s| s.windows.len()).collect();
        if self.tests_claims(person) {
            return without_test(&self.genuine, &counts);
        }
        let names: Vec<&str> = person.sessions.iter().map(|s| s.id.as_str()).collect();
        divide(&self.genuine, &names, &counts)
    }

    fn tests_claims(&self, person: &ProtocolUser) -> bool {
        self.genuine.wants_claims() && person.claims.iter().any(|claim| !claim.windows.is_empty())
    }

    fn split(
        &self,
        people: &[ProtocolUser],
        owner: usize,
        own: &SessionDivision,
        seed: u64,
    ) -> Result<Split, String> {
        let training = whole(people, owner, &own.training);
        let training = match self.enrol_days {
            Some(days) => enrolment_length::first_days(people, training, days)?,
            None => training,
        };
        let training = match self.enrol_minutes {
            Some(minutes) => enrolment_length::first_minutes(people, training, minutes)?,
            None => first(training, self.genuine.most_training()),
        };
        let mut genuine = ByPart {
            training,
            calibration: whole(people, owner, &own.calibration),
            test: whole(people, owner, &own.test),
        };
        let others = assign(&self.impostors.people, people.len(), owner, seed);
        let mut impostor = ByPart {
            training: match self.impostors.learn_from {
                LearnFrom::People => self.impostors(people, &others.training, SplitPart::Training),
                LearnFrom::Generated => Vec::new(),
            },
            calibration: self.impostors(people, &others.calibration, SplitPart::Calibration),
            test: self.impostors(people, &others.test, SplitPart::Test),
        };
        if self.tests_claims(&people[owner]) {
            let claims = |genuine| claims(people, owner, genuine);
            (genuine.test, impostor.test) = (claims(true), claims(false));
        }
        Ok(Split { owner, genuine, impostor })
    }

    /// The windows that other people bring to a part.
    fn impostors(
        &self,
        people: &[ProtocolUser],
        who: &[usize],
        part: SplitPart,
    ) -> Vec<WindowRange> {
        who.iter()
            .flat_map(|person| -> Vec<WindowRange> {
                let sessions = self.sessions_of(&people[*person], part);
                let stretches = sessions.iter().map(|i| stretch(people, *person, *i));
                first(stretches.collect(), self.impostors.most_windows)
            })
            .collect()
    }

    /// The sessions with which somebody is an impostor in a part: all, unless sessions have roles.
    fn sessions_of(&self, person: &ProtocolUser, part: SplitPart) -> Vec<usize> {
        let all: Vec<usize> = (0..person.sessions.len()).collect();
        match (&self.genuine, &self.impostors.people, part) {
            (Genuine::Name { test, .. }, _, SplitPart::Test) => {
                all.into_iter().filter(|i| person.sessions[*i].id.contains(test)).collect()
            }
            (_, People::Shared, _) => match self.division(person) {
                Ok(division) => match part {
                    SplitPart::Training => division.training,
                    SplitPart::Calibration => division.calibration,
                    SplitPart::Test => division.test,
                },
                // Too little to be parted: such people only teach.
                Err(_) if part == SplitPart::Training => all,
                Err(_) => Vec::new(),
            },
            _ => all,
        }
    }

    fn require_parts(
        &self,
        people: &[ProtocolUser],
        splits: &[Split],
        left_out: &[LeftOut],
    ) -> Result<()> {
        if splits.is_empty() {
            let why = left_out
                .first()
                .map_or(String::new(), |one| format!(" ({}: {})", one.user, one.why));
            let what = format!("protocol {}: nobody can be an owner{why}", self.name);
            return Err(Failure::new(FailureKind::Data, what)
                .remedy("Give longer recordings, with several sessions of each user."));
        }
        let learns = self.impostors.learn_from == LearnFrom::People;
        for split in splits {
            let empty = [
                ("genuine windows in the test", split.genuine.test.is_empty()),
                ("impostors in the test", split.impostor.test.is_empty()),
                ("impostors to learn from", learns && split.impostor.training.is_empty()),
            ];
            if let Some((what, _)) = empty.iter().find(|(_, empty)| *empty) {
                let owner = &people[split.owner].id;
                let what = format!("protocol {}: {owner} has no {what}", self.name);
                return Err(Failure::new(FailureKind::Data, what)
                    .remedy("Give more people or sessions, or choose another protocol."));
            }
        }
        Ok(())
    }

    fn digest(&self, people: &[ProtocolUser], splits: &[Split], seed: u64) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{}\n{seed}\n", self.sha256()));
        for split in splits {
            hash.update(format!("{}\n", people[split.owner].id));
            for (genuine, part, stretch) in split.all() {
                let person = &people[stretch.person];
                let session = session_of(people, stretch);
                let side = if genuine { "genuine" } else { "impostor" };
                let windows = &stretch.windows;
                hash.update(format!(
                    "{side} {part:?} {:?} {:?} {windows:?}\n",
                    person.id, session.id
                ));
            }
        }
        hex::encode(hash.finalize())
    }
}

fn whole(people: &[ProtocolUser], person: usize, sessions: &[usize]) -> Vec<WindowRange> {
    sessions.iter().map(|i| stretch(people, person, *i)).collect()
}

impl Plan {
    /// The windows of a stretch.
    pub fn windows(&self, stretch: &WindowRange) -> &[Window] {
        &self.session(stretch).windows[stretch.windows.clone()]
    }

    /// The session of a stretch.
    pub fn session(&self, stretch: &WindowRange) -> &SessionWindows {
        session_of(&self.people, stretch)
    }
}

fn stretch(people: &[ProtocolUser], person: usize, session: usize) -> WindowRange {
    let windows = 0..people[person].sessions[session].windows.len();
    WindowRange { person, session, claim: false, windows }
}

fn claims(people: &[ProtocolUser], person: usize, genuine: bool) -> Vec<WindowRange> {
    let claims = people[person].claims.iter().enumerate();
    let wanted = claims.filter(|(_, claim)| claim.genuine == genuine && !claim.windows.is_empty());
    wanted
        .map(|(session, claim)| WindowRange {
            person,
            session,
            claim: true,
            windows: 0..claim.windows.len(),
        })
        .collect()
}

/// The first `most` windows; empty stretches go.
fn first(stretches: Vec<WindowRange>, most: usize) -> Vec<WindowRange> {
    let mut left = most;
    stretches
        .into_iter()
        .filter_map(|mut stretch| {
            let count = stretch.windows.len().min(left);
            left -= count;
            stretch.windows.end = stretch.windows.start + count;
            (count > 0).then_some(stretch)
        })
        .collect()
}
