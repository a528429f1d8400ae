//! Where did another model take over, does the auditor expect it, and what does the provider say about it?

use verifold_model::{
    change::{ChangeRecordSummary, ModelChange},
    cohort::BatchRole,
    digest::Digest,
    record::{BatchRecord, Finding, Source, Standing},
};
use verifold_package::{ClaimedPackage, ClaimedProof};
use verifold_policy::{Engagement, Stated};

use crate::evidence::Checked;

/// Neighbouring proofs under different models, with what became of them.
fn between(package: &ClaimedPackage) -> impl Iterator<Item = (usize, &ClaimedProof, &ClaimedProof)> {
    let pairs = package.proofs.iter().zip(package.proofs.iter().skip(1)).enumerate();
    pairs
        .filter(|(_, (before, proof))| before.statement.model_commitment != proof.statement.model_commitment)
        .map(|(at, (before, proof))| (at, before, proof))
}

/// Every change of model, in time order.
pub(super) fn changes(
    engagement: Option<&Engagement>,
    package: &ClaimedPackage,
    checked: &[Checked],
    batches: &[BatchRecord],
) -> Vec<ModelChange> {
    let valid = |at: usize| checked.get(at).is_some_and(|checked| checked.outcome.is_ok());
    let change = |(at, before, proof): (usize, &ClaimedProof, &ClaimedProof)| {
        let (old, new) = (before.statement.model_commitment, proof.statement.model_commitment);
        let first = proof.statement.batches.iter().find(|batch| batch.role == BatchRole::Monitoring);
        let numbered = first.and_then(|first| batches.iter().find(|batch| batch.index == Some(first.index)));
        let said = package.changes.iter().find(|change| change.proof == proof.id).map(|change| &change.record);
        ModelChange {
            at: proof.statement.header.period.start,
            batch: numbered.map_or(0, |batch| batch.number),
            old_model: old,
            new_model: new,
            old_proof: before.id.clone(),
            new_proof: proof.id.clone(),
            standing: if valid(at) && valid(at + 1) { Standing::Proven } else { Standing::Claimed },
            source: expected(engagement, proof),
            record: said.map(|document| ChangeRecordSummary {
                contradiction: document.contradiction(old, new),
                digest: Digest::of_canonical(document),
                document: document.clone(),
            }),
        }
    };
    between(package).map(change).collect()
}

/// Whether the engagement expects the model of a proof.
fn expected(engagement: Option<&Engagement>, proof: &ClaimedProof) -> Source {
    let mut models = engagement.iter().flat_map(|engagement| &engagement.models).filter_map(Stated::pinned).peekable();
    if models.peek().is_none() {
        Source::Package
    } else if models.any(|model| *model == proof.statement.model_commitment) {
        Source::Pinned
    } else {
        Source::Contradicted
    }
}

/// Changes that nobody announced, and records that announce another. One that the engagement contradicts is found with its models.
pub(super) fn findings(engagement: Option<&Engagement>, package: &ClaimedPackage) -> Vec<Finding> {
    let found = |(_, before, proof): (usize, &ClaimedProof, &ClaimedProof)| {
        let (old, new) = (before.statement.model_commitment, proof.statement.model_commitment);
        let said = package.changes.iter().find(|change| change.proof == proof.id);
        let since = proof.statement.header.period.start.date_text();
        let event = format!("the model changed on {since}, from {old} in {} to {new} in {}", before.id, proof.id);
        let (cause, text) = match (said, expected(engagement, proof)) {
            (Some(said), _) => {
                let other = said.record.contradiction(old, new)?;
                ("change-record-differs", format!("{event}; the change record of {} is about another change: {other}", proof.id))
            }
            (None, Source::Package) => {
                ("model-changed-silently", format!("{event}; no change record says why, and no engagement says that it is expected"))
            }
            (None, _) => return None,
        };
        Some(Finding { cause: cause.to_owned(), blocking: false, text, place: proof.id.clone() })
    };
    between(package).filter_map(found).collect()
}
