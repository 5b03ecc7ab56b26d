//! The log: what is kept of it, and the system journal as its place, with fields that can be searched.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// What is logged at this level. The bus library warns of each connection that ends, which is no
/// news; its errors are.
pub(crate) fn filter(level: LevelFilter) -> Targets {
    Targets::new().with_default(level).with_target("zbus", level.min(LevelFilter::ERROR))
}

/// Sends the log to the system journal from here on, if that is where stderr goes; fields carry the
/// prefix `MOUSEWARDEN_`. `false` where there is no such journal, or the log has begun already.
#[cfg(target_os = "linux")]
pub(crate) fn to_journal(level: LevelFilter) -> bool {
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;

    let Some(layer) = stderr_is_the_journal().then(tracing_journald::layer).and_then(Result::ok)
    else {
        return false;
    };
    let layer = layer
        .with_field_prefix(Some("MOUSEWARDEN".into()))
        .with_syslog_identifier("mousewarden".into());
    tracing_subscriber::registry().with(filter(level)).with(layer).try_init().is_ok()
}

/// The variable alone says nothing: the programs of a terminal inherit it from the desktop.
#[cfg(target_os = "linux")]
fn stderr_is_the_journal() -> bool {
    // systemd sets it to device and inode of the stream that it made.
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let stderr = rustix::fs::fstat(rustix::stdio::stderr());
    stderr.is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// There is no such journal on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn to_journal(_level: LevelFilter) -> bool {
    false
}
