//! The step circuit of `preparation/v1`: up to R raw rows of one part, folded onto the state before.

use std::sync::Arc;

use ff::Field;
use nova_snark::{
    frontend::{ConstraintSystem, SynthesisError, num::AllocatedNum},
    traits::circuit::StepCircuit,
};
use verifold_model::preparation::{KEY_LIMIT, MAP_BITS, MISSING, Rule};

use super::{
    family,
    native::{COLUMN_COUNTERS, COLUMNS_PER_WORD, ColumnOpening, Layout, RulesOpening, profile_element},
    slot::{Slot, slot},
    witness::{PreparedRow, Running},
};
use crate::{
    field::{F, flag, power_of_two},
    layout::{COUNTER_BITS, Dimensions, KEY_BITS, OUTCOME_BITS, OUTCOME_ELEMENTS, ROWS_PER_OUTCOME_ELEMENT},
    native::ARITY,
    poseidon::{hash4_circuit, hash8_circuit, hash24_circuit},
    step::select,
    tags,
    wires::{Lc, Wires},
};

/// One region of a column in plain numbers, for hints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) low: i64,
    pub(crate) high: i64,
    pub(crate) value: i128,
    pub(crate) reason: Option<usize>,
}

/// A column's rules as wires.
pub(crate) struct Column {
    /// Inside, below, above, missing.
    pub(crate) regions: Vec<Lc>,
    /// Start of the domain.
    pub(crate) low: Lc,
    pub(crate) multiplier: Lc,
    pub(crate) parts: [Part; 4],
}

/// All rules as wires.
pub(crate) struct Rules {
    pub(crate) columns: Vec<Column>,
}

/// What stays the same over all steps of a proof.
pub(crate) struct Context {
    pub(crate) layout: Layout,
    pub(crate) rules: RulesOpening,
    /// The same rules in plain numbers, one a column of the shape.
    pub(crate) parts: Vec<[Part; 4]>,
    /// Commitment to a profile of zeros with salt zero.
    pub(crate) empty_profile: F,
}

impl Context {
    pub(crate) fn new(layout: Layout, rules: RulesOpening, columns: &[verifold_model::preparation::Column]) -> Self {
        let empty_profile = profile_element(F::ZERO, &vec![F::ZERO; layout.profile_words()]);
        let unused = Part { low: 0, high: 0, value: 0, reason: None };
        let mut parts: Vec<[Part; 4]> = columns.iter().map(parts).collect();
        parts.resize(layout.prepared.features, [unused; 4]);
        Self { layout, rules, parts, empty_profile }
    }
}

fn parts(column: &verifold_model::preparation::Column) -> [Part; 4] {
    let (low, high, missing) = (i64::from(column.low), i64::from(column.high), i64::from(MISSING));
    let fixed = |low, high, rule: Rule, reason: usize| match rule {
        Rule::Void => Part { low, high, value: 0, reason: Some(reason) },
        Rule::Value(value) => Part { low, high, value: i128::from(value) << MAP_BITS, reason: None },
    };
    [
        Part { low, high, value: i128::from(column.addend), reason: None },
        fixed(0, low - 1, column.below, 1),
        fixed(high + 1, missing - 1, column.above, 1),
        fixed(missing, missing, column.missing, 0),
    ]
}

/// One step with its witness. Holds secrets: it stays with the prover.
#[derive(Clone)]
pub struct Step {
    pub(crate) context: Arc<Context>,
    /// The step closes its part.
    pub(crate) last: bool,
    /// The step closes the proof.
    pub(crate) end: bool,
    pub(crate) before: Running,
    pub(crate) rows: Vec<PreparedRow>,
    /// Salts of the raw row and outcome streams, of the part's prepared ones, and of its profile (zero unless the part closes).
    pub(crate) salts: [F; 5],
    /// The state after the step, as the native twin has it.
    pub(crate) after: [F; ARITY],
    #[cfg(test)]
    pub(crate) overrides: Option<Arc<crate::wires::Overrides>>,
}

impl Step {
    /// A step without meaning, for the structure of the circuit alone.
    pub(crate) fn blank(layout: Layout) -> Self {
        let columns = vec![ColumnOpening::unused(); layout.prepared.features];
        let rules = RulesOpening { document: F::ZERO, raw_schema: F::ZERO, schema: F::ZERO, columns };
        Self {
            context: Arc::new(Context::new(layout, rules, &[])),
            last: true,
            end: true,
            before: Running::none(layout),
            rows: Vec::new(),
            salts: [F::ZERO; 5],
            after: [F::ZERO; ARITY],
            #[cfg(test)]
            overrides: None,
        }
    }

