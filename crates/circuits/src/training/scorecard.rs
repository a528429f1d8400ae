//! The constraints of `training/v1`: a scorecard's minibatch.

use ff::Field;
use nova_snark::frontend::{ConstraintSystem, num::AllocatedNum};
use verifold_model::{
    plan::WEIGHT_BITS,
    training::{RATE_SHIFT, TRAINED_BITS},
};

use super::{
    epoch::{self, State, Taken},
    family,
    rule::Rule,
    slot::{Scorer, Slot, committed, slot},
    step::Step,
};
use crate::{
    field::{F, flag, power_of_two, signed, signed_wide, to_wide},
    layout::Dimensions,
    poseidon::hash24_circuit,
    tags,
    wires::{Lc, Wires},
};

/// Most binary places of a trained weight beyond the model's.
pub(crate) const MOST_FRACTION_BITS: usize = 20;

/// The rule's numbers as wires.
struct RuleWires {
    schema: Lc,
    riskier: Lc,
    scale: Lc,
    numerator: Lc,
    offset: Lc,
    decay: Lc,
    centres: Vec<Lc>,
    initial: Vec<Lc>,
    rates: Vec<Lc>,
}

/// Opens the rule against the state.
fn open_rule<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, features: usize, values: &Rule, committed: &Lc) -> RuleWires {
    let names = ["document", "schema", "riskier", "scale", "numerator", "offset", "decay"].map(String::from).into_iter();
    let names = names
        .chain((0..features).map(|f| format!("centre {f}")))
        .chain((0..=features).map(|f| format!("initial {f}")))
        .chain((0..=features).map(|f| format!("rate {f}")));
    let elements: Vec<Lc> = names.zip(values.elements()).map(|(name, value)| wires.wire(|| format!("rule/{name}"), value)).collect();
    let commitment = hash24_circuit(wires, family::HASH_SPEC, "rule", tags::TRAINING_SPEC, &elements);
    wires.equal(family::SPEC_OPENING, &commitment, committed);
    let mut rest = elements.into_iter().skip(1);
    let mut next = || rest.next().unwrap_or(Lc::zero());
    let [schema, riskier, scale, numerator, offset, decay] = [(); 6].map(|()| next());
    let mut list = |count: usize| (0..count).map(|_| next()).collect();
    RuleWires {
        schema,
        riskier,
        scale,
        numerator,
        offset,
        decay,
        centres: list(features),
        initial: list(features + 1),
        rates: list(features + 1),
    }
}

/// The weights after the minibatch.
fn update<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    features: usize,
    rule: &RuleWires,
    rate: &Lc,
    weights: &[Lc],
    slots: &[Slot],
) -> Vec<Lc> {
    let one = wires.one();
    let errors = Lc::sum(slots.iter().map(|slot| &slot.error));
    let mut next = Vec::with_capacity(features + 1);
    for (input, weight) in weights.iter().enumerate() {
        let mut change = if input < features {
            let at_centre = wires.product(family::CENTRED, || format!("gradient at centre {input}"), &rule.centres[input], &errors);
            Lc::sum(slots.iter().map(|slot| &slot.gradient[input])).minus(&at_centre)
        } else {
            errors.clone()
        };
        change = wires.product(family::RATED, || format!("rated gradient {input}"), &rule.rates[input], &change);
        if input < features {
            let decay = wires.product(family::DECAY, || format!("decay {input}"), &rule.decay, weight);
            change.add(F::ONE, &decay);
        }
        let exact = rate.value() * change.value();
        let moved = to_wide(exact).map_or(0, |exact| exact >> RATE_SHIFT);
        let trained = wires.wire(|| format!("trained weight {input}"), weight.value() - signed_wide(moved));
        let step = weight.clone().minus(&trained).times(power_of_two(RATE_SHIFT as usize));
        let remainder =
            wires.bits(family::UPDATE_REMAINDER, || format!("update remainder {input}"), exact - step.value(), RATE_SHIFT as usize, &one);
        wires.enforce(family::UPDATE, rate, &change, &step.plus(&Lc::packed(&remainder)));
        let shifted = trained.clone().plus(&wires.constant(power_of_two(TRAINED_BITS as usize - 1)));
        wires.range(family::TRAINED_RANGE, || format!("trained weight {input}"), &shifted, TRAINED_BITS as usize);
        next.push(trained);
    }
    next
}

