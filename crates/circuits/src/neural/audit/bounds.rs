//! Is every value that a prover chooses bounded, whatever else holds?
//!
//! A wire of a row is either a boolean, by a constraint `x · (x − gate) = 0` with a gate that is one of the circuit's
//! flags, or the product of what stands before it. Weights and biases are neither: their ranges are tried at the ends.

use ff::Field;
use verifold_model::cohort::Outcome;

use super::{
    super::network::{bias_places, weight_places},
    fixture::{TINY, network},
};
use crate::{
    audit::{
        deletion::{Lie, Scored},
        fixture::{key, model, plan, scored},
        recorder::{Constraint, Recorder},
    },
    family,
    field::{F, power_of_two},
};

/// `x · (x − gate) = 0` with a gate of wires that come before `x`, or of the constant one.
pub(crate) fn is_boolean(wire: usize, Constraint { a, b, c, .. }: &Constraint) -> bool {
    let others = b.iter().filter(|(other, _)| *other != wire);
    a[..] == [(wire, F::ONE)] && c.is_empty() && b.contains(&(wire, F::ONE)) && others.clone().all(|(other, _)| *other < wire)
}

/// `a · b = x` with factors that come before `x`.
pub(crate) fn is_product(wire: usize, Constraint { a, b, c, .. }: &Constraint) -> bool {
    c[..] == [(wire, F::ONE)] && a.iter().chain(b).all(|(factor, _)| *factor < wire)
}

#[track_caller]
fn check(recorder: &Recorder) {
    let mut seen = 0;
    for (wire, name) in recorder.names.iter().enumerate().filter(|(_, name)| name.starts_with("row ") && name.contains('/')) {
        assert!(recorder.constraints.iter().any(|c| is_boolean(wire, c) || is_product(wire, c)), "{name} is neither boolean nor product");
        seen += 1;
    }
    assert!(seen > 1000, "{seen}");
}

#[test]
fn every_wire_of_a_row_is_a_boolean_or_a_product() {
    let rows = || vec![scored(key(5, 0), 1, vec![6], true, Outcome::Good)];
    check(&Lie::about(TINY, plan(), &network(), 5, rows(), 0).run().0);
    check(&Lie::about(crate::audit::fixture::TINY, plan(), &model(), 5, rows(), 0).run().0);
}

#[test]
fn no_weight_or_bias_leaves_its_range() {
    let k = Scored { dimensions: TINY, model: network().into() };
    let numbers =
        weight_places(TINY).map(|(layer, to, from)| (format!("model/layer {layer}/weight {to}.{from}"), 16, family::WEIGHT_RANGE));
    let biases =
        bias_places(TINY).map(|(layer, neuron)| (format!("model/layer {layer}/bias {neuron}"), TINY.bias_bits(layer), family::BIAS_RANGE));
    let numbers: Vec<_> = numbers.chain(biases).collect();
    assert_eq!(numbers.len(), 4 + 4 + 2 + 2 + 2 + 1);
    for (name, bits, family) in numbers {
        let end = power_of_two(bits - 1);
        let half = F::from(2).invert().unwrap();
        for (value, inside) in [(-end, true), (end - F::ONE, true), (-end - F::ONE, false), (end, false), (half, false)] {
            let (recorder, _) = k.short().set(&name, value).run();
            assert_eq!(recorder.violated().contains(family), !inside, "{name}");
        }
    }
}
