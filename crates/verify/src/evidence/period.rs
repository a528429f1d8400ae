//! Do the monitoring proofs of a package follow one another, and what do they establish together?
//!
//! Each is about batches under one model. The header of every proof but the first holds the chain head of the one before
//! it, so a proof left out or moved shows; their periods join, their batches are numbered on and stand in time order, and one
//! model has one reference. Only where all of them are valid is there a [`VerifiedPeriod`].

use verifold_model::{
    cohort::{BatchRole, BatchStatement, BatchTable},
    digest::Commitment,
    plan::Plan,
    record::ProofState,
};
use verifold_package::ClaimedProof;
use verifold_policy::Policy;

use super::{Checked, NOTHING, Refusal, VerifiedEvidence, check_from, refusal};
use crate::keys::KeyStore;

/// What the valid proofs of a period establish together, in time order: one or more, under one plan.
#[derive(Debug, Clone)]
pub(crate) struct VerifiedPeriod<'a> {
    first: &'a VerifiedEvidence,
    further: Vec<&'a VerifiedEvidence>,
}

impl<'a> VerifiedPeriod<'a> {
    /// All of them, if all are valid and there is one.
    pub(crate) fn of(checked: &'a [Checked]) -> Result<Self, &'a Refusal> {
        // Rejected is an alarm, whatever else could not be checked.
        let refused = || checked.iter().filter_map(|checked| checked.outcome.as_ref().err());
        if let Some(refusal) = refused().find(|refusal| refusal.state == ProofState::Rejected).or_else(|| refused().next()) {
            return Err(refusal);
        }
        let all: Vec<&VerifiedEvidence> = checked.iter().filter_map(|checked| checked.outcome.as_ref().ok()).collect();
        match all.split_first() {
            Some((first, further)) => Ok(Self { first, further: further.to_vec() }),
            None => Err(&NOTHING),
        }
    }

    /// The matured cohorts of several proofs together, in time order, if there is one.
    pub(crate) fn matured(cohorts: &[&'a VerifiedEvidence]) -> Option<Self> {
        let (first, further) = cohorts.split_first()?;
        Some(Self { first, further: further.to_vec() })
    }

    /// One proof by itself.
    pub(crate) const fn alone(evidence: &'a VerifiedEvidence) -> Self {
        Self { first: evidence, further: Vec::new() }
    }

    /// As if these had been checked, for tests of what follows from evidence.
    #[cfg(test)]
    pub(crate) fn assumed(first: &'a VerifiedEvidence, further: &[&'a VerifiedEvidence]) -> Self {
        Self { first, further: further.to_vec() }
    }

    /// The proofs in time order.
    pub(crate) fn proofs(&self) -> impl Iterator<Item = &'a VerifiedEvidence> {
        std::iter::once(self.first).chain(self.further.iter().copied())
    }

    /// The first proof.
    pub(crate) const fn first(&self) -> &'a VerifiedEvidence {
        self.first
    }

    /// The plan of all of them.
    pub(crate) const fn plan(&self) -> &'a Plan {
        self.first.plan()
    }

    /// Monitoring batches in chain order, each with the reference of its own model, if that has one.
    pub(crate) fn monitoring(&self) -> impl Iterator<Item = (&'a BatchStatement, Option<&'a BatchTable>)> {
        self.proofs().flat_map(|evidence| {
            let reference = evidence.reference();
            evidence.monitoring().map(move |batch| (batch, reference))
        })
    }

    /// The model of each proof, in time order.
    pub(crate) fn models(&self) -> impl Iterator<Item = Commitment> {
        self.proofs().map(|evidence| evidence.statement().model_commitment)
    }

    /// The one reference that every proof of the period has, if they have one, and one model.
    pub(crate) fn reference(&self) -> Option<&'a BatchTable> {
        let first = self.first.reference();
        first.filter(|_| !self.has_several_models() && self.further.iter().all(|evidence| evidence.reference() == first))
    }

    /// Whether another model than the first scored some of it.
    pub(crate) fn has_several_models(&self) -> bool {
        self.models().any(|model| model != self.first.statement().model_commitment)
    }
}

/// Checks the monitoring proofs of a package, each by itself and in its place behind the one before it.
pub(crate) fn check_all(
    proofs: &[ClaimedProof],
    plan: &Plan,
    policy: &Policy,
    keys: &KeyStore,
    mut each: impl FnMut(&ClaimedProof, &mut dyn FnMut() -> Checked) -> Checked,
) -> Vec<Checked> {
    let mut first = Some(0);
    let mut checked = Vec::with_capacity(proofs.len());
    for (at, proof) in proofs.iter().enumerate() {
        checked.push(each(proof, &mut || match follows(proofs, at).and_then(|()| first.ok_or_else(too_many)) {
            Err(refused) => Checked::refused(refused),
            Ok(first) => check_from(first, proof, plan, policy, keys),
        }));
        first = first.and_then(|first: u32| first.checked_add(u32::try_from(proof.statement.batches.len()).ok()?));
    }
    checked
}

