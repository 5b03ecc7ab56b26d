//! Training: one step is forward, loss, backward and Adam on one packed batch. The two directions
//! of both layers are the two halves of the work; the result is the same bits on any number of
//! threads. Epochs, splits and early stopping belong to the caller.

mod classifier;
mod gate;
pub(super) mod head;
mod layout;
mod phases;
mod side;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::kernel::Kernel;
use super::network::{Linear, Network};
pub use classifier::{ClassBatch, ClassifierTrainer};
use phases::{PHASES, Shared};
use side::Side;

/// Settings of the optimiser.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainParams {
    /// Step size of Adam; [`Trainer::set_learning_rate`] changes it on the way.
    pub learning_rate: f32,
    /// Decay of Adam's mean and squared gradients.
    pub betas: [f32; 2],
    /// Added to the root of the squared gradients.
    pub epsilon: f32,
    /// Largest norm of the whole gradient; longer ones are shortened.
    pub clip_norm: f32,
    /// Share of first-layer outputs that are dropped, 0..=0.95.
    pub dropout: f32,
    /// How much of the running statistics a step keeps, once enough steps are averaged.
    pub norm_momentum: f32,
    /// Threads: 1, or 2 for anything above.
    pub threads: usize,
    /// Seed of dropout.
    pub seed: u64,
    /// The instruction set.
    pub kernel: Kernel,
}

impl Default for TrainParams {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            betas: [0.9, 0.999],
            epsilon: 1e-7,
            clip_norm: 1.0,
            dropout: 0.2,
            norm_momentum: 0.98,
            threads: 2,
            seed: 1,
            kernel: Kernel::best(),
        }
    }
}

/// One batch. The three slices are equally long; what goes beyond the shortest is ignored, and so
/// are empty sequences.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Raw steps, `(dx px, dy px, dt ms)`.
    pub sequences: &'a [&'a [[f32; 3]]],
    /// 1 genuine, 0 impostor; anything between is a soft label.
    pub labels: &'a [f32],
    /// Weight of each sequence in the loss: class weight times sample weight.
    pub weights: &'a [f32],
}

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    shared: Arc<Shared>,
    worker: Option<JoinHandle<()>>,
}

impl Trainer {
    /// Starts from `network`; with two threads one waits, asleep, between steps. Where the system
    /// refuses a second thread, the first does all the work.
    pub fn new(network: Network, params: TrainParams) -> Self {
        Self::with_head(&network, None, params)
    }

    fn with_head(network: &Network, classes: Option<&Linear>, params: TrainParams) -> Self {
        let threads = params.threads;
        let shared = Arc::new(Shared::new(network, classes, params));
        let worker = if threads > 1 { spawn(Arc::clone(&shared)) } else { None };
        Self { shared, worker }
    }

    /// One step of training; gives the weighted mean cross-entropy before the step. A batch without
    /// any weight gives 0 and moves nothing but the running statistics.
    pub fn step(&mut self, batch: &Batch<'_>) -> f32 {
        self.run(batch, true)
    }

    /// Loss and gradients on one batch as training would see it (batch statistics, dropout of the
    /// next step), without a step. The gradients come in the shape of a network; its conditioning
    /// and running statistics are zero.
    pub fn gradients(&mut self, batch: &Batch<'_>) -> (f32, Network) {
        let loss = self.run(batch, false);
        (loss, self.exported_gradients())
    }

    fn exported_gradients(&self) -> Network {
        let [forward, backward] = self.sides();
        side::export(&self.shared, [&forward.grads, &backward.grads], None)
    }

    /// The network as trained so far, with the running statistics.
    pub fn network(&self) -> Network {
        let [forward, backward] = self.sides();
        let running = [&forward.running, &backward.running];
        side::export(&self.shared, [&forward.params, &backward.params], Some(running))
    }

    /// Changes the step size from the next step on.
    pub fn set_learning_rate(&mut self, rate: f32) {
        for mut side in self.sides() {
            side.learning_rate = rate;
        }
    }

    fn sides(&self) -> [MutexGuard<'_, Side>; 2] {
        [0, 1].map(|index| lock(&self.shared.sides[index]))
    }

    fn run(&mut self, batch: &Batch<'_>, update: bool) -> f32 {
        self.shared.load(batch, update);
        self.work()
    }

    /// All phases on the loaded batch; the loss.
    fn work(&mut self) -> f32 {
        match &self.worker {
            Some(_) => self.run_halves(),
            None => {
                let [mut forward, mut backward] = self.sides();
                for phase in PHASES {
                    phase(&mut forward, &self.shared);
                    phase(&mut backward, &self.shared);
                }
            }
        }
        self.shared.loss()
    }

    /// Does the forward directions here while the worker does the backward ones.
    fn run_halves(&mut self) {
        let fine = {
            let mut forward = lock(&self.shared.sides[0]);
            self.shared.gate.pass() && half_step(&mut forward, &self.shared)
        };
        if !fine
            && let Some(worker) = self.worker.take()
            && let Err(reason) = worker.join()
        {
            std::panic::resume_unwind(reason);
        }
    }
}

impl Drop for Trainer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(worker) = self.worker.take() {
            self.shared.gate.pass();
            // A worker that failed has been reported by the step that it failed.
            let _ = worker.join();
        }
    }
}

fn spawn(shared: Arc<Shared>) -> Option<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("train".into())
        .spawn(move || {
            let _breaks = shared.gate.break_on_panic();
            while shared.gate.pass() && !shared.stop.load(Ordering::Acquire) {
                if !half_step(&mut lock(&shared.sides[1]), &shared) {
                    return;
                }
            }
        })
        .ok()
}

/// All phases of one half, with the other half in step; false if the other half has failed.
fn half_step(side: &mut Side, shared: &Shared) -> bool {
    let _breaks = shared.gate.break_on_panic();
    PHASES.iter().all(|phase| {
        phase(side, shared);
        shared.gate.pass()
    })
}

/// A failed half leaves numbers, not broken memory: its lock stays usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
