//! Do two unrelated ways of counting give the same table?
//!
//! A second implementation of the count table, written from its definition and sharing no code
//! with the circuit's native twin: rows are compared with every edge in turn. It runs before
//! minutes are spent on folding.

use verifold_circuits::{AnyModel, RowKind, RowRecord};
use verifold_model::{
    cohort::{BatchStatement, BatchTable, Outcome, VoidReason},
    plan::Plan,
};

use crate::error::ProveError;

/// Counts the rows of a batch and compares with what its statement says.
///
/// # Errors
/// [`ProveError::Disagreement`] if table or number of rows differ.
pub(crate) fn check(plan: &Plan, model: &AnyModel, rows: &[RowRecord], stated: &BatchStatement) -> Result<(), ProveError> {
    let disagreement = |what| Err(ProveError::Disagreement { what, batch: stated.index });
    if u64::from(stated.rows) != rows.len() as u64 {
        return disagreement("the number of rows");
    }
    if table(plan, model, rows) != stated.table {
        return disagreement("the count table");
    }
    Ok(())
}

fn table(plan: &Plan, model: &AnyModel, rows: &[RowRecord]) -> BatchTable {
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
                let score = score(plan, model, features);
                let bin = plan.scoring.edges.iter().filter(|edge| score >= i128::from(**edge)).count();
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

/// A score from the definition of a model: sums, and for a network what each neuron leaves of its own.
fn score(plan: &Plan, model: &AnyModel, features: &[u32]) -> i128 {
    let mut values: Vec<i128> = features.iter().map(|feature| i128::from(*feature)).collect();
    let sum = |bias: i64, weights: &[i64], values: &[i128]| {
        let mut sum = i128::from(bias);
        for (position, value) in values.iter().enumerate() {
            sum += i128::from(weights[position]) * value;
        }
        sum
    };
    match model {
        AnyModel::Scorecard(model) => sum(model.bias, &model.weights, &values),
        AnyModel::Perceptron(network) => {
            let mut divisor = 1i128 << plan.shape.width_bits();
            let (last, hidden) = match network.layers.split_last() {
                Some(split) => split,
                None => return 0,
            };
            for layer in hidden {
                let mut handed_on = Vec::new();
                for (neuron, bias) in layer.biases.iter().enumerate() {
                    let sum = sum(*bias, &layer.weights[neuron], &values);
                    handed_on.push(if sum > 0 { sum / divisor } else { 0 });
                }
                values = handed_on;
                divisor = 65_536;
            }
            sum(last.biases[0], &last.weights[0], &values)
        }
    }
}
