//! What an evaluation of synthetic users finds: complete, repeatable, readable again, and honest
//! about what cannot be told apart.

use std::path::Path;

use super::people::person;
use mousewarden::agent::settings::DecisionChoice;
use mousewarden::error::Result;
use mousewarden::lab::evaluate::results::{JudgedUnit, Results, UserFigures};
use mousewarden::lab::evaluate::{
    COLUMNS, EvaluationRequest, MissingModels, TABLE, compare, evaluate,
};
use mousewarden::lab::protocol::{Protocol, ProtocolUser, model_path};
use mousewarden::lab::train::TrainOptions;
use mousewarden::model::{Bundle, ScorerBackend, ScorerParams};
use mousewarden::nn::AnyNetwork;
use mousewarden::pipeline::{Micros, ScoreCalibration, WindowParams};

/// Evaluates these people; models are trained where they are missing.
pub fn run(
    protocols: &[&str],
    people: &[ProtocolUser],
    models: &Path,
    train: bool,
) -> Result<Results> {
    let protocols: Vec<Protocol> =
        protocols.iter().map(|name| Protocol::find(name)).collect::<Result<_>>()?;
    let scorer = ScorerParams { backend: ScorerBackend::Builtin, ..ScorerParams::default() };
    let options = TrainOptions::default();
    let decision = |bundle: &Bundle| DecisionChoice::default().resolve(bundle);
    let request = EvaluationRequest {
        protocols: &protocols,
        people,
        source: "test",
        params: WindowParams::default(),
        models,
        seeds: &[1],
        draws: 200,
        threads: 2,
        scorer: &scorer,
        decision: &decision,
        half_life: Micros::from_millis(8 * 3_600_000),
        clicks: true,
        adapt: false,
        trainer: train.then_some(MissingModels { options: &options, scorer: &scorer }),
    };
    evaluate(&request, &mut |_| {})
}

#[test]
fn an_evaluation_is_complete_repeatable_and_comes_back_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    // No rate is reported of an owner with fewer than three groups, and another clock cuts a few
    // windows more or fewer: sessions of 50 are far from where anybody drops out at any size.
    let everybody: Vec<ProtocolUser> =
        (0..6).map(|number| person(number, &[70, 30, 50, 50])).collect();
    let names = ["open-set", "same-device", "time-resampled"];
    let results = run(&names, &everybody, folder.path(), true).unwrap();
    let again = run(&names, &everybody, folder.path(), false).unwrap();
    assert_eq!(results, again);

    assert_eq!(results.runs.iter().map(|r| r.protocol.name.as_str()).collect::<Vec<_>>(), names);
    assert_eq!(results.runs[0].models, results.runs[1].models);
    for run in &results.runs {
        let methods: Vec<&str> = run.methods.iter().map(|method| method.name.as_str()).collect();
        assert_eq!(methods, ["model", "time", "position", "rate", "grid", "coin"]);
        for size in run.methods.iter().flat_map(|method| &method.sizes) {
            assert_eq!(size.users.len(), 6, "{} {:?}", run.protocol.name, size.unit);
            let eer = size.mean.eer;
            assert!(eer.low <= eer.value && eer.value <= eer.high, "{eer:?}");
            let grid = &size.pooled.curve;
            assert!(grid.windows(2).all(|pair| pair[0].frr >= pair[1].frr));
            assert!(grid.iter().all(|point| point.low <= point.frr && point.frr <= point.high));
            let binned = |bins: &[u64]| bins.iter().sum::<u64>() as usize;
            let groups = |of: fn(&UserFigures) -> usize| size.users.iter().map(of).sum::<usize>();
            assert_eq!(binned(&size.pooled.genuine), groups(|user| user.genuine_groups));
            assert_eq!(binned(&size.pooled.impostor), groups(|user| user.impostor_groups));
        }
        for size in &run.methods[0].sizes {
            let claims = size.calibration.as_ref().unwrap();
            let counted = claims.bins.iter().map(|bin| bin.genuine as usize).sum::<usize>();
            assert_eq!(counted, size.users.iter().map(|user| user.genuine_groups).sum::<usize>());
            assert!(claims.min_cllr.value <= claims.cllr.value, "{claims:?}");
        }
        let streams = run.continuous.as_ref().unwrap();
        assert_eq!(streams.users.len(), 6);
        assert!(streams.missed <= streams.impostor_sessions);
    }
    let device_confound = results.device.as_ref().unwrap();
    assert!(device_confound.one_clock.is_some() && device_confound.owners_device.is_some());
    assert!(device_confound.plainly.len() == 3, "{:?}", device_confound.plainly);

    results.write(folder.path()).unwrap();
    assert_eq!(Results::read(&folder.path().join("results.json")).unwrap(), results);
    let table = std::fs::read_to_string(folder.path().join(TABLE)).unwrap();
    let rows: usize = results
        .runs
        .iter()
        .flat_map(|r| &r.methods)
        .flat_map(|m| &m.sizes)
        .map(|s| s.users.len())
        .sum();
    assert_eq!(table.lines().count(), rows + 1);
    assert!(table.starts_with(&COLUMNS.join(",")));
    assert!(table.lines().all(|line| line.split(',').count() == COLUMNS.len()));

    let same = compare(&results, &again, 200).unwrap();
    assert!(same.warnings.is_empty());
    assert!(same.rows.iter().all(|row| row.eer_difference.value == 0.0 && row.owners == 6));
}

