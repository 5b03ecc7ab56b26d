//! What the streams of all owners say together: how soon an impostor is noticed, and how often an
//! owner is bothered.

use super::figures::Study;
use super::measure::Measured;
use super::results::{
    AdaptationFigures, Continuous, Delay, IntervalEstimate, SessionTimeline, UserStreams, Within,
};
use super::streams::ImpostorSession;
use crate::lab::metrics::quantile;
use crate::pipeline::Micros;

/// Seconds of eight hours.
const SHIFT_S: f64 = 8.0 * 3600.0;
/// Owners who were seen for less at the desk say nothing of a rate, seconds.
const JUDGED_S: f64 = 3600.0;
/// Windows within which an impostor is to be noticed.
const WITHIN: [usize; 4] = [30, 100, 300, 600];
/// Points of a curve at most.
const POINTS: usize = 120;

impl Study<'_> {
    /// The figures of all streams; none without an impostor.
    pub(super) fn continuous(&self, budget: Micros) -> Option<Continuous> {
        let users: Vec<UserStreams> = self.measured.iter().map(user).collect();
        let impostors: Vec<&ImpostorSession> =
            self.measured.iter().flat_map(|one| &one.streams.impostors).collect();
        let missed = impostors.iter().filter(|s| s.noticed.is_none()).count();
        let hours = [0, 1].map(|clock| self.sum(|one| one.streams.genuine_s[clock]) / 3600.0);
        Some(Continuous {
            ania: self.ratio(windows_until_noticed, noticed),
            anga: self.ratio(|one| one.streams.genuine_windows as f64, false_alarms),
            movement: self.delay(1),
            wall: self.delay(2),
            impostor_sessions: impostors.len(),
            too_short: self.measured.iter().map(|one| one.streams.too_short).sum(),
            missed,
            missed_share: self.ratio(
                |one| one.streams.impostors.len() as f64 - noticed(one),
                |one| one.streams.impostors.len() as f64,
            )?,
            false_alarms_per_8h_wall: self.ratio(false_alarms, shifts(0))?,
            false_alarms_per_8h_movement: self.ratio(false_alarms, shifts(1))?,
            genuine_hours: hours,
            promised_per_8h: Some(SHIFT_S / budget.as_secs_f64()),
            false_locks_per_8h: self.ratio(|one| one.streams.false_locks as f64, shifts(0)),
            owners_without: self.owners.iter().filter(|owner| self.alarms_of(owner) == 0).count(),
            worst_owner: self.worst_owner(),
            within: WITHIN
                .iter()
                .filter_map(|windows_until_noticed| self.within(*windows_until_noticed))
                .collect(),
            first_mover_noticed: self.first_mover_noticed(),
            curve: noticed_within(&impostors, 1),
            wall_curve: noticed_within(&impostors, 2),
            users,
            adapted: self.adapted(),
            caught: caught(&impostors),
            missed_one: missed_one(&impostors),
        })
    }

    fn of_owner<'s>(&'s self, owner: &'s str) -> impl Iterator<Item = &'s Measured> {
        self.measured.iter().filter(move |one| one.user == owner)
    }

    fn alarms_of(&self, owner: &str) -> usize {
        self.of_owner(owner).map(|one| one.streams.false_alarms).sum()
    }

    fn worst_owner(&self) -> Option<(String, f64)> {
        let rates = self.owners.iter().filter_map(|owner| {
            let seconds: f64 = self.of_owner(owner).map(|one| one.streams.genuine_s[0]).sum();
            let rate = self.alarms_of(owner) as f64 * SHIFT_S / seconds;
            (seconds >= JUDGED_S).then(|| ((*owner).to_owned(), rate))
        });
        rates.max_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// Shares over all impostor sessions that are that long, and over shorter ones too: an impostor
    /// who has left unnoticed counts as missed.
    fn within(&self, windows: usize) -> Option<Within> {
        let share = |passed: fn(&ImpostorSession) -> Option<[f64; 3]>| {
            self.ratio(
                move |one| {
                    let sessions = one.streams.impostors.iter().filter_map(passed);
                    sessions.filter(|delay| delay[0] <= windows as f64).count() as f64
                },
                |one| one.streams.impostors.len() as f64,
            )
        };
        let noticed = share(|s| s.noticed)?;
        let locked = share(|s| s.locked)?;
        Some(Within { windows, noticed, locked })
    }

    fn first_mover_noticed(&self) -> Option<IntervalEstimate> {
        self.ratio(
            |one| one.streams.impostors.iter().filter(|s| s.first_mover_noticed).count() as f64,
            |one| one.streams.impostors.len() as f64,
        )
    }

    fn adapted(&self) -> Option<AdaptationFigures> {
        let drift: Vec<f64> = self.measured.iter().filter_map(|one| one.streams.drift).collect();
        let missed_by_poisoning = self.ratio(
            |one| {
                let ends = one.streams.impostors.iter().map(|s| s.noticed_in_the_end);
                ends.filter(|noticed| *noticed == Some(false)).count() as f64
            },
            |one| one.streams.impostors.len() as f64,
        )?;
        (!drift.is_empty()).then_some(AdaptationFigures { drift, missed_by_poisoning })
    }

    fn sum(&self, value: impl Fn(&Measured) -> f64) -> f64 {
        self.measured.iter().map(value).sum()
    }

    /// A sum over owners by another, with its interval; none where the second is nothing.
    fn ratio(
        &self,
        above: impl Fn(&Measured) -> f64,
        below: impl Fn(&Measured) -> f64,
    ) -> Option<IntervalEstimate> {
        let of = |value: &dyn Fn(&Measured) -> f64| -> Vec<f64> {
            self.owners
                .iter()
                .map(|owner| self.measured.iter().filter(|one| one.user == *owner).map(value).sum())
                .collect()
        };
        let above = of(&above);
        let below = of(&below);
        let of_draw = |times: &[u16]| {
            let below = weighted(&below, times);
            (below > 0.0).then(|| weighted(&above, times) / below)
        };
        let value = of_draw(&vec![1; self.owners.len()])?;
        let values = self.draws.iter().filter_map(of_draw).collect();
        let [low, high] = self.draws.interval(values, self.owners.len())?;
        Some(IntervalEstimate { value, low, high })
    }

    /// Delays of those who were noticed: 1 in seconds of movement, 2 on the clock.
    fn delay(&self, clock: usize) -> Option<Delay> {
        let by_owner: Vec<Vec<f64>> = self
            .owners
            .iter()
            .map(|owner| -> Vec<f64> {
                let own = self.measured.iter().filter(|one| one.user == *owner);
                own.flat_map(delays).map(|delay| delay[clock]).collect()
            })
            .collect();
        let median = |times: &[u16]| {
            let repeated = by_owner.iter().zip(times);
            let mut all: Vec<f64> =
                repeated.flat_map(|(delays, times)| delays.repeat(usize::from(*times))).collect();
            quantile(&mut all, 0.5)
        };
        let mut all = by_owner.concat();
        let value = quantile(&mut all, 0.5)?;
        let drawn = self.draws.iter().filter_map(median).collect();
        let [low, high] = self.draws.interval(drawn, self.owners.len())?;
        Some(Delay {
            median: IntervalEstimate { value, low, high },
            p95: quantile(&mut all, 0.95)?,
        })
    }
}

