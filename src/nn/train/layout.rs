//! Where the parameters of one side lie in its flat array, so that Adam is one loop and a gradient
//! has the same address as its parameter.

use std::ops::Range;

use crate::panel::PanelShape;

/// The ranges of one side: its direction of both layers, and its half of normalisation and head.
#[derive(Debug, Clone)]
pub(crate) struct ParameterLayout {
    /// Sizes of both layers' directions.
    pub shapes: [PanelShape; 2],
    /// Panels of both layers' directions.
    pub panels: [Range<usize>; 2],
    /// Scale of the normalisation.
    pub gamma: Range<usize>,
    /// Offset of the normalisation.
    pub beta: Range<usize>,
    /// Linear of the head; none for a single logit.
    pub classes: Option<usize>,
    /// Weights of the head: a value a unit, or with classes a row of them a unit.
    pub head: Range<usize>,
    /// Biases of the head; only the forward side uses its own.
    pub bias: Range<usize>,
}

impl ParameterLayout {
    /// For hidden sizes, a head and a vector width.
    pub(crate) fn new(hidden: [usize; 2], classes: Option<usize>, lanes: usize) -> Self {
        let first = PanelShape::first(hidden[0], lanes);
        let shapes = [first, PanelShape::above(&first, hidden[1])];
        let mut end = 0;
        let mut next = |len: usize| {
            end += len;
            end - len..end
        };
        Self {
            shapes,
            panels: [next(shapes[0].panel_len()), next(shapes[1].panel_len())],
            gamma: next(shapes[0].padded),
            beta: next(shapes[0].padded),
            head: next(shapes[1].padded * classes.unwrap_or(1)),
            bias: next(classes.unwrap_or(1)),
            classes,
        }
    }

    /// Parameters of a side.
    pub(crate) const fn len(&self) -> usize {
        self.bias.end
    }
}