fn too_many() -> Refusal {
    refusal(ProofState::NotCheckable, "too-many-batches", "", "the proofs before it have more batches than this program numbers")
}

/// Whether a proof goes on where the one before it ends: chain, period, batches.
///
/// Looked at in the statements, before a proof is checked: what a proof binds is then known to be this.
fn follows(proofs: &[ClaimedProof], at: usize) -> Result<(), Refusal> {
    let Some(proof) = proofs.get(at) else { return Ok(()) };
    let refuse = |cause, text: String| Err(refusal(ProofState::Rejected, cause, proof.id.clone(), text));
    // Periods that join say nothing of order if one of them may run backwards.
    let period = proof.statement.header.period;
    if period.start >= period.end {
        return refuse("period-inverted", format!("the period of {} ends {}, not after it begins, {}", proof.id, period.end, period.start));
    }
    let earlier_ones = proofs.get(..at).unwrap_or_default();
    let Some(before) = earlier_ones.last() else { return Ok(()) };
    let (earlier, later) = (&before.statement, &proof.statement);
    let (stated, reached) = (later.header.previous_chain_head, earlier.chain_head);
    if stated != Some(reached) {
        let says = stated.map_or_else(|| "none at all".to_owned(), |head| head.to_string());
        let text = format!("{} goes on from chain head {says}, and stands behind {}, which ends at {reached}", proof.id, before.id);
        // A head that is another proof's here, or that the one before goes on from this: nothing is missing, but the order is not theirs.
        let elsewhere = proofs.iter().any(|other| Some(other.statement.chain_head) == stated);
        return if elsewhere || earlier.header.previous_chain_head == Some(later.chain_head) {
            refuse("proofs-out-of-order", format!("{text}: the proofs stand in another order than they were made in"))
        } else {
            refuse("proof-left-out", format!("{text}: a proof between them was left out, or is of something else"))
        };
    }
    let (ends, begins) = (earlier.header.period.end, later.header.period.start);
    if begins < ends {
        return refuse("periods-overlap", format!("the period of {} begins {begins}, before that of {} ends, {ends}", proof.id, before.id));
    }
    if begins > ends {
        let text = format!(
            "the period of {} begins {begins}, and that of {} ends {ends}: no proof speaks of the time between",
            proof.id, before.id
        );
        return refuse("periods-apart", text);
    }
    let monitored = |batch: &&BatchStatement| batch.role != BatchRole::Reference;
    let ended = |other: &ClaimedProof| other.statement.batches.iter().filter(monitored).map(|batch| batch.end).max();
    let last = earlier_ones.iter().filter_map(|other| Some((ended(other)?, &other.id))).max();
    if let Some((batch, (last, id))) = later.batches.iter().find(monitored).zip(last)
        && batch.start < last
    {
        let text = format!("batch {} of {} starts at {}, before the last batch of {id} ends at {last}", batch.index, proof.id, batch.start);
        return refuse("batches-overlap", text);
    }
    // Else each part of a period could have a reference that its drift is small against.
    let same_model = earlier_ones.iter().filter(|other| other.statement.model_commitment == later.model_commitment);
    if let Some(theirs) = later.reference()
        && let Some(other) = same_model.into_iter().find(|other| other.statement.reference().is_some_and(|ours| ours != theirs))
    {
        let text = format!(
            "{} has another reference than {}, under the same model: what one model drifts from is one reference",
            proof.id, other.id
        );
        return refuse("references-differ", text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use verifold_package::{ClaimedPackage, Limits};

    use super::*;

    /// Three proofs that follow one another, as their statements have it; no bytes of theirs are looked at here.
    fn proofs() -> Vec<ClaimedProof> {
        let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-q1/package.zkaudit");
        let whole = ClaimedPackage::read(&std::fs::read(sample).unwrap(), &Limits::default()).unwrap().proofs.swap_remove(0);
        let mut proofs: Vec<ClaimedProof> = Vec::new();
        for (id, range) in [("monitoring", 1..4), ("monitoring-2", 4..7), ("monitoring-3", 7..10)] {
            let mut proof = whole.clone();
            id.clone_into(&mut proof.id);
            let statement = &mut proof.statement;
            statement.batches = whole.statement.batches[range].to_vec();
            statement.header.period.start = statement.batches[0].start;
            statement.header.period.end = statement.batches[2].end;
            statement.header.previous_chain_head = proofs.last().map(|before| before.statement.chain_head);
            statement.chain_head = Commitment::from_bytes([proofs.len() as u8 + 1; 32]);
            proofs.push(proof);
        }
        proofs
    }

    #[track_caller]
    fn check(edit: impl FnOnce(&mut Vec<ClaimedProof>), at: usize, cause: &str, part: &str) {
        let mut proofs = proofs();
        edit(&mut proofs);
        let refused = (0..proofs.len()).find_map(|at| Some((at, follows(&proofs, at).err()?))).unwrap();
        assert_eq!((refused.0, refused.1.state, refused.1.cause), (at, ProofState::Rejected, cause));
        assert_eq!(refused.1.place, proofs[at].id);
        assert!(refused.1.text.contains(part), "{}", refused.1.text);
    }

    #[test]
    fn a_proof_that_does_not_follow_the_one_before_it_is_refused_for_its_cause() {
        let honest = proofs();
        assert!((0..3).all(|at| follows(&honest, at).is_ok()));
        let head = |byte: u8| Commitment::from_bytes([byte; 32]).to_string();
        check(|proofs| drop(proofs.remove(1)), 1, "proof-left-out", &head(2));
        check(|proofs| drop(proofs.remove(1)), 1, "proof-left-out", &head(1));
        check(|proofs| proofs.swap(1, 2), 1, "proofs-out-of-order", &head(2));
        check(|proofs| proofs.swap(0, 1), 1, "proofs-out-of-order", "none at all");
    }

    #[test]
    fn periods_join_and_batches_do_not_overlap() {
        let week = proofs()[0].statement.batches[0].clone();
        let (start, end) = (week.start, week.end);
        check(|proofs| proofs[1].statement.header.period.start = start, 1, "periods-overlap", "before that of monitoring ends");
        check(|proofs| proofs[0].statement.header.period.end = end, 1, "periods-apart", "no proof speaks of the time between");
        check(|proofs| proofs[1].statement.batches[0].start = start, 1, "batches-overlap", "before the last batch of monitoring ends");
        // Weeks of the first proof again, behind one without weeks.
        let again = |proofs: &mut Vec<ClaimedProof>| {
            let first = proofs[0].statement.clone();
            proofs[1].statement.batches.clear();
            proofs[1].statement.header.period.end = proofs[1].statement.header.period.start;
            proofs[2].statement.header.period.start = proofs[1].statement.header.period.start;
            proofs[2].statement.batches = first.batches;
        };
        check(again, 1, "period-inverted", "not after it begins");
        let backwards = |proofs: &mut Vec<ClaimedProof>| {
            again(proofs);
            proofs[1].statement.header.period.end = end;
            proofs[2].statement.header.period.start = end;
        };
        check(backwards, 1, "period-inverted", "not after it begins");
        let behind = |proofs: &mut Vec<ClaimedProof>| {
            let first = proofs[0].statement.batches.clone();
            proofs[1].statement.batches.clear();
            proofs[2].statement.batches = first;
        };
        check(behind, 2, "batches-overlap", "before the last batch of monitoring ends");
        check(|proofs| proofs[0].statement.header.period.start = proofs[0].statement.header.period.end, 0, "period-inverted", "ends");
    }

    #[test]
    fn one_model_has_one_reference() {
        let with = |proofs: &mut Vec<ClaimedProof>, other: bool| {
            let mut reference = proofs[0].statement.batches[0].clone();
            reference.role = BatchRole::Reference;
            proofs[0].statement.batches.insert(0, reference.clone());
            if other {
                reference.table.counts.swap(0, 1);
            }
            proofs[2].statement.batches.insert(0, reference);
        };
        let mut honest = proofs();
        with(&mut honest, false);
        assert!((0..3).all(|at| follows(&honest, at).is_ok()));
        check(|proofs| with(proofs, true), 2, "references-differ", "than monitoring, under the same model");
        // Another model has its own.
        let mut changed = proofs();
        with(&mut changed, true);
        changed[2].statement.model_commitment = Commitment::from_bytes([9; 32]);
        assert!((0..3).all(|at| follows(&changed, at).is_ok()));
    }

    #[test]
    fn batches_that_have_no_number_are_not_checked() {
        let refused = too_many();
        assert_eq!((refused.state, refused.cause), (ProofState::NotCheckable, "too-many-batches"));
    }
}
