//! From a window to what the models read: one row (dx, dy, dt) a step.
//! The only feature path; live scoring, training and evaluation all pass through here.

use super::window::Window;

/// Columns of a step.
pub const STEP_FEATURES: usize = 3;

/// One movement as `[T, 3]` float32: dx and dy in pixels, dt in milliseconds. `T` is at least 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Steps(Vec<[f32; STEP_FEATURES]>);

impl Steps {
    /// From rows that come from elsewhere (a file, a generator).
    pub fn from_rows(rows: Vec<[f32; STEP_FEATURES]>) -> Self {
        Self(rows)
    }

    /// The rows (dx px, dy px, dt ms).
    pub fn rows(&self) -> &[[f32; STEP_FEATURES]] {
        &self.0
    }

    /// How many steps.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no step at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&Window> for Steps {
    fn from(window: &Window) -> Self {
        let step = |pair: &[super::window::Sample]| {
            let from = pair[0];
            let to = pair[1];
            // Differences in double precision: positions of several screens are large, steps are
            // small.
            [(to.x - from.x) as f32, (to.y - from.y) as f32, (to.at - from.at).as_millis_f32()]
        };
        Self(window.samples().windows(2).map(step).collect())
    }
}
