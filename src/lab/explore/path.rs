//! The path on the screen as arrows, each coloured by the event that it leads to and dashed by the
//! event that it comes from: 25 transitions that need five colours and five dashes. Clicks and the
//! wheel have marks of their own shape.

use super::kind::EventType;
use super::trace::Trace;
use crate::lab::plot::{
    Axis, Colour, Figure, Mark, Picture, PointShape, Style, Ticks, counted, grouped, short_id,
};

/// The size of a path's picture, px.
const SIZE: [f64; 2] = [420.0, 300.0];

/// Draws a session's path on the axes of its user's screen.
pub(super) fn draw(trace: &Trace, extent: Option<[f64; 4]>) -> Picture {
    let (x, y) = screen(extent, SIZE);
    let title = format!("{}: path", short_id(&trace.id, 30));
    let about = format!(
        "Path of {} as arrows; {} drawn. A cross marks the first.",
        counted(trace.events, "event"),
        grouped(trace.path.len() as f64)
    );
    Figure::new(title, x, y)
        .size(SIZE[0], SIZE[1])
        .about(about)
        .marks(arrows(&trace.path))
        .marks(points(&trace.path))
        .marks(start(trace))
        .draw()
}

/// Where the session begins; all that a session of one move has.
fn start(trace: &Trace) -> Option<Mark> {
    let first = trace.path.first()?.1;
    Some(Mark::points(vec![first], PointShape::Cross, 4.0, Style::of(Colour::Ink)))
}

/// What every transition looks like: a row for where it comes from, a column for where it leads.
pub(crate) fn legend() -> Picture {
    let names = EventType::ALL.map(|kind| kind.name().to_owned());
    let pairs = EventType::ALL.into_iter().flat_map(|from| EventType::ALL.map(|to| (from, to)));
    let samples: Vec<_> = pairs
        .map(|(from, to)| {
            let x = to.index() as f64;
            let y = from.index() as f64;
            [(from, [x - 0.33, y]), (to, [x + 0.33, y])]
        })
        .collect();
    let x = Axis::named("leads to: colour, and the mark at its end", &names, false);
    let y = Axis::named("comes from: dash", &names, true);
    Figure::new("Transitions between events", x, y)
        .size(470.0, 230.0)
        .about("A table of five by five samples: the colour says where an arrow leads, the dash where it comes from.")
        .marks(samples.iter().flat_map(|sample| arrows(sample)))
        .marks(samples.iter().flat_map(|sample| points(sample)))
        .draw()
}

/// Axes in the pixels of a screen, y downwards, one pixel as wide as high.
pub(super) fn screen(extent: Option<[f64; 4]>, size: [f64; 2]) -> (Axis, Axis) {
    // About what the texts around the picture take.
    let room = [size[0] - 70.0, size[1] - 75.0];
    let [left, right, top, bottom] = extent.unwrap_or([0.0, 1.0, 0.0, 1.0]);
    let spans = [(right - left).max(20.0), (bottom - top).max(20.0)].map(|span| 1.06 * span);
    let per_px = (spans[0] / room[0]).max(spans[1] / room[1]);
    let middle = [f64::midpoint(left, right), f64::midpoint(top, bottom)];
    let half = [room[0] * per_px / 2.0, room[1] * per_px / 2.0];
    let x = Axis::linear("x, px", middle[0] - half[0], middle[0] + half[0]);
    let y = Axis::linear("y, px", middle[1] + half[1], middle[1] - half[1]);
    (x.ticks(Ticks::About(5)), y.ticks(Ticks::About(4)))
}

/// One mark for each transition that occurs.
fn arrows(path: &[(EventType, [f64; 2])]) -> Vec<Mark> {
    let mut transitions = vec![Vec::new(); 25];
    for pair in path.windows(2) {
        let ((from, a), (to, b)) = (pair[0], pair[1]);
        transitions[5 * from.index() + to.index()].push([a[0], a[1], b[0], b[1]]);
    }
    transitions
        .into_iter()
        .enumerate()
        .filter(|t| !t.1.is_empty())
        .map(|(i, arrows)| {
            let from = EventType::ALL[i / 5];
            let to = EventType::ALL[i % 5];
            Mark::arrows(arrows, Style::of(to.colour()).dashed(from.dash()).width(1.1))
        })
        .collect()
}

fn points(path: &[(EventType, [f64; 2])]) -> impl Iterator<Item = Mark> {
    EventType::ALL.into_iter().filter_map(|kind| {
        let shape = kind.shape()?;
        let of_kind = path.iter().filter(|event| event.0 == kind);
        let places: Vec<_> = of_kind.map(|event| event.1).collect();
        let style = Style::of(kind.colour()).opacity(0.85);
        (!places.is_empty()).then(|| Mark::points(places, shape, 3.2, style))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_legend_has_all_25_transitions() {
        let svg = legend().standalone();
        roxmltree::Document::parse(&svg).unwrap();
        let strokes = svg.matches("<path class=\"l c").count();
        assert_eq!(strokes, 25);
        for kind in EventType::ALL {
            assert_eq!(svg.matches(&format!(">{}<", kind.name())).count(), 2, "{}", kind.name());
        }
        let looks: std::collections::BTreeSet<_> =
            svg.split("<path class=\"l c").skip(1).map(|rest| &rest[..8]).collect();
        assert_eq!(looks.len(), 25, "each looks different");
    }

    #[test]
    fn a_pixel_is_as_wide_as_high_and_y_points_down() {
        let (x, y) = screen(Some([0.0, 1920.0, 0.0, 1080.0]), [420.0, 300.0]);
        let per_px = [(x.to - x.from) / 350.0, (y.from - y.to) / 225.0];
        assert!((per_px[0] - per_px[1]).abs() < 1e-9 && y.from > y.to);
        let (x, _) = screen(Some([7.0, 7.0, 9.0, 9.0]), [420.0, 300.0]);
        assert!(x.from < 7.0 && x.to > 7.0, "a single place still has a screen around it");
    }

    #[test]
    fn a_session_without_events_is_an_empty_screen() {
        let svg = draw(&Trace::default(), None).standalone();
        roxmltree::Document::parse(&svg).unwrap();
    }
}
