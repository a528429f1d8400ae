//! Untrusted bytes to and from a [`ClaimedPackage`]. This crate never verifies a proof, never
//! opens a file, and believes nothing: whatever it hands on is a claim.
//!
//! What does reading establish?
//! - [`container`]: the file is the one canonical container of its entries, so nothing hides between or behind them.
//! - [`manifest`]: every entry is listed with size, digest and role, and every listed entry is there.
//! - [`claimed`]: plan and statements have one spelling, known kinds, and agree with the manifest on subject and period.
//! - [`traceability`]: decision records have one spelling and can be printed; whether they are true is nobody's here.
//! - [`dsse`]: signatures over the manifest have one spelling; who may sign, and whether they did, is asked elsewhere.
//! - [`Limits`]: all of it within stated bounds, checked before memory is spent.
//!
//! [`signing`] and [`key`] are the other way: how a package is signed, and how a signer keeps a key.
//!
//! [`anchor`], [`deposit`] and [`document`] read what stands outside a package: checkpoints of its batches, received while
//! they were made, digests of what was fixed before, and signatures of policies and engagements. [`timestamp`] reads the
//! word of a time-stamp authority for when a checkpoint was there, [`model_signature`] that of whoever signed a model file.
//!
//! What it does not establish: who made the package, that a proof is valid, that a plan or a table
//! is free of contradictions. Anyone can make a package that reads well.

pub mod anchor;
pub mod change;
pub mod claimed;
pub mod container;
pub mod deposit;
pub mod document;
pub mod dsse;
pub mod error;
pub mod key;
pub mod manifest;
pub mod model_signature;
mod note;
mod plain_text;
pub mod signing;
pub mod timestamp;
pub mod traceability;
pub mod writing;

use schemars::schema_for;
use verifold_model::{
    change::ChangeRecord,
    plan::Plan,
    receipts::Receipt,
    record::AuditRecord,
    sample::{SampleOpenings, SampleRequest, SampleResult},
    statement::MonitoringStatement,
};

pub use verifold_model::limits::{Exceeded, Limit, Limits};

pub use crate::{
    anchor::{AnchoredBatch, Checkpoint, CheckpointError},
    claimed::{ClaimedChange, ClaimedPackage, ClaimedProof, ClaimedSegment, ClaimedStage},
    deposit::{Deposit, DepositError},
    document::DocumentEnvelope,
    dsse::{ClaimedSignature, Envelope},
    error::PackageError,
    key::{KeyError, SecretKey},
    manifest::{EntryRole, Manifest},
    model_signature::{ModelKey, ModelSignature, ModelSignatureError, SignedFile},
    signing::SignError,
    timestamp::{Token, TokenError},
    writing::{Contents, write},
};

/// JSON Schemas of the formats a package and a verification write: file name and text.
pub fn schemas() -> Vec<(&'static str, String)> {
    let text = |schema: schemars::Schema| format!("{:#}\n", schema.to_value());
    vec![
        ("manifest.schema.json", text(schema_for!(Manifest))),
        ("package-signature.schema.json", text(schema_for!(dsse::Statement))),
        ("document-signature.schema.json", text(schema_for!(document::DocumentStatement))),
        ("envelope.schema.json", text(schema_for!(dsse::EnvelopeFile))),
        ("change-record.schema.json", text(schema_for!(ChangeRecord))),
        ("plan.schema.json", text(schema_for!(Plan))),
        ("statement.schema.json", text(schema_for!(MonitoringStatement))),
        ("record.schema.json", text(schema_for!(AuditRecord))),
        ("receipt.schema.json", text(schema_for!(Receipt))),
        ("sample-request.schema.json", text(schema_for!(SampleRequest))),
        ("sample-openings.schema.json", text(schema_for!(SampleOpenings))),
        ("sample-result.schema.json", text(schema_for!(SampleResult))),
    ]
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_schema_is_an_object_schema_that_closes_its_fields() {
        for (name, text) in super::schemas() {
            let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(schema["type"], "object", "{name}");
            assert_eq!(schema["additionalProperties"], false, "{name}");
        }
    }
}
