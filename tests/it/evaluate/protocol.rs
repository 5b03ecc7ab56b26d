//! Protocols on synthetic users: who is in which part, what stops a plan, and that seed and content
//! fix its hash.

use super::people::{people, person};
use mousewarden::error::FailureKind;
use mousewarden::lab::protocol::{
    NAMES, Plan, Protocol, ProtocolUser, SessionWindows, SplitPart, WindowRange, model_path,
};
use mousewarden::pipeline::WindowParams;

fn plan(name: &str, people: Vec<ProtocolUser>, seed: u64) -> Plan {
    Protocol::find(name).unwrap().plan(people, seed).unwrap()
}

fn sessions(stretches: &[WindowRange]) -> Vec<(usize, usize)> {
    stretches.iter().map(|s| (s.person, s.session)).collect()
}

#[test]
fn no_session_is_in_two_parts_and_no_impostor_is_the_owner() {
    let everybody = people(8);
    for name in NAMES {
        if name == "sapimouse" {
            continue;
        }
        for split in plan(name, everybody.clone(), 1).splits {
            for (parts, own) in [(&split.genuine, true), (&split.impostor, false)] {
                let mut all: Vec<_> = parts.named().iter().flat_map(|(_, s)| sessions(s)).collect();
                let count = all.len();
                all.sort_unstable();
                all.dedup();
                assert_eq!(all.len(), count, "{name}");
                assert!(all.iter().all(|(person, _)| (*person == split.owner) == own), "{name}");
            }
            assert!(!split.genuine.test.is_empty() && !split.impostor.test.is_empty());
        }
    }
}

#[test]
fn in_the_open_set_no_impostor_of_the_test_is_in_another_part() {
    for split in plan("open-set", people(8), 3).splits {
        assert!(split.impostor.training.is_empty());
        let tested = sessions(&split.impostor.test);
        for (person, _) in sessions(&split.impostor.calibration) {
            assert!(tested.iter().all(|(other, _)| *other != person));
        }
    }
}

#[test]
fn the_hash_follows_seed_protocol_and_content() {
    let hash = |name, people, seed| plan(name, people, seed).sha256;
    let usual = hash("open-set", people(6), 1);
    assert_eq!(usual, hash("open-set", people(6), 1));
    assert_ne!(usual, hash("open-set", people(6), 2));
    assert_ne!(usual, hash("seed", people(6), 1));
    let mut more = people(6);
    more[2] = person(2, &[70, 30, 30, 31]);
    assert_ne!(usual, hash("open-set", more, 1));
}

#[test]
fn the_encoders_people_are_never_owners_and_a_minute_tests() {
    let text = Protocol::find("sapimouse").unwrap().text().replace("first = 48", "first = 3");
    let plan = Protocol::parse("small.toml", &text).unwrap().plan(people(7), 1).unwrap();
    let owners: Vec<usize> = plan.splits.iter().map(|split| split.owner).collect();
    assert_eq!(owners, [3, 4, 5, 6]);
    for split in &plan.splits {
        assert_eq!(sessions(&split.genuine.training), [(split.owner, 0)]);
        assert!(split.impostor.training.iter().all(|s| s.person < 3));
        assert!(split.impostor.test.iter().all(|s| s.person >= 3 && s.session > 0));
        assert!(split.genuine.calibration.is_empty());
    }
    let few = Protocol::find("sapimouse").unwrap().plan(people(7), 1).unwrap_err();
    assert!(few.to_string().contains("reserves 48 people"), "{few}");
}

#[test]
fn labelled_test_files_are_the_test_where_they_are_there() {
    let mut everybody = people(4);
    for (number, somebody) in (0..).zip(&mut everybody) {
        let claim = |at: u64, genuine| SessionWindows {
            id: format!("claim_{at}"),
            genuine,
            windows: person(50 + number * 2 + at, &[25]).sessions.remove(0).windows,
        };
        somebody.claims = vec![claim(0, true), claim(1, false)];
    }
    for split in plan("balabit", everybody, 1).splits {
        assert!(split.genuine.test.iter().all(|s| s.claim && s.person == split.owner));
        assert!(split.impostor.test.iter().all(|s| s.claim));
        assert!(split.genuine.training.iter().all(|s| !s.claim));
    }
}

#[test]
fn caps_keep_the_first_windows() {
    let text = Protocol::find("seed").unwrap().text().to_owned();
    let text = text.replace("most_windows = 200", "most_windows = 10");
    let plan = Protocol::parse("small.toml", &text).unwrap().plan(people(5), 1).unwrap();
    let split = &plan.splits[0];
    for (part, stretches) in split.impostor.named() {
        for person in 1..5 {
            let of = stretches.iter().filter(|s| s.person == person);
            assert_eq!(of.map(|s| s.windows.len()).sum::<usize>(), 10, "{part:?}");
        }
    }
    assert!(split.impostor.test.iter().all(|s| s.windows.start == 0));
}

#[test]
fn the_same_movement_in_two_parts_stops_the_plan() {
    let mut copied = people(5);
    copied[1].sessions[3] = copied[1].sessions[0].clone();
    copied[1].sessions[3].id = "copy".into();
    let failure = Protocol::find("open-set").unwrap().plan(copied, 1).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Data);
    let said = failure.to_string();
    assert!(said.contains("user1 in session_0") && said.contains("user1 in copy"), "{said}");
}

#[test]
fn who_can_be_no_owner_is_named_with_what_is_missing() {
    let mut everybody = people(5);
    everybody[3] = person(3, &[90]);
    let plan = plan("open-set", everybody, 1);
    assert_eq!(plan.splits.len(), 4);
    assert_eq!(plan.left_out[0].user, "user3");
    assert!(plan.left_out[0].why.contains("a session of its own"), "{:?}", plan.left_out);
}

#[test]
fn one_user_and_an_empty_part_are_errors_that_say_what_to_do() {
    let open_set = Protocol::find("open-set").unwrap();
    let alone = open_set.plan(people(1), 1).unwrap_err().to_string();
    assert!(alone.contains("nobody is there to be an impostor"), "{alone}");
    assert!(alone.contains("at least two people"), "{alone}");
    let short = (0..4).map(|number| person(number, &[20, 10])).collect();
    let short = open_set.plan(short, 1).unwrap_err().to_string();
    assert!(short.contains("nobody can be an owner") && short.contains("longer"), "{short}");
    let text = open_set.text().replace("calibration = 0.35", "calibration = 0.9");
    let greedy = Protocol::parse("greedy.toml", &text).unwrap();
    let empty = greedy.plan(people(3), 1).unwrap_err().to_string();
    assert!(empty.contains("user0 has no impostors in the test"), "{empty}");
}

#[test]
fn a_training_set_holds_the_training_part_alone() {
    for (name, impostors) in [("open-set", 60), ("seed", 4)] {
        let plan = plan(name, people(5), 1);
        let split = &plan.splits[0];
        let training_set = plan.training_set(split, WindowParams::default(), "test").unwrap();
        assert_eq!(training_set.cohort.len(), impostors);
        let learnt: usize = training_set.sessions.iter().map(Vec::len).sum();
        let (part, stretches) = split.genuine.named()[0];
        assert_eq!(part, SplitPart::Training);
        assert_eq!(learnt, stretches.iter().map(|s| s.windows.len()).sum::<usize>());
    }
}

#[test]
fn a_users_name_never_leads_out_of_the_folder_of_models() {
    let path = model_path("models".as_ref(), "open-set", 2, "../../etc/x");
    assert_eq!(path.to_str(), Some("models/open-set/seed-2/%2E.%2F..%2Fetc%2Fx.onnx"));
}
