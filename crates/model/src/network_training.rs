//! What the training of a network has beyond that of a scorecard: layers, a seed, rates layer by layer.
//!
//! [`NetworkTraining::initial_weights`] derives the weights before the first minibatch. Nothing of them is chosen but seed and
//! spreads, and both stand in the rule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    plan::{Plan, WEIGHT_BITS},
    training::{RATE_BITS, TrainingSpecError},
};

/// Binary places of a network's weights and biases while they are trained, beyond the model's.
pub const FRACTION_BITS: u32 = 12;

/// What the seed is hashed behind, with the number of the block after it.
pub const INITIAL_WEIGHTS: &str = "verifold initial weights v1";

/// The part of a rule that only networks have. Layers count from the features on, the last one being the score's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkTraining {
    /// Neurons of each hidden layer: the plan's.
    pub hidden: Vec<u8>,
    /// 32 bytes that the initial weights are derived from; initial biases are zero.
    pub seed: Digest,
    /// What the first layer's initial weights stay below in magnitude, in 2^−12 of a weight, below 2^27; one for each feature.
    pub feature_spreads: Vec<u32>,
    /// The same for every further layer; one for each.
    pub layer_spreads: Vec<u32>,
    /// Factor of the learning rate of all weights of a layer behind the first, below 2^20; one for each.
    pub layer_rates: Vec<u32>,
    /// Factor of the learning rate of all biases of a layer, below 2^20; one for each layer.
    pub bias_rates: Vec<u32>,
}

impl NetworkTraining {
    /// Checks layers and ranges against a plan.
    ///
    /// # Errors
    /// [`TrainingSpecError`] for the first contradiction.
    pub fn check(&self, plan: &Plan) -> Result<(), TrainingSpecError> {
        let ensure = |holds: bool, field: String, problem: String| {
            if holds { Ok(()) } else { Err(TrainingSpecError { field: format!("network.{field}"), problem }) }
        };
        ensure(self.hidden == plan.shape.hidden(), "hidden".into(), format!("the plan has {:?}", plan.shape.hidden()))?;
        let (features, behind) = (plan.features.len(), self.hidden.len());
        let spread_bits = WEIGHT_BITS - 1 + FRACTION_BITS;
        for (field, list, wanted, bits) in [
            ("feature_spreads", &self.feature_spreads, features, spread_bits),
            ("layer_spreads", &self.layer_spreads, behind, spread_bits),
            ("layer_rates", &self.layer_rates, behind, RATE_BITS),
            ("bias_rates", &self.bias_rates, behind + 1, RATE_BITS),
        ] {
            ensure(list.len() == wanted, field.into(), format!("{} numbers where there have to be {wanted}", list.len()))?;
            let outside = list.iter().position(|number| *number >= 1 << bits);
            ensure(outside.is_none(), format!("{field}[{}]", outside.unwrap_or(0)), format!("lies below 2^{bits}"))?;
        }
        Ok(())
    }

    /// The weights before the first minibatch, in 2^−12 of a weight: layer by layer, neuron by neuron, value by value.
    ///
    /// Block k is SHA-256 of [`INITIAL_WEIGHTS`], the seed and k in eight bytes, eight words of four bytes, all big-endian. With the
    /// next word u for each weight and its spread s, the weight is `⌊(2u + 1 − 2^32) · s ÷ 2^32⌋`: evenly spread over −s .. s.
    pub fn initial_weights(&self) -> Vec<i64> {
        let mut words = (0u64..).flat_map(|block| {
            let text = [INITIAL_WEIGHTS.as_bytes(), self.seed.as_bytes(), &block.to_be_bytes()].concat();
            let word = |bytes: &[u8]| bytes.iter().fold(0i64, |word, byte| (word << 8) | i64::from(*byte));
            Digest::of(&text).as_bytes().chunks_exact(4).map(word).collect::<Vec<_>>()
        });
        let behind = self.hidden.iter().zip(&self.layer_spreads).map(|(inputs, spread)| vec![*spread; usize::from(*inputs)]);
        let layers = std::iter::once(self.feature_spreads.clone()).chain(behind);
        let neurons = self.hidden.iter().copied().map(usize::from).chain([1]);
        let spreads = layers.zip(neurons).flat_map(|(layer, neurons)| vec![layer; neurons]).flatten();
        let weights = spreads.map(|spread| ((2 * words.next().unwrap_or(0) + 1 - (1 << 32)) * i64::from(spread)) >> 32);
        weights.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> NetworkTraining {
        NetworkTraining {
            hidden: vec![8],
            seed: Digest::of(b"seed"),
            feature_spreads: vec![1 << 26, 1000],
            layer_spreads: vec![(1 << 27) - 1],
            layer_rates: vec![7],
            bias_rates: vec![5, 6],
        }
    }

    #[test]
    fn initial_weights_follow_from_the_seed_and_stay_inside_their_spreads() {
        let weights = network().initial_weights();
        assert_eq!(weights.len(), 8 * 2 + 8);
        for (at, weight) in weights.iter().enumerate() {
            let spread = if at >= 16 { (1 << 27) - 1 } else { [1 << 26, 1000][at % 2] };
            assert!((-spread..spread).contains(weight), "{at}: {weight}");
        }
        assert!(weights.iter().any(|weight| *weight < 0) && weights.iter().any(|weight| *weight > 0));
        let others = [
            NetworkTraining { seed: Digest::of(b"other"), ..network() },
            NetworkTraining { feature_spreads: vec![1 << 26, 1001], ..network() },
            NetworkTraining { layer_spreads: vec![1 << 26], ..network() },
        ];
        for other in others {
            assert_ne!(other.initial_weights(), weights);
        }
        let still = NetworkTraining { feature_spreads: vec![0, 0], layer_spreads: vec![0], ..network() };
        assert!(still.initial_weights().iter().all(|weight| *weight == 0));
    }
}
