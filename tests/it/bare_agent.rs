//! The agent's threads without a desktop: hands that only take note, and nothing that a test does
//! not ask for.

use std::path::Path;

use crossbeam_channel::Receiver;
use mousewarden::agent::journal::Journal;
use mousewarden::agent::judge::Judge;
use mousewarden::agent::live::{Setup, SourceKind};
use mousewarden::agent::rules::Rules;
use mousewarden::agent::settings::IntakeParams;
use mousewarden::agent::{Hands, Origin};
use mousewarden::error::{Failure, Kind};
use mousewarden::pipeline::{
    BlockModel, DecisionParams, GroupingParams, MaxAction, ScoreCalibration, Signal, Trigger,
};
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
        guard: None,
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
        saved: None,
        rules: Rules::default(),
        config: None,
        origin: Origin::default(),
    }
}

/// So many windows decide together by the equal error rate, at once.
pub fn by_groups_of(windows: usize, max_action: MaxAction) -> DecisionParams {
    DecisionParams {
        max_action,
        cooldown_s: 0,
        grouping: GroupingParams { windows, threshold: 0.5, confirm: 1 },
        model: BlockModel::Scores(ScoreCalibration { slope: 1.0, intercept: 0.0 }),
        notice: Trigger::Eer,
        lock: Trigger::Eer,
    }
}
