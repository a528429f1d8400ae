//! What does a receipt open, and to which root?
//!
//! 1. [`opened_row`] reads the row back from its plain values, by the plan.
//! 2. The model's decision must be the one the plan makes of the score.
//! 3. Row, score and salt must hash to the receipt's leaf, and leaf and path to its root.
//!
//! That the root is proven, and of which batch, is for the record to say.

use verifold_model::{
    cohort::Outcome,
    digest::Commitment,
    instant::SEQUENCE_BITS,
    plan::Plan,
    receipts::{Receipt, ReceiptRow},
};

use super::{
    size,
    tree::{PathError, climb, leaf},
};
use crate::{
    field::{NotCanonical, to_commitment, to_element},
    native::bin_of,
    rows::{RowKind, RowRecord},
};

/// Why a receipt opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// The sequence number does not fit a key.
    #[error("sequence {0} is not below 2^24")]
    Sequence(u32),
    /// The plan has no group of this name.
    #[error("the plan names no group {0:?}")]
    Group(String),
    /// The features are not the plan's.
    #[error("feature {position} is {found:?}, the plan has {expected:?}")]
    Feature {
        /// Position, from 0.
        position: usize,
        /// As the plan has it; empty behind its last.
        expected: String,
        /// As the receipt has it; empty behind its last.
        found: String,
    },
    /// A value is not one the plan can stand for.
    #[error("{feature} {value} is no value of the plan: outside its domain or between two of its steps")]
    Value {
        /// Name of the feature.
        feature: String,
        /// As the receipt has it.
        value: String,
    },
    /// The stated decision of the model is not what the plan makes of the score.
    #[error("at score {score} the plan {}, the receipt says the model {}", approval(!*.stated), approval(*.stated))]
    Decision {
        /// Score of the receipt.
        score: i64,
        /// Whether the receipt says that the model approves.
        stated: bool,
    },
    /// The salt is not a field element.
    #[error("salt: {0}")]
    Salt(NotCanonical),
    /// Row, score and salt hash to another leaf: one of them is not what was committed to.
    #[error("time, group, values, score, decision and salt hash to {computed}, the receipt's leaf is {stated}")]
    Leaf {
        /// As stated.
        stated: Commitment,
        /// As computed.
        computed: Commitment,
    },
    /// The path is not one of the batch's tree.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Leaf and path lead to another root.
    #[error("leaf and path lead to {computed}, the receipt's root is {stated}")]
    Root {
        /// As stated.
        stated: Commitment,
        /// As computed.
        computed: Commitment,
    },
}

const fn approval(approves: bool) -> &'static str {
    if approves { "approves" } else { "declines" }
}

/// The row a receipt speaks of, with its score; the outcome is not part of a receipt.
///
/// # Errors
/// [`OpeningError`] for the first value that is not one of the plan's.
pub fn opened_row(plan: &Plan, receipt: &Receipt) -> Result<(RowRecord, i64), OpeningError> {
    if receipt.sequence >> SEQUENCE_BITS != 0 {
        return Err(OpeningError::Sequence(receipt.sequence));
    }
    let group = plan.grouping.names.iter().position(|name| *name == receipt.group).and_then(|code| u8::try_from(code).ok());
    let group = group.ok_or_else(|| OpeningError::Group(receipt.group.clone()))?;
    let (kind, score) = match &receipt.row {
        ReceiptRow::Void { reason } => (RowKind::Void(*reason), 0),
        ReceiptRow::Scored { features, score, model_approves, logged_approval } => {
            let mut quantised = Vec::with_capacity(features.len());
            for position in 0..features.len().max(plan.features.len()) {
                let (expected, found) = (plan.features.get(position), features.get(position));
                match (expected, found) {
                    (Some(expected), Some(found)) if expected.name == found.name && expected.unit == found.unit => {
                        quantised.push(
                            expected
                                .quantised(found.value)
                                .ok_or_else(|| OpeningError::Value { feature: found.name.clone(), value: found.value.to_string() })?,
                        );
                    }
                    _ => {
                        let expected = expected.map_or_else(String::new, |f| named(&f.name, &f.unit));
                        return Err(OpeningError::Feature {
                            position,
                            expected,
                            found: found.map_or_else(String::new, |f| named(&f.name, &f.unit)),
                        });
                    }
                }
            }
            if plan.scoring.approves(bin_of(&plan.scoring.edges, *score)) != *model_approves {
                return Err(OpeningError::Decision { score: *score, stated: *model_approves });
            }
            (RowKind::Scored { features: quantised, logged: *logged_approval, outcome: Outcome::Unknown }, *score)
        }
    };
    let key = receipt.time.first_key() + u64::from(receipt.sequence);
    Ok((RowRecord { key, group, kind }, score))
}

fn named(name: &str, unit: &str) -> String {
    if unit.is_empty() { name.to_owned() } else { format!("{name} ({unit})") }
}

/// Opens a receipt under a plan, in a batch of `rows` rows, and returns the root it leads to.
///
/// # Errors
/// [`OpeningError`] for the first contradiction.
pub fn opened_root(plan: &Plan, rows: u32, receipt: &Receipt) -> Result<Commitment, OpeningError> {
    let d = size::dimensions(plan.shape).ok_or(PathError::NoRoom(plan.shape))?;
    let (row, score) = opened_row(plan, receipt)?;
    let salt = to_element(receipt.salt).map_err(OpeningError::Salt)?;
    let leaf = leaf(d, &row, score, salt);
    let computed = to_commitment(leaf);
    if computed != receipt.leaf {
        return Err(OpeningError::Leaf { stated: receipt.leaf, computed });
    }
    let computed = to_commitment(climb(d, rows, receipt.position, leaf, &receipt.path)?);
    if computed == receipt.root { Ok(computed) } else { Err(OpeningError::Root { stated: receipt.root, computed }) }
}
