//! Do the traceability specifications of a package agree with its proofs?
//!
//! They are compared with what the package says its proofs are; whether a proof holds is another question, and whether
//! the document is true is nobody's here.

use verifold_model::{digest::Digest, record::TraceabilitySummary, statement::StatementKind, traceability::ProofUsed};
use verifold_package::ClaimedPackage;

/// Every document with what is missing in it, and where it is at odds with itself or with the proofs of its stage.
pub(crate) fn summaries(package: &ClaimedPackage) -> Vec<TraceabilitySummary> {
    let summary = |document: &verifold_model::traceability::Traceability| {
        let mut contradictions = document.contradictions();
        let mut proofs = Vec::new();
        // Offline metrics are counted by the circuit of monitoring: the document of their stage is about the training. Later
        // outcomes are about monitored batches: the document of their stage is about the monitoring.
        let beside = [StatementKind::OfflineMetricsV2, StatementKind::MaturedCohortV1, StatementKind::OutcomeRevisionV1];
        let stages = package.stages.iter().filter(|stage| !beside.contains(&stage.kind));
        let stages = stages.map(|stage| (&stage.id, stage.stage, stage.kind, stage.system, stage.statement.header().circuit));
        let monitoring =
            package.proofs.iter().map(|proof| (&proof.id, proof.stage, proof.kind, proof.system, proof.statement.header.circuit));
        for (id, _, statement, system, circuit) in stages.chain(monitoring).filter(|(_, stage, ..)| *stage == document.stage) {
            for found in document.contradicts(ProofUsed { statement, system, circuit }, &package.subject.system) {
                if !contradictions.contains(&found) {
                    contradictions.push(found);
                }
            }
            proofs.push(id.clone());
        }
        TraceabilitySummary {
            document: document.clone(),
            digest: Digest::of_canonical(document),
            proofs,
            gaps: document.gaps(),
            contradictions,
        }
    };
    package.traceability.iter().map(summary).collect()
}
