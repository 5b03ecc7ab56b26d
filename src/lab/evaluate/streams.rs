//! Continuous use: an owner works day after day, impostors take the mouse, all of it through the
//! agent's whole detector. Movement is given back as signals and cut again, so that what is scored
//! is what the agent would have scored.

use super::measure::window_scores;
use super::owner_windows::{JudgedSession, Sides};
use super::poisoning;
use super::results::{SessionTimeline, TimelinePoint};
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::event::Micros;
use crate::pipeline::window::cut_recording;
use crate::pipeline::{
    Adapted, Boundary, ClickSums, DecisionParams, Detector, KnownMovement, MouseEvent, MouseKind,
    PageSum, ScoreError, Scorer, Signal, Steps, Timestamp, Trigger, Verdict, Window, WindowParams,
    WindowScore,
};

/// A break longer than this is no work.
const BREAK_S: f64 = 300.0;
/// Between the owner's last window and the impostor's first.
const TAKEOVER: Micros = Micros::from_millis(1000);
/// Windows of the owner after an unlock that precede an impostor: the day is known by then.
const WARM_UP: usize = 40;
/// An impostor has to stay for so many windows to count.
const FEWEST: usize = 30;

/// One owner's streams.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnerStreams {
    /// The owner's own windows.
    pub genuine_windows: usize,
    /// Seconds of the owner's work on the clock and of movement.
    pub genuine_s: [f64; 2],
    /// Alarms during it, each refuted by an unlock.
    pub false_alarms: usize,
    /// Locks during it, where nobody refutes the notices before them.
    pub false_locks: usize,
    /// One for each impostor session that is long enough to be noticed.
    pub impostors: Vec<ImpostorSession>,
    /// Impostor sessions with fewer windows than count.
    pub too_short: usize,
    /// How far verified work has led the model from the enrolment; none where it does not adapt.
    pub drift: Option<f64>,
}

/// One impostor session.
#[derive(Debug, Clone)]
pub(super) struct ImpostorSession {
    /// Whether the impostor is noticed who moves first after an unlock of the owner's.
    pub first_mover_noticed: bool,
    /// Whether an impostor is noticed in the end who was always first at the mouse after an unlock,
    /// day by day.
    pub noticed_in_the_end: Option<bool>,
    /// Windows, seconds of movement and seconds on the clock until the person is told.
    pub noticed: Option<[f64; 3]>,
    /// The same until the session is locked.
    pub locked: Option<[f64; 3]>,
    /// What the agent would have drawn.
    pub timeline: SessionTimeline,
}

/// The agent as it would run with an owner's model.
pub(super) struct AgentParams<'a> {
    /// How it decides.
    pub decision: DecisionParams,
    /// Half of what a refuted alarm raises the limits by is gone after so much time at the desk.
    pub half_life: Micros,
    /// How windows are cut.
    pub params: WindowParams,
    /// The movement of the enrolment: a copy of it is an alarm.
    pub own: &'a KnownMovement,
}

/// Runs an owner's test through the detector, as the agent runs it by default: following its owner,
/// and knowing recordings and programs.
pub(super) fn run(
    test: &Sides<'_>,
    scorer: &mut impl Scorer,
    agent: &AgentParams<'_>,
) -> Result<OwnerStreams> {
    let later = KnownMovement { key: agent.own.key, ..KnownMovement::default() };
    let mut life = Life { scorer, agent, adapted: None, later, by_day: Vec::new() };
    let mut streams = OwnerStreams::default();
    life.owner(&test.genuine, &mut streams)?;
    let owner = test.genuine.first().map_or("", |piece| piece.person);
    let before: Vec<&[Window]> = test
        .genuine
        .iter()
        .filter_map(|piece| piece.windows.get(..WARM_UP.min(piece.windows.len())))
        .filter(|windows| !windows.is_empty())
        .collect();
    for (at, piece) in test.impostor.iter().enumerate() {
        if piece.windows.len() < FEWEST {
            streams.too_short += 1;
            continue;
        }
        let day = at % before.len().max(1);
        let before = before.get(day).copied().unwrap_or_default();
        if let Some(known) = life.by_day.get(day).cloned() {
            (life.adapted, life.later) = known;
        }
        streams.impostors.push(life.impostor(owner, piece, before)?);
    }
    Ok(streams)
}

