//! The step circuit of `outcome-revision/v1`: up to R rows of one batch under two outcome streams.
//!
//! In order: take both streams over; lay down the slots; extend both streams; count; close the batch or hand it on. The
//! written argument is docs/circuits/outcome-revision-v1.md.

use ff::Field;
use nova_snark::{
    frontend::{ConstraintSystem, SynthesisError, num::AllocatedNum},
    traits::circuit::StepCircuit,
};
use verifold_model::cohort::Outcome;

use super::{family as own, witness::RevisedRow};
use crate::{
    family,
    field::{F, flag, power_of_two},
    layout::{COUNTER_BITS, Dimensions, KEY_BITS, OUTCOME_BITS, OUTCOME_ELEMENTS, ROWS_PER_OUTCOME_ELEMENT},
    native::ARITY,
    poseidon::{hash4_circuit, hash8_circuit},
    step::select,
    tags,
    wires::{Lc, Wires},
};

/// Outcome streams a step reads.
pub(crate) const STREAMS: usize = 2;

/// Pairs of an earlier and a later outcome.
pub(crate) const PAIRS: usize = Outcome::ALL.len() * Outcome::ALL.len();

/// What the two streams are called.
const STREAM_NAMES: [&str; STREAMS] = ["earlier", "later"];

/// Position of a pair of outcomes among counts.
pub(crate) const fn pair(earlier: Outcome, later: Outcome) -> usize {
    Outcome::ALL.len() * earlier.code() + later.code()
}

/// One step with its witness. Holds secrets: it stays with the prover.
#[derive(Clone)]
pub struct RevisionStep {
    pub(crate) dimensions: Dimensions,
    /// The step closes its batch.
    pub(crate) last: bool,
    /// Accumulators both streams of the batch begin with.
    pub(crate) starts: [F; STREAMS],
    pub(crate) rows: Vec<RevisedRow>,
    /// The state after the step, as the native twin has it.
    pub(crate) after: [F; ARITY],
    #[cfg(test)]
    pub(crate) overrides: Option<std::sync::Arc<crate::wires::Overrides>>,
}

/// What a slot hands to the rest of the step.
struct Slot {
    /// One if the slot holds a row.
    filled: Lc,
    /// One for the row's pair of outcomes.
    pairs: Vec<Lc>,
    /// Key and outcome code, as each stream has them.
    packed: [Lc; STREAMS],
}

impl RevisionStep {
    /// A step without meaning, for the structure of the circuit alone.
    pub(crate) fn blank(dimensions: Dimensions) -> Self {
        Self {
            dimensions,
            last: true,
            starts: [F::ZERO; STREAMS],
            rows: Vec::new(),
            after: [F::ZERO; ARITY],
            #[cfg(test)]
            overrides: None,
        }
    }

    /// Rows this step counts.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }
}

/// Lays down the constraints of slot `position`; `previous` is whether the slot before holds a row.
fn slot<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, position: usize, previous: &Lc, row: Option<&RevisedRow>) -> Slot {
    let one = wires.one();
    let held = row.map(|row| pair(row.earlier, row.later));
    let pairs: Vec<Lc> = (0..PAIRS)
        .map(|k| wires.gated_wire(own::OUTCOME_PAIR, || format!("row {position}/pair {k}"), flag(held == Some(k)), &one))
        .collect();
    // A row has one pair; an empty slot has none, and only empty slots stand behind it.
    let filled = Lc::sum(&pairs);
    wires.gated(family::SLOT_FILLED, &filled, previous);
    let key = row.map_or(F::ZERO, |row| F::from(row.key));
    let key = Lc::packed(&wires.bits(own::KEY_BITS, || format!("row {position}/key"), key, KEY_BITS, &filled));
    let mut packed = [key.clone(), key];
    for (k, wire) in pairs.iter().enumerate() {
        let codes = [k / Outcome::ALL.len(), k % Outcome::ALL.len()];
        for (stream, code) in packed.iter_mut().zip(codes) {
            stream.add(F::from(code as u64) * power_of_two(KEY_BITS), wire);
        }
    }
    Slot { filled, pairs, packed }
}

impl StepCircuit<F> for RevisionStep {
    fn arity(&self) -> usize {
        ARITY
    }

