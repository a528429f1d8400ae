//! The same step with a network: twin, cost, freedom, and a falsehood for each family.

use std::collections::BTreeSet;

use ff::Field;
use verifold_model::{
    cohort::Outcome,
    shape::{CircuitFamily, CircuitId},
};

use super::{
    deletion::{Case, Lie, Scored, case, check_deletions, shared_cases},
    fixture::{batch, steps},
    freedom, twin,
};
use crate::{
    audit::{
        fixture::{mixed_rows, plan, scored},
        freedom::free,
        recorder::{Constraint, Recorder},
    },
    family,
    field::F,
    layout::Dimensions,
    native::PlanOpening,
    neural::{
        Perceptron,
        audit::{
            bounds::{is_boolean, is_product},
            deletion::commitment_with,
            fixture::{TINY, layer, network, network_with},
        },
        family as own, size as network_size,
    },
    receipts::size,
    size::CircuitFacts,
};

#[test]
fn batches_of_one_step_of_none_and_of_three() {
    let batches = [batch(0, mixed_rows(1, 13)), batch(1, vec![]), batch(4, mixed_rows(7, 50))];
    twin::check(TINY, plan(), &network(), &batches);
    // A network that gives something for features of zero as well: a void row has no score all the same.
    twin::check(TINY, plan(), &network_with(0, 4000), &batches);
}

#[test]
fn the_formula_counts_what_is_synthesised() {
    twin::check_count(TINY);
    for shape in ["f8.w8.g2.b10.h1.n15.l8", "f20.w8.g4.b10.h4.n17.l16-8", "f16.w12.g2.b10.h0.n17.l32-16-8"] {
        twin::check_count(size::dimensions(shape.parse().unwrap()).unwrap());
    }
}

