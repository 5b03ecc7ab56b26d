//! The normal distribution and Student's t, as far as intervals and error rates need them.

/// The standard normal distribution function, after Abramowitz & Stegun 26.2.17: wrong by less than
/// 7.5e-8.
pub(super) fn below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let tail = series.iter().rev().fold(0.0, |sum, a| (sum + a) * t);
    let tail = tail * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// Its inverse by bisection; the argument is held within 1e-9 of 0 and 1.
pub(super) fn quantile(share: f64) -> f64 {
    let share = share.clamp(1e-9, 1.0 - 1e-9);
    let mut low = -7.0;
    let mut high = 7.0;
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if below(middle) < share { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The 97.5 % point of Student's t: exact for up to three degrees of freedom, else by Fisher and
/// Cornish's expansion (Abramowitz & Stegun 26.7.5), wrong by less than 0.2 %.
pub(super) fn t_975(freedom: usize) -> f64 {
    const Z: f64 = 1.959_963_984_540_054;
    match freedom {
        0 => f64::INFINITY,
        1 => 12.706_204_736,
        2 => 4.302_652_730,
        3 => 3.182_446_305,
        _ => {
            let v = freedom as f64;
            let g1 = (Z.powi(3) + Z) / 4.0;
            let g2 = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
            let g3 = (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / 384.0;
            let g4 = (79.0 * Z.powi(9) + 776.0 * Z.powi(7) + 1482.0 * Z.powi(5)
                - 1920.0 * Z.powi(3)
                - 945.0 * Z)
                / 92160.0;
            Z + g1 / v + g2 / v.powi(2) + g3 / v.powi(3) + g4 / v.powi(4)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_agree_with_the_tables() {
        for (z, share) in [(0.0, 0.5), (1.0, 0.841_344_75), (-1.959_964, 0.025), (3.0, 0.998_650_1)]
        {
            assert!((below(z) - share).abs() < 1e-7, "{z}");
            assert!((quantile(share) - z).abs() < 1e-4, "{z}");
        }
        for (freedom, t) in
            [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (9, 2.262), (30, 2.042)]
        {
            assert!((t_975(freedom) / t - 1.0).abs() < 2e-3, "{freedom}: {}", t_975(freedom));
        }
    }
}
