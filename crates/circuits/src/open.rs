//! The state of a batch that steps have begun and not yet closed.

use ff::Field;
use verifold_model::cohort::{BatchRole, BatchTable};

use crate::{
    field::F,
    native::{table_element, table_words},
    poseidon::hash8,
    streams::{OutcomeStream, RowStream},
    tags,
};

/// Everything a step takes over from the one before it inside a batch.
#[derive(Debug, Clone)]
pub(crate) struct OpenBatch {
    pub(crate) role: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) words: Vec<F>,
    pub(crate) row_accumulator: F,
    pub(crate) outcome_accumulator: F,
    pub(crate) rows: u64,
    /// First key the next row may have.
    pub(crate) next_key: u64,
}

impl OpenBatch {
    /// A batch of which nothing has been counted.
    pub(crate) fn begun(role: BatchRole, start: u64, end: u64, empty: &BatchTable, rows: &RowStream, outcomes: &OutcomeStream) -> Self {
        Self {
            role: role.code(),
            start,
            end,
            words: table_words(empty),
            row_accumulator: rows.absorbed(),
            outcome_accumulator: outcomes.absorbed(),
            rows: 0,
            next_key: start,
        }
    }

    /// The hash carried in the public state while the batch is open; the table's salt is zero until it closes.
    pub(crate) fn element(&self) -> F {
        let table = table_element(F::ZERO, &self.words);
        hash8(
            tags::STATE,
            &[
                table,
                F::from(self.role),
                F::from(self.start),
                F::from(self.end),
                self.row_accumulator,
                self.outcome_accumulator,
                F::from(self.rows),
                F::from(self.next_key),
            ],
        )
    }
}
