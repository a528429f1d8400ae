//! Is every wire of a training step determined by the state and the declared inputs?

use std::collections::BTreeSet;

use super::fixture::{TINY, mixed_rows, rule, steps};
use crate::{
    audit::{freedom::free, recorder::Recorder},
    training::family,
};

/// Whether a wire is a genuine input of the prover: something the statement is about, not something computed.
pub(crate) fn declared(name: &str) -> bool {
    let row_part = name.strip_prefix("row ").and_then(|rest| rest.split_once('/')).map(|(_, part)| part);
    match row_part {
        Some(part) => {
            part == "filled"
                || part == "logged"
                || ["kind/", "key gap/", "group/", "outcome/", "feature "].iter().any(|p| part.starts_with(p))
        }
        None => {
            ["z ", "rule/", "open/"].iter().any(|p| name.starts_with(p))
                || ["first", "fresh", "last", "finish", "row salt", "outcome salt", "model/salt"].contains(&name)
        }
    }
}

#[test]
fn no_wire_is_free_in_any_step() {
    let (mut z, steps) = steps(TINY, rule(), 2, &mixed_rows(34));
    assert_eq!(steps.len(), 4);
    for step in steps {
        let (recorder, _) = Recorder::run(&step, &z);
        // The golden list of exceptions is empty.
        assert_eq!(free(&recorder, &declared, &[]), BTreeSet::new());
        z = step.after;
    }
}

#[test]
fn a_forgotten_constraint_shows() {
    let (z, steps) = steps(TINY, rule(), 1, &mixed_rows(5));
    let (recorder, _) = Recorder::run(&steps[0], &z);
    for family in [
        family::ROW_KEY,
        family::SCORE,
        family::SEGMENT_BITS,
        family::CURVE,
        family::ERROR,
        family::GRADIENT,
        family::UPDATE_REMAINDER,
        family::EPOCH,
    ] {
        assert!(!free(&recorder, &declared, &[family]).is_empty(), "{family}");
    }
}
