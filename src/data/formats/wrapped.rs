//! JSON whose positions are kept deeper inside than a row.

use serde_json::Value;

use crate::error::printable;

/// Where the first object of a JSON file keeps its positions, if it is deeper inside.
pub(super) fn wrapped(head: &[u8]) -> Option<String> {
    let mut objects = serde_json::Deserializer::from_slice(head).into_iter::<Value>();
    let first = match objects.next() {
        Some(Ok(Value::Array(items))) => items.into_iter().next(),
        Some(Ok(value)) => Some(value),
        _ => None,
    };
    let Some(Value::Object(object)) = first else { return None };
    object.iter().find_map(|(key, value)| kept_inside(&printable(key), value))
}

/// What a value of a JSON object is, if it holds the positions.
fn kept_inside(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Array(items) if items.first().is_some_and(Value::is_object) => {
            Some(format!("Its rows stand in the list {key:?} of one object: leave only that list."))
        }
        Value::Array(items) if items.len() > 2 && items.iter().all(Value::is_number) => {
            Some(format!("Its key {key:?} holds a whole column: write an object a position."))
        }
        Value::Object(inner) if inner.values().filter(|it| it.is_number()).count() >= 2 => {
            Some(format!("Its numbers stand inside {key:?}: write x and y beside the time."))
        }
        _ => None,
    }
}
