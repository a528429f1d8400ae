//! How many constraints a network's minibatch costs.

use verifold_model::{
    network_training::FRACTION_BITS,
    plan::WEIGHT_BITS,
    training::{MAX_NETWORK_SCALE_BITS, RATE_BITS},
};

use super::rule::{BIASES_PER_WORD, WEIGHTS_PER_WORD, bias_shift, shift};
use crate::{
    layout::{Dimensions, KEY_BITS},
    neural::{
        network,
        size::{scoring, weights},
    },
    poseidon::permutations,
    size::{AUGMENTATION, PERMUTATION_4, PERMUTATION_24},
    training::{
        curve::Curve,
        epoch::DIVISION_BITS,
        size::{committed_constraints, error_constraints},
    },
};

/// Fewest binary places of a network's score.
const LEAST_SCALE_BITS: usize = 10;

/// Bits of how many segments beyond the curve a score may lie: enough for every score.
pub(crate) const fn beyond_bits(d: Dimensions) -> usize {
    d.score_bits() + MAX_NETWORK_SCALE_BITS as usize - LEAST_SCALE_BITS - Curve::NETWORK.segment_bits
}

/// Neurons of a network, the last included.
const fn neurons(d: Dimensions) -> usize {
    let (mut sum, mut layer) = (0, 0);
    while layer <= d.hidden_layers() {
        sum += d.layer_outputs(layer);
        layer += 1;
    }
    sum
}

/// Constraints of one slot, hashing left out.
pub(crate) const fn slot_constraints(d: Dimensions) -> usize {
    // Every weight behind the first layer hands an error back, every hidden neuron gates what it is handed.
    let handed_back = weights(d) - d.layer_inputs(0) * d.layer_outputs(0) + neurons(d) - 1;
    // A scoring ends with one product for void rows, this one with one for the curve.
    committed_constraints(d) + scoring(d) + error_constraints(Curve::NETWORK, beyond_bits(d)) + handed_back + weights(d)
}

/// Constraints of one number taken over and updated.
const fn number(bits: usize, shift: usize) -> usize {
    2 * (bits + FRACTION_BITS as usize) + shift + 1
}

/// Constraints of a step that do not depend on its number of rows, nova-snark's own included.
pub(crate) const fn fixed_constraints(d: Dimensions) -> usize {
    let layers = d.hidden_layers() + 1;
    let rates = d.features + (layers - 1) + layers;
    let rule = permutations(6 + d.features + rates, 24) * PERMUTATION_24 + 1;
    let elements = weights(d).div_ceil(WEIGHTS_PER_WORD) + neurons(d).div_ceil(BIASES_PER_WORD) + 4;
    let states = 2 * permutations(elements, 24) * PERMUTATION_24;
    let flags = 3;
    let takeover = 1 + 4 + 1;
    let streams = 5 * PERMUTATION_4;
    let rows = 2 + KEY_BITS;
    let learning_rate = RATE_BITS as usize + 1 + 2 * DIVISION_BITS;
    let (mut numbers, mut layer) = (0, 0);
    while layer < layers {
        numbers += d.layer_inputs(layer) * d.layer_outputs(layer) * number(WEIGHT_BITS as usize, shift(d, layer));
        numbers += d.layer_outputs(layer) * number(d.bias_bits(layer), bias_shift(d, layer));
        layer += 1;
    }
    let off_centres = d.layer_outputs(0) * (d.features + d.bias_bits(0));
    let words = 1 + weights(d).div_ceil(network::WEIGHTS_PER_WORD) + neurons(d).div_ceil(network::BIASES_PER_WORD) + 1;
    let model = permutations(words, 24) * PERMUTATION_24;
    let ends = 2 + 4;
    let outputs = 3;
    AUGMENTATION
        + rule
        + states
        + flags
        + takeover
        + streams
        + rows
        + learning_rate
        + rates
        + numbers
        + off_centres
        + model
        + ends
        + outputs
}
