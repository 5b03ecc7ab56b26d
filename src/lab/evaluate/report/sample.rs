//! Invented results for the tests of the report: two owners, three sizes, names with markup.

use crate::lab::evaluate::results::{
    AdaptationFigures, AtThreshold, CalibrationFigures, Confusion, Continuous, CurvePoint,
    DatasetFacts, Delay, DeviceConfound, Floor, IntervalEstimate, JudgedUnit, Means, Method,
    ModelFacts, OwnerSplit, PartFacts, Pooled, ProtocolFacts, ProtocolRun, ReliabilityBin, Results,
    SessionTimeline, SizeFigures, SplitFacts, TimelinePoint, UserFigures, VERSION, Within,
};
use crate::pipeline::{Decision, WindowParams};

const OWNERS: [&str; 2] = ["<user1>", "-2416201411472988629"];

fn about(value: f64) -> IntervalEstimate {
    IntervalEstimate { value, low: 0.8 * value, high: 1.2 * value }
}

fn user(user: &str, eer: f64) -> UserFigures {
    let at = AtThreshold { threshold: 0.5, far: 0.8 * eer, frr: 1.3 * eer };
    UserFigures {
        user: user.into(),
        seed: 1,
        genuine_groups: 40,
        impostor_groups: 120,
        auc: 1.0 - eer,
        eer,
        eer_threshold: 0.47,
        calibrated: Some(at),
        shipped: None,
        frr_at_far_1: Some(2.0 * eer),
        frr_at_far_01: None,
        cllr: None,
        min_cllr: None,
        confusion: Confusion::default(),
    }
}

fn pooled(eer: f64) -> Pooled {
    let curve = (0..=50).map(|i| {
        let far = f64::from(i) / 50.0;
        let frr = (eer * eer / (far + eer * eer)).min(1.0 - far).max(0.0);
        CurvePoint { far, frr, low: 0.8 * frr, high: (1.2 * frr).min(1.0) }
    });
    Pooled {
        auc: about(1.0 - eer),
        eer: about(eer),
        eer_threshold: 0.48,
        threshold: Some(0.5),
        far: Some(about(eer)),
        frr: Some(about(eer)),
        frr_at_far_1: Some(about(0.6)),
        frr_at_far_01: None,
        confusion: Confusion {
            genuine_accepted: 70,
            genuine_rejected: 10,
            impostor_accepted: 30,
            impostor_rejected: 210,
        },
        curve: curve.collect(),
        genuine: bell(28.0),
        impostor: bell(14.0),
    }
}

fn bell(middle: f64) -> Vec<u64> {
    (0..40).map(|i| (200.0 * (-((f64::from(i) - middle) / 7.0).powi(2)).exp()) as u64).collect()
}

/// Too sure of itself, and never quite sure of an impostor.
fn calibration(eer: f64) -> CalibrationFigures {
    CalibrationFigures {
        ece: about(0.3 * eer),
        cllr: about(2.0 * eer),
        min_cllr: about(1.8 * eer),
        bins: (0..10)
            .map(|at: u32| {
                let score = (f64::from(at) + 0.5) / 10.0;
                let owner = 0.5 + (1.0 - eer) * (score - 0.5);
                let filled = at > 0;
                ReliabilityBin {
                    score: filled.then_some(score),
                    owner: filled.then(|| about(owner)),
                    genuine: u64::from(filled) * u64::from(at),
                    impostor: u64::from(filled) * u64::from(30 - 2 * at),
                }
            })
            .collect(),
    }
}

fn size(unit: JudgedUnit, eer: f64, is_baseline: bool) -> SizeFigures {
    let better = IntervalEstimate { value: -0.1, low: -0.2, high: -0.02 };
    SizeFigures {
        unit,
        movement_s: 20.0,
        wall_s: 55.0,
        mean: Means {
            auc: about(1.0 - eer),
            eer: about(eer),
            far: Some(about(eer)),
            frr: Some(about(eer)),
            shipped_far: None,
            shipped_frr: None,
            frr_at_far_1: Some(about(0.7)),
            frr_at_far_01: None,
        },
        spread: 0.05,
        worst: (OWNERS[1].into(), 1.5 * eer),
        gini: 0.2,
        pooled: pooled(eer),
        calibration: (!is_baseline).then(|| calibration(eer)),
        model_minus_this: is_baseline.then_some(better),
        users: vec![user(OWNERS[0], 0.5 * eer), user(OWNERS[1], 1.5 * eer)],
    }
}

