//! Strangers made of the owner's own movement, each part's from that part alone, so that nothing of
//! the calibration reaches the training. Draws styles; knows nothing of the network.

use crate::lab::people::{Device, Style};
use crate::lab::random::Random;
use crate::pipeline::{Window, WindowParams};

use super::options::TrainOptions;
use super::split::Parts;

/// The owner's windows of each part in the styles of strangers, a list a stranger. No stranger is
/// in two parts.
pub(super) fn strangers(
    genuine: &Parts<Vec<&[Window]>>,
    params: WindowParams,
    options: &TrainOptions,
) -> Parts<Vec<Vec<Window>>> {
    let Some(device) = Device::from_windows(&genuine.training.concat()) else {
        return Parts::default();
    };
    let mut random = Random::new(options.seed, 0x57E);
    let mut part = |windows: &[&[Window]], count: usize| -> Vec<Vec<Window>> {
        let windows = windows.concat();
        let styles: Vec<Style> = (0..count).map(|_| Style::draw(&mut random)).collect();
        let seeds = (0..).map(|i: u64| options.seed.wrapping_add(i));
        styles.iter().zip(seeds).map(|(s, seed)| s.apply(&windows, &device, params, seed)).collect()
    };
    let fewer = options.restyled.div_ceil(2);
    Parts {
        training: part(&genuine.training, options.restyled),
        validation: part(&genuine.validation, fewer),
        calibration: part(&genuine.calibration, fewer),
    }
}

/// The owner's training windows sampled once more: genuine still. Without them, having been sampled
/// anew would be the mark of a stranger.
pub(super) fn resampled(
    training: &[&[Window]],
    params: WindowParams,
    options: &TrainOptions,
) -> Vec<Window> {
    let windows = training.concat();
    match Device::from_windows(&windows) {
        Some(device) if options.restyled > 0 => {
            Style::OWN.apply(&windows, &device, params, options.seed ^ 0x0E5A)
        }
        _ => Vec::new(),
    }
}
