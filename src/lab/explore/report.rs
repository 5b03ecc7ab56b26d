//! The survey as one page, and its pictures one by one. Says what it left out.

use super::kind::EventType;
use super::spread::{Distribution, Histogram, click_density};
use super::trace::Trace;
use super::{SessionFacts, Survey, UserSurvey, compare, path, timeline};
use crate::lab::plot::page::{Page, PageBlock, Section};
use crate::lab::plot::{
    Axis, Figure, Mark, Picture, Style, counted, grouped, number, percent, seconds, short_id,
};

/// Rows of a table of sessions.
const ROWS: usize = 60;

/// A picture with a name for its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drawing {
    /// Letters, digits, `-`, `_` and `.` only, without an ending.
    pub name: String,
    /// The picture.
    pub picture: Picture,
}

/// The whole survey as a page.
pub(crate) fn page(survey: &Survey) -> Page {
    let all = Together::of(survey);
    let sections = [checks(survey), together(survey), transitions()];
    let users = survey.users.iter().take(survey.params.users);
    Page {
        title: format!("Mouse recordings: {}", survey.format),
        lead: lead(survey),
        sections: sections.into_iter().chain(users.map(|user| all.section(user))).collect(),
    }
}

/// Every picture of the page by itself: the legend, the comparison, and each user's and session's.
pub(crate) fn single_pictures(survey: &Survey) -> Vec<Drawing> {
    let mut out = vec![drawing("transitions".into(), path::legend())];
    out.push(drawing("users-events".into(), compare::sizes(survey)));
    for (i, picture) in compare::features(survey) {
        out.push(drawing(format!("users-feature-{:02}", i + 1), picture));
    }
    let all = Together::of(survey);
    for (place, user) in survey.users.iter().take(survey.params.users).enumerate() {
        // Names that differ only in what a file name cannot hold stay apart by their number.
        let prefix = format!("{:02}-{}", place + 1, user.id);
        for (name, picture) in all.pictures(user) {
            out.push(drawing(format!("{prefix}-{name}"), picture));
        }
        for (i, trace) in user.traces.iter().enumerate() {
            let prefix = format!("{prefix}-{:02}-{}", i + 1, trace.id);
            let names = ["path", "timeline", "timeline-log"];
            for (name, picture) in names.into_iter().zip(session_pictures(trace, user)) {
                out.push(drawing(format!("{prefix}-{name}"), picture));
            }
        }
    }
    out
}

fn drawing(name: String, picture: Picture) -> Drawing {
    Drawing { name: safe(&name), picture }
}

fn safe(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
        .take(120)
        .collect()
}

fn lead(survey: &Survey) -> Vec<PageBlock> {
    let sessions: usize = survey.users.iter().map(|user| user.sessions.len()).sum();
    let events: usize = survey.users.iter().map(UserSurvey::events).sum();
    let mut blocks = vec![PageBlock::Text(format!(
        "{} in {} of {}. This page was made from the recordings alone; it \
         shows where people pointed, so treat it as you treat the recordings.",
        counted(events, "event"),
        counted(sessions, "session"),
        counted(survey.users.len(), "user"),
    ))];
    let left_out = left_out(survey);
    if !left_out.is_empty() {
        blocks.push(PageBlock::Small("Not drawn here, but counted in all checks:".into()));
        blocks.push(PageBlock::List(left_out));
    }
    blocks
}

