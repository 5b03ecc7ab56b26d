//! What stands inside a picture: lines, bands, rectangles, arrows, points, rules and notes, each
//! kind drawn as one path, so that thousands of points stay small. Axes and legends are elsewhere.

use std::fmt::Write;

use super::axis::Axis;
use super::style::{Colour, Dash, Style};
use super::text::{escape, place};

/// A mark of a picture, in the values of its axes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub(super) form: Form,
    pub(super) style: Style,
    pub(super) name: Option<String>,
}

/// The outline of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PointShape {
    /// A disc.
    Circle,
    /// A square on its side.
    #[cfg_attr(not(feature = "history"), allow(dead_code, reason = "the report's"))]
    Square,
    /// A square on its corner.
    Diamond,
    /// A triangle that points upwards.
    Triangle,
    /// Two strokes.
    Cross,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    Line(Vec<[f64; 2]>),
    Band(Vec<[f64; 3]>),
    Rects(Vec<[f64; 4]>),
    Segments(Vec<[f64; 4]>),
    Arrows(Vec<[f64; 4]>),
    Points(Vec<[f64; 2]>, PointShape, f64),
    Upright(f64, String),
    Level(f64, String),
    Note([f64; 2], String),
}

impl Mark {
    const fn new(form: Form, style: Style) -> Self {
        Self { form, style, name: None }
    }

    /// A line through `[x, y]`; it pauses at points that are no numbers.
    pub(crate) const fn line(points: Vec<[f64; 2]>, style: Style) -> Self {
        Self::new(Form::Line(points), style)
    }

    /// A band over x between two heights: `[x, low, high]`.
    pub(crate) const fn band(points: Vec<[f64; 3]>, style: Style) -> Self {
        Self::new(Form::Band(points), style)
    }

    /// Filled rectangles `[x, y, x, y]` between two corners.
    pub(crate) const fn rects(rects: Vec<[f64; 4]>, style: Style) -> Self {
        Self::new(Form::Rects(rects), style)
    }

    /// Strokes `[x, y, x, y]` from one point to another.
    pub(crate) const fn segments(segments: Vec<[f64; 4]>, style: Style) -> Self {
        Self::new(Form::Segments(segments), style)
    }

    /// Strokes with a head at their end.
    pub(crate) const fn arrows(arrows: Vec<[f64; 4]>, style: Style) -> Self {
        Self::new(Form::Arrows(arrows), style)
    }

    /// Points `[x, y]` of a shape, with a radius in px.
    pub(crate) const fn points(
        points: Vec<[f64; 2]>,
        shape: PointShape,
        radius: f64,
        style: Style,
    ) -> Self {
        Self::new(Form::Points(points, shape, radius), style)
    }

    /// A dashed line upwards at a value of x, with a note beside its top.
    pub(crate) fn upright(x: f64, note: impl Into<String>) -> Self {
        let style = Style::of(Colour::Ink).dashed(Dash::Short).width(1.2);
        Self::new(Form::Upright(x, note.into()), style)
    }

    /// A dashed line across at a value of y, with a note above its end.
    pub(crate) fn level(y: f64, note: impl Into<String>) -> Self {
        let style = Style::of(Colour::Ink).dashed(Dash::Short).width(1.2);
        Self::new(Form::Level(y, note.into()), style)
    }

    /// A text around a place; in the colour of the paper if it stands on something dark.
    pub(crate) fn label(at: [f64; 2], text: String, on_dark: bool) -> Self {
        let colour = if on_dark { Colour::Muted } else { Colour::Ink };
        Self::new(Form::Note(at, text), Style::of(colour))
    }

    /// Whether it draws nothing.
    #[cfg_attr(not(feature = "history"), allow(dead_code, reason = "the report's"))]
    pub(crate) fn is_empty(&self) -> bool {
        match &self.form {
            Form::Line(points) | Form::Points(points, ..) => points.is_empty(),
            Form::Band(points) => points.is_empty(),
            Form::Rects(ends) | Form::Segments(ends) | Form::Arrows(ends) => ends.is_empty(),
            Form::Upright(..) | Form::Level(..) | Form::Note(..) => false,
        }
    }

