//! Does a receipt say what was proven? Hashing alone, against a record.
//!
//! The record is read back from a file and thus a claim: whoever checks a receipt has it from the auditor, over a channel
//! they trust. In it the root of each batch with receipts is proven; a receipt opens one leaf under such a root.

use verifold_circuits::receipts::{OpeningError, opened_root};
use verifold_model::{
    digest::{Commitment, Digest},
    instant::Instant,
    receipts::Receipt,
    record::{AuditRecord, BatchRecord, Standing},
};

/// Path of a package's manifest among its entries.
const MANIFEST: &str = "manifest.json";

/// Why a receipt is not one of the record's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Nothing was read of the package.
    #[error("the record is of a package whose plan could not be read")]
    NoPlan,
    /// There is no such batch.
    #[error("the record has no batch {index}")]
    NoBatch {
        /// Index the receipt says.
        index: u32,
    },
    /// The batch is there and not proven.
    #[error("no valid proof binds batch {index} in the record")]
    Unproven {
        /// Index of the batch.
        index: u32,
    },
    /// No receipts of the batch are proven.
    #[error("the record proves no receipts for batch {index}")]
    NoReceipts {
        /// Index of the batch.
        index: u32,
    },
    /// The batch runs from and to other times, or the row lies outside it.
    #[error("batch {index} runs from {start} to {end} in the record; the receipt says {found_start} to {found_end}, its row {time}")]
    Times {
        /// Index of the batch.
        index: u32,
        /// As in the record.
        start: Instant,
        /// As in the record.
        end: Instant,
        /// As in the receipt.
        found_start: Instant,
        /// As in the receipt.
        found_end: Instant,
        /// Time of the row.
        time: Instant,
    },
    /// The receipt opens nothing, or not what it says.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The root is proven, for another batch.
    #[error("the receipt leads to the root of batch {other}, and says it is of batch {index}")]
    OtherBatch {
        /// Index the receipt says.
        index: u32,
        /// Whose root it is.
        other: u32,
    },
    /// The root is not proven in the record.
    #[error("the receipt leads to root {root}, the record proves {proven} for batch {index}{}", if *.same_package { "" } else { "; they are of different packages" })]
    RootNotProven {
        /// Index the receipt says.
        index: u32,
        /// Root of the receipt.
        root: Commitment,
        /// Root of the record.
        proven: Commitment,
        /// Whether receipt and record name the same package.
        same_package: bool,
    },
}

impl ReceiptError {
    /// Stable identifier of the cause.
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::NoPlan => "record-without-plan",
            Self::NoBatch { .. } => "batch-not-in-record",
            Self::Unproven { .. } => "batch-not-proven",
            Self::NoReceipts { .. } => "receipts-not-proven",
            Self::Times { .. } => "batch-times-differ",
            Self::Opening(OpeningError::Leaf { .. }) => "leaf-differs",
            Self::Opening(OpeningError::Decision { .. }) => "decision-contradicts-score",
            Self::Opening(OpeningError::Path(_) | OpeningError::Root { .. }) => "path-differs",
            Self::Opening(_) => "not-a-row-of-the-plan",
            Self::OtherBatch { .. } => "root-of-another-batch",
            Self::RootNotProven { .. } => "root-not-proven",
        }
    }
}

/// The manifest digest of a record's package; `None` if the package had no readable manifest.
pub fn manifest_digest(record: &AuditRecord) -> Option<Digest> {
    record.package.entries.iter().find(|entry| entry.path == MANIFEST).map(|entry| entry.digest)
}

/// Checks a receipt against a record, and returns the batch its row is in.
///
/// # Errors
/// [`ReceiptError`] for the first contradiction.
pub fn check_receipt<'r>(receipt: &Receipt, record: &'r AuditRecord) -> Result<&'r BatchRecord, ReceiptError> {
    let plan = &record.plan.as_ref().ok_or(ReceiptError::NoPlan)?.plan;
    let index = receipt.batch.index;
    let batch = record.batches.iter().find(|batch| batch.index == Some(index)).ok_or(ReceiptError::NoBatch { index })?;
    let content = batch.content.as_ref().filter(|_| batch.standing == Standing::Proven).ok_or(ReceiptError::Unproven { index })?;
    let proven = content.receipts.as_ref().ok_or(ReceiptError::NoReceipts { index })?.root;
    let (start, end) = (batch.start, batch.end);
    let (found_start, found_end, time) = (receipt.batch.start, receipt.batch.end, receipt.time);
    if (start, end) != (found_start, found_end) || !(start..end).contains(&time) {
        return Err(ReceiptError::Times { index, start, end, found_start, found_end, time });
    }
    let rows_of = |batch: &BatchRecord| batch.content.as_ref().and_then(|content| u32::try_from(content.rows).ok());
    let root = opened_root(plan, rows_of(batch).unwrap_or(0), receipt)?;
    if root == proven {
        return Ok(batch);
    }
    let root_of = |batch: &BatchRecord| batch.content.as_ref().and_then(|content| content.receipts.as_ref()).map(|receipts| receipts.root);
    if let Some(other) = record.batches.iter().find(|batch| root_of(batch) == Some(root)).and_then(|batch| batch.index) {
        return Err(ReceiptError::OtherBatch { index, other });
    }
    let same_package = manifest_digest(record) == Some(receipt.manifest_sha256);
    Err(ReceiptError::RootNotProven { index, root, proven, same_package })
}
