//! `outcome-revision/v1`: how many rows of a batch went from which outcome to which, between two outcome streams.
//!
//! The circuit reads both streams row by row, under one key for each row, and counts the pairs of outcomes. It needs no
//! model and no plan: what the streams are of is shown by the cohort proofs whose outcome commitments are compared with
//! its own. The written argument is docs/circuits/outcome-revision-v1.md.
//!
//! - batches become a statement and steps: [`RevisionWitness`], [`RevisionSteps`]
//! - a statement becomes the states a proof must join: [`replay`]

#[cfg(test)]
mod audit;
mod family;
mod replay;
mod size;
mod step;
mod witness;

pub use replay::{RevisionReplayError, replay, revision_shape};
pub(crate) use size::{dimensions, facts};
pub use step::RevisionStep;
pub use witness::{RevisedRow, RevisedRows, RevisionSteps, RevisionWitness, RevisionWitnessError};
