//! Whether a score means what it says: how likely the owner is, where owner and anybody are equally
//! likely beforehand. Both sides weigh alike, and within a side every owner. A score's cost is that
//! of Brümmer and du Preez, "Application-independent evaluation of speaker detection" (2006): Cllr
//! in bits, 0 for perfect knowledge, 1 for a score that is silent; minCllr is what would be left if
//! the same order of scores had the best scale (pool adjacent violators, by isotonic regression).

/// Bins of a reliability diagram, of equal width over 0..=1.
pub(crate) const BINS: usize = 10;
/// A score this close to 0 or 1 counts as no closer: no mistake costs more than about 20 bits.
const SURE: f64 = 1e-6;

/// How well the scores of a number of owners are calibrated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Calibrated {
    /// Expected calibration error, 0..=1: how far the share of owners lies from the mean score, bin
    /// by bin, as a mean over bins by their weight.
    pub ece: f64,
    /// Cost of the log-likelihood ratios, bits.
    pub cllr: f64,
    /// The same on the best scale that keeps their order.
    pub min_cllr: f64,
}

/// A bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reliability {
    /// Mean score.
    pub score: f64,
    /// Share of the owner's side.
    pub owner: f64,
}

/// The sums of one owner.
#[derive(Debug, Clone, Default, PartialEq)]
struct Row {
    /// In each bin the weight of genuine and of impostor groups, and of scores; 1 a side.
    bins: [[f64; 3]; BINS],
    cost: f64,
}

/// One score on the common scale.
#[derive(Debug, Clone, Copy)]
struct Entry {
    score: f64,
    owner: usize,
    is_genuine: bool,
}

/// Scores of several owners, prepared for draws of owners.
#[derive(Debug, Clone)]
pub(crate) struct Calibration {
    rows: Vec<Option<Row>>,
    /// All scores in ascending order.
    entries: Vec<Entry>,
    /// What one group of each owner weighs: impostor, genuine.
    weights: Vec<[f64; 2]>,
}

impl Calibration {
    /// Prepares each owner's scores, genuine and impostor. An owner without one of them does not
    /// count.
    pub(crate) fn new(owners: &[(&[f32], &[f32])]) -> Self {
        let mut entries = Vec::new();
        let mut rows = Vec::new();
        let mut weights = Vec::new();
        for (owner, (genuine, impostor)) in owners.iter().enumerate() {
            let counts = !genuine.is_empty() && !impostor.is_empty();
            rows.push(counts.then(|| Row::of(genuine, impostor)));
            weights.push([impostor, genuine].map(|side| 1.0 / side.len().max(1) as f64));
            for (side, is_genuine) in [(genuine, true), (impostor, false)] {
                let scores = side.iter().filter(|_| counts).map(|score| f64::from(*score));
                entries.extend(scores.map(|score| Entry { score, owner, is_genuine }));
            }
        }
        entries.sort_by(|a, b| a.score.total_cmp(&b.score));
        Self { rows, entries, weights }
    }

    /// Everybody once; none without an owner.
    pub(crate) fn whole(&self) -> Option<Calibrated> {
        self.draw(&vec![1; self.rows.len()])
    }

    /// Each owner so many times; none when none of them counts.
    pub(crate) fn draw(&self, times: &[u16]) -> Option<Calibrated> {
        let (total, share) = self.total(times)?;
        let ece: f64 = total.bins.iter().map(|[genuine, _, scores]| (genuine - scores).abs()).sum();
        let min_cllr = share * self.least_cost(times);
        Some(Calibrated { ece: 0.5 * share * ece, cllr: share * total.cost, min_cllr })
    }

    /// The bin of a score.
    pub(crate) fn bin(score: f32) -> usize {
        ((f64::from(score) * BINS as f64) as usize).min(BINS - 1)
    }

    /// The reliability diagram of a draw: a bin without a score has none.
    pub(crate) fn bins(&self, times: &[u16]) -> [Option<Reliability>; BINS] {
        let Some((total, _)) = self.total(times) else { return [None; BINS] };
        total.bins.map(|[genuine, impostor, scores]| {
            let weight = genuine + impostor;
            let bin = Reliability { score: scores / weight, owner: genuine / weight };
            (weight > 0.0).then_some(bin)
        })
    }

    /// The sum of the owners' sums, and what one owner weighs in it.
    fn total(&self, times: &[u16]) -> Option<(Row, f64)> {
        let mut total = Row::default();
        let mut owners = 0.0;
        for (row, times) in self.rows.iter().zip(times) {
            let Some(row) = row.as_ref().filter(|_| *times > 0) else { continue };
            let times = f64::from(*times);
            owners += times;
            total.cost += times * row.cost;
            for (sums, bin) in total.bins.iter_mut().flatten().zip(row.bins.iter().flatten()) {
                *sums += times * bin;
            }
        }
        (owners > 0.0).then(|| (total, 1.0 / owners))
    }

    /// The cost of the best non-decreasing scale, summed over owners.
    fn least_cost(&self, times: &[u16]) -> f64 {
        let mut blocks: Vec<[f64; 2]> = Vec::new();
        // Equal scores stay equal on every scale.
        for tied in self.entries.chunk_by(|a, b| a.score.total_cmp(&b.score).is_eq()) {
            let mut block = [0.0; 2];
            for Entry { owner, is_genuine, .. } in tied {
                let side = usize::from(*is_genuine);
                block[side] += f64::from(times[*owner]) * self.weights[*owner][side];
            }
            if block != [0.0; 2] {
                blocks.push(block);
                pool(&mut blocks);
            }
        }
        blocks
            .iter()
            .map(|[impostor, genuine]| {
                let whole = impostor + genuine;
                0.5 * (bits(*impostor, whole) + bits(*genuine, whole))
            })
            .sum()
    }
}

