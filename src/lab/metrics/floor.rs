//! Why more windows stop helping: scores of one session are correlated, so the error of a group
//! falls towards a floor instead of zero.

use super::normal;

/// Error rates of groups of correlated scores: with separation d of one score and correlation r,
/// a mean of n separates by d * sqrt(n / (1 + (n - 1) r)), and the equal error rate is the normal
/// distribution's share below minus half of that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Correlated {
    /// Correlation of two scores of one session, 0..=1.
    pub correlation: f64,
    /// The equal error rate that no group goes below.
    pub floor: f64,
}

/// Fits it to equal error rates of groups: 1 / d'^2 is a straight line in 1 / n, which goes through
/// its value at n = 1 and its value at n without end. Least squares on relative errors; none with
/// fewer than three sizes that separate at all, or where a measured rate lies below the floor.
pub(crate) fn fit_floor(rates: &[(usize, f64)]) -> Option<Correlated> {
    let points: Vec<(f64, f64)> = rates
        .iter()
        .filter_map(|(n, rate)| {
            let half = -normal::quantile(rate.clamp(1e-4, 1.0));
            (half > 0.01).then(|| (1.0 / *n as f64, 1.0 / (2.0 * half).powi(2)))
        })
        .collect();
    if points.len() < 3 {
        return None;
    }
    // y = a u + b (1 - u), each row divided by y.
    let mut uu = 0.0;
    let mut uv = 0.0;
    let mut vv = 0.0;
    let mut uy = 0.0;
    let mut vy = 0.0;
    for (u, y) in points {
        let v = (1.0 - u) / y;
        let u = u / y;
        (uu, uv, vv) = (uu + u * u, uv + u * v, vv + v * v);
        (uy, vy) = (uy + u, vy + v);
    }
    let determinant = uu * vv - uv * uv;
    if determinant.abs() < 1e-12 {
        return None;
    }
    let a = (uy * vv - vy * uv) / determinant;
    let b = (vy * uu - uy * uv) / determinant;
    let correlation = (b / a).clamp(0.0, 1.0);
    let limit = a * correlation;
    let floor = if limit > 0.0 { normal::below(-0.5 / limit.sqrt()) } else { 0.0 };
    let contradicted = rates.iter().any(|(_, rate)| *rate < floor);
    (!contradicted).then_some(Correlated { correlation, floor })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(separation: f64, correlation: f64) -> Vec<(usize, f64)> {
        let rate = |n: usize| {
            let grown = n as f64 / (1.0 + (n as f64 - 1.0) * correlation);
            (n, normal::below(-separation * grown.sqrt() / 2.0))
        };
        [1, 5, 10, 20, 30].map(rate).to_vec()
    }

    #[test]
    fn what_was_put_in_comes_out() {
        for (separation, correlation) in [(0.6, 0.2), (1.9, 0.35), (1.0, 0.0)] {
            let found = fit_floor(&rates(separation, correlation)).unwrap();
            assert!((found.correlation - correlation).abs() < 1e-4, "{found:?}");
        }
    }

    #[test]
    fn the_published_blocks_have_the_published_floor() {
        // SapiMouse: 17.6 % for one block, correlation about 0.35: about 6 % at best.
        let separation = -2.0 * normal::quantile(0.176);
        let found = fit_floor(&rates(separation, 0.35)).unwrap();
        assert!((found.floor - 0.058).abs() < 0.002, "{found:?}");
    }

    #[test]
    fn rates_that_contradict_the_floor_have_none() {
        assert_eq!(fit_floor(&[(1, 0.33), (5, 0.28), (10, 0.26), (20, 0.23), (30, 0.20)]), None);
    }

    #[test]
    fn coins_have_no_floor() {
        assert_eq!(fit_floor(&[(1, 0.5), (5, 0.5), (10, 0.52)]), None);
        assert_eq!(fit_floor(&[(1, 0.3), (5, 0.2)]), None);
    }
}
