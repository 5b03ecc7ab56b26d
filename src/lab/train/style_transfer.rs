//! Impostors made of the owner's own movement, each part's from that part alone, so that
//! calibration stays apart from training.

use crate::lab::random::Random;
use crate::lab::synthesis::{Device, MovementStyle};
use crate::pipeline::{Window, WindowParams};

use super::options::TrainOptions;
use super::split::TrainingParts;

/// The owner's windows of each part in the styles of impostors, a list an impostor. No impostor is
/// in two parts.
pub(super) fn impostors(
    genuine: &TrainingParts<Vec<&[Window]>>,
    params: WindowParams,
    options: &TrainOptions,
) -> TrainingParts<Vec<Vec<Window>>> {
    let Some(device) = Device::from_windows(&genuine.training.concat()) else {
        return TrainingParts::default();
    };
    let mut random = Random::new(options.seed, 0x57E);
    let mut part = |windows: &[&[Window]], count: usize| -> Vec<Vec<Window>> {
        let windows = windows.concat();
        let styles: Vec<MovementStyle> =
            (0..count).map(|_| MovementStyle::draw(&mut random)).collect();
        let seeds = (0..).map(|i: u64| options.seed.wrapping_add(i));
        styles.iter().zip(seeds).map(|(s, seed)| s.apply(&windows, &device, params, seed)).collect()
    };
    let fewer = options.style_transferred.div_ceil(2);
    TrainingParts {
        training: part(&genuine.training, options.style_transferred),
        validation: part(&genuine.validation, fewer),
        calibration: part(&genuine.calibration, fewer),
    }
}

/// The owner's training windows sampled once more: genuine still. Without them, having been sampled
/// anew would be the mark of an impostor.
pub(super) fn resampled(
    training: &[&[Window]],
    params: WindowParams,
    options: &TrainOptions,
) -> Vec<Window> {
    let windows = training.concat();
    match Device::from_windows(&windows) {
        Some(device) if options.style_transferred > 0 => {
            MovementStyle::OWN.apply(&windows, &device, params, options.seed ^ 0x0E5A)
        }
        _ => Vec::new(),
    }
}
