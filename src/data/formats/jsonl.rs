//! Objects in JSON, a line each or in an array, with keys as loggers usually call them: `t`, `x`, `y`,
//! `event`, `button`, and `user` and `session` where there are several.

use super::discover;
use super::logger;
use super::registry::Reader;

pub(super) const READER: Reader = Reader {
    name: "jsonl",
    wanted: is_json,
    layouts: || vec![logger::objects("objects in JSON with a time, x and y")],
    plan: |sources, layouts| discover::tables(sources, layouts, discover::folder),
};

/// Whether a name ends as JSON does.
pub(super) fn is_json(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".jsonl", ".ndjson", ".json"].iter().any(|end| name.ends_with(end))
}
