//! One day as a strip of SVG, midnight to midnight in local time: what the agent was doing, the mean
//! scores against the threshold, and what stood out. Shapes differ, so that colour is never needed.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::account::{Account, Doing, Mark, MarkKind, Stretch};

/// Pixels of a strip.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 84.0;
/// Room for the words at the left.
const LEFT: f64 = 34.0;
/// The plot's top and bottom: scores 1 and 0.
const TOP: f64 = 8.0;
const BOTTOM: f64 = 66.0;
/// Points that are drawn as one line are at most this far apart.
const JOINED_MS: i64 = 5 * 60_000;

/// The time that the page covers.
#[derive(Debug, Clone)]
pub(super) struct Span {
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

impl Span {
    /// The days, as midnight and next midnight.
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
    /// The strip.
    pub(super) fn svg(&self, title: &str) -> String {
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\
             <rect class=\"off\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{}\" height=\"{}\"/>",
            WIDTH - LEFT,
            BOTTOM - TOP
        );
        self.stretches(&mut svg);
        self.axes(&mut svg);
        self.threshold(&mut svg);
        self.scores(&mut svg);
        self.marks(&mut svg);
        svg + "</svg>"
    }

    fn x(&self, at: i64) -> f64 {
        let share = (at - self.from) as f64 / (self.to - self.from) as f64;
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT)
    }

    fn holds(&self, at: i64) -> bool {
        (self.from..self.to).contains(&at)
    }

    fn stretches(&self, svg: &mut String) {
        let of_this = |stretch: &&Stretch| stretch.from < self.to && stretch.to > self.from;
        for stretch in self.account.stretches.iter().filter(of_this) {
            let class = match stretch.doing {
                Doing::Watching => "on",
                Doing::Paused => "paused",
                Doing::Locked => "locked",
            };
            let (x, end) = (self.x(stretch.from), self.x(stretch.to));
            let (width, height) = ((end - x).max(0.8), BOTTOM - TOP);
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{TOP}\" width=\"{width:.1}\" \
                 height=\"{height}\"/>"
            );
        }
    }

    fn axes(&self, svg: &mut String) {
        for hour in (0..=24).step_by(3) {
            let x = LEFT + f64::from(hour) / 24.0 * (WIDTH - LEFT);
            let anchor = if hour == 24 { "end" } else { "middle" };
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{BOTTOM}\"/>\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{hour:02}</text>",
                BOTTOM + 14.0
            );
        }
        for score in [0, 1] {
            let _ = write!(
                svg,
                "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{score}</text>",
                LEFT - 6.0,
                y(f64::from(score)) + 4.0
            );
        }
    }

    fn threshold(&self, svg: &mut String) {
        let Some(threshold) = self.account.threshold(self.to - 1) else { return };
        let y = y(threshold);
        let _ = write!(
            svg,
            "<line class=\"threshold\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{WIDTH}\" y2=\"{y:.1}\"/>"
        );
    }

    /// One line a sitting; a pixel holds its lowest mean, which is the one that matters.
    fn scores(&self, svg: &mut String) {
        let mut path = String::new();
        let mut before: Option<(i64, i64)> = None;
        let mut pixel: Option<(i64, i64, f64)> = None;
        let points = self.account.points.iter().filter(|point| self.holds(point.at));
        for point in points {
            let column = self.x(point.at).round() as i64;
            pixel = match pixel {
                Some((at, same, low)) if same == column => Some((at, same, low.min(point.grouped))),
                _ => {
                    before = draw(&mut path, pixel, before);
                    Some((point.at, column, point.grouped))
                }
            };
        }
        draw(&mut path, pixel, before);
        if !path.is_empty() {
            let _ = write!(svg, "<path class=\"score\" d=\"{path}\"/>");
        }
    }

    fn marks(&self, svg: &mut String) {
        for Mark { at, kind, words } in self.account.marks.iter().filter(|m| self.holds(m.at)) {
            let x = self.x(*at);
            let shape = match kind {
                MarkKind::Alarm => triangle(x, "alarm"),
                MarkKind::FalseAlarm => triangle(x, "false"),
                MarkKind::Lock => format!(
                    "<rect class=\"lock\" x=\"{:.1}\" y=\"{:.1}\" width=\"6\" height=\"6\"/>",
                    x - 3.0,
                    TOP - 3.0
                ),
                MarkKind::Fault | MarkKind::Asked => continue,
            };
            let _ = write!(svg, "<g>{shape}<title>{}</title></g>", super::page::escape(words));
        }
    }
}

fn triangle(x: f64, class: &str) -> String {
    let (left, right, foot, tip) = (x - 5.0, x + 5.0, BOTTOM + 1.0, BOTTOM - 9.0);
    format!("<path class=\"{class}\" d=\"M{left:.1} {foot}L{right:.1} {foot}L{x:.1} {tip}Z\"/>")
}

/// Draws a pixel column; joined to the one before when they are of one sitting.
fn draw(
    path: &mut String,
    pixel: Option<(i64, i64, f64)>,
    before: Option<(i64, i64)>,
) -> Option<(i64, i64)> {
    let (at, column, grouped) = pixel?;
    let joined = before.is_some_and(|(last, _)| at - last < JOINED_MS);
    let y = y(grouped);
    let _ = match joined {
        true => write!(path, "L{column} {y:.1}"),
        // A lone point is seen as well.
        false => write!(path, "M{column} {y:.1}h.8"),
    };
    Some((at, column))
}

fn y(score: f64) -> f64 {
    BOTTOM - score.clamp(0.0, 1.0) * (BOTTOM - TOP)
}