/// What the page does not draw.
fn left_out(survey: &Survey) -> Vec<String> {
    let params = survey.params;
    let mut out = Vec::new();
    let users = survey.users.len().saturating_sub(params.users);
    if users > 0 {
        out.push(format!("{users} users beyond the first {} (--users)", params.users));
    }
    let drawn = survey.users.iter().take(params.users);
    let sessions: usize =
        drawn.clone().map(|user| user.sessions.len().saturating_sub(user.traces.len())).sum();
    if sessions > 0 {
        let each = params.sessions;
        out.push(format!("{sessions} sessions beyond the first {each} of a user (--sessions)"));
    }
    let traces = drawn.flat_map(|user| &user.traces);
    let thinned = traces.clone().filter(|trace| trace.path.len() < trace.events).count();
    if thinned > 0 {
        let events: usize = traces.map(|trace| trace.events - trace.path.len()).sum();
        out.push(format!(
            "{} positions on the paths of {thinned} sessions that lie close to the one before, so \
             that a path has at most {} events (--events)",
            grouped(events as f64),
            params.events
        ));
    }
    if survey.claims > 0 {
        out.push(format!("{} sessions that only claim to be a user's", survey.claims));
    }
    out
}

fn checks(survey: &Survey) -> Section {
    let checks = survey.checks();

    let head = ["check", "", "found"].map(str::to_owned).to_vec();
    let section = Section::new("Checks").with(PageBlock::Table(
        head,
        checks
            .iter()
            .map(|check| {
                let verdict = if check.ok { "ok" } else { "look" };
                vec![check.name.into(), verdict.into(), check.found.clone()]
            })
            .collect(),
    ));
    let odd = checks.iter().filter(|check| !check.ok);
    section.with_all(odd.flat_map(|check| {
        [
            PageBlock::Heading(format!("To look at: {}", check.name)),
            PageBlock::List(check.places.clone()),
        ]
    }))
}

fn together(survey: &Survey) -> Section {
    let mut pictures = vec![compare::sizes(survey)];
    pictures.extend(compare::features(survey).into_iter().map(|(_, picture)| picture));
    let same = compare::constant(survey);
    let left = (!same.is_empty()).then(|| {
        PageBlock::Small(format!("Not drawn, the same in every session: {}.", same.join(", ")))
    });
    Section::new("Users beside each other")
        .with(PageBlock::Small(
            "A dot is a session, the stroke a user's median. Features of the research notebook: \
             centres, radius, slope, narrowness (share of the variance along the main direction), \
             shares of the event types, gaps between moves in ms."
                .into(),
        ))
        .with_all(left)
        .with(PageBlock::Pictures(pictures))
}

fn transitions() -> Section {
    Section::new("How to read the paths")
        .with(PageBlock::Text(
            "Each arrow leads from one event to the next. Its colour is the event that it leads \
             to, its dash the event that it comes from; presses, releases and turns of the wheel \
             also have marks of their own shape, and a cross marks where the session begins. All \
             paths use this one legend."
                .into(),
        ))
        .with(PageBlock::Pictures(vec![path::legend()]))
}

/// What a user is compared with.
struct Together {
    speeds: Histogram,
    pauses: Histogram,
    holds: Histogram,
    after_releases: Histogram,
}

impl Together {
    fn of(survey: &Survey) -> Self {
        let UserSurvey { speeds, pauses, holds, after_releases, .. } = UserSurvey::new("");
        let mut all = Self { speeds, pauses, holds, after_releases };
        for user in &survey.users {
            all.speeds.absorb(&user.speeds);
            all.pauses.absorb(&user.pauses);
            all.holds.absorb(&user.holds);
            all.after_releases.absorb(&user.after_releases);
        }
        all
    }

    fn section(&self, user: &UserSurvey) -> Section {
        let facts = format!(
            "{}, {}, {} from first to last event of the sessions together.",
            counted(user.sessions.len(), "session"),
            counted(user.events(), "event"),
            seconds(user.sessions.iter().map(SessionFacts::duration_s).sum()),
        );
        let mut section = Section::new(format!("User {}", user.id))
            .with(PageBlock::Text(facts))
            .with(PageBlock::Pictures(
                self.pictures(user).into_iter().map(|(_, picture)| picture).collect(),
            ))
            .with(table(user));
        if user.sessions.len() > ROWS {
            let more = user.sessions.len() - ROWS;
            section =
                section.with(PageBlock::Small(format!("{more} more sessions are not listed.")));
        }
        section.with_all(user.traces.iter().flat_map(|trace| {
            let heading = format!("Session {}", short_id(&trace.id, 60));
            let [path, linear, log] = session_pictures(trace, user);
            let pictures = PageBlock::Columns(vec![vec![path], vec![linear, log]]);
            [PageBlock::Heading(heading), PageBlock::Small(said(trace)), pictures]
        }))
    }

