//! Locks the session: logind, then the screen saver services, then a configured command. A service
//! is believed only when it confirms that the screen is locked; a silent one is passed over at
//! once, and counts after all when it locks later and is the only one.

use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use zbus::blocking::Connection;
use zbus::zvariant::{OwnedObjectPath, Value};

use crate::error::{Failure, FailureKind, Result};
use crate::platform::linux::bus::{Bus, Object, has_owner};
use crate::platform::linux::logind;
use crate::platform::lock::command;
use crate::platform::{LockCommand, Locked, Locker, StartedLocker};

/// A service that has not answered after so long is passed over: with both buses hung the command
/// runs less than a second later than it would without them.
const ANSWER: Duration = Duration::from_millis(400);
/// How long a way that answers may take to tell whether it has locked.
const OUTCOME: Duration = Duration::from_secs(6);
/// How long the service manager may take to start a command.
const START: Duration = Duration::from_secs(1);
/// How long a locker may take until the screen is locked.
const CONFIRM: Duration = Duration::from_secs(3);
/// A screen that is locked must still be so after this long: some lockers die at once.
const SETTLE: Duration = Duration::from_millis(1500);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// Services with the screen saver interface, each with its path; the interface has the service's
/// name. Cinnamon's wants a message as an argument.
const SCREEN_SAVERS: [(&str, &str, bool); 6] = [
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", false),
    ("org.freedesktop.ScreenSaver", "/ScreenSaver", false),
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", false),
    ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver", true),
    ("org.mate.ScreenSaver", "/org/mate/ScreenSaver", false),
    ("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver", false),
];

/// The names of the screen savers that are asked, in this order.
pub(crate) fn screen_savers() -> impl Iterator<Item = &'static str> {
    SCREEN_SAVERS.iter().map(|(name, ..)| *name)
}

/// How to lock.
#[derive(Debug, Clone)]
pub struct DesktopLockerParams {
    /// Where logind is.
    pub system_bus: Bus,
    /// Where the screen savers are.
    pub session_bus: Bus,
    /// What to run when no service locks; empty runs nothing.
    pub command: LockCommand,
    /// Variables for the command, as `DISPLAY` and `XAUTHORITY`: the service manager, which may
    /// start it, does not know the session's.
    pub environment: Vec<(String, String)>,
    /// How long the command is watched: one that ends with an error meanwhile has not locked.
    pub patience: Duration,
}

/// Locks through whatever the desktop has.
#[derive(Debug)]
pub struct DesktopLocker {
    params: DesktopLockerParams,
}

/// Why one way did not work.
type Reason = String;

impl DesktopLocker {
    /// Connects to nothing yet.
    pub const fn new(params: DesktopLockerParams) -> Self {
        Self { params }
    }
}

impl Locker for DesktopLocker {
    fn lock(&mut self, started: &dyn Fn(StartedLocker)) -> Result<Locked> {
        let begun = Instant::now();
        let Buses { system, session } = Buses::of(&self.params);
        let manager = manager(session.clone());
        let logind = Attempt::begin("logind", move |alive| by_logind(&system, alive));
        let mut reasons = match logind.outcome() {
            Ok(by) => return Ok(Locked::Confirmed(by)),
            Err(reason) => vec![format!("logind: {reason}")],
        };
        let savers = Attempt::begin("screen saver", move |alive| by_screen_saver(&session, alive));
        match savers.outcome() {
            Ok(by) => return Ok(Locked::Confirmed(by)),
            Err(reason) => reasons.push(reason),
        }
        let manager = manager.recv_deadline(begun + ANSWER).ok();
        match by_command(&self.params, manager.as_ref(), started) {
            Ok(by) => return Ok(Locked::Unverified(by)),
            Err(reason) => reasons.push(reason),
        }
        if let Some(by) = [logind, savers].iter().find_map(Attempt::late) {
            return Ok(Locked::Confirmed(by));
        }
        let what = format!("the screen could not be locked ({})", reasons.join("; "));
        Err(Failure::new(FailureKind::Unavailable, what).remedy(
            "Configure a command that locks, or start a screen locker; then `mousewarden doctor`.",
        ))
    }

    fn fault(&self) -> Option<String> {
        let command = &self.params.command;
        if command.is_empty() { None } else { command::find(command).err() }
    }
}

/// The two buses, for threads that may outlive the locker.
struct Buses {
    system: Bus,
    session: Bus,
}

impl Buses {
    fn of(params: &DesktopLockerParams) -> Self {
        Self { system: params.system_bus.clone(), session: params.session_bus.clone() }
    }
}

