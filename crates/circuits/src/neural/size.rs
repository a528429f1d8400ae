//! How many constraints a network adds to a step, and to a row.

use verifold_model::plan::WEIGHT_BITS;

use super::network::{BIASES_PER_WORD, WEIGHTS_PER_WORD};
use crate::{layout::Dimensions, poseidon::permutations, size::PERMUTATION_24};

/// Weights of a network of these dimensions.
pub(crate) const fn weights(d: Dimensions) -> usize {
    let (mut sum, mut layer) = (0, 0);
    while layer <= d.hidden_layers() {
        sum += d.layer_inputs(layer) * d.layer_outputs(layer);
        layer += 1;
    }
    sum
}

/// Constraints of opening the network, once a step.
pub(crate) const fn opening(d: Dimensions) -> usize {
    let (mut neurons, mut bias_bits, mut layer) = (0, 0, 0);
    while layer <= d.hidden_layers() {
        neurons += d.layer_outputs(layer);
        bias_bits += d.layer_outputs(layer) * d.bias_bits(layer);
        layer += 1;
    }
    let elements = 1 + weights(d).div_ceil(WEIGHTS_PER_WORD) + neurons.div_ceil(BIASES_PER_WORD) + 1;
    let unused = d.layer_inputs(0) * d.layer_outputs(0);
    weights(d) * WEIGHT_BITS as usize + unused + bias_bits + permutations(elements, 24) * PERMUTATION_24 + 1
}

/// Constraints of scoring a row.
pub(crate) const fn scoring(d: Dimensions) -> usize {
    let (mut activations, mut layer) = (0, 0);
    while layer < d.hidden_layers() {
        activations += d.layer_outputs(layer) * (d.reach_bits(layer) + 2);
        layer += 1;
    }
    weights(d) + activations + 1
}
