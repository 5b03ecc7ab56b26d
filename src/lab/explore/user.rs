//! What is kept of a user: facts and features of every session, traces of those that will be drawn,
//! and the distributions over all of them.

use super::facts::SessionFacts;
use super::kind::EventType;
use super::spread::Histogram;
use super::trace::Trace;
use crate::data::formats::{Dropped, RecordedSession};
use crate::lab::identify::FeatureSet;
use crate::pipeline::{ClickKind, ClickTimer, MouseEvent, Signal};

/// Clicks kept of a user, for their density.
const CLICKS: usize = 20_000;

/// One user.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UserSurvey {
    /// As the dataset calls them.
    pub id: String,
    /// Every session.
    pub sessions: Vec<SessionFacts>,
    /// The notebook's features of every session that has an event.
    pub features: Vec<Vec<f64>>,
    /// The sessions that will be drawn.
    pub traces: Vec<Trace>,
    /// Speeds of continuous movement, px/s.
    pub speeds: Histogram,
    /// Gaps of at least 100 ms between events, seconds.
    pub pauses: Histogram,
    /// How long buttons were held, ms.
    pub holds: Histogram,
    /// From a release to the next movement, ms.
    pub after_releases: Histogram,
    /// Where buttons went down.
    pub clicks: Vec<[f64; 2]>,
    /// Rows left out.
    pub dropped: Dropped,
}

impl UserSurvey {
    /// A user of whom nothing is known yet.
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            sessions: Vec::new(),
            features: Vec::new(),
            traces: Vec::new(),
            speeds: Histogram::new(1.0, 1e5),
            pauses: Histogram::new(0.1, 1e4),
            holds: Histogram::new(10.0, 1e3),
            after_releases: Histogram::new(10.0, 1e4),
            clicks: Vec::new(),
            dropped: Dropped::default(),
        }
    }

    /// Looks at one more session; it is drawn while fewer than `drawn` are, with `events` events.
    pub(crate) fn add(&mut self, session: &RecordedSession, drawn: usize, events: usize) {
        self.sessions.push(SessionFacts::of(session));
        self.dropped.absorb(&session.dropped);
        if !session.events.is_empty() {
            self.features.push(FeatureSet::Notebook.values(&session.events));
        }
        if self.traces.len() < drawn {
            self.traces.push(Trace::of(&session.id, &session.events, events));
        }
        self.add_gaps(&session.events);
        self.add_click_timings(&session.events);
        let room = CLICKS.saturating_sub(self.clicks.len());
        let clicks = session
            .events
            .iter()
            .filter(|event| EventType::from(event.kind) == EventType::Press)
            .take(room);
        self.clicks.extend(clicks.map(|event| [event.x, event.y]));
    }

    fn add_click_timings(&mut self, events: &[MouseEvent]) {
        let mut timer = ClickTimer::default();
        for timing in events.iter().filter_map(|event| timer.push(&Signal::Mouse(*event))) {
            let took_ms = timing.took.0 as f64 / 1000.0;
            match timing.kind {
                ClickKind::Hold | ClickKind::HoldOther => self.holds.add(took_ms),
                ClickKind::AfterRelease => self.after_releases.add(took_ms),
                ClickKind::Double | ClickKind::BeforePress | ClickKind::Drag => {}
            }
        }
    }

    fn add_gaps(&mut self, events: &[MouseEvent]) {
        for (a, b) in events.iter().zip(events.iter().skip(1)) {
            let seconds = (b.at - a.at).as_secs_f64();
            if seconds >= 0.1 {
                self.pauses.add(seconds);
            }
            let moves = a.kind.is_movement() && b.kind.is_movement();
            if moves && seconds > 0.0 && seconds < 0.25 {
                self.speeds.add((b.x - a.x).hypot(b.y - a.y) / seconds);
            }
        }
    }

    /// All events.
    pub(crate) fn events(&self) -> usize {
        self.sessions.iter().map(SessionFacts::events).sum()
    }

    /// What all sessions together span: left, right, top, bottom.
    pub(crate) fn extent(&self) -> Option<[f64; 4]> {
        let extents = self.sessions.iter().filter_map(|session| session.extent);
        extents.reduce(|[a, b, c, d], [e, f, g, h]| [a.min(e), b.max(f), c.min(g), d.max(h)])
    }
}
