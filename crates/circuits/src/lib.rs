//! Row stream, step circuits, native twins and shapes.

#[cfg(test)]
mod audit;
mod family;
mod field;
mod keys;
mod layout;
pub mod native;
mod open;
mod pinned;
mod poseidon;
mod proof;
mod prover;
mod row;
mod rows;
mod salt;
mod size;
mod step;
mod streams;
pub mod tags;
mod wires;
mod witness;

pub use field::NotCanonical;
pub use keys::{KeyError, Keys, VerifierKey, pinned_circuits, pinned_digest};
pub use proof::{ProofError, verify_proof};
pub use prover::{ProveError, Prover};
pub use rows::{Model, ModelError, RowError, RowKind, RowRecord};
pub use salt::{RandomnessError, Salt};
pub use size::{CircuitFacts, constraint_count};
pub use step::Step;
pub use streams::{OutcomeStream, RowStream};
pub use witness::{BatchRows, MonitoringWitness, Steps, WitnessError};
