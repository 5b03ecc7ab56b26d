//! ROC and DET as counts on one scale of thresholds, a row an owner: a bootstrap draw is then a sum
//! of rows, and scores are sorted once.

use super::Rates;

/// Cells of the scale at most. Scores that share a cell count as tied.
const CELLS: usize = 2048;

/// The false acceptance rates at which curves are sampled: 0, fine steps up to 10 %, then 2 %.
pub(crate) const FAR_GRID: [f64; 70] = far_grid();

const fn far_grid() -> [f64; 70] {
    let mut grid = [0.0; 70];
    let mut at = 1;
    let mut far = 0.001;
    while at < 25 {
        grid[at] = far;
        // The 24th step from 0.1 % reaches 10 %.
        far *= 1.221_677_347_7;
        at += 1;
    }
    while at < 70 {
        grid[at] = 0.02 * (at - 19) as f64;
        at += 1;
    }
    grid
}

/// The lowest false rejection rate at which the false acceptance rate is no higher than `far`.
/// None when the impostors are too few to tell such a rate, fewer than 1 / `far`, or a class is
/// empty.
pub fn frr_at_far(genuine: &[f32], impostor: &[f32], far: f64) -> Option<f64> {
    let tally = ScoreCounts::exact(&[(genuine, impostor)]);
    tally.resolves(far).then(|| tally.whole().frr_at(far)).flatten()
}

/// Scores of several owners as counts on one scale.
#[derive(Debug, Clone)]
pub struct ScoreCounts {
    /// The lowest score of each cell, ascending.
    edges: Vec<f32>,
    /// Genuine and impostor counts of each owner in each cell.
    rows: Vec<[Vec<u32>; 2]>,
}

impl ScoreCounts {
    /// Counts the scores of each owner, genuine and impostor.
    pub fn new(owners: &[(&[f32], &[f32])]) -> Self {
        Self::with_cells(owners, CELLS)
    }

    /// The same, with a cell for every score.
    fn exact(owners: &[(&[f32], &[f32])]) -> Self {
        Self::with_cells(owners, usize::MAX)
    }

    fn with_cells(owners: &[(&[f32], &[f32])], cells: usize) -> Self {
        let mut edges: Vec<f32> =
            owners.iter().flat_map(|(g, i)| g.iter().chain(*i)).copied().collect();
        edges.sort_by(f32::total_cmp);
        edges.dedup();
        if edges.len() > cells {
            let step = edges.len() as f64 / cells as f64;
            edges = (0..cells).map(|cell| edges[(cell as f64 * step) as usize]).collect();
        }
        let rows = owners.iter().map(|(g, i)| [count(&edges, g), count(&edges, i)]).collect();
        Self { edges, rows }
    }

    /// Whether there are impostor scores enough to tell a rate this low.
    pub(crate) fn resolves(&self, far: f64) -> bool {
        let impostor: u64 = self.rows.iter().flat_map(|[_, i]| i).map(|n| u64::from(*n)).sum();
        impostor as f64 * far >= 1.0
    }

    /// Everybody once.
    pub fn whole(&self) -> Curve<'_> {
        self.draw(&vec![1; self.rows.len()])
    }

    /// Each owner so many times.
    pub(crate) fn draw(&self, times: &[u16]) -> Curve<'_> {
        let mut cells = [vec![0_u64; self.edges.len()], vec![0; self.edges.len()]];
        for (row, times) in self.rows.iter().zip(times).filter(|(_, times)| **times > 0) {
            for (sums, counts) in cells.iter_mut().zip(row) {
                let times = u64::from(*times);
                sums.iter_mut().zip(counts).for_each(|(sum, n)| *sum += times * u64::from(*n));
            }
        }
        let [genuine, impostor] = cells;
        Curve { edges: &self.edges, genuine, impostor }
    }
}

fn count(edges: &[f32], scores: &[f32]) -> Vec<u32> {
    let mut cells = vec![0; edges.len()];
    for score in scores {
        cells[edges.partition_point(|edge| edge <= score).max(1) - 1] += 1;
    }
    cells
}

/// Counts of one draw.
#[derive(Debug, Clone)]
pub struct Curve<'a> {
    edges: &'a [f32],
    genuine: Vec<u64>,
    impostor: Vec<u64>,
}

