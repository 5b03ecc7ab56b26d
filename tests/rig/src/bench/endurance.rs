//! `bench agent --minutes N`: the running agent through minutes of ordinary use, slow mice and fast
//! ones, buttons held and rests, and whether it grows by it. Only looks at what it costs.

use serde::Serialize;

use super::agent::Agent;
use super::process::Usage;
use crate::desktop::TestDesktop;
use mousewarden::cli::output;
use mousewarden::error::Result;
use mousewarden::lab::synthesis::{Device, Pauses, SyntheticUser};
use mousewarden::pipeline::event::Micros;
use mousewarden::pipeline::{Button, MouseEvent, MouseKind, Timestamp};
use mousewarden::platform::clock;

const MINUTE: Micros = Micros::from_millis(60_000);
/// Every so many events of a minute with drags a button goes down, and up again after so many.
const DRAG: [usize; 2] = [200, 60];

/// What the minutes of a run are filled with, in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Use {
    /// A synthetic user with a mouse of 125 Hz.
    Office,
    /// The same person with a mouse of 1000 Hz.
    FastMouse,
    /// At 125 Hz, and now and then with a button held.
    Drags,
    /// Nobody is there.
    Rest,
}

impl Use {
    const ALL: [Self; 4] = [Self::Office, Self::FastMouse, Self::Drags, Self::Rest];

    const fn of_minute(number: usize) -> Self {
        Self::ALL[number % Self::ALL.len()]
    }

    /// The mouse in the minute of this number, from time 0 on.
    fn script(self, number: usize) -> Vec<MouseEvent> {
        let rate = match self {
            Self::Office | Self::Drags => 125.0,
            Self::FastMouse => 1000.0,
            Self::Rest => return Vec::new(),
        };
        let device = Device::steady(rate, [1280, 800]);
        let start = Timestamp::default();
        let moves =
            SyntheticUser::generate(3).moves(&device, number as u64, start, Pauses::Natural);
        let moves: Vec<_> = moves.take_while(|event| event.at - start < MINUTE).collect();
        if self == Self::Drags { dragging(&moves) } else { moves }
    }
}

fn dragging(moves: &[MouseEvent]) -> Vec<MouseEvent> {
    let [every, long] = DRAG;
    let with_button = |(index, event): (usize, &MouseEvent)| {
        let kind = match index % every {
            0 => Some(MouseKind::Press(Button::Left)),
            at if at == long => Some(MouseKind::Release(Button::Left)),
            _ => None,
        };
        kind.map(|kind| MouseEvent { kind, ..*event }).into_iter().chain([*event])
    };
    let held = moves.len() % every < long && !moves.is_empty();
    let release = MouseKind::Release(Button::Left);
    let last = moves.last().filter(|_| held).map(|event| MouseEvent { kind: release, ..*event });
    moves.iter().enumerate().flat_map(with_button).chain(last).collect()
}

/// A minute of the run.
#[derive(Debug, Serialize)]
struct Minute {
    used_for: Use,
    events: usize,
    /// Of one core, agent and capture process together.
    cpu_percent: f64,
    wakes_per_s: f64,
    agent_mb: f64,
    capture_mb: f64,
}

#[derive(Debug, Serialize)]
struct Endurance {
    scorer: String,
    minutes: Vec<Minute>,
    cpu_percent: f64,
    wakes_per_s: f64,
    resting_wakes_per_s: Option<f64>,
    /// Both processes together, before anything moved.
    before_mb: f64,
    /// Both after the first round of all uses, when everything has been loaded once.
    settled_mb: f64,
    /// Both at the end.
    end_mb: f64,
}

