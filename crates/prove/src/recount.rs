//! Do two unrelated ways of counting give the same table?
//!
//! A second implementation of the count table, written from its definition and sharing no code
//! with the circuit's native twin: rows are compared with every edge in turn. It runs before
//! minutes are spent on folding.

use verifold_circuits::{Model, RowKind, RowRecord};
use verifold_model::{
    cohort::{BatchStatement, BatchTable, Outcome, VoidReason},
    plan::Plan,
};

use crate::error::ProveError;

/// Counts the rows of a batch and compares with what its statement says.
///
/// # Errors
/// [`ProveError::Disagreement`] if table or number of rows differ.
pub(crate) fn check(plan: &Plan, model: &Model, rows: &[RowRecord], stated: &BatchStatement) -> Result<(), ProveError> {
    let disagreement = |what| Err(ProveError::Disagreement { what, batch: stated.index });
    if u64::from(stated.rows) != rows.len() as u64 {
        return disagreement("the number of rows");
    }
    if table(plan, model, rows) != stated.table {
        return disagreement("the count table");
    }
    Ok(())
}

fn table(plan: &Plan, model: &Model, rows: &[RowRecord]) -> BatchTable {
    let mut table = BatchTable::empty(plan);
    for row in rows {
        let group = usize::from(row.group);
        match &row.kind {
            RowKind::Void(reason) => {
                let column = match reason {
                    VoidReason::MissingValue => 0,
                    VoidReason::OutsideDomain => 1,
                    VoidReason::Unreadable => 2,
                    VoidReason::UnknownGroup => 3,
                };
                table.void[group][column] += 1;
            }
            RowKind::Scored { features, logged, outcome } => {
                let mut score = model.bias;
                for (position, feature) in features.iter().enumerate() {
                    score += model.weights[position] * i64::from(*feature);
                }
                let bin = plan.scoring.edges.iter().filter(|edge| score >= **edge).count();
                let pair = match outcome {
                    Outcome::Unknown => 0,
                    Outcome::Good => 2,
                    Outcome::Bad => 4,
                };
                table.counts[bin][group][if *logged { pair + 1 } else { pair }] += 1;
                for (position, histogram) in plan.histograms.iter().enumerate() {
                    let bin = histogram.edges.iter().filter(|edge| features[position] >= **edge).count();
                    table.histograms[position][bin] += 1;
                }
            }
        }
    }
    table
}
