//! The constraints of `neural-training/v2`: a network's minibatch.

use ff::Field;
use nova_snark::frontend::{ConstraintSystem, num::AllocatedNum};
use verifold_model::{network_training::FRACTION_BITS, plan::WEIGHT_BITS};

use super::{
    family as own,
    rule::{BIAS_SLOT, BIASES_PER_WORD, NetworkRule, WEIGHT_SLOT, WEIGHTS_PER_WORD, bias_shift, rounded, shift},
    size::beyond_bits,
};
use crate::{
    field::{F, flag, power_of_two, signed, signed_wide, to_signed, to_wide},
    layout::Dimensions,
    neural::{
        layers::{Evaluated, OpenedLayers, commitment, packed},
        network::{bias_places, weight_places},
    },
    poseidon::hash24_circuit,
    tags,
    training::{
        curve::Curve,
        epoch::{self, State, Taken},
        family,
        slot::{Committed, committed, error},
        step::Step,
    },
    wires::{Lc, Wires},
};

/// The rule's numbers as wires.
struct RuleWires {
    schema: Lc,
    riskier: Lc,
    scale: Lc,
    numerator: Lc,
    offset: Lc,
    centres: Vec<Lc>,
    /// Of the first layer one for each feature, of every other layer one.
    weight_rates: Vec<Vec<Lc>>,
    bias_rates: Vec<Lc>,
}

/// Opens the rule against the state.
fn open_rule<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, rule: &NetworkRule, committed: &Lc) -> RuleWires {
    let names = ["document", "schema", "riskier", "scale", "numerator", "offset"].map(String::from).into_iter();
    let rates = rule.weight_rates.iter().enumerate().flat_map(|(l, rates)| (0..rates.len()).map(move |i| format!("rate {l}.{i}")));
    let names = names
        .chain((0..rule.centres.len()).map(|f| format!("centre {f}")))
        .chain(rates)
        .chain((0..rule.bias_rates.len()).map(|l| format!("bias rate {l}")));
    let elements: Vec<Lc> = names.zip(rule.elements()).map(|(name, value)| wires.wire(|| format!("rule/{name}"), value)).collect();
    let commitment = hash24_circuit(wires, family::HASH_SPEC, "rule", tags::NEURAL_TRAINING_SPEC, &elements);
    wires.equal(family::SPEC_OPENING, &commitment, committed);
    let mut rest = elements.into_iter().skip(1);
    let mut next = || rest.next().unwrap_or(Lc::zero());
    let [schema, riskier, scale, numerator, offset] = [(); 5].map(|()| next());
    let mut list = |count: usize| -> Vec<Lc> { (0..count).map(|_| next()).collect() };
    let centres = list(rule.centres.len());
    let weight_rates = rule.weight_rates.iter().map(|rates| list(rates.len())).collect();
    RuleWires { schema, riskier, scale, numerator, offset, centres, weight_rates, bias_rates: list(rule.bias_rates.len()) }
}

/// A weight or bias in training: the model's number, and what the trained one is beyond it.
#[derive(Clone)]
struct Number {
    model: Lc,
    /// `2^12 · model + fraction − 2^11`, for a fraction of 12 bits.
    trained: Lc,
    /// What stands in an element of the state: the trained number, shifted to be no less than zero.
    slot: Lc,
}

/// A trained number as the model's number of `bits` signed bits and a fraction.
fn number<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, family: &'static str, name: &str, bits: usize, trained: i64) -> Number {
    let one = wires.one();
    let model = wires.wire(|| name.into(), signed(rounded(trained)));
    let fraction = signed(trained.wrapping_sub(rounded(trained) << FRACTION_BITS)) + F::from(1 << (FRACTION_BITS - 1));
    let fraction = wires.bits(family, || format!("{name}/fraction"), fraction, FRACTION_BITS as usize, &one);
    let shifted = model.clone().plus(&wires.constant(power_of_two(bits - 1)));
    wires.range(family, || name.into(), &shifted, bits);
    let slot = Lc::packed(&fraction).plus(&shifted.times(power_of_two(FRACTION_BITS as usize)));
    let zero = F::from(1 << (FRACTION_BITS - 1)) + power_of_two(bits - 1 + FRACTION_BITS as usize);
    Number { trained: slot.clone().minus(&wires.constant(zero)), model, slot }
}

