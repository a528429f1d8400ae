//! A report of a real sample record: whole, reproducible, and honest about its standing.

use std::path::Path;

use verifold_model::record::AuditRecord;
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