/// What the thread of an attempt tells.
enum Step {
    /// There is a service, and it answers.
    Alive,
    /// By what it is locked, or why it is not.
    Done(Result<String, Reason>),
}

/// One way of locking, tried by a thread of its own, so that a service that hangs holds up nobody.
/// Each call in that thread has a deadline: it ends by itself.
struct Attempt {
    steps: Receiver<Step>,
}

impl Attempt {
    fn begin(
        name: &str,
        lock: impl FnOnce(&Sender<Step>) -> Result<String, Reason> + Send + 'static,
    ) -> Self {
        let (told, steps) = bounded(8);
        // Without a thread nothing is ever told, which is an answer too.
        drop(thread::Builder::new().name(name.to_owned()).spawn(move || {
            let done = lock(&told);
            // Nobody may be waiting any more.
            drop(told.try_send(Step::Done(done)));
        }));
        Self { steps }
    }

    /// How it came out, as far as somebody answers in time.
    fn outcome(&self) -> Result<String, Reason> {
        let mut patience = ANSWER;
        loop {
            match self.steps.recv_timeout(patience) {
                Ok(Step::Alive) => patience = OUTCOME,
                Ok(Step::Done(done)) => return done,
                Err(_) => return Err("it does not answer".to_owned()),
            }
        }
    }

    /// By what it is locked in the end; waits as long as that may take.
    fn late(&self) -> Option<String> {
        let deadline = Instant::now() + OUTCOME;
        loop {
            match self.steps.recv_deadline(deadline).ok()? {
                Step::Alive => {}
                Step::Done(done) => return done.ok(),
            }
        }
    }
}

/// Tells that the service of an attempt answers.
fn tell_alive(alive: &Sender<Step>) {
    // Once is enough.
    drop(alive.try_send(Step::Alive));
}

fn by_logind(bus: &Bus, alive: &Sender<Step>) -> Result<String, Reason> {
    let link = bus.connect().map_err(|failure| first_line(&failure))?;
    let session = logind::session(&link)?;
    tell_alive(alive);
    // Success means only that the wish was passed on.
    session.call::<_, ()>(&link, "Lock", &()).map_err(|error| error.to_string())?;
    confirm(|| session.flag(&link, "LockedHint")).map(|()| "logind".to_owned())
}

fn by_screen_saver(bus: &Bus, alive: &Sender<Step>) -> Result<String, Reason> {
    let link = bus.connect().map_err(|failure| first_line(&failure))?;
    let mut reasons = Vec::new();
    let mut silent = "";
    for (name, path, wants_message) in SCREEN_SAVERS {
        if name == silent || !has_owner(&link, name) {
            continue;
        }
        let saver = Object::new(name, path, name);
        if is_silent(&saver.call::<_, bool>(&link, "GetActive", &())) {
            silent = name;
            reasons.push(format!("{name}: it does not answer"));
            continue;
        }
        tell_alive(alive);
        match ask_screen_saver(&link, &saver, wants_message) {
            Ok(()) => return Ok(name.to_owned()),
            Err(reason) => reasons.push(format!("{name}: {reason}")),
        }
    }
    Err(if reasons.is_empty() { "no screen saver service".to_owned() } else { reasons.join("; ") })
}

/// Whether a call ended by its deadline; an error that was sent back is an answer.
fn is_silent<T>(answer: &zbus::Result<T>) -> bool {
    let timed_out = |error: &std::io::Error| error.kind() == std::io::ErrorKind::TimedOut;
    matches!(answer, Err(zbus::Error::InputOutput(error)) if timed_out(error))
}

fn ask_screen_saver(link: &Connection, saver: &Object, message: bool) -> Result<(), Reason> {
    let asked: zbus::Result<()> =
        if message { saver.call(link, "Lock", &("",)) } else { saver.call(link, "Lock", &()) };
    // Some answer only when the screen is unlocked again; whether it is locked is asked anyway.
    let refused = asked.err().map(|error| error.to_string());
    confirm(|| saver.call(link, "GetActive", &())).map_err(|reason| refused.unwrap_or(reason))
}