/// Every number of a network in training, in the order of the model commitment.
struct Numbers {
    dimensions: Dimensions,
    weights: Vec<Number>,
    biases: Vec<Number>,
}

impl Numbers {
    /// As the prover says the network was left; the state's hash is yet to be compared.
    fn open<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, d: Dimensions, trained: &[i64]) -> Self {
        let mut values = trained.iter().copied();
        let mut next = || values.next().unwrap_or(0);
        let weights = weight_places(d).map(|(layer, to, from)| {
            let name = format!("open/layer {layer}/weight {to}.{from}");
            number(wires, own::OPENED_RANGE, &name, WEIGHT_BITS as usize, next())
        });
        let weights = weights.collect();
        let biases = bias_places(d).map(|(layer, neuron)| {
            let name = format!("open/layer {layer}/bias {neuron}");
            number(wires, own::OPENED_RANGE, &name, d.bias_bits(layer), next())
        });
        let biases = biases.collect();
        Self { dimensions: d, weights, biases }
    }

    /// The inputs of a training state's hash.
    fn state(&self, rest: &Taken) -> Vec<Lc> {
        let slots = |numbers: &[Number]| -> Vec<Lc> { numbers.iter().map(|number| number.slot.clone()).collect() };
        let mut inputs: Vec<Lc> = slots(&self.weights).chunks(WEIGHTS_PER_WORD).map(|chunk| packed(chunk, WEIGHT_SLOT)).collect();
        inputs.extend(slots(&self.biases).chunks(BIASES_PER_WORD).map(|chunk| packed(chunk, BIAS_SLOT)));
        inputs.extend(rest.parts().into_iter().cloned());
        inputs
    }

    /// The model's numbers as layers; the first layer's biases are those at the centres.
    fn layers(&self) -> OpenedLayers {
        let d = self.dimensions;
        let mut layers = OpenedLayers {
            dimensions: d,
            weights: (0..=d.hidden_layers()).map(|layer| vec![Vec::new(); d.layer_outputs(layer)]).collect(),
            biases: vec![Vec::new(); d.hidden_layers() + 1],
        };
        for ((layer, to, _), weight) in weight_places(d).zip(&self.weights) {
            layers.weights[layer][to].push(weight.model.clone());
        }
        for ((layer, _), bias) in bias_places(d).zip(&self.biases) {
            layers.biases[layer].push(bias.model.clone());
        }
        layers
    }
}

/// What a slot hands to the rest of the step: its row, and its share of the gradient.
struct Slot {
    row: Committed,
    weights: Vec<Lc>,
    biases: Vec<Lc>,
}

/// Lays down what is trained on the row of slot `position`.
fn slot<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    layers: &OpenedLayers,
    rule: &RuleWires,
    position: usize,
    row: Committed,
) -> Slot {
    let d = layers.dimensions;
    let name = |part: &str| format!("row {position}/{part}");
    let inputs = row.features.iter().zip(&rule.centres).map(|(x, centre)| x.clone().minus(centre)).collect();
    let Evaluated { inputs, gates, output } = layers.evaluate(wires, &name, inputs);
    let score = wires.product(own::SCALED, || name("score"), &output, &rule.scale);
    let error = error(wires, Curve::NETWORK, beyond_bits(d), &name, &row, &rule.riskier, &score);

    // Back through the layers: the error of each neuron's sum, then its products with what the neuron summed.
    let mut deltas = vec![vec![error]];
    for layer in (0..d.hidden_layers()).rev() {
        let behind = &deltas[deltas.len() - 1];
        let of_layer = (0..d.layer_outputs(layer)).map(|at| {
            let mut back = Lc::zero();
            for (to, delta) in behind.iter().enumerate() {
                let product = || name(&format!("layer {layer}/back {to}.{at}"));
                back.add(F::ONE, &wires.product(own::HANDED_BACK, product, &layers.weights[layer + 1][to][at], delta));
            }
            wires.product(own::GATED, || name(&format!("layer {layer}/error {at}")), &gates[layer][at], &back)
        });
        let of_layer = of_layer.collect();
        deltas.push(of_layer);
    }
    deltas.reverse();
    let weights = weight_places(d).map(|(layer, to, from)| {
        let product = || name(&format!("layer {layer}/gradient {to}.{from}"));
        wires.product(family::GRADIENT, product, &deltas[layer][to], &inputs[layer][from])
    });
    Slot { weights: weights.collect(), biases: deltas.into_iter().flatten().collect(), row }
}

