//! The page of many machines.

use std::collections::BTreeMap;

use serde::Serialize;

use super::history::MachineAccount;
use crate::lab::plot::page::{Page, PageBlock, Section};
use crate::lab::plot::{Axis, Colour, Figure, Mark, Style, Ticks, counted, grouped};

/// Machines in the table at most; the rest is counted.
const MOST_ROWS: usize = 50;
/// Days in the picture at most, the latest.
const MOST_DAYS: usize = 90;

/// Columns of the table.
const HEAD: [&str; 9] = [
    "machine",
    "watched h",
    "windows",
    "alarms",
    "known false",
    "promised false",
    "locks",
    "faults",
    "gaps",
];

/// All machines.
pub(super) struct Fleet {
    pub machines: Vec<MachineAccount>,
    /// Files that could not be read.
    pub unreadable: usize,
    /// Hours at the desk for one false notice.
    pub budget_h: u32,
}

/// What they add up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct FleetSums {
    pub machines: usize,
    pub unreadable: usize,
    pub watched_h: f64,
    /// Share of the time between a machine's first and last event, locked screens aside.
    pub coverage: f64,
    pub windows: u64,
    pub alarms: u64,
    /// By the budget, in the hours that were watched.
    pub promised_false: f64,
    /// Disproved by a password: no fewer were false.
    pub known_false: u64,
    pub machines_without_alarm: usize,
    pub locks: u64,
    pub faults: u64,
    pub gaps: u64,
    pub unknown_lines: u64,
}

impl Fleet {
    pub(super) fn sums(&self) -> FleetSums {
        let watched_h = self.hours(|it| it.watched_h);
        let open = self.hours(|it| (it.span_h - it.locked_h).max(it.watched_h));
        FleetSums {
            machines: self.machines.len(),
            unreadable: self.unreadable,
            watched_h,
            coverage: if open > 0.0 { watched_h / open } else { 0.0 },
            windows: self.total(|it| it.windows),
            alarms: self.total(|it| it.alarms),
            promised_false: watched_h / f64::from(self.budget_h),
            known_false: self.total(|it| it.refuted),
            machines_without_alarm: self.machines.iter().filter(|it| it.alarms == 0).count(),
            locks: self.total(|it| it.locks),
            faults: self.total(|it| it.faults),
            gaps: self.total(|it| it.gaps),
            unknown_lines: self.total(|it| it.unknown_lines),
        }
    }

    fn total(&self, of: fn(&MachineAccount) -> u64) -> u64 {
        self.machines.iter().map(of).sum()
    }

    fn hours(&self, of: fn(&MachineAccount) -> f64) -> f64 {
        self.machines.iter().map(of).sum()
    }

    pub(super) fn sentence(&self) -> String {
        let sums = self.sums();
        let promised = sums.promised_false;
        let promised = if promised < 10.0 { format!("{promised:.1}") } else { whole(promised) };
        format!(
            "{} watched for {} h ({:.0} % of the time between their first and last event, locked \
             screens aside) and raised {}. {} known to be false; one in {} h would have made {promised}. \
             {} raised none.",
            counted(sums.machines, "machine"),
            whole(sums.watched_h),
            100.0 * sums.coverage,
            counted(sums.alarms as usize, "alarm"),
            if sums.known_false == 1 {
                "1 of them is".into()
            } else {
                format!("{} of them are", whole(sums.known_false as f64))
            },
            self.budget_h,
            counted(sums.machines_without_alarm, "machine"),
        )
    }

    pub(super) fn page(&self) -> String {
        let mut lead = vec![PageBlock::Text(self.sentence())];
        if self.unreadable > 0 {
            let left = counted(self.unreadable, "file");
            lead.push(PageBlock::Warning(format!("{left} could not be read and are left out.")));
        }
        let unknown = self.sums().unknown_lines;
        if unknown > 0 {
            let lines = counted(unknown as usize, "line");
            lead.push(PageBlock::Small(format!("{lines} of another version are left out.")));
        }
        let mut sections = Vec::new();
        if let Some(days) = self.days() {
            sections.push(Section::new("Alarms by day").with(days));
        }
        sections.push(Section::new("Worst first").with_all(self.worst()));
        Page { title: "mousewarden fleet".into(), lead, sections }.html()
    }

