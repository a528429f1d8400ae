//! The step circuit of `scored-cohort/v1` and `neural-cohort/v1`: up to R rows of one batch, folded onto the state before.
//!
//! In order: open plan, model and state; lay down the slots ([`crate::row`]); extend both streams;
//! recover the table; close the batch or hash it into the next open state. What scores a row is the model's
//! ([`crate::scorer`]) and all that differs between the two. The written argument is docs/circuits/scored-cohort-v1.md,
//! and for networks docs/circuits/neural-cohort-v1.md; its headings are the families of [`crate::family`].

use std::sync::Arc;

use ff::Field;
use nova_snark::{
    frontend::{ConstraintSystem, SynthesisError, num::AllocatedNum},
    traits::circuit::StepCircuit,
};

use crate::{
    family,
    field::{F, flag, power_of_two, signed},
    layout::{COUNTER_BITS, COUNTERS_PER_WORD, Dimensions, KEY_BITS, OUTCOME_BITS, OUTCOME_ELEMENTS, ROWS_PER_OUTCOME_ELEMENT},
    model::AnyModel,
    native::{ARITY, PlanOpening, table_element},
    open::OpenBatch,
    poseidon::{hash4_circuit, hash8_circuit, hash24_circuit},
    row::{Edges, Measure, Slot, slot},
    rows::RowRecord,
    scorer::Scorer,
    tags,
    wires::{Lc, Wires},
};

/// What stays the same over all steps of a proof.
pub(crate) struct Context {
    pub(crate) dimensions: Dimensions,
    pub(crate) plan: PlanOpening,
    pub(crate) model: AnyModel,
    pub(crate) model_salt: F,
    /// Commitment to a table of zeros with salt zero.
    pub(crate) empty_table: F,
}

impl Context {
    pub(crate) fn new(dimensions: Dimensions, plan: PlanOpening, model: impl Into<AnyModel>, model_salt: F) -> Self {
        let empty_table = table_element(F::ZERO, &vec![F::ZERO; dimensions.table_words()]);
        Self { dimensions, plan, model: model.into(), model_salt, empty_table }
    }

    /// Opens the plan against the state and gives used-feature flags, score edges and histogram edges.
    pub(crate) fn open_plan<CS: ConstraintSystem<F>>(&self, wires: &mut Wires<'_, CS>, committed: &Lc) -> (Lc, Vec<Lc>, Vec<Lc>) {
        let plan = &self.plan;
        let one = wires.one();
        let document = wires.wire(|| "plan/document".into(), plan.document);
        let schema = wires.wire(|| "plan/schema".into(), plan.schema);
        let used: Vec<Lc> = (0..self.dimensions.features)
            .map(|f| wires.gated_wire(family::FEATURE_MASK, || format!("plan/used {f}"), flag(f < plan.used_features), &one))
            .collect();
        let edges: Vec<Lc> =
            plan.edges.iter().enumerate().map(|(i, edge)| wires.wire(|| format!("plan/edge {i}"), signed(*edge))).collect();
        let mut inputs = vec![document, schema.clone(), Lc::packed(&used)];
        inputs.extend_from_slice(&edges);
        let commitment = hash24_circuit(wires, family::HASH_PLAN, "plan", tags::PLAN, &inputs);
        wires.equal(family::PLAN_OPENING, &commitment, committed);
        (schema, used, edges)
    }

    /// Opens the model against the state.
    pub(crate) fn open_model<CS: ConstraintSystem<F>>(&self, wires: &mut Wires<'_, CS>, committed: &Lc, used: &[Lc]) -> Scorer {
        Scorer::open(wires, self.dimensions, &self.model, self.model_salt, committed, used)
    }
}

/// One step with its witness. Holds secrets: it stays with the prover.
#[derive(Clone)]
pub struct Step {
    pub(crate) context: Arc<Context>,
    /// The step begins a batch.
    pub(crate) first: bool,
    /// The step closes its batch.
    pub(crate) last: bool,
    pub(crate) open: OpenBatch,
    pub(crate) rows: Vec<RowRecord>,
    pub(crate) row_salt: F,
    pub(crate) outcome_salt: F,
    /// Zero unless the step closes its batch.
    pub(crate) table_salt: F,
    /// The state after the step, as the native twin has it.
    pub(crate) after: [F; ARITY],
    #[cfg(test)]
    pub(crate) overrides: Option<Arc<crate::wires::Overrides>>,
}

