//! Are later outcomes those of the monitored rows, and counted changes those between the two?
//!
//! A matured cohort is of the monitored rows if header, plan, model and every batch up to its last are those of monitoring:
//! the row commitments say so. A revision is between the two if its outcome commitments are theirs. Batches that are not
//! there leave what rests on them uncovered; batches that are another's are an alarm.

use verifold_circuits::revision::{RevisionReplayError, replay};
use verifold_model::{
    cohort::{BatchStatement, Outcome},
    digest::Commitment,
    plan::Plan,
    record::ProofState,
    revision::{RevisedBatch, RevisionStatement},
    statement::{Header, MonitoringStatement, StageStatement},
};
use verifold_policy::Policy;

use super::{Checked, Refusal, VerifiedStage, accepted, refusal, settle};
use crate::keys::KeyStore;
use verifold_package::ClaimedStage;

/// An outcome-revision statement every value of which a proof binds, between the outcomes of one of the package's monitoring
/// statements and those of its matured cohort.
#[derive(Debug)]
pub struct VerifiedRevision {
    statement: RevisionStatement,
}

impl VerifiedRevision {
    /// As if a proof of the statement had been checked, for tests of what follows from evidence.
    #[cfg(test)]
    pub(crate) const fn assumed(statement: RevisionStatement) -> Self {
        Self { statement }
    }

    /// The statement.
    pub const fn statement(&self) -> &RevisionStatement {
        &self.statement
    }

    /// The counts of a batch.
    pub fn batch(&self, index: u32) -> Option<&RevisedBatch> {
        let batches = &self.statement.batches;
        batches.binary_search_by_key(&index, |batch| batch.index).ok().and_then(|at| batches.get(at))
    }
}

/// The matured cohort that changes of outcomes are compared with: the one of the same period.
pub(super) fn cohort_of<'a>(revision: &Header, beside: &'a [ClaimedStage]) -> Option<&'a MonitoringStatement> {
    beside.iter().find_map(|stage| match &stage.statement {
        StageStatement::MaturedCohort(cohort) if cohort.header.period == revision.period => Some(&**cohort),
        _ => None,
    })
}

fn same_period(what: &str, cause: &'static str, ours: &Header, theirs: &Header) -> Result<(), Refusal> {
    if (&ours.subject, ours.period, ours.previous_chain_head) == (&theirs.subject, theirs.period, theirs.previous_chain_head) {
        return Ok(());
    }
    Err(refusal(ProofState::Rejected, cause, "", format!("{what} of another subject or period than the monitored batches")))
}

/// A matured cohort replays the monitored batches, from the first on, under the same plan and model.
pub(crate) fn same_cohort(matured: &MonitoringStatement, monitoring: &MonitoringStatement) -> Result<(), Refusal> {
    let cause = "matured-of-other-rows";
    same_period("the matured cohort is", cause, &matured.header, &monitoring.header)?;
    let refuse = |place: String, text: String| Err(refusal(ProofState::Rejected, cause, place, text));
    for (what, ours, theirs) in
        [("plan", matured.plan_commitment, monitoring.plan_commitment), ("model", matured.model_commitment, monitoring.model_commitment)]
    {
        if ours != theirs {
            return refuse(String::new(), format!("the matured cohort is under {what} {ours}, the monitored batches under {theirs}"));
        }
    }
    let first = monitoring.batches.first().map_or(0, |batch| u64::from(batch.index));
    for (position, batch) in matured.batches.iter().enumerate() {
        // As the package numbers its batches, whatever the cohort says of itself.
        let index = first + position as u64;
        let place = format!("batch {index}");
        let Some(monitored) = monitoring.batches.get(position) else {
            return refuse(place, format!("the matured cohort has a batch {index}, which is not monitored"));
        };
        if (batch.role, batch.start, batch.end) != (monitored.role, monitored.start, monitored.end) {
            let text = format!(
                "batch {index} of the matured cohort runs from {} to {}, the monitored one from {} to {}",
                batch.start, batch.end, monitored.start, monitored.end
            );
            return refuse(place, text);
        }
        if (batch.rows, batch.row_commitment) != (monitored.rows, monitored.row_commitment) {
            let other = monitoring.batches.iter().find(|other| other.row_commitment == batch.row_commitment);
            let whose = other.map_or_else(String::new, |other| format!(", which are those of batch {}", other.index));
            let text = format!(
                "later outcomes of batch {index} are of {} rows {}{whose}; monitored were {} rows {}",
                batch.rows, batch.row_commitment, monitored.rows, monitored.row_commitment
            );
            return refuse(place, text);
        }
    }
    Ok(())
}

