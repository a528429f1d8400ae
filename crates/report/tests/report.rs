//! A report of a real sample record: whole, reproducible, and honest about its standing.

use std::path::Path;

use verifold_model::{
    digest::Digest,
    record::{AuditRecord, Change, Comparison, Difference},
    state::State,
};
use verifold_report::{Options, Standing, render};

fn record(sample: &str) -> AuditRecord {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits").join(sample).join("expected.record.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_same_record_date_and_standing_give_the_same_bytes() {
    let record = record("credit-scoring-drift");
    let options = Options { date: "2026-11-21T00:00:00Z".parse().unwrap(), standing: Standing::Verified };
    let first = render(&record, &options).unwrap();
    assert_eq!(first, render(&record, &options).unwrap());
    assert!(first.pdf.starts_with(b"%PDF-") && first.pages > 10);
    let read_back = render(&record, &Options { standing: Standing::ReadBack, ..options }).unwrap();
    assert_ne!(first.pdf, read_back.pdf);
}

#[test]
fn a_package_whose_proof_is_rejected_has_a_report_too() {
    let options = Options { date: "2026-11-21T00:00:00Z".parse().unwrap(), standing: Standing::Verified };
    assert!(render(&record("cheat-altered-count"), &options).unwrap().pages > 5);
}

#[test]
fn a_record_is_attached_unless_the_policy_has_small_counts_masked() {
    let options = Options { date: "2026-11-21T00:00:00Z".parse().unwrap(), standing: Standing::Verified };
    let mut record = record("credit-scoring-drift");
    let mut attached = |min_cell| {
        record.policy.min_cell = min_cell;
        // A stream is never inside another, so its dictionary can be read.
        render(&record, &options).unwrap().pdf.windows(13).any(|part| part == b"/EmbeddedFile")
    };
    assert_eq!([0, 1, 2, 5].map(&mut attached), [true, true, false, false]);
}

#[test]
fn a_comparison_is_printed_with_what_changed_in_the_demand() {
    let options = Options { date: "2026-11-21T00:00:00Z".parse().unwrap(), standing: Standing::Verified };
    let mut record = record("cheat-altered-count");
    let change = Change {
        requirement: "MO-1".into(),
        kind: "demand changed".into(),
        before: Some(State::Violated),
        after: Some(State::Satisfied),
        before_actual: "0.629, n 12 130".into(),
        after_actual: "0.629, n 12 130".into(),
        before_demand: "mandatory, limit ≥ 0.80".into(),
        after_demand: "mandatory, limit ≥ 0.60".into(),
    };
    record.comparison = Some(Comparison {
        against: Digest::of(b"earlier"),
        earlier_package: record.package.digest,
        differs: vec![Difference { what: "overlays".into(), before: "none".into(), after: "O-1".into() }],
        changes: vec![change.clone(), Change { kind: "gone".into(), after: None, ..change }],
        unchanged: 20,
    });
    assert!(render(&record, &options).unwrap().pages > 5);
}
