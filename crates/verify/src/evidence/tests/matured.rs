//! Later outcomes are of the monitored rows, and changes are counted between the two, or they are refused.

use verifold_model::{
    cohort::Outcome,
    revision::{RevisedBatch, RevisionCounts, RevisionStatement},
};

use super::{
    super::matured::{between_both, same_cohort},
    *,
};

/// The monitored batches once more, with every known good outcome of the first bin and group turned bad.
pub(crate) fn matured(monitoring: &MonitoringStatement) -> MonitoringStatement {
    let mut matured = monitoring.clone();
    matured.header.statement = StatementKind::MaturedCohortV1;
    for batch in &mut matured.batches {
        batch.outcome_commitment = Commitment::from_bytes([0x40 + batch.index as u8; 32]);
        let cell = &mut batch.table.counts[0][0];
        cell[5] += cell[3];
        cell[3] = 0;
    }
    matured
}

/// What changed between the two.
pub(crate) fn revision(monitoring: &MonitoringStatement, matured: &MonitoringStatement) -> RevisionStatement {
    let kind = StatementKind::OutcomeRevisionV1;
    let circuit = CircuitId { family: kind.families()[0], shape: monitoring.header.circuit.shape };
    let batch = |(earlier, later): (&BatchStatement, &BatchStatement)| {
        let of = |outcome: Outcome| {
            let at = 2 * outcome.code();
            earlier.table.counts.iter().flatten().map(|cell| cell[at] + cell[at + 1]).sum::<u32>()
        };
        let turned = earlier.table.counts[0][0][3];
        let void = earlier.table.voided() as u32;
        let counts = [[of(Outcome::Unknown) + void, 0, 0], [0, of(Outcome::Good) - turned, turned], [0, 0, of(Outcome::Bad)]];
        RevisedBatch {
            index: earlier.index,
            rows: earlier.rows,
            earlier: earlier.outcome_commitment,
            later: later.outcome_commitment,
            counts: RevisionCounts(counts),
        }
    };
    RevisionStatement {
        header: Header { statement: kind, circuit, ..monitoring.header.clone() },
        steps: 1,
        chain_head: monitoring.chain_head,
        batches: monitoring.batches.iter().zip(&matured.batches).map(batch).collect(),
    }
}

#[track_caller]
fn check_cohort(edit: impl FnOnce(&mut MonitoringStatement), place: &str, parts: &[&str]) {
    let monitoring = monitoring();
    let mut matured = matured(&monitoring);
    assert_eq!(same_cohort(&matured, &monitoring), Ok(()));
    edit(&mut matured);
    let refusal = same_cohort(&matured, &monitoring).unwrap_err();
    assert_eq!((refusal.state, refusal.cause, refusal.place.as_str()), (ProofState::Rejected, "matured-of-other-rows", place));
    for part in parts {
        assert!(refusal.text.contains(part), "{}", refusal.text);
    }
}

#[test]
fn later_outcomes_of_anything_else_than_the_monitored_rows_are_refused() {
    let other = Commitment::from_bytes([9; 32]);
    let theirs = monitoring();
    let row = |at: usize| theirs.batches[at].row_commitment.to_string();
    check_cohort(|m| m.header.subject.system.push('x'), "", &["of another subject or period"]);
    check_cohort(|m| m.header.period.end = m.header.period.start, "", &["of another subject or period"]);
    check_cohort(|m| m.plan_commitment = other, "", &["under plan", &other.to_string()]);
    check_cohort(|m| m.model_commitment = other, "", &["under model", &other.to_string()]);
    // Other rows, with both digests.
    check_cohort(|m| m.batches[3].row_commitment = other, "batch 3", &["later outcomes of batch 3", &other.to_string(), &row(3)]);
    check_cohort(|m| m.batches[1].rows += 1, "batch 1", &["later outcomes of batch 1"]);
    // A batch left out: the next one moves up into its place.
    check_cohort(|m| drop(m.batches.remove(2)), "batch 2", &["batch 2 of the matured cohort runs from"]);
    // Another batch's rows under the span of this one.
    let swapped = |m: &mut MonitoringStatement| m.batches[2].row_commitment = m.batches[3].row_commitment;
    check_cohort(swapped, "batch 2", &[&row(3), &row(2)]);
    check_cohort(|m| m.batches.push(m.batches[1].clone()), &format!("batch {}", theirs.batches.len()), &["which is not monitored"]);
}

