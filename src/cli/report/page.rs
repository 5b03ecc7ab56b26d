//! The page of a history: sums, a picture a day, and what stood out. Only what the account holds is
//! shown.

use super::account::{Account, Activity, TimelineMark, TimelineMarkKind};
use super::close_up;
use super::strip::{Day, ReportSpan};
use crate::lab::plot::page::{Page, PageBlock, Section};
use crate::lab::plot::{Picture, counted};

/// Rows of the table at most; the rest is counted.
const MOST_MARKS: usize = 200;

/// Close-ups at most; the rest is counted.
const MOST_CLOSE_UPS: usize = 20;
const HOUR_MS: f64 = 3_600_000.0;

/// The whole page; `promised` is the hours at the desk for one false notice, where there is such a
/// promise.
pub(super) fn write(account: &Account, span: &ReportSpan, promised: Option<u32>) -> String {
    let from = span.words(span.since.as_millisecond());
    let to = span.words(span.until.as_millisecond());
    let privacy = "Times are local. This page holds no position of the pointer; whoever reads it \
                   learns when you were at your desk.";
    let lead = vec![
        PageBlock::Text(sentence(account, promised)),
        PageBlock::Small(format!("{from} to {to}")),
    ];
    let mut sections = vec![Section::new("In figures").with(sums(account))];
    let days = days(account, span);
    if !days.is_empty() {
        sections.push(Section::new("Day by day").with(PageBlock::Columns(vec![days])));
    }
    if !account.alarms.is_empty() {
        sections.push(Section::new("Each alarm").with_all(alarms(account, span)));
    }
    let away = happened(account, span, |kind| kind == TimelineMarkKind::Away);
    if !away.is_empty() {
        sections.push(Section::new("While you were away").with_all(away));
    }
    let other = happened(account, span, |kind| kind != TimelineMarkKind::Away);
    let other = if other.is_empty() {
        vec![PageBlock::Text("Nothing out of the ordinary.".into())]
    } else {
        other
    };
    sections
        .push(Section::new("What happened").with_all(other).with(PageBlock::Small(privacy.into())));
    Page { title: "mousewarden report".into(), lead, sections }.html()
}

/// All of it in a few words, the promise beside what became of it.
fn sentence(account: &Account, promised: Option<u32>) -> String {
    let watched = account.spent(Activity::Watching);
    let alarms = account.alarms.len();
    if watched == 0 && alarms == 0 {
        return "Nothing was watched in this time.".into();
    }
    let refuted = account.refuted();
    let first = format!("mousewarden watched for {}", duration(watched));
    let told = match (alarms, refuted) {
        (0, _) => format!("{first} and raised no alarm."),
        (alarms, refuted) => {
            let false_ones = match refuted {
                0 => "none is known to be false".into(),
                all if all == alarms => "your password confirmed all as false".into(),
                some => format!("your password confirmed {some} as false"),
            };
            format!("{first} and raised {}; {false_ones}.", counted(alarms, "alarm"))
        }
    };
    let promise = promised.map_or_else(String::new, |hours| {
        let expected = watched as f64 / HOUR_MS / f64::from(hours);
        let expected =
            if expected < 0.1 { "less than 0.1".into() } else { format!("{expected:.1}") };
        format!(
            " It promises one false notice in {hours} hours at the desk, which makes {expected} in \
             this time."
        )
    });
    told + &promise
}

fn sums(account: &Account) -> PageBlock {
    let movement = duration((account.movement_s * 1000.0) as i64);
    let count = |kind| account.count(kind).to_string();
    let sums = [
        ("watched", duration(account.spent(Activity::Watching))),
        ("paused", duration(account.spent(Activity::Paused))),
        ("windows judged", account.windows.to_string()),
        ("movement in them", movement),
        ("alarms", count(TimelineMarkKind::Alarm)),
        ("known false alarms", count(TimelineMarkKind::FalseAlarm)),
        ("locks", count(TimelineMarkKind::Lock)),
        ("faults", count(TimelineMarkKind::Fault)),
    ];
    let (names, values) = sums.map(|(name, value)| (name.to_owned(), value)).into_iter().unzip();
    PageBlock::Table(names, vec![values])
}

/// The days on which anything was watched, the latest first; the first explains the marks.
fn days(account: &Account, span: &ReportSpan) -> Vec<Picture> {
    let mut pictures: Vec<Picture> = Vec::new();
    for (day, from, to) in span.days().into_iter().rev() {
        let title = day.strftime("%A, %d %B %Y").to_string();
        pictures.extend(Day { account, from, to }.picture(&title, pictures.is_empty()));
    }
    pictures
}

