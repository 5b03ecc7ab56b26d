//! A picture of two axes: lays out title, legend, axes and marks, and writes it as SVG.

use super::axis::Axis;
use super::legend::Legend;
use super::mark::{Frame, Mark, text};
use super::sheet::sheet;
use super::text::{escape, place, width};

const TICK: f64 = 11.0;
const LINE: f64 = 16.0;

/// What a picture is made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    title: String,
    about: String,
    size: [f64; 2],
    x: Axis,
    y: Axis,
    marks: Vec<Mark>,
}

impl Figure {
    /// An empty picture of the usual size.
    pub(crate) fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        let title = title.into();
        let about = String::new();
        Self { title, about, size: [460.0, 320.0], x, y, marks: Vec::new() }
    }

    /// With another size, px; it includes title, legend and axes.
    #[must_use]
    pub(crate) const fn size(mut self, width: f64, height: f64) -> Self {
        self.size = [width, height];
        self
    }

    /// With a sentence for those who cannot see it.
    #[must_use]
    pub(crate) fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// With one more mark, above those before it.
    #[must_use]
    pub(crate) fn mark(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }

    /// With more marks.
    #[must_use]
    pub(crate) fn marks(mut self, marks: impl IntoIterator<Item = Mark>) -> Self {
        self.marks.extend(marks);
        self
    }

    /// Draws it.
    pub(crate) fn draw(&self) -> Picture {
        let [wide, high] = self.size;
        let left = self.left();
        let legend = Legend::new(&self.marks, left, wide - left - 6.0);
        let title = if self.title.is_empty() { 4.0 } else { 24.0 };
        let top = title + legend.height + 6.0;
        let (bottom, upright) = self.bottom(wide - left - 14.0);
        let frame = Frame {
            left,
            top,
            width: wide - left - 14.0,
            height: (high - top - bottom).max(20.0),
            x: &self.x,
            y: &self.y,
        };
        let mut body = String::new();
        if !self.title.is_empty() {
            body += &text([2.0, 15.0], "", "h", &self.title);
        }
        body += &legend.draw(title);
        body += &grid(&frame);
        body += &self.marks.iter().map(|mark| frame.draw(mark)).collect::<String>();
        body += &axes(&frame, upright);
        Picture::new(&self.title, &self.about, self.size, &body)
    }

    fn left(&self) -> f64 {
        let widest = self.y.values().iter().map(|tick| width(&tick.1, TICK)).fold(0.0, f64::max);
        let label = if self.y.label.is_empty() { 0.0 } else { LINE };
        widest + label + 10.0
    }

    /// Space below the picture, and whether the names there must stand upright.
    fn bottom(&self, available: f64) -> (f64, bool) {
        let ticks = self.x.values();
        let widest = ticks.iter().map(|tick| width(&tick.1, TICK)).fold(0.0, f64::max);
        let label = if self.x.label.is_empty() { 4.0 } else { LINE + 4.0 };
        let named = matches!(self.x.ticks, super::axis::Ticks::At(_));
        let upright = named && ticks.len() > 3 && widest * ticks.len() as f64 > available;
        (label + if upright { widest + 10.0 } else { 18.0 }, upright)
    }
}

fn grid(frame: &Frame<'_>) -> String {
    let mut data = String::new();
    if frame.y.grid {
        data.extend(frame.y.values().iter().map(|tick| across(frame, tick.0)));
    }
    if frame.x.grid {
        data.extend(frame.x.values().iter().map(|tick| upwards(frame, tick.0)));
    }
    format!("<path class=\"g\" d=\"{data}\"/>")
}

fn upwards(frame: &Frame<'_>, value: f64) -> String {
    format!("M{} {}v{}", place(frame.x(value)), place(frame.top), place(frame.height))
}

fn across(frame: &Frame<'_>, value: f64) -> String {
    format!("M{} {}h{}", place(frame.left), place(frame.y(value)), place(frame.width))
}

fn axes(frame: &Frame<'_>, upright: bool) -> String {
    let left = frame.left;
    let bottom = frame.top + frame.height;
    let mut out = format!(
        "<path class=\"a\" d=\"M{} {}v{}h{}\"/>",
        place(left),
        place(frame.top),
        place(frame.height),
        place(frame.width)
    );
    out += &across_ticks(frame, bottom, upright);
    out += &upward_ticks(frame);
    if !frame.x.label.is_empty() {
        let below = if upright { longest(frame.x) + 10.0 } else { 18.0 };
        let at = [left + frame.width / 2.0, bottom + below + LINE - 2.0];
        out += &text(at, " text-anchor=\"middle\"", "t", &frame.x.label);
    }
    if !frame.y.label.is_empty() {
        let at = [11.0, frame.top + frame.height / 2.0];
        let turn = format!(
            " text-anchor=\"middle\" transform=\"rotate(-90 {} {})\"",
            place(at[0]),
            place(at[1])
        );
        out += &text(at, &turn, "t", &frame.y.label);
    }
    out
}

