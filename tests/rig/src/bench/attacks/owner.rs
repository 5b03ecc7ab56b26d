//! One owner under attack: whose movement is known, who sat there before, and what the detector
//! makes of a presentation.

use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::protocol::{Plan, Split, WindowRange};
use mousewarden::model::{Bundle, LoadedScorer};
use mousewarden::pipeline::window::Sample;
use mousewarden::pipeline::{
    Boundary, DecisionParams, Detector, KnownMovement, MarkKey, Micros, MouseEvent, MouseKind,
    ScoreError, Scorer, Signal, Steps, Timestamp, Window, WindowParams, WindowScore,
};

use super::learnt::LearntHand;
use super::search;
use super::species::{Draw, Presentation, Species, anothers};

/// Windows of the owner after an unlock that precede a presentation.
const WARM_UP: usize = 40;
/// Between one movement and the next.
const REST: Micros = Micros::from_millis(500);
/// Between one day and the next.
const DAY: Micros = Micros::from_millis(86_400_000);

/// The path of one movement.
pub(super) type Path = Vec<Sample>;

/// What came of a presentation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// No alarm was raised.
    pub(super) accepted: bool,
    /// None would have been raised without replay detection.
    pub(super) accepted_without_replay_detection: bool,
    /// None would have been raised by the owner's model alone.
    pub(super) accepted_by_model: bool,
}

/// Whose movement an attacker may have.
#[derive(Debug, Default)]
pub(super) struct Material {
    /// The owner's enrolment.
    pub(super) enrolled: Vec<Window>,
    /// Later movement of the owner's that the agent has seen and found verified.
    pub(super) later: Vec<Window>,
    /// Later movement of the owner's that the agent has not seen.
    pub(super) unseen: Vec<Window>,
    /// Another user's.
    pub(super) impostors: Vec<Vec<Window>>,
    /// What has learnt the owner's hand.
    pub(super) learnt: Option<LearntHand>,
    /// Windows of a presentation.
    pub(super) windows: usize,
}

/// The owner.
pub(super) struct AttackedOwner<'a> {
    plan: &'a Plan,
    split: &'a Split,
    own: KnownMovement,
    scorer: LoadedScorer,
    decision: DecisionParams,
    half_life: Micros,
    material: Material,
    warm_up: Vec<Window>,
    later: KnownMovement,
}

/// A scorer that is somebody else's.
struct Lent<'a>(&'a mut LoadedScorer);

impl Scorer for Lent<'_> {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        self.0.score(windows)
    }
}

impl<'a> AttackedOwner<'a> {
    /// None with too little movement after the enrolment.
    pub(super) fn new(
        plan: &'a Plan,
        split: &'a Split,
        bundle: &Bundle,
        scorer: LoadedScorer,
        (decision, half_life): (DecisionParams, Micros),
        windows: usize,
    ) -> Option<Self> {
        let of = |ranges: &[WindowRange]| -> Vec<Window> {
            ranges.iter().flat_map(|range| plan.windows(range)).cloned().collect()
        };
        let mut later = of(&split.genuine.test);
        if later.len() < 2 * windows + WARM_UP {
            return None;
        }
        let warm_up = later.split_off(later.len() - WARM_UP);
        let unseen = later.split_off(later.len() / 2);
        let mut impostors: Vec<Vec<Window>> = Vec::new();
        for range in &split.impostor.test {
            let theirs = plan.windows(range).to_vec();
            if theirs.len() >= windows {
                impostors.push(theirs);
            }
        }
        if impostors.is_empty() {
            return None;
        }
        let enrolled = of(&split.genuine.training);
        // A model of before does not tell its movement; then it is that of the training part.
        let own = if bundle.provenance.own_movement.is_empty() {
            KnownMovement::of(MarkKey([1, split.owner as u64]), &enrolled)
        } else {
            bundle.provenance.own_movement.clone()
        };
        let known = KnownMovement::of(own.key, &later);
        let learnt = Some(LearntHand::of(&enrolled, plan.seed));
        let material = Material { enrolled, later, unseen, impostors, learnt, windows };
        Some(Self {
            plan,
            split,
            own,
            scorer,
            decision,
            half_life,
            material,
            warm_up,
            later: known,
        })
    }

