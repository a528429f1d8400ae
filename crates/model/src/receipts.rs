//! What a receipts proof states, and the receipt a single applicant is given.
//!
//! A receipt opens one leaf under a proven root. It is a claim until it has been checked against a record in which the
//! root is proven; that takes hashing alone and shows nothing of other rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    cohort::VoidReason,
    decimal::Decimal,
    digest::{Commitment, Digest},
    instant::Instant,
    statement::{Header, Subject},
};

/// Everything public about one receipts proof. Claimed until verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptsStatement {
    /// Subject, period, circuit.
    pub header: Header,
    /// Commitment to the plan.
    pub plan_commitment: Commitment,
    /// Commitment to the model that scored every row.
    pub model_commitment: Commitment,
    /// Folding steps.
    pub steps: u64,
    /// Value of the chain after the last batch.
    pub chain_head: Commitment,
    /// Batches with receipts, by increasing index.
    pub batches: Vec<ReceiptsBatch>,
}

/// The leaves of one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptsBatch {
    /// Position of the batch in the monitoring statement.
    pub index: u32,
    /// Rows committed, scored and void: one leaf each, in row order.
    pub rows: u32,
    /// Commitment to the row stream, the one the monitoring statement has.
    pub row_commitment: Commitment,
    /// Root over all leaves.
    pub root: Commitment,
    /// Root of each step, in order; they lead to `root`.
    pub step_roots: Vec<Commitment>,
}

/// Version of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReceiptSchema {
    /// First version.
    #[serde(rename = "receipt/v1")]
    V1,
}

/// The opening of one row's leaf, with its path to the root of its batch. Personal data: it is the applicant's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Version of this structure.
    pub schema: ReceiptSchema,
    /// SHA-256 of the manifest of the package whose proof the receipt belongs to; signatures do not change it.
    pub manifest_sha256: Digest,
    /// Whose system.
    pub subject: Subject,
    /// Which batch.
    pub batch: ReceiptBatch,
    /// Position of the row in its batch, from 0.
    pub position: u32,
    /// Time of the row.
    pub time: Instant,
    /// Tells rows of one second apart; below 2^24.
    pub sequence: u32,
    /// Name of the row's group, as the plan has it.
    pub group: String,
    /// What became of the row.
    pub row: ReceiptRow,
    /// Salt of the leaf.
    pub salt: Commitment,
    /// The leaf.
    pub leaf: Commitment,
    /// What stands beside the row's branch, level by level from the leaves up.
    pub path: Vec<Vec<Commitment>>,
    /// The root the path leads to.
    pub root: Commitment,
}

/// The batch a receipt says its row is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptBatch {
    /// Position in the chain.
    pub index: u32,
    /// First time, inclusive.
    pub start: Instant,
    /// First time after.
    pub end: Instant,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ReceiptRow {
    /// The model scored it.
    Scored {
        /// Features in the plan's order and units, as rounded to the plan's steps.
        features: Vec<FeatureValue>,
        /// The model's score, in the plan's units.
        score: i64,
        /// Whether the model's score is one the plan approves.
        model_approves: bool,
        /// Whether the decision on file was an approval.
        logged_approval: bool,
    },
    /// It was committed and not scored.
    Void {
        /// Why.
        reason: VoidReason,
    },
}

/// One feature as the model saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureValue {
    /// Name, as the plan has it.
    pub name: String,
    /// Value in the plan's unit, rounded to its step and kept inside its domain.
    pub value: Decimal,
    /// Unit, empty if it has none.
    pub unit: String,
}
