//! What differs from the engagement is named, batch by batch.

use std::{fs, path::Path};

use verifold_package::Limits;

use super::*;

fn sample(file: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-q1").join(file)).unwrap()
}

fn text(file: &str) -> String {
    String::from_utf8(sample(file)).unwrap()
}

/// Causes found, with whether they stand in the way.
fn found(engagement: Option<&str>, edit: impl FnOnce(&mut MonitoringStatement)) -> Vec<(String, bool)> {
    let mut package = ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap();
    edit(&mut package.proofs[0].statement);
    let policy = Policy::read(&text("policy.toml")).unwrap();
    let engagement = engagement.map(|text| Engagement::read(text).unwrap());
    let scope = reconcile(&policy, engagement.as_ref(), &package);
    scope.findings.into_iter().map(|finding| (finding.cause, finding.blocking)).collect()
}

#[track_caller]
fn check(engagement: &str, edit: impl FnOnce(&mut MonitoringStatement), cause: &str) {
    let found = found(Some(engagement), edit);
    assert!(found.contains(&(cause.to_owned(), true)), "{cause} is not in {found:?}");
}

#[test]
fn what_the_engagement_does_not_expect_is_named() {
    let honest = text("engagement.toml");
    assert_eq!(found(Some(&honest), |_| {}), []);
    check(&honest.replace("rows = 487", "rows = 488"), |_| {}, "control-total-differs");
    check(&honest, |statement| statement.batches[3].rows += 1, "control-total-differs");
    check(&honest, |statement| statement.header.period.end = statement.batches[2].end, "batch-outside-period");
    check(&honest, |statement| drop(statement.batches.remove(3)), "batch-missing");
    let shifted = |statement: &mut MonitoringStatement| statement.batches[3].start = statement.batches[2].start;
    check(&honest, shifted, "batch-unexpected");
    let nothing = found(None, |_| {});
    assert!(!nothing.is_empty() && nothing.iter().all(|one| *one == ("not-pinned".to_owned(), false)), "{nothing:?}");
}
