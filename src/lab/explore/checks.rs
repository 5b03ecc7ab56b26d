//! What to know of recordings before anything is learnt from them. Each check says what it found
//! and where, and whether somebody should look at it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Survey;
use super::facts::SessionFacts;
use super::kind::EventType;
use crate::lab::plot::{counted, grouped, number, percent, seconds, short_id};

/// Places named for each check; the counts are complete.
const PLACES: usize = 12;
/// A longer gap inside a session is worth a look, seconds.
const LONG_GAP_S: f64 = 3600.0;

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DataCheck {
    /// What was looked at.
    pub name: &'static str,
    /// Whether nobody needs to look at it.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// Where, the first few.
    pub places: Vec<String>,
}

impl DataCheck {
    fn new(name: &'static str, found: impl Into<String>, places: Vec<String>) -> Self {
        Self { name, ok: places.is_empty(), found: found.into(), places: shortened(places) }
    }
}

/// A row by its file's name: the page may be shown to somebody who need not know the folders.
fn place(place: &crate::data::formats::RowLocation) -> String {
    let name = place.file.file_name().unwrap_or(place.file.as_os_str()).display();
    format!("{name}:{}: {}", place.line, place.wrong)
}

fn shortened(mut places: Vec<String>) -> Vec<String> {
    let more = places.len().saturating_sub(PLACES);
    if more > 0 {
        places.truncate(PLACES);
        places.push(format!("and {more} more"));
    }
    places
}

impl Survey {
    /// All checks, in the order of a report.
    pub(crate) fn checks(&self) -> Vec<DataCheck> {
        vec![
            self.shared_sessions(),
            self.repeated_recordings(),
            self.balance(),
            self.missing(),
            self.duplicates(),
            self.thin_sessions(),
            self.order(),
            self.clock(),
            self.clock_truth(),
            self.gaps(),
            self.overlaps(),
            self.sampling(),
            self.coordinates(),
            self.screens(),
        ]
    }

    /// Each session with its user, "user, session".
    fn sessions(&self) -> impl Iterator<Item = (String, &SessionFacts)> {
        self.users.iter().flat_map(|user| {
            user.sessions.iter().map(move |session| {
                (format!("{}, {}", user.id, short_id(&session.id, 36)), session)
            })
        })
    }

    fn named(&self, is_odd: impl Fn(&SessionFacts) -> bool) -> Vec<String> {
        let odd = self.sessions().filter(|(_, session)| is_odd(session));
        odd.map(|(name, _)| name).collect()
    }

    fn sum(&self, count: impl Fn(&SessionFacts) -> usize) -> usize {
        self.sessions().map(|(_, session)| count(session)).sum()
    }

    fn events(&self) -> usize {
        self.sum(SessionFacts::events)
    }

    fn shared_sessions(&self) -> DataCheck {
        let name = "sessions with more than one user";
        if !matches!(self.format.as_str(), "bank" | "generic") {
            let found = "cannot occur: a session is a file in its user's folder";
            return DataCheck::new(name, found, Vec::new());
        }
        let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for user in &self.users {
            for session in &user.sessions {
                users.entry(&session.id).or_default().push(&user.id);
            }
        }
        let shared = users.iter().filter(|(_, users)| users.len() > 1);
        let places: Vec<_> =
            shared.map(|(id, users)| format!("{id}: {}", users.join(" and "))).collect();
        DataCheck::new(name, format!("{} of {} sessions", places.len(), users.len()), places)
    }

    fn repeated_recordings(&self) -> DataCheck {
        let mut first: BTreeMap<u64, String> = BTreeMap::new();
        let mut places = Vec::new();
        for (name, session) in self.sessions().filter(|(_, session)| session.events() >= 5) {
            match first.get(&session.fingerprint) {
                Some(other) => places.push(format!("{name} repeats {other}")),
                None => drop(first.insert(session.fingerprint, name)),
            }
        }
        let found = format!("{} sessions repeat another, event by event", places.len());
        DataCheck::new("recordings that occur twice", found, places)
    }

