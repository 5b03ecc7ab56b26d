//! How values become places along an axis, and where its ticks stand.

use super::text;

/// The spacing of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Scale {
    /// Equal differences.
    #[default]
    Linear,
    /// Equal ratios; positive values only.
    Log,
    /// Equal quantiles of the normal distribution, as DET curves have it; shares between 0 and 1.
    Probit,
}

impl Scale {
    /// The value on a line where the ticks of this scale are equally far apart.
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.max(f64::MIN_POSITIVE).log10(),
            Self::Probit => probit(value),
        }
    }

    /// Ticks between two values, with their texts; about `count` of them where the scale allows.
    pub(super) fn ticks(self, low: f64, high: f64, count: usize) -> Vec<(f64, String)> {
        let [low, high] = [low.min(high), low.max(high)];
        match self {
            Self::Linear => linear(low, high, count.max(2)),
            Self::Log => logarithmic(low, high, count.max(2)),
            Self::Probit => shares(low, high),
        }
    }
}

/// The quantile of the standard normal distribution, by Acklam's rational approximation (relative
/// error below 1.2e-9). Shares beyond 1e-9 and 1 - 1e-9 are held there.
pub(crate) fn probit(share: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    const TAIL: f64 = 0.024_25;
    let share = share.clamp(1e-9, 1.0 - 1e-9);
    match share {
        _ if !(TAIL..=1.0 - TAIL).contains(&share) => {
            let q = (-2.0 * share.min(1.0 - share).ln()).sqrt();
            let tail = horner(&C, q) / horner(&D, q);
            if share < TAIL { tail } else { -tail }
        }
        _ => {
            let q = share - 0.5;
            let r = q * q;
            q * horner(&A, r) / horner(&B, r)
        }
    }
}

fn horner(terms: &[f64], x: f64) -> f64 {
    terms.iter().fold(0.0, |sum, term| sum * x + term)
}

fn linear(low: f64, high: f64, count: usize) -> Vec<(f64, String)> {
    let span = high - low;
    if span <= 0.0 || !span.is_finite() {
        return vec![(low, text::number(low))];
    }
    let raw = span / count as f64;
    let ten = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * ten >= raw).unwrap_or(10.0);
    let step = step * ten;
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    (first..=last)
        .map(|i| {
            let value = i as f64 * step;
            // Adding 0 turns -0 into 0.
            let label = if decimals == 0 {
                text::grouped(value)
            } else {
                format!("{:.decimals$}", value + 0.0)
            };
            (value, label)
        })
        .collect()
}

fn logarithmic(low: f64, high: f64, count: usize) -> Vec<(f64, String)> {
    let from = Scale::Log.place(low);
    let to = Scale::Log.place(high);
    let decades = (to - from).max(0.0);
    let stride = (decades / count as f64).ceil().max(1.0) as i32;
    let factors: &[f64] = if decades < 1.7 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let mut ticks = Vec::new();
    for power in (from.floor() as i32)..=(to.ceil() as i32) {
        let kept = power.rem_euclid(stride) == 0;
        for value in factors.iter().map(|factor| factor * 10f64.powi(power)).filter(|_| kept) {
            if (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(&value) {
                ticks.push((value, text::number(value)));
            }
        }
    }
    ticks
}

fn shares(low: f64, high: f64) -> Vec<(f64, String)> {
    const SHARES: [f64; 13] =
        [0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95];
    SHARES
        .into_iter()
        .filter(|share| (low * 0.999..=high * 1.001).contains(share))
        .map(|share| (share, format!("{}", (share * 1e4).round() / 100.0)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, low: f64, high: f64, count: usize) -> Vec<String> {
        scale.ticks(low, high, count).into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(labels(Scale::Linear, 0.0, 1.0, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::Linear, -3.0, 1919.0, 4), ["0", "500", "1,000", "1,500"]);
        assert_eq!(labels(Scale::Log, 1.0, 1e6, 3), ["1", "100", "10,000", "1,000,000"]);
        assert_eq!(labels(Scale::Log, 3.0, 30.0, 5), ["5", "10", "20"]);
        assert_eq!(labels(Scale::Probit, 0.001, 0.5, 5).first().map(String::as_str), Some("0.1"));
    }

    #[test]
    fn an_axis_without_extent_has_its_one_tick() {
        assert_eq!(labels(Scale::Linear, 7.0, 7.0, 5), ["7"]);
        assert_eq!(labels(Scale::Linear, f64::NAN, 1.0, 5).len(), 1);
    }

    #[test]
    fn the_quantiles_are_those_of_the_tables() {
        for (share, quantile) in
            [(0.5, 0.0), (0.975, 1.959_963_985), (0.01, -2.326_347_874), (0.001, -3.090_232_306)]
        {
            assert!((probit(share) - quantile).abs() < 1e-7, "{share}");
        }
        assert!(probit(0.0).is_finite() && probit(1.0).is_finite());
    }
}