impl Curve<'_> {
    fn totals(&self) -> Option<[f64; 2]> {
        let totals = [&self.genuine, &self.impostor].map(|n| n.iter().sum::<u64>() as f64);
        totals.iter().all(|n| *n > 0.0).then_some(totals)
    }

    /// Rates with the threshold at the lower edge of each cell in turn, and above all of them.
    fn points(&self) -> Option<impl Iterator<Item = Rates>> {
        let [genuine, impostor] = self.totals()?;
        let cells = self.genuine.iter().zip(&self.impostor).map(|(g, i)| (*g, *i));
        let start = (0, 0);
        let sums = std::iter::once(start).chain(cells.scan(start, |sum, (g, i)| {
            *sum = (sum.0 + g, sum.1 + i);
            Some(*sum)
        }));
        Some(sums.map(move |(g, i)| Rates {
            far: (impostor - i as f64) / impostor,
            frr: g as f64 / genuine,
        }))
    }

    /// Area under the ROC curve, ties counting half; none when a class is empty.
    pub fn auc(&self) -> Option<f64> {
        let mut points = self.points()?;
        let mut last = points.next()?;
        let mut area = 0.0;
        for point in points {
            area += (last.far - point.far) * (1.0 - f64::midpoint(last.frr, point.frr));
            last = point;
        }
        Some(area)
    }

    /// Equal error rate, on straight lines between the points; none when a class is empty.
    pub fn eer(&self) -> Option<f64> {
        let mut last = Rates { far: 1.0, frr: 0.0 };
        for point in self.points()? {
            let gap = point.frr - point.far;
            if gap >= 0.0 {
                let share = gap / (gap + last.far - last.frr).max(f64::MIN_POSITIVE);
                return Some(point.far + share * (last.far - point.far));
            }
            last = point;
        }
        None
    }

    /// See [`frr_at_far`].
    pub(crate) fn frr_at(&self, far: f64) -> Option<f64> {
        self.points()?.find(|point| point.far <= far + 1e-12).map(|point| point.frr)
    }

    /// FRR at each FAR of [`FAR_GRID`]; none when a class is empty.
    pub(crate) fn frr_on_grid(&self) -> Option<Vec<f64>> {
        let mut points = self.points()?;
        let mut found: Vec<f64> = Vec::with_capacity(FAR_GRID.len());
        let mut point = points.next()?;
        for far in FAR_GRID.iter().rev() {
            while point.far > far + 1e-12 {
                point = points.next()?;
            }
            found.push(point.frr);
        }
        found.reverse();
        Some(found)
    }

    /// Rates at a threshold; scores in its cell count as above it. None when a class is empty.
    pub fn at(&self, threshold: f32) -> Option<Rates> {
        let cell = self.edges.partition_point(|edge| *edge < threshold);
        self.points()?.nth(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{auc, eer, rates};
    use super::*;
    use proptest::prelude::*;

    fn scores() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec((0..30u8).prop_map(|s| f32::from(s) / 29.0), 1..60)
    }

    #[test]
    fn the_grid_ascends_from_none_to_all() {
        assert!(FAR_GRID.windows(2).all(|pair| pair[0] < pair[1]), "{FAR_GRID:?}");
        assert!((FAR_GRID[24] - 0.1).abs() < 0.005 && (FAR_GRID[69] - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_rejection_at_a_rate_is_the_lowest_that_keeps_it() {
        let (genuine, impostor) = ([0.2, 0.6, 0.8, 0.9], [0.1, 0.3, 0.5, 0.7]);
        assert_eq!(frr_at_far(&genuine, &impostor, 0.25), Some(0.25));
        assert_eq!(frr_at_far(&genuine, &impostor, 0.5), Some(0.25));
        assert_eq!(frr_at_far(&genuine, &impostor, 0.75), Some(0.0));
        assert_eq!(frr_at_far(&genuine, &impostor, 0.2), None);
        assert_eq!(frr_at_far(&[], &impostor, 0.5), None);
    }

    proptest! {
        #[test]
        fn counts_give_what_sorting_gives(g in scores(), i in scores(), h in scores(), t in 0..30u8) {
            let tally = ScoreCounts::new(&[(&g, &i), (&h, &i)]);
            let both = [g, h].concat();
            let twice = [i.clone(), i].concat();
            let whole = tally.whole();
            prop_assert!((whole.auc().unwrap() - auc(&both, &twice).unwrap()).abs() < 1e-9);
            prop_assert!((whole.eer().unwrap() - eer(&both, &twice).unwrap().rate).abs() < 1e-6);
            let at = f32::from(t) / 29.0;
            prop_assert_eq!(whole.at(at).unwrap(), rates(&both, &twice, at));
            let grid = whole.frr_on_grid().unwrap();
            prop_assert!(grid.windows(2).all(|pair| pair[0] >= pair[1]));
        }
    }
}
