//! The step circuit of `training/v1`: one minibatch, folded onto the state before.
//!
//! In order: open rule and state; lay down the slots ([`super::slot`]); extend both streams; sum the gradient and
//! move the weights; close the epoch, and with the last one round the weights to the model and open it.

use std::sync::Arc;

use ff::Field;
use nova_snark::{
    frontend::{ConstraintSystem, SynthesisError, num::AllocatedNum},
    traits::circuit::StepCircuit,
};
use verifold_model::{
    plan::WEIGHT_BITS,
    training::{RATE_BITS, RATE_SHIFT, TRAINED_BITS},
};

use super::{
    family,
    open::OpenTraining,
    rule::Rule,
    slot::{Scorer, Slot, slot},
};
use crate::{
    field::{F, flag, power_of_two, signed, signed_wide, to_wide},
    layout::{Dimensions, KEY_BITS},
    native::ARITY,
    poseidon::{hash4_circuit, hash24_circuit},
    rows::RowRecord,
    step::{Absorbed, extend_streams, select},
    tags,
    wires::{Lc, Wires},
};

/// Bits of the remainder of the learning rate, and of anything it is compared with.
pub(crate) const DIVISION_BITS: usize = 48;

/// Most binary places of a trained weight beyond the model's.
pub(crate) const MOST_FRACTION_BITS: usize = 20;

/// What stays the same over all steps of a proof.
pub(crate) struct Context {
    pub(crate) dimensions: Dimensions,
    pub(crate) rule: Rule,
    pub(crate) row_salt: F,
    pub(crate) outcome_salt: F,
    pub(crate) model_salt: F,
}

/// One step with its witness. Holds secrets: it stays with the prover.
#[derive(Clone)]
pub struct Step {
    pub(crate) context: Arc<Context>,
    /// Nothing has been trained yet.
    pub(crate) fresh: bool,
    /// The step begins an epoch.
    pub(crate) first: bool,
    /// The step ends its epoch.
    pub(crate) last: bool,
    /// The step ends the training.
    pub(crate) finish: bool,
    pub(crate) open: OpenTraining,
    pub(crate) rows: Vec<RowRecord>,
    /// The state after the step, as the native twin has it.
    pub(crate) after: [F; ARITY],
    #[cfg(test)]
    pub(crate) overrides: Option<Arc<crate::wires::Overrides>>,
}

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

impl Step {
    /// A step without meaning, for the structure of the circuit alone.
    pub(crate) fn blank(dimensions: Dimensions) -> Self {
        let rule = Rule::blank(dimensions.features);
        let open = OpenTraining::begun(&rule);
        let context = Context { dimensions, rule, row_salt: F::ZERO, outcome_salt: F::ZERO, model_salt: F::ZERO };
        Self {
            context: Arc::new(context),
            fresh: true,
            first: true,
            last: true,
            finish: true,
            open,
            rows: Vec::new(),
            after: [F::ZERO; ARITY],
            #[cfg(test)]
            overrides: None,
        }
    }

    /// Rows of this minibatch.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Whether the step ends an epoch.
    pub fn ends_epoch(&self) -> bool {
        self.last
    }

    /// Opens the rule against the state.
    fn open_rule<CS: ConstraintSystem<F>>(&self, wires: &mut Wires<'_, CS>, committed: &Lc) -> RuleWires {
        let features = self.context.dimensions.features;
        let names = ["document", "schema", "riskier", "scale", "numerator", "offset", "decay"].map(String::from).into_iter();
        let names = names
            .chain((0..features).map(|f| format!("centre {f}")))
            .chain((0..=features).map(|f| format!("initial {f}")))
            .chain((0..=features).map(|f| format!("rate {f}")));
        let elements: Vec<Lc> =
            names.zip(self.context.rule.elements()).map(|(name, value)| wires.wire(|| format!("rule/{name}"), value)).collect();
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

    /// `⌊numerator ÷ (offset + t)⌋`, the remainder shown to lie below the divisor.
    fn learning_rate<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, rule: &RuleWires, t: &Lc) -> Lc {
        let divisor = rule.offset.clone().plus(t);
        let quotient = match (to_wide(rule.numerator.value()), to_wide(divisor.value())) {
            (Some(numerator), Some(divisor)) if divisor > 0 => numerator.div_euclid(divisor),
            _ => 0,
        };
        let rate = wires.wire(|| "learning rate".into(), signed_wide(quotient));
        wires.range(family::LEARNING_RATE_BITS, || "learning rate".into(), &rate, RATE_BITS as usize);
        let taken = wires.product(family::LEARNING_RATE, || "learning rate times divisor".into(), &rate, &divisor);
        let remainder = rule.numerator.clone().minus(&taken);
        let short = divisor.minus(&wires.one()).minus(&remainder);
        wires.range(family::LEARNING_RATE_REMAINDER, || "learning rate remainder".into(), &remainder, DIVISION_BITS);
        wires.range(family::LEARNING_RATE_REMAINDER, || "learning rate remainder short of divisor".into(), &short, DIVISION_BITS);
        rate
    }

