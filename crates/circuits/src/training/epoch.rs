//! What every training step does whatever is trained: it takes over an epoch, counts its rows and hands the epoch on.

use ff::Field;
use nova_snark::frontend::{ConstraintSystem, num::AllocatedNum};
use verifold_model::training::RATE_BITS;

use super::{family, open::OpenTraining, slot::Committed, step::Context};
use crate::{
    field::{F, power_of_two, signed_wide, to_wide},
    layout::{Dimensions, KEY_BITS},
    native::ARITY,
    poseidon::hash4_circuit,
    step::{Absorbed, extend_streams, select},
    tags,
    wires::{Lc, Wires},
};

/// Bits of the remainder of the learning rate, and of anything it is compared with.
pub(crate) const DIVISION_BITS: usize = 48;

/// The public state before a step.
pub(super) struct State {
    numbers: [AllocatedNum<F>; ARITY],
    pub(super) spec: Lc,
    pub(super) model: Lc,
    pub(super) data: Lc,
    epoch: Lc,
    /// Minibatches before this one.
    pub(super) t: Lc,
    pub(super) open: Lc,
}

impl State {
    pub(super) fn new<CS: ConstraintSystem<F>>(wires: &Wires<'_, CS>, numbers: [AllocatedNum<F>; ARITY]) -> Self {
        let [_, spec, model, data, epoch, t, open] = numbers.each_ref().map(|number| wires.existing(number));
        Self { numbers, spec, model, data, epoch, t, open }
    }
}

/// The part of a training in progress that is no weight.
pub(super) struct Taken {
    row_stream: Lc,
    outcome_stream: Lc,
    /// Rows of the epoch so far.
    rows: Lc,
    /// First key the next row may have.
    pub(super) next_key: Lc,
}

impl Taken {
    /// As the prover says it was left; nothing is checked yet.
    pub(super) fn open<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, open: &OpenTraining) -> Self {
        Self {
            row_stream: wires.wire(|| "open/row stream".into(), open.row_accumulator),
            outcome_stream: wires.wire(|| "open/outcome stream".into(), open.outcome_accumulator),
            rows: wires.wire(|| "open/rows".into(), F::from(open.rows)),
            next_key: wires.wire(|| "open/next key".into(), F::from(open.next_key)),
        }
    }

    /// In the order they are hashed in.
    pub(super) fn parts(&self) -> [&Lc; 4] {
        [&self.row_stream, &self.outcome_stream, &self.rows, &self.next_key]
    }
}

/// An epoch begins with no rows, at any key, with both streams at their starts; the streams a step goes on from.
pub(super) fn begin<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    context: &Context,
    schema: &Lc,
    first: &Lc,
    taken: &Taken,
) -> (Lc, Lc) {
    let zero = Lc::zero();
    let row_salt = wires.wire(|| "row salt".into(), context.row_salt);
    let outcome_salt = wires.wire(|| "outcome salt".into(), context.outcome_salt);
    let no_rows = hash4_circuit(wires, family::HASH_ROWS, "start", tags::ROWS, &[schema.clone(), row_salt]);
    let no_outcomes = hash4_circuit(wires, family::HASH_OUTCOMES, "start", tags::OUTCOMES, &[schema.clone(), outcome_salt]);
    wires.enforce(family::EPOCH_ROWS, first, &taken.rows, &zero);
    wires.enforce(family::EPOCH_KEY, first, &taken.next_key, &zero);
    let rows = select(wires, family::EPOCH_ROW_STREAM, &|| "row stream before".into(), first, &no_rows, &taken.row_stream);
    let outcomes =
        select(wires, family::EPOCH_OUTCOME_STREAM, &|| "outcome stream before".into(), first, &no_outcomes, &taken.outcome_stream);
    (rows, outcomes)
}

/// A step that does not begin an epoch goes on from rows: the streams of a state between epochs, zero, are gone on from by none.
///
/// With [`family::EPOCH_ROWS`] a step begins an epoch exactly if no rows are behind it; its inverse is zero then.
pub(super) fn under_way<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, family: &'static str, first: &Lc, taken: &Taken) {
    let goes_on = wires.one().minus(first);
    let inverse = taken.rows.value().invert().unwrap_or(F::ZERO) * goes_on.value();
    let inverse = wires.wire(|| "inverse of open rows".into(), inverse);
    wires.enforce(family, &taken.rows.clone().plus(first), &inverse, &goes_on);
}

/// The same part behind the rows of a step, were the epoch to go on.
pub(super) struct Counted {
    taken: Taken,
}