    /// The owner's own later sessions, in turn, each piece behind an unlock and a warm-up of the
    /// movement before it.
    pub(super) fn genuine(&mut self, most: usize) -> Result<Vec<Outcome>> {
        let later: Vec<Window> = self
            .split
            .genuine
            .test
            .iter()
            .flat_map(|range| self.plan.windows(range))
            .cloned()
            .collect();
        let size = self.material.windows;
        let pieces: Vec<&[Window]> = later.chunks_exact(WARM_UP + size).collect();
        let step = pieces.len().div_ceil(most.max(1)).max(1);
        let mut outcomes = Vec::new();
        for (at, piece) in pieces.iter().enumerate().step_by(step) {
            let known = KnownMovement::of(self.later.key, &later[..at * (WARM_UP + size)]);
            let (before, now) = piece.split_at(WARM_UP);
            let stream = [day(before, &paths(now), Timestamp::default())].concat();
            outcomes.push(self.judge(&stream, before.len(), known)?);
        }
        Ok(outcomes)
    }

    /// Other people, who do not try anything: pieces of all of their sessions, at most so many.
    pub(super) fn impostors(&mut self, most: usize) -> Result<Vec<Outcome>> {
        let size = self.material.windows;
        let sessions = self.material.impostors.iter();
        let pieces: Vec<Vec<Path>> =
            sessions.flat_map(|windows| windows.chunks_exact(size)).map(paths).collect();
        let step = pieces.len().div_ceil(most.max(1)).max(1);
        let pieces = pieces.into_iter().step_by(step);
        pieces.map(|piece| self.present(&Presentation::one(piece))).collect()
    }

    /// One presentation of a species.
    pub(super) fn attack(&mut self, species: &Species, number: u64) -> Result<Outcome> {
        let mut draw = Draw::new(self.split.owner as u64, number, species);
        if let (Species::Searched, Some(owner)) = (species, self.decision.owner()) {
            let windows = anothers(&self.material, &mut draw);
            let paths = search::bent(windows, owner, &mut self.scorer, &mut draw)?;
            return self.present(&Presentation::one(paths));
        }
        let presentation = species.make(&self.material, &mut draw);
        self.present(&presentation)
    }

    fn present(&mut self, presentation: &Presentation) -> Result<Outcome> {
        let warm_up = if presentation.first_mover { Vec::new() } else { self.warm_up.clone() };
        let mut stream = Vec::new();
        for (number, paths) in (0..).zip(&presentation.days) {
            let at = Timestamp::from_micros(DAY.0 * number);
            stream.extend(day(&warm_up, paths, at));
        }
        self.judge(&stream, warm_up.len(), self.later.clone())
    }

    fn judge(&mut self, stream: &[Signal], own: usize, later: KnownMovement) -> Result<Outcome> {
        let by_model = self.accepts(stream, own, None, false)?;
        let without = by_model && self.accepts(stream, own, None, true)?;
        let by_all = without && self.accepts(stream, own, Some(later), true)?;
        Ok(Outcome {
            accepted: by_all,
            accepted_without_replay_detection: without,
            accepted_by_model: by_model,
        })
    }

    /// Whether no alarm is raised after the first windows of each day, which are the owner's.
    fn accepts(
        &mut self,
        stream: &[Signal],
        own: usize,
        later: Option<KnownMovement>,
        programs: bool,
    ) -> Result<bool> {
        let params = WindowParams::default();
        let enrolled = &self.own;
        let mut detector = Detector::new(params, Lent(&mut self.scorer), self.decision.clone())
            .adapting(None, self.half_life);
        if let Some(later) = later {
            detector = detector.recognising(enrolled, later);
        }
        if programs {
            detector = detector.noticing_programs();
        }
        let mut seen = 0;
        for signal in stream {
            if let Signal::Boundary { kind: Boundary::Unlocked, .. } = signal {
                seen = 0;
            }
            let verdict = detector.push(*signal);
            let verdict =
                verdict.map_err(|e| Failure::new(FailureKind::Internal, e.to_string()))?;
            seen += usize::from(verdict.is_some());
            if seen > own && verdict.is_some_and(|verdict| verdict.judgement.action.is_some()) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The paths of windows.
pub(super) fn paths(windows: &[Window]) -> Vec<Path> {
    windows.iter().map(|window| window.samples().to_vec()).collect()
}

/// A day: an unlock, the owner's windows, then what is presented, one movement after another.
fn day(warm_up: &[Window], presented: &[Path], begin: Timestamp) -> Vec<Signal> {
    let boundary = |kind| Signal::Boundary { at: begin, kind };
    let mut signals = vec![boundary(Boundary::Start), boundary(Boundary::Unlocked)];
    let mut at = begin;
    for path in paths(warm_up).iter().chain(presented) {
        let (Some(first), Some(last)) = (path.first(), path.last()) else { continue };
        let begins = at + REST;
        signals.extend(path.iter().map(|sample| {
            let at = begins + (sample.at - first.at);
            Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x: sample.x, y: sample.y })
        }));
        at = begins + (last.at - first.at);
    }
    signals.push(Signal::Boundary { at: at + REST, kind: Boundary::Quiet });
    signals
}
