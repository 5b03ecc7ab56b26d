//! What to expect of a model: thresholds and error rates per group size, measured on windows that
//! training has never seen. Measures and records; it changes no weight.

use crate::lab::metrics;
use crate::model::OperatingPoint;

/// Group sizes that are tried.
const SIZES: [usize; 5] = [1, 5, 10, 20, 30];
/// Fewer groups than this on either side support no operating point above one window.
const FEWEST_GROUPS: usize = 3;

/// The scores of one session or person in order of time, and the seconds each window took.
#[derive(Debug, Clone, Default)]
pub(super) struct Stream {
    pub(super) scores: Vec<f32>,
    pub(super) movement_s: Vec<f32>,
}

/// The operating points that these streams support; never empty if both sides have a window.
pub(super) fn operating_points(genuine: &[Stream], impostor: &[Stream]) -> Vec<OperatingPoint> {
    SIZES.iter().filter_map(|n| operating_point(*n, genuine, impostor)).collect()
}

fn operating_point(n: usize, genuine: &[Stream], impostor: &[Stream]) -> Option<OperatingPoint> {
    let (owner, others) = (groups(genuine, n), groups(impostor, n));
    let fewest = if n == 1 { 1 } else { FEWEST_GROUPS };
    if owner.len() < fewest || others.len() < fewest {
        return None;
    }
    let equal = metrics::eer(&owner, &others)?;
    let accepted = others.iter().filter(|score| **score >= equal.threshold).count();
    let rejected = owner.iter().filter(|score| **score < equal.threshold).count();
    let interval = |errors, trials| metrics::wilson(errors, trials).map(|bound| bound as f32);
    Some(OperatingPoint {
        windows: n,
        threshold: equal.threshold,
        eer: equal.rate as f32,
        far: accepted as f32 / others.len() as f32,
        frr: rejected as f32 / owner.len() as f32,
        far_interval: interval(accepted, others.len()),
        frr_interval: interval(rejected, owner.len()),
        genuine_groups: owner.len(),
        impostor_groups: others.len(),
        movement_s: median_movement(genuine, n),
    })
}

fn groups(streams: &[Stream], n: usize) -> Vec<f32> {
    streams.iter().flat_map(|stream| metrics::grouped(&stream.scores, n)).collect()
}

fn median_movement(streams: &[Stream], n: usize) -> f32 {
    let mut sums: Vec<f32> = streams
        .iter()
        .flat_map(|stream| stream.movement_s.chunks_exact(n).map(|group| group.iter().sum()))
        .collect();
    sums.sort_by(f32::total_cmp);
    sums.get(sums.len() / 2).copied().unwrap_or(0.0)
}

/// The group size to recommend: the one whose errors are surely lowest, by the upper bounds of both
/// intervals together. Few groups have wide intervals, so that a lucky zero wins nothing; among
/// equals the smaller group, which notices sooner.
pub(super) fn recommended(points: &[OperatingPoint]) -> usize {
    let bound = |point: &OperatingPoint| point.far_interval[1] + point.frr_interval[1];
    let best = points.iter().min_by(|a, b| bound(a).total_cmp(&bound(b)));
    best.map_or(1, |point| point.windows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(scores: Vec<f32>) -> Stream {
        Stream { movement_s: vec![0.5; scores.len()], scores }
    }

    #[test]
    fn points_stop_where_the_windows_run_out() {
        let points = operating_points(&[stream(vec![0.9; 34])], &vec![stream(vec![0.1; 40]); 3]);
        assert_eq!(points.iter().map(|p| p.windows).collect::<Vec<_>>(), [1, 5, 10]);
        assert_eq!(points[1].genuine_groups, 6);
        assert_eq!(points[1].impostor_groups, 24);
        assert!((points[1].movement_s - 2.5).abs() < 1e-6);
        assert_eq!((points[1].far, points[1].frr), (0.0, 0.0));
    }

    #[test]
    fn there_is_always_a_point() {
        let points = operating_points(&[stream(vec![0.9])], &[stream(vec![0.1])]);
        assert_eq!(points.len(), 1);
        assert_eq!(points[0].frr_interval[0], 0.0);
        assert!(points[0].frr_interval[1] > 0.5);
    }

    #[test]
    fn a_group_never_spans_two_sessions() {
        let sessions = [stream(vec![0.9; 14]), stream(vec![0.8; 9])];
        assert_eq!(groups(&sessions, 5).len(), 3);
    }

    #[test]
    fn a_lucky_zero_of_three_groups_is_not_recommended() {
        // One window in three misleads: single windows err, five together never do.
        let genuine = [0.9, 0.9, 0.3].repeat(66);
        let impostor = vec![stream([0.1, 0.1, 0.5].repeat(20)); 10];
        let points = operating_points(&[stream(genuine)], &impostor);
        assert_eq!(points.last().map(|p| (p.windows, p.frr)), Some((30, 0.0)));
        assert_eq!(recommended(&points), 5);
    }
}
