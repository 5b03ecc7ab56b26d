//! What to expect of a model: thresholds and error rates per group size, measured on windows that
//! are new to training.

use super::simulated_sessions::SimulatedSessions;
use crate::lab::metrics;
use crate::model::OperatingPoint;
use crate::pipeline::{OwnerModel, WindowScore, grouped};

/// Group sizes that are tried.
const SIZES: [usize; 5] = [1, 5, 10, 20, 30];
/// A side needs so many windows for each window of a group: two groups that share none.
const WINDOWS_PER_GROUP: usize = 2;
/// A group size with an equal error rate at or below this is good enough; larger ones only delay.
/// Every window ends a group, so that even one wrong group in fifty bothers the owner each minute.
const GOOD_ENOUGH: f32 = 0.005;

/// What the model made of one session or person in order of time, and the seconds each window took.
#[derive(Debug, Clone, Default)]
pub(super) struct ScoredStream {
    pub(super) window_scores: Vec<WindowScore>,
    pub(super) movement_s: Vec<f32>,
}

/// The operating points that these streams support; never empty if both sides have a window. Where
/// groups are judged by embeddings, the owner's side are simulated sessions: one session cannot
/// show how the next differs, and a threshold set within it would bother the owner ever after.
pub(super) fn operating_points(
    genuine: &[ScoredStream],
    impostor: &[ScoredStream],
    later: Option<&(OwnerModel, SimulatedSessions)>,
) -> Vec<OperatingPoint> {
    SIZES.iter().filter_map(|n| operating_point(*n, genuine, impostor, later)).collect()
}

/// Threshold and rates come from every group that the live decision would have judged; they
/// overlap, so the intervals count only groups that share no window.
fn operating_point(
    n: usize,
    genuine: &[ScoredStream],
    impostor: &[ScoredStream],
    later: Option<&(OwnerModel, SimulatedSessions)>,
) -> Option<OperatingPoint> {
    let supported = |streams: &[ScoredStream]| {
        let windows: usize = streams.iter().map(|stream| stream.window_scores.len()).sum();
        n == 1 || windows >= WINDOWS_PER_GROUP * n
    };
    if !supported(genuine) || !supported(impostor) {
        return None;
    }
    let (owner, others) = match later {
        None => (sliding(genuine, n, None), sliding(impostor, n, None)),
        Some((owner_model, days)) => {
            let groups = days.groups(n);
            let own = groups.filter_map(|group| grouped(Some(owner_model), group.iter()));
            (own.collect(), sliding(impostor, n, Some(owner_model)))
        }
    };
    let equal = metrics::eer(&owner, &others)?;
    let rates = metrics::rates(&owner, &others, equal.threshold);
    let genuine_groups = disjoint(genuine, n);
    let impostor_groups = disjoint(impostor, n);
    let interval = |rate, groups| metrics::wilson(rate, groups).map(|bound| bound as f32);
    Some(OperatingPoint {
        windows: n,
        threshold: equal.threshold,
        eer: equal.rate as f32,
        far: rates.far as f32,
        frr: rates.frr as f32,
        far_interval: interval(rates.far, impostor_groups),
        frr_interval: interval(rates.frr, genuine_groups),
        genuine_groups,
        impostor_groups,
        movement_s: median_movement(genuine, n),
    })
}

/// One call a stream: a group never spans two people or two sessions.
fn sliding(streams: &[ScoredStream], n: usize, owner_model: Option<&OwnerModel>) -> Vec<f32> {
    streams
        .iter()
        .flat_map(|stream| -> Vec<f32> {
            let groups = stream.window_scores.windows(n.max(1));
            groups.filter_map(|group| grouped(owner_model, group.iter())).collect()
        })
        .collect()
}

/// How many groups there are that share no window.
fn disjoint(streams: &[ScoredStream], n: usize) -> usize {
    streams.iter().map(|stream| stream.window_scores.len() / n).sum()
}

fn median_movement(streams: &[ScoredStream], n: usize) -> f32 {
    let mut sums: Vec<f32> = streams
        .iter()
        .flat_map(|stream| stream.movement_s.windows(n).map(|group| group.iter().sum()))
        .collect();
    sums.sort_by(f32::total_cmp);
    sums.get(sums.len() / 2).copied().unwrap_or(0.0)
}

/// The group size to recommend: the smallest that is good enough, otherwise the largest. A mean
/// of more windows never separates worse; all that it costs is time, so a small calibration part
/// that makes a large group look bad by chance decides nothing.
pub(super) fn recommended(points: &[OperatingPoint]) -> usize {
    let good = points.iter().find(|point| point.windows > 1 && point.eer <= GOOD_ENOUGH);
    good.or(points.last()).map_or(1, |point| point.windows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Score;

    fn stream(scores: Vec<f32>) -> ScoredStream {
        let window_scores: Vec<WindowScore> =
            scores.iter().map(|score| Score::new(*score).into()).collect();
        ScoredStream { movement_s: vec![0.5; scores.len()], window_scores }
    }

    #[test]
    fn points_stop_where_the_windows_run_out() {
        let points =
            operating_points(&[stream(vec![0.9; 34])], &vec![stream(vec![0.1; 40]); 3], None);
        assert_eq!(points.iter().map(|p| p.windows).collect::<Vec<_>>(), [1, 5, 10]);
        assert_eq!(points[1].genuine_groups, 6);
        assert_eq!(points[1].impostor_groups, 24);
        assert!((points[1].movement_s - 2.5).abs() < 1e-6);
        assert_eq!((points[1].far, points[1].frr), (0.0, 0.0));
    }

    #[test]
    fn there_is_always_a_point() {
        let points = operating_points(&[stream(vec![0.9])], &[stream(vec![0.1])], None);
        assert_eq!(points.len(), 1);
        assert_eq!(points[0].frr_interval[0], 0.0);
        assert!(points[0].frr_interval[1] > 0.5);
    }

    #[test]
    fn a_group_never_spans_two_sessions() {
        let sessions = [stream(vec![0.9; 14]), stream(vec![0.8; 9])];
        assert_eq!((sliding(&sessions, 5, None).len(), disjoint(&sessions, 5)), (10 + 5, 2 + 1));
    }

    #[test]
    fn overlapping_groups_do_not_narrow_the_interval() {
        let points =
            operating_points(&[stream(vec![0.9; 20])], &vec![stream(vec![0.1; 20]); 3], None);
        assert_eq!(points[2].windows, 10);
        assert_eq!(points[2].frr_interval[1], metrics::wilson(0.0, 2)[1] as f32);
    }

    #[test]
    fn the_smallest_group_that_is_good_enough_is_recommended_otherwise_the_largest() {
        // One window in three misleads: single windows err, five together never do.
        let genuine = [0.9, 0.9, 0.3].repeat(66);
        let impostor = vec![stream([0.1, 0.1, 0.5].repeat(20)); 10];
        assert_eq!(recommended(&operating_points(&[stream(genuine)], &impostor, None)), 5);
        let alike = operating_points(&[stream([0.1, 0.1, 0.5].repeat(30))], &impostor, None);
        assert!(alike.iter().all(|point| point.eer > GOOD_ENOUGH));
        assert_eq!(Some(recommended(&alike)), alike.last().map(|point| point.windows));
    }
}
