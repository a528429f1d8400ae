//! Which integers stand for a network's weights?
//!
//! A hidden neuron may be scaled by any positive factor if the layer above divides its weights by it, as ReLU lets
//! positive factors through. [`quantise`] takes for each neuron the largest factor at which its weights have 16 bits, its
//! bias its own, and no row can bring its sum out of the range the circuit gives it; the last layer's scale is the
//! plan's. Half of what the shift takes off is added to each hidden bias, so that what is handed on is rounded.

use verifold_circuits::neural::{Layer, Perceptron};
use verifold_model::plan::{ACTIVATION_BITS, Plan, WEIGHT_BITS};

use crate::{
    error::{ProveError, scale_text},
    integer::units,
    layout::Layout,
    onnx::{Linear, Numbers},
};

/// Largest magnitude of a weight, in either direction.
const LARGEST_WEIGHT: f64 = ((1u64 << (WEIGHT_BITS - 1)) - 1) as f64;

/// Part of a neuron's range that factors are chosen for; rounding may take a little of the rest.
const MARGIN: f64 = 0.99;

/// Rounds a float network to a plan's steps and scale; `layout` has a shape with room for it. With it comes what a reader
/// should know about the integers.
///
/// # Errors
/// [`ProveError::Network`] if a weight of the last layer leaves its bound.
pub(crate) fn quantise(numbers: &Numbers, layout: &Layout, scale_bits: u8) -> Result<(Perceptron, Option<String>), ProveError> {
    let feature_bits = layout.shape.width_bits();
    let mut layers = Vec::new();
    // Integer units per unit of what a layer sums, and the largest integer of each.
    let mut unit: Vec<f64> = vec![1.0; layout.features.len()];
    let mut most: Vec<f64> = layout.features.iter().map(|feature| f64::from(feature.max)).collect();
    let mut shift = feature_bits;
    for (at, neurons) in numbers.hidden.iter().enumerate() {
        let reach = units_of(shift + ACTIVATION_BITS as usize);
        let half = units_of(shift - 1);
        let mut layer = Layer { weights: Vec::new(), biases: Vec::new() };
        let (mut next_unit, mut next_most) = (Vec::new(), Vec::new());
        for neuron in neurons {
            let Linear { weights, bias } = if at == 0 { in_steps(neuron, layout) } else { neuron.clone() };
            let per_unit: Vec<f64> = weights.iter().zip(&unit).map(|(weight, unit)| weight / unit).collect();
            let summed = |part: fn(f64) -> f64| bias + per_unit.iter().zip(&most).map(|(w, most)| part(*w) * most).sum::<f64>();
            let (lowest, highest) = (summed(|w| w.min(0.0)), summed(|w| w.max(0.0)));
            let largest = per_unit.iter().fold(0.0f64, |largest, weight| largest.max(weight.abs()));
            // Whatever is smallest; a neuron that gives 0 for every row may have any factor.
            let bounds =
                [LARGEST_WEIGHT / largest, (MARGIN * reach / 2.0 - half) / bias.abs(), MARGIN * reach / lowest.abs().max(highest.abs())];
            let factor = bounds.into_iter().filter(|bound| bound.is_finite()).fold(f64::INFINITY, f64::min);
            let factor = if factor.is_finite() { factor } else { 1.0 };
            layer.weights.push(per_unit.iter().map(|weight| (weight * factor).round() as i64).collect());
            layer.biases.push((bias * factor + half).round() as i64);
            next_unit.push(factor / units_of(shift));
            next_most.push(((highest * factor + half) / units_of(shift)).max(0.0).ceil());
        }
        layers.push(layer);
        (unit, most, shift) = (next_unit, next_most, ACTIVATION_BITS as usize);
    }

    let scale = units(scale_bits);
    let per_unit: Vec<f64> = numbers.coefficients.iter().zip(&unit).map(|(weight, unit)| weight / unit).collect();
    let largest = per_unit.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).map_or((0, 0.0), |(at, weight)| (at, *weight));
    let fits = |bits: u8| (largest.1.abs() * units(bits)).round() <= LARGEST_WEIGHT;
    let fitting = (1..=32).rev().find(|bits| fits(*bits));
    if !fits(scale_bits) {
        let (neuron, weight) = (largest.0 + 1, (largest.1 * scale).round() as i64);
        return Err(ProveError::Network {
            problem: format!(
                "the score's integer weight for neuron {neuron} of the last hidden layer would be {weight}, weights hold -32768 to 32767; {}",
                scale_text(scale_bits, fitting)
            ),
        });
    }
    let bias = (numbers.intercept * scale).round() as i64;
    let bits = Plan::score_bits(layout.shape) - 1;
    if bias.unsigned_abs() >= 1 << bits {
        return Err(ProveError::BiasRange { bias, bits });
    }
    layers.push(Layer { weights: vec![per_unit.iter().map(|weight| (weight * scale).round() as i64).collect()], biases: vec![bias] });
    // Each bit of scale left unused doubles what rounding the last layer takes off.
    let note = fitting.filter(|fitting| *fitting >= scale_bits + 4).map(|fitting| {
        format!(
            "The last layer's weights use {} of their {WEIGHT_BITS} bits at `scoring.scale_bits` = {scale_bits}; up to {fitting} the integer network follows the float one more closely.",
            ((largest.1.abs() * scale).round() as u64).checked_ilog2().map_or(1, |bits| bits + 2)
        )
    });
    Ok((Perceptron { feature_bits, layers }, note))
}

/// Two to a power, as a float.
fn units_of(bits: usize) -> f64 {
    (1u64 << bits.min(63)) as f64
}

/// A sum over features as one over their quantised values, in plan order.
fn in_steps(neuron: &Linear, layout: &Layout) -> Linear {
    let of_each = || layout.features.iter().zip(&layout.model_position).map(|(feature, at)| (feature, neuron.weights[*at]));
    Linear {
        weights: of_each().map(|(feature, weight)| weight * feature.step.to_f64()).collect(),
        bias: neuron.bias + of_each().map(|(feature, weight)| weight * feature.offset.to_f64()).sum::<f64>(),
    }
}
