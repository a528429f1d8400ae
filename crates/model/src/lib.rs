//! Words as types. This crate holds plain data only: it never reads a file, a clock or a random
//! source, never verifies anything, and depends on no other crate of the workspace.
//!
//! - [`plan`], [`shape`]: what the audited party chose to measure and the circuit it is measured with
//! - [`cohort`], [`statement`]: what a package states, batch by batch
//! - [`receipts`]: what a receipts proof states, and what one applicant is given
//! - [`revision`]: what an outcome-revision proof states
//! - [`training`], [`network_training`]: what a training proof states
//! - [`sample`]: rows drawn, opened and compared with documents
//! - [`preparation`]: how raw development rows became prepared ones
//! - [`lineage`]: what links the stages; [`metric`]: what follows from a verified count table, with definitions and sources
//! - [`state`]: requirement states, trust ladder, exit codes
//! - [`signer`]: public keys, fingerprints, roles; [`deposited`]: what is laid down before a period
//! - [`record`]: the audit record, the only serialised outcome
//! - [`proof_system`]: properties and strength of proof systems as data; [`candidates`]: those to choose among
//! - [`change`]: one model in another's place, and the provider's record of why
//! - [`traceability`]: why a stage is proven the way it is, in the provider's words
//! - [`protocol`]: messages between a host and its worker process; [`workbench`]: between the workbench and its host
//!
//! Holding a value of these types proves nothing. `Verified…` types live in `verify`.

pub mod calendar;
pub mod candidates;
pub mod change;
pub mod cohort;
pub mod decimal;
pub mod deposited;
pub mod development;
pub mod digest;
pub mod document;
pub mod format;
pub mod instant;
pub mod json;
pub mod limits;
pub mod lineage;
pub mod metric;
pub mod network_training;
pub mod plan;
pub mod preparation;
pub mod proof_system;
pub mod protocol;
pub mod receipts;
pub mod record;
pub mod revision;
pub mod sample;
pub mod shape;
pub mod signer;
pub mod state;
pub mod statement;
pub mod tailoring;
pub mod traceability;
pub mod training;
pub mod workbench;
