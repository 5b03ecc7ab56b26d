//! A table of numbers as shades: confusion matrices, click density. A darker cell is a larger
//! number; numbers written into cells stay readable on both.

use super::axis::Axis;
use super::figure::{Figure, Picture};
use super::mark::Mark;
use super::style::{Colour, Style};

/// Shades told apart.
const LEVELS: usize = 12;

/// A table of numbers as shades.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HeatMap {
    /// Its title.
    pub title: String,
    /// A sentence for those who cannot see it.
    pub about: String,
    /// The axes. Column `i` spans `i - 0.5 ..= i + 0.5`, as [`Axis::named`] has it.
    pub x: Axis,
    /// The same for rows.
    pub y: Axis,
    /// Rows of shades 0..=1; what is no number stays empty.
    pub shades: Vec<Vec<f64>>,
    /// Texts of the cells; none, or one for each.
    pub texts: Vec<Vec<String>>,
    /// px.
    pub size: [f64; 2],
}

impl HeatMap {
    /// Draws it.
    pub(crate) fn draw(&self) -> Picture {
        let mut levels = vec![Vec::new(); LEVELS];
        for (row, column, shade) in self.cells() {
            let level = (shade * LEVELS as f64).ceil() as usize;
            if let Some(cells) = level.checked_sub(1).and_then(|level| levels.get_mut(level)) {
                let x = column as f64;
                let y = row as f64;
                cells.push([x - 0.5, y - 0.5, x + 0.5, y + 0.5]);
            }
        }
        let shaded = levels.into_iter().enumerate().filter(|level| !level.1.is_empty());
        let marks = shaded.map(|(level, cells)| {
            let opacity = (level + 1) as f64 / LEVELS as f64;
            Mark::rects(cells, Style::of(Colour::Series(0)).opacity(opacity))
        });
        Figure::new(self.title.clone(), self.x.clone(), self.y.clone())
            .about(self.about.clone())
            .size(self.size[0], self.size[1])
            .marks(marks)
            .marks(self.labels())
            .draw()
    }

    fn cells(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        let cells = self.shades.iter().enumerate().flat_map(|(row, shades)| {
            shades.iter().enumerate().map(move |(column, shade)| (row, column, *shade))
        });
        cells.filter(|cell| cell.2.is_finite()).map(|(r, c, shade)| (r, c, shade.clamp(0.0, 1.0)))
    }

    fn labels(&self) -> impl Iterator<Item = Mark> + '_ {
        self.cells().filter_map(|(row, column, shade)| {
            let text = self.texts.get(row)?.get(column)?;
            Some(Mark::label([column as f64, row as f64], text.clone(), shade > 0.75))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_text_and_dark_cells_have_light_ones() {
        let names = ["owner".to_owned(), "impostor".to_owned()];
        let map = HeatMap {
            title: "Confusion".into(),
            about: String::new(),
            x: Axis::named("decision", &names, false),
            y: Axis::named("truth", &names, true),
            shades: vec![vec![0.9, 0.1], vec![f64::NAN, 0.8]],
            texts: vec![vec!["90".into(), "10".into()], vec!["none".into(), "80".into()]],
            size: [240.0, 200.0],
        };
        let svg = map.draw().inline();
        assert!(svg.contains("class=\"t o\"") && svg.contains(">90<") && svg.contains(">10<"));
        assert!(!svg.contains(">none<"), "a cell without a number stays empty");
    }
}