    fn synthesize<CS: ConstraintSystem<F>>(&self, cs: &mut CS, z: &[AllocatedNum<F>]) -> Result<Vec<AllocatedNum<F>>, SynthesisError> {
        let [header, chain, earlier, later, rows, counts, open] = z else {
            return Err(SynthesisError::IncompatibleLengthVector(format!("{} state elements, expected {ARITY}", z.len())));
        };
        let d = self.dimensions;
        #[cfg(not(test))]
        let wires = &mut Wires::new(cs);
        #[cfg(test)]
        let wires = &mut Wires::new(cs).with_overrides(self.overrides.as_deref());
        let [chain_in, rows_in, counts_in, open_in] = [chain, rows, counts, open].map(|n| wires.existing(n));
        let streams_in = [earlier, later].map(|n| wires.existing(n));
        let one = wires.one();
        let zero = Lc::zero();

        let last = wires.gated_wire(family::STEP_FLAGS, || "last".into(), flag(self.last), &one);

        // Between batches streams, rows and counts are zero, so that fresh streams are added to nothing. What they begin
        // with is the prover's: the commitments compared at the end leave one choice.
        let first = one.clone().minus(&open_in);
        let mut streams = streams_in;
        for ((stream, name), start) in streams.iter_mut().zip(STREAM_NAMES).zip(self.starts) {
            let start = wires.wire(|| format!("{name} start"), start);
            let begun = wires.product(own::CARRIED_STREAM, || format!("{name} begun"), &first, &start);
            *stream = stream.clone().plus(&begun);
        }

        let mut slots: Vec<Slot> = Vec::with_capacity(d.rows);
        for position in 0..d.rows {
            let previous = slots.last().map_or_else(|| one.clone(), |slot| slot.filled.clone());
            slots.push(slot(wires, position, &previous, self.rows.get(position)));
        }
        let open_after = one.clone().minus(&last);
        wires.enforce(family::FULL, &open_after, &one.minus(&slots[d.rows - 1].filled), &zero);

        let counted = rows_in.plus(&Lc::sum(slots.iter().map(|slot| &slot.filled)));
        let mut counts = counts_in;
        for slot in &slots {
            for (k, wire) in slot.pairs.iter().enumerate() {
                counts.add(power_of_two(k * COUNTER_BITS), wire);
            }
        }

        for (i, chunk) in slots.chunks(d.chunk()).enumerate() {
            for (which, (stream, name)) in streams.iter_mut().zip(STREAM_NAMES).enumerate() {
                let mut inputs = vec![stream.clone()];
                for group in chunk.chunks(ROWS_PER_OUTCOME_ELEMENT) {
                    let mut element = Lc::zero();
                    for (place, slot) in group.iter().enumerate() {
                        element.add(power_of_two(place * OUTCOME_BITS), &slot.packed[which]);
                    }
                    inputs.push(element);
                }
                inputs.resize(1 + OUTCOME_ELEMENTS, Lc::zero());
                let extended = hash8_circuit(wires, family::HASH_OUTCOMES, &format!("{name} block {i}"), tags::OUTCOME_BLOCK, &inputs);
                *stream = select(wires, family::OUTCOME_SELECT, &|| format!("{name} stream {i}"), &chunk[0].filled, &extended, stream);
            }
        }

        let mut link = vec![chain_in.clone()];
        for (stream, name) in streams.iter().zip(STREAM_NAMES) {
            let inputs = [stream.clone(), counted.clone()];
            link.push(hash4_circuit(wires, family::HASH_OUTCOMES, &format!("{name} end"), tags::OUTCOMES_END, &inputs));
        }
        link.push(counts.clone());
        let link = hash4_circuit(wires, family::HASH_CHAIN, "link", tags::REVISION_LINK, &link);

        // The state handed on.
        let difference = link.minus(&chain_in);
        let (chain_out, lc) = wires.number(|| "next/chain".into(), chain_in.value() + last.value() * difference.value());
        wires.enforce(family::CHAIN, &last, &difference, &lc.minus(&chain_in));
        let mut handed_on = |family, name: String, value: &Lc| {
            let (out, lc) = wires.number(|| name.clone(), open_after.value() * value.value());
            wires.enforce(family, &open_after, value, &lc);
            out
        };
        let [earlier_out, later_out] = [0, 1].map(|i| handed_on(own::NEXT_STREAM, format!("next/{} stream", STREAM_NAMES[i]), &streams[i]));
        let rows_out = handed_on(own::NEXT_ROWS, "next/rows".into(), &counted);
        let counts_out = handed_on(own::NEXT_COUNTS, "next/counts".into(), &counts);
        let (open_out, lc) = wires.number(|| "next/open".into(), open_after.value());
        wires.equal(own::NEXT_OPEN, &open_after, &lc);

        Ok(vec![header.clone(), chain_out, earlier_out, later_out, rows_out, counts_out, open_out])
    }
}
