//! Rows and models as the prover holds them: plain integers, checked against a plan before use.

use verifold_model::{
    cohort::{Outcome, VoidReason},
    plan::{Plan, WEIGHT_BITS},
};
use zeroize::Zeroize;

/// One row of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRecord {
    /// Strictly increasing over all batches, inside the keys of its batch's start and end.
    pub key: u64,
    /// Group code; one the plan names.
    pub group: u8,
    /// Scored or void.
    pub kind: RowKind,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowKind {
    /// The model scored it.
    Scored {
        /// Quantised features in the plan's order, each at most its `max`.
        features: Vec<u32>,
        /// Whether the logged decision was an approval.
        logged: bool,
        /// Outcome, as far as known.
        outcome: Outcome,
    },
    /// Committed and counted, not scored; its features are not committed.
    Void(VoidReason),
}

/// Weights and bias of a logistic regression, as integers.
#[derive(Clone, PartialEq, Eq)]
pub struct Model {
    /// One weight for each feature of the plan, in `−2^15 .. 2^15`.
    pub weights: Vec<i64>,
    /// Added to every score, in `−2^(S−1) .. 2^(S−1)` for `S` = `Plan::score_bits`.
    pub bias: i64,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Weights are what the proof hides; they do not get into logs.
        write!(f, "Model({} weights)", self.weights.len())
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.weights.zeroize();
        self.bias.zeroize();
    }
}

/// Why a model does not fit a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The number of weights is not the plan's number of features.
    #[error("the model has {found} weights, the plan {expected} features")]
    Weights {
        /// Features of the plan.
        expected: usize,
        /// Weights found.
        found: usize,
    },
    /// A weight does not fit its range.
    #[error("weight {index} does not fit {WEIGHT_BITS} signed bits")]
    WeightRange {
        /// Position of the weight.
        index: usize,
    },
    /// The bias does not fit its range.
    #[error("the bias does not fit {bits} signed bits")]
    BiasRange {
        /// Signed bits of a bias.
        bits: u32,
    },
}

/// Why a row does not fit its plan or batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The number of features differs from the plan's.
    #[error("{found} features, the plan has {expected}")]
    Features {
        /// Features of the plan.
        expected: usize,
        /// Features found.
        found: usize,
    },
    /// A feature lies above the largest value its plan allows.
    #[error("feature {index} is {found}, the plan allows at most {max}")]
    FeatureRange {
        /// Position of the feature.
        index: usize,
        /// Largest value allowed.
        max: u32,
        /// Value found.
        found: u32,
    },
    /// The plan names no group of this code.
    #[error("group code {found}, the plan names {names} groups")]
    Group {
        /// Groups the plan names.
        names: usize,
        /// Code found.
        found: u8,
    },
    /// The key lies outside its batch or does not exceed the key before it.
    #[error("key {found} lies outside {floor} .. {end}")]
    Key {
        /// Smallest key allowed here: the batch's first, or the one after the row before.
        floor: u64,
        /// First key after the batch.
        end: u64,
        /// Key found.
        found: u64,
    },
}

impl Model {
    /// Checks the model against a plan.
    ///
    /// # Errors
    /// [`ModelError`] for the first weight or bias the circuit has no room for.
    pub fn check(&self, plan: &Plan) -> Result<(), ModelError> {
        if self.weights.len() != plan.features.len() {
            return Err(ModelError::Weights { expected: plan.features.len(), found: self.weights.len() });
        }
        self.check_range(Plan::score_bits(plan.shape))
    }

    /// Checks that the weights fit, and that the bias fits this many signed bits.
    pub(crate) fn check_range(&self, bits: u32) -> Result<(), ModelError> {
        let fits = |value: i64, bits: u32| (-(1i64 << (bits - 1))..1 << (bits - 1)).contains(&value);
        if let Some(index) = self.weights.iter().position(|w| !fits(*w, WEIGHT_BITS)) {
            return Err(ModelError::WeightRange { index });
        }
        if fits(self.bias, bits) { Ok(()) } else { Err(ModelError::BiasRange { bits }) }
    }

    /// The score of quantised features: `bias + Σ weight · feature`.
    ///
    /// Exact for a model and features that pass their checks.
    pub fn score(&self, features: &[u32]) -> i64 {
        self.weights.iter().zip(features).fold(self.bias, |sum, (w, x)| sum + w * i64::from(*x))
    }
}

impl RowRecord {
    /// Checks the row against a plan and the keys open to it.
    ///
    /// # Errors
    /// [`RowError`] for the first contradiction.
    pub fn check(&self, plan: &Plan, floor: u64, end: u64) -> Result<(), RowError> {
        if !(floor..end).contains(&self.key) {
            return Err(RowError::Key { floor, end, found: self.key });
        }
        if usize::from(self.group) >= plan.grouping.names.len() {
            return Err(RowError::Group { names: plan.grouping.names.len(), found: self.group });
        }
        let RowKind::Scored { features, .. } = &self.kind else { return Ok(()) };
        if features.len() != plan.features.len() {
            return Err(RowError::Features { expected: plan.features.len(), found: features.len() });
        }
        for (index, (found, feature)) in features.iter().zip(&plan.features).enumerate() {
            if *found > feature.max {
                return Err(RowError::FeatureRange { index, max: feature.max, found: *found });
            }
        }
        Ok(())
    }
}
