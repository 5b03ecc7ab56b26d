//! Weighted binary cross-entropy on logits, stable for any of them.

/// The logistic function, exact at both ends.
pub(crate) fn sigmoid(logit: f32) -> f32 {
    // exp of a large number is infinite, and 1 / infinity is the 0 that it ought to be.
    1.0 / (1.0 + (-logit).exp())
}

/// Cross-entropy of one logit against a label in 0..=1: `softplus(z) - label * z`.
pub(crate) fn cross_entropy(logit: f32, label: f32) -> f32 {
    // By the absolute value, exp never overflows, and ln_1p keeps what is tiny beside 1.
    logit.max(0.0) + (-logit.abs()).exp().ln_1p() - label * logit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_logits_stay_finite() {
        assert_eq!(sigmoid(-200.0), 0.0);
        assert_eq!(sigmoid(200.0), 1.0);
        assert_eq!(cross_entropy(1000.0, 1.0), 0.0);
        assert_eq!(cross_entropy(1000.0, 0.0), 1000.0);
    }

    #[test]
    fn agrees_with_the_definition() {
        for (logit, label) in [(0.3_f32, 1.0_f32), (-2.0, 0.0), (1.5, 0.25)] {
            let p = sigmoid(logit);
            let expected = -(label * p.ln() + (1.0 - label) * (1.0 - p).ln());
            assert!((cross_entropy(logit, label) - expected).abs() < 1e-6);
        }
    }
}
