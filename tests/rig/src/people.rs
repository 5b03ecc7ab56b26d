//! The windows of the people of a dataset, as the laboratory reads them.

use std::path::PathBuf;

use mousewarden::data::formats::{Format, ReadParams, open};
use mousewarden::error::Result;
use mousewarden::lab::protocol::{ProtocolUser, read_users};
use mousewarden::pipeline::{Window, WindowParams};

/// Reads everybody.
///
/// # Errors
/// When the format is none, or the dataset cannot be read.
pub(crate) fn read_people(
    folder: &PathBuf,
    format: &str,
    params: WindowParams,
) -> Result<Vec<ProtocolUser>> {
    let format: Format = format.parse()?;
    let dataset = open(&format, std::slice::from_ref(folder), ReadParams::default())?;
    Ok(read_users(&dataset, params, &mut |_, _| {})?.0)
}

/// The sessions in which somebody moved.
pub(crate) fn sessions_of(user: ProtocolUser) -> Vec<Vec<Window>> {
    let windows = user.sessions.into_iter().map(|session| session.windows);
    windows.filter(|windows| !windows.is_empty()).collect()
}
