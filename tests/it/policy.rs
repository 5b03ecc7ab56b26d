//! Decisions: thresholds, hysteresis, cooldown and boundaries, in event time alone.

use mousewarden::pipeline::{
    Action, Boundary, CusumParams, Decision, Detector, Evidence, Impression, Ladder, Likeness,
    Mean, MeanParams, MouseEvent, MouseKind, Policy, PolicyParams, RuleParams, Score, ScoreError,
    Scorer, Signal, Steps, Timestamp, TraitSpread, WindowParams,
};

const PARAMS: PolicyParams =
    PolicyParams { ladder: Ladder::Lock, cooldown_s: 60, rule: RuleParams::Mean(MEAN) };

const MEAN: MeanParams = MeanParams {
    group_windows: 3,
    threshold: 0.5,
    hysteresis: 0.1,
    confirm_windows: 2,
    likeness: None,
};

/// One nat for each unit of log-odds: a score of 0.1 adds ln 9 = 2.197 nats against the owner.
const CUSUM: CusumParams =
    CusumParams { evidence: Evidence { slope: 1.0, intercept: 0.0 }, limit: 6.0 };

fn cusum() -> Policy {
    Policy::new(PolicyParams { rule: RuleParams::Cusum(CUSUM), ..PARAMS })
}

/// One score a second, from second `from` on.
fn feed(policy: &mut Policy, from: i64, scores: &[f32]) -> Vec<(Decision, Option<Action>)> {
    let at = |i: usize| Timestamp::from_millis((from + i as i64) * 1000);
    let judge = |(i, score): (usize, &f32)| {
        let judgement = policy.update(at(i), Score::new(*score));
        (judgement.decision, judgement.action)
    };
    scores.iter().enumerate().map(judge).collect()
}

#[test]
fn says_nothing_until_the_group_is_full() {
    let mut policy = Policy::new(PARAMS);
    let first = policy.update(Timestamp::default(), Score::new(0.0));
    assert_eq!((first.grouped, first.decision, first.action), (None, Decision::Trusted, None));
    feed(&mut policy, 1, &[0.0]);
    assert_eq!(policy.update(Timestamp::default(), Score::new(0.3)).grouped, Some(0.1));
}

#[test]
fn a_stranger_is_suspicious_first_and_an_intruder_when_it_lasts() {
    let seen = feed(&mut Policy::new(PARAMS), 0, &[0.2; 4]);
    assert_eq!(seen[2], (Decision::Suspicious, None));
    assert_eq!(seen[3], (Decision::Intruder, Some(Action::Lock)));
}

#[test]
fn exactly_at_the_threshold_is_not_below_it() {
    let seen = feed(&mut Policy::new(PARAMS), 0, &[0.5; 5]);
    assert!(seen.iter().all(|state| *state == (Decision::Trusted, None)));
}

#[test]
fn a_group_is_judged_by_its_traits_where_the_model_knows_them() {
    let spread = TraitSpread { between: vec![1.0], shift: vec![0.01], within: vec![1.0] };
    let likeness = Likeness::of(&spread, &[200.0], 100, 3.0);
    let params = MeanParams { likeness: Some(Box::new(likeness.clone())), ..MEAN };
    let mut policy = Policy::new(PolicyParams { rule: RuleParams::Mean(params), ..PARAMS });
    let mut see = |second: i64, trait_: f32| {
        // Single scores that say the opposite: they do not count.
        let score = Score::new(if trait_ > 0.0 { 0.0 } else { 1.0 });
        let impression = Impression { score, traits: vec![trait_] };
        policy.update(Timestamp::from_millis(second * 1000), impression)
    };
    let own: Vec<_> = [2.5, 1.0, 2.5].into_iter().zip(0..).map(|(x, at)| see(at, x)).collect();
    assert_eq!(own[1].grouped, None);
    assert_eq!(
        own[2].grouped,
        Some(likeness.score(&Mean { traits: vec![2.0], log_odds: 0.0 }, 3).get())
    );
    assert_eq!(own[2].decision, Decision::Trusted);
    let strange: Vec<_> = (3..7).map(|at| see(at, -1.0).decision).collect();
    assert_eq!(strange.last(), Some(&Decision::Intruder));
}

