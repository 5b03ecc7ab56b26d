//! Decisions: grouped scores, evidence, limits, actions and boundaries, in event time alone.

use mousewarden::lab::synthesis::{Device, Pauses, SyntheticUser};
use mousewarden::pipeline::{
    Action, BlockModel, Boundary, Decider, Decision, DecisionParams, Detector, EmbeddingCovariance,
    GroupMean, GroupingParams, MaxAction, Micros, MouseEvent, MouseKind, OwnerModel, Score,
    ScoreCalibration, ScoreError, Scorer, Signal, Steps, Timestamp, Trigger, Verdict, WindowParams,
    WindowScore,
};

/// Ten scores of 0.1 say 10 ln 9 = 22 nats against the owner, of which a block may say 8.
const SCORES: BlockModel = BlockModel::Scores(ScoreCalibration { slope: 1.0, intercept: 0.0 });

/// The rule of the equal error rate.
const PARAMS: DecisionParams = DecisionParams {
    max_action: MaxAction::Lock,
    cooldown_s: 60,
    grouping: GroupingParams { windows: 3, threshold: 0.5, confirm: 2 },
    model: SCORES,
    notice: Trigger::Eer,
    lock: Trigger::Eer,
};

fn eer() -> Decider {
    Decider::new(PARAMS)
}

/// By evidence: two bad blocks are a notice, three a lock.
fn by_evidence() -> Decider {
    Decider::new(DecisionParams { notice: Trigger::Llr(12.0), lock: Trigger::Llr(20.0), ..PARAMS })
}

/// One score a second, from second `from` on.
fn feed(decider: &mut Decider, from: i64, scores: &[f32]) -> Vec<(Decision, Option<Action>)> {
    let mut seen = Vec::new();
    for (second, score) in (from..).zip(scores) {
        let at = Timestamp::from_millis(1000 * second);
        let judgement = decider.update(at, Score::new(*score));
        seen.push((judgement.decision, judgement.action));
    }
    seen
}

fn boundary(decider: &mut Decider, second: i64, kind: Boundary) {
    decider.boundary(Timestamp::from_millis(1000 * second), kind);
}

#[test]
fn says_nothing_until_the_group_is_full() {
    let mut decider = eer();
    let first = decider.update(Timestamp::default(), Score::new(0.0));
    assert_eq!((first.grouped, first.decision, first.action), (None, Decision::Trusted, None));
    feed(&mut decider, 1, &[0.0]);
    assert_eq!(decider.update(Timestamp::default(), Score::new(0.3)).grouped, Some(0.1));
}

#[test]
fn by_the_equal_error_rate_another_user_is_suspicious_first_and_an_intruder_when_it_lasts() {
    let seen = feed(&mut eer(), 0, &[0.2; 4]);
    assert_eq!(seen[2], (Decision::Suspicious, None));
    assert_eq!(seen[3], (Decision::Intruder, Some(Action::Lock)));
}

#[test]
fn exactly_at_the_threshold_is_not_below_it() {
    let seen = feed(&mut eer(), 0, &[0.5; 5]);
    assert!(seen.iter().all(|state| *state == (Decision::Trusted, None)));
}

#[test]
fn a_group_is_judged_by_its_embedding_where_the_model_has_one() {
    let covariance = EmbeddingCovariance {
        between_user: vec![1.0],
        between_session: vec![0.01],
        within_session: vec![1.0],
    };
    let owner = OwnerModel::of(&covariance, &[200.0], 100, 3.0);
    let model = BlockModel::Embedding(Box::new(owner.clone()));
    let mut decider = Decider::new(DecisionParams { model, ..PARAMS });
    let mut see = |second: i64, number: f32| {
        // Single scores that say the opposite: they do not count.
        let score = Score::new(if number > 0.0 { 0.0 } else { 1.0 });
        let seen = WindowScore::of_movement(score, vec![number]);
        decider.update(Timestamp::from_millis(second * 1000), seen)
    };
    let own: Vec<_> = [2.5, 1.0, 2.5].into_iter().zip(0..).map(|(x, at)| see(at, x)).collect();
    assert_eq!(own[1].grouped, None);
    let mean = GroupMean { embedding: vec![2.0], ..GroupMean::default() };
    assert_eq!(own[2].grouped, Some(owner.score(&mean, 3).get()));
    assert_eq!(own[2].decision, Decision::Trusted);
    let other: Vec<_> = (3..7).map(|at| see(at, -1.0).decision).collect();
    assert_eq!(other.last(), Some(&Decision::Intruder));
}

