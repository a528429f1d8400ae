//! A network as constraints: opened once a step, evaluated once a row.

use ff::Field;
use nova_snark::frontend::ConstraintSystem;
use verifold_model::plan::WEIGHT_BITS;

use super::{
    Perceptron, family as own,
    network::{BIAS_WORD_BITS, BIASES_PER_WORD, WEIGHTS_PER_WORD, architecture, bias_places, weight_places},
};
use crate::{
    family,
    field::{F, power_of_two, signed},
    layout::Dimensions,
    poseidon::hash24_circuit,
    tags,
    wires::{Lc, Wires},
};

/// A network's weights and biases as wires, range-checked and opened against the model commitment.
pub(crate) struct OpenedLayers {
    pub(crate) dimensions: Dimensions,
    /// Layer by layer, neuron by neuron, one weight for each value.
    pub(crate) weights: Vec<Vec<Vec<Lc>>>,
    pub(crate) biases: Vec<Vec<Lc>>,
}

/// What becomes of one row.
pub(crate) struct Evaluated {
    /// Values that each layer sums.
    pub(crate) inputs: Vec<Vec<Lc>>,
    /// One for each neuron of each hidden layer whose sum is not negative.
    pub(crate) gates: Vec<Vec<Lc>>,
    /// Sum of the last layer.
    pub(crate) output: Lc,
}

/// Opens a network against the state; `used` says which features the plan names.
pub(crate) fn open<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    dimensions: Dimensions,
    network: &Perceptron,
    salt: F,
    committed: &Lc,
    used: &[Lc],
) -> OpenedLayers {
    let d = dimensions;
    let of_each = |layer: usize| vec![Vec::with_capacity(d.layer_inputs(layer)); d.layer_outputs(layer)];
    let mut weights: Vec<Vec<Vec<Lc>>> = (0..=d.hidden_layers()).map(of_each).collect();
    let mut biases: Vec<Vec<Lc>> = vec![Vec::new(); d.hidden_layers() + 1];
    let mut numbers = Vec::new();
    for (layer, to, from) in weight_places(d) {
        let name = || format!("model/layer {layer}/weight {to}.{from}");
        let weight = wires.wire(name, signed(network.weight(layer, to, from)));
        let shifted = weight.clone().plus(&wires.constant(power_of_two(WEIGHT_BITS as usize - 1)));
        wires.range(family::WEIGHT_RANGE, name, &shifted, WEIGHT_BITS as usize);
        if layer == 0 {
            let unused = wires.one().minus(&used[from]);
            wires.enforce(family::UNUSED_WEIGHT, &weight, &unused, &Lc::zero());
        }
        weights[layer][to].push(weight);
        numbers.push(shifted);
    }
    let mut all = Vec::new();
    for (layer, neuron) in bias_places(d) {
        let name = || format!("model/layer {layer}/bias {neuron}");
        let bits = d.bias_bits(layer);
        let bias = wires.wire(name, signed(network.bias(layer, neuron)));
        let shifted = bias.clone().plus(&wires.constant(power_of_two(bits - 1)));
        wires.range(family::BIAS_RANGE, name, &shifted, bits);
        all.push(bias.clone());
        biases[layer].push(bias);
    }
    let commitment = commitment(wires, d, &numbers, &all, salt);
    wires.equal(family::MODEL_OPENING, &commitment, committed);
    OpenedLayers { dimensions, weights, biases }
}

/// The commitment to a network: `weights` are each 2^15 more than the network's, both in the order of their places.
pub(crate) fn commitment<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, d: Dimensions, weights: &[Lc], biases: &[Lc], salt: F) -> Lc {
    let mut elements = vec![wires.constant(architecture(d))];
    elements.extend(weights.chunks(WEIGHTS_PER_WORD).map(|chunk| packed(chunk, WEIGHT_BITS as usize)));
    let half = wires.constant(power_of_two(BIAS_WORD_BITS - 1));
    let biases: Vec<Lc> = biases.iter().map(|bias| bias.clone().plus(&half)).collect();
    elements.extend(biases.chunks(BIASES_PER_WORD).map(|chunk| packed(chunk, BIAS_WORD_BITS)));
    elements.push(wires.wire(|| "model/salt".into(), salt));
    hash24_circuit(wires, family::HASH_MODEL, "model", tags::NETWORK, &elements)
}

/// `Σ 2^(bits · i) · numbers[i]`.
pub(crate) fn packed(numbers: &[Lc], bits: usize) -> Lc {
    let mut word = Lc::zero();
    for (place, number) in numbers.iter().enumerate() {
        word.add(power_of_two(place * bits), number);
    }
    word
}

impl OpenedLayers {
    /// The network's score of a row, zero in a slot that is not scored.
    pub(crate) fn score<CS: ConstraintSystem<F>>(
        &self,
        wires: &mut Wires<'_, CS>,
        name: &dyn Fn(&str) -> String,
        features: &[Lc],
        scored: &Lc,
    ) -> Lc {
        let Evaluated { output, .. } = self.evaluate(wires, name, features.to_vec());
        wires.product(family::SCORE, || name("score"), scored, &output)
    }

    /// Lays down every neuron for one row.
    pub(crate) fn evaluate<CS: ConstraintSystem<F>>(
        &self,
        wires: &mut Wires<'_, CS>,
        name: &dyn Fn(&str) -> String,
        mut values: Vec<Lc>,
    ) -> Evaluated {
        let d = self.dimensions;
        let last = d.hidden_layers();
        let (mut inputs, mut gates, mut output) = (Vec::new(), Vec::new(), Lc::zero());
        for layer in 0..=last {
            let mut sums = self.biases[layer].clone();
            for (to, sum) in sums.iter_mut().enumerate() {
                for (from, value) in values.iter().enumerate() {
                    let product = || name(&format!("layer {layer}/product {to}.{from}"));
                    sum.add(F::ONE, &wires.product(own::NEURON, product, &self.weights[layer][to][from], value));
                }
            }
            inputs.push(std::mem::take(&mut values));
            if layer == last {
                output = sums.swap_remove(0);
            } else {
                let neuron = |neuron: usize| name(&format!("layer {layer}/neuron {neuron}"));
                let (reach, shift) = (d.reach_bits(layer), d.input_bits(layer));
                let gated = sums.iter().enumerate().map(|(at, sum)| relu(wires, &|| neuron(at), sum, reach, shift));
                let (handed_on, open): (Vec<Lc>, Vec<Lc>) = gated.unzip();
                values = handed_on;
                gates.push(open);
            }
        }
        Evaluated { inputs, gates, output }
    }
}

/// `⌊max(sum, 0) ÷ 2^shift⌋` of a sum shown to lie in `−2^reach .. 2^reach`, and whether the sum is not negative.
///
/// `sum + 2^reach` has `reach + 1` bits; the top one, what the others leave, is one exactly if the sum is not negative,
/// and the others are then the sum's own.
fn relu<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, name: &dyn Fn() -> String, sum: &Lc, reach: usize, shift: usize) -> (Lc, Lc) {
    let one = wires.one();
    let shifted = sum.clone().plus(&wires.constant(power_of_two(reach)));
    let low = wires.bits(own::REACH, name, shifted.value(), reach, &one);
    let scale: F = Option::from(power_of_two(reach).invert()).unwrap_or(F::ZERO);
    let positive = shifted.minus(&Lc::packed(&low)).times(scale);
    wires.gated(own::REACH, &positive, &one);
    let handed_on = wires.product(own::ACTIVATION, || format!("{}/handed on", name()), &Lc::packed(&low[shift..]), &positive);
    (handed_on, positive)
}