fn longest(axis: &Axis) -> f64 {
    axis.values().iter().map(|tick| width(&tick.1, TICK)).fold(0.0, f64::max)
}

/// Texts below the picture; one that would touch the one before it is left out.
fn across_ticks(frame: &Frame<'_>, bottom: f64, upright: bool) -> String {
    let mut ticks: Vec<_> =
        frame.x.values().into_iter().map(|tick| (frame.x(tick.0), tick.1)).collect();
    ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut out = String::new();
    let mut free = f64::NEG_INFINITY;
    for (x, label) in ticks {
        if upright {
            let turn = format!(
                " text-anchor=\"end\" transform=\"rotate(-90 {} {})\"",
                place(x + 4.0),
                place(bottom + 6.0)
            );
            out += &text([x + 4.0, bottom + 6.0], &turn, "t", &label);
            continue;
        }
        let half = width(&label, TICK) / 2.0;
        let x = x.min(frame.left + frame.width + 13.0 - half);
        if x - half < free {
            continue;
        }
        free = x + half + 4.0;
        out += &text([x, bottom + 14.0], " text-anchor=\"middle\"", "t", &label);
    }
    out
}

fn upward_ticks(frame: &Frame<'_>) -> String {
    let mut out = String::new();
    let mut taken = Vec::<f64>::new();
    for (value, label) in frame.y.values() {
        let y = frame.y(value);
        if taken.iter().any(|other| (other - y).abs() < TICK) {
            continue;
        }
        taken.push(y);
        out += &text([frame.left - 5.0, y + 4.0], " text-anchor=\"end\"", "t", &label);
    }
    out
}

/// A finished drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    open: String,
    body: String,
}

/// An element with this text; nothing where there is none.
fn said(element: &str, text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("<{element}>{}</{element}>", escape(text)),
    }
}

impl Picture {
    /// A drawing of a size in px with the elements of `body`; the title is what a screen reader
    /// says first.
    pub(crate) fn new(title: &str, about: &str, [wide, high]: [f64; 2], body: &str) -> Self {
        let wide = place(wide);
        let high = place(high);
        let open = format!(
            "class=\"plot\" viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" role=\"img\""
        );
        Self { open, body: said("title", title) + &said("desc", about) + body }
    }

    /// For a page that has the sheet.
    pub(crate) fn inline(&self) -> String {
        format!("<svg {}>{}</svg>", self.open, self.body)
    }

    /// As a file of its own, with the sheet and its own paper.
    pub(crate) fn standalone(&self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" {}><style>{}</style>\
             <rect class=\"p\" width=\"100%\" height=\"100%\"/>{}</svg>\n",
            self.open,
            sheet(),
            self.body
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::plot::{Colour, PointShape, Style};

    fn sample() -> Figure {
        let line = Mark::line(vec![[0.0, 0.0], [1.0, f64::NAN], [2.0, 5.0]], Style::series(0));
        let names: Vec<String> = (0..3).map(|i| format!("<user & {i}>")).collect();
        Figure::new("Speed <b>", Axis::named("who", &names, false), Axis::linear("px", 0.0, 9.0))
            .mark(line.named("a \"name\""))
            .mark(Mark::points(vec![[1.0, 3.0]], PointShape::Cross, 3.0, Style::of(Colour::Alarm)))
            .mark(Mark::arrows(vec![[0.0, 0.0, 2.0, 9.0]], Style::series(1)).named("arrows"))
            .mark(Mark::level(4.0, "threshold"))
    }

    #[test]
    fn a_file_of_its_own_is_well_formed_and_fetches_nothing() {
        let svg = sample().draw().standalone();
        let document = roxmltree::Document::parse(&svg).unwrap();
        assert_eq!(document.root_element().tag_name().name(), "svg");
        assert_eq!(svg.matches("http").count(), 1, "the name space, and nothing else");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn the_legend_has_every_name_and_names_stay_text() {
        let svg = sample().draw().standalone();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
        for text in ["a \"name\"", "arrows", "<user & 2>", "Speed <b>", "threshold"] {
            assert!(texts.contains(&text), "{text} is missing");
        }
    }

    #[test]
    fn the_same_figure_gives_the_same_bytes() {
        assert_eq!(sample().draw(), sample().draw());
    }

    #[test]
    fn many_long_names_stand_upright_instead_of_on_each_other() {
        let names: Vec<String> = (0..30).map(|i| format!("a long name {i}")).collect();
        let figure = Figure::new("", Axis::named("", &names, false), Axis::linear("", 0.0, 1.0));
        let svg = figure.draw().inline();
        assert_eq!(svg.matches("rotate(-90").count(), 30);
    }
}