/// The cost of the part of a block that is on one side.
fn bits(part: f64, whole: f64) -> f64 {
    if part > 0.0 { part * (whole / part).log2() } else { 0.0 }
}

impl Row {
    fn of(genuine: &[f32], impostor: &[f32]) -> Self {
        let mut row = Self::default();
        for (side, scores) in [genuine, impostor].into_iter().enumerate() {
            let weight = 1.0 / scores.len().max(1) as f64;
            for score in scores {
                let bin = &mut row.bins[Calibration::bin(*score)];
                let score = f64::from(*score);
                bin[side] += weight;
                bin[2] += weight * score;
                let right = if side == 0 { score } else { 1.0 - score };
                row.cost -= 0.5 * weight * right.clamp(SURE, 1.0 - SURE).log2();
            }
        }
        row
    }
}

/// Joins the last blocks for as long as a later one has no larger share of genuine groups.
fn pool(blocks: &mut Vec<[f64; 2]>) {
    while let [.., one, next] = blocks.as_mut_slice() {
        if next[1] * one[0] > one[1] * next[0] {
            return;
        }
        one.iter_mut().zip(*next).for_each(|(sum, x)| *sum += x);
        blocks.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(owners: &[(&[f32], &[f32])]) -> Calibrated {
        Calibration::new(owners).whole().unwrap()
    }

    #[test]
    fn a_case_worked_out_by_hand() {
        // Two genuine groups, four impostors: a half and a quarter of a side each.
        let (genuine, impostor) = ([0.75, 0.25], [0.25, 0.25, 0.75, 0.5]);
        let calibration = Calibration::new(&[(&genuine, &impostor)]);
        // Bins at 0.25, 0.5 and 0.75; weights of genuine and impostor 1/2 1/2, 0 1/4, 1/2 1/4.
        let bins = calibration.bins(&[1]);
        assert_eq!(bins[2], Some(Reliability { score: 0.25, owner: 0.5 }));
        assert_eq!(bins[5], Some(Reliability { score: 0.5, owner: 0.0 }));
        assert_eq!(bins[7], Some(Reliability { score: 0.75, owner: 2.0 / 3.0 }));
        assert_eq!(bins.iter().flatten().count(), 3);
        let found = calibration.whole().unwrap();
        // Weights of the bins 1/2, 1/8, 3/8; gaps 1/4, 1/2, 1/12.
        assert!((found.ece - (0.125 + 0.0625 + 0.03125)).abs() < 1e-12, "{found:?}");
        // Genuine: log2 4/3 and 2 bits; impostors: twice log2 4/3, once 2 bits, once 1 bit.
        let third = (4.0_f64 / 3.0).log2();
        let cost = 0.5 * (0.5 * (third + 2.0) + 0.25 * (2.0 * third + 2.0 + 1.0));
        assert!((found.cllr - cost).abs() < 1e-12, "{found:?}");
        // The best scale gives the first two scores one value, for 0.5 has no genuine group:
        // 1/2 genuine to 3/4 impostor, then 1/2 to 1/4.
        let least = 0.5
            * (0.5 * 2.5_f64.log2()
                + 0.75 * (5.0_f64 / 3.0).log2()
                + 0.5 * 1.5_f64.log2()
                + 0.25 * 3.0_f64.log2());
        assert!((found.min_cllr - least).abs() < 1e-12, "{found:?} {least}");
    }

    #[test]
    fn owners_weigh_alike_and_draws_count_them() {
        let (sure, unsure) =
            ((&[1.0_f32; 9][..], &[0.0_f32; 30][..]), (&[0.5_f32][..], &[0.5_f32; 2][..]));
        let nobody = (&[][..], &[0.9][..]);
        let calibration = Calibration::new(&[sure, unsure, nobody]);
        let both = calibration.whole().unwrap();
        assert!((both.cllr - 0.5).abs() < 1e-5 && both.ece < 1e-9, "{both:?}");
        assert!(both.min_cllr <= both.cllr && (both.min_cllr - 0.5).abs() < 1e-9);
        assert!((calibration.draw(&[3, 1, 1]).unwrap().cllr - 0.25).abs() < 1e-5);
        assert_eq!(calibration.draw(&[0, 0, 2]), None);
        assert_eq!(calibration.bins(&[0, 2, 1])[5], Some(Reliability { score: 0.5, owner: 0.5 }));
    }

    #[test]
    fn too_sure_costs_and_the_order_keeps_its_worth() {
        let (genuine, impostor) = ([0.9, 0.8, 0.3], [0.6, 0.2, 0.1]);
        let honest = of(&[(&genuine, &impostor)]);
        let sure = |score: f32| if score > 0.5 { 1.0 } else { 0.0 };
        let claims = of(&[(&genuine.map(sure), &impostor.map(sure))]);
        assert!(claims.cllr > 3.0 && claims.cllr < 20.0, "{claims:?}");
        assert!(claims.ece > honest.ece && honest.min_cllr < honest.cllr, "{honest:?}");
        let squeezed = |score: f32| 0.4 + 0.1 * score;
        let same = of(&[(&genuine.map(squeezed), &impostor.map(squeezed))]);
        assert!((same.min_cllr - honest.min_cllr).abs() < 1e-12);
    }
}