/// The mean AUC of a method, five windows judged together.
fn auc(results: &Results, name: &str) -> f64 {
    let method = results.runs[0].methods.iter().find(|method| method.name == name).unwrap();
    let size = method.sizes.iter().find(|size| size.unit == JudgedUnit::Windows(5)).unwrap();
    size.mean.auc.value
}

/// Multiplies the last layer's weights of every model of these people.
fn scale_heads(folder: &Path, people: &[ProtocolUser], factor: f32) {
    for person in people {
        let path = model_path(folder, "seed", 1, &person.id);
        let mut bundle = Bundle::read(&path).unwrap();
        let head = match &mut bundle.network {
            AnyNetwork::BiLstm(network) => &mut network.head,
            AnyNetwork::Conv(network) => &mut network.head,
        };
        head.weight.iter_mut().for_each(|weight| *weight *= factor);
        // The embedding would go on telling them apart.
        bundle.owner_model = None;
        bundle.score_calibration = Some(ScoreCalibration { slope: 1.0, intercept: 0.0 });
        bundle.write(&path).unwrap();
    }
}

#[test]
fn synthetic_impostors_are_told_apart_and_the_coin_is_a_coin() {
    let folder = tempfile::tempdir().unwrap();
    let everybody: Vec<ProtocolUser> =
        (0..5).map(|number| person(number, &[300, 60, 60, 60])).collect();
    let results = run(&["seed"], &everybody, folder.path(), true).unwrap();
    assert!(auc(&results, "model") > 0.8, "{}", auc(&results, "model"));
    // Everybody has the same device.
    assert!((0.3..0.7).contains(&auc(&results, "rate")), "{}", auc(&results, "rate"));
    assert!((0.3..0.7).contains(&auc(&results, "coin")), "{}", auc(&results, "coin"));
    assert!(results.runs[0].warnings.iter().any(|warning| warning.contains("Only 5 owners")));

    // The same models turned round, and then with nothing to say, are seen for what they are.
    scale_heads(folder.path(), &everybody, -1.0);
    let inverted = run(&["seed"], &everybody, folder.path(), false).unwrap();
    assert!(auc(&inverted, "model") < 0.2, "{}", auc(&inverted, "model"));
    scale_heads(folder.path(), &everybody, 0.0);
    let constant = run(&["seed"], &everybody, folder.path(), false).unwrap();
    assert_eq!(auc(&constant, "model"), 0.5);

    // Nothing can be made of one score for everybody, nor of a score that is turned round.
    let claims = |results: &Results| results.runs[0].methods[0].sizes[0].calibration.clone();
    assert!(claims(&inverted).is_some_and(|claims| claims.cllr.value > 1.0));
    assert!(claims(&constant).is_some_and(|claims| (claims.min_cllr.value - 1.0).abs() < 1e-9));
}
