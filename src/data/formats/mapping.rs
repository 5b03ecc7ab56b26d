//! What the columns of a format mean. A new public dataset needs one of these, as a small TOML, and
//! no code. Descriptions only; `rows` does the reading.
//!
//! ```toml
//! separator = ";"
//! time = "when"
//! time_unit = "iso8601"     # s, ms, us, iso8601
//! position = "where"        # "[1044, 731]"; or x = "..." and y = "..."
//! event = ["type"]          # several columns are joined by "/"; none: every row is a move
//! layout = "folder_per_user"
//! [codes]
//! "0" = "move"              # move, drag, press, release, wheel, no_position, echo
//! "1" = "press"
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Failure, Kind, Result};
use crate::pipeline::{Button, MouseKind};

use super::time::TimeUnit;

/// What an event code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The pointer moved.
    Move,
    /// The pointer moved with a button held.
    Drag,
    /// A button went down.
    Press,
    /// A button came up.
    Release,
    /// The wheel turned.
    Wheel,
    /// Left out: the row's position is none.
    NoPosition,
    /// Left out: another row says the same.
    Echo,
}

impl Code {
    /// The event that it is, if it is one.
    pub(super) const fn kind(self) -> Option<MouseKind> {
        Some(match self {
            Self::Move => MouseKind::Move,
            Self::Drag => MouseKind::Drag,
            Self::Press => MouseKind::Press(Button::Left),
            Self::Release => MouseKind::Release(Button::Left),
            Self::Wheel => MouseKind::Wheel,
            Self::NoPosition | Self::Echo => return None,
        })
    }
}

/// How a dataset's files belong to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// A folder a user, a file a session.
    FolderPerUser,
    /// Files that name user and session in columns.
    Columns,
}

/// A format's columns, units and codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Between the columns.
    #[serde(default = "comma")]
    pub separator: char,
    /// The column of the time.
    pub time: String,
    /// What it is written in.
    pub time_unit: TimeUnit,
    /// The column of x.
    #[serde(default)]
    pub x: Option<String>,
    /// The column of y.
    #[serde(default)]
    pub y: Option<String>,
    /// The column of both, as "[x, y]".
    #[serde(default)]
    pub position: Option<String>,
    /// The columns of the event code, joined by a slash.
    #[serde(default)]
    pub event: Vec<String>,
    /// What the codes mean.
    #[serde(default)]
    pub codes: BTreeMap<String, Code>,
    /// A coordinate that means "outside".
    #[serde(default)]
    pub outside: Option<u32>,
    /// How files belong to people.
    pub layout: Layout,
    /// The column of the user, for `columns`.
    #[serde(default)]
    pub user: Option<String>,
    /// The column of the session, for `columns`.
    #[serde(default)]
    pub session: Option<String>,
}

const fn comma() -> char {
    ','
}

impl Mapping {
    /// Reads a mapping from TOML; `name` is the file's, for the error.
    ///
    /// # Errors
    /// When it is no TOML, has unknown keys (with line and caret), or names no position.
    pub fn from_toml(name: &str, text: &str) -> Result<Self> {
        let wrong = |what: String| {
            Failure::new(Kind::Config, format!("mapping {name}: {what}"))
                .remedy("See the documentation of `generic` for a complete example.")
        };
        let mapping: Self = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        let paired = mapping.x.is_some() && mapping.y.is_some();
        if mapping.position.is_some() == paired {
            return Err(wrong("name either x and y or position".into()));
        }
        if mapping.layout == Layout::Columns && mapping.user.is_none() {
            return Err(wrong("layout = \"columns\" needs the column of the user".into()));
        }
        if !mapping.separator.is_ascii() {
            return Err(wrong(format!("separator {:?} is not ASCII", mapping.separator)));
        }
        Ok(mapping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_without_a_position_is_refused() {
        let text = "time = \"t\"\ntime_unit = \"ms\"\nlayout = \"folder_per_user\"\nx = \"x\"";
        let said = Mapping::from_toml("m.toml", text).unwrap_err().to_string();
        assert!(said.contains("m.toml") && said.contains("either x and y"), "{said}");
    }

    #[test]
    fn an_unknown_key_is_shown_where_it_stands() {
        let text = "time = \"t\"\ntime_unit = \"ms\"\ncolour = 1";
        let said = Mapping::from_toml("m.toml", text).unwrap_err().to_string();
        assert!(said.contains("line 3") && said.contains("colour"), "{said}");
    }
}
