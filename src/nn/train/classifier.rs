//! The same backbone in training with a softmax over many classes instead of one logit: what it
//! learns to tell many apart serves, afterwards, to tell one from all. Only the backbone is kept of
//! it.

use std::ops::Range;

use super::{TrainParams, Trainer, side};
use crate::network::{Linear, Network};

/// One batch of classes. The three slices are equally long; what goes beyond the shortest is
/// ignored, and so are empty sequences and sequences whose class is not in their range.
#[derive(Debug, Clone, Copy)]
pub struct ClassBatch<'a> {
    /// Raw steps, `(dx px, dy px, dt ms)`.
    pub sequences: &'a [&'a [[f32; 3]]],
    /// The class of each.
    pub classes: &'a [usize],
    /// The classes that each is told from, its own among them: the softmax goes over these alone.
    pub among: &'a [Range<usize>],
}

/// A network in training whose head is a softmax over classes.
#[derive(Debug)]
pub struct ClassifierTrainer(Trainer);

impl ClassifierTrainer {
    /// Starts from the backbone of `network`, whose own head takes no part.
    pub fn new(network: &Network, classes: &Linear, params: TrainParams) -> Self {
        Self(Trainer::with_head(network, Some(classes), params))
    }

    /// One step of training; gives the mean cross-entropy before the step.
    pub fn step(&mut self, batch: &ClassBatch<'_>) -> f32 {
        self.run(batch, true)
    }

    /// Loss and gradients as [`Trainer::gradients`] gives them, those of the classes beside.
    pub fn gradients(&mut self, batch: &ClassBatch<'_>) -> (f32, Network, Linear) {
        let loss = self.run(batch, false);
        let [forward, backward] = self.0.sides();
        let classes = side::export_classes(&self.0.shared, [&forward.grads, &backward.grads]);
        drop((forward, backward));
        (loss, self.0.exported_gradients(), classes)
    }

    /// The backbone as trained so far, with the running statistics and a head of zeros.
    pub fn network(&self) -> Network {
        self.0.network()
    }

    /// The classes as trained so far.
    pub fn classes(&self) -> Linear {
        let [forward, backward] = self.0.sides();
        side::export_classes(&self.0.shared, [&forward.params, &backward.params])
    }

    /// Changes the step size from the next step on.
    pub fn set_learning_rate(&mut self, rate: f32) {
        self.0.set_learning_rate(rate);
    }

    fn run(&mut self, batch: &ClassBatch<'_>, update: bool) -> f32 {
        self.0.shared.load_classes(batch, update);
        self.0.work()
    }
}
