//! A period with two models: what is measured against what, and what the change itself is asked for.

use verifold_model::{
    change::{ChangeRecord, ChangeRecordSummary, ChangeSchema},
    digest::Digest,
    record::{Source, Standing},
};

use super::*;

fn model(byte: u8) -> Commitment {
    Commitment::from_bytes([byte; 32])
}

/// A reference with `approved` of 100 rows approved, and two weeks from `first` on with 50 each, under a model.
fn under(byte: u8, approved: u32, first: usize) -> VerifiedEvidence {
    let mut reference = batch(first, &[(approved, 100)]);
    reference.role = BatchRole::Reference;
    let evidence = evidence(vec![reference, batch(first + 1, &[(50, 100)]), batch(first + 2, &[(50, 100)])]);
    VerifiedEvidence::assumed(
        MonitoringStatement { model_commitment: model(byte), ..evidence.statement().clone() },
        evidence.plan().clone(),
    )
}

fn change(record: Option<ChangeRecord>) -> ModelChange {
    ModelChange {
        at: week(3),
        batch: 3,
        old_model: model(1),
        new_model: model(2),
        old_proof: "monitoring".to_owned(),
        new_proof: "monitoring-2".to_owned(),
        standing: Standing::Proven,
        source: Source::Package,
        record: record.map(|document| ChangeRecordSummary {
            contradiction: document.contradiction(model(1), model(2)),
            digest: Digest::of_canonical(&document),
            document,
        }),
    }
}

fn recorded(new: u8) -> ChangeRecord {
    ChangeRecord {
        schema: ChangeSchema::V1,
        old_model: model(1),
        new_model: model(new),
        reason: "Retrained".to_owned(),
        approver: "J. Weiss".to_owned(),
        date: "2026-01-20".to_owned(),
        reference: "MRC 14".to_owned(),
    }
}

fn result(keys: &str, second: &VerifiedEvidence, changes: &[ModelChange]) -> RequirementResult {
    let policy = policy(ANY_SHAPE, keys);
    let first = under(1, 50, 0);
    let period = VerifiedPeriod::assumed(&first, &[second]);
    let case = Case {
        policy: &policy,
        engagement: None,
        evidence: Ok(&period),
        stages: &[],
        lineage: &Lineage::default(),
        proofs: &["monitoring", "monitoring-2"],
        scope: &Scope::default(),
        traceability: &[],
        changes,
        label: &|batch| (batch.index, format!("week {}", batch.index)),
    };
    assess(&policy.requirements[0], &case)
}

const PSI: &str = "kind = \"metric\"\nmetric = \"score-psi\"\ncomparator = \"at-most\"\nlimit = \"0.1\"\n";

#[test]
fn drift_is_measured_against_the_reference_of_the_batch_s_own_model() {
    let each = format!("{PSI}scope = \"each-batch\"");
    // As the second reference is: no drift. As the first is, and the second is not: two batches drift.
    let same = result(&each, &under(2, 50, 3), &[]);
    assert_eq!((same.state, same.batches.len()), (State::Satisfied, 4));
    let other = result(&each, &under(2, 95, 3), &[]);
    let states: Vec<State> = other.batches.iter().map(|batch| batch.state).collect();
    assert_eq!(states, [State::Satisfied, State::Satisfied, State::Violated, State::Violated]);
    assert_eq!(other.proofs, ["monitoring", "monitoring-2"]);
}

#[test]
fn tables_are_summed_over_models_and_drift_over_all_of_them_is_undefined() {
    let overall = |metric: &str| result(&format!("{metric}\nscope = \"overall\""), &under(2, 50, 3), &[]);
    let volume = overall("kind = \"metric\"\nmetric = \"volume\"\ncomparator = \"at-least\"\nlimit = \"400\"");
    assert_eq!((volume.state, volume.actual.as_str()), (State::Satisfied, "400"));
    let psi = overall(PSI);
    assert_eq!(psi.state, State::Uncovered);
    assert!(psi.reason.contains("a reference each"), "{}", psi.reason);
    let same = result(&format!("{PSI}scope = \"overall\""), &under(1, 50, 3), &[]);
    assert_eq!(same.state, State::Satisfied, "two proofs under one model have one reference: {}", same.reason);
}

#[test]
fn a_change_of_model_is_asked_for_its_record_and_named() {
    let asked = |changes: &[ModelChange]| result("kind = \"change-recorded\"", &under(2, 50, 3), changes);
    assert_eq!(asked(&[]).state, State::NotApplicable);
    assert_eq!(asked(&[change(Some(recorded(2)))]).state, State::Satisfied);
    let absent = asked(&[change(None)]);
    assert_eq!(absent.state, State::Uncovered);
    assert_eq!(
        absent.reason,
        "The model changed on 26 Jan 2026, with batch 3: 0101…0101 before, 0202…0202 from then on; no change record is in the package."
    );
    let wrong = asked(&[change(Some(recorded(3)))]);
    assert_eq!(wrong.state, State::Rejected);
    assert!(wrong.reason.contains(&format!("it names {} as the new model, the proofs carry {}", model(3), model(2))), "{}", wrong.reason);

    // The day it happened is soon enough, the day after is not.
    let dated = |date: &str| asked(&[change(Some(ChangeRecord { date: date.to_owned(), ..recorded(2) }))]);
    assert_eq!(dated("2026-01-26").state, State::Satisfied);
    // A bank whose weeks begin at its own midnight, which is the evening before in UTC.
    let evening = ModelChange {
        at: "2026-01-25T23:00:00Z".parse().unwrap(),
        ..change(Some(ChangeRecord { date: "2026-01-26".to_owned(), ..recorded(2) }))
    };
    assert_eq!(asked(&[evening]).state, State::Satisfied);
    let late = dated("2026-01-27");
    assert_eq!(late.state, State::Violated);
    assert!(late.reason.contains("(approved by J. Weiss, 2026-01-27, after the change; MRC 14)"), "{}", late.reason);

    let unchanged = result("kind = \"model-unchanged\"", &under(2, 50, 3), &[change(None)]);
    assert_eq!((unchanged.state, unchanged.actual.as_str()), (State::Violated, "2 models"));
    assert!(unchanged.reason.starts_with("The model changed on 26 Jan 2026"), "{}", unchanged.reason);
    assert_eq!(result("kind = \"model-unchanged\"", &under(1, 50, 3), &[]).state, State::Satisfied);
}

#[test]
fn every_model_needs_a_reference_of_its_own() {
    let mut statement = under(2, 50, 3).statement().clone();
    statement.batches.remove(0);
    let without = VerifiedEvidence::assumed(statement, under(2, 50, 3).plan().clone());
    let present = result("kind = \"reference-present\"\nminimum_n = 100", &without, &[]);
    assert_eq!(
        (present.state, present.reason.as_str()),
        (State::Uncovered, "The chain of a later model begins without a reference batch.")
    );
    let psi = result(&format!("{PSI}scope = \"each-batch\""), &without, &[]);
    assert!(psi.reason.contains("no reference batch is proven"), "{}", psi.reason);
}
