//! First weights of a network: Glorot uniform for inputs, orthogonal for the recurrence, forget
//! bias one. The same seed gives the same network on every machine.

use super::network::{BatchNorm, BiLstm, Conditioning, Dense, LstmWeights, Network};
use super::random::RandomStream;

/// Added to the variance in batch normalisation; Keras' and the seed architecture's value.
const EPSILON: f32 = 1e-3;

impl Network {
    /// A fresh network with `hidden[0]` and `hidden[1]` units a direction. Input weights follow
    /// Glorot and Bengio (2010), recurrent weights are one orthogonal matrix a gate (Saxe et al.
    /// 2014), the forget gate's bias is 1 (Jozefowicz et al. 2015). A size of 0 counts as 1.
    pub fn new(hidden: [usize; 2], conditioning: Conditioning, seed: u64) -> Self {
        let [first, second] = hidden.map(|size| size.max(1));
        let features = 2 * first;
        Self {
            conditioning,
            first: bilstm(3, first, seed, 1),
            norm: BatchNorm::identity(features, EPSILON),
            second: bilstm(features, second, seed, 3),
            head: head(2 * second, seed),
        }
    }
}

fn bilstm(input: usize, hidden: usize, seed: u64, purpose: u64) -> BiLstm {
    let [forward, backward] = [purpose, purpose + 1]
        // Every direction has a stream of its own: the size of one never shifts another's numbers.
        .map(|purpose| direction(input, hidden, &mut RandomStream::new(seed, purpose)));
    BiLstm { input, hidden, forward, backward }
}

fn direction(input: usize, hidden: usize, stream: &mut RandomStream) -> LstmWeights {
    // Glorot's fan-out is one gate's, not all four side by side.
    let w = glorot(4 * hidden * input, input + hidden, stream);
    let r = (0..4).flat_map(|_| orthogonal(hidden, stream)).collect();
    let mut b = vec![0.0; 4 * hidden];
    // Gates are i, o, f, c: the third quarter is the forget gate, which begins open.
    b[2 * hidden..3 * hidden].fill(1.0);
    LstmWeights { w, r, b }
}

fn head(features: usize, seed: u64) -> Dense {
    // Its stream comes after those of four directions.
    Dense { weight: glorot(features, features + 1, &mut RandomStream::new(seed, 5)), bias: 0.0 }
}

fn glorot(count: usize, fans: usize, stream: &mut RandomStream) -> Vec<f32> {
    let limit = (6.0 / fans as f64).sqrt();
    (0..count).map(|_| ((2.0 * stream.uniform() - 1.0) * limit) as f32).collect()
}

/// An orthogonal matrix by modified Gram-Schmidt on normal rows.
fn orthogonal(size: usize, stream: &mut RandomStream) -> Vec<f32> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(size);
    while rows.len() < size {
        let mut row: Vec<f64> = (0..size).map(|_| stream.normal()).collect();
        for earlier in &rows {
            let along: f64 = row.iter().zip(earlier).map(|(a, b)| a * b).sum();
            // Modified: against what is left of the row, not against the row as drawn; that stays
            // orthogonal in floats.
            row.iter_mut().zip(earlier).for_each(|(a, b)| *a -= along * b);
        }
        // After subtraction of the earlier rows little may be left, and would be mostly rounding.
        let norm = row.iter().map(|a| a * a).sum::<f64>().sqrt();
        // A row inside the span of the earlier ones is drawn again.
        if norm > 1e-6 {
            row.iter_mut().for_each(|a| *a /= norm);
            rows.push(row);
        }
    }
    rows.into_iter().flatten().map(|a| a as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recurrent_gates_are_orthogonal() {
        let network = Network::new([9, 4], Conditioning::IDENTITY, 3);
        let gate = &network.first.backward.r[81..162];
        for i in 0..9 {
            for j in 0..9 {
                let dot: f32 = (0..9).map(|k| gate[i * 9 + k] * gate[j * 9 + k]).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((dot - expected).abs() < 1e-5, "{i} {j}: {dot}");
            }
        }
    }

    #[test]
    fn seeds_decide_everything() {
        let make = |seed| Network::new([5, 3], Conditioning::IDENTITY, seed);
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        assert_ne!(make(1).first.forward, make(1).first.backward);
        assert_eq!(make(1).second.forward.b[6..9], [1.0; 3]);
    }
}
