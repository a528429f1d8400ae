//! Requirements about later outcomes: what is uncovered without them, and what a change of labels does to a value.

use verifold_model::{
    cohort::Outcome,
    metric::Metric,
    revision::{RevisedBatch, RevisionCounts, RevisionStatement},
};

use super::*;
use crate::evidence::{VerifiedRevision, VerifiedStage};

/// 100 rows in two bins of group 0: by outcome unknown, good and bad.
fn labelled(index: usize, [unknown, good, bad]: [u32; 3]) -> BatchStatement {
    let mut batch = batch(index, &[(0, 0)]);
    batch.rows = unknown + good + bad;
    batch.table.counts[0][0] = [0, unknown, 0, good, 0, bad];
    batch
}

/// Two weeks: half of the outcomes known at monitoring.
fn monitored() -> VerifiedEvidence {
    evidence(vec![labelled(0, [50, 40, 10]), labelled(1, [50, 40, 10])])
}

/// What became of them: in the first week all are known and four turned bad, in the second one was withdrawn and nothing else.
fn later() -> Vec<BatchStatement> {
    vec![labelled(0, [0, 80, 20]), labelled(1, [51, 40, 9])]
}

fn changes() -> Vec<RevisionCounts> {
    vec![RevisionCounts([[0, 44, 6], [0, 36, 4], [0, 0, 10]]), RevisionCounts([[50, 0, 0], [0, 40, 0], [1, 0, 9]])]
}

const BOTH: &str = "family = \"scored-cohort/v1\"\n\n[[circuit]]\nfamily = \"outcome-revision/v1\"";

/// What a requirement comes to with so many batches matured and compared; none at all for `None`.
fn found(keys: &str, matured: Option<usize>, compared: Option<usize>) -> RequirementResult {
    let policy = policy(BOTH, keys);
    let monitored = monitored();
    let cohort = matured.map(|n| VerifiedStage::MaturedCohort(Box::new(evidence(later().into_iter().take(n).collect()))));
    let revision = compared.map(|n| {
        let zero = Commitment::from_bytes([0; 32]);
        let batch = |(index, counts): (u32, RevisionCounts)| RevisedBatch { index, rows: 100, earlier: zero, later: zero, counts };
        let mut header = monitored.statement().header.clone();
        header.statement = StatementKind::OutcomeRevisionV1;
        header.circuit = "outcome-revision/v1@f8.w8.g2.b10.h0.n15".parse().unwrap();
        let batches = (0u32..).zip(changes()).take(n).map(batch).collect();
        VerifiedStage::OutcomeRevision(Box::new(VerifiedRevision::assumed(RevisionStatement {
            header,
            steps: 1,
            chain_head: zero,
            batches,
        })))
    });
    let system = ProofSystem::NovaPastaIpa;
    let stages: Vec<Staged<'_>> =
        [("matured", StatementKind::MaturedCohortV1, &cohort), ("revision", StatementKind::OutcomeRevisionV1, &revision)]
            .into_iter()
            .filter_map(|(id, kind, verified)| verified.as_ref().map(|verified| Staged { id, kind, system, outcome: Ok(verified) }))
            .collect();
    let case = Case {
        policy: &policy,
        engagement: None,
        evidence: Ok(&VerifiedPeriod::alone(&monitored)),
        stages: &stages,
        lineage: &Lineage::default(),
        changes: &[],
        proofs: &["monitoring"],
        scope: &Scope::default(),
        traceability: &[],
        label: &|batch| (batch.index + 1, format!("week {}", batch.index + 1)),
    };
    assess(&policy.requirements[0], &case)
}

fn metric(name: &str, rest: &str) -> String {
    format!("kind = \"metric\"\nmetric = \"{name}\"\n{rest}")
}

#[track_caller]
fn check(keys: &str, matured: Option<usize>, compared: Option<usize>, state: State, actual: &str, reason: &str) {
    let result = found(keys, matured, compared);
    assert_eq!((result.state, result.actual.as_str(), result.reason), (state, actual, said(reason)), "{keys}");
}

#[test]
fn a_policy_says_whose_outcomes_it_means() {
    let least = "comparator = \"at-least\"\nlimit = \"0.50\"\nscope = \"overall\"";
    check(&metric("outcome-coverage", least), Some(2), Some(2), State::Satisfied, "50.00\u{202f}%", "");
    let later = format!("outcomes = \"matured\"\n{least}");
    check(&metric("outcome-coverage", &later), Some(2), Some(2), State::Satisfied, "74.50\u{202f}%", "");
    let each = "outcomes = \"matured\"\ncomparator = \"at-least\"\nlimit = \"0.50\"\nscope = \"each-batch\"";
    // A table with fewer labels: one was known, and is withdrawn.
    let missed = "1 of 2 batches miss the limit: 2 (week 2)";
    check(&metric("outcome-coverage", each), Some(2), None, State::Violated, "49.00\u{202f}%", missed);
}

