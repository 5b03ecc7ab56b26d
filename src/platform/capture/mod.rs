//! The real mouse: a child process of our own holds the hook, because a hook runs until its process
//! ends and may take it down. Here what it sends is read, its silence is noticed, and it is started
//! again.

pub mod description;
mod heartbeat;
#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", allow(dead_code, reason = "only its tests run here"))]
mod injection;
#[cfg(target_os = "linux")]
pub(crate) mod linux;
#[cfg(target_os = "macos")]
pub mod macos;
mod mover;
mod pipe_reader;
#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", allow(dead_code, reason = "only its tests run here"))]
pub(super) mod pipe_writer;
mod process;
pub(super) mod record;
pub(super) mod refusal;
mod stamps;
pub(super) mod translate;
#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", allow(dead_code, reason = "only its tests run here"))]
pub(super) mod watchdog;
#[cfg(windows)]
pub(crate) mod windows;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(target_os = "linux")]
pub(crate) use self::linux::{Surroundings, choose, hold};
#[cfg(target_os = "macos")]
pub(crate) use self::macos::hold;
#[cfg(windows)]
pub(crate) use self::windows::hold;

use self::heartbeat::{Heartbeat, Turn};
use self::process::RunningCapture;
use self::record::{HookState, RecordDecoder, SIZE};
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::event::Micros;
use crate::pipeline::{Boundary, Timestamp};
use crate::platform::{CaptureBackend, CaptureNews, CaptureView, EventSource, Next, clock};

/// While the mouse moves, events are fetched at most this often: the stamps are the capture
/// process's, so nothing but a little delay comes of it, and the processor sleeps between.
const GATHER: Micros = Micros::from_millis(16);
/// How long a capture process may take to say that its hook is up.
// A cold start of an X server takes seconds at login.
const START_PATIENCE: Micros = Micros::from_millis(10_000);
/// The first pause before a dead capture process is started again; doubled each time.
const FIRST_PAUSE: Micros = Micros::from_millis(100);
const LONGEST_PAUSE: Micros = Micros::from_millis(2_000);
/// A capture process that lived so long was well: another is started at once.
const WELL: Micros = Micros::from_millis(5_000);
/// A program that was not seen to move the pointer for so long has stopped.
const PROGRAM_RESTS: Micros = Micros::from_millis(30_000);

/// What the capture process has to know.
#[derive(Debug, Clone, Default)]
pub(crate) struct HookParams {
    /// Which way of seeing the mouse is wanted.
    pub backend: CaptureBackend,
    /// Leaves the X server's buffering as it is; only the benchmark wants that.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "read on Linux"))]
    pub untapped: bool,
    /// The folder that stands for `/` when devices are looked for; only tests want another.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "read on Linux"))]
    pub root: Option<PathBuf>,
}

/// How the capture process is started.
#[derive(Debug, Clone)]
pub struct CaptureParams {
    /// The program that has the subcommand `capture-process`: this one.
    pub program: PathBuf,
    /// Variables to set for it, as `DISPLAY` of a test desktop.
    pub environment: Vec<(OsString, OsString)>,
    /// Which way of seeing the mouse is wanted.
    pub backend: CaptureBackend,
    /// How long the display may stay away before the source gives up.
    pub patience: Duration,
    /// Leaves the X server's buffering unmended; only the benchmark wants that.
    pub untapped: bool,
    /// The folder that stands for `/` when devices are looked for; only tests want another.
    pub root: Option<PathBuf>,
}

impl CaptureParams {
    /// The mouse of the session of this process.
    pub fn new(program: PathBuf) -> Self {
        let environment = Vec::new();
        let backend = CaptureBackend::Auto;
        // As long as an X server takes to start again at a new login.
        let patience = Duration::from_secs(10);
        Self { program, environment, backend, patience, untapped: false, root: None }
    }

    /// With these variables set for the capture process.
    #[must_use]
    pub fn on<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        environment: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.environment.extend(environment.into_iter().map(|(k, v)| (k.into(), v.into())));
        self
    }
}

#[derive(Debug)]
enum Phase {
    Running(RunningCapture),
    Down { until: Timestamp },
}

