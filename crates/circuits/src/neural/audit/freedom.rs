//! Is every wire determined by the state and the declared inputs, networks included?

use std::collections::BTreeSet;

use verifold_model::cohort::BatchRole;

use super::fixture::{TINY, network};
use crate::{
    audit::{
        fixture::{batch, mixed_rows, plan, steps},
        freedom::{declared, free},
        recorder::Recorder,
    },
    family,
    neural::family as own,
};

/// As for a scorecard, with the network's weights and biases; what is computed from them is not declared.
fn declared_here(name: &str) -> bool {
    let number = name.strip_prefix("model/layer ").and_then(|rest| rest.split_once('/')).map(|(_, number)| number);
    match number {
        Some(number) => !number.contains('/'),
        None => declared(name),
    }
}

#[test]
fn no_wire_is_free_in_any_step() {
    let batches = [
        batch(BatchRole::Reference, 1, 2, mixed_rows(1, 13)),
        batch(BatchRole::Monitoring, 2, 5, vec![]),
        batch(BatchRole::Monitoring, 7, 9, mixed_rows(7, 30)),
    ];
    let (mut z, steps) = steps(TINY, plan(), &network(), &batches);
    assert_eq!(steps.len(), 4);
    for step in steps {
        let (recorder, _) = Recorder::run(&step, &z);
        // The golden list of exceptions is empty.
        assert_eq!(free(&recorder, &declared_here, &[]), BTreeSet::new());
        z = step.after;
    }
}

#[test]
fn a_forgotten_constraint_shows() {
    let (z, steps) = steps(TINY, plan(), &network(), &[batch(BatchRole::Reference, 1, 2, mixed_rows(1, 2))]);
    let (recorder, _) = Recorder::run(&steps[0], &z);
    for family in [own::NEURON, own::REACH, own::ACTIVATION, family::WEIGHT_RANGE, family::BIAS_RANGE] {
        assert!(!free(&recorder, &declared_here, &[family]).is_empty(), "{family}");
    }
}
