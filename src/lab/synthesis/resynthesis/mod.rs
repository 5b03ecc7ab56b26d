//! Synthetic genuine windows: variations of the owner's own movement, reported the way the owner's
//! device reports it, so that only the movement tells them from real ones. Used on the training
//! part alone.

mod lognormal;
mod turning;

use crate::lab::random::Random;
use crate::lab::train::sampling::Synthesis;
use crate::pipeline::Steps;

/// A step before it is reported: displacement in pixels, time in milliseconds, not rounded yet.
type Exact = [f64; 3];

/// A variation of one window.
pub(in crate::lab) fn vary(steps: &Steps, synthesis: Synthesis, random: &mut Random) -> Steps {
    let exact = match synthesis {
        Synthesis::Off => return steps.clone(),
        Synthesis::TurningPoint { noise_px, .. } => turning::vary(steps.rows(), noise_px, random),
        Synthesis::SigmaLognormal { spread, .. } => lognormal::vary(steps.rows(), spread, random),
    };
    let reported = report(&exact, steps.rows(), random);
    if reported.is_empty() { steps.clone() } else { Steps::from_rows(reported) }
}

/// What a device like the one behind `real` would have reported: positions and times on whole
/// numbers where it has them, and no position twice in a row.
fn report(exact: &[Exact], real: &[[f32; 3]], random: &mut Random) -> Vec<[f32; 3]> {
    let phases = [are_whole(real, 0..2), are_whole(real, 0..2), are_whole(real, 2..3)]
        .map(|w| w.then(|| random.unit()));
    let mut at = [0.0; 3];
    let mut reported = [0.0; 3];
    let mut rows = Vec::with_capacity(exact.len());
    for step in exact {
        (0..3).for_each(|axis| at[axis] += step[axis]);
        // One phase for the whole window: floor(x + phase) has the mean x, and errors do not add
        // up.
        let now: [f64; 3] = std::array::from_fn(|axis| match phases[axis] {
            Some(phase) => (at[axis] + phase).floor(),
            None => at[axis],
        });
        let row: [f64; 3] = std::array::from_fn(|axis| now[axis] - reported[axis]);
        // A position that is the last one's gives no step; its time goes to the next.
        if row[0] != 0.0 || row[1] != 0.0 {
            rows.push([row[0] as f32, row[1] as f32, (row[2] as f32).clamp(1.0, 249.0)]);
            reported = now;
        }
    }
    rows
}

fn are_whole(real: &[[f32; 3]], columns: std::ops::Range<usize>) -> bool {
    real.iter().all(|row| row[columns.clone()].iter().all(|value| value.fract() == 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corner() -> Steps {
        let mut rows = vec![[6.0, 0.0, 8.0]; 10];
        rows.extend(vec![[0.0, 6.0, 8.0]; 10]);
        Steps::from_rows(rows)
    }

    const BOTH: [Synthesis; 2] = [
        Synthesis::TurningPoint { share: 1.0, noise_px: 5.0 },
        Synthesis::SigmaLognormal { share: 1.0, spread: 0.1 },
    ];

    #[test]
    fn variations_have_no_drift_and_keep_the_speed() {
        // Directions that scatter by six degrees shorten the way by about one in a hundred.
        for synthesis in BOTH {
            let (mut random, mut sum, mut speed) = (Random::new(1, 1), [0.0f64; 3], 0.0f64);
            for _ in 0..2000 {
                let varied = vary(&corner(), synthesis, &mut random);
                let rows = varied.rows();
                for axis in 0..3 {
                    sum[axis] += rows.iter().map(|row| f64::from(row[axis])).sum::<f64>();
                }
                let way: f64 = rows.iter().map(|row| f64::from(row[0].hypot(row[1]))).sum();
                speed += way / rows.iter().map(|row| f64::from(row[2])).sum::<f64>();
            }
            let near = |a: f64, b: f64, limit: f64| (a / 2000.0 - b).abs() < limit;
            assert!(near(sum[0], 60.0, 1.2) && near(sum[1], 60.0, 1.2), "{synthesis:?} {sum:?}");
            assert!(near(speed, 0.75, 0.03), "{synthesis:?} {}", speed / 2000.0);
        }
    }

    #[test]
    fn they_are_whole_numbers_never_still_and_differ() {
        let mut random = Random::new(2, 1);
        for synthesis in BOTH {
            let varied = vary(&corner(), synthesis, &mut random);
            assert_ne!(varied, corner());
            assert!((14..=20).contains(&varied.len()));
            for row in varied.rows() {
                assert!(row.iter().all(|value| value.fract() == 0.0), "{row:?}");
                assert!(row[0] != 0.0 || row[1] != 0.0);
            }
        }
    }

    #[test]
    fn reporting_has_no_bias_and_keeps_fractions_where_the_device_has_them() {
        let mut random = Random::new(3, 0);
        let exact = [[-0.3, 0.0, 8.0], [7.0, 2.6, 8.0]];
        let sum = |_| report(&exact, &[[1.0; 3]], &mut random).iter().map(|r| r[0]).sum::<f32>();
        let mean = (0..20_000).map(sum).sum::<f32>() / 2e4;
        assert!((mean - 6.7).abs() < 0.02, "{mean}");
        let kept = report(&exact, &[[0.5, 0.5, 8.0]], &mut random);
        assert_eq!(kept[0][0], -0.3);
    }
}