/// The mouse of a session.
#[derive(Debug)]
pub struct CaptureProcess {
    params: CaptureParams,
    name: String,
    view: CaptureView,
    phase: Phase,
    decoder: RecordDecoder,
    read_at: Timestamp,
    outage: Option<Timestamp>,
    pause: Micros,
    refused: Option<refusal::Refusal>,
    heartbeat: Heartbeat,
    news: VecDeque<CaptureNews>,
    /// Why it sees nothing, as it was told.
    blind: Option<String>,
    /// When a program was last seen to move the pointer.
    warped_at: Option<Timestamp>,
    /// Records that were not believed.
    disbelieved: u64,
    /// Whether it has ever seen the mouse.
    was_up: bool,
}

impl CaptureProcess {
    /// Starts the capture process and returns when its hook is up.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when there is no display or it cannot be hooked,
    /// [`FailureKind::Denied`] when the X server refuses this user; the message says what to do.
    pub fn open(params: CaptureParams) -> Result<Self> {
        let phase = Phase::Running(RunningCapture::start(&params)?);
        let mut source = Self {
            params,
            name: "mouse".to_owned(),
            view: CaptureView::default(),
            phase,
            decoder: RecordDecoder::default(),
            read_at: Timestamp::default(),
            outage: None,
            pause: FIRST_PAUSE,
            refused: None,
            heartbeat: Heartbeat::heard(clock::now()),
            news: VecDeque::new(),
            blind: None,
            warped_at: None,
            disbelieved: 0,
            was_up: false,
        };
        // Until its hook is up nothing is known of the capture, and a model may not be compared
        // with it.
        let deadline = clock::now() + START_PATIENCE;
        while !source.was_up {
            if source.refused.is_some() || clock::now() >= deadline || source.is_down() {
                return Err(source.failure());
            }
            source.fetch(Some(deadline))?;
        }
        source.name = source.view.get().backend;
        Ok(source)
    }

    /// The process id of the capture process, while one runs.
    pub fn capture_pid(&self) -> Option<u32> {
        match &self.phase {
            Phase::Running(process) => Some(process.id()),
            Phase::Down { .. } => None,
        }
    }

    const fn is_ready(&self) -> bool {
        matches!(&self.phase, Phase::Running(process) if process.ready)
    }

    const fn is_down(&self) -> bool {
        matches!(&self.phase, Phase::Down { .. })
    }

    fn failure(&self) -> Failure {
        self.refused.map_or_else(
            || {
                Failure::new(
                    FailureKind::Unavailable,
                    "the mouse hook was lost and does not come back",
                )
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
                // A dead process is waited for as a silent one: by the clock, without a thread.
                clock::sleep_until(deadline.map_or(until, |deadline| deadline.min(until)));
                if clock::now() >= until { self.start_again() } else { Ok(()) }
            }
            Phase::Running(process) => {
                let gathered = self.read_at + GATHER;
                // Reading sooner would wake the processor for each of a thousand events a second.
                clock::sleep_until(deadline.map_or(gathered, |deadline| deadline.min(gathered)));
                let limit = if process.ready {
                    self.heartbeat.due()
                } else {
                    process.since + START_PATIENCE
                };
                let until = deadline.map_or(limit, |deadline| deadline.min(limit));
                // 512 records are what a mouse at 8,000 Hz sends in four of these pauses.
                let mut buffer = [0; 512 * SIZE];
                match process.reader.read(&mut buffer, Some(until))? {
                    Some(0) => {
                        let why = process.ended();
                        self.lost(why)
                    }
                    Some(count) => self.take_in(&buffer[..count]),
                    None => self.nothing_came(),
                }
            }
        }
    }

