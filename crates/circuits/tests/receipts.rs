//! What a receipts statement, a path and a receipt are refused for, each by its own name.

mod fixture;

use fixture::{at, model, plain_rows, plan, salt, witness};
use verifold_circuits::{
    NotCanonical, WitnessError,
    receipts::{Issuer, OpeningError, PathError, ReceiptTree, ReceiptsReplayError, ReceiptsWitness, leaf_salt, opened_root, replay},
};
use verifold_model::{
    digest::{Commitment, Digest},
    plan::Plan,
    receipts::{Receipt, ReceiptBatch, ReceiptRow, ReceiptsStatement},
    shape::{CircuitFamily, CircuitId},
};

const SHAPE: &str = "f8.w8.g2.b10.h1.n15";

fn circuit(shape: &str) -> CircuitId {
    CircuitId { family: CircuitFamily::ReceiptsV1, shape: shape.parse().unwrap() }
}

fn receipts() -> ReceiptsWitness {
    fixture::receipts(SHAPE, 5)
}

#[test]
fn the_statement_is_about_the_rows_and_the_model_of_the_monitoring_statement() {
    let (receipts, monitoring) = (receipts(), witness(fixture::circuit(SHAPE), 5));
    let (receipts, monitoring) = (receipts.statement(), monitoring.statement());
    assert_eq!(receipts.plan_commitment, monitoring.plan_commitment);
    assert_eq!(receipts.model_commitment, monitoring.model_commitment);
    for (ours, theirs) in receipts.batches.iter().zip(&monitoring.batches) {
        assert_eq!((ours.index, ours.rows, ours.row_commitment), (theirs.index, theirs.rows, theirs.row_commitment));
    }
    assert_eq!(receipts.batches.len(), monitoring.batches.len());
}

#[track_caller]
fn check_replay(edit: impl FnOnce(&mut ReceiptsStatement, &mut Plan), expected: impl FnOnce(&ReceiptsStatement) -> ReceiptsReplayError) {
    let honest = receipts();
    let (mut statement, mut plan) = (honest.statement().clone(), honest.plan().clone());
    assert!(replay(&statement, &plan).is_ok());
    edit(&mut statement, &mut plan);
    assert_eq!(replay(&statement, &plan), Err(expected(honest.statement())));
}

#[test]
fn each_contradiction_of_a_statement_is_named() {
    let beyond = Commitment::from_bytes([0xff; 32]);
    let source = NotCanonical { commitment: beyond };
    let other = Commitment::from_bytes([7; 32]);
    let in_batch = |index: u32| ReceiptsReplayError::NotCanonical { place: format!("batch {index}"), source: source.clone() };
    check_replay(
        |_, plan| plan.features.clear(),
        |_| {
            let mut plan = plan(circuit(SHAPE), 5);
            plan.features.clear();
            ReceiptsReplayError::Plan(plan.check().unwrap_err())
        },
    );
    check_replay(
        |s, _| s.header.circuit = circuit("f16.w8.g2.b10.h1.n15"),
        |_| ReceiptsReplayError::Shape { circuit: circuit("f16.w8.g2.b10.h1.n15").shape, plan: circuit(SHAPE).shape },
    );
    let large = circuit("f64.w16.g8.b20.h8.n15");
    check_replay(
        |s, p| {
            s.header.circuit = large;
            *p = plan(large, 8);
        },
        |_| ReceiptsReplayError::NoRoom(large.shape),
    );
    check_replay(|s, _| s.plan_commitment = other, |s| ReceiptsReplayError::PlanCommitment { stated: other, found: s.plan_commitment });
    check_replay(
        |s, _| s.model_commitment = beyond,
        |_| ReceiptsReplayError::NotCanonical { place: "model commitment".into(), source: source.clone() },
    );
    check_replay(|s, _| s.batches.clear(), |_| ReceiptsReplayError::NoBatches);
    check_replay(|s, _| s.batches.swap(0, 1), |_| ReceiptsReplayError::Order { previous: 1, index: 0 });
    check_replay(|s, _| s.batches[1].index = 0, |_| ReceiptsReplayError::Order { previous: 0, index: 0 });
    check_replay(|s, _| s.batches[1].rows = 1 << 24, |_| ReceiptsReplayError::Rows { index: 1, rows: 1 << 24 });
    check_replay(|s, _| s.batches[2].rows += 21, |_| ReceiptsReplayError::StepRoots { index: 2, stated: 5, computed: 6 });
    check_replay(|s, _| s.batches[1].step_roots.clear(), |_| ReceiptsReplayError::StepRoots { index: 1, stated: 0, computed: 1 });
    check_replay(|s, _| s.batches[2].step_roots[3] = beyond, |_| in_batch(2));
    check_replay(|s, _| s.batches[1].row_commitment = beyond, |_| in_batch(1));
    check_replay(|s, _| s.batches[0].root = other, |s| ReceiptsReplayError::Root { index: 0, stated: other, computed: s.batches[0].root });
    check_replay(|s, _| s.steps += 1, |s| ReceiptsReplayError::Steps { stated: s.steps + 1, computed: s.steps });
    check_replay(|s, _| s.chain_head = other, |s| ReceiptsReplayError::ChainHead { stated: other, computed: s.chain_head });
    for edit in [
        |s: &mut ReceiptsStatement| s.batches[2].rows -= 1,
        |s: &mut ReceiptsStatement| s.batches[0].row_commitment = Commitment::from_bytes([7; 32]),
        |s: &mut ReceiptsStatement| s.header.subject.model.push('x'),
    ] {
        let honest = receipts();
        let mut statement = honest.statement().clone();
        edit(&mut statement);
        let found = replay(&statement, honest.plan());
        assert!(matches!(found, Err(ReceiptsReplayError::ChainHead { .. })), "{found:?}");
    }
}