/// Each alarm from near, the latest first.
fn alarms(account: &Account, span: &ReportSpan) -> Vec<PageBlock> {
    let mut blocks = Vec::new();
    for alarm in account.alarms.iter().rev().take(MOST_CLOSE_UPS) {
        let why = if alarm.why.is_empty() { "no single reason" } else { &alarm.why };
        blocks.push(PageBlock::Heading(format!("{}: to {}", span.words(alarm.at), alarm.action)));
        blocks
            .push(PageBlock::Text(format!("{why}. What became of it: {}.", alarm.outcome.words())));
        blocks.push(PageBlock::Pictures(vec![close_up::picture(account, alarm)]));
    }
    let left = account.alarms.len().saturating_sub(MOST_CLOSE_UPS);
    if left > 0 {
        let left = counted(left, "earlier alarm");
        blocks.push(PageBlock::Text(format!("Left out: {left}; --json prints all.")));
    }
    blocks
}

fn happened(
    account: &Account,
    span: &ReportSpan,
    is_wanted: fn(TimelineMarkKind) -> bool,
) -> Vec<PageBlock> {
    let marks: Vec<&TimelineMark> =
        account.marks.iter().filter(|mark| is_wanted(mark.kind)).collect();
    if marks.is_empty() {
        return Vec::new();
    }
    let rows = marks
        .iter()
        .rev()
        .take(MOST_MARKS)
        .map(|mark| vec![span.words(mark.at), mark.words.clone()])
        .collect();
    let mut blocks = vec![PageBlock::Table(vec!["when".into(), "what".into()], rows)];
    let left = marks.len().saturating_sub(MOST_MARKS);
    if left > 0 {
        blocks
            .push(PageBlock::Text(format!("{left} earlier ones are left out; --json prints all.")));
    }
    blocks
}

/// "3 h 05 min", "12 min", "40 s".
fn duration(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::report::account::{ActivitySpan, AlarmAccount, AlarmOutcome, JudgedPoint};
    use crate::cli::report::strip::day_before;
    use crate::pipeline::Action;
    use jiff::tz::TimeZone;

    #[test]
    fn the_page_is_one_file_that_loads_nothing_and_shows_each_day() {
        let until: jiff::Timestamp = "2026-03-03T15:00:00Z".parse().unwrap();
        let zone = TimeZone::UTC;
        let since = day_before(until, 2, &zone);
        assert_eq!(since.to_string(), "2026-03-01T00:00:00Z");
        let noon = since.as_millisecond() + 12 * 3_600_000;
        let mark = |kind, words: &str| TimelineMark { at: noon, kind, words: words.into() };
        let account = Account {
            stretches: vec![ActivitySpan {
                doing: Activity::Watching,
                from: noon,
                to: noon + 60_000,
            }],
            points: [(0, 0.9, 0.0), (5000, 0.1, 10.5)]
                .map(|(later, grouped, evidence)| JudgedPoint {
                    at: noon + later,
                    grouped: Some(grouped),
                    evidence,
                })
                .into(),
            alarms: vec![AlarmAccount {
                at: noon + 5000,
                action: Action::Notify,
                why: "slower".into(),
                outcome: AlarmOutcome::Refuted,
            }],
            marks: vec![
                mark(TimelineMarkKind::Alarm, "a < b"),
                mark(TimelineMarkKind::FalseAlarm, "it was you"),
            ],
            thresholds: vec![(0, 0.5)],
            ..Account::default()
        };
        let page = write(&account, &ReportSpan { since, until, zone }, Some(8));
        assert_eq!(page.matches("<svg").count(), 2, "one day that exists, one alarm");
        assert!(page.contains("12:15") && !page.contains("13:00"), "only the time watched");
        assert!(page.contains("your password confirmed all as false"), "{page}");
        assert!(page.contains("a &lt; b") && page.contains("default-src 'none'"));
        for outside in ["http://", "https://", "<script", "<link", "src="] {
            assert!(!page.contains(outside), "{outside}");
        }
        let explained = "false alarm, confirmed by password";
        assert_eq!(page.matches(explained).count(), 1, "one legend is enough");
    }

    #[test]
    fn durations_are_read_at_once() {
        assert_eq!(duration(40_000), "40 s");
        assert_eq!(duration(12 * 60_000), "12 min");
        assert_eq!(duration(3 * 3_600_000 + 5 * 60_000), "3 h 05 min");
    }
}