    /// Rows of this step.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Opens the rules against the state; gives both schemas and the columns.
    fn open_rules<CS: ConstraintSystem<F>>(&self, wires: &mut Wires<'_, CS>, committed: &Lc) -> (Lc, Lc, Rules) {
        let RulesOpening { document, raw_schema, schema, columns } = &self.context.rules;
        let document = wires.wire(|| "rules/document".into(), *document);
        let raw_schema = wires.wire(|| "rules/raw schema".into(), *raw_schema);
        let schema = wires.wire(|| "rules/schema".into(), *schema);
        let mut inputs = vec![document, raw_schema.clone(), schema.clone()];
        let columns = columns.iter().zip(&self.context.parts).enumerate();
        let columns: Vec<Column> = columns
            .map(|(c, (opening, parts))| {
                let regions =
                    opening.regions.iter().enumerate().map(|(r, element)| wires.wire(|| format!("rules/column {c}/region {r}"), *element));
                let regions: Vec<Lc> = regions.collect();
                let low = wires.wire(|| format!("rules/column {c}/low"), opening.low);
                let multiplier = wires.wire(|| format!("rules/column {c}/multiplier"), opening.multiplier);
                inputs.extend_from_slice(&regions);
                inputs.extend([low.clone(), multiplier.clone()]);
                Column { regions, low, multiplier, parts: *parts }
            })
            .collect();
        let commitment = hash24_circuit(wires, family::HASH_RULES, "rules", tags::RULES, &inputs);
        wires.equal(family::RULES_OPENING, &commitment, committed);
        (raw_schema, schema, Rules { columns })
    }
}

/// Extends a row stream by slots; blocks that begin with an empty slot are not absorbed.
fn extend_rows<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    name: &str,
    d: Dimensions,
    slots: &[Slot],
    elements: impl Fn(&Slot) -> &[Lc],
    mut accumulator: Lc,
) -> Lc {
    for (i, block) in slots.chunks(d.block_rows()).enumerate() {
        let mut inputs = vec![accumulator.clone()];
        inputs.extend(block.iter().flat_map(|slot| elements(slot).iter().cloned()));
        let extended = hash24_circuit(wires, family::HASH_ROWS, &format!("{name} {i}"), tags::ROW_BLOCK, &inputs);
        accumulator = select(wires, family::STREAM_SELECT, &|| format!("{name} {i}"), &block[0].filled, &extended, &accumulator);
    }
    accumulator
}

/// Extends an outcome stream by slots, as [`extend_rows`].
fn extend_outcomes<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    name: &str,
    d: Dimensions,
    slots: &[Slot],
    outcome: impl Fn(&Slot) -> &Lc,
    mut accumulator: Lc,
) -> Lc {
    for (i, chunk) in slots.chunks(d.chunk()).enumerate() {
        let mut inputs = vec![accumulator.clone()];
        for group in chunk.chunks(ROWS_PER_OUTCOME_ELEMENT) {
            let mut element = Lc::zero();
            for (place, slot) in group.iter().enumerate() {
                element.add(power_of_two(place * OUTCOME_BITS), outcome(slot));
            }
            inputs.push(element);
        }
        inputs.resize(1 + OUTCOME_ELEMENTS, Lc::zero());
        let extended = hash8_circuit(wires, family::HASH_OUTCOMES, &format!("{name} {i}"), tags::OUTCOME_BLOCK, &inputs);
        accumulator = select(wires, family::STREAM_SELECT, &|| format!("{name} {i}"), &chunk[0].filled, &extended, &accumulator);
    }
    accumulator
}

/// One exactly where `x` is zero.
fn is_zero<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, family: &'static str, name: &str, x: &Lc) -> Lc {
    let inverse = wires.wire(|| format!("{name}/inverse"), Option::<F>::from(x.value().invert()).unwrap_or(F::ZERO));
    let not_zero = wires.product(family, || format!("{name}/not zero"), x, &inverse);
    let zero = wires.one().minus(&not_zero);
    wires.enforce(family, &zero, x, &Lc::zero());
    wires.enforce(family, &zero, &inverse, &Lc::zero());
    zero
}

impl StepCircuit<F> for Step {
    fn arity(&self) -> usize {
        ARITY
    }