/// One number behind a step: `step · gradient` rounded off by `shift` bits and taken away.
#[derive(Clone, Copy)]
struct Update<'a> {
    bits: usize,
    shift: usize,
    /// Learning rate times the rate of the number.
    step: &'a Lc,
    gradient: &'a Lc,
}

impl Update<'_> {
    fn apply<CS: ConstraintSystem<F>>(self, wires: &mut Wires<'_, CS>, name: &str, before: &Number) -> Number {
        let one = wires.one();
        let half = wires.constant(power_of_two(self.shift - 1));
        let exact = self.step.value() * self.gradient.value() + half.value();
        let moved = to_wide(exact).map_or(F::ZERO, |exact| signed_wide(exact >> self.shift));
        let value = to_signed(before.trained.value() - moved).unwrap_or(0);
        let after = number(wires, family::TRAINED_RANGE, &format!("trained/{name}"), self.bits, value);
        let change = before.trained.clone().minus(&after.trained).times(power_of_two(self.shift));
        let remainder = exact - change.value();
        let remainder = wires.bits(family::UPDATE_REMAINDER, || format!("update remainder/{name}"), remainder, self.shift, &one);
        wires.enforce(family::UPDATE, self.step, self.gradient, &change.plus(&Lc::packed(&remainder)).minus(&half));
        after
    }
}

/// The network after the minibatch.
fn update<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, rule: &RuleWires, rate: &Lc, numbers: &Numbers, slots: &[Slot]) -> Numbers {
    let d = numbers.dimensions;
    let mut weight_steps: Vec<Vec<Lc>> = Vec::new();
    for (layer, rates) in rule.weight_rates.iter().enumerate() {
        let step = |(i, factor): (usize, &Lc)| wires.product(family::RATED, || format!("step {layer}.{i}"), rate, factor);
        weight_steps.push(rates.iter().enumerate().map(step).collect());
    }
    let step = |(layer, factor): (usize, &Lc)| wires.product(family::RATED, || format!("bias step {layer}"), rate, factor);
    let bias_steps: Vec<Lc> = rule.bias_rates.iter().enumerate().map(step).collect();
    let weights = weight_places(d).enumerate().map(|(at, (layer, to, from))| {
        let gradient = &Lc::sum(slots.iter().map(|slot| &slot.weights[at]));
        let steps = &weight_steps[layer];
        let step = if layer == 0 { &steps[from] } else { &steps[0] };
        let update = Update { bits: WEIGHT_BITS as usize, shift: shift(d, layer), step, gradient };
        update.apply(wires, &format!("layer {layer}/weight {to}.{from}"), &numbers.weights[at])
    });
    let weights = weights.collect();
    let biases = bias_places(d).enumerate().map(|(at, (layer, neuron))| {
        let gradient = &Lc::sum(slots.iter().map(|slot| &slot.biases[at]));
        let update = Update { bits: d.bias_bits(layer), shift: bias_shift(d, layer), step: &bias_steps[layer], gradient };
        update.apply(wires, &format!("layer {layer}/bias {neuron}"), &numbers.biases[at])
    });
    let biases = biases.collect();
    Numbers { dimensions: d, weights, biases }
}