#[test]
fn a_row_out_of_order_is_named() {
    let mut batches = fixture::receipt_rows(5);
    batches[2].rows.swap(3, 4);
    let found = ReceiptsWitness::new(receipts().statement().header.clone(), plan(circuit(SHAPE), 5), model(5), salt(99), salt(7), batches);
    assert!(matches!(found.err(), Some(WitnessError::Row { batch: 2, row: 4, .. })));
}

/// The receipt of a row of batch 2, with the rows of that batch.
fn receipt(position: u32) -> (Receipt, u32) {
    let (plan, model, seed) = (plan(circuit(SHAPE), 5), model(5).into(), salt(7));
    let rows = plain_rows(5)[2].clone();
    let tree = ReceiptTree::new(&plan, &model, &rows, &|position| leaf_salt(&seed, 2, position)).unwrap();
    let subject = receipts().statement().header.subject.clone();
    let issuer = Issuer { manifest_sha256: Digest::of(b"manifest"), subject: &subject, plan: &plan, model: &model, seed: &seed };
    let batch = ReceiptBatch { index: 2, start: at(3000), end: at(4000) };
    (issuer.receipt(batch, &tree, position, &rows[position as usize]).unwrap(), rows.len() as u32)
}

#[test]
fn every_row_scored_or_void_opens_to_the_proven_root() {
    let root = receipts().statement().batches[2].root;
    let mut kinds = [0; 2];
    for position in 0..plain_rows(5)[2].len() as u32 {
        let (receipt, rows) = receipt(position);
        kinds[usize::from(matches!(receipt.row, ReceiptRow::Void { .. }))] += 1;
        let read: Receipt = serde_json::from_str(&serde_json::to_string(&receipt).unwrap()).unwrap();
        assert_eq!(read, receipt);
        assert_eq!(opened_root(&plan(circuit(SHAPE), 5), rows, &read), Ok(root));
    }
    assert!(kinds.iter().all(|n| *n > 5), "{kinds:?}");
}

#[track_caller]
fn check_opening(edit: impl FnOnce(&mut Receipt), expected: impl FnOnce(&OpeningError) -> bool) {
    let (mut receipt, rows) = receipt(30);
    let plan = plan(circuit(SHAPE), 5);
    assert!(opened_root(&plan, rows, &receipt).is_ok());
    edit(&mut receipt);
    let found = opened_root(&plan, rows, &receipt).unwrap_err();
    assert!(expected(&found), "{found}");
}

fn scored(receipt: &mut Receipt) -> (&mut Vec<verifold_model::receipts::FeatureValue>, &mut i64, &mut bool, &mut bool) {
    match &mut receipt.row {
        ReceiptRow::Scored { features, score, model_approves, logged_approval } => (features, score, model_approves, logged_approval),
        ReceiptRow::Void { .. } => panic!("row 30 is scored"),
    }
}

#[test]
fn each_alteration_of_a_receipt_is_named() {
    let leaf = |error: &OpeningError| matches!(error, OpeningError::Leaf { .. });
    check_opening(|r| *scored(r).1 += 1, leaf);
    check_opening(|r| *scored(r).3 ^= true, leaf);
    check_opening(|r| scored(r).0[2].value = "1.5".parse().unwrap(), leaf);
    check_opening(|r| r.group = if r.group == "male" { "female" } else { "male" }.into(), leaf);
    check_opening(|r| r.sequence += 1, leaf);
    check_opening(|r| r.time = at(3999), leaf);
    check_opening(|r| r.salt = Commitment::from_bytes([9; 32]), leaf);
    check_opening(|r| r.row = ReceiptRow::Void { reason: verifold_model::cohort::VoidReason::Unreadable }, leaf);
    check_opening(|r| r.leaf = Commitment::from_bytes([9; 32]), leaf);
    check_opening(|r| *scored(r).2 ^= true, |e| matches!(e, OpeningError::Decision { .. }));
    check_opening(
        |r| scored(r).0[2].value = "1.25".parse().unwrap(),
        |e| matches!(e, OpeningError::Value { feature, .. } if feature == "column 2"),
    );
    check_opening(|r| scored(r).0[2].value = "900".parse().unwrap(), |e| matches!(e, OpeningError::Value { .. }));
    check_opening(|r| scored(r).0.swap(0, 1), |e| matches!(e, OpeningError::Feature { position: 0, .. }));
    check_opening(|r| drop(scored(r).0.pop()), |e| matches!(e, OpeningError::Feature { position: 4, .. }));
    check_opening(|r| scored(r).0[1].unit.push('x'), |e| matches!(e, OpeningError::Feature { position: 1, .. }));
    check_opening(|r| r.group = "other".into(), |e| *e == OpeningError::Group("other".into()));
    check_opening(|r| r.sequence = 1 << 24, |e| *e == OpeningError::Sequence(1 << 24));
    check_opening(|r| r.salt = Commitment::from_bytes([0xff; 32]), |e| matches!(e, OpeningError::Salt(_)));
    check_opening(|r| r.position = 31, |e| matches!(e, OpeningError::Root { .. }));
    check_opening(|r| r.path = receipt(31).0.path, |e| matches!(e, OpeningError::Root { .. }));
    check_opening(|r| r.root = Commitment::from_bytes([9; 32]), |e| matches!(e, OpeningError::Root { .. }));
    check_opening(|r| r.position = 90, |e| *e == OpeningError::Path(PathError::Position { position: 90, rows: 90 }));
    check_opening(|r| drop(r.path.pop()), |e| *e == OpeningError::Path(PathError::Levels { expected: 3, found: 2 }));
}