#[test]
fn trust_returns_only_beyond_the_hysteresis() {
    let mut policy = Policy::new(PARAMS);
    feed(&mut policy, 0, &[0.2; 4]);
    let seen = feed(&mut policy, 4, &[0.55; 3]);
    assert_eq!(seen[2].0, Decision::Suspicious);
    let seen = feed(&mut policy, 7, &[0.75; 3]);
    assert_eq!(seen[2].0, Decision::Trusted);
}

#[test]
fn acts_once_a_cooldown_in_event_time() {
    let mut policy = Policy::new(PARAMS);
    let seen = feed(&mut policy, 0, &[0.0; 70]);
    let acted: Vec<usize> = (0..70).filter(|i| seen[*i].1.is_some()).collect();
    assert_eq!(acted, [3, 63]);
}

#[test]
fn the_ladder_decides_how_far_to_go() {
    for (ladder, action) in
        [(Ladder::Log, Action::Log), (Ladder::Notify, Action::Notify), (Ladder::Lock, Action::Lock)]
    {
        let mut policy = Policy::new(PolicyParams { ladder, ..PARAMS });
        assert_eq!(feed(&mut policy, 0, &[0.0; 4])[3].1, Some(action));
    }
}

#[test]
fn scores_do_not_cross_a_lock_and_an_unlock_restores_trust() {
    let mut policy = Policy::new(PARAMS);
    feed(&mut policy, 0, &[0.0; 4]);
    policy.boundary(Boundary::Locked);
    assert_eq!((policy.filled(), policy.decision()), (0, Decision::Intruder));
    policy.boundary(Boundary::Unlocked);
    assert_eq!(policy.decision(), Decision::Trusted);
    let seen = feed(&mut policy, 5, &[0.9, 0.9, 0.0]);
    assert_eq!(seen[2], (Decision::Trusted, None));
}

#[test]
fn a_pause_is_no_boundary_between_people() {
    let mut policy = Policy::new(PARAMS);
    feed(&mut policy, 0, &[0.2; 2]);
    policy.boundary(Boundary::Quiet);
    assert_eq!(policy.filled(), 2);
}

#[test]
fn evidence_piles_up_to_suspicion_and_alarm() {
    let mut policy = cusum();
    let seen = feed(&mut policy, 0, &[0.9, 0.9, 0.1, 0.1, 0.1]);
    let decisions: Vec<Decision> = seen.iter().map(|(decision, _)| *decision).collect();

    assert_eq!(
        decisions,
        [
            Decision::Trusted,
            Decision::Trusted,
            Decision::Trusted,
            Decision::Suspicious,
            Decision::Intruder
        ]
    );
    assert_eq!(seen[4].1, Some(Action::Lock));
    assert_eq!(policy.filled(), 3);
}

#[test]
fn an_owners_past_is_no_credit_for_a_stranger() {
    let (mut long, mut short) = (cusum(), cusum());
    feed(&mut long, 0, &[0.99; 50]);
    assert_eq!(feed(&mut long, 50, &[0.1; 3])[2].0, Decision::Intruder);
    assert_eq!(feed(&mut short, 0, &[0.1; 3])[2].0, Decision::Intruder);
}

#[test]
fn a_stranger_who_stayed_long_does_not_bar_the_owner_for_long() {
    let mut policy = cusum();
    feed(&mut policy, 0, &[0.1; 500]);
    let seen = feed(&mut policy, 500, &[0.9; 3]);
    let decisions: Vec<Decision> = seen.iter().map(|(decision, _)| *decision).collect();

    assert_eq!(decisions, [Decision::Intruder, Decision::Suspicious, Decision::Trusted]);
}

#[test]
fn one_window_however_unlike_says_no_more_than_the_bound() {
    let one = cusum().update(Timestamp::default(), Score::new(0.0));
    assert_eq!(one.decision, Decision::Intruder, "6.9 nats pass a limit of 6");
    let high = CusumParams { limit: 7.0, ..CUSUM };
    let mut policy = Policy::new(PolicyParams { rule: RuleParams::Cusum(high), ..PARAMS });
    assert_eq!(policy.update(Timestamp::default(), Score::new(0.0)).decision, Decision::Suspicious);
}

