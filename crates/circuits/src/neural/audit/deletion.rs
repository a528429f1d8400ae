//! For every constraint family of a step that a network scores, a falsehood that nothing else stands against.

use ff::Field;
use verifold_model::cohort::Outcome;

use super::{
    super::network::{bias_places, commitment_of, weight_places},
    fixture::{TINY, layer, network, network_with},
};
use crate::{
    audit::deletion::{Case, Lie, Scored, case, check_deletions, rows, shared_cases},
    audit::fixture::{key, plan, scored},
    family,
    field::{F, signed},
    layout::Dimensions,
    native::PlanOpening,
    neural::{Perceptron, family as own},
};

/// The model commitment of the fixture's network with another first weight, whatever element that is.
pub(crate) fn commitment_with(first: F) -> F {
    let network = network();
    let mut weights: Vec<F> = weight_places(TINY).map(|(layer, to, from)| signed(network.weight(layer, to, from))).collect();
    weights[0] = first;
    let biases = bias_places(TINY).map(|(layer, neuron)| signed(network.bias(layer, neuron))).collect();
    commitment_of(TINY, weights, biases, F::from(404))
}

fn cases(k: &Scored) -> Vec<Case> {
    let plain = Dimensions { histograms: 0, ..TINY };
    let plain_plan = || PlanOpening { edges: vec![-5, 4], used_features: 2, ..plan() };
    let one_row = |features: Vec<u32>| vec![scored(key(5, 0), 0, features, true, Outcome::Good)];
    let other_model = || k.short().number("model/layer 2/weight 0.0", 4);
    vec![
        case(family::MODEL_OPENING, "another network scores", other_model()),
        case(family::FEATURE_MASK, "a feature the plan does not name has a weight", {
            let network = Perceptron {
                feature_bits: TINY.width,
                layers: vec![layer(&[(&[0, 1 << 14], 0)]), layer(&[(&[32], 0)]), layer(&[(&[3], 0)])],
            };
            let lie = Lie::about(TINY, plan(), &network, 5, one_row(vec![1, 2]), 0);
            lie.number("plan/used 0", -1).number("plan/used 1", 1)
        }),
        case(
            family::UNUSED_WEIGHT,
            "a feature the plan does not name has a weight",
            Lie::about(TINY, plan(), &network_with(1 << 14, 0), 5, one_row(vec![1, 2]), 0),
        ),
        case(family::WEIGHT_RANGE, "a weight is one half modulo the field", {
            let half = F::from(2).invert().unwrap();
            let mut lie = Lie::about(TINY, plan(), &network(), 5, one_row(vec![2]), 0);
            lie.z[2] = commitment_with(half);
            lie.set("model/layer 0/weight 0.0", half)
        }),
        case(
            family::BIAS_RANGE,
            "a bias exceeds the bound that scores are packed under",
            Lie::about(TINY, plan(), &network_with(0, 1 << (TINY.score_bits() - 1)), 5, rows(), 0),
        ),
        case(family::FEATURE_BITS, "a row is committed with one value and scored with another", {
            let lie = Lie::about(plain, plain_plan(), &network_with(1, 0), 5, one_row(vec![2, 0]), 0);
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
        case(
            family::BIN,
            "one row counts twice in a bin and minus once in another",
            Lie::about(TINY, plan(), &network_with(0, -8), 5, one_row(vec![0]), 0).number("row 0/bin/1", -1),
        ),
        case(family::HASH_MODEL, "another network scores", {
            let lie = other_model();
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
