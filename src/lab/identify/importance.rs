//! Permutation importance (Breiman 2001) on held-out sessions: how much accuracy is lost when a
//! feature's values, or those of a whole group, change places between sessions. The trained
//! classifiers stay as they are, so two features that say the same share their importance.

use serde::Serialize;

use super::classifier::FittedClassifier;
use super::features::Group;
use super::folds::Fold;
use super::samples::Labelled;
use super::scores::likeliest;
use crate::error::Result;
use crate::lab::random::Random;

/// Shuffles of each column and fold.
const SHUFFLES: usize = 5;

/// Loss of accuracy, 0..=1, by feature and by group, largest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(crate) struct Importance {
    /// Single features.
    pub features: Vec<(String, f64)>,
    /// All features of a group at once.
    pub groups: Vec<(&'static str, f64)>,
}

/// Columns that change places together.
struct PageBlock {
    name: String,
    group: Option<Group>,
    columns: Vec<usize>,
    /// Right answers lost, over all shuffles.
    lost: f64,
}

/// The measurement on its way through the folds.
pub(super) struct Shuffles<'a> {
    labelled: &'a Labelled,
    random: Random,
    blocks: Vec<PageBlock>,
    asked: f64,
}

impl<'a> Shuffles<'a> {
    pub(super) fn new(labelled: &'a Labelled, seed: u64) -> Self {
        let names = &labelled.names;
        let groups = &labelled.groups;
        let blocks = names
            .iter()
            .enumerate()
            .map(|(column, name)| PageBlock {
                name: name.clone(),
                group: None,
                columns: vec![column],
                lost: 0.0,
            })
            .chain(Group::ALL.map(|group| PageBlock {
                name: group.name().into(),
                group: Some(group),
                columns: (0..groups.len()).filter(|&column| groups[column] == group).collect(),
                lost: 0.0,
            }));
        let blocks = blocks.filter(|block| !block.columns.is_empty()).collect();
        Self { labelled, random: Random::new(seed, 33), blocks, asked: 0.0 }
    }

    pub(super) fn measure(&mut self, fitted: &mut dyn FittedClassifier, fold: &Fold) -> Result<()> {
        let test = self.labelled.at(&fold.test);
        let test = test.at(&test.wholes().collect::<Vec<_>>());
        let before = right(fitted, &test.rows, &test.classes)?;
        for block in &mut self.blocks {
            for _ in 0..SHUFFLES {
                let mut order: Vec<usize> = (0..test.rows.len()).collect();
                self.random.shuffle(&mut order);
                let mut rows = test.rows.clone();
                for (row, &from) in rows.iter_mut().zip(&order) {
                    block.columns.iter().for_each(|&c| row[c] = test.rows[from][c]);
                }
                block.lost += before - right(fitted, &rows, &test.classes)?;
            }
        }
        self.asked += (SHUFFLES * test.rows.len()) as f64;
        Ok(())
    }

    /// Empty where nothing was measured.
    pub(super) fn finished(mut self) -> Importance {
        if self.asked == 0.0 {
            return Importance::default();
        }
        self.blocks.sort_by(|a, b| b.lost.total_cmp(&a.lost));
        let mut features = Vec::new();
        let mut groups = Vec::new();
        for block in self.blocks {
            let lost = block.lost / self.asked;
            match block.group {
                None => features.push((block.name, lost)),
                Some(group) => groups.push((group.name(), lost)),
            }
        }
        Importance { features, groups }
    }
}

fn right(fitted: &mut dyn FittedClassifier, rows: &[Vec<f32>], classes: &[usize]) -> Result<f64> {
    let answers = fitted.probabilities(rows)?;
    let holds = answers.iter().zip(classes).filter(|(row, class)| likeliest(row) == **class);
    Ok(holds.count() as f64)
}
