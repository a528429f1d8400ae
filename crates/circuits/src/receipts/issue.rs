//! What is an applicant given? The opening of their row's leaf, in the plan's own units.

use verifold_model::{
    digest::{Commitment, Digest},
    instant::{Instant, SEQUENCE_BITS},
    plan::Plan,
    receipts::{FeatureValue, Receipt, ReceiptBatch, ReceiptRow, ReceiptSchema},
    statement::Subject,
};

use super::{
    tree::{ReceiptTree, leaf_score},
    witness::leaf_salt,
};
use crate::{
    model::AnyModel,
    native::bin_of,
    rows::{RowKind, RowRecord},
    salt::Salt,
};

/// What all receipts of a package have in common. Holds secrets: it stays with the prover.
#[derive(Debug, Clone, Copy)]
pub struct Issuer<'a> {
    /// SHA-256 of the package's manifest.
    pub manifest_sha256: Digest,
    /// Whose system.
    pub subject: &'a Subject,
    /// The plan.
    pub plan: &'a Plan,
    /// The model.
    pub model: &'a AnyModel,
    /// Seed of the leaves' salts.
    pub seed: &'a Salt,
}

/// A row that no receipt can be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The batch has no such row, or another row than the tree was made of.
    #[error("the tree holds no row at position {0}")]
    Position(u32),
    /// A value of the row needs more digits than a decimal has.
    #[error("feature {0} is a number of more than 18 digits in its plan's unit")]
    Digits(usize),
    /// The row's time or group is not one of the plan's calendar and groups.
    #[error("the row's time or group has no name in the plan")]
    Unnamed,
}

impl Issuer<'_> {
    /// The receipt of one row of a batch.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn receipt(&self, batch: ReceiptBatch, tree: &ReceiptTree, position: u32, row: &RowRecord) -> Result<Receipt, IssueError> {
        let (Some(leaf), Some(path)) = (tree.leaf(position), tree.path(position)) else { return Err(IssueError::Position(position)) };
        let time = Instant::from_unix_secs(row.key >> SEQUENCE_BITS).ok_or(IssueError::Unnamed)?;
        let group = self.plan.grouping.names.get(usize::from(row.group)).ok_or(IssueError::Unnamed)?.clone();
        let opened = match &row.kind {
            RowKind::Void(reason) => ReceiptRow::Void { reason: *reason },
            RowKind::Scored { features, logged, .. } => {
                let value = |(i, (feature, quantised)): (usize, (&verifold_model::plan::Feature, &u32))| {
                    let value = feature.plain(*quantised).ok_or(IssueError::Digits(i))?;
                    Ok(FeatureValue { name: feature.name.clone(), value, unit: feature.unit.clone() })
                };
                let score = leaf_score(self.model, row);
                ReceiptRow::Scored {
                    features: self.plan.features.iter().zip(features).enumerate().map(value).collect::<Result<_, _>>()?,
                    score,
                    model_approves: self.plan.scoring.approves(bin_of(&self.plan.scoring.edges, score)),
                    logged_approval: *logged,
                }
            }
        };
        Ok(Receipt {
            schema: ReceiptSchema::V1,
            manifest_sha256: self.manifest_sha256,
            subject: self.subject.clone(),
            batch,
            position,
            time,
            sequence: (row.key & ((1 << SEQUENCE_BITS) - 1)) as u32,
            group,
            row: opened,
            salt: Commitment::from_bytes(*leaf_salt(self.seed, batch.index, position).as_bytes()),
            leaf,
            path,
            root: tree.root(),
        })
    }
}