fn method(name: &str, eers: [f64; 3]) -> Method {
    let units = [JudgedUnit::Windows(1), JudgedUnit::Windows(10), JudgedUnit::Windows(30)];
    Method {
        name: name.into(),
        about: format!("what {name} knows"),
        sizes: units
            .into_iter()
            .zip(eers)
            .map(|(unit, eer)| size(unit, eer, name != "model"))
            .collect(),
        floor: (name == "model").then_some(Floor { correlation: 0.2, eer: 0.15 }),
    }
}

fn timeline(notices: bool) -> SessionTimeline {
    SessionTimeline {
        user: OWNERS[0].into(),
        impostor: "user2".into(),
        threshold: 0.5,
        points: (-30..25)
            .map(|i| {
                let low = i > 0 && notices;
                let is_alarm = low && i > 12;
                TimelinePoint {
                    at_s: 2.0 * f64::from(i),
                    score: if low { 0.2 } else { 0.8 },
                    grouped: (i > -25).then_some(if low {
                        0.8 - 0.03 * f64::from(i)
                    } else {
                        0.75
                    }),
                    evidence: 4.0,
                    decision: if is_alarm { Decision::Intruder } else { Decision::Trusted },
                }
            })
            .collect(),
    }
}

fn streams() -> Continuous {
    Continuous {
        ania: Some(about(24.0)),
        anga: None,
        movement: Some(Delay { median: about(20.0), p95: 70.0 }),
        wall: Some(Delay { median: about(60.0), p95: 400.0 }),
        impostor_sessions: 12,
        too_short: 3,
        missed: 2,
        missed_share: about(1.0 / 6.0),
        false_alarms_per_8h_wall: about(1.5),
        false_alarms_per_8h_movement: about(6.0),
        genuine_hours: [5.0, 1.1],
        promised_per_8h: Some(1.0),
        false_locks_per_8h: Some(about(0.3)),
        owners_without: 2,
        worst_owner: Some((OWNERS[0].into(), 2.5)),
        within: vec![Within { windows: 100, noticed: about(0.7), locked: about(0.6) }],
        first_mover_noticed: Some(about(0.65)),
        curve: (1..=10).map(|i| (f64::from(i) * 7.0, f64::from(i) / 12.0)).collect(),
        wall_curve: (1..=10).map(|i| (f64::from(i) * 40.0, f64::from(i) / 12.0)).collect(),
        users: Vec::new(),
        adapted: Some(AdaptationFigures {
            drift: vec![0.1, 0.3],
            missed_by_poisoning: about(0.08),
        }),
        caught: Some(timeline(true)),
        missed_one: Some(timeline(false)),
    }
}

fn run() -> ProtocolRun {
    let part = PartFacts { names: vec!["session <1>".into()], windows: 120 };
    let parts = [part.clone(), part.clone(), part];
    ProtocolRun {
        protocol: ProtocolFacts {
            name: "open-set".into(),
            about: "Impostors of the test were never seen.".into(),
            sha256: "ab".repeat(32),
            text: "[genuine]\ntest = 0.25 # \"rest\" & <more>\n".into(),
        },
        seeds: vec![1],
        splits: vec![SplitFacts {
            seed: 1,
            sha256: "cd".repeat(32),
            owners: OWNERS
                .map(|user| OwnerSplit {
                    user: user.into(),
                    genuine: parts.clone(),
                    impostor: parts.clone(),
                })
                .to_vec(),
            left_out: vec![("user9".into(), "one session only".into())],
        }],
        models: vec![ModelFacts {
            user: OWNERS[0].into(),
            seed: 1,
            file: "user1.onnx".into(),
            sha256: "ef".repeat(32),
            backbone: "shipped".into(),
            impostor_source: "generated".into(),
            group: 30,
        }],
        methods: vec![
            method("model", [0.4, 0.28, 0.2]),
            method("time", [0.45, 0.38, 0.33]),
            method("coin", [0.5, 0.5, 0.5]),
        ],
        continuous: Some(streams()),
        warnings: vec!["A warning with <markup>.".into()],
    }
}

/// A whole file of results.
pub(super) fn results() -> Results {
    Results {
        version: VERSION,
        made_by: "mousewarden test".into(),
        dataset: DatasetFacts { format: "gmail".into(), users: 4, sessions: 20, windows: 4000 },
        windows: WindowParams::default(),
        scorer: "builtin".into(),
        draws: 1000,
        runs: vec![run()],
        device: Some(DeviceConfound {
            unit: JudgedUnit::Windows(30),
            device_alone: vec![("rate".into(), about(0.7))],
            recorded: about(0.8),
            one_clock: Some((about(0.75), about(-0.05))),
            owners_device: None,
            plainly: vec!["About half of it is the device.".into()],
        }),
    }
}