/// The commitment to the model that trained weights are rounded to; meaningless unless `finish`.
fn rounded_model<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    d: Dimensions,
    rule: &RuleWires,
    model_salt: F,
    trained: &[Lc],
    finish: &Lc,
) -> Lc {
    let one = wires.one();
    let half = rule.scale.clone().times(F::from(2).invert().unwrap_or(F::ZERO));
    let mut values = trained.to_vec();
    for (f, (weight, centre)) in trained.iter().zip(&rule.centres).enumerate() {
        let shift = wires.product(family::FINAL_BIAS, || format!("bias off centre {f}"), weight, centre);
        values[d.features].add(-F::ONE, &shift);
    }
    let mut model = Vec::with_capacity(d.features + 2);
    for (input, value) in values.iter().enumerate() {
        let finished = wires.product(family::FINISHED, || format!("finished weight {input}"), finish, &value.clone().plus(&half));
        let quotient = match (to_wide(finished.value()), to_wide(rule.scale.value())) {
            (Some(value), Some(scale)) if scale > 0 => value.div_euclid(scale),
            _ => 0,
        };
        let weight = wires.wire(|| format!("model/weight {input}"), signed_wide(quotient));
        let remainder = finished.value() - weight.value() * rule.scale.value();
        let name = || format!("rounding remainder {input}");
        let remainder = Lc::packed(&wires.bits(family::ROUNDING_REMAINDER, name, remainder, MOST_FRACTION_BITS, &one));
        let short = rule.scale.clone().minus(&one).minus(&remainder);
        let name = || format!("rounding remainder {input} short of scale");
        wires.range(family::ROUNDING_REMAINDER, name, &short, MOST_FRACTION_BITS);
        wires.enforce(family::ROUNDING, &weight, &rule.scale, &finished.minus(&remainder));
        let bits = if input < d.features { WEIGHT_BITS as usize } else { d.score_bits() };
        let shifted = weight.clone().plus(&wires.constant(power_of_two(bits - 1)));
        wires.range(family::MODEL_RANGE, || format!("model/weight {input}"), &shifted, bits);
        model.push(weight);
    }
    model.push(wires.wire(|| "model/salt".into(), model_salt));
    hash24_circuit(wires, family::HASH_MODEL, "model", tags::MODEL, &model)
}

/// The inputs of a training state's hash.
fn state_inputs(weights: &[Lc], rest: &Taken) -> Vec<Lc> {
    weights.iter().chain(rest.parts()).cloned().collect()
}

/// One minibatch: the state after it.
pub(super) fn synthesize<CS: ConstraintSystem<F>>(
    step: &Step,
    values: &Rule,
    wires: &mut Wires<'_, CS>,
    state: &State,
) -> Vec<AllocatedNum<F>> {
    let d = step.context.dimensions;
    let one = wires.one();
    let zero = Lc::zero();

    let first = wires.gated_wire(family::STEP_FLAGS, || "first".into(), flag(step.first), &one);
    let fresh = wires.gated_wire(family::STEP_FLAGS, || "fresh".into(), flag(step.fresh), &first);
    let last = wires.gated_wire(family::STEP_FLAGS, || "last".into(), flag(step.last), &one);
    let finish = wires.gated_wire(family::STEP_FLAGS, || "finish".into(), flag(step.finish), &last);
    let rule = open_rule(wires, d.features, values, &state.spec);

    // The state taken over: opened from the hash, or at its initial values.
    let weights: Vec<Lc> =
        step.open.weights.iter().enumerate().map(|(i, w)| wires.wire(|| format!("open/weight {i}"), signed(*w))).collect();
    let taken = Taken::open(wires, &step.open);
    let inputs = state_inputs(&weights, &taken);
    let state_before = hash24_circuit(wires, family::HASH_STATE, "before", tags::TRAINING_STATE, &inputs);
    wires.enforce(family::OPEN_STATE, &one.clone().minus(&fresh), &state_before, &state.open);
    wires.enforce(family::FRESH_STEP, &fresh, &state.t, &zero);
    for (weight, initial) in weights.iter().zip(&rule.initial) {
        wires.enforce(family::FRESH_WEIGHTS, &fresh, &weight.clone().minus(initial), &zero);
    }
    let streams = epoch::begin(wires, &step.context, &rule.schema, &first, &taken);

    // The slots.
    let mut base = weights[d.features].clone();
    for (f, (weight, centre)) in weights.iter().zip(&rule.centres).enumerate() {
        let shift = wires.product(family::BASE_SCORE, || format!("score at centre {f}"), weight, centre);
        base.add(-F::ONE, &shift);
    }
    let scorer = Scorer { dimensions: d, weights: weights[..d.features].to_vec(), base, riskier: rule.riskier.clone() };
    let mut slots: Vec<Slot> = Vec::with_capacity(d.rows);
    for position in 0..d.rows {
        let row = committed(wires, d, position, &taken, slots.last().map(|slot| &slot.row), step.rows.get(position));
        slots.push(slot(wires, &scorer, position, row));
    }
    let rows: Vec<_> = slots.iter().map(|slot| &slot.row).collect();
    let counted = epoch::count(wires, d, &taken, streams, &rows, &last);

    // The descent.
    let rate = epoch::learning_rate(wires, &rule.numerator, &rule.offset, &state.t);
    let trained = update(wires, d.features, &rule, &rate, &weights, &slots);

    // The end of an epoch, and of the training.
    epoch::end(wires, &counted, &last, &state.data);
    let model_found = rounded_model(wires, d, &rule, step.context.model_salt, &trained, &finish);
    wires.enforce(family::MODEL_OPENING, &finish, &model_found.minus(&state.model), &zero);

    // The state handed on.
    let kept = counted.kept(wires, &last);
    let inputs = state_inputs(&trained, &kept);
    let state_after = hash24_circuit(wires, family::HASH_STATE, "after", tags::TRAINING_STATE, &inputs);
    epoch::outputs(wires, state, &last, &finish, &state_after)
}
