//! `--stdio-arrow`: streams of sessions on standard input, each answered by a stream on standard
//! output, in builds with the feature `columnar`. Which answers is the commands' business.

#[cfg(feature = "columnar")]
use std::io::{BufWriter, stdin, stdout};

#[cfg(feature = "columnar")]
use crate::data::columnar::{Columns, serve};
use crate::error::Result;
#[cfg(not(feature = "columnar"))]
use crate::error::{Failure, FailureKind};
use crate::lab::identify::FeatureSet;
use crate::lab::shard::Shard;
use crate::pipeline::WindowParams;
#[cfg(feature = "columnar")]
use crate::pipeline::{Steps, Window, window::cut_recording};

/// Answers with the features of each session: `session_id`, `events`, then one column a feature.
///
/// # Errors
/// When a stream is broken; in builds without `columnar`, always.
#[cfg(feature = "columnar")]
pub(crate) fn features(set: FeatureSet, shard: Shard) -> Result<()> {
    let names = set.names();
    converse(shard, &mut |sessions| {
        let rows: Vec<Vec<f64>> = sessions.iter().map(|one| set.values(&one.events)).collect();
        let columns = Columns::default()
            .texts("session_id", sessions.iter().map(|one| one.id.clone()).collect())
            .integers("events", sessions.iter().map(|one| one.events.len() as i64).collect());
        names.iter().enumerate().fold(columns, |columns, (at, name)| {
            columns.floats(name, rows.iter().map(|row| row[at]).collect())
        })
    })
}

/// Answers with the windows of each session: `session_id`, `window` from 0, `start_us`,
/// `movement_us`, and lists `dx` px, `dy` px, `dt` ms.
///
/// # Errors
/// When a stream is broken; in builds without `columnar`, always.
#[cfg(feature = "columnar")]
pub(crate) fn windows(params: WindowParams, shard: Shard) -> Result<()> {
    converse(shard, &mut |sessions| {
        let mut found: Vec<(String, i64, Window)> = Vec::new();
        for one in sessions {
            let (windows, _) = cut_recording(params, one.signals());
            let numbered = (0..).zip(windows);
            found.extend(numbered.map(|(number, window)| (one.id.clone(), number, window)));
        }
        let steps: Vec<Steps> = found.iter().map(|(_, _, window)| Steps::from(window)).collect();
        let integers = |of: fn(&Window) -> i64| found.iter().map(|(_, _, w)| of(w)).collect();
        Columns::default()
            .texts("session_id", found.iter().map(|(id, _, _)| id.clone()).collect())
            .integers("window", found.iter().map(|(_, number, _)| *number).collect())
            .integers("start_us", integers(|window| window.started_at().micros()))
            .integers("movement_us", integers(|window| window.movement().0))
            .lists("dx", &column(&steps, 0))
            .lists("dy", &column(&steps, 1))
            .lists("dt", &column(&steps, 2))
    })
}

#[cfg(feature = "columnar")]
fn column(steps: &[Steps], at: usize) -> Vec<Vec<f32>> {
    steps.iter().map(|steps| steps.rows().iter().map(|row| row[at]).collect()).collect()
}

/// Sessions of another shard and sessions without a readable event are left out.
#[cfg(feature = "columnar")]
fn converse(
    shard: Shard,
    answer: &mut dyn FnMut(&[crate::data::columnar::ColumnarSession]) -> Columns,
) -> Result<()> {
    let mut input = stdin().lock();
    let mut output = BufWriter::new(stdout().lock());
    let mut dropped = 0;
    let served = serve(&mut input, &mut output, &mut |mut sessions| {
        dropped += sessions.iter().map(|one| one.dropped).sum::<u64>();
        sessions.retain(|one| shard.takes(&one.id) && !one.events.is_empty());
        Ok(answer(&sessions))
    });
    if dropped > 0 {
        eprintln!("{dropped} rows left out: no session, no time, no position or an unknown event");
    }
    served
}

#[cfg(not(feature = "columnar"))]
fn missing() -> Result<()> {
    Err(Failure::new(FailureKind::Unavailable, "this build does not speak Arrow")
        .remedy("Build it with `cargo build --release --features columnar`."))
}

/// Answers with the features of each session, in builds that speak Arrow.
///
/// # Errors
/// Always: this build does not.
#[cfg(not(feature = "columnar"))]
pub(crate) fn features(_: FeatureSet, _: Shard) -> Result<()> {
    missing()
}

/// Answers with the windows of each session, in builds that speak Arrow.
///
/// # Errors
/// Always: this build does not.
#[cfg(not(feature = "columnar"))]
pub(crate) fn windows(_: WindowParams, _: Shard) -> Result<()> {
    missing()
}
