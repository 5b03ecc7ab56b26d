//! What must hold for a bundle before anyone may use or write it.

use super::bundle::{Bundle, Limit, OperatingPoint};
use super::conv_weights;
use super::fault::ModelFault;
use super::weights::MAX_HIDDEN;
use crate::nn::{AnyNetwork, BatchNorm, BiLstm, Linear, Network};
use crate::pipeline::OwnerModel;
use crate::pipeline::steps::STEP_FEATURES;

/// The largest group of windows that a decision may wait for.
// 1,000 windows are two hours of work: whoever waits longer for an answer has none.
const MAX_GROUP: usize = 1000;

/// Says what cannot work, if anything.
///
/// # Errors
/// [`ModelFault::Value`] with the field, its value and what is allowed.
pub(crate) fn check(bundle: &Bundle) -> Result<(), ModelFault> {
    bundle.windows.validate().map_err(ModelFault::Value)?;
    points(&bundle.operating_points)?;
    // The default is what a configuration without a choice uses.
    if !bundle.operating_points.iter().any(|point| point.windows == bundle.default_group) {
        let group = bundle.default_group;
        return wrong(format!("default_group = {group} is not among its operating points"));
    }
    let calibration = bundle.score_calibration.as_ref();
    calibration.map_or(Ok(()), |c| c.validate()).map_err(ModelFault::Value)?;
    bundle.owner_model.as_ref().map_or(Ok(()), |l| owner_model(l, &bundle.network))?;
    limits(&bundle.limits)?;
    bundle
        .kinematics
        .map_or(Ok(()), |kinematics| kinematics.validate())
        .map_err(ModelFault::Value)?;
    // Last and longest: it walks through every weight.
    check_network(&bundle.network)
}

/// Says what cannot work about a network, if anything.
///
/// # Errors
/// [`ModelFault::Value`] with the part and what is allowed.
pub(crate) fn check_network(network: &AnyNetwork) -> Result<(), ModelFault> {
    match network {
        AnyNetwork::BiLstm(network) => {
            shapes(network)?;
            numbers(network)
        }
        AnyNetwork::Conv(network) => conv_weights::check(network),
    }
}

fn points(points: &[OperatingPoint]) -> Result<(), ModelFault> {
    if points.is_empty() {
        return wrong("it has no operating points".into());
    }
    // Ascending and each once: a size is looked up by the first that fits.
    if !points.is_sorted_by(|one, next| one.windows < next.windows) {
        return wrong("its operating points are not in ascending order of windows".into());
    }
    points.iter().try_for_each(point)
}

fn point(point: &OperatingPoint) -> Result<(), ModelFault> {
    let group = point.windows;
    if !(1..=MAX_GROUP).contains(&group) {
        return wrong(format!("an operating point of {group} windows must lie in 1..={MAX_GROUP}"));
    }
    let rates = [
        ("threshold", point.threshold),
        ("eer", point.eer),
        ("far", point.far),
        ("frr", point.frr),
        ("far_interval", point.far_interval[0]),
        ("far_interval", point.far_interval[1]),
        ("frr_interval", point.frr_interval[0]),
        ("frr_interval", point.frr_interval[1]),
    ];
    // NaN is in no range, and so is refused as well.
    if let Some((name, value)) = rates.iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
        return wrong(format!("{name} = {value} of group {group} must lie in 0..=1"));
    }
    if !(point.movement_s.is_finite() && point.movement_s >= 0.0) {
        return wrong(format!("movement_s = {} of group {group}", point.movement_s));
    }
    Ok(())
}

fn limits(limits: &[Limit]) -> Result<(), ModelFault> {
    // Interpolation divides by the difference of neighbours.
    if !limits.is_sorted_by(|one, next| one.hours_between_alarms < next.hours_between_alarms) {
        return wrong("its limits are not in ascending order of hours_between_alarms".into());
    }
    match limits
        .iter()
        .find(|limit| !(is_usable(limit.llr) && is_usable(limit.hours_between_alarms)))
    {
        Some(Limit { hours_between_alarms, llr }) => wrong(format!(
            "a limit of {llr} nats for {hours_between_alarms} hours must be above 0, and so must they"
        )),
        None => Ok(()),
    }
}

fn is_usable(value: f32) -> bool {
    value.is_finite() && value > 0.0
}

fn owner_model(owner_model: &OwnerModel, network: &AnyNetwork) -> Result<(), ModelFault> {
    // A model without embeddings counts as one of none.
    if network.embedding().map_or(0, Linear::count) != owner_model.covariance.dimensions() {
        return wrong("its owner model has other dimensions than its embedding".into());
    }
    owner_model.validate().map_err(ModelFault::Value)
}

fn shapes(network: &Network) -> Result<(), ModelFault> {
    let joined = 2 * network.first.hidden;
    let out = 2 * network.second.hidden;
    lstm("first", &network.first, STEP_FEATURES)?;
    lstm("second", &network.second, joined)?;
    let BatchNorm { gamma, beta, mean, variance, .. } = &network.norm;
    if [gamma, beta, mean, variance].iter().any(|values| values.len() != joined) {
        return wrong(format!("its normalisation does not have {joined} features"));
    }
    if network.head.weight.len() != out {
        return wrong(format!("its head does not have {out} weights"));
    }
    Ok(())
}

// Sizes before numbers: whatever indexes a weight relies on them.
fn lstm(name: &str, layer: &BiLstm, input: usize) -> Result<(), ModelFault> {
    let hidden = layer.hidden;
    if !(1..=MAX_HIDDEN).contains(&hidden) || layer.input != input {
        return wrong(format!(
            "its {name} layer has {} inputs and {hidden} units; {input} and 1..={MAX_HIDDEN} are allowed",
            layer.input
        ));
    }
    let fits = [&layer.forward, &layer.backward].iter().all(|side| {
        side.w.len() == 4 * hidden * input
            && side.r.len() == 4 * hidden * hidden
            && side.b.len() == 4 * hidden
    });
    if fits { Ok(()) } else { wrong(format!("its {name} layer has weights of another shape")) }
}

fn numbers(network: &Network) -> Result<(), ModelFault> {
    let Network { conditioning, first, norm, second, head } = network;
    let norm_fits = [&norm.gamma, &norm.beta, &norm.mean].iter().all(|values| finite(values))
        // The sum is what is divided by: a tiny negative variance from rounding is fine with
        // epsilon.
        && norm.variance.iter().all(|v| (v + norm.epsilon).is_normal() && v + norm.epsilon > 0.0);
    let parts = [
        (
            "conditioning",
            [conditioning.scale, conditioning.shift, conditioning.gain]
                .iter()
                .all(|row| finite(row)),
        ),
        ("first layer", is_finite(first)),
        ("normalisation", norm_fits),
        ("second layer", is_finite(second)),
        ("head", finite(&head.weight) && head.bias.is_finite()),
    ];
    match parts.iter().find(|(_, fits)| !fits) {
        Some((part, _)) => wrong(format!("the weights of its {part} are not all finite numbers")),
        None => Ok(()),
    }
}

fn is_finite(layer: &BiLstm) -> bool {
    [&layer.forward, &layer.backward]
        .iter()
        .all(|side| finite(&side.w) && finite(&side.r) && finite(&side.b))
}

fn finite(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_finite())
}

fn wrong(what: String) -> Result<(), ModelFault> {
    Err(ModelFault::Value(what))
}
