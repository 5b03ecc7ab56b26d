//! The agent on a real message bus: it answers by its name, refuses what it must, and nobody takes
//! the name over.
#![cfg(target_os = "linux")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mousewarden::error::FailureKind;
use mousewarden::platform::bus::{Bus, Object};
use mousewarden::platform::control::linux::{BusControl, NAME, PATH};
use mousewarden::platform::{ControlHandler, StatusSummary};
use mousewarden_rig::desktop::{TestDesktop, TestDesktopPlan};

/// Writes down what it is asked, and forbids to stop.
#[derive(Default)]
struct Fake(Mutex<Vec<String>>);

impl Fake {
    fn note(&self, what: String) -> Result<(), String> {
        self.0.lock().unwrap().push(what);
        Ok(())
    }
}

impl ControlHandler for Fake {
    fn status(&self) -> String {
        "{\"pid\":1}".into()
    }

    fn summary(&self) -> StatusSummary {
        StatusSummary {
            state: "watching".into(),
            decision: "trusted".into(),
            ..StatusSummary::default()
        }
    }

    fn pause(&self, seconds: Option<u64>) -> Result<(), String> {
        self.note(format!("pause {seconds:?}"))
    }

    fn resume(&self) -> Result<(), String> {
        self.note("resume".into())
    }

    fn reload(&self) -> Result<(), String> {
        self.note("reload".into())
    }

    fn stop(&self) -> Result<(), String> {
        Err("the policy forbids it".into())
    }
}

#[test]
fn the_agent_answers_by_its_name_and_nobody_takes_it_over() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let bus = Bus::At(desktop.bus_address().to_owned());
    let fake = Arc::new(Fake::default());
    let handler = BusControl::open(&bus, fake.clone()).unwrap();

    let link = bus.connect().unwrap();
    let agent = Object::new(NAME, PATH, NAME);
    let status: String = agent.call(&link, "Status", &()).unwrap();
    assert_eq!(status, "{\"pid\":1}");
    let state = String::try_from(agent.property(&link, "State").unwrap()).unwrap();
    assert_eq!(state, "watching");
    agent.call::<_, ()>(&link, "Pause", &(90_u64,)).unwrap();
    agent.call::<_, ()>(&link, "Pause", &(0_u64,)).unwrap();
    agent.call::<_, ()>(&link, "Resume", &()).unwrap();
    assert_eq!(*fake.0.lock().unwrap(), ["pause Some(90)", "pause None", "resume"]);
    let refused = agent.call::<_, ()>(&link, "Stop", &()).unwrap_err();
    assert!(refused.to_string().contains("policy forbids"), "{refused}");

    let thief = BusControl::open(&bus, Arc::new(Fake::default())).unwrap_err();
    assert_eq!(thief.kind(), FailureKind::Busy);
    drop(handler);
    // The bus may learn a little later that the name is free.
    let deadline = Instant::now() + Duration::from_secs(20);
    let next = || BusControl::open(&bus, Arc::new(Fake::default()));
    while let Err(failure) = next() {
        assert!(Instant::now() < deadline, "{failure}");
    }
}

#[test]
fn without_a_bus_it_says_so() {
    let nowhere = Bus::At("unix:path=/nonexistent/bus".to_owned());
    let failure = BusControl::open(&nowhere, Arc::new(Fake::default())).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
}
