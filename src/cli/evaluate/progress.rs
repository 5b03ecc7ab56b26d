//! How far an evaluation is: a bar on a terminal, a line a protocol elsewhere. On stderr only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::lab::evaluate::EvaluationProgress;

/// The bar.
pub(super) struct EvaluationBar(ProgressBar);

impl EvaluationBar {
    /// A bar that waits for its first word.
    pub(super) fn begin() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}  ~{eta}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        Self(bar)
    }

    /// Somebody's recordings are being read.
    pub(super) fn reading(&self, user: &str, of: usize) {
        self.0.set_length(of as u64);
        self.0.inc(1);
        self.0.set_message(format!("reading {user}"));
    }

    /// It went on.
    pub(super) fn tell(&self, progress: EvaluationProgress<'_>) {
        let (at, of, message) = match progress {
            EvaluationProgress::Trained(at, of) => (at, of, "models trained".to_owned()),
            EvaluationProgress::Measured(protocol, at, of) => {
                (at, of, format!("{protocol}: owners measured"))
            }
            EvaluationProgress::Figures(protocol) => (0, 0, format!("{protocol}: figures")),
        };
        if self.0.is_hidden() && of > 0 && (at == of || at % 10 == 0) {
            eprintln!("{message} {at}/{of}");
        }
        if of > 0 {
            self.0.set_length(of as u64);
            self.0.set_position(at as u64);
        }
        self.0.set_message(message);
    }

    /// It is done.
    pub(super) fn end(self) {
        self.0.finish_and_clear();
    }
}
