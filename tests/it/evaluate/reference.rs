//! Error rates against scikit-learn's on invented scores with many ties.

use mousewarden::lab::metrics::{ScoreCounts, auc, eer, frr_at_far, rates};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    genuine: Vec<f32>,
    impostor: Vec<f32>,
    auc: f64,
    eer: f64,
    frr_at_far_1: f64,
    frr_at_far_10: f64,
    /// Threshold, FAR, FRR.
    det: Vec<[f64; 3]>,
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

#[test]
fn scikit_learn_agrees_on_every_rate() {
    let text = include_str!("../../fixtures/metrics/reference.json");
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    assert_eq!(cases.len(), 4);
    for Case { genuine, impostor, auc: area, eer: equal, frr_at_far_1, frr_at_far_10, det } in cases
    {
        assert!(near(auc(&genuine, &impostor).unwrap(), area));
        assert!(near(eer(&genuine, &impostor).unwrap().rate, equal));
        assert!(near(frr_at_far(&genuine, &impostor, 0.01).unwrap(), frr_at_far_1));
        assert!(near(frr_at_far(&genuine, &impostor, 0.1).unwrap(), frr_at_far_10));
        let tally = ScoreCounts::new(&[(&genuine, &impostor)]);
        let whole = tally.whole();
        assert!(near(whole.auc().unwrap(), area) && near(whole.eer().unwrap(), equal));
        for [threshold, far, frr] in det {
            let found = rates(&genuine, &impostor, threshold as f32);
            assert!(near(found.far, far) && near(found.frr, frr), "{threshold}: {found:?}");
            assert_eq!(whole.at(threshold as f32), Some(found));
        }
    }
}
