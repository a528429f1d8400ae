//! From raw rows to a statement and the steps that prove it.

use std::sync::Arc;

use ff::Field;
use verifold_model::{
    cohort::{MAX_ROWS, Outcome, VoidReason},
    digest::Digest,
    plan::Plan,
    preparation::{
        KEY_LIMIT, MISSING, PART_MULTIPLE, PART_NAMES, Preparation, PreparationError, PreparationStatement, PreparedPart, Profile, Region,
    },
    shape::Shape,
    statement::Header,
};

use super::{
    native::{Layout, RulesOpening, initial_state, part_link, prepare, profile_element, profile_words},
    step::{Context, Step},
};
use crate::{
    families::PublicState,
    field::{F, to_commitment, to_element, truncated},
    native::{ARITY, header_element},
    poseidon::hash8,
    rows::{RowKind, RowRecord},
    salt::Salt,
    streams::{OutcomeStream, RowStream, outcome_commitment, row_commitment},
    tags,
};

/// One raw row.
#[derive(Clone, PartialEq, Eq)]
pub struct RawRow {
    /// Keyed pseudonym, below 2^61; strictly increasing over all parts.
    pub key: u64,
    /// Group code; one the preparation names.
    pub group: u8,
    /// Raw values in column order, each below 2^24; the largest stands for a missing one.
    pub values: Vec<u32>,
    /// Whether the logged decision was an approval.
    pub logged: bool,
    /// Label.
    pub outcome: Outcome,
}

/// The raw rows of one part with the salts of its commitments.
pub struct RawPart {
    /// Rows in the order of their keys.
    pub rows: Vec<RawRow>,
    /// Salt of the prepared row stream.
    pub row_salt: Salt,
    /// Salt of the prepared outcome stream.
    pub outcome_salt: Salt,
    /// Salt of the profile; disclosed with it.
    pub profile_salt: Salt,
}

/// A raw row with what becomes of it.
#[derive(Clone)]
pub(crate) struct PreparedRow {
    pub(crate) raw: RawRow,
    pub(crate) regions: Vec<Region>,
    pub(crate) prepared: RowRecord,
}

impl PreparedRow {
    fn of(preparation: &Preparation, raw: &RawRow) -> Self {
        let (regions, made) = prepare(&preparation.columns, &raw.values);
        let kind = match made {
            Ok(features) => RowKind::Scored { features, logged: raw.logged, outcome: raw.outcome },
            Err(reason) => RowKind::Void([VoidReason::MissingValue, VoidReason::OutsideDomain][reason]),
        };
        Self { raw: raw.clone(), regions, prepared: RowRecord { key: raw.key, group: raw.group, kind } }
    }

    /// The raw row as the raw streams commit it.
    fn raw_record(&self) -> RowRecord {
        let RawRow { key, group, values, logged, outcome } = &self.raw;
        RowRecord { key: *key, group: *group, kind: RowKind::Scored { features: values.clone(), logged: *logged, outcome: *outcome } }
    }

    fn count(&self, profile: &mut Profile) {
        let group = usize::from(self.raw.group);
        profile.labels[group][self.raw.outcome.code()] += 1;
        if let RowKind::Void(reason) = self.prepared.kind {
            profile.set_aside[group][reason.code()] += 1;
        }
        for (counts, region) in profile.columns.iter_mut().zip(&self.regions) {
            match region {
                Region::Inside => {}
                Region::Below => counts[0] += 1,
                Region::Above => counts[1] += 1,
                Region::Missing => counts[2] += 1,
            }
        }
    }
}

/// What a step takes over from the one before it.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) words: Vec<F>,
    /// Accumulators: raw rows, raw outcomes, rows, outcomes; the last two zero between parts.
    pub(crate) streams: [F; 4],
    pub(crate) part_rows: u64,
    pub(crate) next_key: u64,
}

impl Running {
    pub(crate) fn none(layout: Layout) -> Self {
        Self { words: vec![F::ZERO; layout.profile_words()], streams: [F::ZERO; 4], part_rows: 0, next_key: 0 }
    }

    pub(crate) fn element(&self) -> F {
        let mut inputs = vec![profile_element(F::ZERO, &self.words)];
        inputs.extend(self.streams);
        inputs.extend([F::from(self.part_rows), F::from(self.next_key)]);
        hash8(tags::PREPARING, &inputs)
    }
}

/// Why raw rows cannot be proven under a preparation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreparationWitnessError {
    /// The rules contradict themselves, or the plan.
    #[error("{0}")]
    Rules(#[from] PreparationError),
    /// The header names another shape than the rules, or no rows fit into it.
    #[error("the header's circuit has shape {header}, the rules {rules}, or no rows fit into it")]
    Shape {
        /// Shape of the header's circuit.
        header: Shape,
        /// Shape of the rules.
        rules: Shape,
    },
    /// A part has no number of rows that a part can have.
    #[error("the {part} number {rows}: a part has 1 to 2^24 − 1, the training rows a multiple of {PART_MULTIPLE}")]
    Rows {
        /// Name of the part.
        part: &'static str,
        /// Its rows.
        rows: usize,
    },
    /// A row does not fit.
    #[error("{part}, row {row}: {problem}")]
    Row {
        /// Name of the part.
        part: &'static str,
        /// Position in it.
        row: usize,
        /// What is wrong with it.
        problem: String,
    },
}

