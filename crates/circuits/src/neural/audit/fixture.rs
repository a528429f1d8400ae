//! The cohort's fixture scored by a network that gives what its scorecard gives: 3x − 7.

use crate::{
    audit::fixture,
    layout::Dimensions,
    neural::{Layer, Perceptron},
};

/// Two hidden layers of two neurons.
pub(crate) const TINY: Dimensions = Dimensions { hidden: [2, 2, 0], ..fixture::TINY };

/// A layer of neurons, each its weights and bias.
pub(crate) fn layer(neurons: &[(&[i64], i64)]) -> Layer {
    Layer { weights: neurons.iter().map(|(w, _)| w.to_vec()).collect(), biases: neurons.iter().map(|(_, b)| *b).collect() }
}

/// `2 + 3·max(x − 3, 0) − 3·max(3 − x, 0) + more` of the first feature, and `other` times the second one in the first neuron.
///
/// The first layer hands on 2^11 for each unit of x, the second one for each.
pub(crate) fn network_with(other: i64, more: i64) -> Perceptron {
    let unit = 1 << 14;
    Perceptron {
        feature_bits: TINY.width,
        layers: vec![
            layer(&[(&[unit, other], -3 * unit), (&[-unit, 0], 3 * unit)]),
            layer(&[(&[32, 0], 0), (&[0, 32], 0)]),
            layer(&[(&[3, -3], 2 + more)]),
        ],
    }
}

pub(crate) fn network() -> Perceptron {
    network_with(0, 0)
}
