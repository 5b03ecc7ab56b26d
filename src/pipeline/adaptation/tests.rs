//! What follows an unlock, and what stays as it was.

use super::*;
use crate::EmbeddingCovariance;
use crate::score::Score;

fn owner() -> OwnerModel {
    let covariance = EmbeddingCovariance {
        between_user: vec![1.0; 8],
        between_session: vec![0.2; 8],
        within_session: vec![1.0; 8],
    };
    OwnerModel { days: 0.5, ..OwnerModel::of(&covariance, &[0.0; 8], 400, 2.0) }
}

#[test]
fn what_no_adaptation_made_is_refused() {
    let anchor = owner();
    let enrolled = Adapted::enrolled(&anchor);
    assert_eq!(enrolled.validate(&anchor), Ok(()));
    let with = |mean: Vec<f32>| {
        let owner = OwnerMean { mean, ..enrolled.owner.clone() };
        Adapted { owner, ..enrolled.clone() }.validate(&anchor)
    };
    assert!(with(vec![0.7; 8]).unwrap_err().contains("0.70"));
    assert!(with(vec![0.0; 7]).is_err());
    assert!(Adapted { raised: 65.0, ..enrolled }.validate(&anchor).is_err());
}

fn adaptation() -> Adaptation {
    let limits = BaseLimits {
        notice: Trigger::Llr(10.0),
        lock: Trigger::Llr(15.0),
        half_life: Micros::from_millis(8 * 3_600_000),
    };
    Adaptation::new(owner(), limits, None)
}

const TRUSTED: Judgement = Judgement {
    grouped: None,
    evidence: 0.0,
    block: None,
    windows: 0,
    decision: Decision::Trusted,
    action: None,
};

/// A window a second.
fn moves(adaptation: &mut Adaptation, from: i64, windows: i64, place: f32) {
    let seen = WindowScore::of_movement(Score::new(0.5), vec![place; 8]);
    for n in from..from + windows {
        adaptation.observe(Timestamp::from_millis(1000 * n), &seen, &TRUSTED);
    }
}

fn unlock(adaptation: &mut Adaptation, second: i64) {
    adaptation.boundary(Timestamp::from_millis(1000 * second), Boundary::Unlocked);
}

#[test]
fn a_day_is_corrected_only_where_it_speaks_against_the_owner() {
    for (place, corrected) in [(0.1, false), (1.2, true)] {
        let mut adaptation = adaptation();
        unlock(&mut adaptation, 0);
        moves(&mut adaptation, 0, 29, place);
        assert!(!adaptation.knows_session());
        moves(&mut adaptation, 29, 1, place);
        assert_eq!(adaptation.knows_session(), corrected, "{place}");
        let drift = OwnerMean::of(&adaptation.adoption().owner).drift(&owner());
        assert!(drift <= REACH * 1.001, "{drift}");
    }
}

#[test]
fn nobody_shows_the_day_without_an_unlock_or_long_after_it() {
    let mut adaptation = adaptation();
    moves(&mut adaptation, 0, 60, 1.2);
    assert!(!adaptation.knows_session());
    unlock(&mut adaptation, 100);
    moves(&mut adaptation, 1000, 60, 1.2);
    assert!(!adaptation.knows_session());
    unlock(&mut adaptation, 2000);
    moves(&mut adaptation, 2000, 20, 1.2);
    adaptation.boundary(Timestamp::from_millis(2_021_000), Boundary::DeviceChanged);
    moves(&mut adaptation, 2021, 60, 1.2);
    assert!(!adaptation.knows_session());
}

#[test]
fn work_that_the_model_finds_its_owners_moves_it_for_good_and_other_work_does_not() {
    for (place, learns) in [(0.2, true), (3.0, false)] {
        let mut adaptation = adaptation();
        unlock(&mut adaptation, 0);
        moves(&mut adaptation, 0, 299, place);
        assert_eq!(adaptation.take_adapted(), None);
        moves(&mut adaptation, 299, 1, place);
        let adapted = adaptation.take_adapted();
        assert_eq!(adapted.is_some(), learns, "{place}");
        assert!(adapted.is_none_or(|one| one.sittings == 1 && one.owner.mean[0] > 0.05));
    }
}

#[test]
fn a_refuted_alarm_quadruples_the_limits_and_time_at_the_desk_halves_the_raise() {
    let mut adaptation = adaptation();
    let seen = WindowScore::of_movement(Score::new(0.5), vec![0.0; 8]);
    let action = Some(crate::Action::Notify);
    let alarm = Judgement { decision: Decision::Intruder, action, ..TRUSTED };
    let raise = |adaptation: &mut Adaptation, second: i64, unlocked: i64| {
        adaptation.observe(Timestamp::from_millis(1000 * second), &seen, &alarm);
        unlock(adaptation, unlocked);
    };
    raise(&mut adaptation, 0, 30);
    assert_eq!(adaptation.adoption().notice, Trigger::Llr(40.0));
    assert_eq!(adaptation.adoption().lock, Trigger::Llr(60.0));
    assert_eq!(adaptation.take_adapted().unwrap().raised, 4.0);
    moves(&mut adaptation, 60, 8 * 3600, 0.0);
    let Trigger::Llr(limit) = adaptation.adoption().notice else { panic!() };
    assert!((limit - 25.0).abs() < 0.1, "{limit}");
    raise(&mut adaptation, 100_000, 100_600);
    let Trigger::Llr(late) = adaptation.adoption().notice else { panic!() };
    assert!(late <= limit, "an unlock ten minutes later proves nothing");
    for n in 0..20 {
        raise(&mut adaptation, 200_000 + 100 * n, 200_030 + 100 * n);
    }
    let Trigger::Llr(most) = adaptation.adoption().notice else { panic!() };
    assert!(most <= 10.0 * MOST_RAISED, "{most}");
}
