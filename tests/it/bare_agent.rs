//! The agent's threads without a desktop: hands that only take note, and nothing that a test does
//! not ask for.

use std::path::Path;

use crossbeam_channel::Receiver;
use mousewarden::agent::Hands;
use mousewarden::agent::journal::Journal;
use mousewarden::agent::judge::Judge;
use mousewarden::agent::live::{Setup, SourceKind};
use mousewarden::agent::rules::Rules;
use mousewarden::agent::settings::IntakeParams;
use mousewarden::error::{Failure, Kind};
use mousewarden::pipeline::{MeanParams, Signal};
use mousewarden::platform::supervisor::Supervisor;
use mousewarden::platform::{Answer, EventSource};
use mousewarden_rig::fake::Journal as Fake;

/// Notifier and locker that take note, and a journal at this path.
///
/// # Panics
/// When the journal cannot be opened.
pub fn hands(
    (notifier, locker): (&Fake, &Fake),
    answers: Receiver<Answer>,
    journal: &Path,
) -> Hands {
    let locker = locker.clone();
    Hands {
        notifier: Box::new(notifier.clone()),
        answers,
        locker: Box::new(move |_| Box::new(locker.clone())),
        witnesses: vec![Box::new(Journal::open(journal, 1 << 20).unwrap())],
        metrics: None,
        supervisor: Supervisor::default(),
    }
}

/// An agent that reads nothing anew, keeps nothing, and cannot be asked.
pub fn setup(
    (source, kind): (impl EventSource + 'static, SourceKind),
    session: Receiver<Signal>,
    judge: Judge,
    hands: Hands,
) -> Setup {
    Setup {
        source: Box::new(source),
        kind,
        intake: IntakeParams::default(),
        session,
        judge,
        hands,
        recorder: None,
        reload: Box::new(|| Err(Failure::new(Kind::Config, "no"))),
        door: None,
        presence: Box::new(|_| Box::new(())),
        rules: Rules::default(),
        config: None,
    }
}

/// The mean of so many windows decides, at once.
pub fn mean_of(group_windows: usize) -> MeanParams {
    MeanParams {
        group_windows,
        threshold: 0.5,
        hysteresis: 0.05,
        confirm_windows: 1,
        likeness: None,
    }
}