    /// With a name in the legend.
    #[must_use]
    pub(crate) fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// Where the values of two axes lie on the drawing, px.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: &'a Axis,
    pub y: &'a Axis,
}

impl Frame<'_> {
    pub(crate) fn x(&self, value: f64) -> f64 {
        self.left + self.width * self.x.share(value)
    }

    pub(crate) fn y(&self, value: f64) -> f64 {
        self.top + self.height * (1.0 - self.y.share(value))
    }

    fn at(&self, point: [f64; 2]) -> [f64; 2] {
        [self.x(point[0]), self.y(point[1])]
    }

    fn ends(&self, segment: [f64; 4]) -> [[f64; 2]; 2] {
        [self.at([segment[0], segment[1]]), self.at([segment[2], segment[3]])]
    }

    pub(crate) fn draw(&self, mark: &Mark) -> String {
        let style = &mark.style;
        match &mark.form {
            Form::Line(points) => stroke(&self.line(points), style),
            Form::Band(points) => fill(&self.band(points), style),
            Form::Rects(rects) => fill(&self.rects(rects), style),
            Form::Segments(segments) => stroke(&self.segments(segments), style),
            Form::Arrows(arrows) => {
                let heads = fill(&self.heads(arrows, style.width), style);
                stroke(&self.segments(arrows), style) + &heads
            }
            Form::Points(points, shape, radius) => {
                let data: String =
                    points.iter().map(|point| shape.path(self.at(*point), *radius)).collect();
                if *shape == PointShape::Cross { stroke(&data, style) } else { fill(&data, style) }
            }
            Form::Upright(x, note) => self.upright(*x, note, style),
            Form::Level(y, note) => self.level(*y, note, style),
            Form::Note(at, text) => self.note(*at, text, style),
        }
    }

    fn line(&self, points: &[[f64; 2]]) -> String {
        let mut data = String::new();
        let mut pen = 'M';
        for point in points {
            if !point.iter().all(|value| value.is_finite()) {
                pen = 'M';
                continue;
            }
            let [x, y] = self.at(*point);
            push(&mut data, pen, x, y);
            pen = 'L';
        }
        data
    }

    fn band(&self, points: &[[f64; 3]]) -> String {
        let upper = points.iter().map(|[x, _, high]| [*x, *high]);
        let lower = points.iter().rev().map(|[x, low, _]| [*x, *low]);
        let outline: Vec<_> = upper.chain(lower).collect();
        if outline.is_empty() { String::new() } else { self.line(&outline) + "Z" }
    }

    fn rects(&self, rects: &[[f64; 4]]) -> String {
        let mut data = String::new();
        for rect in rects {
            let [a, b] = self.ends(*rect);
            let wide = (b[0] - a[0]).abs();
            let high = (b[1] - a[1]).abs();
            push(&mut data, 'M', a[0].min(b[0]), a[1].min(b[1]));
            let _ = write!(data, "h{}v{}h-{0}Z", place(wide), place(high));
        }
        data
    }

    fn segments(&self, segments: &[[f64; 4]]) -> String {
        let mut data = String::new();
        let mut pen = [f64::NAN; 2];
        for segment in segments {
            let [a, b] = self.ends(*segment);
            if a != pen {
                push(&mut data, 'M', a[0], a[1]);
            }
            push(&mut data, 'L', b[0], b[1]);
            pen = b;
        }
        data
    }

    fn heads(&self, arrows: &[[f64; 4]], width: f64) -> String {
        let length = 3.0 + 1.6 * width;
        let half = 1.2 + 0.8 * width;
        let mut data = String::new();
        for arrow in arrows {
            let [a, b] = self.ends(*arrow);
            let dx = b[0] - a[0];
            let dy = b[1] - a[1];
            let span = dx.hypot(dy);
            // A head longer than its stroke would point nowhere.
            if span < length {
                continue;
            }
            let ux = dx / span;
            let uy = dy / span;
            let foot = [b[0] - length * ux, b[1] - length * uy];
            push(&mut data, 'M', b[0], b[1]);
            push(&mut data, 'L', foot[0] - half * uy, foot[1] + half * ux);
            push(&mut data, 'L', foot[0] + half * uy, foot[1] - half * ux);
            data.push('Z');
        }
        data
    }

    fn upright(&self, value: f64, note: &str, style: &Style) -> String {
        let x = self.x(value);
        let mut data = String::new();
        push(&mut data, 'M', x, self.top);
        push(&mut data, 'L', x, self.top + self.height);
        let on_left = x > self.left + 0.6 * self.width;
        let (anchor, shift) = if on_left { (" text-anchor=\"end\"", -4.0) } else { ("", 4.0) };
        let at = [x + shift, self.top + 11.0];
        stroke(&data, style) + &text(at, anchor, "t", note)
    }

    fn level(&self, value: f64, note: &str, style: &Style) -> String {
        let y = self.y(value);
        let mut data = String::new();
        push(&mut data, 'M', self.left, y);
        push(&mut data, 'L', self.left + self.width, y);
        let above = if y - self.top < 16.0 { 13.0 } else { -4.0 };
        let at = [self.left + self.width - 3.0, y + above];
        stroke(&data, style) + &text(at, " text-anchor=\"end\"", "t", note)
    }

    fn note(&self, at: [f64; 2], note: &str, style: &Style) -> String {
        let [x, y] = self.at(at);
        let class = if style.colour == Colour::Ink { "t" } else { "t o" };
        text([x, y + 4.0], " text-anchor=\"middle\"", class, note)
    }
}

