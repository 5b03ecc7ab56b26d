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
}

impl Results {
    /// The table, in Markdown.
    pub(super) fn print(&self) {
        let mut sets: Vec<&str> = self.owners.iter().map(|owner| owner.set.as_str()).collect();
        sets.dedup();
        let columns: String = sets.iter().map(|set| format!(" {set} |")).collect();
        println!(
            "| what is presented | presentations | accepted | 95 % |{columns} RIAPAR | without replay detection | by the model alone |"
        );
        println!("|---|---|---|---|{}---|---|---|", "---|".repeat(sets.len()));
        let genuine: Tally = self.owners.iter().map(|owner| owner.genuine).sum();
        let rejected = 1.0 - genuine.rate();
        self.row("the owner (TAR)", &sets, None, |owner| owner.genuine);
        self.row("another user, zero effort (FAR)", &sets, None, |owner| owner.zero_effort);
        for (at, species) in self.species.iter().enumerate() {
            self.row(species, &sets, Some(rejected), |owner| owner.species[at]);
        }
        self.row("the best tool for each owner", &sets, Some(rejected), |owner| self.best(owner));
    }

    /// The tool by which an owner is imitated best.
    fn best(&self, owner: &OwnerTallies) -> Tally {
        let tools = self.tools.iter().map(|at| owner.species[*at]);
        tools.max_by(|one, other| one.rate().total_cmp(&other.rate())).unwrap_or_default()
    }

    fn row(
        &self,
        name: &str,
        sets: &[&str],
        rejected: Option<f64>,
        of: impl Fn(&OwnerTallies) -> Tally,
    ) {
        let tallies: Vec<Tally> = self.owners.iter().map(&of).collect();
        let all: Tally = tallies.iter().copied().sum();
        let [low, high] = interval(&tallies).map(|bound| 100.0 * bound);
        let mut columns = String::new();
        for set in sets {
            let of_set: Tally = self.owners.iter().filter(|owner| owner.set == *set).map(&of).sum();
            columns += &format!(" {:.1} |", 100.0 * of_set.rate());
        }
        let relative = rejected
            .map_or("".into(), |rejected| format!("{:.1}", 100.0 * (all.rate() + rejected)));
        println!(
            "| {name} | {} | {:.1} % | {low:.1}-{high:.1} |{columns} {relative} | {:.1} % | {:.1} % |",
            all.presented,
            100.0 * all.rate(),
            share(all.accepted_without_replay_detection, all.presented),
            share(all.accepted_by_model, all.presented),
        );
    }
}

/// In per cent.
fn share(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
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
