//! Turning points displaced: what lies between them moves along in proportion, and each step's time
//! grows or shrinks with its length, so that the speed stays.

use super::Exact;
use crate::lab::random::Random;

/// A change of direction of at least this many degrees makes a turning point.
const TURN_DEGREES: f32 = 30.0;
/// Steps shorter than this, pixels, keep their time.
const SHORT_PX: f64 = 0.5;

/// `noise_px` is the deviation of a turning point's displacement.
pub(super) fn vary(rows: &[[f32; 3]], noise_px: f64, random: &mut Random) -> Vec<Exact> {
    let shift = shifts(rows, noise_px, random);
    let varied = rows.iter().zip(shift.windows(2)).map(|(row, shift)| {
        let [dx, dy, dt] = row.map(f64::from);
        let moved = [dx + shift[1][0] - shift[0][0], dy + shift[1][1] - shift[0][1]];
        let [before, after] = [dx.hypot(dy), moved[0].hypot(moved[1])];
        [moved[0], moved[1], if before < SHORT_PX { dt } else { dt * after / before }]
    });
    varied.collect()
}

/// How far each position moves; the first stays.
fn shifts(rows: &[[f32; 3]], noise_px: f64, random: &mut Random) -> Vec<[f64; 2]> {
    let mut shift = vec![[0.0; 2]; rows.len() + 1];
    let mut from = ([0.0, 0.0], 0);
    for anchor in turning_points(rows) {
        let to = [random.bounded(0.0, noise_px), random.bounded(0.0, noise_px)];
        for (i, shift) in shift.iter_mut().enumerate().take(anchor + 1).skip(from.1) {
            let share = (i - from.1) as f64 / (anchor - from.1) as f64;
            *shift = [0, 1].map(|axis| from.0[axis] + share * (to[axis] - from.0[axis]));
        }
        from = (to, anchor);
    }
    shift
}

/// Positions (0 is the start) where the direction changes, and the end.
fn turning_points(rows: &[[f32; 3]]) -> Vec<usize> {
    let inner = (1..rows.len()).filter(|i| turns(&rows[i - 1], &rows[*i]));
    inner.chain([rows.len()]).collect()
}

fn turns(a: &[f32; 3], b: &[f32; 3]) -> bool {
    let along = a[0] * b[0] + a[1] * b[1];
    let across = a[0] * b[1] - a[1] * b[0];
    across.atan2(along).abs() >= TURN_DEGREES.to_radians()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corner_is_a_turning_point_and_a_straight_line_has_none() {
        let mut corner = vec![[6.0, 0.0, 8.0]; 10];
        corner.extend(vec![[0.0, 6.0, 8.0]; 10]);
        assert_eq!(turning_points(&corner), [10, 20]);
        assert_eq!(turning_points(&[[1.0, 0.0, 8.0]; 6]), [6]);
    }
}