#[test]
fn evidence_does_not_cross_a_lock() {
    let mut policy = cusum();
    feed(&mut policy, 0, &[0.1; 2]);
    policy.boundary(Boundary::Locked);
    policy.boundary(Boundary::Unlocked);
    assert_eq!(feed(&mut policy, 9, &[0.1; 2])[1].0, Decision::Suspicious);
}

#[test]
fn not_a_number_counts_as_a_stranger() {
    assert_eq!(Score::new(f32::NAN).get(), 0.0);
    assert_eq!(Score::new(7.0).get(), 1.0);
}

#[test]
fn impossible_parameters_are_named() {
    let with = |rule| PolicyParams { rule, ..PARAMS }.validate().unwrap_err();
    let mean = |wrong| with(RuleParams::Mean(wrong));
    assert!(mean(MeanParams { threshold: f32::NAN, ..MEAN }).contains("threshold = NaN"));
    assert!(mean(MeanParams { group_windows: 0, ..MEAN }).contains("group_windows = 0"));
    let cusum = |wrong| with(RuleParams::Cusum(wrong));
    assert!(cusum(CusumParams { limit: 0.0, ..CUSUM }).contains("limit = 0"));
    let evidence = Evidence { slope: -1.0, intercept: 0.0 };
    assert!(cusum(CusumParams { evidence, ..CUSUM }).contains("slope = -1"));
    assert!(PARAMS.validate().is_ok());
}

/// Scores by length alone, and fails on request.
struct ByLength {
    broken: bool,
}

