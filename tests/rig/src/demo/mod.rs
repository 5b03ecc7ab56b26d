//! `mousewarden-rig demo`: the main job on any machine, in under three minutes. One synthetic user
//! enrols and works, another takes the mouse; all movement goes through a real X server and the
//! real hook, and a real notification server shows the alarm. Nobody's own display is touched.

mod hand;
mod journal;
mod pictures;
mod session;
mod timeline;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use self::hand::DemoHand;
use self::session::DemoSession;
use self::timeline::DemoTimeline;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::synthesis::{Device, Pauses, SyntheticUser};
use mousewarden::pipeline::event::Micros;
use mousewarden::platform::clock;

/// Windows of movement that the demonstration enrols with.
pub(crate) const ENROL_WINDOWS: usize = 100;
/// Windows that the owner works before the mouse is taken over.
pub(crate) const OWNER_WINDOWS: usize = 40;
/// Somebody else who is not noticed in so many windows got away.
pub(crate) const IMPOSTOR_WINDOWS: usize = 60;
/// The mouse of the demonstration reports this often.
const RATE_HZ: f64 = 125.0;
/// Pauses are cut short to this.
const LONGEST_PAUSE_S: f64 = 0.35;
/// How long enrolment may train before the hand goes on moving.
const TRAINING: Micros = Micros::from_millis(20_000);
/// How long the alarm may take to the notification server.
const DELIVERY: Duration = Duration::from_secs(5);

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Which two synthetic users take part
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep recording, model, configuration and journal in this (new) folder
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Decide by accumulated evidence, as the agent does by default, instead of the threshold at the equal
    /// error rate: who was enrolled for a minute is known too little for it to be quick
    #[arg(long)]
    evidence: bool,
    /// Take the pictures of README.md into this folder: demo.png and demo-report.svg; needs xterm
    #[arg(long, value_name = "FOLDER")]
    pictures: Option<PathBuf>,
}

impl DemoArgs {
    /// Runs the demonstration and prints its timeline.
    ///
    /// # Errors
    /// When a program of the test desktop is missing, a part fails, or the other gets away.
    pub fn run(self) -> Result<()> {
        let session = DemoSession::open(self.keep)?;
        let (owner, impostor) = cast(self.seed);
        println!("1. {} enrols, on a display of their own", owner_name(self.seed));
        session.configure(ENROL_WINDOWS, !self.evidence)?;
        enrol(&session, &owner)?;
        println!(
            "\n2. The agent watches. After {OWNER_WINDOWS} windows somebody else takes the mouse\n"
        );
        let pictures = self.pictures.as_deref();
        let outcome = watch(&session, [&owner, &impostor], pictures)?;
        println!("\n3. What came of it\n\n{}", outcome.summary());
        if let Some(folder) = session.kept() {
            println!("Everything is kept in {}.", folder.display());
        }
        outcome.verify()
    }
}

/// The two people of a seed.
pub(crate) fn cast(seed: u64) -> (SyntheticUser, SyntheticUser) {
    (SyntheticUser::generate(2 * seed), SyntheticUser::generate(2 * seed + 1))
}

/// The mouse of the demonstration.
pub(crate) fn device() -> Device {
    Device::steady(RATE_HZ, session::SCREEN)
}

/// Nobody waits for a person who thinks.
pub(crate) const fn pauses() -> Pauses {
    Pauses::AtMost(LONGEST_PAUSE_S)
}

fn owner_name(seed: u64) -> String {
    format!("Synthetic user {}", 2 * seed)
}

fn enrol(session: &DemoSession, owner: &SyntheticUser) -> Result<()> {
    let mut enrolment = session.start(&["enroll"])?;
    enrolment.wait_until(|| session.is_recording())?;
    let mut hand = DemoHand::take(session.player()?, owner, 0);
    // Some more than enough: the person doesn't stop in the very moment in which it is enough. On a busy machine
    // movements run together and count as fewer.
    for enough in (ENROL_WINDOWS + 5..=3 * ENROL_WINDOWS).step_by(20) {
        while hand.windows() < enough && enrolment.is_running()? {
            hand.movement()?;
        }
        if enrolment.ends_within(TRAINING)? {
            break;
        }
    }
    let said = enrolment.finish()?;
    println!("{}", indented(&said));
    Ok(())
}

fn watch(
    session: &DemoSession,
    [owner, impostor]: [&SyntheticUser; 2],
    pictures: Option<&Path>,
) -> Result<DemoTimeline> {
    let mut agent = session.start(&["run"])?;
    agent.wait_until(|| session.journal().exists())?;
    let mut timeline = DemoTimeline::begin(session.journal(), clock::now());
    let mut hand = DemoHand::take(session.player()?, owner, 1);
    while hand.windows() < OWNER_WINDOWS {
        hand.movement()?;
        timeline.follow()?;
    }
    hand.rest();
    timeline.follow()?;
    timeline.taken_over(clock::now());
    let mut hand = DemoHand::take(session.player()?, impostor, 0);
    while hand.windows() < IMPOSTOR_WINDOWS && !timeline.is_caught() {
        hand.movement()?;
        timeline.follow()?;
    }
    hand.rest();
    timeline.follow()?;
    timeline.notification(session.notification(DELIVERY));
    pictures.map_or(Ok(()), |folder| pictures::take(session, folder))?;
    session.call(&["stop"])?;
    agent.finish()?;
    Ok(timeline)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("   {line}\n")).collect::<String>().trim_end().to_owned()
}

/// The demonstration did not show what it promises.
fn unconvincing(what: &str) -> Failure {
    Failure::new(FailureKind::Internal, format!("the demonstration failed: {what}")).remedy(
        "Two people can move alike; try another --seed. \
         `mousewarden-rig bench demo` says how often this happens.",
    )
}
