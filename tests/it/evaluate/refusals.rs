//! What an evaluation refuses, each with what to do next.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use super::outcome::run;
use super::people::{people, person};
use mousewarden::error::FailureKind;
use mousewarden::lab::evaluate::compare;
use mousewarden::lab::evaluate::results::{Results, VERSION};
use mousewarden::lab::protocol::{Protocol, model_path};
use mousewarden::lab::train::identity_of;
use mousewarden::model::{BackboneUsers, Bundle, SeenWindows};

#[test]
fn a_missing_model_names_the_command_that_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let failure = run(&["open-set"], &people(4), folder.path(), false).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::NoInput);
    let said = failure.to_string();
    assert!(said.contains("no model of user0") && said.contains("3 more are missing"), "{said}");
    assert!(said.contains("mousewarden train FOLDER --format test --all-users"), "{said}");
    assert!(said.contains("--train"), "{said}");
}

#[test]
fn one_user_is_nobody_to_tell_apart() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(&["open-set"], &people(1), folder.path(), true).unwrap_err().to_string();
    assert!(said.contains("at least two people"), "{said}");
}

/// Models of four people, trained once for all tests.
fn trained() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let train = || {
        let folder = tempfile::tempdir().unwrap();
        run(&["open-set"], &people(4), folder.path(), true).unwrap();
        folder
    };
    FOLDER.get_or_init(train).path()
}

/// These models, one of them changed, and what an evaluation says of them.
fn with_changed(change: impl FnOnce(&mut Bundle)) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let everybody = people(4);
    for person in &everybody {
        let place = |root: &Path| model_path(root, "open-set", 1, &person.id);
        fs::create_dir_all(place(folder.path()).parent().unwrap()).unwrap();
        fs::copy(place(trained()), place(folder.path())).unwrap();
    }
    let path = model_path(folder.path(), "open-set", 1, "user2");
    let mut bundle = Bundle::read(&path).unwrap();
    change(&mut bundle);
    bundle.write(&path).unwrap();
    let said = match run(&["open-set"], &everybody, folder.path(), false) {
        Ok(results) => results.runs[0].warnings.join("\n"),
        Err(failure) => failure.to_string(),
    };
    (folder, said)
}

#[test]
fn a_model_that_has_learnt_a_window_of_its_test_is_fatal() {
    let everybody = people(4);
    let plan = Protocol::find("open-set").unwrap().plan(everybody, 1).unwrap();
    let split = plan.splits.iter().find(|split| split.owner == 2).unwrap();
    let genuine = plan.windows(&split.genuine.test[0])[0].clone();
    let impostor = plan.windows(split.impostor.test.last().unwrap())[3].clone();
    for window in [genuine, impostor] {
        let (_folder, said) = with_changed(|bundle| {
            bundle.provenance.seen_windows = std::iter::once(identity_of(&window)).collect();
        });
        assert!(said.contains("has learnt from 1 windows that protocol open-set tests"), "{said}");
        assert!(said.contains("Train it on the protocol's training part"), "{said}");
    }
}

#[test]
fn a_backbone_that_knows_the_impostors_is_fatal() {
    let plan = Protocol::find("open-set").unwrap().plan(people(4), 1).unwrap();
    let impostor = plan.splits[2].impostor.test[0].person;
    let sessions = &plan.people[impostor].sessions;
    let all: SeenWindows = sessions.iter().flat_map(|s| &s.windows).map(identity_of).collect();
    for windows in [all.sample(), SeenWindows::default()] {
        let (_folder, said) = with_changed(|bundle| {
            bundle.provenance.backbone_users =
                Some(BackboneUsers { source: "test".into(), windows });
        });
        assert!(said.contains("which has learnt from people that protocol open-set"), "{said}");
        assert!(said.contains("-- pretrain"), "{said}");
    }
}

#[test]
fn another_persons_model_is_refused_and_a_silent_one_is_a_warning() {
    let (_folder, said) = with_changed(|bundle| bundle.provenance.subject = "user1".into());
    assert!(said.contains("is that of \"user1\", not of \"user2\""), "{said}");
    let (_folder, said) =
        with_changed(|bundle| bundle.provenance.seen_windows = SeenWindows::default());
    assert!(said.contains("does not tell what it has learnt from"), "{said}");
}

#[test]
fn results_of_another_version_or_of_nothing_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    assert_eq!(Results::read(&path).unwrap_err().kind(), FailureKind::NoInput);
    for (text, expected) in [
        (format!("{{\"version\": {}}}", VERSION + 1), "this program reads"),
        (format!("{{\"version\": {VERSION}}}"), "missing field"),
        ("{}".into(), "names no version"),
        ("windows".into(), "no JSON"),
    ] {
        fs::write(&path, text).unwrap();
        let said = Results::read(&path).unwrap_err().to_string();
        assert!(said.contains(expected) && said.contains('\n'), "{said}");
    }
}

#[test]
fn results_with_nothing_in_common_cannot_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let one = run(&["open-set"], &people(3), folder.path(), true).unwrap();
    let others: Vec<_> = (40..43).map(|number| person(number, &[70, 30, 30])).collect();
    let other = run(&["open-set"], &others, folder.path(), true).unwrap();
    let said = compare(&one, &other, 200).unwrap_err().to_string();
    assert!(said.contains("nothing") || said.contains("no protocol and owner in common"), "{said}");
}