struct Life<'a, S> {
    scorer: &'a mut S,
    agent: &'a AgentParams<'a>,
    /// What the owner's work has made of the model.
    adapted: Option<Adapted>,
    /// The owner's verified movement since the enrolment.
    later: KnownMovement,
    /// Both at the beginning of each of the owner's sessions.
    by_day: Vec<(Option<Adapted>, KnownMovement)>,
}

impl<S: Scorer> Life<'_, S> {
    /// The agent's decision path for this stream, as far as it has adapted by now; its windows are
    /// scored together.
    fn detector(&mut self, stream: &Stream) -> Result<Detector<Given>> {
        let AgentParams { decision, half_life, params, own } = self.agent;
        let (windows, _) = cut_recording(*params, stream.signals.iter().copied());
        let mut scores = window_scores(&windows, self.scorer)?;
        stream.give_clicks(&windows, &mut scores);
        let scores = Given(scores.into_iter());
        let detector = Detector::new(*params, scores, decision.clone());
        let detector = detector.adapting(self.adapted.clone(), *half_life);
        Ok(detector.recognising(own, self.later.clone()).noticing_programs())
    }

    /// The owner's sessions, each begun by an unlock, every alarm answered by one.
    fn owner(&mut self, sessions: &[JudgedSession<'_>], streams: &mut OwnerStreams) -> Result<()> {
        let mut stream = Stream::default();
        sessions.iter().for_each(|piece| stream.add(&piece.windows, true, None));
        let mut detector = self.detector(&stream)?;
        let mut session: Vec<Verdict> = Vec::new();
        let mut standing = Standing::default();
        for signal in &stream.signals {
            if matches!(signal, Signal::Boundary { kind: Boundary::Start, .. }) {
                streams.add_work(&std::mem::take(&mut session));
            }
            let Some(verdict) = detector.push(*signal).map_err(broken)? else { continue };
            session.push(verdict);
            streams.false_locks += usize::from(standing.locks(&verdict, &detector));
            if verdict.judgement.action.is_some() {
                streams.false_alarms += 1;
                // At once: an unlock later than the next movement would begin no day.
                let unlock = Signal::Boundary { at: verdict.at, kind: Boundary::Unlocked };
                detector.push(unlock).map_err(broken)?;
            }
            self.adapted = detector.take_adapted().or(self.adapted.take());
            self.later = detector.take_later_movement().unwrap_or(std::mem::take(&mut self.later));
            if session.len() == 1 {
                self.by_day.push((self.adapted.clone(), self.later.clone()));
            }
        }
        streams.add_work(&session);
        let anchor = self.agent.decision.owner();
        streams.drift = self.adapted.as_ref().zip(anchor).map(|(a, anchor)| a.owner.drift(anchor));
        Ok(())
    }

    fn impostor(
        &mut self,
        owner: &str,
        piece: &JudgedSession<'_>,
        before: &[Window],
    ) -> Result<ImpostorSession> {
        let taken = piece.windows[0].started_at();
        let mut stream = Stream::default();
        stream.add(before, true, Some(taken));
        stream.add(&piece.windows, false, None);
        let mut detector = self.detector(&stream)?;
        let verdicts = judge(&mut detector, &stream.signals)?;
        let own = verdicts.iter().filter(|v| v.window.started_at < taken).count();
        let theirs = &verdicts[own..];
        let until = |passes: &dyn Fn(&Verdict) -> bool| {
            let at = theirs.iter().position(passes)?;
            let movement = theirs[..=at].iter().map(|v| v.window.movement().as_secs_f64()).sum();
            Some([(at + 1) as f64, movement, (theirs[at].at - taken).as_secs_f64()])
        };
        let notice = |v: &Verdict| v.judgement.decision == crate::pipeline::Decision::Intruder;
        let lock_limit = detector.decider().params().lock.limit();
        Ok(ImpostorSession {
            first_mover_noticed: self.first_mover_noticed(&piece.windows)?,
            noticed_in_the_end: self.noticed_in_the_end(&piece.windows)?,
            noticed: until(&notice),
            locked: until(&|v: &Verdict| {
                let no_hand = v.why.is_some_and(|why| why.is_no_hand());
                no_hand || lock_limit.map_or(notice(v), |limit| v.judgement.evidence >= limit)
            }),
            timeline: SessionTimeline {
                user: owner.to_owned(),
                impostor: piece.person.to_owned(),
                threshold: self.agent.decision.grouping.threshold.into(),
                points: verdicts.iter().map(|v| point(v, taken)).collect(),
            },
        })
    }

    /// Whether there is an alarm on an impostor who moves first after an unlock.
    fn first_mover_noticed(&mut self, windows: &[Window]) -> Result<bool> {
        let mut stream = Stream::default();
        stream.add(windows, true, None);
        let mut detector = self.detector(&stream)?;
        Ok(judge(&mut detector, &stream.signals)?.iter().any(|v| v.judgement.action.is_some()))
    }

    /// Whether an impostor is noticed in the end, see [`poisoning`].
    fn noticed_in_the_end(&mut self, windows: &[Window]) -> Result<Option<bool>> {
        let AgentParams { decision, half_life, .. } = self.agent;
        if decision.owner().is_none() {
            return Ok(None);
        }
        let seen = window_scores(windows, self.scorer)?;
        let stream: Vec<_> = windows.iter().map(Window::closed_at).zip(seen).collect();
        let start = (decision.clone(), self.adapted.clone(), *half_life);
        Ok(Some(poisoning::noticed_in_the_end(start, &stream)))
    }
}

