//! Cuts as the notebooks of the research did, where every event is a step: clicks bridge pauses and
//! a pointer at rest has steps of length 0. For comparisons only.

use super::Cut;
use crate::pipeline::{MouseEvent, Steps, WindowParams};

/// The windows of one session's events, which are in the order of time. Nothing is thinned.
pub(super) fn cut(events: &[MouseEvent], params: &WindowParams) -> Vec<Cut> {
    let movements = events.chunk_by(|a, b| !pauses(params, a, b));
    movements.flat_map(|events| chop(events, params)).collect()
}

fn pauses(params: &WindowParams, a: &MouseEvent, b: &MouseEvent) -> bool {
    b.at - a.at >= params.pause()
}

/// Pieces of at most `max_steps` steps; the last event of one is the first of the next.
fn chop<'a>(events: &'a [MouseEvent], params: &'a WindowParams) -> impl Iterator<Item = Cut> + 'a {
    let begins = (0..events.len()).step_by(params.max_steps);
    let pieces = begins.map(|from| &events[from..events.len().min(from + params.max_steps + 1)]);
    pieces.filter(|piece| piece.len() > params.min_steps).filter_map(as_cut)
}

fn as_cut(events: &[MouseEvent]) -> Option<Cut> {
    let first = events.first()?;
    let last = events.last()?;
    let steps = Steps::from_rows(
        events
            .windows(2)
            .map(|pair| {
                let a = pair[0];
                let b = pair[1];
                [(b.x - a.x) as f32, (b.y - a.y) as f32, (b.at - a.at).as_millis_f32()]
            })
            .collect(),
    );
    Some(Cut { started_at: first.at, movement: last.at - first.at, steps })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Button, MouseKind, Timestamp};

    fn events(times: &[i64]) -> Vec<MouseEvent> {
        let kind = MouseKind::Press(Button::Left);
        let event = |at| MouseEvent { at: Timestamp::from_millis(at), kind, x: 1.0, y: 2.0 };
        times.iter().copied().map(event).collect()
    }

    fn lengths(times: &[i64], max_steps: usize) -> Vec<usize> {
        let params = WindowParams { pause_ms: 250, min_steps: 2, max_steps, thin_ms: 0 };
        cut(&events(times), &params).iter().map(|cut| cut.steps.len()).collect()
    }

    #[test]
    fn clicks_at_rest_are_steps_and_a_pause_cuts() {
        assert_eq!(lengths(&[0, 249, 498, 748, 750, 751, 752], 128), [2, 3]);
    }

    #[test]
    fn a_long_movement_goes_on_in_the_next_window() {
        assert_eq!(lengths(&[0, 1, 2, 3, 4, 5, 6], 4), [4, 2]);
        assert_eq!(lengths(&[0, 1, 2, 3, 4], 4), [4]);
    }
}