/// Everything a preparation proof is made from. Holds secrets: it stays with the prover.
pub struct PreparationWitness {
    preparation: Preparation,
    schema: Digest,
    raw_salts: [Salt; 2],
    layout: Layout,
    parts: [RawPart; 2],
    prepared: Vec<Vec<PreparedRow>>,
    statement: PreparationStatement,
}

impl PreparationWitness {
    /// Checks rules and every row, and computes what will be stated.
    ///
    /// `raw_salts` are those of the raw row and outcome streams.
    ///
    /// # Errors
    /// [`PreparationWitnessError`] for the first contradiction.
    pub fn new(
        header: Header,
        plan: &Plan,
        preparation: Preparation,
        raw_salts: [Salt; 2],
        parts: [RawPart; 2],
    ) -> Result<Self, PreparationWitnessError> {
        preparation.check()?;
        preparation.check_layout(plan)?;
        let shape = header.circuit.shape;
        let layout = Layout::of(shape).filter(|_| shape == preparation.shape);
        let layout = layout.ok_or(PreparationWitnessError::Shape { header: shape, rules: preparation.shape })?;
        Self::with(header, layout, preparation, plan.row_schema_digest(), raw_salts, parts)
    }

    pub(crate) fn with(
        header: Header,
        layout: Layout,
        preparation: Preparation,
        schema: Digest,
        raw_salts: [Salt; 2],
        parts: [RawPart; 2],
    ) -> Result<Self, PreparationWitnessError> {
        check_rows(&preparation, &parts)?;
        let prepared: Vec<Vec<PreparedRow>> =
            parts.iter().map(|part| part.rows.iter().map(|row| PreparedRow::of(&preparation, row)).collect()).collect();
        let statement = state(header, layout, &preparation, schema, &raw_salts, &parts, &prepared);
        Ok(Self { preparation, schema, raw_salts, layout, parts, prepared, statement })
    }

    /// What the proof will state.
    pub fn statement(&self) -> &PreparationStatement {
        &self.statement
    }

    /// The prepared rows of a part, to train on or to measure, with the salts of their commitments; 0 training, 1 test.
    pub fn prepared(&self, part: usize) -> (Vec<RowRecord>, Salt, Salt) {
        let rows = self.prepared[part].iter().map(|row| row.prepared.clone()).collect();
        (rows, self.parts[part].row_salt.clone(), self.parts[part].outcome_salt.clone())
    }

    /// The state before the first step.
    pub fn initial_state(&self) -> PublicState {
        initial_state(header_element(&self.statement.header), to_commitment(self.rules().commitment()))
    }

    /// The steps to fold, in order.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        let context = Arc::new(Context::new(self.layout, self.rules(), &self.preparation.columns));
        self.steps_in(context).into_iter()
    }

    fn rules(&self) -> RulesOpening {
        RulesOpening::of(&self.preparation, self.layout.prepared.features, self.schema)
    }

    pub(crate) fn steps_in(&self, context: Arc<Context>) -> Vec<Step> {
        let Layout { prepared: d, raw } = self.layout;
        let mut z = self.initial_state().elements().unwrap_or([F::ZERO; ARITY]);
        let (raw_schema, schema) = (context.rules.raw_schema, context.rules.schema);
        let mut raw_rows = RowStream::with(raw, raw_schema, self.raw_salts[0].element());
        let mut raw_outcomes = OutcomeStream::with(d, raw_schema, self.raw_salts[1].element());
        let mut running = Running::none(self.layout);
        running.streams = [raw_rows.absorbed(), raw_outcomes.absorbed(), F::ZERO, F::ZERO];
        let mut steps = Vec::new();
        for (index, (part, rows)) in self.parts.iter().zip(&self.prepared).enumerate() {
            let mut row_stream = RowStream::with(d, schema, part.row_salt.element());
            let mut outcome_stream = OutcomeStream::with(d, schema, part.outcome_salt.element());
            let mut profile =
                Profile { labels: vec![[0; 3]; d.groups], set_aside: vec![[0; 2]; d.groups], columns: vec![[0; 3]; d.features] };
            let count = rows.chunks(d.rows).count();
            for (i, chunk) in rows.chunks(d.rows).enumerate() {
                let before = running.clone();
                for row in chunk {
                    let raw = row.raw_record();
                    raw_rows.push(&raw);
                    raw_outcomes.push(&raw);
                    row_stream.push(&row.prepared);
                    outcome_stream.push(&row.prepared);
                    row.count(&mut profile);
                    running.next_key = row.raw.key + 1;
                }
                let last = i + 1 == count;
                let end = last && index + 1 == self.parts.len();
                z[5] += F::from(chunk.len() as u64);
                running.part_rows += chunk.len() as u64;
                running.words = profile_words(&profile);
                running.streams = [raw_rows.absorbed(), raw_outcomes.absorbed(), row_stream.absorbed(), outcome_stream.absorbed()];
                let profile_salt = if last { part.profile_salt.element() } else { F::ZERO };
                if last {
                    z[3] = hash8(
                        tags::PART,
                        &[
                            z[3],
                            z[4],
                            F::from(running.part_rows),
                            row_commitment(running.streams[2], running.part_rows),
                            outcome_commitment(running.streams[3], running.part_rows),
                            profile_element(profile_salt, &running.words),
                            element_end(tags::ROWS_END, running.streams[0], z[5]),
                            element_end(tags::OUTCOMES_END, running.streams[1], z[5]),
                        ],
                    );
                    z[4] += F::ONE;
                    let (streams, next_key) = (running.streams, running.next_key);
                    running = Running { next_key, streams: [streams[0], streams[1], F::ZERO, F::ZERO], ..Running::none(self.layout) };
                }
                z[6] = if end { F::ZERO } else { running.element() };
                steps.push(Step {
                    context: Arc::clone(&context),
                    last,
                    end,
                    before,
                    rows: chunk.to_vec(),
                    salts: [
                        self.raw_salts[0].element(),
                        self.raw_salts[1].element(),
                        part.row_salt.element(),
                        part.outcome_salt.element(),
                        profile_salt,
                    ],
                    after: z,
                    #[cfg(test)]
                    overrides: None,
                });
            }
        }
        steps
    }
}

