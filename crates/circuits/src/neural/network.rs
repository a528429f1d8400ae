//! A multilayer perceptron as integers: what it gives, whether a shape holds it, and what commits to it.

use ff::Field;
use verifold_model::{
    plan::{ACTIVATION_BITS, Plan, WEIGHT_BITS},
    shape::Shape,
};
use zeroize::Zeroize;

use crate::{
    field::{F, power_of_two, signed},
    layout::Dimensions,
    poseidon::hash24,
    tags,
};

/// Weights of one element of the model commitment.
pub(crate) const WEIGHTS_PER_WORD: usize = 15;
/// Bits of a bias in an element of the model commitment; more than any shape's biases have.
pub(crate) const BIAS_WORD_BITS: usize = 40;
/// Biases of one element of the model commitment.
pub(crate) const BIASES_PER_WORD: usize = 6;

/// One layer: a row of weights and a bias for each neuron.
#[derive(Clone, PartialEq, Eq)]
pub struct Layer {
    /// For each neuron, one weight for each value the layer sums, in `−2^15 .. 2^15`.
    pub weights: Vec<Vec<i64>>,
    /// For each neuron, what is added to its sum.
    pub biases: Vec<i64>,
}

/// A multilayer perceptron as integers: hidden layers with ReLU, then one sum.
///
/// A hidden neuron hands on `⌊max(bias + Σ weight · x, 0) ÷ 2^s⌋`, with `s` the bits of a feature in the first layer and
/// 16 in the others. The last layer's sum is the score.
#[derive(Clone, PartialEq, Eq)]
pub struct Perceptron {
    /// Bits of a quantised feature: the plan's width.
    pub feature_bits: usize,
    /// Layers from the features on; the last has one neuron.
    pub layers: Vec<Layer>,
}

impl std::fmt::Debug for Perceptron {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Weights are what the proof hides; they do not get into logs.
        let widths: Vec<usize> = self.layers.iter().map(|layer| layer.biases.len()).collect();
        write!(f, "Perceptron({widths:?})")
    }
}

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Layer({} neurons)", self.biases.len())
    }
}

impl Drop for Layer {
    fn drop(&mut self) {
        self.weights.zeroize();
        self.biases.zeroize();
    }
}

/// Why a network does not fit a plan. Layers and neurons are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PerceptronError {
    /// Features of another width than the shape's.
    #[error("the network scores features of {found} bits, shape {shape} has features of {}", shape.width_bits())]
    FeatureBits {
        /// The plan's shape.
        shape: Shape,
        /// Bits of the network's features.
        found: usize,
    },
    /// Another number of layers than the shape has.
    #[error("the network has {found} layers, shape {shape} has {expected}")]
    Layers {
        /// The plan's shape.
        shape: Shape,
        /// Layers of the shape, the last included.
        expected: usize,
        /// Layers found.
        found: usize,
    },
    /// A layer has more neurons than the shape, or a last layer not one.
    #[error("layer {layer} has {found} neurons, the shape has room for {room}")]
    Neurons {
        /// The layer.
        layer: usize,
        /// Neurons of the shape.
        room: usize,
        /// Neurons found.
        found: usize,
    },
    /// A neuron does not weigh every value of the layer before.
    #[error("layer {layer}, neuron {neuron} has {found} weights for {expected} values")]
    Weights {
        /// The layer.
        layer: usize,
        /// The neuron.
        neuron: usize,
        /// Values the layer sums.
        expected: usize,
        /// Weights found.
        found: usize,
    },
    /// A weight does not fit its range.
    #[error("layer {layer}, neuron {neuron}: weight {index} does not fit {WEIGHT_BITS} signed bits")]
    WeightRange {
        /// The layer.
        layer: usize,
        /// The neuron.
        neuron: usize,
        /// Position of the weight, from 1.
        index: usize,
    },
    /// A bias does not fit its range.
    #[error("layer {layer}, neuron {neuron}: the bias does not fit {bits} signed bits")]
    BiasRange {
        /// The layer.
        layer: usize,
        /// The neuron.
        neuron: usize,
        /// Signed bits of a bias in this layer.
        bits: usize,
    },
    /// Some row would bring a neuron's sum out of its range, and could not be proven.
    #[error("layer {layer}, neuron {neuron}: its sum can leave −2^{bits} .. 2^{bits}")]
    Reach {
        /// The layer.
        layer: usize,
        /// The neuron.
        neuron: usize,
        /// Bits of the sum.
        bits: usize,
    },
}