    fn balance(&self) -> DataCheck {
        let mut users: Vec<_> =
            self.users.iter().map(|user| (user.events(), user.sessions.len(), &user.id)).collect();
        users.sort();
        let Some((least, most)) = users.first().zip(users.last()) else {
            return DataCheck::new("balance of the users", "no users", vec!["nobody".into()]);
        };
        let sessions = users.iter().map(|user| user.1);
        let sessions = match (sessions.clone().min().unwrap_or(0), sessions.max().unwrap_or(0)) {
            (few, many) if few == many => counted(few, "session"),
            (few, many) => format!("{few} to {}", counted(many, "session")),
        };
        let ratio = most.0 as f64 / least.0.max(1) as f64;
        let found = format!(
            "{} users with {sessions} and {} to {} events each",
            users.len(),
            grouped(least.0 as f64),
            grouped(most.0 as f64),
        );
        let places = if ratio > 3.0 {
            vec![format!("{} has {} times as many as {}", most.2, number(ratio), least.2)]
        } else {
            Vec::new()
        };
        DataCheck::new("balance of the users", found, places)
    }

    fn missing(&self) -> DataCheck {
        let mut dropped = crate::data::formats::Dropped::default();
        self.users.iter().for_each(|user| dropped.absorb(&user.dropped));
        let reasons = dropped
            .by_reason()
            .map(|(reason, rows)| format!("{} {}", grouped(rows as f64), reason.name()));
        let reasons: Vec<_> = reasons.collect();
        let rows: u64 = self.sessions().map(|(_, session)| session.rows).sum();
        let found = if reasons.is_empty() {
            format!("none of {} rows left out", grouped(rows as f64))
        } else {
            format!("of {} rows left out: {}", grouped(rows as f64), reasons.join(", "))
        };
        let faults = dropped.places().iter().filter(|place| place.reason.is_fault());
        DataCheck::new("missing values, unreadable rows", found, faults.map(place).collect())
    }

    fn duplicates(&self) -> DataCheck {
        let share = self.sum(|session| session.duplicates) as f64 / self.events().max(1) as f64;
        let found = format!("{} of the events repeat one of the same moment", percent(share));
        let places = self.named(|s| s.duplicates as f64 > 0.02 * s.events() as f64);
        DataCheck::new("duplicate events", found, places)
    }

    fn thin_sessions(&self) -> DataCheck {
        let [empty, single, still, clickless] = [
            self.named(|s| s.events() == 0),
            self.named(|s| s.events() == 1),
            self.named(|s| {
                s.events() > 1 && s.count(EventType::Move) + s.count(EventType::Drag) == 0
            }),
            self.named(|s| s.events() > 1 && s.count(EventType::Press) == 0),
        ];
        let found = format!(
            "{} without an event, {} with one event, {} without a move, {} without a click",
            empty.len(),
            single.len(),
            still.len(),
            clickless.len()
        );
        let places = empty.into_iter().map(say("no event"));
        let places = places.chain(single.into_iter().map(say("one event")));
        let places = places.chain(still.into_iter().map(say("no move")));
        let places = places.chain(clickless.into_iter().map(say("no click")));
        DataCheck::new("sessions with too little in them", found, places.collect())
    }

    fn order(&self) -> DataCheck {
        let backwards: u64 = self.sessions().map(|(_, session)| session.backwards).sum();
        let share = backwards as f64 / self.events().max(1) as f64;
        let found =
            format!("{} of the rows stood behind a later one and were sorted", percent(share));
        DataCheck::new("rows out of order", found, self.named(|session| session.backwards > 0))
    }

    fn clock(&self) -> DataCheck {
        let share = self.sum(|session| session.simultaneous) as f64 / self.events().max(1) as f64;
        let found =
            format!("{} of the events share their moment with the one before", percent(share));
        let places = self.named(|s| s.simultaneous as f64 > 0.05 * s.events() as f64);
        DataCheck::new("events of one moment", found, places)
    }

    fn clock_truth(&self) -> DataCheck {
        let mut dropped = crate::data::formats::Dropped::default();
        self.users.iter().for_each(|user| dropped.absorb(&user.dropped));
        let warnings = dropped.warnings();
        let count = warnings.len() as u64 + dropped.unnamed_warnings();
        let found = format!(
            "{} where the clock or the rows cannot be true",
            counted(count as usize, "place")
        );
        let places = warnings.iter().map(|warning| {
            let name = warning.file.file_name().unwrap_or(warning.file.as_os_str()).display();
            format!("{name}:{}: {}", warning.line, warning.wrong)
        });
        DataCheck::new("clock that can be true", found, places.collect())
    }

