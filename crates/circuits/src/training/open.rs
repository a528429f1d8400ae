//! The state of a training in progress.

use super::rule::Rule;
use crate::{
    field::{F, signed},
    poseidon::hash24,
    tags,
};

/// Everything a step takes over from the one before it.
#[derive(Debug, Clone)]
pub(crate) struct OpenTraining {
    /// Weights, then the bias.
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
    pub(crate) fn begun(rule: &Rule) -> Self {
        Self { weights: rule.initial.clone(), row_accumulator: F::default(), outcome_accumulator: F::default(), rows: 0, next_key: 0 }
    }

    /// The hash carried in the public state between steps.
    pub(crate) fn element(&self) -> F {
        let mut elements: Vec<F> = self.weights.iter().map(|w| signed(*w)).collect();
        elements.extend([self.row_accumulator, self.outcome_accumulator, F::from(self.rows), F::from(self.next_key)]);
        hash24(tags::TRAINING_STATE, &elements)
    }
}
