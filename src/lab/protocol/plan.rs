//! Protocol and people put together: for every owner which windows train, calibrate and test, on
//! both sides, and a hash over all of it. Windows that stand in two parts stop it.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::deal::{deal, may_own};
use super::divide::{Division, divide, without_test};
use super::minutes;
use super::overlap;
use super::people::{Person, Session};
use super::rules::{Genuine, LearnFrom, People, Protocol, hex};
use crate::error::{Failure, Kind, Result};
use crate::pipeline::Window;

/// What a window is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The model learns from it.
    Training,
    /// Thresholds are set on it.
    Calibration,
    /// Figures come from it.
    Test,
}

/// Something for each part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts<T> {
    /// See [`Part::Training`].
    pub training: T,
    /// See [`Part::Calibration`].
    pub calibration: T,
    /// See [`Part::Test`].
    pub test: T,
}

impl<T> Parts<T> {
    /// Part and content, in order.
    pub const fn named(&self) -> [(Part, &T); 3] {
        [
            (Part::Training, &self.training),
            (Part::Calibration, &self.calibration),
            (Part::Test, &self.test),
        ]
    }
}

/// Windows of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Whose, by number among the plan's people.
    pub person: usize,
    /// Which of their sessions, by number.
    pub session: usize,
    /// Whether it is one of their claims instead of their own sessions.
    pub claim: bool,
    /// Which of its windows.
    pub windows: Range<usize>,
}

/// One owner's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// By number among the plan's people.
    pub owner: usize,
    /// The owner's windows.
    pub genuine: Parts<Vec<Stretch>>,
    /// The impostors' windows; generated ones are not listed.
    pub impostor: Parts<Vec<Stretch>>,
}

impl Split {
    /// Every stretch: whether it is the owner's, and what it is for.
    pub fn all(&self) -> impl Iterator<Item = (bool, Part, &Stretch)> {
        let sides = [(true, &self.genuine), (false, &self.impostor)];
        sides.into_iter().flat_map(|(genuine, parts)| {
            let stretches = parts.named().into_iter();
            stretches.flat_map(move |(part, of)| of.iter().map(move |s| (genuine, part, s)))
        })
    }
}

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
    pub people: Vec<Person>,
    /// One for each owner.
    pub splits: Vec<Split>,
    /// Who can be no owner, and why. They are others' impostors all the same.
    pub left_out: Vec<LeftOut>,
    /// Seed of the deal.
    pub seed: u64,
    /// SHA-256 over protocol, people and splits, hexadecimal.
    pub sha256: String,
}

impl Protocol {
    /// Parts these people; the seed deals out whoever is dealt.
    ///
    /// # Errors
    /// When fewer than two people are there, nobody can be an owner, a part that the protocol needs
    /// stays empty, or the same movement stands in two parts.
    pub fn plan(&self, people: Vec<Person>, seed: u64) -> Result<Plan> {
        self.require_company(&people)?;
        let (mut splits, mut left_out) = (Vec::new(), Vec::new());
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
        overlap::refuse(&people, &splits)?;
        let sha256 = self.digest(&people, &splits, seed);
        Ok(Plan { protocol: self.clone(), people, splits, left_out, seed, sha256 })
    }

    fn require_company(&self, people: &[Person]) -> Result<()> {
        if people.iter().filter(|person| person.windows() > 0).count() < 2 {
            let what =
                format!("{} user with movement: nobody is there to be a stranger", people.len());
            return Err(
                Failure::new(Kind::Data, what).remedy("Give a dataset of at least two people.")
            );
        }
        let reserved = self.reserved().unwrap_or(0);
        if people.len() < reserved + 2 {
            let what = format!(
                "protocol {} reserves {reserved} people for teaching, but only {} are there",
                self.name,
                people.len()
            );
            return Err(Failure::new(Kind::Data, what)
                .remedy("Give more people, or copy the protocol and reserve fewer."));
        }
        Ok(())
    }

    /// How a person's own sessions are parted.
    fn division(&self, person: &Person) -> Result<Division, String> {
        let counts: Vec<usize> = person.sessions.iter().map(|s| s.windows.len()).collect();
        if self.tests_claims(person) {
            return without_test(&self.genuine, &counts);
        }
        let names: Vec<&str> = person.sessions.iter().map(|s| s.id.as_str()).collect();
        divide(&self.genuine, &names, &counts)
    }

    fn tests_claims(&self, person: &Person) -> bool {
        self.genuine.wants_claims() && person.claims.iter().any(|claim| !claim.windows.is_empty())
    }