    fn synthesize<CS: ConstraintSystem<F>>(&self, cs: &mut CS, z: &[AllocatedNum<F>]) -> Result<Vec<AllocatedNum<F>>, SynthesisError> {
        let [header, rules, reserved, chain, index, rows, open] = z else {
            return Err(SynthesisError::IncompatibleLengthVector(format!("{} state elements, expected {ARITY}", z.len())));
        };
        let Layout { prepared: d, raw } = self.context.layout;
        #[cfg(not(test))]
        let wires = &mut Wires::new(cs);
        #[cfg(test)]
        let wires = &mut Wires::new(cs).with_overrides(self.overrides.as_deref());
        let [rules_in, chain_in, index_in, rows_in, open_in] = [rules, chain, index, rows, open].map(|n| wires.existing(n));
        let (one, zero) = (wires.one(), Lc::zero());

        let last = wires.gated_wire(family::STEP_FLAGS, || "last".into(), flag(self.last), &one);
        let end = wires.gated_wire(family::STEP_FLAGS, || "end".into(), flag(self.end), &last);
        let begin = is_zero(wires, family::BEGIN, "begin", &rows_in);
        let (raw_schema, schema, opened_rules) = self.open_rules(wires, &rules_in);

        // The state taken over: opened from the hash, or, where no row has been counted, as it begins.
        let Running { words, streams, part_rows, next_key } = &self.before;
        let words: Vec<Lc> = words.iter().enumerate().map(|(i, word)| wires.wire(|| format!("open/word {i}"), *word)).collect();
        let names = ["raw rows", "raw outcomes", "rows", "outcomes"];
        let opened: Vec<Lc> = names.iter().zip(streams).map(|(name, value)| wires.wire(|| format!("open/{name}"), *value)).collect();
        let part_rows = wires.wire(|| "open/part rows".into(), F::from(*part_rows));
        let next_key = wires.wire(|| "open/next key".into(), F::from(*next_key));
        let mut inputs = vec![Lc::zero()];
        inputs.extend_from_slice(&words);
        let profile_before = hash8_circuit(wires, family::HASH_PROFILE, "before", tags::PROFILE, &inputs);
        let mut state = vec![profile_before.clone()];
        state.extend_from_slice(&opened);
        state.extend([part_rows.clone(), next_key.clone()]);
        let state_before = hash8_circuit(wires, family::HASH_STATE, "before", tags::PREPARING, &state);
        let continued = one.clone().minus(&begin);
        wires.enforce(family::OPEN_STATE, &continued, &state_before.minus(&open_in), &zero);

        let salts: Vec<Lc> = ["raw row salt", "raw outcome salt", "row salt", "outcome salt", "profile salt"]
            .iter()
            .zip(self.salts)
            .map(|(name, value)| wires.wire(|| (*name).to_owned(), value))
            .collect();
        let fresh = [
            hash4_circuit(wires, family::HASH_ROWS, "raw start", tags::ROWS, &[raw_schema.clone(), salts[0].clone()]),
            hash4_circuit(wires, family::HASH_OUTCOMES, "raw start", tags::OUTCOMES, &[raw_schema, salts[1].clone()]),
            hash4_circuit(wires, family::HASH_ROWS, "start", tags::ROWS, &[schema.clone(), salts[2].clone()]),
            hash4_circuit(wires, family::HASH_OUTCOMES, "start", tags::OUTCOMES, &[schema, salts[3].clone()]),
        ];
        let nothing = wires.constant(self.context.empty_profile);
        for unlike in [
            profile_before.minus(&nothing),
            opened[0].clone().minus(&fresh[0]),
            opened[1].clone().minus(&fresh[1]),
            opened[2].clone(),
            opened[3].clone(),
            part_rows.clone(),
            next_key.clone(),
        ] {
            wires.enforce(family::FRESH_STATE, &begin, &unlike, &zero);
        }
        // Between parts the prepared streams stand at zero; a part begins with fresh ones.
        let first = is_zero(wires, family::FRESH_PART, "first", &part_rows);
        let begun = |wires: &mut Wires<'_, CS>, i: usize| {
            let started = wires.product(family::FRESH_PART, || format!("started {}", names[i]), &first, &fresh[i]);
            opened[i].clone().plus(&started)
        };
        let (row_stream, outcome_stream) = (begun(wires, 2), begun(wires, 3));

        // The slots.
        let mut slots: Vec<Slot> = Vec::with_capacity(d.rows);
        for position in 0..d.rows {
            let (previous, floor) = match slots.last() {
                None => (one.clone(), next_key.clone()),
                Some(slot) => (slot.filled.clone(), slot.key.clone().plus(&one)),
            };
            slots.push(slot(wires, &opened_rules, (d, raw), position, &previous, &floor, self.rows.get(position)));
        }
        let (first_filled, last_filled) = (slots[0].filled.clone(), slots[d.rows - 1].filled.clone());
        wires.equal(family::FIRST_ROW, &first_filled, &one);
        let part_open = one.clone().minus(&last);
        wires.enforce(family::FULL, &part_open, &one.clone().minus(&last_filled), &zero);
        let filled = Lc::sum(slots.iter().map(|slot| &slot.filled));
        let next_key = next_key.plus(&filled).plus(&Lc::sum(slots.iter().map(|slot| &slot.gap)));
        let limit = wires.constant(F::from(KEY_LIMIT));
        wires.range(family::KEY_LIMIT, || "key limit".into(), &limit.minus(&next_key), KEY_BITS);
        let part_rows = part_rows.plus(&filled);
        let total = rows_in.plus(&filled);

