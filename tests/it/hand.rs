//! A synthetic user's recording, to stand in for the mouse.

use std::path::Path;

use mousewarden::data::{Header, RecordingWriter};
use mousewarden::lab::synthesis::{Device, Pauses, SyntheticUser};
use mousewarden::pipeline::{Signal, Timestamp};

/// Writes so many events of one hand at a 125 Hz mouse.
///
/// # Panics
/// When the disk refuses.
pub fn record(path: &Path, events: usize) {
    let header = Header { capture: "recording".into(), started_unix_s: 0 };
    let mut writer = RecordingWriter::create(path, &header).unwrap();
    let device = Device::steady(125.0, [1280, 800]);
    let start = Timestamp::from_millis(5000);
    let moves = SyntheticUser::generate(3).moves(&device, 0, start, Pauses::AtMost(0.6));
    moves.take(events).for_each(|event| writer.push(&Signal::Mouse(event)).unwrap());
    writer.flush().unwrap();
}
