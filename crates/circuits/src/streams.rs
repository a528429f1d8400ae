//! `row-stream/v1` and `outcome-stream/v1`: the only ways rows and outcomes are committed.
//!
//! Blocks have a fixed number of rows; step and batch sizes never enter, so the same rows, order and
//! salt give the same commitment in every circuit, and a prefix that ends with a block is a
//! commitment of its own.

use ff::Field;
use verifold_model::{
    cohort::Outcome,
    digest::{Commitment, Digest},
};

use crate::{
    field::{F, power_of_two, to_commitment, truncated},
    layout::{
        Dimensions, GROUP_SHIFT, KIND_SCORED, KIND_SHIFT, KIND_VOID, LOGGED_SHIFT, OUTCOME_BITS, OUTCOME_ELEMENTS, ROWS_PER_OUTCOME_ELEMENT,
    },
    poseidon::{hash4, hash8, hash24},
    rows::{RowKind, RowRecord},
    salt::Salt,
    tags,
};

/// Commits rows one after the other.
#[derive(Debug, Clone)]
pub struct RowStream {
    dimensions: Dimensions,
    accumulator: F,
    pending: Vec<F>,
    rows: u64,
}

impl RowStream {
    /// An empty stream under a shape's row layout.
    pub fn new(shape: verifold_model::shape::Shape, schema: Digest, salt: &Salt) -> Self {
        Self::with(Dimensions::without_rows(shape), truncated(schema), salt.element())
    }

    pub(crate) fn with(dimensions: Dimensions, schema: F, salt: F) -> Self {
        Self { dimensions, accumulator: hash4(tags::ROWS, &[schema, salt]), pending: Vec::new(), rows: 0 }
    }

    /// Appends a row.
    pub fn push(&mut self, row: &RowRecord) {
        self.pending.extend(row_elements(self.dimensions, row));
        self.rows += 1;
        if self.pending.len() == self.dimensions.row_elements() * self.dimensions.block_rows() {
            self.accumulator = self.absorbed();
            self.pending.clear();
        }
    }

    /// The accumulator after filling the last block with zeros.
    pub(crate) fn absorbed(&self) -> F {
        if self.pending.is_empty() {
            return self.accumulator;
        }
        let mut block = vec![self.accumulator];
        block.extend_from_slice(&self.pending);
        block.resize(1 + self.dimensions.row_elements() * self.dimensions.block_rows(), F::ZERO);
        hash24(tags::ROW_BLOCK, &block)
    }

    /// The commitment to the rows so far.
    pub fn commitment(&self) -> Commitment {
        to_commitment(row_commitment(self.absorbed(), self.rows))
    }
}

pub(crate) fn row_commitment(accumulator: F, rows: u64) -> F {
    hash4(tags::ROWS_END, &[accumulator, F::from(rows)])
}

pub(crate) fn outcome_commitment(accumulator: F, rows: u64) -> F {
    hash4(tags::OUTCOMES_END, &[accumulator, F::from(rows)])
}

/// Commits the outcome of each row, in the order of the row stream.
#[derive(Debug, Clone)]
pub struct OutcomeStream {
    chunk: usize,
    accumulator: F,
    pending: Vec<(u64, u64)>,
    rows: u64,
}

impl OutcomeStream {
    /// An empty stream beside rows of a shape.
    pub fn new(shape: verifold_model::shape::Shape, schema: Digest, salt: &Salt) -> Self {
        Self::with(Dimensions::without_rows(shape), truncated(schema), salt.element())
    }

    pub(crate) fn with(dimensions: Dimensions, schema: F, salt: F) -> Self {
        Self { chunk: dimensions.chunk(), accumulator: hash4(tags::OUTCOMES, &[schema, salt]), pending: Vec::new(), rows: 0 }
    }

    /// Appends the outcome of a row; a void row has none and counts as unknown.
    pub fn push(&mut self, row: &RowRecord) {
        let outcome = match row.kind {
            RowKind::Scored { outcome, .. } => outcome,
            RowKind::Void(_) => Outcome::Unknown,
        };
        self.push_outcome(row.key, outcome);
    }

    /// Appends an outcome to the row of a key.
    pub(crate) fn push_outcome(&mut self, key: u64, outcome: Outcome) {
        self.pending.push((key, outcome.code() as u64));
        self.rows += 1;
        if self.pending.len() == self.chunk {
            self.accumulator = self.absorbed();
            self.pending.clear();
        }
    }

    /// The accumulator after filling the last block with zeros.
    pub(crate) fn absorbed(&self) -> F {
        if self.pending.is_empty() {
            return self.accumulator;
        }
        let mut block = vec![self.accumulator];
        for rows in self.pending.chunks(ROWS_PER_OUTCOME_ELEMENT) {
            let packed = rows.iter().rev().fold(F::ZERO, |word, (key, code)| {
                word * power_of_two(OUTCOME_BITS) + F::from(*key) + F::from(*code) * power_of_two(OUTCOME_BITS - 2)
            });
            block.push(packed);
        }
        block.resize(1 + OUTCOME_ELEMENTS, F::ZERO);
        hash8(tags::OUTCOME_BLOCK, &block)
    }

    /// The commitment to the outcomes so far.
    pub fn commitment(&self) -> Commitment {
        to_commitment(outcome_commitment(self.absorbed(), self.rows))
    }
}

/// The elements a row is committed as.
pub(crate) fn row_elements(dimensions: Dimensions, row: &RowRecord) -> Vec<F> {
    let mut elements = vec![F::ZERO; dimensions.row_elements()];
    let mut kind = KIND_SCORED;
    match &row.kind {
        RowKind::Scored { features, logged, .. } => {
            if *logged {
                elements[0] += power_of_two(LOGGED_SHIFT);
            }
            for (feature, value) in features.iter().enumerate() {
                let (element, shift) = dimensions.place(feature);
                elements[element] += F::from(u64::from(*value)) * power_of_two(shift);
            }
        }
        RowKind::Void(reason) => kind = KIND_VOID + reason.code() as u64,
    }
    elements[0] += F::from(row.key) + F::from(u64::from(row.group)) * power_of_two(GROUP_SHIFT) + F::from(kind) * power_of_two(KIND_SHIFT);
    elements
}
