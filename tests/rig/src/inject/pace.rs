//! Events with their own distances in time, for every hand that plays a recording.

use mousewarden::error::Result;
use mousewarden::pipeline::{MouseEvent, Timestamp};
use mousewarden::platform::clock;

/// Does the first event at once and the others each at an absolute moment, so that delays do not add
/// up. Returns the moments at which each was handed to `act`, on the monotonic clock.
///
/// # Errors
/// The first that `act` fails with.
pub fn play(
    events: &[MouseEvent],
    mut act: impl FnMut(&MouseEvent) -> Result<()>,
) -> Result<Vec<Timestamp>> {
    let Some(first) = events.first() else { return Ok(Vec::new()) };
    let start = clock::now();
    events
        .iter()
        .map(|event| {
            clock::sleep_until(start + (event.at - first.at));
            let handed = clock::now();
            act(event).map(|()| handed)
        })
        .collect()
}
