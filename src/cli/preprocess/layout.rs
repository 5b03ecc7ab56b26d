//! Which recordings a command reads: a format by its name, or a table of any layout, described by
//! options over a TOML file that may say the same.

use std::path::PathBuf;

use clap::Args;

use crate::data::formats::{Format, GENERIC, GenericParams, TimeUnit, UserFrom};
use crate::error::{Failure, FailureKind, Result};
use crate::files;

/// Which recordings they are: the same options in every command that reads any.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = None::<&'static str>)]
pub(in crate::cli) struct FormatArgs {
    /// Their name.
    #[arg(long, value_name = "NAME", help = names())]
    format: Option<String>,

    #[command(flatten)]
    layout: LayoutArgs,
}

/// The names of all formats, for the help.
fn names() -> String {
    let named = Format::names().collect::<Vec<_>>().join(", ");
    format!("Which recordings they are: {named}, or {GENERIC}: any table, as the options below say")
}

impl FormatArgs {
    /// The format of a name.
    pub(crate) const fn named(name: String) -> Self {
        Self { format: Some(name), layout: LayoutArgs::NONE }
    }

    /// Whether neither a format nor a layout is named.
    pub(crate) fn is_empty(&self) -> bool {
        self.format.is_none() && self.layout.first().is_none()
    }

    /// The format.
    ///
    /// # Errors
    /// When none is named, there is no such format, or its layout cannot be read.
    pub(crate) fn format(&self) -> Result<Format> {
        let layout = self.layout.first();
        match (self.format.as_deref(), layout) {
            (Some(GENERIC), _) | (None, Some(_)) => {
                Ok(Format::generic(self.layout.clone().params()?))
            }
            (Some(name), None) => name.parse(),
            (Some(name), Some(option)) => {
                let what = format!(
                    "{option} says how tables of --format generic are laid out, not {name}"
                );
                Err(Failure::new(FailureKind::Usage, what).remedy("Leave one of the two out."))
            }
            (None, None) => {
                let names: Vec<&str> = Format::names().collect();
                Err(Failure::new(FailureKind::Usage, "the format of the recordings is not named")
                    .remedy(format!(
                        "Add --format NAME, one of {}, or --layout FILE for any other table.",
                        names.join(", ")
                    )))
            }
        }
    }
}

/// How the tables of `--format generic` are laid out; options win over the file.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of --format generic")]
struct LayoutArgs {
    /// TOML file with these options as keys (`time_unit = "s"`), and a table `[events]`
    #[arg(long, value_name = "FILE")]
    layout: Option<PathBuf>,

    /// Between columns: one character, or `tab`
    #[arg(long, value_name = "CHAR")]
    separator: Option<String>,

    /// The first row holds data; columns are numbers from 1
    #[arg(long)]
    no_header: bool,

    /// Column of the time
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,

    /// s, ms, us, ns or iso8601
    #[arg(long, value_name = "UNIT", value_parser = time_unit)]
    time_unit: Option<TimeUnit>,

    /// Column of the horizontal position
    #[arg(long, value_name = "COLUMN")]
    x: Option<String>,

    /// Column of the vertical position
    #[arg(long, value_name = "COLUMN")]
    y: Option<String>,

    /// Column of both, such as `[1044, 731]`
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["x", "y"])]
    position: Option<String>,

    /// Column of the event's code; without it all rows are moves
    #[arg(long, value_name = "COLUMN")]
    event: Option<String>,

    /// What a code means: move, drag, wheel, press-left, release-left, ... or ignore
    #[arg(long = "code", value_name = "CODE=EVENT", allow_hyphen_values = true, value_parser = code)]
    codes: Vec<(String, String)>,

    /// Column of the user; without it the folder is the user
    #[arg(long, value_name = "COLUMN")]
    user_column: Option<String>,

    /// Without a user column the file's name is the user
    #[arg(long, conflicts_with = "user_column")]
    user_from_file: bool,

    /// Column of the session; without it a file is one
    #[arg(long, value_name = "COLUMN")]
    session_column: Option<String>,
}

fn time_unit(text: &str) -> std::result::Result<TimeUnit, String> {
    serde_json::from_value(text.into()).map_err(|_| "one of s, ms, us, ns, iso8601".to_owned())
}

fn code(text: &str) -> std::result::Result<(String, String), String> {
    let (code, event) = text.rsplit_once('=').ok_or("not of the form CODE=EVENT")?;
    Ok((code.to_owned(), event.to_owned()))
}

impl LayoutArgs {
    /// No option.
    const NONE: Self = Self {
        layout: None,
        separator: None,
        no_header: false,
        time: None,
        time_unit: None,
        x: None,
        y: None,
        position: None,
        event: None,
        codes: Vec::new(),
        user_column: None,
        user_from_file: false,
        session_column: None,
    };

    /// The first option that was given.
    fn first(&self) -> Option<&'static str> {
        let given = [
            (self.layout.is_some(), "--layout"),
            (self.separator.is_some(), "--separator"),
            (self.no_header, "--no-header"),
            (self.time.is_some(), "--time"),
            (self.time_unit.is_some(), "--time-unit"),
            (self.x.is_some(), "--x"),
            (self.y.is_some(), "--y"),
            (self.position.is_some(), "--position"),
            (self.event.is_some(), "--event"),
            (!self.codes.is_empty(), "--code"),
            (self.user_column.is_some(), "--user-column"),
            (self.user_from_file, "--user-from-file"),
            (self.session_column.is_some(), "--session-column"),
        ];
        given.into_iter().find(|(is_given, _)| *is_given).map(|(_, option)| option)
    }

    /// The file's parameters with these options over them.
    ///
    /// # Errors
    /// When the file cannot be read or is no such layout.
    fn params(self) -> Result<GenericParams> {
        let mut params = match &self.layout {
            None => GenericParams::default(),
            Some(path) => {
                let name = path.display().to_string();
                let text = files::read_to_string(path)
                    .map_err(|e| Failure::io(format!("layout {name}"), e))?;
                GenericParams::from_toml(&name, &text)?
            }
        };
        set(&mut params.separator, self.separator);
        set(&mut params.time, self.time);
        set(&mut params.x, self.x);
        set(&mut params.y, self.y);
        params.header &= !self.no_header;
        params.time_unit = self.time_unit.unwrap_or(params.time_unit);
        params.position = self.position.or(params.position);
        params.event = self.event.or(params.event);
        params.user = self.user_column.or(params.user);
        params.session = self.session_column.or(params.session);
        params.events.extend(self.codes);
        if self.user_from_file {
            params.user_from = UserFrom::File;
        }
        Ok(params)
    }
}

fn set(field: &mut String, value: Option<String>) {
    *field = value.unwrap_or_else(|| std::mem::take(field));
}
