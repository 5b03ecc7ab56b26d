//! Training from end to end on synthetic users: an owner's model notices an impostor, says so in
//! its bundle, and wrong input is refused with a remedy.

use mousewarden::error::{FailureKind, Result};
use mousewarden::lab::sufficiency::{days_apart, estimate};
use mousewarden::lab::synthesis::cohort::{generated, windows_of};
use mousewarden::lab::synthesis::{Device, SyntheticUser};
use mousewarden::lab::train::{
    BackboneChoice, EpochFigures, Oversampling, Synthesis, TrainOptions, TrainingFacts,
    TrainingProgress, TrainingRequest, identity_of, train_owner, write_checked,
};
use mousewarden::model::{Bundle, LoadedScorer, ScorerBackend, ScorerParams};
use mousewarden::pipeline::window::cut_recording;
use mousewarden::pipeline::{
    MouseEvent, MouseKind, Scorer, Signal, Steps, Timestamp, Window, WindowParams, WindowScore,
};

fn params() -> WindowParams {
    WindowParams::default()
}

fn device() -> Device {
    Device::steady(125.0, [1920, 1080])
}

fn owner(count: usize) -> Vec<Window> {
    windows_of(&SyntheticUser::generate(900), &device(), params(), count, 0)
}

fn about() -> TrainingFacts {
    TrainingFacts {
        subject: "owner".into(),
        genuine_source: "generated".into(),
        impostor_source: "generated people".into(),
        capture: "test".into(),
    }
}

fn quick() -> TrainOptions {
    TrainOptions {
        backbone: BackboneChoice::Random,
        hidden: [16, 16],
        epochs: 3,
        batch: 32,
        learning_rate: 4e-3,
        shares: [0.5, 0.1],
        ..TrainOptions::default()
    }
}

fn train(sessions: &[Vec<Window>], options: &TrainOptions) -> Result<Bundle> {
    train_against(sessions, &generated(&device(), params(), 12, 20, 5), options, &mut |_| {})
}

fn train_against(
    sessions: &[Vec<Window>],
    cohort: &[Vec<Window>],
    options: &TrainOptions,
    progress: &mut dyn FnMut(TrainingProgress),
) -> Result<Bundle> {
    let about = &about();
    let request = TrainingRequest { sessions, cohort, windows: params(), about, options };
    train_owner(&request, progress)
}

