//! What came of the presentations: counts of each owner, rates with intervals, as a file and as a
//! table. The terms are those of ISO/IEC 30107-3.

use mousewarden::lab::metrics::wilson;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::owner::Outcome;

/// Draws of the bootstrap over owners.
const DRAWS: usize = 2_000;

/// What came of all presentations of one kind to one owner.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Tally {
    presented: usize,
    accepted: usize,
    /// Without replay detection.
    accepted_without_replay_detection: usize,
    /// By the owner's model alone.
    accepted_by_model: usize,
}

impl Tally {
    pub(super) fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            tally.presented += 1;
            tally.accepted += usize::from(outcome.accepted);
            tally.accepted_without_replay_detection +=
                usize::from(outcome.accepted_without_replay_detection);
            tally.accepted_by_model += usize::from(outcome.accepted_by_model);
        }
        tally
    }

    fn rate(self) -> f64 {
        self.accepted as f64 / self.presented.max(1) as f64
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |sum, one| Self {
            presented: sum.presented + one.presented,
            accepted: sum.accepted + one.accepted,
            accepted_without_replay_detection: sum.accepted_without_replay_detection
                + one.accepted_without_replay_detection,
            accepted_by_model: sum.accepted_by_model + one.accepted_by_model,
        })
    }
}

/// One owner's tallies.
#[derive(Debug, Clone, Serialize)]
pub(super) struct OwnerTallies {
    /// Which set.
    pub(super) set: String,
    /// The owner's own movement.
    pub(super) genuine: Tally,
    /// Other people, who do not try anything.
    pub(super) zero_effort: Tally,
    /// Each species.
    pub(super) species: Vec<Tally>,
}

/// All of a run.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    pub(super) made_by: String,
    pub(super) command: String,
    pub(super) seed: u64,
    /// Windows of a presentation.
    pub(super) windows: usize,
    pub(super) species: Vec<String>,
    /// Which of the species are tools, places in `species`.
    pub(super) tools: Vec<usize>,
    pub(super) owners: Vec<OwnerTallies>,
    /// The table, see [`Results::with_rows`].
    pub(super) rows: Vec<Row>,
}

/// A line of the table, as shares.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    name: String,
    presented: usize,
    accepted: f64,
    /// 95 %.
    interval: [f64; 2],
    /// Accepted in each set, in the order in which these appear.
    by_set: Vec<f64>,
    /// Accepted, or the owner rejected; of attacks only.
    riapar: Option<f64>,
    without_replay_detection: f64,
    by_model: f64,
}

impl Results {
    /// The table, in Markdown.
    pub(super) fn print(&self) {
        let columns: String = self.sets().iter().map(|set| format!(" {set} |")).collect();
        println!(
            "| what is presented | presentations | accepted | 95 % |{columns} RIAPAR | without replay detection | by the model alone |"
        );
        println!("|---|---|---|---|{}---|---|---|", "---|".repeat(self.sets().len()));
        self.rows.iter().for_each(Row::print);
    }

    fn sets(&self) -> Vec<&str> {
        let mut sets: Vec<&str> = self.owners.iter().map(|owner| owner.set.as_str()).collect();
        sets.dedup();
        sets
    }

    /// What the owners' tallies make of each kind of presentation.
    #[must_use]
    pub(super) fn with_rows(mut self) -> Self {
        let genuine: Tally = self.owners.iter().map(|owner| owner.genuine).sum();
        let rejected = Some(1.0 - genuine.rate());
        let mut rows = vec![
            self.row("the owner (TAR)", None, |owner| owner.genuine),
            self.row("another user, zero effort (FAR)", None, |owner| owner.zero_effort),
        ];
        rows.extend(
            self.species
                .iter()
                .enumerate()
                .map(|(at, species)| self.row(species, rejected, |owner| owner.species[at])),
        );
        rows.push(self.row("the best tool for each owner", rejected, |owner| self.best(owner)));
        self.rows = rows;
        self
    }

    /// The tool by which an owner is imitated best.
    fn best(&self, owner: &OwnerTallies) -> Tally {
        let tools = self.tools.iter().map(|at| owner.species[*at]);
        tools.max_by(|one, other| one.rate().total_cmp(&other.rate())).unwrap_or_default()
    }

    fn row(&self, name: &str, rejected: Option<f64>, of: impl Fn(&OwnerTallies) -> Tally) -> Row {
        let tallies: Vec<Tally> = self.owners.iter().map(&of).collect();
        let all: Tally = tallies.iter().copied().sum();
        let of_set = |set: &&str| -> f64 {
            let own = self.owners.iter().filter(|owner| owner.set == **set);
            own.map(&of).sum::<Tally>().rate()
        };
        Row {
            name: name.to_owned(),
            presented: all.presented,
            accepted: all.rate(),
            interval: interval(&tallies),
            by_set: self.sets().iter().map(of_set).collect(),
            riapar: rejected.map(|rejected| all.rate() + rejected),
            without_replay_detection: share(all.accepted_without_replay_detection, all.presented),
            by_model: share(all.accepted_by_model, all.presented),
        }
    }
}

impl Row {
    fn print(&self) {
        let [low, high] = self.interval.map(|bound| 100.0 * bound);
        let columns: String =
            self.by_set.iter().map(|share| format!(" {:.1} |", 100.0 * share)).collect();
        let riapar = self.riapar.map_or(String::new(), |share| format!("{:.1}", 100.0 * share));
        println!(
            "| {} | {} | {:.1} % | {low:.1}-{high:.1} |{columns} {riapar} | {:.1} % | {:.1} % |",
            self.name,
            self.presented,
            100.0 * self.accepted,
            100.0 * self.without_replay_detection,
            100.0 * self.by_model,
        );
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// 95 %: the wider of a bootstrap over owners and of Wilson's interval, which knows no owners but
/// does not vanish where all of them are alike.
fn interval(owners: &[Tally]) -> [f64; 2] {
    let all: Tally = owners.iter().copied().sum();
    let [low, high] = wilson(all.rate(), all.presented);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut rates: Vec<f64> = (0..DRAWS).map(|_| drawn_rate(owners, &mut random)).collect();
    rates.sort_by(f64::total_cmp);
    [low.min(rates[DRAWS / 40]), high.max(rates[DRAWS - 1 - DRAWS / 40])]
}

/// The rate of as many owners, drawn with replacement.
fn drawn_rate(owners: &[Tally], random: &mut ChaCha8Rng) -> f64 {
    let drawn = (0..owners.len()).map(|_| owners[random.random_range(0..owners.len())]);
    drawn.sum::<Tally>().rate()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(presented: usize, accepted: usize) -> Tally {
        Tally { presented, accepted, ..Tally::default() }
    }

    #[test]
    fn an_interval_knows_owners_and_does_not_vanish() {
        let alike = interval(&[tally(10, 0), tally(10, 0)]);
        assert!(alike[0] == 0.0 && (0.1..0.2).contains(&alike[1]), "{alike:?}");
        let apart = interval(&[tally(100, 100), tally(100, 0)]);
        assert_eq!(apart, [0.0, 1.0], "with two owners nothing is known of a third");
    }
}
