//! Policies and engagements: what is demanded, fixed before any result is known. This crate never
//! reads a package, and never decides whether a requirement is met; `verify` does.
//!
//! - [`policy`]: requirements with their legal basis, accepted circuits, constraints on the measurement plan
//! - [`sentence`]: each requirement as one plain English sentence, generated from its rule
//! - [`plan_choices`]: which choices of a plan the policy constrains, and which the provider made alone
//! - [`engagement`]: what the auditor of this audit expects, and where the expectation comes from
//! - [`signers`]: whose signatures count, for what, and how many are needed
//! - [`anchoring`]: what must have been fixed before results were known
//! - [`overlay`]: what of a policy changes for one audit, with a rationale, an owner and an end
//! - [`traceability`]: why a stage is proven the way it is, as people at the provider write it
//! - [`draft`]: an engagement to begin with, in which nothing counts until the auditor confirms it
//! - [`notice`]: errors and warnings with line and column
//!
//! Holding a policy says nothing about the law: who wrote it chose the metrics and the limits.

pub mod anchoring;
mod change_record;
pub mod draft;
pub mod engagement;
mod engagement_file;
pub mod library;
mod limits_file;
pub mod notice;
pub mod overlay;
pub mod plan_choices;
pub mod policy;
mod policy_file;
mod policy_lint;
pub mod sentence;
pub mod signers;
pub mod traceability;

use schemars::schema_for;

pub use crate::{
    anchoring::anchored_within_days,
    change_record::read_change_record,
    draft::{Draft, DraftBatch, DraftSigner},
    engagement::{ControlTotal, Engagement, ExpectedCalendar, PinnedKey, Stated, Status, SubjectPins},
    notice::{Level, Lint, Notice, ReadError},
    overlay::{Overlay, Reference, Tailored, tailor},
    policy::{
        AcceptedCircuit, Assertion, Comparator, Exemption, LegalRef, MetricRule, OnMissing, Pin, PlanConstraint, Policy, Requirement, Rule,
        Scope, SystemRefused, Tolerance,
    },
    signers::{OriginDemand, TrustedSigner},
    traceability::{TraceabilityDraft, lint_traceability, read_traceability},
};

/// JSON Schemas of the formats people write: file name and text.
pub fn schemas() -> Vec<(&'static str, String)> {
    let text = |schema: schemars::Schema| format!("{:#}\n", schema.to_value());
    vec![
        ("policy.schema.json", text(schema_for!(policy_file::PolicyFile))),
        ("overlay.schema.json", text(schema_for!(overlay::OverlayFile))),
        ("engagement.schema.json", text(schema_for!(engagement_file::EngagementFile))),
        ("traceability.schema.json", text(schema_for!(verifold_model::traceability::Traceability))),
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
