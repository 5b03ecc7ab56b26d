//! The demonstration's play for many seeds, without its clock and its display: how soon somebody
//! else is noticed and how often the owner is bothered, with the demonstration's own numbers.
//! Synthetic users only: it says nothing about real ones.

use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;

use super::backbone::BackboneArgs;
use crate::demo::{ENROL_WINDOWS, IMPOSTOR_WINDOWS, OWNER_WINDOWS, cast, device, pauses};
use mousewarden::agent::settings::{Budget, DecisionChoice};
use mousewarden::cli::output;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::enrolment::impostors;
use mousewarden::lab::synthesis::SyntheticUser;
use mousewarden::lab::train::{TrainOptions, TrainingFacts, TrainingRequest, train_owner};
use mousewarden::model::{LoadedScorer, ScorerParams};
use mousewarden::pipeline::event::Micros;
use mousewarden::pipeline::window::cut_recording;
use mousewarden::pipeline::{Detector, Signal, Timestamp, Verdict, Window, WindowParams};

/// Events of one window at the most; more than any has.
const EVENTS_PER_WINDOW: usize = 1000;

/// Arguments of `bench demo`.
#[derive(Debug, Args)]
pub struct DemoBenchArgs {
    /// So many pairs of people, from seed 1 on.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// Windows that the owner enrols with.
    #[arg(long, default_value_t = ENROL_WINDOWS)]
    enrol_windows: usize,
    /// Windows that the owner works before the mouse is taken over.
    #[arg(long, default_value_t = OWNER_WINDOWS)]
    owner_windows: usize,
    #[command(flatten)]
    backbone: BackboneArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What came of one pair.
#[derive(Debug, Clone, Copy, Serialize)]
struct Outcome {
    seed: u64,
    /// Seconds of the other's movement until the alarm; none: not noticed.
    noticed_after_s: Option<f64>,
    /// Alarms while the owner worked.
    false_alarms: usize,
    /// Seconds of movement that the owner worked.
    owner_s: f64,
}

impl DemoBenchArgs {
    /// Plays them all and prints the table.
    ///
    /// # Errors
    /// When a training fails.
    pub fn run(self) -> Result<()> {
        let bar = ProgressBar::new(self.seeds);
        let play = |seed| {
            let outcome = self.play(seed);
            bar.inc(1);
            outcome
        };
        let outcomes = (1..=self.seeds).map(play).collect::<Result<Vec<_>>>()?;
        bar.finish_and_clear();
        if self.json {
            return output::json(&outcomes);
        }
        output::line(&table(&outcomes))
    }

    fn play(&self, seed: u64) -> Result<Outcome> {
        let params = WindowParams::default();
        let (owner, impostor) = cast(seed);
        let start = Timestamp::default();
        let sessions = [take(&movement(&owner, 0, start, self.enrol_windows), self.enrol_windows)];
        let cohort = impostors(&sessions, params, seed)?;
        let about = TrainingFacts {
            subject: format!("generated person {}", owner.seed()),
            genuine_source: "generated person".into(),
            impostor_source: "generated people".into(),
            capture: "generated".into(),
        };
        let options = self.backbone.apply(TrainOptions { seed, ..TrainOptions::default() })?;
        let request = TrainingRequest {
            sessions: &sessions,
            cohort: &cohort,
            windows: params,
            about: &about,
            options: &options,
        };
        let bundle = train_owner(&request, &mut |_| {})?;
        let scorer = LoadedScorer::of(&bundle, &ScorerParams::default())?;
        // As in the demonstration.
        let choice = DecisionChoice {
            notice_budget_h: Budget::Eer,
            lock_budget_h: Budget::Eer,
            ..DecisionChoice::default()
        };
        let policy = choice.resolve(&bundle)?;
        let mut detector = Detector::new(params, scorer, policy);
        let work = movement(&owner, 1, start, self.owner_windows);
        let work = watch(&mut detector, &work, self.owner_windows)?;
        // The mouse changes hands without a word, a second later.
        let start = work.last().map_or(start, |last| last.at) + Micros::from_millis(1000);
        let theft = movement(&impostor, 0, start, IMPOSTOR_WINDOWS);
        let theft = watch(&mut detector, &theft, IMPOSTOR_WINDOWS)?;
        let seconds = |verdicts: &[Verdict]| -> f64 {
            verdicts.iter().map(|verdict| verdict.window.movement().as_secs_f64()).sum()
        };
        let alarm = theft.iter().position(|verdict| verdict.judgement.action.is_some());
        Ok(Outcome {
            seed,
            noticed_after_s: alarm.map(|at| seconds(&theft[..=at])),
            false_alarms: work.iter().filter(|verdict| verdict.judgement.action.is_some()).count(),
            owner_s: seconds(&work),
        })
    }
}

/// Enough movement of one day of a person for so many windows.
fn movement(person: &SyntheticUser, session: u64, start: Timestamp, windows: usize) -> Vec<Signal> {
    let moves = person.moves(&device(), session, start, pauses());
    moves.take(windows * EVENTS_PER_WINDOW).map(Signal::Mouse).collect()
}

fn take(signals: &[Signal], windows: usize) -> Vec<Window> {
    let (mut all, _) = cut_recording(WindowParams::default(), signals.iter().copied());
    all.truncate(windows);
    all
}

fn watch(
    detector: &mut Detector<LoadedScorer>,
    signals: &[Signal],
    windows: usize,
) -> Result<Vec<Verdict>> {
    let mut verdicts = Vec::with_capacity(windows);
    for signal in signals {
        let verdict = detector
            .push(*signal)
            .map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?;
        verdicts.extend(verdict);
        if verdicts.len() == windows {
            break;
        }
    }
    Ok(verdicts)
}

fn table(outcomes: &[Outcome]) -> String {
    let mut noticed: Vec<f64> = outcomes.iter().filter_map(|o| o.noticed_after_s).collect();
    noticed.sort_by(f64::total_cmp);
    let missed = outcomes.len() - noticed.len();
    let bothered = outcomes.iter().filter(|outcome| outcome.false_alarms > 0).count();
    let owner_s: f64 = outcomes.iter().map(|outcome| outcome.owner_s).sum();
    let row = |outcome: &Outcome| {
        let after = outcome.noticed_after_s.map_or("missed".into(), |s| format!("{s:.1} s"));
        format!("{:>5}  {after:>12}  {:>12}\n", outcome.seed, outcome.false_alarms)
    };
    let rows: String = outcomes.iter().map(row).collect();
    let quantile = |share: f64| {
        let rank = (share * outcomes.len() as f64).ceil() as usize;
        noticed.get(rank.max(1) - 1).map_or("missed".into(), |s: &f64| format!("{s:.1} s"))
    };
    format!(
        " seed  noticed after  false alarms\n{rows}\n\
         Time to alarm in seconds of movement: median {}, 95th percentile {}; {missed} of {} missed.\n\
         Owners bothered: {bothered} of {}, in {:.1} minutes of movement together.",
        quantile(0.5),
        quantile(0.95),
        outcomes.len(),
        outcomes.len(),
        owner_s / 60.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_impostor_counts_as_the_longest_time() {
        let outcome = |seed, noticed_after_s| Outcome {
            seed,
            noticed_after_s,
            false_alarms: 0,
            owner_s: 60.0,
        };
        let text = table(&[outcome(1, Some(3.0)), outcome(2, None)]);
        assert!(text.contains("median 3.0 s, 95th percentile missed; 1 of 2 missed"), "{text}");
        assert!(text.contains("2.0 minutes"), "{text}");
    }
}