#[test]
fn a_matured_cohort_may_end_before_the_last_batch() {
    let monitoring = monitoring();
    let mut matured = matured(&monitoring);
    matured.batches.truncate(3);
    assert_eq!(same_cohort(&matured, &monitoring), Ok(()));
    // Changes of the rest are compared with nothing, and refused for nothing: they are uncovered.
    let whole = revision(&monitoring, &self::matured(&monitoring));
    assert_eq!(between_both(&whole, &monitoring, Some(&matured)), Ok(()));
    assert_eq!(between_both(&whole, &monitoring, None), Ok(()));
}

#[track_caller]
fn check_revision(edit: impl FnOnce(&mut RevisionStatement), place: &str, cause: &str, parts: &[&str]) {
    let monitoring = monitoring();
    let matured = matured(&monitoring);
    let mut revision = revision(&monitoring, &matured);
    assert_eq!(between_both(&revision, &monitoring, Some(&matured)), Ok(()));
    edit(&mut revision);
    let refusal = between_both(&revision, &monitoring, Some(&matured)).unwrap_err();
    assert_eq!((refusal.state, refusal.cause, refusal.place.as_str()), (ProofState::Rejected, cause, place));
    for part in parts {
        assert!(refusal.text.contains(part), "{}", refusal.text);
    }
}

#[test]
fn changes_between_other_outcomes_are_refused() {
    let cause = "revision-of-other-outcomes";
    let theirs = monitoring();
    let outcome = |at: usize| theirs.batches[at].outcome_commitment.to_string();
    check_revision(|r| r.header.period.end = r.header.period.start, "", cause, &["of another subject or period"]);
    check_revision(|r| r.batches[1].index = 999, "batch 999", cause, &["which is not monitored"]);
    // The earlier outcomes swapped for those of another batch, and for the later ones.
    check_revision(|r| r.batches[2].earlier = r.batches[3].earlier, "batch 2", cause, &["monitored outcomes", &outcome(3), &outcome(2)]);
    check_revision(|r| r.batches[2].earlier = r.batches[2].later, "batch 2", cause, &["monitored outcomes", &outcome(2)]);
    // The later outcomes of another batch, and the earlier ones said to be later: nothing would have changed.
    check_revision(
        |r| r.batches[2].later = r.batches[3].later,
        "batch 2",
        cause,
        &["matured outcomes", &"43".repeat(32), &"42".repeat(32)],
    );
    check_revision(|r| r.batches[2].later = r.batches[2].earlier, "batch 2", cause, &["matured outcomes", &outcome(2)]);
    check_revision(|r| r.batches[2].rows -= 1, "batch 2", cause, &["changes in batch 2"]);
}

#[test]
fn counts_that_are_not_those_of_the_tables_are_refused() {
    let cause = "revision-contradicts-tables";
    let part = "its table";
    check_revision(|r| r.batches[0].counts.0[1][1] += 1, "batch 0", cause, &[part]);
    // A change hidden: the earlier outcomes still fit, the later ones do not.
    let hidden = |r: &mut RevisionStatement| {
        r.batches[0].counts.0[1][1] += r.batches[0].counts.0[1][2];
        r.batches[0].counts.0[1][2] = 0;
    };
    check_revision(hidden, "batch 0", cause, &[part, "matured outcome Good"]);
    // Bad outcomes that stayed said to have turned good.
    check_revision(|r| r.batches[0].counts.0[2].swap(1, 2), "batch 0", cause, &[part]);
}
