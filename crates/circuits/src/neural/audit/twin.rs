//! The network's constraints and its native twin agree, and cost what the formula says.

use proptest::prelude::*;
use verifold_model::{
    cohort::{BatchRole, Outcome},
    plan::Plan,
    shape::{CircuitFamily, CircuitId, Shape},
};

use super::fixture::{TINY, layer, network, network_with};
use crate::{
    audit::{
        fixture::{batch, key, mixed_rows, plan, scored},
        twin::{check, check_count},
    },
    field::F,
    layout::Dimensions,
    native::PlanOpening,
    neural::{Layer, Perceptron, size as network_size},
    size::CircuitFacts,
};

#[test]
fn batches_with_void_rows_and_empty_slots() {
    let batches = [
        batch(BatchRole::Reference, 1, 2, mixed_rows(1, 13)),
        batch(BatchRole::Monitoring, 2, 5, vec![]),
        batch(BatchRole::Monitoring, 7, 9, mixed_rows(7, 50)),
    ];
    check(TINY, plan(), &network(), &batches);
    // A network that gives something for features of zero as well.
    check(TINY, plan(), &network_with(0, 4000), &batches);
}

#[test]
fn the_score_is_the_sum_over_what_neurons_hand_on() {
    for (x, score) in [(0, -7), (3, 2), (6, 11), (7, 14)] {
        assert_eq!(network().score(&[x]), score);
    }
}

#[test]
fn sums_at_both_ends_of_a_neurons_reach() {
    let (weight, feature) = ((1 << 15) - 1, 7);
    for bias in [(1i64 << (TINY.reach_bits(0) - 1)) - 1, -(1i64 << (TINY.reach_bits(0) - 1)), -weight * feature, -weight * feature - 1] {
        let first = layer(&[(&[weight], bias), (&[-weight], -bias.max(1 - (1 << 18)))]);
        let network = Perceptron {
            feature_bits: TINY.width,
            layers: vec![first, layer(&[(&[-weight, weight], 1), (&[7, 9], -3)]), layer(&[(&[weight, -weight], 5)])],
        };
        let plan = PlanOpening { document: F::from(1), schema: F::from(2), used_features: 1, edges: vec![-1, 1, 2, 5] };
        let rows = (0..8).map(|x| scored(key(1, x), 0, vec![x as u32], true, Outcome::Bad)).collect();
        check(TINY, plan, &network, &[batch(BatchRole::Reference, 1, 2, rows)]);
    }
}

fn any_layer(inputs: usize, neurons: usize, weight: i64, bias: i64) -> impl Strategy<Value = Layer> {
    let weights = prop::collection::vec(prop::collection::vec(-weight..weight, inputs), neurons);
    (weights, prop::collection::vec(-bias..bias, neurons)).prop_map(|(weights, biases)| Layer { weights, biases })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_network_leads_where_its_twin_says(
        first in any_layer(2, 2, 1 << 14, 1 << 17),
        second in any_layer(2, 2, 1 << 14, 1 << 31),
        last in any_layer(2, 1, 1 << 15, 1 << 32),
        features in prop::collection::vec((0u32..8, 0u32..8), 1..21),
    ) {
        let plan = PlanOpening { document: F::from(1), schema: F::from(2), used_features: 2, edges: vec![-100, 4000, 2, 5] };
        let rows = (0..).zip(features).map(|(i, (x, y))| scored(key(1, i), 0, vec![x, y], i % 2 == 0, Outcome::Good)).collect();
        check(TINY, plan, &Perceptron { feature_bits: TINY.width, layers: vec![first, second, last] }, &[batch(BatchRole::Reference, 1, 2, rows)]);
    }
}

fn circuit(shape: &str) -> CircuitId {
    CircuitId { family: CircuitFamily::NeuralCohortV1, shape: shape.parse().unwrap() }
}

#[test]
fn the_formula_counts_what_is_synthesised() {
    check_count(TINY);
    check_count(Dimensions { hidden: [3, 0, 0], ..TINY });
    for shape in ["f8.w8.g2.b10.h1.n15.l8", "f20.w8.g4.b10.h1.n16.l16-8", "f16.w12.g2.b10.h0.n17.l32-16-8"] {
        check_count(Dimensions::of(shape.parse().unwrap()).unwrap());
    }
}

#[test]
fn the_page_states_what_networks_cost() {
    let page = include_str!("../../../../../docs/circuits/neural-cohort-v1.md");
    let mut missing = Vec::new();
    for hidden in ["8", "16", "32", "16-8", "32-16", "32-16-8", "64-32"] {
        let of = |n: u32| circuit(&format!("f20.w8.g4.b10.h1.n{n}.l{hidden}"));
        let d = Dimensions::without_rows(of(18).shape);
        let rows = |n: u32| CircuitFacts::of(of(n)).map_or_else(|| "none".to_owned(), |facts| facts.rows_per_step.to_string());
        let rows: Vec<String> = (15..=18).map(rows).collect();
        let line = format!("| 20-{hidden}-1 | {} | {} | {} |", network_size::opening(d), network_size::scoring(d), rows.join(" | "));
        if !page.contains(&line) {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn scores_stay_where_the_edges_of_any_shape_are_told_apart() {
    for hidden in ["8", "16", "32", "16-8", "32-16", "64-32", "32-16-8"] {
        let shape: Shape = format!("f64.w16.g2.b10.h0.n18.l{hidden}").parse().unwrap();
        let d = Dimensions::without_rows(shape);
        assert_eq!(d.score_bits(), Plan::score_bits(shape) as usize);
        // Both halves of the bin equation stay below 2^41, and biases inside their part of an element.
        assert!(d.score_bits() <= 38, "{shape}");
        // What a neuron sums stays below 2^42 in magnitude, whatever the range says.
        for layer in 0..d.hidden_layers() {
            let products = d.input_bits(layer) + 15 + d.layer_inputs(layer).next_power_of_two().ilog2() as usize;
            assert!(products < 40 && d.bias_bits(layer) < 40, "{shape}");
        }
    }
}

#[test]
fn a_family_has_no_circuit_of_the_other_kind_of_shape() {
    for (family, shape) in
        [(CircuitFamily::ScoredCohortV1, "f8.w8.g2.b10.h1.n15.l8"), (CircuitFamily::NeuralCohortV1, "f8.w8.g2.b10.h1.n15")]
    {
        assert_eq!(CircuitFacts::of(CircuitId { family, shape: shape.parse().unwrap() }), None);
    }
    assert!(CircuitFacts::of(circuit("f8.w8.g2.b10.h1.n15.l8")).is_some());
    for family in [CircuitFamily::ReceiptsV1, CircuitFamily::TrainingV1, CircuitFamily::PreparationV1] {
        let shape = "f20.w8.g4.b10.h0.n17.l8".parse().unwrap();
        assert_eq!(CircuitFacts::of(CircuitId { family, shape }), None);
    }
}