/// The commitment to the model that trained numbers are rounded to.
fn rounded_model<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, rule: &RuleWires, trained: &Numbers, salt: F) -> Lc {
    let d = trained.dimensions;
    let layers = trained.layers();
    let half = wires.constant(power_of_two(WEIGHT_BITS as usize - 1));
    let weights: Vec<Lc> = trained.weights.iter().map(|weight| weight.model.clone().plus(&half)).collect();
    let mut biases: Vec<Lc> = trained.biases.iter().map(|bias| bias.model.clone()).collect();
    for (neuron, bias) in biases.iter_mut().enumerate().take(d.layer_outputs(0)) {
        for (f, (weight, centre)) in layers.weights[0][neuron].iter().zip(&rule.centres).enumerate() {
            let shift = wires.product(family::FINAL_BIAS, || format!("bias {neuron} off centre {f}"), weight, centre);
            bias.add(-F::ONE, &shift);
        }
        let bits = d.bias_bits(0);
        let shifted = bias.clone().plus(&wires.constant(power_of_two(bits - 1)));
        wires.range(family::MODEL_RANGE, || format!("model/bias {neuron}"), &shifted, bits);
    }
    commitment(wires, d, &weights, &biases, salt)
}

/// One minibatch: the state after it.
pub(crate) fn synthesize<CS: ConstraintSystem<F>>(
    step: &Step,
    values: &NetworkRule,
    wires: &mut Wires<'_, CS>,
    state: &State,
) -> Vec<AllocatedNum<F>> {
    let d = step.context.dimensions;
    let one = wires.one();
    let first = wires.gated_wire(family::STEP_FLAGS, || "first".into(), flag(step.first), &one);
    let last = wires.gated_wire(family::STEP_FLAGS, || "last".into(), flag(step.last), &one);
    let finish = wires.gated_wire(family::STEP_FLAGS, || "finish".into(), flag(step.finish), &last);
    let rule = open_rule(wires, values, &state.spec);

    // The state taken over. Before the first step it is the hash of the initial network, after the last it is zero.
    let numbers = Numbers::open(wires, d, &step.open.weights);
    let taken = Taken::open(wires, &step.open);
    let state_before = hash24_circuit(wires, family::HASH_STATE, "before", tags::NEURAL_TRAINING_STATE, &numbers.state(&taken));
    wires.equal(family::OPEN_STATE, &state_before, &state.open);
    let streams = epoch::begin(wires, &step.context, &rule.schema, &first, &taken);
    epoch::under_way(wires, own::UNDER_WAY, &first, &taken);

    // The slots.
    let layers = numbers.layers();
    let mut slots: Vec<Slot> = Vec::with_capacity(d.rows);
    for position in 0..d.rows {
        let row = committed(wires, d, position, &taken, slots.last().map(|slot| &slot.row), step.rows.get(position));
        slots.push(slot(wires, &layers, &rule, position, row));
    }
    let rows: Vec<_> = slots.iter().map(|slot| &slot.row).collect();
    let counted = epoch::count(wires, d, &taken, streams, &rows, &last);

    // The descent.
    let rate = epoch::learning_rate(wires, &rule.numerator, &rule.offset, &state.t);
    let trained = update(wires, &rule, &rate, &numbers, &slots);

    // The end of an epoch, and of the training.
    epoch::end(wires, &counted, &last, &state.data);
    let model_found = rounded_model(wires, &rule, &trained, step.context.model_salt);
    wires.enforce(family::MODEL_OPENING, &finish, &model_found.minus(&state.model), &Lc::zero());

    // The state handed on.
    let kept = counted.kept(wires, &last);
    let state_after = hash24_circuit(wires, family::HASH_STATE, "after", tags::NEURAL_TRAINING_STATE, &trained.state(&kept));
    epoch::outputs(wires, state, &last, &finish, &state_after)
}
