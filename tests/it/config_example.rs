//! config.example.toml is complete and true: equal to the defaults, with the very same keys, and
//! with a comment before every one of them.

use std::collections::BTreeSet;

use mousewarden::config::Config;

const EXAMPLE: &str = include_str!("../../config.example.toml");

fn keys(table: &toml::Table, prefix: &str, found: &mut BTreeSet<String>) {
    for (name, value) in table {
        let path = format!("{prefix}{name}");
        match value.as_table() {
            Some(table) => keys(table, &format!("{path}."), found),
            None => drop(found.insert(path)),
        }
    }
}

fn keys_of(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    keys(&text.parse().unwrap(), "", &mut found);
    found
}

#[test]
fn the_example_equals_the_defaults() {
    assert_eq!(Config::parse("the example", EXAMPLE).unwrap(), Config::default());
}

#[test]
fn the_example_has_every_key_and_no_other() {
    let defaults = toml::to_string(&Config::default()).unwrap();
    assert_eq!(keys_of(EXAMPLE), keys_of(&defaults));
}

#[test]
fn every_key_is_explained() {
    let lines: Vec<_> = EXAMPLE.lines().collect();
    for pair in lines.windows(2).filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with('#'))
    {
        assert!(pair[0].starts_with("# "), "{} is not explained", pair[1]);
    }
}
