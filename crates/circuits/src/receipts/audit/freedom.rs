//! Is every wire of a receipts step determined by the state and the declared inputs?

use std::collections::BTreeSet;

use super::{
    super::family as own,
    fixture::{batch, tiny},
};
use crate::{
    audit::{fixture::mixed_rows, freedom::free, recorder::Recorder},
    family,
};

/// Whether a wire is a genuine input of the prover: something the statement is about, not something computed.
pub(crate) fn declared(name: &str) -> bool {
    let row_part = name.strip_prefix("row ").and_then(|rest| rest.split_once('/')).map(|(_, part)| part);
    match row_part {
        Some(part) => part == "filled" || part == "salt" || ["kind/", "head/", "feature "].iter().any(|p| part.starts_with(p)),
        None => {
            ["z ", "plan/"].iter().any(|p| name.starts_with(p))
                || ["last", "row salt", "model/bias", "model/salt"].contains(&name)
                || name.strip_prefix("model/weight ").is_some_and(|rest| rest.parse::<usize>().is_ok())
        }
    }
}

#[test]
fn no_wire_is_free_in_any_step() {
    let (mut z, steps) = tiny(&[batch(0, mixed_rows(1, 13)), batch(1, vec![]), batch(2, mixed_rows(7, 30))]);
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
    let (z, steps) = tiny(&[batch(0, mixed_rows(1, 2))]);
    let (recorder, _) = Recorder::run(&steps[0], &z);
    for family in [family::SCORE, own::LEAF, own::HASH_NODE, family::WEIGHT_RANGE, own::CLOSED_ROWS, own::NEXT_OPEN] {
        assert!(!free(&recorder, &declared, &[family]).is_empty(), "{family}");
    }
}
