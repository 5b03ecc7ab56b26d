//! One day as a picture, midnight to midnight in local time: what the agent was doing, the mean
//! scores against the threshold, and what stood out. Places and shapes differ, so that the page
//! reads without colour.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::account::{Account, Activity, TimelineMarkKind};
use crate::lab::plot::{Axis, Colour, Dash, Figure, Mark, Picture, PointShape, Style, Ticks};

/// Width and height of a day, px, and what the legend adds to the first one.
const SIZE: [f64; 2] = [940.0, 126.0];
const LEGEND: f64 = 36.0;
/// Columns of a day in which one point is drawn.
const COLUMNS: f64 = 900.0;
const HOURS: f64 = 24.0;
/// Ticks at most.
const TICKS: f64 = 12.0;
/// Hours between two ticks may be so many.
const STEPS: [f64; 4] = [0.25, 1.0, 2.0, 3.0];
/// Points that are drawn as one line are at most this far apart.
const JOINED_MS: i64 = 5 * 60_000;

/// The time that the page covers.
#[derive(Debug, Clone)]
pub(super) struct ReportSpan {
    pub since: Timestamp,
    pub until: Timestamp,
    pub zone: TimeZone,
}

/// The midnight so many days before a moment.
pub(super) fn day_before(at: Timestamp, days: u32, zone: &TimeZone) -> Timestamp {
    let day = at.to_zoned(zone.clone());
    let earlier = day.checked_sub(i64::from(days).days()).unwrap_or_else(|_| day.clone());
    earlier.start_of_day().map_or(at, |midnight| midnight.timestamp())
}

impl ReportSpan {
    /// All days, as midnight and next midnight.
    pub(super) fn days(&self) -> Vec<(Zoned, i64, i64)> {
        let mut days = Vec::new();
        let mut day = self.since.to_zoned(self.zone.clone());
        while day.timestamp() <= self.until {
            let Ok(next) = day.tomorrow().and_then(|next| next.start_of_day()) else { break };
            let from = day.timestamp().as_millisecond();
            days.push((day, from, next.timestamp().as_millisecond()));
            day = next;
        }
        days
    }

    /// A moment as a person reads it.
    pub(super) fn words(&self, at_ms: i64) -> String {
        Timestamp::from_millisecond(at_ms).map_or_else(
            |_| at_ms.to_string(),
            |at| at.to_zoned(self.zone.clone()).strftime("%a %d %b %H:%M:%S").to_string(),
        )
    }
}

/// What lies between two moments of one day.
pub(super) struct Day<'a> {
    pub account: &'a Account,
    pub from: i64,
    pub to: i64,
}