    fn gaps(&self) -> DataCheck {
        let longest = self.sessions().map(|(_, session)| session.longest_gap_s).fold(0.0, f64::max);
        let found = format!("the longest inside a session is {}", seconds(longest));
        DataCheck::new("long gaps", found, self.named(|session| session.longest_gap_s > LONG_GAP_S))
    }

    fn overlaps(&self) -> DataCheck {
        let name = "overlapping sessions of a user";
        if !matches!(self.format.as_str(), "gmail" | "bank") {
            let found = "unknown: every session has a clock of its own";
            return DataCheck::new(name, found, Vec::new());
        }
        let mut places = Vec::new();
        for user in &self.users {
            let mut spans: Vec<_> =
                user.sessions.iter().filter_map(|s| Some((s.span?, &s.id))).collect();
            spans.sort();
            for pair in spans.windows(2).filter(|pair| pair[1].0[0] < pair[0].0[1]) {
                let ids = [pair[0].1, pair[1].1].map(|id| short_id(id, 20));
                places.push(format!("{}: {} and {}", user.id, ids[0], ids[1]));
            }
        }
        DataCheck::new(name, format!("{} pairs of sessions", places.len()), places)
    }

    fn sampling(&self) -> DataCheck {
        let median = |user: &super::UserSurvey| {
            let mut steps: Vec<f64> =
                user.sessions.iter().filter_map(|session| session.median_step_ms).collect();
            steps.sort_by(f64::total_cmp);
            steps.get(steps.len() / 2).map(|step| (*step, user.id.clone()))
        };
        let mut steps: Vec<_> = self.users.iter().filter_map(median).collect();
        steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        let name = "time between positions";
        let Some((fastest, slowest)) = steps.first().zip(steps.last()) else {
            return DataCheck::new(name, "no movement", Vec::new());
        };
        let [fast, slow] = [fastest, slowest].map(|user| number(user.0));
        let found = format!("the users' medians lie between {fast} and {slow} ms");
        let differs = slowest.0 > 1.5 * fastest.0;
        let place = format!(
            "{} at {fast} ms, {} at {slow} ms: a model can tell devices apart instead of people",
            fastest.1, slowest.1
        );
        DataCheck::new(name, found, if differs { vec![place] } else { Vec::new() })
    }

    fn coordinates(&self) -> DataCheck {
        let all = self.events().max(1) as f64;
        let [negative, fractional] =
            [self.sum(|s| s.negative), self.sum(|s| s.fractional)].map(|n| percent(n as f64 / all));
        let jumps = self.sum(|session| session.jumps);
        let constant = self.named(SessionFacts::is_constant);
        let found = format!(
            "{negative} negative, {fractional} between pixels, {} leaps across the screen, {} \
             sessions at a single place",
            grouped(jumps as f64),
            constant.len()
        );
        let constant = constant.into_iter().map(|name| format!("{name}: a single place"));
        let odd = self.sessions().filter(|(_, session)| is_odd(session)).map(|(name, session)| {
            format!("{name}: {} negative, {} leaps", session.negative, session.jumps)
        });
        DataCheck::new("coordinates", found, constant.chain(odd).collect())
    }

    fn screens(&self) -> DataCheck {
        let widths = self.users.iter().filter_map(|user| {
            let [left, right, ..] = user.extent()?;
            Some((right - left, &user.id))
        });
        let mut widths: Vec<_> = widths.collect();
        widths.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Some((least, most)) = widths.first().zip(widths.last()) else {
            return DataCheck::new("screens", "no positions", Vec::new());
        };
        let found = format!(
            "the users' positions span {} to {} px across",
            number(least.0),
            number(most.0)
        );
        let place = format!(
            "{} px ({}) and {} px ({}): where somebody points can tell the screen instead of the person",
            number(least.0),
            least.1,
            number(most.0),
            most.1
        );
        DataCheck::new(
            "screens",
            found,
            if most.0 > 1.5 * least.0 { vec![place] } else { Vec::new() },
        )
    }
}

fn is_odd(s: &SessionFacts) -> bool {
    s.negative > 0 || s.jumps * 200 > s.events()
}

fn say(what: &'static str) -> impl Fn(String) -> String {
    move |name: String| format!("{name}: {what}")
}