impl OwnerStreams {
    fn add_work(&mut self, verdicts: &[Verdict]) {
        let [wall, movement] = worked(verdicts);
        self.genuine_windows += verdicts.len();
        self.genuine_s = [self.genuine_s[0] + wall, self.genuine_s[1] + movement];
    }
}

/// The evidence of an owner who answers no notice, so that only a lock ends an excursion.
#[derive(Debug, Default)]
struct Standing {
    sum: PageSum,
}

impl Standing {
    /// Takes the block that a verdict completed; whether it locks.
    fn locks(&mut self, verdict: &Verdict, detector: &Detector<Given>) -> bool {
        if verdict.why.is_some_and(|why| why.is_no_hand()) {
            return true;
        }
        let (Some(block), Trigger::Llr(limit)) =
            (verdict.judgement.block, detector.decider().params().lock)
        else {
            return false;
        };
        self.sum.alarms(block.into(), limit.into())
    }
}

/// Every verdict on the signals.
fn judge(detector: &mut Detector<Given>, signals: &[Signal]) -> Result<Vec<Verdict>> {
    let mut verdicts = Vec::new();
    for signal in signals {
        verdicts.extend(detector.push(*signal).map_err(broken)?);
    }
    Ok(verdicts)
}

fn point(verdict: &Verdict, taken: Timestamp) -> TimelinePoint {
    TimelinePoint {
        at_s: (verdict.at - taken).as_secs_f64(),
        score: verdict.score.get().into(),
        grouped: verdict.judgement.grouped.map(f64::from),
        evidence: verdict.judgement.evidence.into(),
        decision: verdict.judgement.decision,
    }
}

/// Scores that are there already, in the order of the windows.
struct Given(std::vec::IntoIter<WindowScore>);

impl Scorer for Given {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        let mut next = || self.0.next();
        windows
            .iter()
            .map(|_| next().ok_or_else(|| ScoreError("more windows than were cut".into())))
            .collect()
    }
}

fn broken(error: ScoreError) -> Failure {
    Failure::new(FailureKind::Internal, error.to_string())
}

/// Windows as the signals that they were cut from, and the clicks that were timed between them:
/// those were cut from presses that windows do not hold.
#[derive(Debug, Default)]
struct Stream {
    signals: Vec<Signal>,
    /// When each window begins, and the clicks that go with it.
    clicks: Vec<(Timestamp, ClickSums)>,
}

