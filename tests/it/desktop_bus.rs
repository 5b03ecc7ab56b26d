//! The agent on a real message bus: it answers by its name, refuses what it must, and nobody takes
//! the name over.
#![cfg(target_os = "linux")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mousewarden::error::Kind;
use mousewarden::platform::bus::{Bus, Object};
use mousewarden::platform::counter::{BusCounter, NAME, PATH};
use mousewarden::platform::{Counter, Glance};
use mousewarden_rig::desktop::{Plan, TestDesktop};

/// Writes down what it is asked, and forbids to stop.
#[derive(Default)]
struct Fake(Mutex<Vec<String>>);

impl Fake {
    fn note(&self, what: String) -> Result<(), String> {
        self.0.lock().unwrap().push(what);
        Ok(())
    }
}

impl Counter for Fake {
    fn status(&self) -> String {
        "{\"pid\":1}".into()
    }

    fn glance(&self) -> Glance {
        Glance { state: "watching".into(), decision: "trusted".into(), ..Glance::default() }
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
    let desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let bus = Bus::At(desktop.bus_address().to_owned());
    let fake = Arc::new(Fake::default());
    let counter = BusCounter::open(&bus, fake.clone()).unwrap();

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

    let thief = BusCounter::open(&bus, Arc::new(Fake::default())).unwrap_err();
    assert_eq!(thief.kind(), Kind::Busy);
    drop(counter);
    // The bus may learn a little later that the name is free.
    let deadline = Instant::now() + Duration::from_secs(20);
    let next = || BusCounter::open(&bus, Arc::new(Fake::default()));
    while let Err(failure) = next() {
        assert!(Instant::now() < deadline, "{failure}");
    }
}

#[test]
fn without_a_bus_it_says_so() {
    let nowhere = Bus::At("unix:path=/nonexistent/bus".to_owned());
    let failure = BusCounter::open(&nowhere, Arc::new(Fake::default())).unwrap_err();
    assert_eq!(failure.kind(), Kind::Unavailable);
}
