//! From claimed bytes to verified evidence to results. This crate never takes a value from a package for true:
//! what it assesses is what a proof binds, under a key it derived from circuit code.
//!
//! - [`verify`]: one verification, from bytes to an audit record
//! - [`VerifiedEvidence`]: what a valid proof establishes; nothing else can build one
//! - [`metrics`]: what follows from a verified count table, exactly or as an interval
//! - [`check_receipt`]: one applicant's receipt against a record; [`sample`]: rows drawn, opened, and what follows of all
//! - [`KeyStore`]: verifier keys of this process, derived once each
//!
//! It does not establish that committed rows are the real world's, that nothing was left out before
//! commitment, or that anything complies with the law.

mod anchors;
mod assess;
mod compare;
mod deposits;
mod development;
mod documents;
mod evidence;
mod fixed;
mod headline;
mod keys;
mod lineage;
pub mod metrics;
mod origin;
mod receipts;
mod run;
pub mod sample;
mod scope;
mod traceability;

pub use crate::{
    evidence::{VerifiedEvidence, VerifiedPreparation, VerifiedStage, VerifiedTraining},
    keys::KeyStore,
    receipts::{ReceiptError, check_receipt, manifest_digest},
    run::{Inputs, Progress, Received, verify},
};