impl Day<'_> {
    /// The picture, of the hours in which anything was watched; one of a page explains its marks.
    /// `None` of a day on which nothing was.
    pub(super) fn picture(&self, title: &str, explained: bool) -> Option<Picture> {
        let [first, last] = self.hours()?;
        let step = STEPS.into_iter().find(|step| last - first <= TICKS * step).unwrap_or(3.0);
        let count = ((last - first) / step) as u32;
        let hours = (0..=count).map(|at| tick(first + step * f64::from(at))).collect();
        let scores = vec![(0.0, "0".to_owned()), (1.0, "1".to_owned())];
        let x = Axis::linear("", first, last).ticks(Ticks::At(hours));
        let y = Axis::linear("", 0.0, 1.0).ticks(Ticks::At(scores)).without_grid();
        let height = SIZE[1] + if explained { LEGEND } else { 0.0 };
        let doings =
            [Activity::Watching, Activity::Paused, Activity::Locked].map(|doing| self.spans(doing));
        let kinds = [TimelineMarkKind::Alarm, TimelineMarkKind::FalseAlarm, TimelineMarkKind::Lock];
        let marks = doings.into_iter().chain([self.threshold(), self.scores()]);
        let marks = marks.chain(kinds.into_iter().filter_map(|kind| self.marks(kind)));
        // What a day has nothing of needs no explanation.
        let marks = marks.filter(|(mark, _)| !mark.is_empty());
        Some(
            Figure::new(title, x, y)
                .size(SIZE[0], height)
                .marks(marks.map(|(mark, name)| if explained { mark.named(name) } else { mark }))
                .draw(),
        )
    }

    /// The whole hours around everything that was watched or happened on this day.
    fn hours(&self) -> Option<[f64; 2]> {
        let watched = self.account.stretches.iter().filter(|it| it.doing == Activity::Watching);
        let watched = watched.filter(|it| it.from < self.to && it.to > self.from);
        let ends = watched.flat_map(|it| [it.from.max(self.from), it.to.min(self.to)]);
        let points = self.account.points.iter().map(|point| point.at);
        let marks = self.account.marks.iter().map(|mark| mark.at);
        let moments = points.chain(marks).filter(|at| self.holds(*at)).chain(ends);
        let hours: Vec<f64> = moments.map(|at| self.hour(at)).collect();
        if hours.is_empty() {
            return None;
        }
        let first = hours.iter().copied().fold(f64::INFINITY, f64::min);
        let last = hours.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // To the quarter of an hour where there is little, else to the hour.
        let unit = if last - first < 2.0 { STEPS[0] } else { 1.0 };
        let first = ((first / unit).floor() * unit).min(HOURS - unit);
        let last = ((last / unit).ceil() * unit).max(first + unit).min(HOURS);
        Some([first, last])
    }

    fn hour(&self, at: i64) -> f64 {
        HOURS * (at - self.from) as f64 / (self.to - self.from) as f64
    }

    fn holds(&self, at: i64) -> bool {
        (self.from..self.to).contains(&at)
    }

    fn spans(&self, doing: Activity) -> (Mark, &'static str) {
        let ([low, high], colour, opacity, name) = match doing {
            Activity::Watching => ([0.0, 1.0], Colour::Series(0), 0.12, "watched"),
            Activity::Paused => ([0.0, 0.16], Colour::Series(0), 0.5, "paused, at the foot"),
            Activity::Locked => ([0.84, 1.0], Colour::Ink, 0.35, "screen locked, at the top"),
        };
        let stretches = self.account.stretches.iter().filter(|stretch| stretch.doing == doing);
        let today = stretches.filter(|stretch| stretch.from < self.to && stretch.to > self.from);
        let [first, last] = self.hours().unwrap_or([0.0, HOURS]);
        let hour = |at| self.hour(at).clamp(first, last);
        let rects = today.map(|s| [hour(s.from), low, hour(s.to), high]);
        let rects = rects.filter(|rect| rect[0] < rect[2]).collect();
        (Mark::rects(rects, Style::of(colour).opacity(opacity)), name)
    }

    fn threshold(&self) -> (Mark, &'static str) {
        let threshold = self.account.threshold(self.to - 1);
        let [first, last] = self.hours().unwrap_or([0.0, HOURS]);
        let line = threshold.map(|at| vec![[first, at], [last, at]]).unwrap_or_default();
        let style = Style::of(Colour::Ink).dashed(Dash::Short).width(1.2);
        (Mark::line(line, style), "suspicious below this")
    }

    /// One line a sitting; a column holds its lowest mean, which is the one that matters.
    fn scores(&self) -> (Mark, &'static str) {
        let [first, last] = self.hours().unwrap_or([0.0, HOURS]);
        let mut columns: Vec<(i64, i64, f64)> = Vec::new();
        for point in self.account.points.iter().filter(|point| self.holds(point.at)) {
            let Some(score) = point.grouped else { continue };
            let column = ((self.hour(point.at) - first) / (last - first) * COLUMNS) as i64;
            match columns.last_mut() {
                Some((_, same, low)) if *same == column => *low = low.min(score),
                _ => columns.push((point.at, column, score)),
            }
        }
        let lone = (last - first) / COLUMNS / 2.0;
        let mut line: Vec<[f64; 2]> = Vec::new();
        let mut before = None;
        for (at, _, mean) in columns {
            let x = self.hour(at);
            if before.is_none_or(|before| at - before >= JOINED_MS) {
                line.extend([[f64::NAN; 2], [x, mean], [(x + lone).min(last), mean]]);
            } else {
                line.push([x, mean]);
            }
            before = Some(at);
        }
        (
            Mark::line(line, Style::of(Colour::Series(4))),
            "score of the last windows: 1 you, 0 somebody else",
        )
    }

    /// `None` for what only stands in the table.
    fn marks(&self, kind: TimelineMarkKind) -> Option<(Mark, &'static str)> {
        let (shape, height, colour, name) = match kind {
            TimelineMarkKind::Alarm => (PointShape::Triangle, 0.1, Colour::Alarm, "alarm"),
            TimelineMarkKind::FalseAlarm => {
                (PointShape::Cross, 0.1, Colour::Ink, "false alarm, confirmed by password")
            }
            TimelineMarkKind::Lock => (PointShape::Square, 0.9, Colour::Ink, "locked by an alarm"),
            TimelineMarkKind::Fault | TimelineMarkKind::Asked | TimelineMarkKind::Away => {
                return None;
            }
        };
        let marks = self.account.marks.iter().filter(|mark| mark.kind == kind);
        let today = marks.filter(|mark| self.holds(mark.at));
        let points = today.map(|mark| [self.hour(mark.at), height]).collect();
        Some((Mark::points(points, shape, 5.0, Style::of(colour)), name))
    }
}

fn tick(hour: f64) -> (f64, String) {
    (hour, format!("{:02}:{:02.0}", hour as u32, 60.0 * hour.fract()))
}
