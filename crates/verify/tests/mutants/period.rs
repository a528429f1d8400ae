//! What a cheating bank would do to the proofs and segments that a period is proven in, told one by one.

use verifold_circuits::native::{self, ReplayError};
use verifold_model::{instant::Instant, state::RungName};
use verifold_package::Contents;

use super::{
    statement::moved,
    told::{
        Audit, Lie,
        Must::{BeRefused, LeaveUncovered, Stop},
        Told,
    },
};

/// The lies over a period with two models, the first in two segments.
pub(crate) const TOLD: Told = Told { sample: "changed-model", packages: CHANGES, audits: AUDITS, few: CHANGES.len() };

/// Nothing of the package but monitoring: what is said of it alone stands in the way.
fn alone(contents: &mut Contents) {
    contents.stages.clear();
    contents.changes.clear();
}

/// Computes the chain of a monitoring proof anew, as far as it follows from what is stated.
fn chained(contents: &mut Contents, at: usize) {
    let plan = contents.plan.clone();
    let statement = &mut contents.proofs[at].statement;
    let first = statement.batches[0].index;
    loop {
        match native::replay_from(first, statement, &plan) {
            Err(ReplayError::ChainHead { computed, .. }) => statement.chain_head = computed,
            Err(ReplayError::PlanCommitment { found, .. }) => statement.plan_commitment = found,
            _ => break,
        }
    }
}

fn day_after(at: Instant) -> Instant {
    moved(at, 86_400).unwrap()
}

const CHANGES: &[Lie<Contents>] = &[
    ("the first segment left out", BeRefused(&["segment-misplaced"], "monitoring"), |c| {
        alone(c);
        // What is listed must be there.
        let proof = &mut c.proofs[0];
        proof.bytes = std::mem::take(&mut proof.further[0].bytes);
    }),
    ("a segment replayed", BeRefused(&["segment-repeated"], "monitoring"), |c| {
        alone(c);
        c.proofs[0].further[0].bytes = c.proofs[0].bytes.clone();
    }),
    ("two segments exchanged", BeRefused(&["segment-misplaced"], "monitoring"), |c| {
        alone(c);
        let proof = &mut c.proofs[0];
        std::mem::swap(&mut proof.bytes, &mut proof.further[0].bytes);
    }),
    ("segments cut elsewhere", BeRefused(&["segment-missing"], "monitoring"), |c| {
        alone(c);
        c.proofs[0].further[0].first_batch += 1;
    }),
    ("a segment of the period after", BeRefused(&["segment-of-another-period"], "monitoring"), |c| {
        alone(c);
        c.proofs[0].further[0].bytes = c.proofs[1].bytes.clone();
    }),
    ("segments under another plan", BeRefused(&["segment-of-another-plan", "plan-commitment-differs"], "monitoring"), |c| {
        alone(c);
        c.plan.scoring.cutoff -= 1;
        chained(c, 0);
    }),
    ("segments under the model after", BeRefused(&["segment-under-another-model", "references-differ"], "monitoring"), |c| {
        alone(c);
        c.proofs[0].statement.model_commitment = c.proofs[1].statement.model_commitment;
    }),
    ("the first segment alone as the whole", BeRefused(&["proof-rejected"], "monitoring"), |c| {
        alone(c);
        c.proofs[0].further.clear();
    }),
    ("the proofs in another order", BeRefused(&["proofs-out-of-order", "batch-index-differs"], "monitoring"), |c| {
        alone(c);
        c.proofs.swap(0, 1);
    }),
    ("a proof between them left out", BeRefused(&["proof-left-out"], "monitoring-2"), |c| {
        alone(c);
        c.proofs[1].statement.header.previous_chain_head = Some(c.proofs[1].statement.plan_commitment);
    }),
    ("a period that begins before the one before it ends", BeRefused(&["periods-overlap"], "monitoring-2"), |c| {
        alone(c);
        let header = &mut c.proofs[1].statement.header;
        header.period.start = moved(header.period.start, -86_400).unwrap();
    }),
    ("days between two periods", BeRefused(&["periods-apart"], "monitoring-2"), |c| {
        alone(c);
        let header = &mut c.proofs[1].statement.header;
        header.period.start = day_after(header.period.start);
    }),
    ("a period that ends before it begins", BeRefused(&["period-inverted"], "monitoring-2"), |c| {
        alone(c);
        let header = &mut c.proofs[1].statement.header;
        header.period.start = day_after(header.period.end);
    }),
    ("a batch that begins before the last one of the proof before", BeRefused(&["batches-overlap"], "monitoring-2"), |c| {
        alone(c);
        let before = c.proofs[0].statement.batches.last().unwrap().start;
        let batches = &mut c.proofs[1].statement.batches;
        let at = batches.iter().position(|batch| batch.role != verifold_model::cohort::BatchRole::Reference).unwrap();
        batches[at].start = before;
    }),
    ("the same model twice, with another reference each", BeRefused(&["references-differ"], "monitoring-2"), |c| {
        alone(c);
        c.proofs[1].statement.model_commitment = c.proofs[0].statement.model_commitment;
        c.proofs[1].statement.batches[0].table.void[0][0] += 1;
    }),
    ("a change of model without its record", LeaveUncovered("IN-1"), |c| c.changes.clear()),
    ("a record of another change of model", Stop(RungName::Policy, &["requirement-rejected"]), |c| {
        c.changes[0].record.new_model = c.changes[0].record.old_model;
    }),
];

const AUDITS: &[Lie<Audit>] = &[
    ("a model that the auditor does not expect", Stop(RungName::Scope, &["model-changed"]), |a| a.engagement.models.truncate(1)),
    ("more segments than agreed on", Stop(RungName::Integrity, &["too-many-segments"]), |a| a.policy("segments = 4", "segments = 1")),
];
