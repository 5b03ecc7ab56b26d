//! One clock for every device: the way between two ticks, from steps that come when the mouse
//! pleases. Between two positions the hand is taken to move evenly. Every operation here is one of
//! the graph's, in its order, so that both compute the same numbers.

/// Columns of a tick: velocity to the right, downwards, and along the path.
pub const CHANNELS: usize = 3;

/// A step is taken to last this long at the least, ms: two positions at one time have no velocity.
// Below the resolution of every source (one microsecond): no real step is shortened.
pub const SHORTEST_MS: f32 = 1e-3;

/// The clock that windows are put on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// Time between two ticks, ms.
    pub tick_ms: f32,
    /// A window is seen up to this many ticks.
    pub ticks: usize,
}

impl Clock {
    /// How many ticks these steps (dx px, dy px, dt ms) take; none only without steps.
    pub fn count(&self, steps: &[[f32; 3]]) -> usize {
        // Added in the order of the steps as the graph's CumSum does: another order is another last
        // bit.
        let whole = steps.iter().fold(0.0_f32, |end, step| end + step[2].max(SHORTEST_MS));
        if steps.is_empty() { 0 } else { self.limited(whole) }
    }

    fn limited(&self, whole_ms: f32) -> usize {
        // At least one tick, and no more than the network was made for: the rest of a long window
        // is not seen.
        ((whole_ms / self.tick_ms).ceil().max(1.0) as usize).min(self.ticks)
    }

    /// The way of each tick, `(dx px, dy px)`, into `out`, which is [`Clock::count`] long. A step
    /// gives each tick the share of itself that falls into it.
    pub fn resample(&self, steps: &[[f32; 3]], out: &mut [[f32; 2]]) {
        out.fill([0.0; 2]);
        let mut end = 0.0_f32;
        for &[dx, dy, dt] in steps {
            let dt = dt.max(SHORTEST_MS);
            end += dt;
            // From the end, as the graph does it: end minus dt and not the sum so far.
            let start = end - dt;
            let passed = |tick: usize| ((tick as f32 * self.tick_ms - start) / dt).clamp(0.0, 1.0);
            // One tick more on both sides than arithmetic without rounding would need.
            let first = ((start / self.tick_ms) as usize).saturating_sub(1);
            let last = ((end / self.tick_ms) as usize + 2).min(out.len());
            for (tick, way) in out.iter_mut().enumerate().take(last).skip(first) {
                let share = passed(tick + 1) - passed(tick);
                way[0] += share * dx;
                way[1] += share * dy;
            }
        }
    }
}

/// What the first convolution reads of a tick: each way bent by `asinh(way * scale)`, which is
/// linear for slow movement and logarithmic for fast.
pub fn channels([dx, dy]: [f32; 2], scale: f32) -> [f32; CHANNELS] {
    // The speed along the path was worth keeping in the sketches (onnx/EXPERIMENTS.md).
    let along = (dx * dx + dy * dy).sqrt();
    // Scaled before asinh: where it bends is part of the model.
    [dx, dy, along].map(|way| (way * scale).asinh())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: Clock = Clock { tick_ms: 16.0, ticks: 8 };

    fn on_clock(steps: &[[f32; 3]]) -> Vec<[f32; 2]> {
        let mut out = vec![[0.0; 2]; CLOCK.count(steps)];
        CLOCK.resample(steps, &mut out);
        out
    }

    #[test]
    fn steps_are_shared_out_among_the_ticks_that_they_cross() {
        let steps = [[8.0, 0.0, 8.0], [4.0, -2.0, 16.0], [0.0, 6.0, 24.0]];
        let expected = [[10.0, -1.0], [2.0, 1.0], [0.0, 4.0_f32]];
        let found = on_clock(&steps);
        assert_eq!(found.len(), expected.len());
        let off = |(f, e): (&[f32; 2], &[f32; 2])| (f[0] - e[0]).abs().max((f[1] - e[1]).abs());
        assert!(found.iter().zip(&expected).all(|pair| off(pair) < 1e-5), "{found:?}");
    }

    #[test]
    fn the_same_path_looks_the_same_at_any_rate() {
        let steady = |dt: f32, count: usize| -> Vec<[f32; 2]> {
            on_clock(&vec![[0.5 * dt, -0.25 * dt, dt]; count])
        };
        let (slow, fast) = (steady(32.0, 4), steady(4.0, 32));
        assert_eq!(slow.len(), 8);
        let near =
            |(a, b): (&[f32; 2], &[f32; 2])| (a[0] - b[0]).abs() + (a[1] - b[1]).abs() < 1e-4;
        assert!(slow.iter().zip(&fast).all(near), "{slow:?} {fast:?}");
    }

    #[test]
    fn long_windows_end_with_the_clock_and_jumps_stay_finite() {
        assert_eq!(CLOCK.count(&[[1.0, 1.0, 4000.0]]), 8);
        assert_eq!((CLOCK.count(&[]), CLOCK.count(&[[1.0, 1.0, 0.0]])), (0, 1));
        let jump = on_clock(&[[900.0, 0.0, 0.0], [1.0, 0.0, 20.0]]);
        assert!((jump[0][0] - 900.8).abs() < 1e-2, "{jump:?}");
    }
}
