//! The names of marks above a picture, in as many rows as they need.

use super::mark::{Form, Mark, PointShape, fill, stroke, text};
use super::style::Style;
use super::text::width;

const ROW: f64 = 17.0;
const SAMPLE: f64 = 24.0;
const GAP: f64 = 16.0;
const SIZE: f64 = 11.0;

/// Which mark stands where.
#[derive(Debug)]
pub(super) struct Legend<'a> {
    entries: Vec<(&'a Mark, &'a str, [f64; 2])>,
    /// Height of all rows, px.
    pub height: f64,
}

impl<'a> Legend<'a> {
    /// Lays out the named marks within a width, px.
    pub(crate) fn new(marks: &'a [Mark], left: f64, available: f64) -> Self {
        let mut x = left;
        let mut row = 0.0;
        let mut entries = Vec::new();
        for mark in marks {
            let Some(name) = mark.name.as_deref() else { continue };
            let wide = SAMPLE + 4.0 + width(name, SIZE);
            if x > left && x + wide > left + available {
                (x, row) = (left, row + ROW);
            }
            entries.push((mark, name, [x, row]));
            x += wide + GAP;
        }
        let height = if entries.is_empty() { 0.0 } else { row + ROW + 2.0 };
        Self { entries, height }
    }

    /// Draws it below a height, px.
    pub(crate) fn draw(&self, top: f64) -> String {
        self.entries
            .iter()
            .map(|(mark, name, [x, row])| {
                let middle = top + row + ROW / 2.0;
                sample(mark, *x, middle) + &text([x + SAMPLE + 4.0, middle + 4.0], "", "t", name)
            })
            .collect()
    }
}

fn sample(mark: &Mark, x: f64, y: f64) -> String {
    let line = format!("M{x:.1} {y:.1}h{SAMPLE}");
    let middle = [x + SAMPLE / 2.0, y];
    match &mark.form {
        Form::Points(_, PointShape::Cross, _) => {
            stroke(&PointShape::Cross.path(middle, 3.5), &Style { width: 1.6, ..mark.style })
        }
        Form::Points(_, shape, _) => fill(&shape.path(middle, 4.0), &mark.style),
        Form::Rects(_) | Form::Band(_) => {
            fill(&format!("M{:.1} {:.1}h12v10h-12Z", x + 6.0, y - 5.0), &mark.style)
        }
        _ => stroke(&line, &mark.style),
    }
}
