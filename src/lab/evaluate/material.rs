//! One owner's windows as a protocol wants them judged: in parts, by session, and on the owner's
//! device where the protocol says so.

use std::borrow::Cow;

use crate::lab::people::Device;
use crate::lab::protocol::{Plan, Recordings, Split, Stretch, resampled};
use crate::pipeline::{Window, WindowParams};

/// Windows of one session.
#[derive(Debug, Clone)]
pub struct Piece<'a> {
    /// Who made it, or is said to have.
    pub person: &'a str,
    /// In order of time.
    pub windows: Cow<'a, [Window]>,
}

/// Genuine and impostor sessions.
#[derive(Debug, Clone, Default)]
pub struct Sides<'a> {
    /// The owner's.
    pub genuine: Vec<Piece<'a>>,
    /// Others'.
    pub impostor: Vec<Piece<'a>>,
}

/// All that an owner is judged by.
#[derive(Debug, Clone, Default)]
pub struct Material<'a> {
    /// The owner's training windows, which baselines learn.
    pub training: Vec<Piece<'a>>,
    /// Thresholds are set on these.
    pub calibration: Sides<'a>,
    /// Figures come from these.
    pub test: Sides<'a>,
}

impl<'a> Material<'a> {
    /// Takes it out of a plan.
    pub fn of(plan: &'a Plan, split: &Split, params: WindowParams) -> Self {
        let device = match plan.protocol.recordings {
            Recordings::OnOwnersDevice => own_device(plan, split),
            Recordings::AsRecorded | Recordings::OnOneClock => None,
        };
        let piece = |stretch: &Stretch| {
            let windows = match &device {
                Some(device) => {
                    let seed = ((stretch.person as u64) << 20) | stretch.session as u64;
                    resampled(plan.windows(stretch), device, params, seed).into()
                }
                None => plan.windows(stretch).into(),
            };
            Piece { person: &plan.people[stretch.person].id, windows }
        };
        let pieces = |stretches: &[Stretch]| stretches.iter().map(piece).collect();
        Self {
            training: pieces(&split.genuine.training),
            calibration: Sides {
                genuine: pieces(&split.genuine.calibration),
                impostor: pieces(&split.impostor.calibration),
            },
            test: Sides {
                genuine: pieces(&split.genuine.test),
                impostor: pieces(&split.impostor.test),
            },
        }
    }
}

fn own_device(plan: &Plan, split: &Split) -> Option<Device> {
    let training: Vec<Window> =
        split.genuine.training.iter().flat_map(|stretch| plan.windows(stretch)).cloned().collect();
    Device::from_windows(&training)
}
