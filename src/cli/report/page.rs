//! The page around the strips: one file with its style inside, no script, and a policy that forbids
//! the browser to load anything. Only what the account holds is shown.

use std::fmt::Write as _;

use super::account::{Account, Doing, Mark, MarkKind};
use super::strip::{Day, Span};

const STYLE: &str = "\
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#66707b;--line:#d5dae0;--on:#eef4fb;\
--score:#1f6fb2;--bad:#b3261e;--off:#f3f3f3;--hatch:#c3c9d0}\
@media(prefers-color-scheme:dark){:root{--bg:#15181c;--fg:#e6e8ea;--dim:#9aa4af;--line:#343b43;\
--on:#1c2733;--score:#6db3f2;--bad:#ff8a80;--off:#1d2024;--hatch:#4a525b}}\
body{margin:2rem auto;max-width:62rem;padding:0 1rem;background:var(--bg);color:var(--fg);\
font:15px/1.5 system-ui,sans-serif}\
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}\
p,.dim{color:var(--dim)}\
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.8rem;margin:1.2rem 0}\
dl div{border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem}\
dt{color:var(--dim);font-size:.85rem}dd{margin:0;font-size:1.25rem}\
figure{margin:.6rem 0 0}figcaption{font-size:.85rem}svg{width:100%;height:auto;display:block}\
svg text{font-size:10px;fill:var(--dim)}\
.off{fill:var(--off)}.on{fill:var(--on)}.paused{fill:url(#slant)}.locked{fill:url(#upright)}\
.grid{stroke:var(--line);stroke-width:.7}\
.threshold{stroke:var(--bad);stroke-width:1;stroke-dasharray:5 4}\
.score{fill:none;stroke:var(--score);stroke-width:1.4;stroke-linejoin:round}\
.alarm{fill:var(--bad)}.false{fill:var(--bg);stroke:var(--bad);stroke-width:1.4}.lock{fill:var(--fg)}\
.hatch{stroke:var(--hatch);stroke-width:1.2}\
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:600}\
td,th{padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}\
td:first-child{white-space:nowrap;font-variant-numeric:tabular-nums}\
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;font-size:.85rem;align-items:center}\
.legend svg{width:26px;height:14px;display:inline-block;vertical-align:-2px;margin-right:.4rem}";

/// Hatching for what was not watched; defined once, used by every strip.
const PATTERNS: &str = "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\">\
<defs><pattern id=\"slant\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
patternTransform=\"rotate(45)\"><line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\"/></pattern>\
<pattern id=\"upright\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">\
<line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"5\"/></pattern></defs></svg>";

const LEGEND: &str = "<div class=\"legend\">\
<span><svg viewBox=\"0 0 26 14\"><path class=\"score\" d=\"M1 10L9 4L17 7L25 3\"/></svg>mean score: 1 you, 0 a stranger</span>\
<span><svg viewBox=\"0 0 26 14\"><line class=\"threshold\" x1=\"0\" y1=\"7\" x2=\"26\" y2=\"7\"/></svg>threshold</span>\
<span><svg viewBox=\"0 0 26 14\"><path class=\"alarm\" d=\"M8 12L18 12L13 2Z\"/></svg>alarm</span>\
<span><svg viewBox=\"0 0 26 14\"><path class=\"false\" d=\"M8 12L18 12L13 2Z\"/></svg>false alarm, confirmed by password</span>\
<span><svg viewBox=\"0 0 26 14\"><rect class=\"lock\" x=\"10\" y=\"4\" width=\"6\" height=\"6\"/></svg>locked</span>\
<span><svg viewBox=\"0 0 26 14\"><rect class=\"on\" width=\"26\" height=\"14\"/></svg>watched</span>\
<span><svg viewBox=\"0 0 26 14\"><rect class=\"paused\" width=\"26\" height=\"14\"/></svg>paused</span>\
<span><svg viewBox=\"0 0 26 14\"><rect class=\"locked\" width=\"26\" height=\"14\"/></svg>screen locked</span>\
<span><svg viewBox=\"0 0 26 14\"><rect class=\"off\" width=\"26\" height=\"14\"/></svg>not running</span></div>";

/// Rows of the table at most; the rest is counted.
const MOST_MARKS: usize = 200;

