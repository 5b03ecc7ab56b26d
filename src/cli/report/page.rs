//! The page of a history: sums, a picture a day, and what stood out. Only what the account holds is
//! shown.

use super::account::{Account, Activity, TimelineMark, TimelineMarkKind};
use super::strip::{Day, ReportSpan};
use crate::lab::plot::page::{Page, PageBlock, Section};

/// Rows of the table at most; the rest is counted.
const MOST_MARKS: usize = 200;

/// The whole page.
pub(super) fn write(account: &Account, span: &ReportSpan) -> String {
    let from = span.words(span.since.as_millisecond());
    let to = span.words(span.until.as_millisecond());
    let privacy = "Times are local. This page holds no position of the pointer; whoever reads it \
                   learns when you were at your desk.";
    let page = Page {
        title: "mousewarden report".into(),
        lead: vec![PageBlock::Text(format!("{from} to {to}")), sums(account)],
        sections: vec![
            Section::new("Day by day").with(days(account, span)),
            Section::new("What happened")
                .with_all(happened(account, span))
                .with(PageBlock::Small(privacy.into())),
        ],
    };
    page.html()
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

/// The latest first, which also explains the marks.
fn days(account: &Account, span: &ReportSpan) -> PageBlock {
    let day = |(at, (day, from, to)): (usize, (jiff::Zoned, i64, i64))| {
        let title = day.strftime("%A, %d %B %Y").to_string();
        Day { account, from, to }.picture(&title, at == 0)
    };
    PageBlock::Columns(vec![span.days().into_iter().rev().enumerate().map(day).collect()])
}

fn happened(account: &Account, span: &ReportSpan) -> Vec<PageBlock> {
    if account.marks.is_empty() {
        return vec![PageBlock::Text("Nothing out of the ordinary.".into())];
    }
    let row = |TimelineMark { at, words, .. }: &TimelineMark| vec![span.words(*at), words.clone()];
    let rows = account.marks.iter().rev().take(MOST_MARKS).map(row).collect();
    let mut blocks = vec![PageBlock::Table(vec!["when".into(), "what".into()], rows)];
    let left = account.marks.len().saturating_sub(MOST_MARKS);
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
    use crate::cli::report::account::{ActivitySpan, MeanPoint};
    use crate::cli::report::strip::day_before;
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
            points: vec![
                MeanPoint { at: noon, grouped: 0.9 },
                MeanPoint { at: noon + 5000, grouped: 0.1 },
            ],
            marks: vec![
                mark(TimelineMarkKind::Alarm, "a < b"),
                mark(TimelineMarkKind::FalseAlarm, "it was you"),
            ],
            thresholds: vec![(0, 0.5)],
            ..Account::default()
        };
        let page = write(&account, &ReportSpan { since, until, zone });
        assert_eq!(page.matches("<svg").count(), 3);
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
