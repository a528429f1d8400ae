//! Is every value that a prover chooses bounded, whatever else holds, and every product far below the modulus?

use ff::Field;

use super::fixture::{TINY, subject};
use crate::{
    audit::recorder::{Constraint, Recorder},
    field::{F, power_of_two},
    layout::Dimensions,
    neural::network::{bias_places, weight_places},
    training::{
        curve::Curve,
        dimensions, family,
        network::{
            family as own,
            rule::{BIAS_SLOT, bias_shift, shift},
        },
    },
};

/// `x · (x − gate) = 0` with a gate of wires that come before `x`, or of the constant one.
fn is_boolean(wire: usize, Constraint { a, b, c, .. }: &Constraint) -> bool {
    a[..] == [(wire, F::ONE)] && c.is_empty() && b.contains(&(wire, F::ONE)) && b.iter().all(|(other, _)| *other <= wire)
}

/// `a · b = x + …` with everything else before `x`.
fn is_product(wire: usize, Constraint { a, b, c, .. }: &Constraint) -> bool {
    let other = |(other, _): &&(usize, F)| *other != wire;
    c.contains(&(wire, F::ONE)) && a.iter().chain(b).chain(c.iter().filter(other)).all(|(factor, _)| *factor < wire)
}

#[test]
fn every_wire_of_a_row_is_a_boolean_or_follows_from_those_before() {
    let (recorder, _) = subject().minibatch(0).run();
    let mut seen = 0;
    for (wire, name) in recorder.names.iter().enumerate().filter(|(_, name)| name.starts_with("row ") && name.contains('/')) {
        assert!(recorder.constraints.iter().any(|c| is_boolean(wire, c) || is_product(wire, c)), "{name}");
        seen += 1;
    }
    assert!(seen > 1000, "{seen}");
}

#[track_caller]
fn check_range(recorder: &dyn Fn(&str, F) -> Recorder, name: &str, bits: usize, family: &str) {
    let end = power_of_two(bits - 1);
    let half = F::from(2).invert().unwrap();
    for (value, inside) in [(-end, true), (end - F::ONE, true), (-end - F::ONE, false), (end, false), (half, false)] {
        assert_eq!(recorder(name, value).violated().contains(family), !inside, "{name}");
    }
}

#[test]
fn no_number_taken_over_or_trained_leaves_its_range() {
    let run = |name: &str, value: F| subject().minibatch(1).set(name, value).run().0;
    let weights = weight_places(TINY).map(|(l, to, from)| (format!("layer {l}/weight {to}.{from}"), 16));
    let biases = bias_places(TINY).map(|(l, neuron)| (format!("layer {l}/bias {neuron}"), TINY.bias_bits(l)));
    // One place of every layer; the others come from the same lines.
    for (name, bits) in weights.chain(biases).filter(|(name, _)| name.ends_with("0.0") || name.ends_with("bias 0")) {
        check_range(&run, &format!("open/{name}"), bits, own::OPENED_RANGE);
        check_range(&run, &format!("trained/{name}"), bits, family::TRAINED_RANGE);
    }
}

/// Bits of magnitude that each side of an update has at most.
fn update_bits(d: Dimensions, rows: usize) -> usize {
    let log2 = |count: usize| count.next_power_of_two().ilog2() as usize;
    let mut error = Curve::NETWORK.probability_bits();
    let mut most = 0;
    for layer in (0..=d.hidden_layers()).rev() {
        // Error, value summed, rows; learning rate and rate have 20 bits each.
        let exact = error + d.input_bits(layer) + log2(rows) + 40;
        let moved = shift(d, layer).max(bias_shift(d, layer)) + BIAS_SLOT;
        most = most.max(exact).max(moved);
        error += 15 + log2(d.layer_outputs(layer));
    }
    most
}

#[test]
fn no_product_of_any_shape_comes_near_the_modulus() {
    let mut seen = 0;
    for hidden in ["8", "16", "32", "16-8", "32-16", "64-32", "32-16-8"] {
        for (features, width) in [(8, 8), (8, 16), (20, 8), (64, 8), (64, 16)] {
            for size in [16, 17, 18] {
                let shape = format!("f{features}.w{width}.g2.b10.h0.n{size}.l{hidden}").parse().unwrap();
                let Some(d) = dimensions(shape) else { continue };
                assert!(d.rows < 1 << 10, "{shape}: {} rows", d.rows);
                let bits = update_bits(d, 1 << 10);
                assert!(bits <= 142, "{shape}: {bits} bits");
                assert!((0..=d.hidden_layers()).all(|layer| d.bias_bits(layer) + 12 < BIAS_SLOT), "{shape}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 40);
}