    /// The time ran out: looks whether that is what it should be.
    fn nothing_came(&mut self) -> Result<()> {
        let now = clock::now();
        self.look_for_programs(now);
        let Phase::Running(process) = &mut self.phase else { return Ok(()) };
        if !process.ready {
            let too_late = now >= process.since + START_PATIENCE;
            return if too_late { self.lost("it does not come up".to_owned()) } else { Ok(()) };
        }
        match self.heartbeat.turn(now) {
            Turn::Wait => Ok(()),
            Turn::Ask => {
                process.reader.ask();
                Ok(())
            }
            Turn::GiveUp => {
                let why = format!("it does not answer ({})", process.state());
                self.lost(why)
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<()> {
        let now = clock::now();
        // Any record is a sign of life: asking is for silence only.
        self.read_at = now;
        self.heartbeat = Heartbeat::heard(now);
        let states = self.decoder.feed(bytes, now);
        for (from, capture) in self.decoder.take_captures() {
            self.view.set_from(from, capture);
        }
        if self.decoder.take_warps() {
            let moves = self.warped_at.replace(now).is_none();
            self.news.extend(moves.then_some(CaptureNews::ProgramMoves));
        }
        self.look_for_programs(now);
        states.into_iter().try_for_each(|state| self.heard(state, now))
    }

    fn heard(&mut self, state: HookState, now: Timestamp) -> Result<()> {
        match state {
            HookState::Ready => {
                self.up(now);
                Ok(())
            }
            HookState::Refused(refusal) => {
                // While it is being opened, the caller tells; later nobody else would.
                if self.is_ready() {
                    tracing::warn!("{}", refusal.words());
                }
                self.refused = Some(refusal);
                self.lost(refusal.words().to_owned())
            }
            HookState::Broken(fault) => {
                self.disbelieved += 1;
                self.lost(format!("{} ({} so far)", fault.words(), self.disbelieved))
            }
        }
    }

    fn look_for_programs(&mut self, now: Timestamp) {
        if self.warped_at.is_some_and(|at| now - at >= PROGRAM_RESTS) {
            self.warped_at = None;
            self.news.push_back(CaptureNews::ProgramRests);
        }
    }

    fn up(&mut self, now: Timestamp) {
        if let Phase::Running(process) = &mut self.phase {
            process.ready = true;
            process.since = now;
        }
        self.refused = None;
        // Whoever ends it time and again is not to end the watch by that.
        self.outage = None;
        self.was_up = true;
        if self.blind.take().is_some() {
            self.news.push_back(CaptureNews::Sees);
        }
    }

    /// The process is gone: says so in the stream and as news, and plans another one.
    fn lost(&mut self, why: String) -> Result<()> {
        let now = clock::now();
        if let Phase::Running(process) = &self.phase
            && process.ready
        {
            // What came while there was no hook is not known: a window must not span it.
            self.decoder.boundary(now, Boundary::Overflow);
            if now - process.since >= WELL {
                self.pause = FIRST_PAUSE;
            }
        }
        // The same fault is told once, not at each new try.
        if self.blind.as_ref() != Some(&why) {
            self.news.push_back(CaptureNews::Blind(why.clone()));
            self.blind = Some(why);
        }
        // From the first loss since the hook was last up, however often it was started since.
        let began = *self.outage.get_or_insert(now);
        let patience = i64::try_from(self.params.patience.as_micros()).unwrap_or(i64::MAX);
        let given_up = (now - began).0 >= patience;
        self.phase = Phase::Down { until: now + self.pause };
        // Doubled up to two seconds: a display that is away is not asked a thousand times.
        self.pause = Micros(self.pause.0.saturating_mul(2)).min(LONGEST_PAUSE);
        if given_up { Err(self.failure()) } else { Ok(()) }
    }

    fn start_again(&mut self) -> Result<()> {
        // Half a record of the dead process must not be joined with the first of the next.
        self.decoder.restart();
        match RunningCapture::start(&self.params) {
            Ok(process) => {
                self.phase = Phase::Running(process);
                Ok(())
            }
            Err(failure) => self.lost(failure.to_string()),
        }
    }
}

impl EventSource for CaptureProcess {
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
            if self.decoder.is_empty() && (over || !self.news.is_empty()) {
                return Ok(Next::Nothing);
            }
        }
    }

    fn news(&mut self) -> Option<CaptureNews> {
        self.news.pop_front()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn capture(&self) -> CaptureView {
        self.view.clone()
    }
}
