//! `receipts/v1` and `neural-receipts/v1`: one salted leaf for each row of a batch, under a proven root.
//!
//! The circuit replays the row streams that a monitoring proof committed to, scores each row with the same model,
//! and hashes row, score and a salt into a leaf. Whoever is given the opening of one leaf checks it against the
//! published root by hashing alone. What scores a row is the [`crate::scorer`]; all else is the same in both families.
//! The written arguments are docs/circuits/receipts-v1.md and docs/circuits/neural-receipts-v1.md.
//!
//! - leaves become roots and paths: [`ReceiptTree`]
//! - a row becomes what its applicant is given: [`Issuer`]
//! - an opening becomes the root it leads to: [`opened_root`]
//! - batches become a statement and steps: [`ReceiptsWitness`], [`ReceiptsSteps`]
//! - a statement becomes the states a proof must join: [`replay`]

#[cfg(test)]
mod audit;
mod family;
mod issue;
mod opening;
mod replay;
mod size;
mod slot;
mod step;
mod tree;
mod witness;

pub use issue::{IssueError, Issuer};
pub use opening::{OpeningError, opened_root, opened_row};
pub use replay::{ReceiptsReplayError, replay};
pub use size::rows_per_step;
pub(crate) use size::{dimensions, facts};
pub use step::ReceiptsStep;
pub use tree::{PathError, ReceiptTree, root_of};
pub use witness::{ReceiptRows, ReceiptsSteps, ReceiptsWitness, leaf_salt};