#[test]
fn by_the_equal_error_rate_it_acts_once_a_cooldown_in_event_time() {
    let seen = feed(&mut eer(), 0, &[0.0; 70]);
    let acted: Vec<usize> = (0..70).filter(|i| seen[*i].1.is_some()).collect();
    assert_eq!(acted, [3, 63]);
}

#[test]
fn the_greatest_action_is_as_far_as_it_goes() {
    for (max_action, action) in [
        (MaxAction::Log, Action::Log),
        (MaxAction::Notify, Action::Notify),
        (MaxAction::Lock, Action::Lock),
    ] {
        let mut decider = Decider::new(DecisionParams { max_action, ..PARAMS });
        assert_eq!(feed(&mut decider, 0, &[0.0; 4])[3].1, Some(action));
    }
}

#[test]
fn evidence_makes_a_suspicion_then_a_notice_once_and_then_a_lock_again_and_again() {
    let seen = feed(&mut by_evidence(), 0, &[0.1; 100]);
    let acted: Vec<_> = (0..100).filter_map(|i| seen[i].1.map(|action| (i, action))).collect();
    assert_eq!(acted, [(19, Action::Notify), (29, Action::Lock), (89, Action::Lock)]);
    assert_eq!((seen[9].0, seen[19].0), (Decision::Suspicious, Decision::Intruder));
}

#[test]
fn a_low_group_is_a_suspicion_and_bothers_nobody() {
    let seen = feed(&mut by_evidence(), 0, &[0.9, 0.9, 0.9, 0.9, 0.2, 0.2, 0.2, 0.9, 0.9]);
    assert_eq!(seen[6], (Decision::Suspicious, None));
    assert_eq!(seen[8], (Decision::Trusted, None), "it recovers");
}

#[test]
fn the_owner_who_returns_is_trusted_again_from_whatever_evidence() {
    let mut decider = by_evidence();
    feed(&mut decider, 0, &[0.0; 500]);
    let seen = feed(&mut decider, 500, &[0.9; 60]);
    assert_eq!(seen.last(), Some(&(Decision::Trusted, None)));
}

#[test]
fn evidence_outlives_every_boundary_but_a_proven_unlock() {
    for kind in [
        Boundary::Quiet,
        Boundary::Start,
        Boundary::Locked,
        Boundary::Suspended,
        Boundary::Overflow,
        Boundary::DeviceChanged,
    ] {
        let mut decider = by_evidence();
        let mut alarm = None;
        for window in 0..40 {
            if window % 8 == 0 {
                boundary(&mut decider, window, kind);
            }
            alarm = alarm.or(feed(&mut decider, window, &[0.1])[0].1.map(|_| window));
        }
        assert_eq!(alarm, Some(19), "{kind:?}");
    }
    let mut decider = by_evidence();
    feed(&mut decider, 0, &[0.1; 19]);
    boundary(&mut decider, 19, Boundary::Unlocked);
    assert_eq!((decider.evidence(), decider.decision()), (0.0, Decision::Trusted));
    assert!(feed(&mut decider, 20, &[0.1; 19]).iter().all(|state| state.1.is_none()));
}

#[test]
fn many_interruptions_are_suspicious_until_a_proven_unlock() {
    let mut decider = by_evidence();
    for n in 0..3 {
        feed(&mut decider, 10 * n, &[0.9]);
        boundary(&mut decider, 10 * n + 1, Boundary::DeviceChanged);
    }
    assert_eq!(decider.decision(), Decision::Trusted);
    feed(&mut decider, 39, &[0.9]);
    boundary(&mut decider, 40, Boundary::Suspended);
    assert!(decider.is_interrupted());
    assert_eq!(feed(&mut decider, 41, &[0.9; 5])[4], (Decision::Suspicious, None));
    boundary(&mut decider, 60, Boundary::Unlocked);
    assert!(!decider.is_interrupted());
}

#[test]
fn movement_that_cannot_be_judged_is_a_suspicion_then_a_notice_and_then_a_lock() {
    let mut decider = by_evidence();
    let mut see = |second: i64| {
        let at = Timestamp::from_millis(1000 * second);
        decider.unjudged(at, Micros::from_millis(1000))
    };
    let acted: Vec<_> = (1..=20).filter_map(|n| see(n).map(|action| (n, action))).collect();
    assert_eq!(acted, [(10, Action::Notify), (20, Action::Lock)]);
    assert_eq!(decider.decision(), Decision::Intruder);
    boundary(&mut decider, 30, Boundary::Unlocked);
    assert_eq!(decider.decision(), Decision::Trusted);
}

