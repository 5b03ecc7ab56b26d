//! Continuous use: an owner works, then a stranger takes the mouse, through the agent's whole
//! detector. Movement is given back as signals and cut again; nothing is scored that the agent would
//! not have scored.

use super::material::{Piece, Sides};
use super::measure::impressions;
use super::patience;
use super::results::{Timeline, TimelinePoint};
use crate::error::{Failure, Kind, Result};
use crate::model::LoadedScorer;
use crate::pipeline::event::Micros;
use crate::pipeline::window::cut_recording;
use crate::pipeline::{
    Boundary, Decision, Detector, Impression, MouseEvent, MouseKind, Place, Policy, PolicyParams,
    ScoreError, Scorer, Signal, Steps, Timestamp, Verdict, Window, WindowParams,
};

/// A break longer than this is no work.
const BREAK_S: f64 = 300.0;
/// Between the owner's last window and the stranger's first.
const TAKEOVER: Micros = Micros::from_millis(1000);

/// One owner's streams.
#[derive(Debug, Clone, Default)]
pub(super) struct Streams {
    /// The owner's own windows.
    pub genuine_windows: usize,
    /// Seconds of the owner's work on the clock and of movement.
    pub genuine_s: [f64; 2],
    /// Alarms during it.
    pub false_alarms: usize,
    /// One for each stranger session that is long enough to be noticed.
    pub strangers: Vec<Stranger>,
    /// Stranger sessions with fewer windows than are judged together.
    pub too_short: usize,
    /// How far unlocks have led the model from the enrolment, see [`Place::strayed`]; none where it does
    /// not learn from them.
    pub strayed: Option<f64>,
}

/// One stranger session.
#[derive(Debug, Clone)]
pub(super) struct Stranger {
    /// Whether the stranger is noticed in the end who was always first at the mouse after an unlock, day
    /// by day; none where the model does not learn from that.
    pub noticed_in_the_end: Option<bool>,
    /// Windows, seconds of movement and seconds on the clock until the stranger was noticed.
    pub noticed: Option<[f64; 3]>,
    /// What the agent would have drawn.
    pub timeline: Timeline,
}

/// Runs an owner's test through the detector.
pub(super) fn run(
    test: &Sides<'_>,
    scorer: &mut LoadedScorer,
    policy: PolicyParams,
    params: WindowParams,
) -> Result<Streams> {
    let group = needed(&policy);
    let mut stage = Stage { scorer, policy, params, place: None, taught: None };
    let mut streams = Streams::default();
    for piece in &test.genuine {
        stage.owner(&piece.windows, &mut streams)?;
    }
    streams.strayed = stage.strayed();
    let before = stage.warm_up(&test.genuine)?;
    let owner = test.genuine.first().map_or("", |piece| piece.person);
    for piece in &test.impostor {
        match piece.windows.len() < group {
            true => streams.too_short += 1,
            false => streams.strangers.push(stage.stranger(owner, piece, &before)?),
        }
    }
    Ok(streams)
}

/// A stranger has to stay for so many windows to count. Where evidence piles up instead of groups,
/// as many as the largest group, so that both ways are tried on about the same strangers.
fn needed(policy: &PolicyParams) -> usize {
    policy.group_windows().unwrap_or(30)
}

struct Stage<'a> {
    scorer: &'a mut LoadedScorer,
    policy: PolicyParams,
    params: WindowParams,
    /// Where unlocks have shown the owner to be.
    place: Option<Place>,
    /// When they did last.
    taught: Option<Timestamp>,
}