impl Stream {
    /// Adds windows as a stream of its own, behind an unlock if `unlocked`; moved in time so that they
    /// end just before `until`, if that is given.
    fn add(&mut self, windows: &[Window], unlocked: bool, until: Option<Timestamp>) {
        let (Some(first), Some(last)) = (windows.first(), windows.last()) else { return };
        let shift =
            until.map_or(Micros(0), |until| Micros((until - last.closed_at()).0 - TAKEOVER.0));
        if unlocked {
            let at = first.started_at() + shift;
            let begin = [Boundary::Start, Boundary::Unlocked];
            self.signals.extend(begin.map(|kind| Signal::Boundary { at, kind }));
        }
        for window in windows {
            let clicks = ClickSums::of(window.clicks());
            self.clicks.push((window.started_at() + shift, clicks));
            self.signals.extend(window.samples().iter().map(|sample| {
                let at = sample.at + shift;
                Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x: sample.x, y: sample.y })
            }));
        }
        let at = last.closed_at() + shift;
        self.signals.push(Signal::Boundary { at, kind: Boundary::Quiet });
    }

    /// Gives the windows that were cut from the signals the clicks that went with the same movement.
    fn give_clicks(&self, windows: &[Window], scores: &mut [WindowScore]) {
        let mut clicks = self.clicks.iter();
        for (window, seen) in windows.iter().zip(scores) {
            let mut ahead = clicks.clone();
            if let Some((_, found)) = ahead.find(|(at, _)| *at == window.started_at()) {
                seen.clicks.add(found);
                clicks = ahead;
            }
        }
    }
}

/// Seconds on the clock, breaks left out, and of movement.
fn worked(verdicts: &[Verdict]) -> [f64; 2] {
    let movement = verdicts.iter().map(|v| v.window.movement().as_secs_f64()).sum::<f64>();
    let rests = verdicts
        .windows(2)
        .map(|pair| (pair[1].window.started_at - pair[0].window.ended_at).as_secs_f64());
    let wall = movement + rests.filter(|rest| (0.0..=BREAK_S).contains(rest)).sum::<f64>();
    [wall, movement]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{
        BlockModel, GroupingParams, MarkKey, MaxAction, Score, ScoreCalibration,
    };

    /// A model that takes everybody for the owner.
    struct Trusting;

    impl Scorer for Trusting {
        fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
            Ok(vec![Score::new(0.9).into(); windows.len()])
        }
    }

    /// So many movements, no two alike; half of them too short to tell a program by.
    fn movements(count: i64) -> Vec<Window> {
        let mut state = 1_u64;
        let mut signals = Vec::new();
        for movement in 0..count {
            for step in 0..if movement % 2 == 0 { 30 } else { 9 } {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = Timestamp::from_millis(movement * 1000 + step * 8);
                let [x, y] = [state >> 40, state >> 20].map(|bits| (bits % 900) as f64);
                signals.push(Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x, y }));
            }
        }
        cut_recording(WindowParams::default(), signals).0
    }

    #[test]
    fn a_played_recording_is_noticed_as_the_agent_notices_it() {
        let windows = movements(40);
        let piece = JudgedSession { person: "b", windows: windows.as_slice().into() };
        let sides = Sides { impostor: vec![piece], ..Sides::default() };
        let decision = DecisionParams {
            max_action: MaxAction::Notify,
            cooldown_s: 60,
            grouping: GroupingParams { windows: 30, threshold: 0.5, confirm: 2 },
            model: BlockModel::Scores(ScoreCalibration { slope: 1.0, intercept: 0.0 }),
            notice: Trigger::Llr(10.0),
            lock: Trigger::Llr(15.0),
        };
        let enrolled = KnownMovement::of(MarkKey([1, 2]), &windows);
        let nothing = KnownMovement::default();
        let noticed = [&enrolled, &nothing].map(|own| {
            let decision = decision.clone();
            let params = WindowParams::default();
            let agent = AgentParams { decision, half_life: Micros(1), params, own };
            let streams = run(&sides, &mut Trusting, &agent).unwrap();
            let session = &streams.impostors[0];
            (session.noticed.is_some(), session.locked.is_some())
        });
        assert_eq!(noticed, [(true, true), (false, false)]);
    }
}