/// Plays the minutes and prints what they cost.
///
/// # Errors
/// When the display or the agent goes away.
pub fn run(agent: &Agent, desktop: &TestDesktop, minutes: u32, json: bool) -> Result<()> {
    let before_mb = resident_mb(agent).iter().sum();
    let mut rows = Vec::new();
    for number in 0..minutes as usize {
        rows.push(play(agent, desktop, number)?);
        eprintln!("{}", line(number + 1, &rows[number]));
    }
    let report = Endurance::of(agent.scorer(), before_mb, rows);
    match json {
        true => output::json(&report),
        false => output::line(&report.text()),
    }
}

fn play(agent: &Agent, desktop: &TestDesktop, number: usize) -> Result<Minute> {
    let used_for = Use::of_minute(number);
    let script = used_for.script(number);
    let pids = agent.pids();
    let (start, before) = (clock::now(), Usage::of(&pids));
    desktop.player()?.play(&script)?;
    clock::sleep_until(start + MINUTE);
    let (after, span) = (Usage::of(&pids), (clock::now() - start).as_secs_f64());
    let [agent_mb, capture_mb] = resident_mb(agent);
    Ok(Minute {
        used_for,
        events: script.len(),
        cpu_percent: 100.0 * (after.busy_s - before.busy_s) / span,
        wakes_per_s: after.sleeps.saturating_sub(before.sleeps) as f64 / span,
        agent_mb,
        capture_mb,
    })
}

fn resident_mb(agent: &Agent) -> [f64; 2] {
    agent.pids().map(|pid| Usage::of(&[pid]).resident_kb as f64 / 1024.0)
}

fn line(number: usize, minute: &Minute) -> String {
    let Minute { used_for, events, cpu_percent, wakes_per_s, agent_mb, capture_mb } = minute;
    format!(
        "{number:>4}  {:<9} {events:>6} events  {cpu_percent:>5.2} %  {wakes_per_s:>6.2} wake-ups/s  \
         {agent_mb:.1} + {capture_mb:.1} MB",
        format!("{used_for:?}").to_lowercase(),
    )
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

impl Endurance {
    fn of(scorer: &str, before_mb: f64, minutes: Vec<Minute>) -> Self {
        let resting = minutes.iter().filter(|minute| minute.used_for == Use::Rest);
        let both =
            |minute: Option<&Minute>| minute.map_or(before_mb, |m| m.agent_mb + m.capture_mb);
        let first_round = minutes.get(Use::ALL.len() - 1).or(minutes.last());
        Self {
            scorer: scorer.to_owned(),
            cpu_percent: mean(minutes.iter().map(|m| m.cpu_percent)).unwrap_or_default(),
            wakes_per_s: mean(minutes.iter().map(|m| m.wakes_per_s)).unwrap_or_default(),
            resting_wakes_per_s: mean(resting.map(|m| m.wakes_per_s)),
            before_mb,
            settled_mb: both(first_round),
            end_mb: both(minutes.last()),
            minutes,
        }
    }

    fn text(&self) -> String {
        let rest = self.resting_wakes_per_s.map_or("unknown".into(), |wakes| format!("{wakes:.2}"));
        format!(
            "scorer {}\n{} minutes of mixed use: {:.2} % of a core, {:.1} wake-ups/s, {rest} at rest\n\
             memory of agent and capture process: {:.1} MB before, {:.1} MB after each use once, {:.1} MB at \
             the end",
            self.scorer,
            self.minutes.len(),
            self.cpu_percent,
            self.wakes_per_s,
            self.before_mb,
            self.settled_mb,
            self.end_mb,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_minute_ends_in_time_with_no_button_held() {
        for (number, used_for) in Use::ALL.into_iter().enumerate() {
            let script = used_for.script(number);
            assert_eq!(script.is_empty(), used_for == Use::Rest);
            assert!(script.iter().all(|event| event.at - Timestamp::default() < MINUTE));
            let count = |kind| script.iter().filter(|event| event.kind == kind).count();
            let pressed = count(MouseKind::Press(Button::Left));
            assert_eq!(pressed, count(MouseKind::Release(Button::Left)));
            assert_eq!(pressed > 0, used_for == Use::Drags);
        }
    }
}
