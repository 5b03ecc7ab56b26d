//! The agent's threads without a desktop: hands that only take note, and nothing that a test does
//! not ask for.

use std::path::Path;

use crossbeam_channel::Receiver;
use mousewarden::agent::journal::Journal;
use mousewarden::agent::judge::Judge;
use mousewarden::agent::live::{Setup, SourceKind};
use mousewarden::agent::rules::Rules;
use mousewarden::agent::settings::IntakeParams;
use mousewarden::agent::{AgentOrigin, ResponderIo};
use mousewarden::error::{Failure, FailureKind};
use mousewarden::pipeline::{
    BlockModel, DecisionParams, GroupingParams, MaxAction, ScoreCalibration, Signal, Trigger,
};
use mousewarden::platform::supervisor::Supervisor;
use mousewarden::platform::{EventSource, NoticeAnswer};
use mousewarden_rig::fake::FakeDesktop as Fake;

/// Notifier and locker that take note, and a journal at this path.
///
/// # Panics
/// When the journal cannot be opened.
pub fn responder_io(
    (notifier, locker): (&Fake, &Fake),
    answers: Receiver<NoticeAnswer>,
    journal: &Path,
) -> ResponderIo {
    let locker = locker.clone();
    ResponderIo {
        notifier: Box::new(notifier.clone()),
        answers,
        locker: Box::new(move |_| Box::new(locker.clone())),
        guard: None,
        sinks: vec![Box::new(Journal::open(journal, 1 << 20).unwrap())],
        metrics: None,
        supervisor: Supervisor::default(),
    }
}

/// An agent that reads nothing anew, keeps nothing, and cannot be asked.
pub fn setup(
    (source, kind): (impl EventSource + 'static, SourceKind),
    session: Receiver<Signal>,
    judge: Judge,
    responder_io: ResponderIo,
) -> Setup {
    Setup {
        source: Box::new(source),
        kind,
        intake: IntakeParams::default(),
        session,
        judge,
        responder_io,
        recorder: None,
        reload: Box::new(|| Err(Failure::new(FailureKind::Config, "no"))),
        endpoint: None,
        presence: None,
        status_display: Box::new(|_| Box::new(())),
        saved: None,
        rules: Rules::default(),
        config: None,
        origin: AgentOrigin::default(),
        last_moment: None,
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