#[test]
fn changes_are_counted_by_direction() {
    let most = "comparator = \"at-most\"\nlimit = \"0.05\"\nscope = \"overall\"";
    for (name, actual) in [
        ("outcomes-changed", "5.00\u{202f}%"),
        ("good-to-bad", "5.00\u{202f}%"),
        ("bad-to-good", "0.00\u{202f}%"),
        ("outcomes-withdrawn", "1.00\u{202f}%"),
    ] {
        check(&metric(name, most), Some(2), Some(2), State::Satisfied, actual, "");
    }
    let each = "comparator = \"at-most\"\nlimit = \"0.05\"\nscope = \"each-batch\"";
    let missed = "1 of 2 batches miss the limit: 1 (week 1)";
    check(&metric("good-to-bad", each), Some(2), Some(2), State::Violated, "10.00\u{202f}%", missed);
    let result = found(&metric("good-to-bad", each), Some(2), Some(2));
    assert_eq!(result.proofs, ["matured", "revision", "monitoring"]);
}

#[test]
fn what_is_not_there_is_uncovered_by_name() {
    let most = "comparator = \"at-most\"\nlimit = \"0.05\"\nscope = \"overall\"";
    let changed = metric("outcomes-changed", most);
    let matured = metric("outcome-coverage", "outcomes = \"matured\"\ncomparator = \"at-least\"\nlimit = \"0.50\"\nscope = \"overall\"");
    let none = |kind: &str| format!("no valid proof of kind {kind} is in the package");
    let uncovered = State::Uncovered;
    check(&matured, None, Some(2), uncovered, "", &none("matured-cohort/v1"));
    check(&changed, Some(2), None, uncovered, "", &none("outcome-revision/v1"));
    // Changes into outcomes of nobody knows what.
    check(&changed, None, Some(2), uncovered, "", &none("matured-cohort/v1"));
    let short = "1 of 2 batches have later outcomes; the first without is 2 (week 2)";
    check(&matured, Some(1), Some(2), uncovered, "1 of 2", short);
    check(&changed, Some(1), Some(2), uncovered, "1 of 2", short);
    let uncompared = "1 of 2 batches have their outcomes compared; the first without is 2 (week 2)";
    check(&changed, Some(2), Some(1), uncovered, "1 of 2", uncompared);
    for (statement, matured, compared, state) in [
        ("matured-cohort/v1", Some(2), None, State::Satisfied),
        ("matured-cohort/v1", Some(1), None, uncovered),
        ("outcome-revision/v1", Some(2), Some(2), State::Satisfied),
        ("outcome-revision/v1", Some(2), Some(1), uncovered),
        ("outcome-revision/v1", None, Some(2), uncovered),
    ] {
        let result = found(&format!("kind = \"evidence\"\nstatement = \"{statement}\""), matured, compared);
        assert_eq!(result.state, state, "{statement} {matured:?} {compared:?}");
    }
}

#[test]
fn a_circuit_the_requirement_does_not_accept_counts_for_nothing() {
    let keys = "comparator = \"at-most\"\nlimit = \"0.05\"\nscope = \"overall\"\ncircuits = [{ family = \"scored-cohort/v1\" }]";
    assert_eq!(found(&metric("good-to-bad", keys), Some(2), Some(2)).state, State::Unverifiable);
    let keys = "comparator = \"at-most\"\nlimit = \"0.05\"\nscope = \"overall\"\ncircuits = [{ family = \"outcome-revision/v1\" }]";
    assert_eq!(found(&metric("good-to-bad", keys), Some(2), Some(2)).state, State::Unverifiable);
}

#[test]
fn a_share_of_nothing_is_undefined() {
    use crate::metrics::measure_revision;
    let fresh = RevisionCounts([[7, 2, 1], [0; 3], [0; 3]]);
    for (metric, reason) in [
        (Metric::OutcomesChanged, "no outcome was known at monitoring"),
        (Metric::OutcomesWithdrawn, "no outcome was known at monitoring"),
        (Metric::GoodToBad, "no outcome was good at monitoring"),
        (Metric::BadToGood, "no outcome was bad at monitoring"),
        (Metric::Accuracy, "it does not compare two outcomes"),
    ] {
        let measured = measure_revision(&fresh, metric);
        assert_eq!((measured.value, measured.n, measured.undefined.as_str()), (None, 0, reason));
    }
    assert_eq!(fresh.of(Outcome::Unknown, Outcome::Bad), 1);
}
