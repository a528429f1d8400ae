//! A verification killed at any point leaves no half-written file. `cargo xtask kills` does it hundreds of times.
#![cfg(target_os = "linux")]

#[expect(clippy::expect_used, reason = "without a scratch folder there is nothing to try")]
#[path = "kills/engine.rs"]
mod engine;

use std::path::Path;

#[test]
fn a_killed_verification_leaves_its_files_whole_or_as_they_were() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits");
    let tally = engine::run(Path::new(env!("CARGO_BIN_EXE_verifold")), &samples, 24, 0, 1);
    assert!(tally.faults.is_empty(), "{:#?}", tally.faults);
    // Each kind of end occurred, or the kills showed nothing.
    assert_eq!(tally.hits, 24);
    assert!(tally.stopped > 0 && tally.killed > 0, "{tally:?}");
}
