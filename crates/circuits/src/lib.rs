//! Circuits and their native twins: what a proof of this program says, and how it is checked.
//!
//! This crate never reads a file or a clock, never believes a value of a package, and never takes a key
//! from one: keys are derived from the code below. Randomness comes from the operating system alone.
//!
//! Families: `scored-cohort/v1` (docs/circuits/scored-cohort-v1.md), [`neural`] (docs/circuits/neural-cohort-v1.md),
//! [`receipts`] (docs/circuits/receipts-v1.md, docs/circuits/neural-receipts-v1.md), [`revision`]
//! (docs/circuits/outcome-revision-v1.md), [`training`] (docs/circuits/training-v1.md, for networks
//! docs/circuits/neural-training-v2.md) and [`preparation`] (docs/circuits/preparation-v1.md).
//!
//! - rows and outcomes become commitments: [`RowStream`], [`OutcomeStream`]
//! - batches become a statement and steps: [`MonitoringWitness`], [`Steps`]
//! - steps become a proof: [`Keys`], [`Prover`]
//! - a statement becomes the states a proof must join: [`native::replay`]
//! - proof bytes become the state they lead to: [`VerifierKey`], [`verify_proof`]
//!
//! A verifier compares the state of [`verify_proof`] with that of [`native::replay`]; neither says
//! anything without the other.

#[cfg(test)]
mod audit;
mod families;
mod family;
mod field;
mod keys;
mod layout;
mod model;
pub mod native;
pub mod neural;
mod open;
mod pinned;
mod poseidon;
pub mod preparation;
mod proof;
mod prover;
pub mod receipts;
pub mod revision;
mod row;
mod rows;
mod salt;
mod scorer;
mod size;
mod step;
mod streams;
pub mod tags;
pub mod training;
mod wires;
mod witness;

pub use families::{AnyStep, PublicState, Transition};
pub use field::NotCanonical;
pub use keys::{KeyError, Keys, VerifierKey, pinned_circuits, pinned_digest};
pub use model::{AnyModel, AnyModelError};
pub use proof::{DecodedProof, ProofError, claimed_final_state, verify_proof};
pub use prover::{ProveError, Prover};
pub use rows::{Model, ModelError, RowError, RowKind, RowRecord};
pub use salt::{RandomnessError, Salt};
pub use size::{CircuitFacts, constraint_count};
pub use step::Step;
pub use streams::{OutcomeStream, RowStream};
pub use witness::{BatchRows, MonitoringWitness, Steps, WitnessError};