    /// The weights after the minibatch.
    fn update<CS: ConstraintSystem<F>>(
        &self,
        wires: &mut Wires<'_, CS>,
        rule: &RuleWires,
        rate: &Lc,
        weights: &[Lc],
        slots: &[Slot],
    ) -> Vec<Lc> {
        let features = self.context.dimensions.features;
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
            let remainder = wires.bits(
                family::UPDATE_REMAINDER,
                || format!("update remainder {input}"),
                exact - step.value(),
                RATE_SHIFT as usize,
                &one,
            );
            wires.enforce(family::UPDATE, rate, &change, &step.plus(&Lc::packed(&remainder)));
            let shifted = trained.clone().plus(&wires.constant(power_of_two(TRAINED_BITS as usize - 1)));
            wires.range(family::TRAINED_RANGE, || format!("trained weight {input}"), &shifted, TRAINED_BITS as usize);
            next.push(trained);
        }
        next
    }

    /// The commitment to the model that trained weights are rounded to; meaningless unless `finish`.
    fn rounded_model<CS: ConstraintSystem<F>>(&self, wires: &mut Wires<'_, CS>, rule: &RuleWires, trained: &[Lc], finish: &Lc) -> Lc {
        let d = self.context.dimensions;
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
        model.push(wires.wire(|| "model/salt".into(), self.context.model_salt));
        hash24_circuit(wires, family::HASH_MODEL, "model", tags::MODEL, &model)
    }
}

/// The inputs of a training state's hash.
fn state_inputs(weights: &[Lc], rest: [&Lc; 4]) -> Vec<Lc> {
    weights.iter().chain(rest).cloned().collect()
}

impl StepCircuit<F> for Step {
    fn arity(&self) -> usize {
        ARITY
    }