/// The sum of the values, each as often as it was drawn.
fn weighted(values: &[f64], times: &[u16]) -> f64 {
    values.iter().zip(times).map(|(value, times)| value * f64::from(*times)).sum()
}

/// Genuine time on a clock, in working days of 8 h.
fn shifts(clock: usize) -> impl Fn(&Measured) -> f64 {
    move |one: &Measured| one.streams.genuine_s[clock] / SHIFT_S
}

fn windows_until_noticed(one: &Measured) -> f64 {
    delays(one).iter().map(|delay| delay[0]).sum()
}

/// Impostors that were noticed.
fn noticed(one: &Measured) -> f64 {
    delays(one).len() as f64
}

fn false_alarms(one: &Measured) -> f64 {
    one.streams.false_alarms as f64
}

fn delays(one: &Measured) -> Vec<[f64; 3]> {
    one.streams.impostors.iter().filter_map(|impostor| impostor.noticed).collect()
}

fn user(one: &Measured) -> UserStreams {
    let delays = delays(one);
    let sessions = one.streams.impostors.len();
    UserStreams {
        user: one.user.clone(),
        seed: one.seed,
        impostor_sessions: sessions,
        missed: sessions - delays.len(),
        genuine_windows: one.streams.genuine_windows,
        false_alarms: one.streams.false_alarms,
        delays,
    }
}

/// Share of the impostors noticed within so many seconds; the last point is the share ever noticed.
fn noticed_within(impostors: &[&ImpostorSession], clock: usize) -> Vec<(f64, f64)> {
    let mut delays: Vec<f64> =
        impostors.iter().filter_map(|s| s.noticed).map(|delay| delay[clock]).collect();
    delays.sort_by(f64::total_cmp);
    let step = delays.len().div_ceil(POINTS).max(1);
    let last = delays.len().saturating_sub(1);
    let kept = delays.iter().enumerate().filter(|(at, _)| at % step == 0 || *at == last);
    kept.map(|(at, delay)| (*delay, (at + 1) as f64 / impostors.len() as f64)).collect()
}

/// The one of median delay in movement.
fn caught(impostors: &[&ImpostorSession]) -> Option<SessionTimeline> {
    let mut noticed: Vec<(&[f64; 3], &SessionTimeline)> =
        impostors.iter().filter_map(|s| Some((s.noticed.as_ref()?, &s.timeline))).collect();
    noticed.sort_by(|a, b| a.0[1].total_cmp(&b.0[1]));
    noticed.get(noticed.len() / 2).map(|(_, timeline)| (*timeline).clone())
}

/// The one with the most windows.
fn missed_one(impostors: &[&ImpostorSession]) -> Option<SessionTimeline> {
    let missed = impostors.iter().filter(|impostor| impostor.noticed.is_none());
    missed.max_by_key(|s| s.timeline.points.len()).map(|impostor| impostor.timeline.clone())
}