impl PointShape {
    /// The outline around a place, px.
    pub(super) fn path(self, [x, y]: [f64; 2], r: f64) -> String {
        let p = place;
        let two = p(2.0 * r);
        let r = p(r);
        let radius: f64 = r.parse().unwrap_or(1.0);
        let [left, top, right] = [p(x - radius), p(y - radius), p(x + radius)];
        let [x, y] = [p(x + 0.0), p(y + 0.0)];
        match self {
            Self::Circle => format!("M{left} {y}a{r} {r} 0 1 0 {two} 0a{r} {r} 0 1 0 -{two} 0"),
            Self::Square => format!("M{left} {top}h{two}v{two}h-{two}Z"),
            Self::Diamond => format!("M{x} {top}l{r} {r}l-{r} {r}l-{r} -{r}Z"),
            Self::Triangle => format!("M{x} {top}l{r} {two}h-{two}Z"),
            Self::Cross => format!("M{left} {top}l{two} {two}M{right} {top}l-{two} {two}"),
        }
    }
}

/// A stroked path; nothing if it is empty.
pub(super) fn stroke(data: &str, style: &Style) -> String {
    if data.is_empty() {
        return String::new();
    }
    let colour = style.colour.class();
    let dash = style.dash.class();
    let opacity = opacity(style);
    let width = place(style.width);
    format!("<path class=\"l {colour}{dash}\" stroke-width=\"{width}\"{opacity} d=\"{data}\"/>")
}

/// A filled path; nothing if it is empty.
pub(super) fn fill(data: &str, style: &Style) -> String {
    if data.is_empty() {
        return String::new();
    }
    format!("<path class=\"f {}\"{} d=\"{data}\"/>", style.colour.class(), opacity(style))
}

/// A text at a place; `more` are attributes.
pub(super) fn text([x, y]: [f64; 2], more: &str, class: &str, text: &str) -> String {
    let text = escape(text);
    format!("<text class=\"{class}\" x=\"{}\" y=\"{}\"{more}>{text}</text>", place(x), place(y))
}

fn opacity(style: &Style) -> String {
    match style.opacity {
        1.0 => String::new(),
        opacity => format!(" opacity=\"{:.2}\"", opacity.clamp(0.0, 1.0)),
    }
}

fn push(data: &mut String, pen: char, x: f64, y: f64) {
    // Writing to a string cannot fail.
    let _ = write!(data, "{pen}{} {}", place(x), place(y));
}