    fn synthesize<CS: ConstraintSystem<F>>(&self, cs: &mut CS, z: &[AllocatedNum<F>]) -> Result<Vec<AllocatedNum<F>>, SynthesisError> {
        let [header, spec, model, data, epoch, t, open] = z else {
            return Err(SynthesisError::IncompatibleLengthVector(format!("{} state elements, expected {ARITY}", z.len())));
        };
        let Context { dimensions: d, row_salt, outcome_salt, .. } = &*self.context;
        #[cfg(not(test))]
        let wires = &mut Wires::new(cs);
        #[cfg(test)]
        let wires = &mut Wires::new(cs).with_overrides(self.overrides.as_deref());
        let [spec_in, model_in, data_in, epoch_in, t_in, open_in] = [spec, model, data, epoch, t, open].map(|n| wires.existing(n));
        let one = wires.one();
        let zero = Lc::zero();

        let first = wires.gated_wire(family::STEP_FLAGS, || "first".into(), flag(self.first), &one);
        let fresh = wires.gated_wire(family::STEP_FLAGS, || "fresh".into(), flag(self.fresh), &first);
        let last = wires.gated_wire(family::STEP_FLAGS, || "last".into(), flag(self.last), &one);
        let finish = wires.gated_wire(family::STEP_FLAGS, || "finish".into(), flag(self.finish), &last);
        let rule = self.open_rule(wires, &spec_in);

        // The state taken over: opened from the hash, or at its initial values.
        let OpenTraining { weights, row_accumulator, outcome_accumulator, rows, next_key } = &self.open;
        let weights: Vec<Lc> = weights.iter().enumerate().map(|(i, w)| wires.wire(|| format!("open/weight {i}"), signed(*w))).collect();
        let stored_rows = wires.wire(|| "open/row stream".into(), *row_accumulator);
        let stored_outcomes = wires.wire(|| "open/outcome stream".into(), *outcome_accumulator);
        let counted_before = wires.wire(|| "open/rows".into(), F::from(*rows));
        let next_key_before = wires.wire(|| "open/next key".into(), F::from(*next_key));
        let state = state_inputs(&weights, [&stored_rows, &stored_outcomes, &counted_before, &next_key_before]);
        let state_before = hash24_circuit(wires, family::HASH_STATE, "before", tags::TRAINING_STATE, &state);
        wires.enforce(family::OPEN_STATE, &one.clone().minus(&fresh), &state_before, &open_in);
        wires.enforce(family::FRESH_STEP, &fresh, &t_in, &zero);
        for (weight, initial) in weights.iter().zip(&rule.initial) {
            wires.enforce(family::FRESH_WEIGHTS, &fresh, &weight.clone().minus(initial), &zero);
        }

        // An epoch begins with no rows, at any key, with both streams at their starts.
        let row_salt = wires.wire(|| "row salt".into(), *row_salt);
        let outcome_salt = wires.wire(|| "outcome salt".into(), *outcome_salt);
        let no_rows = hash4_circuit(wires, family::HASH_ROWS, "start", tags::ROWS, &[rule.schema.clone(), row_salt]);
        let no_outcomes = hash4_circuit(wires, family::HASH_OUTCOMES, "start", tags::OUTCOMES, &[rule.schema.clone(), outcome_salt]);
        wires.enforce(family::EPOCH_ROWS, &first, &counted_before, &zero);
        wires.enforce(family::EPOCH_KEY, &first, &next_key_before, &zero);
        let rows_before = select(wires, family::EPOCH_ROW_STREAM, &|| "row stream before".into(), &first, &no_rows, &stored_rows);
        let outcomes_before =
            select(wires, family::EPOCH_OUTCOME_STREAM, &|| "outcome stream before".into(), &first, &no_outcomes, &stored_outcomes);

        // The slots.
        let mut base = weights[d.features].clone();
        for (f, (weight, centre)) in weights.iter().zip(&rule.centres).enumerate() {
            let shift = wires.product(family::BASE_SCORE, || format!("score at centre {f}"), weight, centre);
            base.add(-F::ONE, &shift);
        }
        let scorer = Scorer { dimensions: *d, weights: weights[..d.features].to_vec(), base, riskier: rule.riskier.clone() };
        let mut slots: Vec<Slot> = Vec::with_capacity(d.rows);
        for position in 0..d.rows {
            let (previous, floor) = match slots.last() {
                None => (one.clone(), next_key_before.clone()),
                // While slots are filled the next key is one above the last; behind the last row it no longer matters.
                Some(slot) => (slot.filled.clone(), slot.key.clone().plus(&one)),
            };
            slots.push(slot(wires, &scorer, position, &previous, &floor, self.rows.get(position)));
        }
        let open_after = one.clone().minus(&last);
        wires.equal(family::STARTED, &slots[0].filled, &one);
        wires.enforce(family::FULL, &open_after, &one.clone().minus(&slots[d.rows - 1].filled), &zero);
        let filled = Lc::sum(slots.iter().map(|slot| &slot.filled));
        let counted = counted_before.plus(&filled);
        let next_key = next_key_before.plus(&filled).plus(&Lc::sum(slots.iter().map(|slot| &slot.gap)));
        let headroom = wires.constant(power_of_two(KEY_BITS)).minus(&next_key);
        wires.range(family::LAST_KEY, || "last key".into(), &headroom, KEY_BITS);
        let absorbed: Vec<Absorbed<'_>> =
            slots.iter().map(|s| Absorbed { filled: &s.filled, elements: &s.elements, outcome: &s.outcome }).collect();
        let (row_stream, outcome_stream) = extend_streams(wires, *d, &absorbed, rows_before, outcomes_before);

        // The descent.
        let rate = Self::learning_rate(wires, &rule, &t_in);
        let trained = self.update(wires, &rule, &rate, &weights, &slots);

        // The end of an epoch, and of the training.
        let rows_end = hash4_circuit(wires, family::HASH_ROWS, "end", tags::ROWS_END, &[row_stream.clone(), counted.clone()]);
        let outcomes_end =
            hash4_circuit(wires, family::HASH_OUTCOMES, "end", tags::OUTCOMES_END, &[outcome_stream.clone(), counted.clone()]);
        let data_found = hash4_circuit(wires, family::HASH_DATA, "data", tags::TRAINING_DATA, &[rows_end, outcomes_end]);
        wires.enforce(family::EPOCH_END, &last, &data_found.minus(&data_in), &zero);
        let model_found = self.rounded_model(wires, &rule, &trained, &finish);
        wires.enforce(family::MODEL_OPENING, &finish, &model_found.minus(&model_in), &zero);

        // The state handed on.
        let kept = [("row stream", &row_stream), ("outcome stream", &outcome_stream), ("rows", &counted), ("next key", &next_key)]
            .map(|(name, value)| wires.product(family::RESET, || format!("kept/{name}"), &open_after, value));
        let state = state_inputs(&trained, [&kept[0], &kept[1], &kept[2], &kept[3]]);
        let state_after = hash24_circuit(wires, family::HASH_STATE, "after", tags::TRAINING_STATE, &state);
        let (epoch_out, lc) = wires.number(|| "next/epoch".into(), epoch_in.value() + last.value());
        wires.equal(family::EPOCH, &epoch_in.plus(&last), &lc);
        let (t_out, lc) = wires.number(|| "next/step count".into(), t_in.value() + F::ONE);
        wires.equal(family::STEP_COUNT, &t_in.plus(&one), &lc);
        let unfinished = one.minus(&finish);
        let (open_out, lc) = wires.number(|| "next/open".into(), unfinished.value() * state_after.value());
        wires.enforce(family::OPEN_NEXT, &unfinished, &state_after, &lc);

        Ok(vec![header.clone(), spec.clone(), model.clone(), data.clone(), epoch_out, t_out, open_out])
    }
}
