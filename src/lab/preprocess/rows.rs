//! The windows of one user as a table: from the spool to Parquet, a window at a time.

use std::io::Read;
use std::path::Path;

use super::spool::Spool;
use crate::data::parquet::{ParquetWriter, WindowRow};
use crate::error::{Failure, Result};

/// Writes the windows that are kept.
pub(super) fn write(mut spool: Spool, path: &Path, kept: &[bool]) -> Result<()> {
    let mut steps = spool.steps()?;
    let mut table = ParquetWriter::create(path)?;
    for (entry, kept) in spool.entries().iter().zip(kept) {
        let steps = read(&mut steps, entry.steps as usize)?;
        if !kept {
            continue;
        }
        let (session, genuine) = &spool.sessions()[entry.session as usize];
        let genuine = (*genuine >= 0).then_some(*genuine == 1);
        table.row(&WindowRow { session, genuine, start_us: entry.start_us, steps: &steps })?;
    }
    table.finish()
}

fn read(file: &mut impl Read, steps: usize) -> Result<Vec<[f32; 3]>> {
    let mut bytes = vec![0; steps * 12];
    file.read_exact(&mut bytes)
        .map_err(|e| Failure::io("windows on their way to the output", e))?;
    Ok(bytes
        .chunks_exact(12)
        .map(|bytes| [value(&bytes[..4]), value(&bytes[4..8]), value(&bytes[8..])])
        .collect())
}

fn value(bytes: &[u8]) -> f32 {
    f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