/// Never asked: nothing here makes a window.
struct NeverAsked;

impl Scorer for NeverAsked {
    fn score(&mut self, _: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        panic!("a window was cut");
    }
}

#[test]
fn somebody_who_moves_in_pieces_too_short_to_be_judged_is_told_of_and_locked_out() {
    let decision = by_evidence().params().clone();
    // Lone jumps, and strokes of four steps.
    for steps in [1, 5] {
        let mut detector = Detector::new(WindowParams::default(), NeverAsked, decision.clone());
        let mut acted = Vec::new();
        for stroke in 0..200 {
            for step in 0..steps {
                let at = Timestamp::from_millis(500 * stroke + 10 * step);
                let x = (10 * stroke + step) as f64;
                let event = MouseEvent { at, kind: MouseKind::Move, x, y: 0.0 };
                detector.push(Signal::Mouse(event)).unwrap();
            }
            acted.extend(detector.take_fragment_action().map(|action| (stroke, action)));
        }
        assert_eq!(acted, [(100, Action::Notify), (150, Action::Lock)], "{steps} positions");
        let at = Timestamp::from_millis(200_000);
        detector.push(Signal::Boundary { at, kind: Boundary::Unlocked }).unwrap();
        assert_eq!(detector.decider().decision(), Decision::Trusted);
    }
}

#[test]
fn an_unknown_device_is_judged_and_suspicious_until_a_password_is_given() {
    let mut decider = by_evidence();
    decider.unknown_device();
    assert_eq!(feed(&mut decider, 0, &[0.9; 30])[29], (Decision::Suspicious, None));
    boundary(&mut decider, 31, Boundary::Unlocked);
    assert_eq!(feed(&mut decider, 32, &[0.9; 5])[4], (Decision::Trusted, None));
}

#[test]
fn a_restart_within_the_session_changes_nothing() {
    let scores: Vec<f32> = (0..60).map(|n| if n % 3 == 0 { 0.6 } else { 0.05 }).collect();
    let whole = feed(&mut by_evidence(), 0, &scores);
    let mut seen = Vec::new();
    let mut decider = by_evidence();
    for (second, score) in scores.iter().enumerate() {
        let saved = serde_json::to_string(decider.state()).unwrap();
        decider = by_evidence().resumed(serde_json::from_str(&saved).unwrap());
        seen.extend(feed(&mut decider, second as i64, &[*score]));
    }
    assert_eq!(seen, whole);
}

#[test]
fn values_that_cannot_work_are_named() {
    let with = |params: DecisionParams| params.validate().unwrap_err();
    let grouping = GroupingParams { windows: 0, ..PARAMS.grouping };
    assert!(with(DecisionParams { grouping, ..PARAMS }).contains("group_windows = 0"));
    let notice = Trigger::Llr(0.0);
    assert!(with(DecisionParams { notice, ..PARAMS }).contains("limit of a notice = 0"));
    let model = BlockModel::Scores(ScoreCalibration { slope: -1.0, intercept: 0.0 });
    assert!(with(DecisionParams { model, ..PARAMS }).contains("slope = -1"));
    assert!(PARAMS.validate().is_ok());
}

/// Scores by length alone, and fails on request.
struct ByLength {
    broken: bool,
}

impl Scorer for ByLength {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        if self.broken {
            return Err(ScoreError("out of order".into()));
        }
        Ok(windows.iter().map(|steps| Score::new(steps.len() as f32 / 10.0).into()).collect())
    }
}

/// Gives every window this score.
struct Fixed(Score);

impl Scorer for Fixed {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        Ok(windows.iter().map(|_| self.0.into()).collect())
    }
}

fn stroke(from_ms: i64, moves: i64) -> impl Iterator<Item = Signal> {
    (0..moves).map(move |i| {
        let at = Timestamp::from_millis(from_ms + 10 * i);
        Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x: at.micros() as f64, y: 0.0 })
    })
}

#[test]
fn a_window_becomes_a_verdict_without_coordinates() {
    let mut detector = Detector::new(WindowParams::default(), ByLength { broken: false }, PARAMS);
    let early: Vec<_> = stroke(0, 9).filter_map(|s| detector.push(s).unwrap()).collect();
    assert!(early.is_empty());
    let at = detector.segmenter().quiet_at().unwrap();
    let verdict = detector.push(Signal::Boundary { at, kind: Boundary::Quiet }).unwrap().unwrap();
    assert_eq!(verdict.score, Score::new(0.8));
    assert_eq!(verdict.at, Timestamp::from_millis(80 + 250));
    assert_eq!(verdict.window.movement().as_secs_f64(), 0.08);
}

