//! How much a feature differs between classes against within them: features that say little are made
//! quieter before training. Looks at training rows only.

/// The weight of each feature of scaled rows, 0..=1: `(F - 1) / (F + 1)`, not below 0, to the given
/// power; F is the ratio of the variance between classes to that within (one-way analysis of
/// variance), about 1 for a feature that knows nothing of the classes. Power 0 weighs all alike.
pub(super) fn relevance(
    rows: &[Vec<f64>],
    classes: &[usize],
    class_count: usize,
    power: f64,
) -> Vec<f64> {
    let features = rows.first().map_or(0, Vec::len);
    let column = |at: usize| rows.iter().map(move |row| row[at]).zip(classes.iter().copied());
    if power > 0.0 {
        (0..features)
            .map(|at| {
                let values: Vec<(f64, usize)> = column(at).collect();
                let f = f_ratio(&values, class_count);
                let weight = if f.is_finite() { ((f - 1.0) / (f + 1.0)).max(0.0) } else { 1.0 };
                weight.powf(power)
            })
            .collect()
    } else {
        vec![1.0; features]
    }
}

/// 0 for a constant, infinite where classes differ and nothing varies within them.
fn f_ratio(values: &[(f64, usize)], class_count: usize) -> f64 {
    let (all, count) = mean_of(values, None);
    let means: Vec<(f64, f64)> =
        (0..class_count).map(|class| mean_of(values, Some(class))).collect();
    let between: f64 = means.iter().map(|(mean, n)| n * (mean - all).powi(2)).sum();
    let within: f64 = values.iter().map(|&(value, class)| (value - means[class].0).powi(2)).sum();
    let groups = means.iter().filter(|(_, n)| *n > 0.0).count() as f64;
    if between <= 1e-12 * count {
        return 0.0;
    }
    (between / (groups - 1.0).max(1.0)) / (within / (count - groups).max(1.0))
}

/// The mean of a class, or of all, and how many values it has.
fn mean_of(values: &[(f64, usize)], class: Option<usize>) -> (f64, f64) {
    let of = values.iter().filter(|(_, one)| class.is_none_or(|class| class == *one));
    let (sum, count) = of.fold((0.0, 0.0), |(sum, n), (value, _)| (sum + value, n + 1.0));
    if count > 0.0 { (sum / count, count) } else { (0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_classes_apart_is_loud_and_the_rest_is_quiet() {
        let rows: Vec<Vec<f64>> = (0..40)
            .map(|i| {
                let class = f64::from(i % 4);
                let wobble = f64::from((i * 7) % 5) / 5.0;
                vec![class + 0.1 * wobble, wobble, 3.0, class]
            })
            .collect();
        let classes: Vec<usize> = (0..40).map(|i| i % 4).collect();
        let weights = relevance(&rows, &classes, 4, 1.0);
        assert!(weights[0] > 0.95 && weights[1] < 0.05, "{weights:?}");
        assert_eq!(weights[2..], [0.0, 1.0]);
        assert_eq!(relevance(&rows, &classes, 4, 0.0), [1.0; 4]);
    }

    #[test]
    fn the_ratio_is_that_of_the_book() {
        // Groups 1 2 3, 2 3 4, 5 6 7: between 26 / 2, within 6 / 6.
        let groups = [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [5.0, 6.0, 7.0]];
        let values: Vec<(f64, usize)> = groups
            .iter()
            .enumerate()
            .flat_map(|(class, group)| group.iter().map(move |value| (*value, class)))
            .collect();
        assert!((f_ratio(&values, 3) - 13.0).abs() < 1e-12);
    }
}