    fn split(
        &self,
        people: &[Person],
        owner: usize,
        own: &Division,
        seed: u64,
    ) -> Result<Split, String> {
        let whole = |person: usize, sessions: &[usize]| -> Vec<Stretch> {
            sessions.iter().map(|i| stretch(people, person, *i)).collect()
        };
        let training = whole(owner, &own.training);
        let training = match self.enrol_minutes {
            Some(minutes) => minutes::first(people, training, minutes)?,
            None => first(training, self.genuine.most_training()),
        };
        let mut genuine = Parts {
            training,
            calibration: whole(owner, &own.calibration),
            test: whole(owner, &own.test),
        };
        let others = deal(&self.impostors.people, people.len(), owner, seed);
        let mut impostor = Parts {
            training: match self.impostors.learn_from {
                LearnFrom::People => self.strangers(people, &others.training, Part::Training),
                LearnFrom::Generated => Vec::new(),
            },
            calibration: self.strangers(people, &others.calibration, Part::Calibration),
            test: self.strangers(people, &others.test, Part::Test),
        };
        if self.tests_claims(&people[owner]) {
            let claims = |genuine| claims(people, owner, genuine);
            (genuine.test, impostor.test) = (claims(true), claims(false));
        }
        Ok(Split { owner, genuine, impostor })
    }

    /// The windows that other people bring to a part.
    fn strangers(&self, people: &[Person], who: &[usize], part: Part) -> Vec<Stretch> {
        let of = |person: &usize| -> Vec<Stretch> {
            let sessions = self.sessions_of(&people[*person], part);
            let stretches = sessions.iter().map(|i| stretch(people, *person, *i));
            first(stretches.collect(), self.impostors.most_windows)
        };
        who.iter().flat_map(of).collect()
    }

    /// The sessions with which somebody is an impostor in a part: all, unless sessions have roles.
    fn sessions_of(&self, person: &Person, part: Part) -> Vec<usize> {
        let all: Vec<usize> = (0..person.sessions.len()).collect();
        match (&self.genuine, &self.impostors.people, part) {
            (Genuine::Name { test, .. }, _, Part::Test) => {
                all.into_iter().filter(|i| person.sessions[*i].id.contains(test)).collect()
            }
            (_, People::Shared, _) => match self.division(person) {
                Ok(division) => match part {
                    Part::Training => division.training,
                    Part::Calibration => division.calibration,
                    Part::Test => division.test,
                },
                // Too little to be parted: such people only teach.
                Err(_) if part == Part::Training => all,
                Err(_) => Vec::new(),
            },
            _ => all,
        }
    }

    fn require_parts(
        &self,
        people: &[Person],
        splits: &[Split],
        left_out: &[LeftOut],
    ) -> Result<()> {
        if splits.is_empty() {
            let why = left_out
                .first()
                .map_or(String::new(), |one| format!(" ({}: {})", one.user, one.why));
            let what = format!("protocol {}: nobody can be an owner{why}", self.name);
            return Err(Failure::new(Kind::Data, what)
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
                return Err(Failure::new(Kind::Data, what)
                    .remedy("Give more people or sessions, or choose another protocol."));
            }
        }
        Ok(())
    }

    fn digest(&self, people: &[Person], splits: &[Split], seed: u64) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{}\n{seed}\n", self.sha256()));
        for split in splits {
            hash.update(format!("{}\n", people[split.owner].id));
            for (genuine, part, stretch) in split.all() {
                let (person, session) = (&people[stretch.person], session_of(people, stretch));
                let side = if genuine { "genuine" } else { "impostor" };
                let windows = &stretch.windows;
                hash.update(format!(
                    "{side} {part:?} {:?} {:?} {windows:?}\n",
                    person.id, session.id
                ));
            }
        }
        hex(&hash.finalize())
    }
}

impl Plan {
    /// The windows of a stretch.
    pub fn windows(&self, stretch: &Stretch) -> &[Window] {
        &self.session(stretch).windows[stretch.windows.clone()]
    }

    /// The session of a stretch.
    pub fn session(&self, stretch: &Stretch) -> &Session {
        session_of(&self.people, stretch)
    }
}

pub(super) fn session_of<'a>(people: &'a [Person], stretch: &Stretch) -> &'a Session {
    let person = &people[stretch.person];
    let sessions = if stretch.claim { &person.claims } else { &person.sessions };
    &sessions[stretch.session]
}

fn stretch(people: &[Person], person: usize, session: usize) -> Stretch {
    let windows = 0..people[person].sessions[session].windows.len();
    Stretch { person, session, claim: false, windows }
}

fn claims(people: &[Person], person: usize, genuine: bool) -> Vec<Stretch> {
    let claims = people[person].claims.iter().enumerate();
    let wanted = claims.filter(|(_, claim)| claim.genuine == genuine && !claim.windows.is_empty());
    let stretch = |(session, claim): (usize, &Session)| Stretch {
        person,
        session,
        claim: true,
        windows: 0..claim.windows.len(),
    };
    wanted.map(stretch).collect()
}

/// The first `most` windows; empty stretches go.
fn first(stretches: Vec<Stretch>, most: usize) -> Vec<Stretch> {
    let mut left = most;
    let shorten = |mut stretch: Stretch| {
        let count = stretch.windows.len().min(left);
        left -= count;
        stretch.windows.end = stretch.windows.start + count;
        (count > 0).then_some(stretch)
    };
    stretches.into_iter().filter_map(shorten).collect()
}
