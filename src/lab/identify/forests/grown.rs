//! The trees of `smartcore`. Its forests name a class only: votes are counted here, and the
//! regressors answer for one person against the rest.

use smartcore::ensemble::extra_trees_regressor::{
    ExtraTreesRegressor, ExtraTreesRegressorParameters,
};
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::error::Failed;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::xgboost::xgb_regressor::{XGRegressor, XGRegressorParameters};

use super::ForestParams;
use crate::error::{Failure, FailureKind, Result};
use crate::lab::identify::classifier::FittedClassifier;
use crate::lab::identify::samples::Labelled;

type Matrix = DenseMatrix<f32>;
type Tree = RandomForestClassifier<f32, u32, Matrix, Vec<u32>>;

fn failed(error: &Failed) -> Failure {
    Failure::new(FailureKind::Data, format!("growing trees: {error}"))
}

fn matrix(rows: &[Vec<f32>]) -> Result<Matrix> {
    DenseMatrix::from_2d_vec(&rows.to_vec()).map_err(|e| failed(&e))
}

/// Trees that each have one vote.
struct Votes {
    trees: Vec<Tree>,
    classes: usize,
}

pub(in super::super) fn random_forest(
    labelled: &Labelled,
    params: &ForestParams,
) -> Result<Box<dyn FittedClassifier>> {
    let rows = matrix(&labelled.rows)?;
    let classes: Vec<u32> = labelled.classes.iter().map(|class| *class as u32).collect();
    let trees = (0..params.trees)
        .map(|index| {
            let one = RandomForestClassifierParameters {
                n_trees: 1,
                m: Some(params.choices(labelled)),
                seed: params.seed.wrapping_mul(1_000_003).wrapping_add(index as u64),
                ..Default::default()
            };
            Tree::fit(&rows, &classes, one).map_err(|e| failed(&e))
        })
        .collect::<Result<_>>()?;
    Ok(Box::new(Votes { trees, classes: labelled.labels.len() }))
}

impl FittedClassifier for Votes {
    fn probabilities(&mut self, rows: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let matrix = matrix(rows)?;
        let mut shares = vec![vec![0.0; self.classes]; rows.len()];
        for tree in &self.trees {
            let votes = tree.predict(&matrix).map_err(|e| failed(&e))?;
            for (share, vote) in shares.iter_mut().zip(votes) {
                share[vote as usize] += 1.0 / self.trees.len() as f32;
            }
        }
        Ok(shares)
    }
}

/// One regressor a person, trained on 1 for theirs and 0 for everybody else's.
struct Against<R> {
    people: Vec<R>,
    ask: fn(&R, &Matrix) -> std::result::Result<Vec<f32>, Failed>,
}

fn against<R: 'static>(
    labelled: &Labelled,
    fit: impl Fn(&Matrix, &Vec<f32>) -> std::result::Result<R, Failed>,
    ask: fn(&R, &Matrix) -> std::result::Result<Vec<f32>, Failed>,
) -> Result<Box<dyn FittedClassifier>> {
    let rows = matrix(&labelled.rows)?;
    let people = (0..labelled.labels.len())
        .map(|class| {
            let targets: Vec<f32> =
                labelled.classes.iter().map(|one| if *one == class { 1.0 } else { 0.0 }).collect();
            fit(&rows, &targets).map_err(|e| failed(&e))
        })
        .collect::<Result<_>>()?;
    Ok(Box::new(Against { people, ask }))
}

impl<R> FittedClassifier for Against<R> {
    fn probabilities(&mut self, rows: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let matrix = matrix(rows)?;
        let mut table = vec![Vec::with_capacity(self.people.len()); rows.len()];
        for person in &self.people {
            let answers = (self.ask)(person, &matrix).map_err(|e| failed(&e))?;
            table.iter_mut().zip(answers).for_each(|(row, p)| row.push(p.clamp(1e-6, 1.0)));
        }
        for row in &mut table {
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|p| *p /= sum);
        }
        Ok(table)
    }
}

pub(in super::super) fn extra_trees(
    labelled: &Labelled,
    params: &ForestParams,
) -> Result<Box<dyn FittedClassifier>> {
    let settings = ExtraTreesRegressorParameters {
        n_trees: params.trees,
        m: Some(params.choices(labelled)),
        seed: params.seed,
        ..Default::default()
    };
    against(
        labelled,
        |rows, targets| ExtraTreesRegressor::fit(rows, targets, settings.clone()),
        |person, rows| person.predict(rows),
    )
}

pub(in super::super) fn boosted(
    labelled: &Labelled,
    params: &ForestParams,
) -> Result<Box<dyn FittedClassifier>> {
    let settings = XGRegressorParameters::default()
        .with_n_estimators(params.trees)
        .with_max_depth(params.depth)
        .with_learning_rate(params.learning_rate)
        .with_base_score(1.0 / labelled.labels.len().max(1) as f64)
        .with_subsample(0.8)
        .with_seed(params.seed);
    against(
        labelled,
        |rows, targets| XGRegressor::fit(rows, targets, settings.clone()),
        |person, rows| person.predict(rows),
    )
}