#[test]
fn the_page_states_what_receipts_cost() {
    let page = include_str!("../../../../../docs/circuits/neural-receipts-v1.md");
    let mut missing = Vec::new();
    for hidden in ["8", "16", "32", "16-8", "32-16", "32-16-8", "64-32"] {
        let of = |n: u32| CircuitId {
            family: CircuitFamily::NeuralReceiptsV1,
            shape: format!("f20.w8.g4.b10.h1.n{n}.l{hidden}").parse().unwrap(),
        };
        let d = Dimensions::without_rows(of(18).shape);
        let rows = |n: u32| CircuitFacts::of(of(n)).map_or_else(|| "none".to_owned(), |facts| facts.rows_per_step.to_string());
        let rows: Vec<String> = (15..=18).map(rows).collect();
        let row = size::chunk_constraints(d) / d.chunk();
        let line = format!("| 20-{hidden}-1 | {} | {row} | {} |", network_size::opening(d), rows.join(" | "));
        if !page.contains(&line) {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_family_has_no_circuit_of_the_other_kind_of_shape() {
    for (family, shape) in [(CircuitFamily::ReceiptsV1, "f8.w8.g2.b10.h1.n15.l8"), (CircuitFamily::NeuralReceiptsV1, "f8.w8.g2.b10.h1.n15")]
    {
        assert_eq!(CircuitFacts::of(CircuitId { family, shape: shape.parse().unwrap() }), None);
        let other = CircuitFamily::of_receipts(shape.parse().unwrap());
        assert!(CircuitFacts::of(CircuitId { family: other, shape: shape.parse().unwrap() }).is_some());
    }
}

/// As for a scorecard, with the network's weights and biases; what is computed from them is not declared.
fn declared(name: &str) -> bool {
    let number = name.strip_prefix("model/layer ").and_then(|rest| rest.split_once('/')).map(|(_, number)| number);
    match number {
        Some(number) => !number.contains('/'),
        None => freedom::declared(name),
    }
}

#[test]
fn no_wire_is_free_in_any_step() {
    let batches = [batch(0, mixed_rows(1, 13)), batch(1, vec![]), batch(2, mixed_rows(7, 30))];
    let (mut z, steps) = steps(TINY, plan(), &network(), &batches);
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
    let (z, steps) = steps(TINY, plan(), &network(), &[batch(0, mixed_rows(1, 2))]);
    let (recorder, _) = Recorder::run(&steps[0], &z);
    for family in [own::NEURON, own::REACH, own::ACTIVATION, family::SCORE, family::WEIGHT_RANGE, family::BIAS_RANGE] {
        assert!(!free(&recorder, &declared, &[family]).is_empty(), "{family}");
    }
}

#[test]
fn every_wire_of_a_row_is_a_boolean_a_product_or_its_salt() {
    let (z, steps) = steps(TINY, plan(), &network(), &[batch(0, vec![scored(9, 1, vec![6], true, Outcome::Good)])]);
    let (recorder, _) = Recorder::run(&steps[0], &z);
    let mut seen = 0;
    for (wire, name) in recorder.names.iter().enumerate().filter(|(_, name)| name.starts_with("row ") && name.contains('/')) {
        let bound = |c: &Constraint| is_boolean(wire, c) || is_product(wire, c);
        assert!(name.ends_with("/salt") || recorder.constraints.iter().any(bound), "{name} is neither boolean nor product");
        seen += 1;
    }
    assert!(seen > 1000, "{seen}");
}

fn cases(k: &Scored) -> Vec<Case> {
    let plain = Dimensions { histograms: 0, ..TINY };
    let plain_plan = || PlanOpening { edges: vec![-5, 4], used_features: 2, ..plan() };
    let other_feature = || Lie::under(plan(), &network_with(1 << 14, 0), TINY, vec![1, 2]);
    let other_network = || k.short().number("model/layer 2/weight 0.0", 4);
    vec![
        case(family::FEATURE_MASK, "a feature the plan does not name has a weight", {
            let network = Perceptron {
                feature_bits: TINY.width,
                layers: vec![layer(&[(&[0, 1 << 14], 0)]), layer(&[(&[32], 0)]), layer(&[(&[3], 0)])],
            };
            Lie::under(plan(), &network, TINY, vec![1, 2]).number("plan/used 0", -1).number("plan/used 1", 1)
        }),
        case(family::UNUSED_WEIGHT, "a feature the plan does not name has a weight", other_feature()),
        case(family::MODEL_OPENING, "another network scores", other_network()),
        case(family::WEIGHT_RANGE, "a weight is one half modulo the field", {
            let half = F::from(2).invert().unwrap();
            let mut lie = Lie::under(plan(), &network(), TINY, vec![2]);
            lie.z[2] = commitment_with(half);
            lie.set("model/layer 0/weight 0.0", half)
        }),
        case(
            family::BIAS_RANGE,
            "a bias exceeds the bound of scores",
            Lie::under(plan(), &network_with(0, 1 << (TINY.score_bits() - 1)), TINY, vec![1]),
        ),
        case(family::FEATURE_BITS, "a row is committed with one value and scored with another", {
            let lie = Lie::under(plain_plan(), &network_with(1, 0), plain, vec![2, 0]);
            lie.number("row 0/feature 0/bit 0", 8).number("row 0/feature 1/bit 0", -1)
        }),
        case(own::NEURON, "a neuron sums what is no product", k.short().number("row 1/layer 1/product 0.0", 1 << 18)),
        case(own::REACH, "a neuron with a negative sum hands something on", {
            // The sum is −3 · 2^14; bits 0 and 3 split it so that what is handed on is 3 · 2^11.
            let (sum, handed_on) = (-3 * (1 << 14), 3 << 11);
            let mut lie =
                k.short().number("row 0/layer 0/neuron 0/bit 0", sum - 8 * handed_on).number("row 0/layer 0/neuron 0/bit 3", handed_on);
            for bit in (1..TINY.reach_bits(0)).filter(|bit| *bit != 3) {
                lie = lie.number(&format!("row 0/layer 0/neuron 0/bit {bit}"), 0);
            }
            lie
        }),
        case(own::ACTIVATION, "a neuron with a negative sum hands something on", {
            k.short().number("row 0/layer 0/neuron 0/handed on", 3 << 11)
        }),
        case(family::SCORE, "a score is not the network's", k.short().number("row 1/score", -6)),
        case(family::HASH_PLAN, "a feature the plan does not name has a weight", {
            let lie = other_feature().number("plan/used 1", 1);
            let committed = lie.z[1];
            lie.set("hash: plan/plan", committed)
        }),
        case(family::HASH_MODEL, "another network scores", {
            let lie = other_network();
            let committed = lie.z[2];
            lie.set("hash: model/model", committed)
        }),
    ]
}

#[test]
fn without_its_family_each_falsehood_would_be_provable() {
    let k = Scored { dimensions: TINY, model: network().into() };
    check_deletions(&k, shared_cases(&k).into_iter().chain(cases(&k)));
}
