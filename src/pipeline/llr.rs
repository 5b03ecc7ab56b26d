//! The evidence of an embedding in nats: how much likelier it is the owner's than anybody's, each
//! dimension by itself, under normal distributions or under Student's.

/// Where one dimension of a mean is to be found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct DimensionLlr {
    /// Where the owner's lies; anybody's lies around 0.
    // Embeddings are centred over people, so that anybody lies around 0.
    pub(super) mean: f64,
    /// The owner's variance around it.
    pub(super) owner: f64,
    /// Anybody's variance around 0.
    pub(super) anybody: f64,
}

impl DimensionLlr {
    fn of(self, x: f64, degrees_of_freedom: Option<f64>) -> f64 {
        log_density(x - self.mean, self.owner, degrees_of_freedom)
            - log_density(x, self.anybody, degrees_of_freedom)
    }
}

/// The logarithm of a density of this variance around 0, up to a constant: a normal one, or
/// Student's t (Lange, Little and Taylor 1989, "Robust statistical modeling using the t
/// distribution") with so many degrees of freedom, which must be above 2.
fn log_density(x: f64, variance: f64, degrees_of_freedom: Option<f64>) -> f64 {
    let tail = match degrees_of_freedom {
        None => x * x / variance,
        // The scale is chosen so that its variance is `variance`: a t distribution's own is nu /
        // (nu - 2) of it.
        Some(nu) => (nu + 1.0) * (x * x / (variance * (nu - 2.0))).ln_1p(),
    };
    -0.5 * (tail + variance.ln())
}

/// How the means of a certain number of windows become evidence.
#[derive(Debug, Clone)]
pub struct LlrForm {
    pub(super) dimensions: Vec<DimensionLlr>,
    pub(super) degrees_of_freedom: Option<f64>,
    /// Nats for each unit of the mean log-odds.
    pub(super) odds: f64,
}

impl LlrForm {
    /// In nats, owner to anybody, of these means: of each dimension, and of the log-odds of the scores.
    pub fn of(&self, embedding: &[f64], log_odds: f64) -> f64 {
        let dimensions = embedding.iter().zip(&self.dimensions);
        let llr: f64 = dimensions.map(|(x, one)| one.of(*x, self.degrees_of_freedom)).sum();
        llr + self.odds * log_odds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_density_integrates_to_the_same_as_the_normal_one_has_its_variance_and_longer_tails()
    {
        // On a grid, up to the constant that both sides of a ratio share.
        let moments = |nu: Option<f64>| {
            let grid = (-200_000..=200_000).map(|at| f64::from(at) * 0.001);
            let weighed = grid.map(|x| (x, log_density(x, 2.5, nu).exp()));
            let [mass, square] = weighed.fold([0.0, 0.0], |[mass, square], (x, density)| {
                [mass + density, square + density * x * x]
            });
            square / mass
        };
        assert!((moments(None) - 2.5).abs() < 1e-3);
        assert!((moments(Some(6.0)) - 2.5).abs() < 1e-2, "{}", moments(Some(6.0)));
        let far = |nu| log_density(8.0, 2.5, nu) - log_density(0.0, 2.5, nu);
        assert!(far(Some(6.0)) > far(None) + 3.0);
    }
}