    /// With the name of the file of each; nothing is drawn of what did not occur.
    fn pictures(&self, user: &UserSurvey) -> Vec<(&'static str, Picture)> {
        let timings = [
            ("speeds", "Speeds of movement", "speed, px/s", &user.speeds, &self.speeds),
            ("pauses", "Pauses from 100 ms", "pause, s", &user.pauses, &self.pauses),
            ("holds", "Buttons held", "hold time, ms", &user.holds, &self.holds),
            (
                "after-releases",
                "Release to next movement",
                "time, ms",
                &user.after_releases,
                &self.after_releases,
            ),
        ];
        let mut pictures = vec![("shares", shares(user))];
        for (name, title, label, own, all) in timings {
            if own.total() > 0 {
                pictures.push((name, Distribution { title, label, own, all }.draw()));
            }
        }
        if !user.clicks.is_empty() {
            pictures.push(("clicks", click_density(user)));
        }
        pictures
    }
}

fn said(trace: &Trace) -> String {
    format!(
        "{} in {}, {} of them drawn",
        counted(trace.events, "event"),
        seconds(trace.duration),
        grouped(trace.path.len() as f64)
    )
}

fn session_pictures(trace: &Trace, user: &UserSurvey) -> [Picture; 3] {
    let [linear, log] = timeline::draw(trace);
    [path::draw(trace, user.extent()), linear, log]
}

/// The types of a user's events, session by session, as parts of a bar.
fn shares(user: &UserSurvey) -> Picture {
    let sessions: Vec<_> = user.sessions.iter().take(12).collect();
    let names: Vec<_> = sessions.iter().map(|session| short_id(&session.id, 12)).collect();
    let title = if user.sessions.len() > sessions.len() {
        "Event types, first 12 sessions"
    } else {
        "Event types by session"
    };
    Figure::new(title, Axis::linear("share", 0.0, 1.0), Axis::named("", &names, true))
        .size(290.0, 220.0)
        .about("A bar for each session, divided by the types of its events.")
        .marks(EventType::ALL.into_iter().filter(|kind| occurs(&sessions, *kind)).map(|kind| {
            let parts: Vec<_> = sessions
                .iter()
                .enumerate()
                .map(|(row, session)| {
                    let from = share(session, session.counts[..kind.index()].iter().sum());
                    let row = row as f64;
                    [from, row - 0.38, from + share(session, session.count(kind)), row + 0.38]
                })
                .collect();
            Mark::rects(parts, Style::of(kind.colour()).opacity(0.85)).named(kind.name())
        }))
        .draw()
}

fn occurs(sessions: &[&SessionFacts], kind: EventType) -> bool {
    sessions.iter().any(|session| session.count(kind) > 0)
}

fn share(session: &SessionFacts, count: usize) -> f64 {
    count as f64 / session.events().max(1) as f64
}

fn table(user: &UserSurvey) -> PageBlock {
    let fixed = ["session", "events", "duration", "left out", "between positions, ms"];
    let head = fixed.into_iter().chain(EventType::ALL.map(EventType::name));
    let rows =
        user.sessions
            .iter()
            .take(ROWS)
            .map(|session| {
                let mut cells = vec![
                    session.id.clone(),
                    grouped(session.events() as f64),
                    seconds(session.duration_s()),
                    grouped(session.dropped as f64),
                    session.median_step_ms.map_or_else(|| "-".into(), number),
                ];
                cells.extend(EventType::ALL.map(|kind| {
                    percent(session.count(kind) as f64 / session.events().max(1) as f64)
                }));
                cells
            })
            .collect();
    PageBlock::Table(head.map(str::to_owned).collect(), rows)
}