/// Counts the rows of a step and extends both streams by them.
pub(super) fn count<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    d: Dimensions,
    taken: &Taken,
    (rows_before, outcomes_before): (Lc, Lc),
    slots: &[&Committed],
    last: &Lc,
) -> Counted {
    let one = wires.one();
    let open_after = one.clone().minus(last);
    wires.equal(family::STARTED, &slots[0].filled, &one);
    wires.enforce(family::FULL, &open_after, &one.minus(&slots[d.rows - 1].filled), &Lc::zero());
    let filled = Lc::sum(slots.iter().map(|slot| &slot.filled));
    let rows = taken.rows.clone().plus(&filled);
    let next_key = taken.next_key.clone().plus(&filled).plus(&Lc::sum(slots.iter().map(|slot| &slot.gap)));
    let headroom = wires.constant(power_of_two(KEY_BITS)).minus(&next_key);
    wires.range(family::LAST_KEY, || "last key".into(), &headroom, KEY_BITS);
    let absorbed: Vec<Absorbed<'_>> =
        slots.iter().map(|s| Absorbed { filled: &s.filled, elements: &s.elements, outcome: &s.outcome }).collect();
    let (row_stream, outcome_stream) = extend_streams(wires, d, &absorbed, rows_before, outcomes_before);
    Counted { taken: Taken { row_stream, outcome_stream, rows, next_key } }
}

/// `⌊numerator ÷ (offset + t)⌋`, the remainder shown to lie below the divisor.
pub(super) fn learning_rate<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, numerator: &Lc, offset: &Lc, t: &Lc) -> Lc {
    let divisor = offset.clone().plus(t);
    let quotient = match (to_wide(numerator.value()), to_wide(divisor.value())) {
        (Some(numerator), Some(divisor)) if divisor > 0 => numerator.div_euclid(divisor),
        _ => 0,
    };
    let rate = wires.wire(|| "learning rate".into(), signed_wide(quotient));
    wires.range(family::LEARNING_RATE_BITS, || "learning rate".into(), &rate, RATE_BITS as usize);
    let taken = wires.product(family::LEARNING_RATE, || "learning rate times divisor".into(), &rate, &divisor);
    let remainder = numerator.clone().minus(&taken);
    let short = divisor.minus(&wires.one()).minus(&remainder);
    wires.range(family::LEARNING_RATE_REMAINDER, || "learning rate remainder".into(), &remainder, DIVISION_BITS);
    wires.range(family::LEARNING_RATE_REMAINDER, || "learning rate remainder short of divisor".into(), &short, DIVISION_BITS);
    rate
}

/// If `last`, the streams with the rows counted are those of the data.
pub(super) fn end<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, counted: &Counted, last: &Lc, data: &Lc) {
    let Taken { row_stream, outcome_stream, rows, .. } = &counted.taken;
    let rows_end = hash4_circuit(wires, family::HASH_ROWS, "end", tags::ROWS_END, &[row_stream.clone(), rows.clone()]);
    let outcomes_end = hash4_circuit(wires, family::HASH_OUTCOMES, "end", tags::OUTCOMES_END, &[outcome_stream.clone(), rows.clone()]);
    let data_found = hash4_circuit(wires, family::HASH_DATA, "data", tags::TRAINING_DATA, &[rows_end, outcomes_end]);
    wires.enforce(family::EPOCH_END, last, &data_found.minus(data), &Lc::zero());
}

impl Counted {
    /// What the next step takes over: zeros behind the end of an epoch.
    pub(super) fn kept<CS: ConstraintSystem<F>>(&self, wires: &mut Wires<'_, CS>, last: &Lc) -> Taken {
        let open_after = wires.one().minus(last);
        let mut kept = |name: &str, value: &Lc| wires.product(family::RESET, || format!("kept/{name}"), &open_after, value);
        Taken {
            row_stream: kept("row stream", &self.taken.row_stream),
            outcome_stream: kept("outcome stream", &self.taken.outcome_stream),
            rows: kept("rows", &self.taken.rows),
            next_key: kept("next key", &self.taken.next_key),
        }
    }
}

/// The public state after a step.
pub(super) fn outputs<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    state: &State,
    last: &Lc,
    finish: &Lc,
    state_after: &Lc,
) -> Vec<AllocatedNum<F>> {
    let one = wires.one();
    let [header, spec, model, data, ..] = &state.numbers;
    let (epoch_out, lc) = wires.number(|| "next/epoch".into(), state.epoch.value() + last.value());
    wires.equal(family::EPOCH, &state.epoch.clone().plus(last), &lc);
    let (t_out, lc) = wires.number(|| "next/step count".into(), state.t.value() + F::ONE);
    wires.equal(family::STEP_COUNT, &state.t.clone().plus(&one), &lc);
    let unfinished = one.minus(finish);
    let (open_out, lc) = wires.number(|| "next/open".into(), unfinished.value() * state_after.value());
    wires.enforce(family::OPEN_NEXT, &unfinished, state_after, &lc);
    vec![header.clone(), spec.clone(), model.clone(), data.clone(), epoch_out, t_out, open_out]
}