impl Step {
    /// A step without meaning, for the structure of the circuit alone.
    pub(crate) fn blank(dimensions: Dimensions) -> Self {
        let edges = vec![0; dimensions.inner_edges() * (1 + dimensions.histograms)];
        let plan = PlanOpening { document: F::ZERO, schema: F::ZERO, used_features: 0, edges };
        let context = Context::new(dimensions, plan, AnyModel::blank(dimensions), F::ZERO);
        let open = OpenBatch {
            role: 0,
            start: 0,
            end: 0,
            words: vec![F::ZERO; dimensions.table_words()],
            row_accumulator: F::ZERO,
            outcome_accumulator: F::ZERO,
            rows: 0,
            next_key: 0,
        };
        Self {
            context: Arc::new(context),
            first: true,
            last: true,
            open,
            rows: Vec::new(),
            row_salt: F::ZERO,
            outcome_salt: F::ZERO,
            table_salt: F::ZERO,
            after: [F::ZERO; ARITY],
            #[cfg(test)]
            overrides: None,
        }
    }

    /// Rows this step counts.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Whether the step closes its batch.
    pub fn closes_batch(&self) -> bool {
        self.last
    }

    /// The table words after the slots.
    fn recover_table<CS: ConstraintSystem<F>>(
        &self,
        wires: &mut Wires<'_, CS>,
        measure: &Measure,
        slots: &[Slot],
        before: &[Lc],
    ) -> Vec<Lc> {
        let d = self.context.dimensions;
        let mut words = before.to_vec();
        for bin in 0..d.bins {
            for k in 0..d.groups {
                let word = bin * d.groups + k;
                for slot in slots {
                    words[word].add(F::ONE, &slot.counts[word]);
                }
            }
            // The counts of group 0 brought the bin's edges along, once for each row counted there.
            let rows = Lc::sum(slots.iter().map(|slot| &slot.counted_in[bin]));
            let edges = wires.product(family::EDGE_REMAINDER, || format!("edge remainder {bin}"), &rows, &measure.score_edges.pairs[bin]);
            words[bin * d.groups].add(-F::ONE, &edges);
        }
        for h in 0..d.histograms {
            for bin in 0..d.bins {
                let word = d.count_words() + h * d.words_per_histogram() + bin / COUNTERS_PER_WORD;
                let place = power_of_two(bin % COUNTERS_PER_WORD * COUNTER_BITS);
                for slot in slots {
                    words[word].add(place, &slot.histogram_bins[h][bin]);
                }
            }
        }
        words
    }
}

/// A row as both streams absorb it.
pub(crate) struct Absorbed<'a> {
    /// One if the slot holds a row.
    pub(crate) filled: &'a Lc,
    /// The elements the row is committed as.
    pub(crate) elements: &'a [Lc],
    /// Key and outcome code.
    pub(crate) outcome: &'a Lc,
}

/// Extends both streams by the slots of a step; blocks that begin with an empty slot are not absorbed.
pub(crate) fn extend_streams<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    d: Dimensions,
    slots: &[Absorbed<'_>],
    mut rows: Lc,
    mut outcomes: Lc,
) -> (Lc, Lc) {
    for (i, block) in slots.chunks(d.block_rows()).enumerate() {
        let mut inputs = vec![rows.clone()];
        inputs.extend(block.iter().flat_map(|slot| slot.elements.iter().cloned()));
        let extended = hash24_circuit(wires, family::HASH_ROWS, &format!("block {i}"), tags::ROW_BLOCK, &inputs);
        rows = select(wires, family::ROW_SELECT, &|| format!("row stream {i}"), block[0].filled, &extended, &rows);
    }
    for (i, chunk) in slots.chunks(d.chunk()).enumerate() {
        let mut inputs = vec![outcomes.clone()];
        for group in chunk.chunks(ROWS_PER_OUTCOME_ELEMENT) {
            let mut element = Lc::zero();
            for (place, slot) in group.iter().enumerate() {
                element.add(power_of_two(place * OUTCOME_BITS), slot.outcome);
            }
            inputs.push(element);
        }
        inputs.resize(1 + OUTCOME_ELEMENTS, Lc::zero());
        let extended = hash8_circuit(wires, family::HASH_OUTCOMES, &format!("block {i}"), tags::OUTCOME_BLOCK, &inputs);
        outcomes = select(wires, family::OUTCOME_SELECT, &|| format!("outcome stream {i}"), chunk[0].filled, &extended, &outcomes);
    }
    (rows, outcomes)
}

