//! The real mouse: a child process of our own holds the hook, because the hook cannot be stopped and
//! may take its process with it; here its pipe is read, and it is started again.
//! No event is looked at here beyond turning it into a signal.

mod feed;
pub(super) mod record;
pub(super) mod refusal;
#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", allow(dead_code, reason = "only its tests run here"))]
pub(super) mod relay;
pub(super) mod translate;
#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", allow(dead_code, reason = "only its tests run here"))]
pub(super) mod vigil;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[cfg(target_os = "linux")]
pub use super::linux::sensor::{Choice, Surroundings, choose, hold};
#[cfg(target_os = "macos")]
pub use super::macos::sensor::hold;
#[cfg(windows)]
pub use super::windows::sensor::hold;

use self::feed::Feed;
use self::record::{Decoder, SIZE, State};
use crate::error::{Failure, Kind, Result};
use crate::pipeline::event::Micros;
use crate::pipeline::{Boundary, Timestamp};
use crate::platform::{Backend, CaptureView, EventSource, Next, clock};

/// While the mouse moves, events are fetched at most this often: the stamps are the sensor's, so
/// nothing but a little delay comes of it, and the processor sleeps between.
const GATHER: Micros = Micros::from_millis(16);
/// How long a sensor may take to say that its hook is up.
const START_PATIENCE: Micros = Micros::from_millis(10_000);
/// The first pause before a dead sensor is started again; doubled each time.
const FIRST_PAUSE: Micros = Micros::from_millis(100);
const LONGEST_PAUSE: Micros = Micros::from_millis(2_000);
/// A sensor that lived so long was well: what ends it begins a new outage.
const WELL: Micros = Micros::from_millis(5_000);

/// What the sensor process has to know.
#[derive(Debug, Clone, Default)]
pub struct HookParams {
    /// Which way of seeing the mouse is wanted.
    pub backend: Backend,
    /// Leaves the X server's buffering as it is; only the benchmark wants that.
    pub untapped: bool,
    /// The folder that stands for `/` when devices are looked for; only tests want another.
    pub root: Option<PathBuf>,
}

/// `CREATE_NO_WINDOW`: a console of its own, which is not shown.
#[cfg(windows)]
const NO_WINDOW: u32 = 0x0800_0000;

/// How the sensor is started.
#[derive(Debug, Clone)]
pub struct SensorParams {
    /// The program that has the subcommand `sensor`: this one.
    pub program: PathBuf,
    /// Variables to set for it, as `DISPLAY` of a test desktop.
    pub environment: Vec<(OsString, OsString)>,
    /// Which way of seeing the mouse is wanted.
    pub backend: Backend,
    /// How long the display may stay away before the source gives up.
    pub patience: Duration,
    /// Leaves the X server's buffering unmended; only the benchmark wants that.
    pub untapped: bool,
    /// The folder that stands for `/` when devices are looked for; only tests want another.
    pub root: Option<PathBuf>,
}

impl SensorParams {
    /// The mouse of the session of this process.
    pub fn new(program: PathBuf) -> Self {
        let (environment, backend) = (Vec::new(), Backend::Auto);
        let patience = Duration::from_secs(10);
        Self { program, environment, backend, patience, untapped: false, root: None }
    }

    /// With these variables set for the sensor.
    #[must_use]
    pub fn on<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        environment: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.environment.extend(environment.into_iter().map(|(k, v)| (k.into(), v.into())));
        self
    }
}

/// The child and its pipe. Ended on drop: closing `lifeline` is what it waits for.
#[derive(Debug)]
struct Sensor {
    child: Child,
    out: Feed,
    since: Timestamp,
    ready: bool,
}

impl Drop for Sensor {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
enum Phase {
    Running(Sensor),
    Down { until: Timestamp },
}

/// The mouse of a session.
#[derive(Debug)]
pub struct SensorSource {
    params: SensorParams,
    name: String,
    view: CaptureView,
    phase: Phase,
    decoder: Decoder,
    read_at: Timestamp,
    outage: Option<Timestamp>,
    pause: Micros,
    refused: Option<refusal::Refusal>,
}

impl SensorSource {
    /// Starts the sensor and returns when its hook is up.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when there is no display or it cannot be hooked, [`Kind::Denied`] when
    /// the X server refuses this user; the message says what to do.
    pub fn open(params: SensorParams) -> Result<Self> {
        let phase = Phase::Running(spawn(&params)?);
        let mut source = Self {
            params,
            name: "mouse".to_owned(),
            view: CaptureView::default(),
            phase,
            decoder: Decoder::default(),
            read_at: Timestamp::default(),
            outage: None,
            pause: FIRST_PAUSE,
            refused: None,
        };
        let deadline = clock::now() + START_PATIENCE;
        while !source.is_ready() {
            if source.refused.is_some() || clock::now() >= deadline || source.is_down() {
                return Err(source.failure());
            }
            source.fetch(Some(deadline))?;
        }
        source.name = source.view.get().backend;
        Ok(source)
    }

    /// The process id of the sensor, while one runs.
    pub fn sensor_pid(&self) -> Option<u32> {
        match &self.phase {
            Phase::Running(sensor) => Some(sensor.child.id()),
            Phase::Down { .. } => None,
        }
    }

