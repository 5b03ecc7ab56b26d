//! The confusion matrix as a heat map: rows are who made the sessions, columns who was named.

use super::scores::AttributionScores;
use crate::lab::plot::{Axis, HeatMap, Picture, percent, short_id};

/// Characters of a name beside the cells; the ends of ids tell them apart.
const LONGEST: usize = 9;
/// One cell, px.
const CELL: f64 = 30.0;

/// Each cell has its count; its shade is the share of that person's sessions. Where nobody was
/// taken for somebody the cell stays empty, so that the eye finds the mistakes.
pub(crate) fn heat_map(scores: &AttributionScores, labels: &[String]) -> Picture {
    let names: Vec<String> = labels.iter().map(|label| short_id(label, LONGEST)).collect();
    let side = 110.0 + CELL * labels.len() as f64;
    HeatMap {
        title: format!("Who made it, who was named: macro F1 {:.2}", scores.macro_f1.value),
        about: format!(
            "Confusion matrix of {} people; {} of the answers are right.",
            labels.len(),
            percent(scores.accuracy.value)
        ),
        x: Axis::named("who was named", &names, false),
        y: Axis::named("who made it", &names, true),
        shades: scores
            .confusion
            .iter()
            .map(|row| -> Vec<f64> {
                let all = row.iter().sum::<usize>().max(1) as f64;
                row.iter().map(|&n| if n == 0 { f64::NAN } else { n as f64 / all }).collect()
            })
            .collect(),
        texts: scores
            .confusion
            .iter()
            .map(|row| row.iter().map(ToString::to_string).collect())
            .collect(),
        size: [side, side],
    }
    .draw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::identify::scores::Attribution;

    #[test]
    fn counts_stand_in_their_cells_and_what_never_happened_is_empty() {
        let answer = |session: usize, class: usize, named: usize| {
            let mut probabilities = vec![0.1; 3];
            probabilities[named] = 0.8;
            Attribution { session, repeat: 0, class, probabilities }
        };
        let labels = ["-2416201403891402419", "-2416201404115933631", "b<c"].map(String::from);
        let answers = [answer(0, 0, 0), answer(1, 0, 2), answer(2, 1, 1), answer(3, 2, 2)];
        let scores = AttributionScores::of(&answers, &labels, 1);
        let svg = heat_map(&scores, &labels).standalone();
        roxmltree::Document::parse(&svg).unwrap();
        assert_eq!(svg.matches(">1</text>").count(), 4);
        assert!(!svg.contains(">0</text>") && svg.contains("b&lt;c"), "{svg}");
    }
}
