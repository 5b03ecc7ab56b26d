//! Synthetic genuine windows: the owner's own movement with its turning points displaced, speed
//! preserved. Positions are rounded at random without bias, so that no drift and no tell-tale
//! fraction is learnt. Used on the training part alone.

use crate::lab::random::Random;
use crate::pipeline::Steps;

/// A change of direction of at least this many degrees makes a turning point.
const TURN_DEGREES: f32 = 30.0;

/// A variation of one window. `noise_px` is the deviation of a turning point's displacement; what
/// lies between moves along in proportion, and each step's time grows or shrinks with its length,
/// in whole milliseconds.
pub(super) fn vary(steps: &Steps, noise_px: f64, random: &mut Random) -> Steps {
    let rows = steps.rows();
    let anchors = turning_points(rows);
    let mut shift = vec![[0.0f64; 2]; rows.len() + 1];
    let mut from = ([0.0, 0.0], 0);
    for &anchor in &anchors {
        let to = [random.bounded(0.0, noise_px), random.bounded(0.0, noise_px)];
        for (i, shift) in shift.iter_mut().enumerate().take(anchor + 1).skip(from.1) {
            let share = (i - from.1) as f64 / (anchor - from.1) as f64;
            *shift = [0, 1].map(|axis| from.0[axis] + share * (to[axis] - from.0[axis]));
        }
        from = (to, anchor);
    }
    let varied = rows.iter().zip(shift.windows(2)).map(|(row, shift)| {
        let moved = [0, 1]
            .map(|axis| whole(f64::from(row[axis]) + shift[1][axis] - shift[0][axis], random));
        let [before, after] = [f64::from(row[0]).hypot(row[1].into()), moved[0].hypot(moved[1])];
        let dt = if before < 0.5 { f64::from(row[2]) } else { f64::from(row[2]) * after / before };
        [moved[0] as f32, moved[1] as f32, whole(dt, random).clamp(1.0, 249.0) as f32]
    });
    Steps::from_rows(varied.collect())
}

/// Positions (0 is the start) where the direction changes, and the end.
fn turning_points(rows: &[[f32; 3]]) -> Vec<usize> {
    let turns = |a: &[f32; 3], b: &[f32; 3]| {
        let along = a[0] * b[0] + a[1] * b[1];
        let across = a[0] * b[1] - a[1] * b[0];
        across.atan2(along).abs() >= TURN_DEGREES.to_radians()
    };
    let inner = (1..rows.len()).filter(|i| turns(&rows[i - 1], &rows[*i]));
    inner.chain([rows.len()]).collect()
}

/// Rounds up or down at random so that the mean stays where it was.
fn whole(value: f64, random: &mut Random) -> f64 {
    let below = value.floor();
    if random.chance(value - below) { below + 1.0 } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corner() -> Steps {
        let mut rows = vec![[6.0, 0.0, 8.0]; 10];
        rows.extend(vec![[0.0, 6.0, 8.0]; 10]);
        Steps::from_rows(rows)
    }

    #[test]
    fn a_corner_is_a_turning_point_and_a_straight_line_has_none() {
        assert_eq!(turning_points(corner().rows()), [10, 20]);
        assert_eq!(turning_points(&[[1.0, 0.0, 8.0]; 6]), [6]);
    }

    #[test]
    fn variations_have_no_drift_and_keep_the_speed() {
        let (mut random, mut sum, mut speed) = (Random::new(1, 1), [0.0f64; 3], 0.0f64);
        for _ in 0..2000 {
            let varied = vary(&corner(), 5.0, &mut random);
            assert_eq!(varied.len(), 20);
            let rows = varied.rows();
            for axis in 0..3 {
                sum[axis] += rows.iter().map(|row| f64::from(row[axis])).sum::<f64>();
            }
            let way: f64 = rows.iter().map(|row| f64::from(row[0].hypot(row[1]))).sum();
            speed += way / rows.iter().map(|row| f64::from(row[2])).sum::<f64>();
        }
        assert!((sum[0] / 2000.0 - 60.0).abs() < 0.5 && (sum[1] / 2000.0 - 60.0).abs() < 0.5);
        assert!((speed / 2000.0 - 0.75).abs() < 0.02, "{}", speed / 2000.0);
    }

    #[test]
    fn rounding_has_no_bias() {
        let mut random = Random::new(3, 0);
        let mean = (0..20_000).map(|_| whole(-0.3, &mut random)).sum::<f64>() / 2e4;
        assert!((mean + 0.3).abs() < 0.02);
    }
}
