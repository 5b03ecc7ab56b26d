//! The windows of one user between reading and writing: their steps wait in a nameless file, since
//! only the last of them tells how wide the array must be.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use super::Cut;
use crate::data::formats::RecordedSession;
use crate::data::npz::{self, Element, NpzWriter};
use crate::error::{Failure, FailureKind, Result};

/// Bytes of a step: three float32.
const STEP_BYTES: usize = 12;

/// What is kept in memory of a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpooledWindow {
    pub steps: u32,
    pub session: u32,
    pub start_us: i64,
    pub movement_us: i64,
}

/// The windows of one user.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<File>,
    entries: Vec<SpooledWindow>,
    sessions: Vec<(String, i8)>,
    bytes: Vec<u8>,
}

fn failed(error: io::Error) -> Failure {
    Failure::io("windows on their way to the output", error)
}

impl Spool {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let file = BufWriter::with_capacity(256 * 1024, npz::scratch(folder)?);
        Ok(Self { file, entries: Vec::new(), sessions: Vec::new(), bytes: Vec::new() })
    }

    /// The windows that follow are of this session.
    pub(crate) fn begin(&mut self, session: &RecordedSession) {
        let genuine = session.genuine.map_or(-1, i8::from);
        self.sessions.push((session.id.clone(), genuine));
    }

    pub(crate) fn push(&mut self, cut: &Cut) -> Result<()> {
        self.bytes.clear();
        let values = cut.steps.rows().iter().flatten();
        self.bytes.extend(values.flat_map(|value| value.to_le_bytes()));
        self.entries.push(SpooledWindow {
            steps: cut.steps.len() as u32,
            session: self.sessions.len().saturating_sub(1) as u32,
            start_us: cut.started_at.micros(),
            movement_us: cut.movement.0,
        });
        self.file.write_all(&self.bytes).map_err(failed)
    }

    pub(crate) fn entries(&self) -> &[SpooledWindow] {
        &self.entries
    }

    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.entries.iter().map(|entry| entry.steps as usize).collect()
    }

    /// Names of the sessions so far, and whether they are genuine: 1, 0, or -1 for unknown.
    #[cfg(feature = "columnar")]
    pub(crate) fn sessions(&self) -> &[(String, i8)] {
        &self.sessions
    }

    /// The steps from the beginning, as [`Self::push`] wrote them.
    #[cfg(feature = "columnar")]
    pub(crate) fn steps(&mut self) -> Result<impl Read + use<>> {
        self.file.rewind().map_err(failed)?;
        let file = self.file.get_mut().try_clone().map_err(failed)?;
        Ok(BufReader::with_capacity(256 * 1024, file))
    }

    /// Writes the windows that are kept, padded to `pad` steps or, if that is 0, to the longest.
    pub(crate) fn write(mut self, path: &Path, kept: &[bool], pad: usize) -> Result<()> {
        let both = self.entries.iter().zip(kept);
        let chosen: Vec<SpooledWindow> =
            both.filter(|(_, kept)| **kept).map(|(entry, _)| *entry).collect();
        let longest = chosen.iter().map(|entry| entry.steps as usize).max().unwrap_or(0);
        if pad > 0 && pad < longest {
            let what = format!("--pad {pad}: {} has a window of {longest} steps", path.display());
            let remedy = format!("Cut them too: --max-steps {pad}.");
            return Err(Failure::new(FailureKind::Usage, what).remedy(remedy));
        }
        let width = longest.max(pad);
        self.file.rewind().map_err(failed)?;
        let file = self.file.get_mut().try_clone().map_err(failed)?;
        let n = chosen.len();
        let entries = &self.entries;
        let mut npz = NpzWriter::create(path)?;
        npz.array("windows", Element::F32, &[n, width, 3], |out| {
            pad_windows(BufReader::with_capacity(256 * 1024, file), entries, kept, width, out)
        })?;
        let mut column = |name: &str, element, value: &dyn Fn(&SpooledWindow) -> Vec<u8>| {
            npz.array(name, element, &[n], |out| {
                chosen.iter().try_for_each(|entry| out.write_all(&value(entry)))
            })
        };
        column("lengths", Element::I32, &|entry| (entry.steps as i32).to_le_bytes().to_vec())?;
        column("session", Element::I32, &|entry| (entry.session as i32).to_le_bytes().to_vec())?;
        column("start_us", Element::I64, &|entry| entry.start_us.to_le_bytes().to_vec())?;
        write_sessions(&mut npz, &self.sessions)?;
        npz.finish()
    }
}

fn pad_windows(
    mut file: impl Read,
    entries: &[SpooledWindow],
    kept: &[bool],
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut row = Vec::new();
    for (entry, kept) in entries.iter().zip(kept) {
        row.clear();
        row.resize(entry.steps as usize * STEP_BYTES, 0);
        file.read_exact(&mut row)?;
        if *kept {
            row.resize(width * STEP_BYTES, 0);
            out.write_all(&row)?;
        }
    }
    Ok(())
}

fn write_sessions(npz: &mut NpzWriter, sessions: &[(String, i8)]) -> Result<()> {
    let characters = sessions.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let characters = characters.max(1);
    npz.array("session_names", Element::Text(characters), &[sessions.len()], |out| {
        sessions.iter().try_for_each(|(name, _)| {
            let letters = name.chars().map(u32::from).chain(std::iter::repeat(0));
            let bytes = letters.take(characters).flat_map(u32::to_le_bytes);
            out.write_all(&bytes.collect::<Vec<_>>())
        })
    })?;
    npz.array("genuine", Element::I8, &[sessions.len()], |out| {
        sessions.iter().try_for_each(|(_, genuine)| out.write_all(&genuine.to_le_bytes()))
    })
}
