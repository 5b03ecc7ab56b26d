//! Measures spans for the benchmarks: the clock on the wall and the processor time of this process.
//!
//! # Invariants
//! Nothing that decides about a person may ask it.

use std::time::{Duration, Instant};

/// How long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lap {
    /// Time that passed.
    pub wall: Duration,
    /// Time that this process's threads ran, where the system tells.
    pub processor: Option<Duration>,
}

/// A running measurement.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    wall: Instant,
    processor: Option<Duration>,
}

impl Stopwatch {
    /// Starts measuring.
    pub fn start() -> Self {
        // The processor's time first, so that reading the clock counts in neither.
        Self { processor: processor_time(), wall: Instant::now() }
    }

    /// What has passed since the start.
    pub fn lap(&self) -> Lap {
        let wall = self.wall.elapsed();
        Lap {
            wall,
            processor: self
                .processor
                .and_then(|start| processor_time().map(|now| now.saturating_sub(start))),
        }
    }
}

#[cfg(unix)]
fn processor_time() -> Option<Duration> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(now.tv_sec.try_into().ok()?, now.tv_nsec.try_into().ok()?))
}

#[cfg(not(unix))]
fn processor_time() -> Option<Duration> {
    None
}
