//! Is every wire of an outcome-revision step determined by the state and the declared inputs?

use std::collections::BTreeSet;

use super::{
    super::family as own,
    fixture::{batch, rows, tiny},
};
use crate::{
    audit::{freedom::free, recorder::Recorder},
    family,
};

/// Whether a wire is a genuine input of the prover: something the statement is about, not something computed.
fn declared(name: &str) -> bool {
    match name.strip_prefix("row ").and_then(|rest| rest.split_once('/')).map(|(_, part)| part) {
        Some(part) => ["pair ", "key/"].iter().any(|p| part.starts_with(p)),
        None => name.starts_with("z ") || ["last", "earlier start", "later start"].contains(&name),
    }
}

#[test]
fn no_wire_is_free_in_any_step() {
    let (mut z, steps) = tiny(&[batch(0, rows(13)), batch(1, vec![]), batch(2, rows(30))]);
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
    let (z, steps) = tiny(&[batch(0, rows(2))]);
    let (recorder, _) = Recorder::run(&steps[0], &z);
    for family in [
        own::CARRIED_STREAM,
        family::OUTCOME_SELECT,
        family::HASH_OUTCOMES,
        family::CHAIN,
        own::NEXT_STREAM,
        own::NEXT_ROWS,
        own::NEXT_COUNTS,
        own::NEXT_OPEN,
    ] {
        assert!(!free(&recorder, &declared, &[family]).is_empty(), "{family}");
    }
}