/// Waits until the screen is locked, and then whether it stays so.
fn confirm(locked: impl Fn() -> zbus::Result<bool>) -> Result<(), Reason> {
    let deadline = Instant::now() + CONFIRM;
    loop {
        match locked() {
            Ok(true) => break,
            Ok(false) if Instant::now() < deadline => thread::sleep(LOOK),
            Ok(false) => return Err("asked, but the screen was not locked".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
    }
    thread::sleep(SETTLE);
    match locked() {
        Ok(true) => Ok(()),
        Ok(false) => Err("the screen was locked and came open again at once".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The user's service manager, if it answers: asked from now on, so that its answer is there when it
/// is needed.
fn manager(bus: Bus) -> Receiver<Connection> {
    let (found, manager) = bounded(1);
    drop(thread::Builder::new().name("service-manager".to_owned()).spawn(move || {
        let link = bus.connect_within(START).ok();
        let link = link.filter(|link| has_owner(link, SYSTEMD) && manager_answers(link));
        // Nobody may be waiting any more.
        link.into_iter().for_each(|link| drop(found.send(link)));
    }));
    manager
}

fn manager_answers(link: &Connection) -> bool {
    !is_silent(&service_manager().property(link, "Version"))
}

/// A child of a service with NoNewPrivileges could not check the password, so the service manager
/// starts the command where there is one.
fn by_command(
    params: &DesktopLockerParams,
    manager: Option<&Connection>,
    started: &dyn Fn(StartedLocker),
) -> Result<String, Reason> {
    let program = params.command.first().ok_or("no command configured")?;
    if let Some(link) = manager {
        match by_unit(link, params, started) {
            Some(Ok(())) => return Ok(program.clone()),
            Some(Err(reason)) => tracing::debug!("{program}, started as a unit: {reason}"),
            None => {}
        }
    }
    command::run(&params.command, &params.environment, params.patience, started)
}

/// How the command fares as a unit; `None` when the service manager did not start it.
fn by_unit(
    link: &Connection,
    params: &DesktopLockerParams,
    started: &dyn Fn(StartedLocker),
) -> Option<Result<(), Reason>> {
    let stamp = crate::platform::clock::now().micros();
    let name = format!("mousewarden-lock-{}-{stamp}.service", std::process::id());
    start_unit(link, &name, params).ok()?;
    started(StartedLocker::Unit(name.clone()));
    Some(unit_outcome(link, &name, params.patience))
}

/// How a unit fares that was started: it has locked for all we know when it runs on, or has ended
/// well.
fn unit_outcome(link: &Connection, name: &str, patience: Duration) -> Result<(), Reason> {
    let deadline = Instant::now() + patience;
    loop {
        match state_of(link, name) {
            // It ended well and was forgotten, or nobody can tell any more.
            Err(_) => return Ok(()),
            Ok(state) if state == "failed" => {
                // The manager keeps what has failed until it is told.
                drop(service_manager().call::<_, ()>(link, "ResetFailedUnit", &(name,)));
                return Err("it ended with an error".to_owned());
            }
            Ok(_) if Instant::now() < deadline => thread::sleep(LOOK),
            Ok(_) => return Ok(()),
        }
    }
}

/// Whether a locker that another process has started has locked, for all we know.
pub(crate) fn has_locked(session_bus: &Bus, started: &StartedLocker, patience: Duration) -> bool {
    match started {
        StartedLocker::Process(pid) => command::runs_on(*pid, patience),
        StartedLocker::Unit(name) => {
            let link = session_bus.connect_within(START);
            link.is_ok_and(|link| unit_outcome(&link, name, patience).is_ok())
        }
    }
}

fn state_of(link: &Connection, unit: &str) -> zbus::Result<String> {
    let path: OwnedObjectPath = service_manager().call(link, "GetUnit", &(unit,))?;
    let unit = Object::new(SYSTEMD, path.as_str(), "org.freedesktop.systemd1.Unit");
    Ok(String::try_from(unit.property(link, "ActiveState")?)?)
}

const SYSTEMD: &str = "org.freedesktop.systemd1";

fn service_manager() -> Object {
    Object::new(SYSTEMD, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")
}

/// Has the user's service manager run the command.
fn start_unit(link: &Connection, name: &str, params: &DesktopLockerParams) -> zbus::Result<()> {
    let variables: Vec<_> =
        params.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    // The manager's PATH may be another, and it wants a whole path.
    let found = command::find(&params.command).ok();
    let program = found.map(|path| path.display().to_string());
    let program = program.or_else(|| params.command.first().cloned()).unwrap_or_default();
    let properties: Vec<(&str, Value<'_>)> = vec![
        ("Description", Value::from("Screen locker started by mousewarden")),
        ("Type", Value::from("exec")),
        ("Environment", Value::from(variables)),
        ("ExecStart", Value::from(vec![(program, params.command.clone(), false)])),
    ];
    let none: Vec<(&str, Vec<(&str, Value<'_>)>)> = Vec::new();
    service_manager()
        .call::<_, OwnedObjectPath>(link, "StartTransientUnit", &(name, "fail", properties, none))
        .map(drop)
}

fn first_line(text: &impl Display) -> String {
    text.to_string().lines().next().unwrap_or_default().to_owned()
}
