//! What happened in the demonstration, told line by line, and what came of it. It looks only at
//! what the agent wrote and at what the notification server received.

use std::path::PathBuf;

use crate::desktop::Shown;
use mousewarden::error::Result;
use mousewarden::pipeline::event::Micros;
use mousewarden::pipeline::{Decision, Timestamp};

use super::journal::{DemoJournal, DemoVerdict};
use super::unconvincing;

/// One act of the play: who was at the mouse, and what was made of them.
#[derive(Debug, Default)]
struct Act {
    windows: usize,
    movement: f64,
    alarms: usize,
    /// Windows, seconds of movement and moment of the first alarm.
    first_alarm: Option<(usize, f64, Timestamp)>,
}

impl Act {
    fn add(&mut self, verdict: &DemoVerdict) {
        self.windows += 1;
        self.movement += verdict.window.movement().as_secs_f64();
        if verdict.action.is_some() {
            self.alarms += 1;
            let now = (self.windows, self.movement, verdict.window.ended_at);
            self.first_alarm.get_or_insert(now);
        }
    }
}

/// The timeline of a demonstration.
#[derive(Debug)]
pub struct DemoTimeline {
    journal: DemoJournal,
    began: Timestamp,
    taken_over: Option<Timestamp>,
    owner: Act,
    impostor: Act,
    notification: Option<Shown>,
}

impl DemoTimeline {
    /// Starts to tell, from the beginning of this journal.
    pub fn begin(journal: PathBuf, now: Timestamp) -> Self {
        println!("    time  at the mouse  steps  score  group  evidence  decision");
        Self {
            journal: DemoJournal::at(journal),
            began: now,
            taken_over: None,
            owner: Act::default(),
            impostor: Act::default(),
            notification: None,
        }
    }

    /// From now on the other moves the mouse.
    pub const fn taken_over(&mut self, now: Timestamp) {
        self.taken_over = Some(now);
    }

    /// Tells what is new in the journal.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn follow(&mut self) -> Result<()> {
        for verdict in self.journal.news()? {
            let is_impostor = self.taken_over.is_some_and(|at| verdict.window.started_at >= at);
            let act = if is_impostor { &mut self.impostor } else { &mut self.owner };
            act.add(&verdict);
            println!("{}", line(self.began, &verdict, is_impostor));
        }
        Ok(())
    }

    /// Whether the other set off an alarm.
    pub const fn is_caught(&self) -> bool {
        self.impostor.alarms > 0
    }

    /// What the notification server received.
    pub fn notification(&mut self, shown: Option<Shown>) {
        self.notification = shown;
    }

    /// What came of it, in sentences.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        if let Some(shown) = &self.notification {
            text += &described(shown);
        }
        text += &match self.impostor.first_alarm {
            Some((windows, movement, at)) => {
                let since = self.taken_over.map_or(0.0, |from| (at - from).as_secs_f64());
                format!(
                    "Somebody else was noticed after {movement:.1} s of movement ({windows} windows, \
                     {since:.1} s on the clock).\n"
                )
            }
            None => format!(
                "Somebody else was not noticed in {:.1} s of movement ({} windows).\n",
                self.impostor.movement, self.impostor.windows
            ),
        };
        let alarms = match self.owner.alarms {
            0 => "no alarm".to_owned(),
            alarms => format!("false alarms: {alarms}"),
        };
        let Act { windows, movement, .. } = self.owner;
        text + &format!(
            "The owner worked for {movement:.1} s of movement ({windows} windows): {alarms}.\n"
        )
    }

    /// Fails unless the other was noticed, the owner was not bothered, and the person was told.
    ///
    /// # Errors
    /// Says which of them did not happen.
    pub fn verify(&self) -> Result<()> {
        if self.owner.windows == 0 {
            return Err(unconvincing("the agent judged no window of its owner's"));
        }
        if !self.is_caught() {
            return Err(unconvincing("somebody else was not noticed"));
        }
        if self.notification.is_none() {
            return Err(unconvincing("the alarm did not reach the notification server"));
        }
        if self.owner.alarms > 0 {
            return Err(unconvincing("the owner was taken for somebody else"));
        }
        Ok(())
    }
}

fn line(began: Timestamp, verdict: &DemoVerdict, is_impostor: bool) -> String {
    let time: Micros = verdict.window.ended_at - began;
    let who = if is_impostor { "another" } else { "owner" };
    let group = verdict.grouped.map_or_else(|| "    -".into(), |group| format!("{group:5.2}"));
    let decision = match verdict.decision {
        Decision::Trusted => "trusted",
        Decision::Suspicious => "suspicious",
        Decision::Intruder => "INTRUDER",
    };
    let alarm = if verdict.action.is_some() { "  <- alarm" } else { "" };
    format!(
        "{:6.1} s  {who:<12}  {:5}  {:5.2}  {group}  {:8.1}  {decision}{alarm}",
        time.as_secs_f64(),
        verdict.window.steps,
        verdict.score,
        verdict.evidence
    )
}

fn described(shown: &Shown) -> String {
    let buttons: Vec<&str> = shown.actions.chunks_exact(2).map(|pair| pair[1].as_str()).collect();
    let buttons = match buttons.is_empty() {
        true => String::new(),
        false => format!("   [{}]\n", buttons.join("] [")),
    };
    format!(
        "The notification, as its server received it:\n\n   {}\n   {}\n{buttons}\n",
        shown.summary,
        shown.body.replace('\n', "\n   ")
    )
}
