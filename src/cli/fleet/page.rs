//! The page of many machines.

use std::collections::BTreeMap;

use serde::Serialize;

use super::history::MachineAccount;
use crate::lab::plot::page::{Page, PageBlock, Section};
use crate::lab::plot::{Axis, Colour, Figure, Mark, Style, Ticks, counted};

/// Machines in the table at most; the rest is counted.
const MOST_ROWS: usize = 50;
/// Days in the picture at most, the latest.
const MOST_DAYS: usize = 90;

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
        let sum = |of: fn(&MachineAccount) -> u64| self.machines.iter().map(of).sum();
        let hours = |of: fn(&MachineAccount) -> f64| self.machines.iter().map(of).sum::<f64>();
        let watched_h = hours(|it| it.watched_h);
        let open = hours(|it| (it.span_h - it.locked_h).max(it.watched_h));
        FleetSums {
            machines: self.machines.len(),
            unreadable: self.unreadable,
            watched_h,
            coverage: if open > 0.0 { watched_h / open } else { 0.0 },
            windows: sum(|it| it.windows),
            alarms: sum(|it| it.alarms),
            promised_false: watched_h / f64::from(self.budget_h),
            known_false: sum(|it| it.refuted),
            machines_without_alarm: self.machines.iter().filter(|it| it.alarms == 0).count(),
            locks: sum(|it| it.locks),
            faults: sum(|it| it.faults),
            gaps: sum(|it| it.gaps),
            unknown_lines: sum(|it| it.unknown_lines),
        }
    }

    pub(super) fn sentence(&self) -> String {
        let sums = self.sums();
        format!(
            "{} watched for {:.0} h ({:.0} % of the time between their first and last event, locked \
             screens aside) and raised {}; {} of them known to be false, where one in {} h promises \
             {:.1}. {} raised none.",
            counted(sums.machines, "machine"),
            sums.watched_h,
            100.0 * sums.coverage,
            counted(sums.alarms as usize, "alarm"),
            sums.known_false,
            self.budget_h,
            sums.promised_false,
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
        let shown = || days.range(first..=last);
        let bars = |at: usize| -> Vec<[f64; 4]> {
            let bar = |(day, sums): (&i64, &[u64; 2])| {
                let x = (*day - first) as f64;
                [x - 0.4, 0.0, x + 0.4, sums[at] as f64]
            };
            shown().map(bar).filter(|bar| bar[3] > 0.0).collect()
        };
        let highest = shown().map(|(_, sums)| sums[0]).max()? as f64;
        let step = ((last - first) as usize / 8).max(1);
        let ticks = (first..=last).step_by(step).map(|day| ((day - first) as f64, date(day)));
        let x =
            Axis::linear("", -0.6, (last - first) as f64 + 0.6).ticks(Ticks::At(ticks.collect()));
        let figure = Figure::new("", x, Axis::linear("alarms", 0.0, 1.1 * highest))
            .size(940.0, 240.0)
            .mark(Mark::rects(bars(0), Style::series(0).opacity(0.45)).named("alarms"))
            .mark(Mark::rects(bars(1), Style::of(Colour::Ink)).named("of them known to be false"));
        Some(PageBlock::Pictures(vec![figure.draw()]))
    }

    fn worst(&self) -> Vec<PageBlock> {
        let mut machines: Vec<&MachineAccount> = self.machines.iter().collect();
        let rank = |it: &MachineAccount| (it.refuted, it.alarms, it.faults + it.gaps);
        machines.sort_by_key(|it| std::cmp::Reverse(rank(it)));
        let head = [
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
        let row = |it: &&MachineAccount| {
            let promised = it.watched_h / f64::from(self.budget_h);
            vec![
                it.name.clone(),
                format!("{:.1}", it.watched_h),
                it.windows.to_string(),
                it.alarms.to_string(),
                it.refuted.to_string(),
                format!("{promised:.1}"),
                it.locks.to_string(),
                it.faults.to_string(),
                it.gaps.to_string(),
            ]
        };
        let rows = machines.iter().take(MOST_ROWS).map(row).collect();
        let mut blocks = vec![PageBlock::Table(head.map(str::to_owned).into(), rows)];
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
