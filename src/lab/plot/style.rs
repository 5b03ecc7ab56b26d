//! How a mark looks: colour, dash, width and strength. Names only; the values of a colour stand in
//! the sheet.

/// A colour by its part in a picture. The eight series have the hues of Okabe and Ito, each with a
/// darker or lighter twin for light and dark paper; people with any of the common colour blindnesses
/// tell the first five apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Colour {
    /// One of eight series; larger numbers begin anew.
    Series(u8),
    /// As the text.
    Ink,
    /// What stands behind.
    Muted,
    /// What is wrong.
    Alarm,
}

impl Colour {
    /// The class that paints it.
    pub(super) fn class(self) -> String {
        match self {
            Self::Series(i) => format!("c{}", i % 8),
            Self::Ink => "ci".into(),
            Self::Muted => "cm".into(),
            Self::Alarm => "ca".into(),
        }
    }
}

/// The dash of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Dash {
    /// None.
    #[default]
    Solid,
    /// Long strokes.
    Long,
    /// Short strokes.
    Short,
    /// Dots.
    Dots,
    /// A stroke and a dot.
    StrokeDot,
}

impl Dash {
    /// All, in the order in which series take them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Solid, Self::Long, Self::Short, Self::Dots, Self::StrokeDot];

    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Solid => "",
            Self::Long => " d1",
            Self::Short => " d2",
            Self::Dots => " d3",
            Self::StrokeDot => " d4",
        }
    }
}

/// Colour, dash, line width and opacity of a mark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    /// Its colour.
    pub colour: Colour,
    /// Its dash; filled marks have none.
    pub dash: Dash,
    /// Line width, px.
    pub width: f64,
    /// 0..=1.
    pub opacity: f64,
}

impl Style {
    /// A solid line of usual width.
    pub(crate) const fn of(colour: Colour) -> Self {
        Self { colour, dash: Dash::Solid, width: 1.8, opacity: 1.0 }
    }

    /// The nth series: colour and dash differ from those of its neighbours.
    pub(crate) const fn series(i: usize) -> Self {
        let dash = Dash::ALL[i % Dash::ALL.len()];
        Self { colour: Colour::Series((i % 8) as u8), dash, width: 1.8, opacity: 1.0 }
    }

    /// With another dash.
    #[must_use]
    pub(crate) const fn dashed(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }

    /// With another width, px.
    #[must_use]
    pub(crate) const fn width(mut self, width: f64) -> Self {
        self.width = width;
        self
    }

    /// With another opacity, 0..=1.
    #[must_use]
    pub(crate) const fn opacity(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }
}
