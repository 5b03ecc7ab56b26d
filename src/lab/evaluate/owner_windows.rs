//! One owner's windows as a protocol wants them judged: in parts, by session, and on the owner's
//! device where the protocol says so.

use std::borrow::Cow;

use crate::lab::protocol::{Plan, Recordings, Split, WindowRange, resampled};
use crate::lab::synthesis::Device;
use crate::pipeline::adaptation::FIRST_WINDOWS;
use crate::pipeline::{Window, WindowParams};

/// Windows of one session.
#[derive(Debug, Clone)]
pub(crate) struct JudgedSession<'a> {
    /// Who made it, or is said to have.
    pub person: &'a str,
    /// In order of time.
    pub windows: Cow<'a, [Window]>,
}

/// Genuine and impostor sessions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sides<'a> {
    /// The owner's.
    pub genuine: Vec<JudgedSession<'a>>,
    /// Others'.
    pub impostor: Vec<JudgedSession<'a>>,
    /// What precedes each genuine session, if its beginning only shows where the owner is that day.
    pub after_unlocks: Vec<Vec<Window>>,
}

impl Sides<'_> {
    /// The first windows of each genuine session show the day and are not judged; sessions that are
    /// over by then are left out.
    fn begun(&mut self) {
        self.genuine.retain(|piece| piece.windows.len() > FIRST_WINDOWS);
        self.after_unlocks = self
            .genuine
            .iter_mut()
            .map(|piece| {
                let (after_unlock, rest) = piece.windows.split_at(FIRST_WINDOWS);
                let after_unlock = after_unlock.to_vec();
                piece.windows = rest.to_vec().into();
                after_unlock
            })
            .collect();
    }
}

/// All that an owner is judged by.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnerWindows<'a> {
    /// The owner's training windows, which baselines learn.
    pub training: Vec<JudgedSession<'a>>,
    /// Thresholds are set on these.
    pub calibration: Sides<'a>,
    /// Figures come from these.
    pub test: Sides<'a>,
}

impl<'a> OwnerWindows<'a> {
    /// Takes it out of a plan.
    pub(crate) fn of(plan: &'a Plan, split: &Split, params: WindowParams) -> Self {
        let device = match plan.protocol.recordings {
            Recordings::OnOwnersDevice => own_device(plan, split),
            Recordings::AsRecorded | Recordings::OnOneClock => None,
        };
        let pieces = |stretches: &[WindowRange]| {
            stretches
                .iter()
                .map(|stretch| {
                    let windows = match &device {
                        Some(device) => {
                            let seed = ((stretch.person as u64) << 20) | stretch.session as u64;
                            resampled(plan.windows(stretch), device, params, seed).into()
                        }
                        None => plan.windows(stretch).into(),
                    };
                    JudgedSession { person: &plan.people[stretch.person].id, windows }
                })
                .collect()
        };
        Self {
            training: pieces(&split.genuine.training),
            calibration: Sides {
                genuine: pieces(&split.genuine.calibration),
                impostor: pieces(&split.impostor.calibration),
                after_unlocks: Vec::new(),
            },
            test: Sides {
                genuine: pieces(&split.genuine.test),
                impostor: pieces(&split.impostor.test),
                after_unlocks: Vec::new(),
            },
        }
    }
}

impl OwnerWindows<'_> {
    /// The same where every session begins with an unlock, as the agent takes it that learns from
    /// that.
    #[must_use]
    pub(crate) fn after_unlocks(&self) -> Self {
        let mut begun = self.clone();
        [&mut begun.calibration, &mut begun.test].into_iter().for_each(Sides::begun);
        begun
    }
}

fn own_device(plan: &Plan, split: &Split) -> Option<Device> {
    let training: Vec<Window> =
        split.genuine.training.iter().flat_map(|stretch| plan.windows(stretch)).cloned().collect();
    Device::from_windows(&training)
}