#[test]
fn the_window_that_a_lock_cuts_is_judged_before_the_lock() {
    let mut detector = Detector::new(WindowParams::default(), ByLength { broken: false }, PARAMS);
    stroke(0, 9).for_each(|s| assert!(detector.push(s).unwrap().is_none()));
    let at = Timestamp::from_millis(100);
    let verdict = detector.push(Signal::Boundary { at, kind: Boundary::Locked }).unwrap();
    assert!(verdict.is_some());
    assert_eq!(detector.decider().filled(), 1);
}

#[test]
fn a_broken_model_is_an_error_and_never_a_decision() {
    let mut detector = Detector::new(WindowParams::default(), ByLength { broken: true }, PARAMS);
    stroke(0, 9).for_each(|s| assert!(detector.push(s).unwrap().is_none()));
    let at = Timestamp::from_millis(900);
    assert!(detector.push(Signal::Boundary { at, kind: Boundary::Quiet }).is_err());
    assert_eq!(
        (detector.decider().filled(), detector.decider().decision()),
        (0, Decision::Trusted)
    );
}

#[test]
fn a_recording_that_is_played_is_an_alarm_whatever_it_scores_until_an_unlock() {
    let mut decider = by_evidence();
    assert_eq!(feed(&mut decider, 0, &[0.9; 20]).last(), Some(&(Decision::Trusted, None)));
    decider.no_hand();
    let seen = feed(&mut decider, 20, &[0.9; 30]);
    assert_eq!(seen[0], (Decision::Intruder, Some(Action::Lock)));
    assert!(seen.iter().all(|(decision, _)| *decision == Decision::Intruder));
    boundary(&mut decider, 50, Boundary::Unlocked);
    assert_eq!(feed(&mut decider, 51, &[0.9])[0], (Decision::Trusted, None));
}

#[test]
fn a_recording_is_told_once_even_of_somebody_who_was_told_of_before() {
    let params =
        DecisionParams { max_action: MaxAction::Notify, notice: Trigger::Llr(12.0), ..PARAMS };
    let mut decider = Decider::new(DecisionParams { lock: Trigger::Llr(20.0), ..params });
    feed(&mut decider, 0, &[0.1; 40]);
    let acted = |decider: &mut Decider, from| {
        decider.no_hand();
        feed(decider, from, &[0.1; 3]).iter().filter(|(_, action)| action.is_some()).count()
    };
    assert_eq!((acted(&mut decider, 40), acted(&mut decider, 43)), (1, 0));
}

/// Hands that repeat one task are as even.
#[test]
fn a_programs_strokes_are_told_as_such_where_the_model_is_suspicious() {
    for (score, noticed) in [(0.9, false), (0.4, true)] {
        let notice = Trigger::Llr(60.0);
        let params = DecisionParams { notice, lock: notice, ..PARAMS };
        let scorer = Fixed(Score::new(score));
        let mut detector =
            Detector::new(WindowParams::default(), scorer, params).noticing_programs();
        let signals = (0..100).flat_map(|n| stroke(1_000 * n, 20));
        let mut verdicts = signals.filter_map(|signal| detector.push(signal).unwrap());
        let alarm = verdicts.find(|verdict| verdict.judgement.action.is_some());
        assert_eq!(alarm.is_some(), noticed, "{score}");
        if let Some(Verdict { judgement, why, .. }) = alarm {
            assert!((30.0..60.0).contains(&judgement.evidence), "{judgement:?}");
            assert_eq!(why.map(|why| (why.generated, why.copies)), Some((20, 0)));
            assert_eq!(judgement.decision, Decision::Intruder);
        }
    }
}

/// They stand for owners in tests and demonstrations, which an alarm of their own would spoil.
#[test]
fn synthetic_users_are_not_taken_for_programs() {
    let device = Device::steady(125.0, [1280, 800]);
    for seed in 1..=12 {
        let start = Timestamp::from_millis(5000);
        let moves = SyntheticUser::generate(seed).moves(&device, 0, start, Pauses::AtMost(0.6));
        let scorer = Fixed(Score::new(0.9));
        let mut detector =
            Detector::new(WindowParams::default(), scorer, PARAMS).noticing_programs();
        let signals = moves.take(12_000).map(Signal::Mouse);
        let mut verdicts = signals.filter_map(|signal| detector.push(signal).unwrap());
        let alarm = verdicts.find(|verdict| verdict.judgement.action.is_some());
        assert_eq!(alarm, None, "user {seed}");
    }
}
