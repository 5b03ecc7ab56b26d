//! Whether two enrolments of one person can be told from two people's by their files alone: in the
//! clear, by what a model says of its owner, and sealed, by the bytes that are left to see.

use std::path::Path;

use mousewarden::lab::synthesis::cohort::windows_of;
use mousewarden::lab::synthesis::{Device, SyntheticUser};
use mousewarden::model::{Backbone, Bundle, LoadedScorer, ScorerBackend, ScorerParams};
use mousewarden::pipeline::{OwnerModel, Scorer, Steps, Window, WindowParams};
use mousewarden::sealing::{Key, Kind, seal};

use crate::sample_model;

const PEOPLE: u64 = 24;
const WINDOWS: usize = 120;
/// Each model is sealed so often: chance is not measured on 24 pairs.
const SEALINGS: usize = 80;

/// The windows of a synthetic user in one of their sessions.
fn session(person: u64, session: u64) -> Vec<Window> {
    let user = SyntheticUser::generate(5000 + person);
    windows_of(&user, &device(), WindowParams::default(), WINDOWS, session)
}

fn device() -> Device {
    Device::steady(125.0, [1920, 1080])
}

/// A model on the shipped backbone, of nobody yet.
fn on_the_backbone() -> Bundle {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("onnx/backbone.onnx");
    let backbone = Backbone::read(&path).unwrap();
    let covariance = backbone.covariance.unwrap();
    let nobody = OwnerModel::of(&covariance, &vec![0.0; covariance.dimensions()], 1, 1.0);
    let network = backbone.network;
    Bundle { network, owner_model: Some(nobody), ..sample_model::bundle([1, 1], 1) }
}

/// An enrolment in one session: where the backbone finds its owner. Training would add a head to it.
fn enrolled(model: &Bundle, windows: &[Window]) -> Bundle {
    let builtin = ScorerParams { backend: ScorerBackend::Builtin, ..ScorerParams::default() };
    let mut scorer = LoadedScorer::of(model, &builtin).unwrap();
    let steps: Vec<Steps> = windows.iter().map(Steps::from).collect();
    let owner = model.owner_model.as_ref().unwrap();
    let mut sum = vec![0.0; owner.covariance.dimensions()];
    for score in scorer.score(&steps).unwrap() {
        sum.iter_mut().zip(&score.embedding).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    let found = OwnerModel::of(&owner.covariance, &sum, windows.len(), 1.0);
    Bundle { owner_model: Some(found), ..model.clone() }
}

/// How far two models' owners are apart, in the spread of people.
fn apart_in_the_clear(one: &Bundle, other: &Bundle) -> f64 {
    let [one, other] = [one, other].map(|bundle| bundle.owner_model.as_ref().unwrap());
    let spread = &one.covariance.between_user;
    let pairs = one.mean.iter().zip(&other.mean).zip(spread);
    pairs.map(|((a, b), spread)| f64::from((a - b).powi(2) / spread.max(1e-9))).sum()
}

/// Bytes of a sealed file that are compared; the cipher knows no better ones.
const COMPARED: usize = 4096;

/// The share of bits in which two files differ.
fn apart_by_bytes(one: &[u8], other: &[u8]) -> f64 {
    let pairs = one.iter().zip(other).take(COMPARED);
    let bits: u32 = pairs.map(|(a, b)| (a ^ b).count_ones()).sum();
    f64::from(bits) / (8 * COMPARED) as f64
}

/// How well distances tell pairs of one person from pairs of two.
struct Linkage {
    same: Vec<f64>,
    different: Vec<f64>,
    /// First enrolments whose nearest second one is the same person's.
    linked: usize,
}

impl Linkage {
    /// Over all pairs of a first and a second enrolment.
    fn of(people: usize, apart: impl Fn(usize, usize) -> f64) -> Self {
        let mut linkage = Self { same: Vec::new(), different: Vec::new(), linked: 0 };
        for first in 0..people {
            let row: Vec<f64> = (0..people).map(|second| apart(first, second)).collect();
            let nearest = (0..people).min_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
            linkage.linked += usize::from(nearest == first);
            linkage.same.push(row[first]);
            let others = row.iter().enumerate().filter(|(second, _)| *second != first);
            linkage.different.extend(others.map(|(_, apart)| *apart));
        }
        linkage
    }

    /// Where as many pairs of one person are too far as pairs of two are too near.
    fn equal_error_rate(&self) -> f64 {
        let share = |all: &[f64], fits: &dyn Fn(f64) -> bool| {
            all.iter().filter(|apart| fits(**apart)).count() as f64 / all.len() as f64
        };
        let rates = self.same.iter().map(|limit| {
            let missed = share(&self.same, &|apart| apart > *limit);
            let linked = share(&self.different, &|apart| apart <= *limit);
            ((missed - linked).abs(), f64::midpoint(missed, linked))
        });
        rates.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap().1
    }
}

#[test]
fn sealed_enrolments_of_one_person_are_as_strange_to_one_another_as_two_peoples() {
    let model = on_the_backbone();
    let models: Vec<[Bundle; 2]> =
        (0..PEOPLE).map(|person| [0, 1].map(|at| enrolled(&model, &session(person, at)))).collect();
    let people = models.len();
    let clear = Linkage::of(people, |a, b| apart_in_the_clear(&models[a][0], &models[b][1]));
    let bytes = models.iter().map(|pair| pair.each_ref().map(|model| model.to_bytes().unwrap()));
    let bytes: Vec<[Vec<u8>; 2]> = bytes.collect();
    let mut sealed = Linkage { same: Vec::new(), different: Vec::new(), linked: 0 };
    for _ in 0..SEALINGS {
        // Each enrolment has a key of its own.
        let files: Vec<_> =
            bytes.iter().map(|pair| pair.each_ref().map(|text| closed(text))).collect();
        let round = Linkage::of(people, |a, b| apart_by_bytes(&files[a][0], &files[b][1]));
        sealed.same.extend(round.same);
        sealed.different.extend(round.different);
        sealed.linked += round.linked;
    }
    let rates = [&clear, &sealed].map(Linkage::equal_error_rate);
    println!(
        "in the clear: {} of {people} linked, equal error rate {:.3}; sealed: {} of {} linked, {:.3}",
        clear.linked,
        rates[0],
        sealed.linked,
        people * SEALINGS,
        rates[1]
    );
    assert!(clear.linked >= people / 2, "{} of {people}", clear.linked);
    // Keys are new in each run: within four standard deviations of chance.
    assert!((0.45..0.55).contains(&rates[1]), "{rates:?}");
    let chance = SEALINGS as f64;
    assert!((sealed.linked as f64 - chance).abs() < 4.0 * chance.sqrt(), "{}", sealed.linked);
}

/// As much as is compared, sealed with a key that nobody has seen before.
fn closed(text: &[u8]) -> Vec<u8> {
    let key = Key::random().unwrap();
    let sealed = seal(&key, Kind::Model, &text[..2 * COMPARED]).unwrap();
    // The beginning is the same in every file; the name of the key is random too.
    sealed[10..].to_vec()
}
