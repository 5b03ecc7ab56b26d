//! Person or device? How well hardware alone separates the same people, and what is left of the
//! model's figures when everybody has the same hardware.

use super::figures::mean_estimate;
use super::results::{DeviceConfound, IntervalEstimate, JudgedUnit, ProtocolRun, SizeFigures};
use crate::lab::metrics::Draws;

/// The methods that know only the device.
const DEVICE: [&str; 3] = ["time", "rate", "grid"];
/// Units by preference.
const UNITS: [JudgedUnit; 3] =
    [JudgedUnit::Windows(10), JudgedUnit::Windows(5), JudgedUnit::Windows(1)];

/// Compares the runs as recorded, on one clock and on the owners' devices; none without the first.
pub(super) fn device(runs: &[ProtocolRun], draws: usize) -> Option<DeviceConfound> {
    let recorded = find(runs, "open-set")?;
    let unit = UNITS.into_iter().find(|unit| size(recorded, "model", *unit).is_some())?;
    let own = size(recorded, "model", unit)?;
    let against = |run: Option<&ProtocolRun>| {
        let other = size(run?, "model", unit)?;
        Some((other.mean.auc, difference(other, own, draws)?))
    };
    let device_alone: Vec<(String, IntervalEstimate)> = DEVICE
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), size(recorded, name, unit)?.mean.auc)))
        .collect();
    let mut device_confound = DeviceConfound {
        unit,
        device_alone,
        recorded: own.mean.auc,
        one_clock: against(find(runs, "time-resampled")),
        owners_device: against(find(runs, "same-device")),
        plainly: Vec::new(),
    };
    device_confound.plainly = plainly(&device_confound);
    Some(device_confound)
}

fn find<'a>(runs: &'a [ProtocolRun], name: &str) -> Option<&'a ProtocolRun> {
    runs.iter().find(|run| run.protocol.name == name)
}

fn size<'a>(run: &'a ProtocolRun, method: &str, unit: JudgedUnit) -> Option<&'a SizeFigures> {
    let method = run.methods.iter().find(|found| found.name == method)?;
    method.sizes.iter().find(|size| size.unit == unit)
}

/// One's AUC minus the other's, paired by owner.
fn difference(one: &SizeFigures, other: &SizeFigures, draws: usize) -> Option<IntervalEstimate> {
    let pairs = super::compare::pairs(one, other, |user| Some(user.auc));
    let differences: Vec<Option<f64>> = pairs.iter().map(|(a, b)| Some(a - b)).collect();
    mean_estimate(&Draws::new(differences.len(), draws, 1), &differences)
}

fn plainly(device_confound: &DeviceConfound) -> Vec<String> {
    let best = device_confound.device_alone.iter().max_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let mut said = Vec::new();
    if let Some((name, auc)) = best {
        let what = match name.as_str() {
            "time" => "the time steps",
            "rate" => "how often the pointer is sampled",
            _ => "how positions are rounded",
        };
        let verdict = match (auc.value, device_confound.recorded.value) {
            (device, model) if device >= model => "That is as much as the model finds or more.",
            (device, _) if device > 0.6 => {
                "The model finds more than that, but part of it may be this."
            }
            _ => "That is little: these people's devices are much alike.",
        };
        said.push(format!(
            "Knowing nothing but {what} tells these people apart with an AUC of {:.2}; the model \
             reaches {:.2}. {verdict}",
            auc.value, device_confound.recorded.value
        ));
    }
    let cases = [
        (
            &device_confound.one_clock,
            "When everybody's recordings are brought to the slowest device's clock and the models learn them anew",
        ),
        (
            &device_confound.owners_device,
            "When everybody moves on the owner's device, with the same models",
        ),
    ];
    for (case, when) in cases {
        let Some((auc, change)) = case else { continue };
        said.push(format!("{when}, the AUC is {:.2}: {}", auc.value, meaning(change)));
    }
    said
}

fn meaning(change: &IntervalEstimate) -> String {
    let range = format!("{:+.2} ({:+.2} to {:+.2})", change.value, change.low, change.high);
    match change {
        IntervalEstimate { high, .. } if *high < 0.0 => {
            format!("{range}. So much of what the model found was hardware, not the hand.")
        }
        IntervalEstimate { low, .. } if *low > 0.0 => {
            format!("{range}. Different hardware was in the model's way.")
        }
        _ => {
            format!("{range}. No difference is shown; these few people could not show a small one.")
        }
    }
}