/// A new wire holding `chosen` where `gate` is one and `other` where it is zero.
pub(crate) fn select<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    family: &'static str,
    name: &dyn Fn() -> String,
    gate: &Lc,
    chosen: &Lc,
    other: &Lc,
) -> Lc {
    let difference = chosen.clone().minus(other);
    let selected = wires.wire(name, other.value() + gate.value() * difference.value());
    wires.enforce(family, gate, &difference, &selected.clone().minus(other));
    selected
}

impl StepCircuit<F> for Step {
    fn arity(&self) -> usize {
        ARITY
    }

    fn synthesize<CS: ConstraintSystem<F>>(&self, cs: &mut CS, z: &[AllocatedNum<F>]) -> Result<Vec<AllocatedNum<F>>, SynthesisError> {
        let [header, plan, model, chain, index, key_floor, open] = z else {
            return Err(SynthesisError::IncompatibleLengthVector(format!("{} state elements, expected {ARITY}", z.len())));
        };
        let Context { dimensions: d, empty_table, .. } = &*self.context;
        #[cfg(not(test))]
        let wires = &mut Wires::new(cs);
        #[cfg(test)]
        let wires = &mut Wires::new(cs).with_overrides(self.overrides.as_deref());
        let [plan_in, model_in, chain_in, index_in, floor_in, open_in] =
            [plan, model, chain, index, key_floor, open].map(|n| wires.existing(n));
        let one = wires.one();

        let first = wires.gated_wire(family::STEP_FLAGS, || "first".into(), flag(self.first), &one);
        let last = wires.gated_wire(family::STEP_FLAGS, || "last".into(), flag(self.last), &one);

        let (schema, used, edges) = self.context.open_plan(wires, &plan_in);
        let scorer = self.context.open_model(wires, &model_in, &used);
        let (score_edges, histogram_edges) = edges.split_at(d.inner_edges());
        let limit = wires.constant(power_of_two(d.score_bits()));
        let width = wires.constant(power_of_two(d.width));
        let measure = Measure {
            dimensions: *d,
            scorer,
            score_edges: Edges::new(Lc::zero().minus(&limit), score_edges, limit),
            histogram_edges: histogram_edges.chunks(d.inner_edges()).map(|inner| Edges::new(Lc::zero(), inner, width.clone())).collect(),
        };

        // The state taken over: opened from the hash, or at its initial values.
        let OpenBatch { role, start, end, words, row_accumulator, outcome_accumulator, rows, next_key } = &self.open;
        let role = wires.wire(|| "open/role".into(), F::from(*role));
        let start = wires.wire(|| "open/start".into(), F::from(*start));
        let end = wires.wire(|| "open/end".into(), F::from(*end));
        let words: Vec<Lc> = words.iter().enumerate().map(|(i, word)| wires.wire(|| format!("open/word {i}"), *word)).collect();
        let rows_before = wires.wire(|| "open/row stream".into(), *row_accumulator);
        let outcomes_before = wires.wire(|| "open/outcome stream".into(), *outcome_accumulator);
        let counted_before = wires.wire(|| "open/rows".into(), F::from(*rows));
        let next_key_before = wires.wire(|| "open/next key".into(), F::from(*next_key));
        let mut table_inputs = vec![Lc::zero()];
        table_inputs.extend_from_slice(&words);
        let table_before = hash8_circuit(wires, family::HASH_TABLE, "before", tags::TABLE, &table_inputs);
        let state = [
            table_before.clone(),
            role.clone(),
            start.clone(),
            end.clone(),
            rows_before.clone(),
            outcomes_before.clone(),
            counted_before.clone(),
            next_key_before.clone(),
        ];
        let state_before = hash8_circuit(wires, family::HASH_STATE, "before", tags::STATE, &state);
        let continued = one.clone().minus(&first);
        wires.enforce(family::OPEN_STATE, &continued, &state_before, &open_in);

        let row_salt = wires.wire(|| "row salt".into(), self.row_salt);
        let outcome_salt = wires.wire(|| "outcome salt".into(), self.outcome_salt);
        let no_rows = hash4_circuit(wires, family::HASH_ROWS, "start", tags::ROWS, &[schema.clone(), row_salt]);
        let no_outcomes = hash4_circuit(wires, family::HASH_OUTCOMES, "start", tags::OUTCOMES, &[schema, outcome_salt]);
        let zero = Lc::zero();
        let nothing_counted = wires.constant(*empty_table);
        wires.enforce(family::FRESH_TABLE, &first, &table_before.minus(&nothing_counted), &zero);
        wires.enforce(family::FRESH_ROWS, &first, &counted_before, &zero);
        wires.enforce(family::FRESH_KEY, &first, &next_key_before.clone().minus(&start), &zero);
        wires.enforce(family::FRESH_ROW_STREAM, &first, &rows_before.clone().minus(&no_rows), &zero);
        wires.enforce(family::FRESH_OUTCOME_STREAM, &first, &outcomes_before.clone().minus(&no_outcomes), &zero);
        let gap = wires.product(family::BATCH_GAP, || "batch gap".into(), &first, &start.clone().minus(&floor_in));
        wires.range(family::BATCH_ORDER, || "batch gap".into(), &gap, KEY_BITS);

        // The slots.
        let mut slots: Vec<Slot> = Vec::with_capacity(d.rows);
        for position in 0..d.rows {
            let (previous, floor) = match slots.last() {
                None => (one.clone(), next_key_before.clone()),
                // While slots are filled the next key is one above the last; behind the last row it no longer matters.
                Some(slot) => (slot.filled.clone(), slot.key.clone().plus(&one)),
            };
            slots.push(slot(wires, &measure, position, &previous, &floor, self.rows.get(position)));
        }
        let (first_filled, last_filled) = (slots[0].filled.clone(), slots[d.rows - 1].filled.clone());
        wires.enforce(family::STARTED, &continued, &one.clone().minus(&first_filled), &zero);
        let open_after = one.clone().minus(&last);
        wires.enforce(family::FULL, &open_after, &one.clone().minus(&last_filled), &zero);

        let filled = Lc::sum(slots.iter().map(|slot| &slot.filled));
        let counted = counted_before.plus(&filled);
        let next_key = next_key_before.plus(&filled).plus(&Lc::sum(slots.iter().map(|slot| &slot.gap)));
        wires.range(family::BATCH_END, || "batch end".into(), &end.clone().minus(&next_key), KEY_BITS);

        // Streams, table, chain.
        let (row_stream, outcome_stream) = {
            let absorbed: Vec<Absorbed<'_>> =
                slots.iter().map(|s| Absorbed { filled: &s.filled, elements: &s.elements, outcome: &s.outcome }).collect();
            extend_streams(wires, *d, &absorbed, rows_before, outcomes_before)
        };
        let table_words = self.recover_table(wires, &measure, &slots, &words);
        let table_salt = wires.wire(|| "table salt".into(), self.table_salt);
        let mut table_inputs = vec![table_salt];
        table_inputs.extend(table_words);
        let table = hash8_circuit(wires, family::HASH_TABLE, "after", tags::TABLE, &table_inputs);
        let state = [
            table.clone(),
            role.clone(),
            start.clone(),
            end.clone(),
            row_stream.clone(),
            outcome_stream.clone(),
            counted.clone(),
            next_key,
        ];
        let state_after = hash8_circuit(wires, family::HASH_STATE, "after", tags::STATE, &state);
        let row_commitment = hash4_circuit(wires, family::HASH_ROWS, "end", tags::ROWS_END, &[row_stream, counted.clone()]);
        let outcome_commitment = hash4_circuit(wires, family::HASH_OUTCOMES, "end", tags::OUTCOMES_END, &[outcome_stream, counted]);
        let link = [chain_in.clone(), index_in.clone(), role, start, end.clone(), row_commitment, outcome_commitment, table];
        let link = hash8_circuit(wires, family::HASH_CHAIN, "link", tags::CHAIN, &link);

        // The state handed on.
        let longer = link.minus(&chain_in);
        let (chain_out, lc) = wires.number(|| "next/chain".into(), chain_in.value() + last.value() * longer.value());
        wires.enforce(family::CHAIN, &last, &longer, &lc.minus(&chain_in));
        let (index_out, lc) = wires.number(|| "next/index".into(), index_in.value() + last.value());
        wires.equal(family::INDEX, &index_in.plus(&last), &lc);
        let further = end.minus(&floor_in);
        let (floor_out, lc) = wires.number(|| "next/key floor".into(), floor_in.value() + last.value() * further.value());
        wires.enforce(family::KEY_FLOOR, &last, &further, &lc.minus(&floor_in));
        let (open_out, lc) = wires.number(|| "next/open".into(), open_after.value() * state_after.value());
        wires.enforce(family::OPEN_NEXT, &open_after, &state_after, &lc);

        Ok(vec![header.clone(), plan.clone(), model.clone(), chain_out, index_out, floor_out, open_out])
    }
}
