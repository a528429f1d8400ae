//! Receipts are of the monitored rows, or they are refused; what the proof check says has one cause each.

use verifold_model::{
    digest::Commitment,
    receipts::ReceiptsBatch,
    shape::{CircuitFamily, CircuitId},
    statement::StatementKind,
};
use verifold_package::{ClaimedPackage, Limits};

use super::*;

pub(crate) mod matured;
mod networks;

pub(crate) fn monitoring() -> MonitoringStatement {
    let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-q1/package.zkaudit");
    ClaimedPackage::read(&std::fs::read(sample).unwrap(), &Limits::default()).unwrap().proofs.swap_remove(0).statement
}

/// Receipts for every monitored batch; roots play no part here.
pub(crate) fn receipts(monitoring: &MonitoringStatement) -> ReceiptsStatement {
    let kind = StatementKind::ReceiptsV1;
    let circuit = CircuitId { family: kind.families()[0], shape: monitoring.header.circuit.shape };
    let root = Commitment::from_bytes([5; 32]);
    let batch = |batch: &BatchStatement| ReceiptsBatch {
        index: batch.index,
        rows: batch.rows,
        row_commitment: batch.row_commitment,
        root,
        step_roots: vec![root],
    };
    ReceiptsStatement {
        header: Header { statement: kind, circuit, ..monitoring.header.clone() },
        plan_commitment: monitoring.plan_commitment,
        model_commitment: monitoring.model_commitment,
        steps: 1,
        chain_head: root,
        batches: monitoring.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring).map(batch).collect(),
    }
}

#[track_caller]
fn check_refused(edit: impl FnOnce(&mut ReceiptsStatement), place: &str, part: &str) {
    let monitoring = monitoring();
    let mut receipts = receipts(&monitoring);
    assert_eq!(same_rows(&receipts, &monitoring), Ok(()));
    edit(&mut receipts);
    let refusal = same_rows(&receipts, &monitoring).unwrap_err();
    assert_eq!((refusal.state, refusal.cause, refusal.place.as_str()), (ProofState::Rejected, "receipts-of-other-rows", place));
    assert!(refusal.text.contains(part), "{}", refusal.text);
}

#[test]
fn receipts_of_anything_else_than_the_monitored_rows_are_refused() {
    let other = Commitment::from_bytes([9; 32]);
    check_refused(|r| r.header.subject.system.push('x'), "", "of another subject or period");
    check_refused(|r| r.header.period.end = r.header.period.start, "", "of another subject or period");
    check_refused(|r| r.header.previous_chain_head = Some(other), "", "of another subject or period");
    check_refused(|r| r.plan_commitment = other, "", "under plan");
    check_refused(|r| r.model_commitment = other, "", "under model");
    check_refused(|r| r.batches[2].row_commitment = other, "batch 3", "the receipts of batch 3 are of");
    check_refused(|r| r.batches[0].rows += 1, "batch 1", "the receipts of batch 1 are of");
    check_refused(|r| r.batches[1].index = 999, "batch 999", "which is not monitored");
}

/// Some of these no package can cause, as an earlier check stands before them; each is told apart all the same.
#[test]
fn every_way_a_proof_check_fails_has_its_cause() {
    let other = Commitment::from_bytes([0xff; 32]);
    let circuit: CircuitId = "scored-cohort/v1@f8.w8.g2.b10.h1.n15".parse().unwrap();
    let said = "as nova-snark says".to_owned();
    let causes = [
        (ProofError::Length { expected: 2, found: 1 }, "proof-length-differs"),
        (ProofError::Structure { part: "final state", offset: 8, expected: 7, found: 0 }, "proof-structure-differs"),
        (ProofError::Decode { reason: said.clone() }, "proof-undecodable"),
        (ProofError::TrailingBytes { unused: 1 }, "proof-trailing-bytes"),
        (ProofError::NotCanonical { offset: 9 }, "proof-not-canonical"),
        (ProofError::InitialState(verifold_circuits::NotCanonical { commitment: other }), "initial-state-differs"),
        (ProofError::Steps { steps: u64::MAX }, "proof-steps-differ"),
        (ProofError::Rejected { reason: said.clone() }, "proof-rejected"),
        (ProofError::FinalState { found: 6 }, "final-state-differs"),
        (ProofError::Panicked, "proof-check-panicked"),
    ];
    for (error, cause) in causes {
        let refusal = proof_refusal(&error);
        assert_eq!((refusal.state, refusal.cause), (ProofState::Rejected, cause), "{error}");
        assert!(!refusal.text.is_empty() && !refusal.short.is_empty());
    }
    let causes = [
        (KeyError::NoRoom(circuit.shape), "shape-without-room"),
        (KeyError::Setup { circuit, reason: said }, "key-not-derived"),
        (KeyError::NotPinned { circuit, pinned: other, derived: other }, "key-not-pinned"),
    ];
    for (error, cause) in causes {
        let refusal = key_refusal(&error);
        assert_eq!((refusal.state, refusal.cause), (ProofState::NotCheckable, cause), "{error}");
        assert!(refusal.text.contains("must not be relied on"), "{}", refusal.text);
    }
    assert_eq!(Checked::<VerifiedStage>::unreached().outcome.unwrap_err().cause, "not-reached");
}

#[test]
fn a_circuit_of_another_kind_is_refused_whatever_the_policy_accepts() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-q1");
    let policy = Policy::read(&std::fs::read_to_string(folder.join("policy.toml")).unwrap()).unwrap();
    let mut header = monitoring().header;
    let mut cause = |family, shape: &str| {
        header.circuit = CircuitId { family, shape: shape.parse().unwrap() };
        accepted(&header, ProofSystem::NovaPastaIpa, &policy).err().map(|refusal| refusal.cause)
    };
    let (plain, layered) = ("f20.w8.g4.b10.h4.n17", "f20.w8.g4.b10.h4.n17.l16-8");
    assert_eq!(cause(CircuitFamily::ScoredCohortV1, plain), None);
    assert_eq!(cause(CircuitFamily::NeuralCohortV1, layered), None);
    for (family, shape) in
        [(CircuitFamily::ScoredCohortV1, layered), (CircuitFamily::NeuralCohortV1, plain), (CircuitFamily::ReceiptsV1, plain)]
    {
        assert_eq!(cause(family, shape), Some("circuit-of-another-kind"), "{family:?}");
    }
    assert_eq!(cause(CircuitFamily::NeuralCohortV1, "f20.w8.g4.b10.h4.n16.l64-32"), Some("shape-without-room"));
    // Receipts: of a scorecard's scores or a network's, and this policy accepts neither.
    header.statement = StatementKind::ReceiptsV1;
    let mut cause = |family, shape: &str| {
        header.circuit = CircuitId { family, shape: shape.parse().unwrap() };
        accepted(&header, ProofSystem::NovaPastaIpa, &policy).err().map(|refusal| refusal.cause)
    };
    for (family, shape) in [(CircuitFamily::ReceiptsV1, plain), (CircuitFamily::NeuralReceiptsV1, layered)] {
        assert_eq!(cause(family, shape), Some("circuit-not-accepted"), "{family:?}");
    }
    for (family, shape) in
        [(CircuitFamily::ReceiptsV1, layered), (CircuitFamily::NeuralReceiptsV1, plain), (CircuitFamily::NeuralCohortV1, layered)]
    {
        assert_eq!(cause(family, shape), Some("circuit-of-another-kind"), "{family:?}");
    }
}
