//! The public formats that need no mapping file, described in the mapping's own terms.

use std::str::FromStr;

use crate::error::{Failure, Kind};

use super::mapping::{Code, Layout, Mapping};
use super::time::TimeUnit;

/// A format by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Gmail tasks in a browser; every file repeats the one before.
    Gmail,
    /// Administrators over a remote desktop.
    Balabit,
    /// Three minutes and one minute in a browser page.
    SapiMouse,
    /// A demo banking application; users and sessions in columns.
    Bank,
    /// Free use of one's own computer.
    Dfl,
    /// Whatever a mapping describes.
    Generic(Box<Mapping>),
}

/// The names that `--format` knows; `generic` needs a mapping beside it.
pub const NAMES: [&str; 5] = ["gmail", "balabit", "sapimouse", "bank", "dfl"];

impl FromStr for Format {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        Ok(match name {
            "gmail" => Self::Gmail,
            "balabit" => Self::Balabit,
            "sapimouse" => Self::SapiMouse,
            "bank" => Self::Bank,
            "dfl" => Self::Dfl,
            _ => {
                let what = format!("format {name:?} is not one of {}", NAMES.join(", "));
                return Err(Failure::new(Kind::Config, what)
                    .remedy("Describe any other format in a mapping file."));
            }
        })
    }
}

impl Format {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Gmail => "gmail",
            Self::Balabit => "balabit",
            Self::SapiMouse => "sapimouse",
            Self::Bank => "bank",
            Self::Dfl => "dfl",
            Self::Generic(_) => "generic",
        }
    }

    /// What its columns mean.
    pub fn mapping(&self) -> Mapping {
        match self {
            Self::Gmail => gmail(),
            Self::Balabit => Mapping { time_unit: TimeUnit::S, ..button_and_state() },
            Self::SapiMouse | Self::Dfl => button_and_state(),
            Self::Bank => bank(),
            Self::Generic(mapping) => (**mapping).clone(),
        }
    }
}

fn codes<const N: usize>(pairs: [(&str, Code); N]) -> std::collections::BTreeMap<String, Code> {
    pairs.into_iter().map(|(name, code)| (name.to_owned(), code)).collect()
}

fn gmail() -> Mapping {
    Mapping {
        separator: ',',
        time: "TimeStamp".into(),
        time_unit: TimeUnit::Ms,
        x: Some("Mouse X".into()),
        y: Some("Mouse Y".into()),
        position: None,
        event: vec!["Type".into()],
        codes: codes([
            ("movement", Code::Move),
            ("mousedown", Code::Press),
            ("mouseup", Code::Release),
            ("singleclick", Code::Echo),
            ("doubleclick", Code::Echo),
            ("contextmenu", Code::Echo),
        ]),
        outside: None,
        layout: Layout::FolderPerUser,
        user: None,
        session: None,
    }
}

/// Balabit's columns, which others took over. 65535 is what the remote desktop writes for "outside".
fn button_and_state() -> Mapping {
    let mut table = codes([
        ("NoButton/Move", Code::Move),
        ("NoButton/Drag", Code::Drag),
        ("Scroll/Down", Code::Wheel),
        ("Scroll/Up", Code::Wheel),
        // A wheel that writes its turns into x and y, spelt as its recorder spells it.
        ("Nobutton/Scrool", Code::NoPosition),
    ]);
    for button in ["Left", "Right", "Middle", "XButton", "Other"] {
        table.insert(format!("{button}/Pressed"), Code::Press);
        table.insert(format!("{button}/Released"), Code::Release);
        table.insert(format!("{button}/Drag"), Code::Drag);
    }
    Mapping {
        separator: ',',
        time: "client timestamp".into(),
        time_unit: TimeUnit::Ms,
        x: Some("x".into()),
        y: Some("y".into()),
        position: None,
        event: vec!["button".into(), "state".into()],
        codes: table,
        outside: Some(65_535),
        layout: Layout::FolderPerUser,
        user: None,
        session: None,
    }
}

fn bank() -> Mapping {
    Mapping {
        separator: ',',
        time: "timestamp".into(),
        time_unit: TimeUnit::Ms,
        x: Some("screen_x".into()),
        y: Some("screen_y".into()),
        position: None,
        event: vec!["event_type".into()],
        codes: codes([
            ("1", Code::Release),
            ("2", Code::Move),
            ("3", Code::Wheel),
            ("4", Code::Drag),
            ("5", Code::Press),
        ]),
        outside: None,
        layout: Layout::Columns,
        user: Some("user_id".into()),
        session: Some("session_id".into()),
    }
}