fn element_end(tag: u32, stream: F, rows: F) -> F {
    crate::poseidon::hash4(tag, &[stream, rows])
}

fn check_rows(preparation: &Preparation, parts: &[RawPart; 2]) -> Result<(), PreparationWitnessError> {
    let mut floor = 0;
    for (index, (part, name)) in parts.iter().zip(PART_NAMES).enumerate() {
        let rows = part.rows.len();
        let whole = index == 1 || rows.is_multiple_of(PART_MULTIPLE as usize);
        if rows == 0 || rows >= MAX_ROWS as usize || !whole {
            return Err(PreparationWitnessError::Rows { part: name, rows });
        }
        for (position, row) in part.rows.iter().enumerate() {
            let refuse = |problem: String| Err(PreparationWitnessError::Row { part: name, row: position, problem });
            if row.key < floor || row.key >= KEY_LIMIT {
                return refuse(format!("key {} lies outside {floor} .. 2^61: keys increase strictly over all parts", row.key));
            }
            if usize::from(row.group) >= preparation.grouping.names.len() {
                return refuse(format!("group code {}, the preparation names {}", row.group, preparation.grouping.names.len()));
            }
            if row.values.len() != preparation.columns.len() {
                return refuse(format!("{} values, the preparation has {} columns", row.values.len(), preparation.columns.len()));
            }
            if let Some(column) = row.values.iter().position(|value| *value > MISSING) {
                return refuse(format!("value of column {column} does not fit 24 bits"));
            }
            floor = row.key + 1;
        }
    }
    Ok(())
}

fn state(
    header: Header,
    layout: Layout,
    preparation: &Preparation,
    schema: Digest,
    raw_salts: &[Salt; 2],
    parts: &[RawPart; 2],
    prepared: &[Vec<PreparedRow>],
) -> PreparationStatement {
    let raw_schema = truncated(preparation.raw_schema_digest());
    let mut raw_rows = RowStream::with(layout.raw, raw_schema, raw_salts[0].element());
    let mut raw_outcomes = OutcomeStream::with(layout.prepared, raw_schema, raw_salts[1].element());
    let mut chain = to_element(header_element(&header)).unwrap_or(F::ZERO);
    let mut steps = 0;
    let mut stated = Vec::new();
    for (index, (part, rows)) in parts.iter().zip(prepared).enumerate() {
        let mut row_stream = RowStream::with(layout.prepared, truncated(schema), part.row_salt.element());
        let mut outcome_stream = OutcomeStream::with(layout.prepared, truncated(schema), part.outcome_salt.element());
        let d = layout.prepared;
        let mut profile = Profile { labels: vec![[0; 3]; d.groups], set_aside: vec![[0; 2]; d.groups], columns: vec![[0; 3]; d.features] };
        for row in rows {
            let raw = row.raw_record();
            raw_rows.push(&raw);
            raw_outcomes.push(&raw);
            row_stream.push(&row.prepared);
            outcome_stream.push(&row.prepared);
            row.count(&mut profile);
        }
        let part = PreparedPart {
            rows: rows.len() as u32,
            row_commitment: row_stream.commitment(),
            outcome_commitment: outcome_stream.commitment(),
            raw_row_commitment: raw_rows.commitment(),
            raw_outcome_commitment: raw_outcomes.commitment(),
            profile,
            profile_salt: part.profile_salt.disclosed(),
        };
        chain = part_link(chain, index as u64, &part).unwrap_or(F::ZERO);
        steps += (rows.len() as u64).div_ceil(layout.prepared.rows as u64);
        stated.push(part);
    }
    PreparationStatement { header, preparation: preparation.clone(), parts: stated, steps, chain_head: to_commitment(chain) }
}
