//! What scores the rows of a step, as constraints: opened against the model commitment once, evaluated in every slot.

use ff::Field;
use nova_snark::frontend::ConstraintSystem;
use verifold_model::plan::WEIGHT_BITS;

use crate::{
    family,
    field::{F, power_of_two, signed},
    layout::Dimensions,
    model::AnyModel,
    neural::layers::{self, OpenedLayers},
    poseidon::hash24_circuit,
    rows::Model,
    tags,
    wires::{Lc, Wires},
};

/// A model as wires.
pub(crate) enum Scorer {
    /// A logistic regression.
    Scorecard { weights: Vec<Lc>, bias: Lc },
    /// A multilayer perceptron.
    Perceptron(OpenedLayers),
}

impl Scorer {
    /// Opens a model against the state; `used` says which features the plan names.
    pub(crate) fn open<CS: ConstraintSystem<F>>(
        wires: &mut Wires<'_, CS>,
        dimensions: Dimensions,
        model: &AnyModel,
        salt: F,
        committed: &Lc,
        used: &[Lc],
    ) -> Self {
        match model {
            AnyModel::Scorecard(model) => open_scorecard(wires, dimensions, model, salt, committed, used),
            AnyModel::Perceptron(network) => Self::Perceptron(layers::open(wires, dimensions, network, salt, committed, used)),
        }
    }

    /// The score of a row, zero in a slot that is not scored; features are zero there.
    pub(crate) fn score<CS: ConstraintSystem<F>>(
        &self,
        wires: &mut Wires<'_, CS>,
        name: &dyn Fn(&str) -> String,
        features: &[Lc],
        scored: &Lc,
    ) -> Lc {
        match self {
            Self::Scorecard { weights, bias } => {
                let mut score = wires.product(family::SCORE, || name("bias"), bias, scored);
                for (f, feature) in features.iter().enumerate() {
                    let product = wires.product(family::SCORE, || name(&format!("product {f}")), &weights[f], feature);
                    score.add(F::ONE, &product);
                }
                score
            }
            Self::Perceptron(layers) => layers.score(wires, name, features, scored),
        }
    }
}

/// Range-checked weights and bias.
fn open_scorecard<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    dimensions: Dimensions,
    model: &Model,
    salt: F,
    committed: &Lc,
    used: &[Lc],
) -> Scorer {
    let mut weights = Vec::with_capacity(dimensions.features);
    for (f, used) in used.iter().enumerate() {
        let value = model.weights.get(f).map_or(F::ZERO, |w| signed(*w));
        let weight = wires.wire(|| format!("model/weight {f}"), value);
        let shifted = weight.clone().plus(&wires.constant(power_of_two(WEIGHT_BITS as usize - 1)));
        wires.range(family::WEIGHT_RANGE, || format!("model/weight {f}"), &shifted, WEIGHT_BITS as usize);
        let unused = wires.one().minus(used);
        wires.enforce(family::UNUSED_WEIGHT, &weight, &unused, &Lc::zero());
        weights.push(weight);
    }
    let bits = dimensions.score_bits();
    let bias = wires.wire(|| "model/bias".into(), signed(model.bias));
    let shifted = bias.clone().plus(&wires.constant(power_of_two(bits - 1)));
    wires.range(family::BIAS_RANGE, || "model/bias".into(), &shifted, bits);
    let salt = wires.wire(|| "model/salt".into(), salt);
    let mut inputs = weights.clone();
    inputs.extend([bias.clone(), salt]);
    let commitment = hash24_circuit(wires, family::HASH_MODEL, "model", tags::MODEL, &inputs);
    wires.equal(family::MODEL_OPENING, &commitment, committed);
    Scorer::Scorecard { weights, bias }
}
