//! The state of a training in progress.

use super::descent::Descent;
use crate::field::F;

/// Everything a step takes over from the one before it.
#[derive(Debug, Clone)]
pub(crate) struct OpenTraining {
    /// Weights, then biases, in the order of the rule.
    pub(crate) weights: Vec<i64>,
    /// Zero between epochs, like all that follow.
    pub(crate) row_accumulator: F,
    pub(crate) outcome_accumulator: F,
    /// Rows of this epoch so far.
    pub(crate) rows: u64,
    /// First key the next row may have.
    pub(crate) next_key: u64,
}

impl OpenTraining {
    /// Before the first step.
    pub(crate) fn begun(rule: &Descent) -> Self {
        Self { weights: rule.initial().to_vec(), row_accumulator: F::default(), outcome_accumulator: F::default(), rows: 0, next_key: 0 }
    }

    /// What is hashed behind the weights.
    pub(crate) fn parts(&self) -> [F; 4] {
        [self.row_accumulator, self.outcome_accumulator, F::from(self.rows), F::from(self.next_key)]
    }
}