impl Stage<'_> {
    /// The verdicts on a stream.
    fn verdicts(&mut self, signals: &[Signal]) -> Result<Vec<Verdict>> {
        let mut detector = self.detector(signals)?;
        judge(&mut detector, signals, None).map(|(verdicts, _)| verdicts)
    }

    /// The agent's decision path for these signals, as far as it has learnt by now; their windows are
    /// scored together.
    fn detector(&mut self, signals: &[Signal]) -> Result<Detector<Given>> {
        let (windows, _) = cut_recording(self.params, signals.iter().copied());
        let scores = Given(impressions(&windows, self.scorer)?.into_iter());
        let detector = Detector::new(self.params, scores, self.policy.clone());
        Ok(detector.with_owner_at(self.place.as_ref(), self.taught))
    }

    fn strayed(&self) -> Option<f64> {
        let anchor = self.policy.rule.likeness().filter(|likeness| likeness.days > 0.0)?;
        Some(self.place.as_ref().map_or(0.0, |place| place.strayed(anchor)))
    }

    /// Whether a stranger is noticed in the end, see [`patience`].
    fn noticed_in_the_end(&mut self, windows: &[Window]) -> Result<Option<bool>> {
        if self.strayed().is_none() {
            return Ok(None);
        }
        let seen = impressions(windows, self.scorer)?;
        let at = windows.iter().map(Window::closed_at);
        let stream: Vec<_> = at.zip(seen).collect();
        let policy = Policy::new(self.policy.clone()).with_owner_at(self.place.as_ref(), None);
        Ok(Some(patience::noticed_in_the_end(policy, &stream)))
    }

    fn owner(&mut self, windows: &[Window], streams: &mut Streams) -> Result<()> {
        let signals = signals(windows, Boundary::Unlocked, None);
        let mut detector = self.detector(&signals)?;
        let unlock = |detector: &mut Detector<Given>, at| {
            detector.push(Signal::Boundary { at, kind: Boundary::Unlocked }).map(|_| ())
        };
        let (verdicts, place) = judge(&mut detector, &signals, Some(&unlock))?;
        if let Some((at, place)) = place {
            (self.place, self.taught) = (Some(place), Some(at));
        }
        streams.genuine_windows += verdicts.len();
        streams.false_alarms += verdicts.iter().filter(|v| v.judgement.action.is_some()).count();
        let [wall, movement] = worked(&verdicts);
        streams.genuine_s = [streams.genuine_s[0] + wall, streams.genuine_s[1] + movement];
        Ok(())
    }

    /// The owner's windows that precede a stranger: one full group that is trusted, from the first
    /// session that has one. Where there is none, the stranger begins on a fresh detector.
    fn warm_up(&mut self, genuine: &[Piece<'_>]) -> Result<Vec<Window>> {
        let group = needed(&self.policy);
        for piece in genuine.iter().filter(|piece| piece.windows.len() >= group) {
            let before = &piece.windows[..group];
            let verdicts = self.verdicts(&signals(before, Boundary::Unlocked, None))?;
            if verdicts.last().is_some_and(|v| v.judgement.decision == Decision::Trusted) {
                return Ok(before.to_vec());
            }
        }
        Ok(Vec::new())
    }

    fn stranger(&mut self, owner: &str, piece: &Piece<'_>, before: &[Window]) -> Result<Stranger> {
        let taken = piece.windows[0].started_at();
        let mut stream = signals(before, Boundary::Unlocked, Some(taken));
        let theirs = signals(&piece.windows, Boundary::Start, None);
        stream.extend(theirs.into_iter().skip(usize::from(!before.is_empty())));
        let verdicts = self.verdicts(&stream)?;
        let own = verdicts.iter().filter(|v| v.window.started_at < taken).count();
        let theirs = &verdicts[own..];
        let caught = theirs.iter().position(|v| v.judgement.decision == Decision::Intruder);
        let noticed = caught.map(|at| {
            let movement = theirs[..=at].iter().map(|v| v.window.movement().as_secs_f64()).sum();
            [(at + 1) as f64, movement, (theirs[at].at - taken).as_secs_f64()]
        });
        let timeline = Timeline {
            user: owner.to_owned(),
            stranger: piece.person.to_owned(),
            threshold: self.policy.threshold().into(),
            points: verdicts.iter().map(|v| point(v, taken)).collect(),
        };
        let noticed_in_the_end = self.noticed_in_the_end(&piece.windows)?;
        Ok(Stranger { noticed_in_the_end, noticed, timeline })
    }
}

/// When and where the owner was learnt to be.
type Lesson = (Timestamp, Place);

/// What follows an alarm, where somebody can unlock.
type Unlock<'a> = dyn Fn(&mut Detector<Given>, Timestamp) -> Result<(), ScoreError> + 'a;

/// Every verdict on the signals, and when and where the owner was last learnt to be. After an alarm
/// somebody who can `unlock` has shown to be the owner.
fn judge(
    detector: &mut Detector<Given>,
    signals: &[Signal],
    unlock: Option<&Unlock<'_>>,
) -> Result<(Vec<Verdict>, Option<Lesson>)> {
    let (mut verdicts, mut place) = (Vec::new(), None);
    for signal in signals {
        let verdict = detector.push(*signal).map_err(broken)?;
        verdicts.extend(verdict);
        let alarm = verdict.is_some_and(|verdict| verdict.judgement.action.is_some());
        if let Some(unlock) = unlock.filter(|_| alarm) {
            unlock(detector, signal.at()).map_err(broken)?;
        }
        place = detector.take_learnt().map(|place| (signal.at(), place)).or(place);
    }
    Ok((verdicts, place))
}

fn point(verdict: &Verdict, taken: Timestamp) -> TimelinePoint {
    TimelinePoint {
        at_s: (verdict.at - taken).as_secs_f64(),
        score: verdict.score.get().into(),
        grouped: verdict.judgement.grouped.map(f64::from),
        decision: verdict.judgement.decision,
    }
}

/// Scores that are there already, in the order of the windows.
struct Given(std::vec::IntoIter<Impression>);

impl Scorer for Given {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<Impression>, ScoreError> {
        let mut next = || self.0.next();
        let score = |_| next().ok_or_else(|| ScoreError("more windows than were cut".into()));
        windows.iter().map(score).collect()
    }
}

fn broken(error: ScoreError) -> Failure {
    Failure::new(Kind::Internal, error.to_string())
}

/// Windows as the signals that they were cut from, behind this boundary; moved in time so that they end
/// just before `until`, if that is given.
fn signals(windows: &[Window], begin: Boundary, until: Option<Timestamp>) -> Vec<Signal> {
    let (Some(first), Some(last)) = (windows.first(), windows.last()) else { return Vec::new() };
    let shift = until.map_or(Micros(0), |until| Micros((until - last.closed_at()).0 - TAKEOVER.0));
    let start = Signal::Boundary { at: first.started_at() + shift, kind: begin };
    let moves = windows.iter().flat_map(Window::samples).map(|sample| {
        let (at, kind) = (sample.at + shift, MouseKind::Move);
        Signal::Mouse(MouseEvent { at, kind, x: sample.x, y: sample.y })
    });
    let end = Signal::Boundary { at: last.closed_at() + shift, kind: Boundary::Quiet };
    std::iter::once(start).chain(moves).chain([end]).collect()
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