/// A revision is between the outcomes of monitoring and those of the matured cohort.
///
/// Without a matured cohort, or for batches it does not have, the later stream is of nothing that is shown; what rests on
/// it is uncovered, and nothing is refused here.
pub(crate) fn between_both(
    revision: &RevisionStatement,
    monitoring: &MonitoringStatement,
    matured: Option<&MonitoringStatement>,
) -> Result<(), Refusal> {
    let cause = "revision-of-other-outcomes";
    same_period("changes of outcomes are", cause, &revision.header, &monitoring.header)?;
    let refuse = |place: String, text: String| Err(refusal(ProofState::Rejected, cause, place, text));
    for batch in &revision.batches {
        let index = batch.index;
        let place = format!("batch {index}");
        let Some(monitored) = monitoring.batch(index) else {
            return refuse(place, format!("changes are counted for batch {index}, which is not monitored"));
        };
        let sides: [(&str, Commitment, Option<&BatchStatement>); 2] =
            [("monitored", batch.earlier, Some(monitored)), ("matured", batch.later, matured.and_then(|matured| matured.batch(index)))];
        for (side, (name, ours, theirs)) in sides.into_iter().enumerate() {
            let Some(theirs) = theirs else { continue };
            if (batch.rows, ours) != (theirs.rows, theirs.outcome_commitment) {
                let text = format!(
                    "changes in batch {index} are counted from {} {name} outcomes {ours}, the {name} batch has {} {}",
                    batch.rows, theirs.rows, theirs.outcome_commitment
                );
                return refuse(place, text);
            }
            for outcome in Outcome::ALL {
                // Void rows have no outcome: they stand in both streams as unknown.
                let void = if outcome == Outcome::Unknown { theirs.table.voided() } else { 0 };
                let counted = if side == 0 { batch.counts.earlier(outcome) } else { batch.counts.later(outcome) };
                let tabled = theirs.table.of_outcome(outcome) + void;
                if counted != tabled {
                    let text = format!("batch {index} has {counted} rows of {name} outcome {outcome:?}, its table {tabled}");
                    return Err(refusal(ProofState::Rejected, "revision-contradicts-tables", place, text));
                }
            }
        }
    }
    Ok(())
}

fn replay_refusal(error: &RevisionReplayError) -> Refusal {
    let cause = match error {
        RevisionReplayError::Plan(_) => "plan-contradicts",
        RevisionReplayError::Shape { .. } => "shape-differs",
        RevisionReplayError::NoRoom(_) => "shape-without-room",
        RevisionReplayError::NoBatches => "no-batches",
        RevisionReplayError::Order { .. } | RevisionReplayError::Counts { .. } => "revision-contradicts",
        RevisionReplayError::NotCanonical { .. } => "commitment-not-canonical",
        RevisionReplayError::Steps { .. } => "step-count-differs",
        RevisionReplayError::ChainHead { .. } => "chain-differs",
    };
    refusal(ProofState::Rejected, cause, "", error.to_string())
}

/// Checks a revision proof.
pub(super) fn check_revision(
    stage: &ClaimedStage,
    statement: &RevisionStatement,
    monitoring: &MonitoringStatement,
    matured: Option<&MonitoringStatement>,
    plan: &Plan,
    policy: &Policy,
    keys: &KeyStore,
) -> Checked<VerifiedStage> {
    let mut checked = Checked::unreached();
    checked.outcome = (|| {
        accepted(&statement.header, stage.system, policy)?;
        let transition = replay(statement, plan).map_err(|error| replay_refusal(&error))?;
        checked.transition = Some(transition);
        between_both(statement, monitoring, matured)?;
        settle(&mut checked, statement.header.circuit, transition, &stage.bytes, keys)?;
        Ok(VerifiedStage::OutcomeRevision(Box::new(VerifiedRevision { statement: statement.clone() })))
    })();
    checked
}
