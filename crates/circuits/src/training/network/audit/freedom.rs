//! Is every wire of a network's training step determined by the state and the declared inputs?

use std::collections::BTreeSet;

use super::fixture::{TINY, rule};
use crate::{
    audit::{freedom::free, recorder::Recorder},
    neural::family as neural,
    training::{
        audit::{
            fixture::{mixed_rows, steps},
            freedom::declared,
        },
        family,
        network::family as own,
    },
};

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
        neural::NEURON,
        neural::REACH,
        neural::ACTIVATION,
        own::SCALED,
        family::ERROR,
        own::HANDED_BACK,
        own::GATED,
        family::GRADIENT,
        family::UPDATE_REMAINDER,
        family::TRAINED_RANGE,
        family::FINAL_BIAS,
        family::EPOCH,
    ] {
        assert!(!free(&recorder, &declared, &[family]).is_empty(), "{family}");
    }
}