    const fn is_ready(&self) -> bool {
        matches!(&self.phase, Phase::Running(sensor) if sensor.ready)
    }

    const fn is_down(&self) -> bool {
        matches!(&self.phase, Phase::Down { .. })
    }

    fn failure(&self) -> Failure {
        self.refused.map_or_else(
            || {
                Failure::new(Kind::Unavailable, "the mouse hook was lost and does not come back")
                    .remedy("Run `mousewarden doctor` for details.")
            },
            refusal::Refusal::failure,
        )
    }

    /// Waits until there is something to read, or until `deadline`, and takes it in.
    fn fetch(&mut self, deadline: Option<Timestamp>) -> Result<()> {
        match &mut self.phase {
            Phase::Down { until } => {
                let until = *until;
                clock::sleep_until(deadline.map_or(until, |deadline| deadline.min(until)));
                if clock::now() >= until { self.start_again() } else { Ok(()) }
            }
            Phase::Running(sensor) => {
                let gathered = self.read_at + GATHER;
                clock::sleep_until(deadline.map_or(gathered, |deadline| deadline.min(gathered)));
                let limit = if sensor.ready { None } else { Some(sensor.since + START_PATIENCE) };
                let mut buffer = [0; 512 * SIZE];
                match sensor.out.read(&mut buffer, earlier(deadline, limit))? {
                    Some(0) => self.lost(),
                    Some(count) => {
                        self.read_at = clock::now();
                        self.take_in(&buffer[..count])
                    }
                    None if limit.is_some_and(|limit| clock::now() >= limit) => self.lost(),
                    None => Ok(()),
                }
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<()> {
        let state = self.decoder.feed(bytes);
        if let Some(capture) = self.decoder.capture() {
            self.view.set(capture.clone());
        }
        match state {
            Some(State::Ready) => {
                if let Phase::Running(sensor) = &mut self.phase {
                    sensor.ready = true;
                    sensor.since = clock::now();
                }
                self.refused = None;
                Ok(())
            }
            Some(State::Refused(refusal)) => {
                // While it is being opened, the caller tells; later nobody else would.
                if self.is_ready() {
                    tracing::warn!("{}", refusal.words());
                }
                self.refused = Some(refusal);
                self.lost()
            }
            Some(State::Broken) => self.lost(),
            None => Ok(()),
        }
    }

    /// The sensor is gone: says so in the stream, and plans another one.
    fn lost(&mut self) -> Result<()> {
        let now = clock::now();
        if let Phase::Running(sensor) = &self.phase
            && sensor.ready
        {
            self.decoder.boundary(now, Boundary::Overflow);
            if now - sensor.since >= WELL {
                self.outage = None;
                self.pause = FIRST_PAUSE;
            }
        }
        let began = *self.outage.get_or_insert(now);
        let patience = i64::try_from(self.params.patience.as_micros()).unwrap_or(i64::MAX);
        let given_up = (now - began).0 >= patience;
        self.phase = Phase::Down { until: now + self.pause };
        self.pause = Micros(self.pause.0.saturating_mul(2)).min(LONGEST_PAUSE);
        if given_up { Err(self.failure()) } else { Ok(()) }
    }

    fn start_again(&mut self) -> Result<()> {
        self.decoder.restart();
        match spawn(&self.params) {
            Ok(sensor) => {
                self.phase = Phase::Running(sensor);
                Ok(())
            }
            Err(_) => self.lost(),
        }
    }
}

impl EventSource for SensorSource {
    fn next(&mut self, timeout: Option<Duration>) -> Result<Next> {
        let micros = timeout.map(|span| i64::try_from(span.as_micros()).unwrap_or(i64::MAX));
        let deadline = micros.map(|micros| clock::now() + Micros(micros));
        loop {
            if let Some(signal) = self.decoder.next() {
                return Ok(Next::Signal(signal));
            }
            let over = deadline.is_some_and(|deadline| clock::now() >= deadline);
            // Once more when the time is up: what has come already must not count as silence.
            self.fetch(deadline)?;
            if over && self.decoder.is_empty() {
                return Ok(Next::Nothing);
            }
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn capture(&self) -> CaptureView {
        self.view.clone()
    }
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

/// Starts the child. Its standard input is the lifeline: it ends when that closes, whichever way
/// this process goes.
fn spawn(params: &SensorParams) -> Result<Sensor> {
    let mut command = Command::new(&params.program);
    command.args(["sensor", "--backend", params.backend.word()]);
    command.args(params.untapped.then_some("--untapped"));
    command.args(params.root.iter().flat_map(|root| ["--root".as_ref(), root.as_os_str()]));
    command.envs(params.environment.iter().map(|(name, value)| (name, value)));
    // Its refusals come through the pipe; what Xlib prints when a display goes is noise.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // Ctrl-C is for the agent, which ends its sensor by itself.
    #[cfg(windows)]
    std::os::windows::process::CommandExt::creation_flags(&mut command, NO_WINDOW);
    let name = params.program.display();
    let failed = |error| Failure::io(format_args!("sensor {name}"), error);
    let mut child = command.spawn().map_err(failed)?;
    let out = child.stdout.take().ok_or_else(|| failed(std::io::ErrorKind::BrokenPipe.into()))?;
    Ok(Sensor { child, out: Feed::new(out)?, since: clock::now(), ready: false })
}
