//! What a cheating bank would do to the stages around monitoring: preparation, training, offline metrics, receipts; told one
//! by one.

use verifold_circuits::preparation::PreparationReplayError;
use verifold_model::{
    preparation::{PreparationStatement, Rule},
    receipts::ReceiptsStatement,
    statement::{MonitoringStatement, StageStatement},
    training::TrainingStatement,
};
use verifold_package::Contents;

use super::told::{Lie, Must::BeRefused, Told};

/// The lies over a package with a proof of every stage.
pub(crate) const TOLD: Told = Told { sample: "credit-scoring-lifecycle", packages: CHANGES, audits: &[], few: CHANGES.len() };

pub(crate) fn preparation(contents: &mut Contents) -> &mut PreparationStatement {
    match &mut contents.stages[0].statement {
        StageStatement::Preparation(statement) => statement,
        other => panic!("{}", other.kind().name()),
    }
}

pub(crate) fn training(contents: &mut Contents) -> &mut TrainingStatement {
    match &mut contents.stages[1].statement {
        StageStatement::Training(statement) => statement,
        other => panic!("{}", other.kind().name()),
    }
}

pub(crate) fn offline(contents: &mut Contents) -> &mut MonitoringStatement {
    match &mut contents.stages[2].statement {
        StageStatement::OfflineMetrics(statement) => statement,
        other => panic!("{}", other.kind().name()),
    }
}

fn receipts(contents: &mut Contents) -> &mut ReceiptsStatement {
    match &mut contents.stages[3].statement {
        StageStatement::Receipts(statement) => statement,
        other => panic!("{}", other.kind().name()),
    }
}

/// The chain of the preparation as it follows from what is stated.
fn chained(contents: &mut Contents) {
    let plan = contents.plan.clone();
    let stated = preparation(contents);
    if let Err(PreparationReplayError::ChainHead { computed, .. }) = verifold_circuits::preparation::replay(stated, &plan) {
        stated.chain_head = computed;
    }
}

const CHANGES: &[Lie<Contents>] = &[
    ("a row more set aside", BeRefused(&["chain-differs"], "preparation"), |c| preparation(c).parts[0].profile.set_aside[0][1] += 1),
    ("a narrower domain", BeRefused(&["rules-contradict"], "preparation"), |c| preparation(c).preparation.columns[0].high -= 1),
    ("missing values taken for the best", BeRefused(&["rules-contradict"], "preparation"), |c| {
        preparation(c).preparation.columns[0].missing = Rule::Value(240);
    }),
    ("another map", BeRefused(&["proof-rejected"], "preparation"), |c| preparation(c).preparation.columns[0].addend += 1),
    ("a row more to train on", BeRefused(&["profile-impossible", "link-broken"], "preparation"), |c| preparation(c).parts[0].rows += 21),
    ("parts exchanged", BeRefused(&["parts-impossible", "link-broken", "link-broken"], "preparation"), |c| preparation(c).parts.swap(0, 1)),
    ("test rows are training rows", BeRefused(&["chain-differs", "link-broken"], "preparation"), |c| {
        preparation(c).parts[1].row_commitment = preparation(c).parts[0].row_commitment;
    }),
    ("test rows are training rows, the chain computed anew", BeRefused(&["final-state-differs", "link-broken"], "preparation"), |c| {
        let part = preparation(c).parts[0].clone();
        let test = &mut preparation(c).parts[1];
        (test.row_commitment, test.raw_row_commitment) = (part.row_commitment, part.raw_row_commitment);
        chained(c);
    }),
    ("a row more set aside, the chain computed anew", BeRefused(&["final-state-differs"], "preparation"), |c| {
        preparation(c).parts[0].profile.set_aside[0][1] += 1;
        chained(c);
    }),
    ("raw rows in the place of prepared ones", BeRefused(&["proof-rejected", "link-broken"], "training"), |c| {
        let raw = preparation(c).parts[0].raw_row_commitment;
        training(c).row_commitment = raw;
    }),
    ("rows and outcomes exchanged", BeRefused(&["proof-rejected", "link-broken"], "training"), |c| {
        let training = training(c);
        std::mem::swap(&mut training.row_commitment, &mut training.outcome_commitment);
    }),
    ("a training of another period", BeRefused(&["proof-rejected"], "training"), |c| {
        training(c).header.period.end = training(c).header.period.start;
    }),
    ("fewer epochs", BeRefused(&["step-count-differs"], "training"), |c| training(c).spec.epochs -= 1),
    ("another schedule", BeRefused(&["proof-rejected"], "training"), |c| training(c).spec.rate_offset += 1),
    ("another start", BeRefused(&["training-contradicts"], "training"), |c| training(c).spec.initial_bias += 1),
    ("rates that move nothing", BeRefused(&["training-contradicts"], "training"), |c| training(c).spec.rate_numerator = 1),
    ("other training rows", BeRefused(&["proof-rejected", "link-broken"], "training"), |c| {
        let test = preparation(c).parts[1].clone();
        training(c).row_commitment = test.row_commitment;
        training(c).outcome_commitment = test.outcome_commitment;
    }),
    ("training rows spread more evenly", BeRefused(&["chain-differs"], "offline-metrics"), |c| {
        offline(c).batches[0].table.histograms[0].swap(0, 1);
    }),
    ("no training rows beside the test rows", BeRefused(&["roles-differ"], "offline-metrics"), |c| drop(offline(c).batches.remove(0))),
    ("test rows counted as training rows", BeRefused(&["chain-differs", "link-broken"], "offline-metrics"), |c| {
        let test = preparation(c).parts[1].clone();
        offline(c).batches[0].row_commitment = test.row_commitment;
        offline(c).batches[0].outcome_commitment = test.outcome_commitment;
    }),
    ("proofs exchanged", BeRefused(&["proof-rejected", "proof-rejected"], "preparation"), |c| {
        let bytes = c.stages[0].bytes.clone();
        c.stages[0].bytes = std::mem::replace(&mut c.stages[1].bytes, bytes);
    }),
    ("a training that makes no step", BeRefused(&["training-contradicts"], "training"), |c| training(c).spec.epochs = 0),
    ("a scorecard's training in the shape of a network's", BeRefused(&["circuit-of-another-kind"], "training"), |c| {
        training(c).header.circuit.shape = "f20.w8.g4.b10.h0.n16.l8".parse().unwrap();
    }),
    ("receipts of one batch twice", BeRefused(&["receipts-contradict"], "receipts"), |c| {
        let batch = receipts(c).batches[0].clone();
        receipts(c).batches.insert(0, batch);
    }),
    ("receipts under another model", BeRefused(&["receipts-of-other-rows"], "receipts"), |c| {
        receipts(c).model_commitment = receipts(c).plan_commitment;
    }),
];
