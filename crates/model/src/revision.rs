//! What an outcome-revision proof states: how the outcomes of monitored rows changed between two streams.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    cohort::{MAX_ROWS, Outcome},
    digest::Commitment,
    statement::Header,
};

/// Everything public about one outcome-revision proof. Claimed until verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevisionStatement {
    /// Subject, period, circuit.
    pub header: Header,
    /// Folding steps.
    pub steps: u64,
    /// Value of the chain after the last batch.
    pub chain_head: Commitment,
    /// Batches, by increasing index.
    pub batches: Vec<RevisedBatch>,
}

/// The rows of one batch under two outcome streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevisedBatch {
    /// Position of the batch in the monitoring statement.
    pub index: u32,
    /// Rows committed, scored and void.
    pub rows: u32,
    /// Commitment to the outcome stream of the monitoring statement.
    pub earlier: Commitment,
    /// Commitment to the outcome stream of the matured cohort.
    pub later: Commitment,
    /// Rows by both outcomes.
    pub counts: RevisionCounts,
}

/// Rows by earlier and later outcome; a void row has none in either and counts as unknown in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RevisionCounts(
    /// `[earlier][later]`, each in the order unknown, good, bad.
    pub [[u32; 3]; 3],
);

/// Why counts are not ones the circuit could have counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevisionCountsError {
    /// The rows of a batch reach 2^24.
    #[error("the number of rows reaches 2^24, more than a counter holds")]
    Overflow,
    /// The counts do not sum to the rows.
    #[error("the batch states {stated} rows, its counts sum to {counted}")]
    Rows {
        /// Rows stated.
        stated: u32,
        /// Sum of the counts.
        counted: u64,
    },
}

impl RevisionCounts {
    /// Rows that went from one outcome to another, or kept it.
    pub const fn of(&self, earlier: Outcome, later: Outcome) -> u32 {
        self.0[earlier.code()][later.code()]
    }

    /// Counts one row more.
    pub const fn add(&mut self, earlier: Outcome, later: Outcome) {
        self.0[earlier.code()][later.code()] += 1;
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.0.iter().flatten().map(|n| u64::from(*n)).sum()
    }

    /// Rows of an earlier outcome.
    pub fn earlier(&self, outcome: Outcome) -> u64 {
        self.0[outcome.code()].iter().map(|n| u64::from(*n)).sum()
    }

    /// Rows of a later outcome.
    pub fn later(&self, outcome: Outcome) -> u64 {
        self.0.iter().map(|row| u64::from(row[outcome.code()])).sum()
    }

    /// The sum of counts; `None` if one leaves 32 bits.
    pub fn total(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut sum = Self::default();
        for counts in all {
            for (into, n) in sum.0.iter_mut().flatten().zip(counts.0.iter().flatten()) {
                *into = into.checked_add(*n)?;
            }
        }
        Some(sum)
    }

    /// Checks counter bounds and the sum against the stated number of rows, before anything is packed.
    ///
    /// # Errors
    /// [`RevisionCountsError`].
    pub fn check(&self, rows: u32) -> Result<(), RevisionCountsError> {
        let counted = self.rows();
        if rows >= MAX_ROWS || counted >= u64::from(MAX_ROWS) {
            return Err(RevisionCountsError::Overflow);
        }
        if counted == u64::from(rows) { Ok(()) } else { Err(RevisionCountsError::Rows { stated: rows, counted }) }
    }
}