    /// Alarms by day of UTC, and those known to be false.
    fn days(&self) -> Option<PageBlock> {
        let mut days: BTreeMap<i64, [u64; 2]> = BTreeMap::new();
        for (day, [alarms, refuted]) in self.machines.iter().flat_map(|it| &it.days) {
            let sum = days.entry(*day).or_default();
            sum[0] += alarms;
            sum[1] += refuted;
        }
        let last = *days.keys().next_back()?;
        let first = (*days.keys().next()?).max(last - MOST_DAYS as i64 + 1);
        let days = days.split_off(&first);
        let highest = days.values().map(|sums| sums[0]).max()? as f64;
        let step = ((last - first) as usize / 8).max(1);
        let ticks = (first..=last).step_by(step).map(|day| ((day - first) as f64, date(day)));
        let x = Axis::linear("", -0.6, (last - first) as f64 + 0.6);
        let x = x.ticks(Ticks::At(ticks.collect()));
        let [all, refuted] = [0, 1].map(|at| bars(&days, first, at));
        let figure = Figure::new("", x, Axis::linear("alarms", 0.0, 1.1 * highest))
            .size(940.0, 240.0)
            .mark(Mark::rects(all, Style::series(0).opacity(0.45)).named("alarms"))
            .mark(Mark::rects(refuted, Style::of(Colour::Ink)).named("of them known to be false"));
        Some(PageBlock::Pictures(vec![figure.draw()]))
    }

    fn worst(&self) -> Vec<PageBlock> {
        let mut machines: Vec<&MachineAccount> = self.machines.iter().collect();
        machines.sort_by_key(|it| std::cmp::Reverse(it.rank()));
        let rows = machines.iter().take(MOST_ROWS).map(|it| it.row(self.budget_h)).collect();
        let mut blocks = vec![PageBlock::Table(HEAD.map(str::to_owned).into(), rows)];
        let left = machines.len().saturating_sub(MOST_ROWS);
        if left > 0 {
            blocks.push(PageBlock::Text(format!(
                "{} are left out.",
                counted(left, "better machine")
            )));
        }
        blocks
    }
}

impl MachineAccount {
    /// The higher, the worse.
    fn rank(&self) -> [u64; 3] {
        [self.refuted, self.alarms, self.faults + self.gaps]
    }

    /// Below [`HEAD`].
    fn row(&self, budget_h: u32) -> Vec<String> {
        vec![
            self.name.clone(),
            format!("{:.1}", self.watched_h),
            self.windows.to_string(),
            self.alarms.to_string(),
            self.refuted.to_string(),
            format!("{:.1}", self.watched_h / f64::from(budget_h)),
            self.locks.to_string(),
            self.faults.to_string(),
            self.gaps.to_string(),
        ]
    }
}

/// A number of at least 0 without its fraction, its thousands apart.
fn whole(number: f64) -> String {
    grouped(number.round())
}

/// A bar for each day with any, of the first or second number.
fn bars(days: &BTreeMap<i64, [u64; 2]>, first: i64, at: usize) -> Vec<[f64; 4]> {
    let shown = days.iter().filter(|(_, sums)| sums[at] > 0);
    shown.map(|(day, sums)| bar((*day - first) as f64, sums[at] as f64)).collect()
}

fn bar(x: f64, height: f64) -> [f64; 4] {
    [x - 0.4, 0.0, x + 0.4, height]
}

/// A day since 1970 as people sort it.
fn date(day: i64) -> String {
    let at = jiff::Timestamp::from_second(day * 86_400);
    at.map_or_else(|_| day.to_string(), |at| at.strftime("%F").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(name: &str, alarms: u64, refuted: u64) -> MachineAccount {
        let days = [(20_000, [alarms, refuted])].into();
        let (watched_h, span_h) = (8.0, 10.0);
        MachineAccount {
            name: name.into(),
            watched_h,
            span_h,
            alarms,
            refuted,
            days,
            ..MachineAccount::default()
        }
    }

    #[test]
    fn the_worst_stands_first_and_the_promise_beside_what_came() {
        let machines = vec![machine("quiet", 0, 0), machine("<loud>", 5, 3)];
        let fleet = Fleet { machines, unreadable: 1, budget_h: 8 };
        let sums = fleet.sums();
        assert_eq!((sums.machines, sums.alarms, sums.known_false), (2, 5, 3));
        assert!((sums.promised_false - 2.0).abs() < 1e-9 && (sums.coverage - 0.8).abs() < 1e-9);
        let page = fleet.page();
        let rows = page.split("<tbody>").nth(1).unwrap();
        assert!(rows.find("&lt;loud&gt;").unwrap() < rows.find("quiet").unwrap());
        assert!(page.contains("1 file could not be read") && page.contains("2024-10-04"));
    }
}
