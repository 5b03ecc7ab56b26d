//! Damaged input for every reader of foreign bytes: a short run of what `mousewarden-rig fuzz` does
//! at length.

use mousewarden_rig::fuzz;

/// Inputs, shared by all readers.
const RUNS: u64 = 2_000;

#[test]
fn no_reader_panics_or_dawdles_on_damaged_input() {
    let findings = fuzz::short(RUNS, 1).unwrap();
    assert_eq!(findings, [], "mousewarden-rig fuzz shows them again");
}