/// The whole page.
pub(super) fn write(account: &Account, span: &Span) -> String {
    let from = span.words(span.since.as_millisecond());
    let to = span.words(span.until.as_millisecond());
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>mousewarden report</title><style>{STYLE}</style></head><body>{PATTERNS}\
         <h1>mousewarden</h1><p>{from} to {to}</p>"
    );
    page.push_str(&tiles(account));
    page.push_str("<h2>Day by day</h2>");
    page.push_str(LEGEND);
    for (day, from, to) in span.days().into_iter().rev() {
        let title = day.strftime("%A, %d %B %Y").to_string();
        let svg = Day { account, from, to }.svg(&title);
        let _ = write!(page, "<figure><figcaption>{title}</figcaption>{svg}</figure>");
    }
    page.push_str(&table(account, span));
    page + "<p>Times are local. This page holds no position of the pointer; whoever reads it learns \
            when you were at your desk.</p></body></html>\n"
}

fn tiles(account: &Account) -> String {
    let tile = |name: &str, value: String| format!("<div><dt>{name}</dt><dd>{value}</dd></div>");
    let movement = duration((account.movement_s * 1000.0) as i64);
    let tiles = [
        tile("watched", duration(account.spent(Doing::Watching))),
        tile("paused", duration(account.spent(Doing::Paused))),
        tile("windows judged", account.windows.to_string()),
        tile("movement in them", movement),
        tile("alarms", account.count(MarkKind::Alarm).to_string()),
        tile("known false alarms", account.count(MarkKind::FalseAlarm).to_string()),
        tile("locks", account.count(MarkKind::Lock).to_string()),
        tile("faults", account.count(MarkKind::Fault).to_string()),
    ];
    format!("<dl>{}</dl>", tiles.concat())
}

fn table(account: &Account, span: &Span) -> String {
    let mut table = String::from("<h2>What happened</h2>");
    if account.marks.is_empty() {
        return table + "<p>Nothing out of the ordinary.</p>";
    }
    table.push_str("<table><tr><th>when</th><th>what</th></tr>");
    for Mark { at, words, .. } in account.marks.iter().rev().take(MOST_MARKS) {
        let _ = write!(table, "<tr><td>{}</td><td>{}</td></tr>", span.words(*at), escape(words));
    }
    table.push_str("</table>");
    let left = account.marks.len().saturating_sub(MOST_MARKS);
    if left > 0 {
        let _ = write!(table, "<p>{left} earlier ones are left out; --json prints all.</p>");
    }
    table
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

/// The characters that mean something in HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::report::account::{Point, Stretch};
    use crate::cli::report::strip::day_before;
    use jiff::tz::TimeZone;

    #[test]
    fn the_page_is_one_file_that_loads_nothing_and_shows_each_day() {
        let until: jiff::Timestamp = "2026-03-03T15:00:00Z".parse().unwrap();
        let zone = TimeZone::UTC;
        let since = day_before(until, 2, &zone);
        assert_eq!(since.to_string(), "2026-03-01T00:00:00Z");
        let noon = since.as_millisecond() + 12 * 3_600_000;
        let mark = |kind, words: &str| Mark { at: noon, kind, words: words.into() };
        let account = Account {
            stretches: vec![Stretch { doing: Doing::Watching, from: noon, to: noon + 60_000 }],
            points: vec![Point { at: noon, grouped: 0.9 }, Point { at: noon + 5000, grouped: 0.1 }],
            marks: vec![mark(MarkKind::Alarm, "a < b"), mark(MarkKind::FalseAlarm, "it was you")],
            thresholds: vec![(0, 0.5)],
            ..Account::default()
        };
        let page = write(&account, &Span { since, until, zone });
        assert_eq!(page.matches("<figure>").count(), 3);
        assert!(page.contains("a &lt; b") && page.contains("default-src 'none'"));
        for outside in ["http://", "https://", "<script", "<link", "src="] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert_eq!(page.matches("class=\"alarm\"").count(), 2, "in the legend and on its day");
    }

    #[test]
    fn durations_are_read_at_a_glance() {
        assert_eq!(duration(40_000), "40 s");
        assert_eq!(duration(12 * 60_000), "12 min");
        assert_eq!(duration(3 * 3_600_000 + 5 * 60_000), "3 h 05 min");
    }
}