impl Scorer for ByLength {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<Impression>, ScoreError> {
        if self.broken {
            return Err(ScoreError("out of order".into()));
        }
        Ok(windows.iter().map(|steps| Score::new(steps.len() as f32 / 10.0).into()).collect())
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
fn the_window_that_a_lock_cuts_is_judged_before_the_lock_clears_the_group() {
    let mut detector = Detector::new(WindowParams::default(), ByLength { broken: false }, PARAMS);
    stroke(0, 9).for_each(|s| assert!(detector.push(s).unwrap().is_none()));
    let at = Timestamp::from_millis(100);
    let verdict = detector.push(Signal::Boundary { at, kind: Boundary::Locked }).unwrap();
    assert!(verdict.is_some());
    assert_eq!(detector.policy().filled(), 0);
}

#[test]
fn a_broken_model_is_an_error_and_never_a_decision() {
    let mut detector = Detector::new(WindowParams::default(), ByLength { broken: true }, PARAMS);
    stroke(0, 9).for_each(|s| assert!(detector.push(s).unwrap().is_none()));
    let at = Timestamp::from_millis(900);
    assert!(detector.push(Signal::Boundary { at, kind: Boundary::Quiet }).is_err());
    assert_eq!((detector.policy().filled(), detector.policy().decision()), (0, Decision::Trusted));
}

/// Traits of somebody at `place`, a window a second.
fn stretch(policy: &mut Policy, from: i64, place: f32, windows: i64) -> Vec<Option<Action>> {
    let seen = Impression { score: Score::new(0.5), traits: vec![place; 8] };
    let at = |n| Timestamp::from_millis((from + n) * 1000);
    (0..windows).map(|n| policy.update(at(n), seen.clone()).action).collect()
}

/// An owner at 0 among people who differ by 1 in each of eight traits.
fn by_traits() -> Policy {
    let spread = TraitSpread { between: vec![1.0; 8], shift: vec![0.2; 8], within: vec![1.0; 8] };
    let likeness = Some(Box::new(Likeness::of(&spread, &[0.0; 8], 400, 10.0)));
    Policy::new(PolicyParams { rule: RuleParams::Mean(MeanParams { likeness, ..MEAN }), ..PARAMS })
}

#[test]
fn once_a_day_what_follows_an_unlock_teaches_for_good() {
    let mut policy = by_days();
    stretch(&mut policy, 0, 0.2, 100);
    assert_eq!(policy.take_learnt(), None, "nobody has unlocked anything");
    policy.boundary(Boundary::Unlocked);
    stretch(&mut policy, 100, 0.2, 29);
    assert_eq!(policy.take_learnt(), None, "too little yet");
    stretch(&mut policy, 129, 0.2, 1);
    let place = policy.take_learnt().unwrap();
    assert!((0.02..0.2).contains(&place.centre[0]), "{place:?}");
    let again = by_days().with_owner_at(Some(&place), None);
    assert_eq!(again.params(), policy.params());
    policy.boundary(Boundary::Unlocked);
    stretch(&mut policy, 130, 0.2, 100);
    assert_eq!(policy.take_learnt(), None, "once a day");
    policy.boundary(Boundary::Unlocked);
    stretch(&mut policy, 24 * 3600, 0.2, 30);
    assert!(policy.take_learnt().unwrap().centre[0] > place.centre[0]);
}

/// [`by_traits`], whose stretches differ mostly from day to day.
fn by_days() -> Policy {
    let spread = TraitSpread { between: vec![1.0; 8], shift: vec![0.6; 8], within: vec![1.0; 8] };
    let likeness = Likeness { days: 0.8, ..Likeness::of(&spread, &[0.0; 8], 400, 10.0) };
    let likeness = Some(Box::new(likeness));
    Policy::new(PolicyParams { rule: RuleParams::Mean(MeanParams { likeness, ..MEAN }), ..PARAMS })
}

/// What a group at this place is worth in the end.
fn worth(policy: &mut Policy, from: i64, place: f32) -> Option<f32> {
    stretch(policy, from, place, MEAN.group_windows as i64);
    let seen = Impression { score: Score::new(0.5), traits: vec![place; 8] };
    policy.update(Timestamp::from_millis(from * 1000 + 900), seen).grouped
}

#[test]
fn the_movement_after_an_unlock_shows_how_the_owner_moves_today() {
    let mut enrolled = by_days();
    let before = [0.8, -0.8].map(|place| worth(&mut enrolled, 0, place));
    assert!(!enrolled.knows_today());
    let mut policy = by_days();
    policy.boundary(Boundary::Unlocked);
    stretch(&mut policy, 0, 0.8, 29);
    assert!(!policy.knows_today(), "too little yet");
    stretch(&mut policy, 29, 0.8, 1);
    assert!(policy.knows_today());
    let today = [0.8, -0.8].map(|place| worth(&mut policy, 30, place));
    assert!(today[0] > before[0] && today[1] < before[1], "{before:?} {today:?}");
    // A break without a lock changes nothing; the next unlock begins anew.
    policy.boundary(Boundary::Suspended);
    assert!(policy.knows_today());
    policy.boundary(Boundary::Unlocked);
    stretch(&mut policy, 60, -0.8, 5);
    assert!(!policy.knows_today());
}

#[test]
fn a_day_ends() {
    let mut policy = by_days();
    policy.boundary(Boundary::Unlocked);
    stretch(&mut policy, 0, 0.8, 30);
    stretch(&mut policy, 12 * 3600, 0.8, 1);
    assert!(policy.knows_today());
    stretch(&mut policy, 12 * 3600 + 60, 0.8, 1);
    assert!(!policy.knows_today());
}

#[test]
fn only_a_password_shows_the_day_and_only_whoever_moves_right_after_it() {
    for boundary in [Boundary::Start, Boundary::DeviceChanged, Boundary::Suspended] {
        let mut policy = by_days();
        policy.boundary(boundary);
        stretch(&mut policy, 0, 0.2, 60);
        assert!(!policy.knows_today(), "{boundary:?}");
        policy.boundary(Boundary::Unlocked);
        stretch(&mut policy, 60, 0.2, 20);
        policy.boundary(boundary);
        stretch(&mut policy, 80, 0.2, 60);
        assert!(!policy.knows_today(), "{boundary:?} in between");
    }
    // Somebody who is unlike the owner beyond any day of theirs.
    let mut policy = by_days();
    policy.boundary(Boundary::Unlocked);
    stretch(&mut policy, 0, 0.0, 10);
    let actions = stretch(&mut policy, 10, 6.0, 60);
    assert!(actions.iter().any(Option::is_some) && !policy.knows_today());
    // An older model, or one that is told not to learn.
    let mut policy = by_traits();
    policy.boundary(Boundary::Unlocked);
    stretch(&mut policy, 0, 0.2, 60);
    assert!(!policy.knows_today());
}