        // Streams and profile.
        let raw_rows = extend_rows(wires, "raw row stream", raw, &slots, |slot| &slot.raw, opened[0].clone());
        let raw_outcomes = extend_outcomes(wires, "raw outcome stream", d, &slots, |slot| &slot.raw_outcome, opened[1].clone());
        let row_stream = extend_rows(wires, "row stream", d, &slots, |slot| &slot.prepared, row_stream);
        let outcome_stream = extend_outcomes(wires, "outcome stream", d, &slots, |slot| &slot.outcome, outcome_stream);
        let mut words = words;
        for slot in &slots {
            for (word, cell) in words.iter_mut().zip(&slot.cells) {
                word.add(F::ONE, cell);
            }
            for (c, outside) in slot.outside.iter().enumerate() {
                for (i, counted) in outside.iter().enumerate() {
                    let place = c % COLUMNS_PER_WORD * COLUMN_COUNTERS + i;
                    words[d.groups + c / COLUMNS_PER_WORD].add(power_of_two(place * COUNTER_BITS), counted);
                }
            }
        }
        let mut inputs = vec![salts[4].clone()];
        inputs.extend(words);
        let profile = hash8_circuit(wires, family::HASH_PROFILE, "after", tags::PROFILE, &inputs);

        // The chain of parts.
        let mut ended =
            |family, name: &str, tag, stream: &Lc, rows: &Lc| hash4_circuit(wires, family, name, tag, &[stream.clone(), rows.clone()]);
        let row_commitment = ended(family::HASH_ROWS, "end", tags::ROWS_END, &row_stream, &part_rows);
        let outcome_commitment = ended(family::HASH_OUTCOMES, "end", tags::OUTCOMES_END, &outcome_stream, &part_rows);
        let raw_row_commitment = ended(family::HASH_ROWS, "raw end", tags::ROWS_END, &raw_rows, &total);
        let raw_outcome_commitment = ended(family::HASH_OUTCOMES, "raw end", tags::OUTCOMES_END, &raw_outcomes, &total);
        let link = [
            chain_in.clone(),
            index_in.clone(),
            part_rows.clone(),
            row_commitment,
            outcome_commitment,
            profile.clone(),
            raw_row_commitment,
            raw_outcome_commitment,
        ];
        let link = hash8_circuit(wires, family::HASH_CHAIN, "link", tags::PART, &link);

        // The state handed on: inside a part as it stands, between parts with nothing counted.
        let inside = |wires: &mut Wires<'_, CS>, name: &str, value: &Lc| {
            wires.product(family::HANDED_ON, || format!("handed on {name}"), &part_open, value)
        };
        let profile_on = select(wires, family::HANDED_ON, &|| "handed on profile".into(), &last, &nothing, &profile);
        let rows_on = inside(wires, "rows", &row_stream);
        let outcomes_on = inside(wires, "outcomes", &outcome_stream);
        let part_rows_on = inside(wires, "part rows", &part_rows);
        let state = [profile_on, raw_rows, raw_outcomes, rows_on, outcomes_on, part_rows_on, next_key];
        let state_after = hash8_circuit(wires, family::HASH_STATE, "after", tags::PREPARING, &state);

        let longer = link.minus(&chain_in);
        let (chain_out, lc) = wires.number(|| "next/chain".into(), chain_in.value() + last.value() * longer.value());
        wires.enforce(family::CHAIN, &last, &longer, &lc.minus(&chain_in));
        let (index_out, lc) = wires.number(|| "next/index".into(), index_in.value() + last.value());
        wires.equal(family::INDEX, &index_in.plus(&last), &lc);
        let (rows_out, lc) = wires.number(|| "next/rows".into(), total.value());
        wires.equal(family::ROWS, &total, &lc);
        let open_after = one.minus(&end);
        let (open_out, lc) = wires.number(|| "next/open".into(), open_after.value() * state_after.value());
        wires.enforce(family::OPEN_NEXT, &open_after, &state_after, &lc);

        Ok(vec![header.clone(), rules.clone(), reserved.clone(), chain_out, index_out, rows_out, open_out])
    }
}