impl Perceptron {
    /// Checks the network against a plan: layers, ranges, and that no row can bring a neuron out of its range.
    ///
    /// # Errors
    /// [`PerceptronError`] for the first contradiction.
    pub fn check(&self, plan: &Plan) -> Result<(), PerceptronError> {
        let (d, shape) = (Dimensions::without_rows(plan.shape), plan.shape);
        // The largest value of each feature, then of what each neuron hands on.
        let mut most: Vec<i64> = plan.features.iter().map(|feature| i64::from(feature.max)).collect();
        let last = d.hidden_layers();
        if self.feature_bits != d.width {
            return Err(PerceptronError::FeatureBits { shape, found: self.feature_bits });
        }
        if self.layers.len() != last + 1 {
            return Err(PerceptronError::Layers { shape, expected: last + 1, found: self.layers.len() });
        }
        let fits = |value: i64, bits: usize| (-(1i64 << (bits - 1))..1 << (bits - 1)).contains(&value);
        for (at, Layer { weights, biases }) in self.layers.iter().enumerate() {
            let (layer, room, bits) = (at + 1, d.layer_outputs(at), d.bias_bits(at));
            let found = biases.len();
            if weights.len() != found || found == 0 || found > room || (at == last && found != 1) {
                return Err(PerceptronError::Neurons { layer, room, found: weights.len().max(found) });
            }
            let mut handed_on = Vec::with_capacity(found);
            for (i, (weights, bias)) in weights.iter().zip(biases).enumerate() {
                let neuron = i + 1;
                if weights.len() != most.len() {
                    return Err(PerceptronError::Weights { layer, neuron, expected: most.len(), found: weights.len() });
                }
                if let Some(index) = weights.iter().position(|weight| !fits(*weight, WEIGHT_BITS as usize)) {
                    return Err(PerceptronError::WeightRange { layer, neuron, index: index + 1 });
                }
                if !fits(*bias, bits) {
                    return Err(PerceptronError::BiasRange { layer, neuron, bits });
                }
                let summed = |part: fn(i64) -> i64| weights.iter().zip(&most).fold(*bias, |sum, (w, x)| sum + part(*w) * x);
                let (lowest, highest) = (summed(|w| w.min(0)), summed(|w| w.max(0)));
                let reach = 1i64 << d.reach_bits(at);
                if at < last && !(-reach <= lowest && highest < reach) {
                    return Err(PerceptronError::Reach { layer, neuron, bits: d.reach_bits(at) });
                }
                handed_on.push(highest.max(0) >> d.input_bits(at));
            }
            most = handed_on;
        }
        Ok(())
    }

    /// The score of quantised features.
    ///
    /// Exact for a network and features that pass their checks.
    pub fn score(&self, features: &[u32]) -> i64 {
        let mut values: Vec<i64> = features.iter().map(|x| i64::from(*x)).collect();
        let mut shift = self.feature_bits;
        let last = self.layers.len().saturating_sub(1);
        for (at, Layer { weights, biases }) in self.layers.iter().enumerate() {
            let sums = weights.iter().zip(biases).map(|(weights, bias)| weights.iter().zip(&values).fold(*bias, |sum, (w, x)| sum + w * x));
            values = if at == last { sums.collect() } else { sums.map(|sum| sum.max(0) >> shift).collect() };
            shift = ACTIVATION_BITS as usize;
        }
        values.first().copied().unwrap_or(0)
    }

    /// Weight of neuron `to` for value `from`; zero for neurons and values the shape has and the network has not.
    pub(crate) fn weight(&self, layer: usize, to: usize, from: usize) -> i64 {
        self.layers.get(layer).and_then(|layer| layer.weights.get(to)).and_then(|weights| weights.get(from)).copied().unwrap_or(0)
    }

    /// Bias of a neuron, likewise.
    pub(crate) fn bias(&self, layer: usize, neuron: usize) -> i64 {
        self.layers.get(layer).and_then(|layer| layer.biases.get(neuron)).copied().unwrap_or(0)
    }
}

/// What makes the same integers another network under other dimensions: features, their width, neurons of each hidden layer.
pub(crate) fn architecture(d: Dimensions) -> F {
    let parts = [d.features, d.width].into_iter().chain(d.hidden);
    parts.enumerate().fold(F::ZERO, |word, (at, part)| word + F::from(part as u64) * power_of_two(8 * at))
}

/// Layer, neuron and value of every weight of the dimensions, in the order of the model commitment.
pub(crate) fn weight_places(d: Dimensions) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..=d.hidden_layers()).flat_map(move |layer| {
        (0..d.layer_outputs(layer)).flat_map(move |to| (0..d.layer_inputs(layer)).map(move |from| (layer, to, from)))
    })
}

/// Layer and neuron of every bias, likewise.
pub(crate) fn bias_places(d: Dimensions) -> impl Iterator<Item = (usize, usize)> {
    (0..=d.hidden_layers()).flat_map(move |layer| (0..d.layer_outputs(layer)).map(move |neuron| (layer, neuron)))
}

/// The salted commitment to a network: architecture, weights fifteen to an element, biases six to an element, salt.
///
/// What is packed is shifted to be no less than zero: weights by 2^15, biases by 2^39.
pub(crate) fn network_element(d: Dimensions, network: &Perceptron, salt: F) -> F {
    let weights = weight_places(d).map(|(layer, to, from)| signed(network.weight(layer, to, from))).collect();
    let biases = bias_places(d).map(|(layer, neuron)| signed(network.bias(layer, neuron))).collect();
    commitment_of(d, weights, biases, salt)
}

/// The same over elements, in the order of their places.
pub(crate) fn commitment_of(d: Dimensions, weights: Vec<F>, biases: Vec<F>, salt: F) -> F {
    let mut elements = vec![architecture(d)];
    for (numbers, each, bits) in [(weights, WEIGHTS_PER_WORD, WEIGHT_BITS as usize), (biases, BIASES_PER_WORD, BIAS_WORD_BITS)] {
        let word = |chunk: &[F]| chunk.iter().rev().fold(F::ZERO, |word, n| word * power_of_two(bits) + n + power_of_two(bits - 1));
        elements.extend(numbers.chunks(each).map(word));
    }
    elements.push(salt);
    hash24(tags::NETWORK, &elements)
}