#[test]
fn a_trained_model_is_written_reloaded_and_gives_the_trainers_scores() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("owner.onnx");
    let windows = owner(80);
    let bundle = train(std::slice::from_ref(&windows), &quick()).unwrap();
    let builtin = ScorerParams { backend: ScorerBackend::Builtin, ..ScorerParams::default() };
    write_checked(&bundle, (&path, Bundle::write), &windows, |path| {
        LoadedScorer::open(path, &builtin)
    })
    .unwrap();
    let read = Bundle::read(&path).unwrap();
    assert_eq!(read.provenance, bundle.provenance);
    assert_eq!(read.operating_points, bundle.operating_points);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_model_whose_scores_differ_is_not_kept_and_the_old_one_stays() {
    struct Liar;
    impl Scorer for Liar {
        fn score(
            &mut self,
            windows: &[Steps],
        ) -> Result<Vec<WindowScore>, mousewarden::pipeline::ScoreError> {
            Ok(windows.iter().map(|_| mousewarden::pipeline::Score::new(2.0).into()).collect())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("owner.onnx");
    std::fs::write(&path, "the old model").unwrap();
    let windows = owner(80);
    let bundle = train(std::slice::from_ref(&windows), &quick()).unwrap();
    let failure =
        write_checked(&bundle, (&path, Bundle::write), &windows, |_| Ok(Liar)).unwrap_err();
    assert!(failure.to_string().contains("differ"), "{failure}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "the old model");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_same_seed_gives_the_same_model_and_threads_change_nothing() {
    let windows = owner(70);
    let one =
        train(std::slice::from_ref(&windows), &TrainOptions { threads: 1, ..quick() }).unwrap();
    let two =
        train(std::slice::from_ref(&windows), &TrainOptions { threads: 2, ..quick() }).unwrap();
    assert_eq!(one, two);
    let other = train(&[windows], &TrainOptions { seed: 2, ..quick() }).unwrap();
    assert_ne!(one.network, other.network);
}

#[test]
fn a_bundle_says_where_it_comes_from_and_what_it_is_good_for() {
    let mut splits = Vec::new();
    let cohort = generated(&device(), params(), 12, 20, 5);
    let bundle = train_against(&[owner(80)], &cohort, &quick(), &mut |progress| {
        if let TrainingProgress::Split { genuine, impostor } = progress {
            splits.push((genuine, impostor));
        }
    })
    .unwrap();
    let (genuine, impostor) = splits[0];
    assert_eq!(bundle.provenance.genuine_windows, [genuine[0], genuine[2]]);
    assert_eq!(bundle.provenance.impostor_windows, [impostor[0], impostor[2]]);
    assert_eq!(bundle.provenance.training_sha256.len(), 64);
    assert_eq!(bundle.operating_points[0].windows, 1);
    assert_eq!(bundle.operating_points[0].genuine_groups, genuine[2]);
    assert!(bundle.operating_points.iter().any(|point| point.windows == bundle.default_group));
    for point in &bundle.operating_points {
        assert!(point.far_interval[0] <= point.far && point.far <= point.far_interval[1]);
        assert!(point.frr_interval[0] <= point.frr && point.frr <= point.frr_interval[1]);
        assert!(point.movement_s > 0.0);
    }
}

#[test]
fn too_few_windows_say_how_many_and_how_long_to_move() {
    let failure = train(&[owner(20)], &quick()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Data);
    let said = failure.to_string();
    assert!(said.contains("20 windows") && said.contains("60 are needed"), "{said}");
    assert!(said.contains("minutes"), "{said}");
}

#[test]
fn a_repeated_recording_is_fatal_and_named() {
    for (options, part) in [(quick(), "training"), (TrainOptions::default(), "cross-fitting")] {
        let windows = owner(60);
        let failure = train(&[windows.clone(), windows], &options).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Data);
        let said = failure.to_string();
        assert!(said.contains(&format!("of session 1 ({part}) is also window")), "{said}");
        assert!(said.contains("of session 2"), "{said}");
    }
}

#[test]
fn the_owner_among_the_impostors_is_fatal() {
    let mut cohort = generated(&device(), params(), 12, 20, 5);
    cohort[3] = owner(20);
    let said = train_against(&[owner(80)], &cohort, &quick(), &mut |_| {}).unwrap_err().to_string();
    assert!(said.contains("impostor 4"), "{said}");
}

#[test]
fn two_impostors_are_not_enough() {
    let cohort = generated(&device(), params(), 2, 20, 5);
    let failure = train_against(&[owner(80)], &cohort, &quick(), &mut |_| {});
    assert!(failure.unwrap_err().to_string().contains("2 impostors"));
}

#[test]
fn synthetic_windows_and_hard_cases_are_options_that_train() {
    let without = train(&[owner(70)], &quick()).unwrap();
    for options in [
        TrainOptions { oversampling: Oversampling::Repeat { share: 0.2 }, ..quick() },
        TrainOptions { oversampling: Oversampling::Weights { most: 3.0 }, ..quick() },
        TrainOptions {
            synthesis: Synthesis::TurningPoint { share: 1.0, noise_px: 4.0 },
            ..quick()
        },
        TrainOptions {
            synthesis: Synthesis::SigmaLognormal { share: 1.0, spread: 0.1 },
            ..quick()
        },
    ] {
        let bundle = train(&[owner(70)], &options).unwrap();
        assert_ne!(bundle.network, without.network, "{options:?}");
        assert_ne!(bundle.provenance.recipe_sha256, without.provenance.recipe_sha256);
    }
}

#[test]
fn a_bundle_knows_every_window_it_has_seen_and_its_recipe() {
    for options in [quick(), pretrained()] {
        let windows = owner(80);
        let bundle = train(std::slice::from_ref(&windows), &options).unwrap();
        let bundle = Bundle::from_bytes(&bundle.to_bytes().unwrap()).unwrap();
        let seen = &bundle.provenance.seen_windows;
        assert_eq!(seen.len(), 80 + 12 * 20);
        assert!(windows.iter().all(|window| seen.contains(&identity_of(window))));
        let later = windows_of(&SyntheticUser::generate(900), &device(), params(), 20, 1);
        assert!(!later.iter().any(|window| seen.contains(&identity_of(window))));

        let recipe = |options: &TrainOptions, windows: &[Window]| {
            let cohort = generated(&device(), params(), 12, 20, 5);
            let (sessions, cohort, about) = (&[windows.to_vec()], &cohort, &about());
            TrainingRequest { sessions, cohort, windows: params(), about, options }
                .recipe()
                .unwrap()
        };
        let same = &bundle.provenance.recipe_sha256;
        assert_eq!(&recipe(&TrainOptions { threads: 1, ..options.clone() }, &windows), same);
        assert_ne!(&recipe(&TrainOptions { seed: 2, ..options.clone() }, &windows), same);
        assert_ne!(&recipe(&options, &windows[1..]), same);
    }
}

#[test]
fn a_value_that_is_no_number_is_fatal_and_named() {
    let mut windows = owner(70);
    let row = |i: i64| MouseEvent {
        at: Timestamp::from_millis(8 * i),
        kind: MouseKind::Move,
        x: if i == 4 { f64::NAN } else { i as f64 },
        y: f64::INFINITY * f64::from(u8::from(i == 5)),
    };
    let signals = (0..12).map(|i| Signal::Mouse(row(i)));
    windows.extend(cut_recording(params(), signals).0);
    for options in [quick(), pretrained()] {
        let failure = train(std::slice::from_ref(&windows), &options).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Data);
        assert!(failure.to_string().contains("window 71 of session 1"), "{failure}");
    }
}

#[test]
fn every_pass_is_told_and_the_best_is_kept() {
    let mut epochs = Vec::new();
    let cohort = generated(&device(), params(), 12, 20, 5);
    let options = TrainOptions { epochs: 6, patience: 2, ..quick() };
    let bundle = train_against(&[owner(80)], &cohort, &options, &mut |progress| {
        if let TrainingProgress::Epoch(epoch) = progress {
            epochs.push(epoch);
        }
    })
    .unwrap();
    let numbers: Vec<usize> = epochs.iter().map(|epoch| epoch.number).collect();
    assert_eq!(numbers, (1..=epochs.len()).collect::<Vec<_>>());
    let best = epochs.iter().rfind(|epoch| epoch.better).unwrap().number;
    assert_eq!(bundle.provenance.epochs, best);
    assert!(epochs.len() == 6 || epochs.len() == best + 2);
    let finite = |e: &EpochFigures| e.training_loss.is_finite() && e.validation_loss.is_finite();
    assert!(epochs.iter().all(finite), "{epochs:?}");
}

fn pretrained() -> TrainOptions {
    TrainOptions::default()
}

#[test]
fn a_model_on_the_pretrained_backbone_notices_impostors_and_repeats_itself() {
    let windows = owner(80);
    let bundle = train(std::slice::from_ref(&windows), &pretrained()).unwrap();
    let again = train(std::slice::from_ref(&windows), &TrainOptions { threads: 1, ..pretrained() })
        .unwrap();
    assert_eq!(bundle, again);
    assert!(
        bundle.provenance.backbone.starts_with("backbone, seed"),
        "{}",
        bundle.provenance.backbone
    );
    assert_eq!(bundle.provenance.genuine_windows, [80, 80]);
    let mut scorer = LoadedScorer::of(&bundle, &ScorerParams::default()).unwrap();
    let mut mean = |windows: &[Window]| -> f32 {
        let steps: Vec<Steps> = windows.iter().map(Steps::from).collect();
        let scores = scorer.score(&steps).unwrap();
        scores.iter().map(|seen| seen.score.get()).sum::<f32>() / scores.len() as f32
    };
    let later = windows_of(&SyntheticUser::generate(900), &device(), params(), 60, 1);
    let impostors = generated(&device(), params(), 8, 30, 77);
    let own = mean(&later);
    let noticed = impostors.iter().filter(|impostor| mean(impostor) < own - 0.1).count();
    assert!(noticed >= 7, "{noticed} of 8");
}

#[test]
fn every_window_calibrates_but_never_the_head_that_learnt_it() {
    // Impossible to tell apart: a head that had seen a window would separate what is alike.
    let one = windows_of(&SyntheticUser::generate(901), &device(), params(), 900, 3);
    let mut parts = one.chunks(60).map(<[Window]>::to_vec);
    let owner = parts.next().unwrap();
    let cohort: Vec<Vec<Window>> = parts.collect();
    let options = TrainOptions { style_transferred: 0, ..pretrained() };
    let bundle = train_against(&[owner], &cohort, &options, &mut |_| {}).unwrap();
    assert!(bundle.operating_points[0].eer > 0.35, "{:?}", bundle.operating_points[0]);
}

#[test]
fn a_backbone_for_windows_cut_otherwise_is_refused() {
    let params = WindowParams { max_steps: 64, ..params() };
    let windows = windows_of(&SyntheticUser::generate(900), &device(), params, 80, 0);
    let cohort = generated(&device(), params, 12, 20, 5);
    let (sessions, cohort) = (&[windows], &cohort);
    let (about, options) = (&about(), &pretrained());
    let request = TrainingRequest { sessions, cohort, windows: params, about, options };
    let failure = train_owner(&request, &mut |_| {}).unwrap_err();
    assert!(failure.to_string().contains("cut otherwise"), "{failure}");
}

#[test]
fn days_of_one_person_lie_closer_than_those_of_two() {
    let bundle = train(&[owner(90)], &pretrained()).unwrap();
    let day = |who: u64, day: u64| {
        windows_of(&SyntheticUser::generate(who), &device(), params(), 90, day)
    };
    let apart = |days: &[Vec<Window>]| days_apart(&bundle, days).unwrap();
    let own = apart(&[day(900, 0), day(900, 1)]);
    assert!(own < apart(&[day(900, 0), day(17, 1)]), "{own}");
    let short = day(900, 1)[..29].to_vec();
    assert_eq!(days_apart(&bundle, &[day(900, 0), short]), None);
}

#[test]
fn an_enrolment_can_be_judged_before_it_ends() {
    let estimate = |windows| estimate(&[owner(windows)], params(), &pretrained()).unwrap();
    assert_eq!(estimate(59), None);
    let found = estimate(80).unwrap();
    assert_eq!((found.windows, found.point.windows), (80, 10));
    assert!(found.point.eer < 0.5 && found.point.movement_s > 1.0, "{found:?}");
}
