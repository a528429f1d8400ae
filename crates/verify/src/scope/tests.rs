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
    let mut scope = reconcile(&policy, engagement.as_ref(), &package);
    reconcile_own_period(&mut scope, &policy, engagement.as_ref(), &package);
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
    check(&honest.replace("digest = \"b93d", "digest = \"c93d"), |_| {}, "plan-differs");
    let continues = format!("{honest}\n[previous]\nchain_head = \"{}\"\norigin = \"record\"\n", "1".repeat(64));
    check(&continues, |_| {}, "previous-chain-head-differs");
    let earlier =
        |until: Instant| format!("{honest}\n[[earlier]]\nstart = \"2025-01-01T00:00:00Z\"\nend = \"{until}\"\norigin = \"record\"\n");
    let start = Engagement::read(&honest).unwrap().period.unwrap().value.start;
    assert_eq!(found(Some(&earlier(start)), |_| {}), []);
    let overlapping = Engagement::read(&honest).unwrap().expected_slots()[0].end;
    check(&earlier(overlapping), |_| {}, "batch-of-earlier-package");
    let first = format!("{honest}\n[first_package]\norigin = \"register\"\n");
    assert_eq!(found(Some(&first), |_| {}), []);
    let continuing = |statement: &mut MonitoringStatement| statement.header.previous_chain_head = Some(statement.chain_head);
    check(&first, continuing, "previous-chain-head-differs");
    let nothing = found(None, |_| {});
    assert!(!nothing.is_empty() && nothing.iter().all(|one| *one == ("not-pinned".to_owned(), false)), "{nothing:?}");
}

/// A control total counts rows whether or not a calendar is there to miss them.
#[test]
fn a_control_total_without_its_batch_is_a_difference() {
    let honest = text("engagement.toml");
    let from = honest.find("\n[calendar]").unwrap();
    let to = from + 1 + honest[from + 1..].find("\n[").unwrap();
    let uncalendared = format!("{}{}", &honest[..from], &honest[to..]);
    // The last week, with the period it lay in.
    let mut package = ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap();
    let statement = &mut package.proofs[0].statement;
    let end = statement.batches.pop().unwrap().start;
    (statement.header.period.end, package.period.end) = (end, end);
    let (policy, engagement) = (Policy::read(&text("policy.toml")).unwrap(), Engagement::read(&uncalendared).unwrap());
    let scope = reconcile(&policy, Some(&engagement), &package);
    assert!(scope.findings.iter().any(|finding| finding.cause == "control-without-batch" && finding.blocking), "{:?}", scope.findings);
    let withheld = |statement: &mut MonitoringStatement| drop(statement.batches.remove(3));
    let causes = found(Some(&honest), withheld);
    assert!(causes.iter().all(|(cause, _)| cause != "control-without-batch"), "missing once: {causes:?}");
}

/// A package says itself which weeks its period has, where no auditor does.
#[test]
fn a_week_of_the_packages_own_period_is_missed_without_a_calendar() {
    assert!(found(None, |statement| drop(statement.batches.remove(3))).contains(&("batch-missing".to_owned(), true)));
}

/// With ninety days to mature, outcomes of a week ago are nobody's knowledge.
#[test]
fn a_good_outcome_is_not_known_before_it_can_be() {
    let mut package = ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap();
    let found = |package: &ClaimedPackage, reviewed_at: Option<&str>| {
        let mut scope = Scope::default();
        early_outcomes(&mut scope, package, reviewed_at.map(|at| at.parse().unwrap()));
        scope.findings.into_iter().map(|finding| (finding.cause, finding.place)).collect::<Vec<_>>()
    };
    let early = |week: &str| vec![("outcome-before-maturity".to_owned(), week.to_owned())];
    assert_eq!(found(&package, Some("2026-11-17T08:00:00Z")), []);
    // The last week with outcomes began on 17 August.
    assert_eq!(found(&package, Some("2026-11-14T23:59:59Z")), early("2026-W34"));
    package.created = "2026-11-14T23:59:59Z".parse().unwrap();
    assert_eq!(found(&package, None), early("2026-W34"));
    package.created = "2026-11-17T08:00:00Z".parse().unwrap();
    package.proofs[0].statement.batches[24].table.counts[0][0][2] = 1;
    assert_eq!(found(&package, None), early("2026-W46"));
    // A bad outcome shows itself early.
    package.proofs[0].statement.batches[24].table.counts[0][0][2] = 0;
    package.proofs[0].statement.batches[24].table.counts[0][0][4] = 1;
    assert_eq!(found(&package, None), []);
}

/// A part of the subject that nobody pinned is not shown as pinned.
#[test]
fn a_subject_is_pinned_whole_or_not_at_all() {
    let package = ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap();
    let policy = Policy::read(&text("policy.toml")).unwrap();
    let subject = |engagement: &str| reconcile(&policy, Some(&Engagement::read(engagement).unwrap()), &package).subject;
    let honest = text("engagement.toml");
    assert_eq!(subject(&honest), Some(Source::Pinned));
    let without: String = honest.lines().filter(|line| !line.starts_with("model = ")).map(|line| format!("{line}\n")).collect();
    assert_ne!(without, honest);
    assert_eq!(subject(&without), Some(Source::Package));
}

/// Of a period that begins a second early, or ends one, no week could be missed.
#[test]
fn a_period_is_one_of_whole_batches() {
    let mut package = ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap();
    let policy = Policy::read(&text("policy.toml")).unwrap();
    let whole = |package: &ClaimedPackage| {
        reconcile(&policy, None, package).findings.iter().all(|finding| finding.cause != "period-off-calendar" || !finding.blocking)
    };
    assert!(whole(&package));
    let honest = package.period;
    package.period.start = Instant::from_unix_secs(honest.start.unix_secs() - 1).unwrap();
    assert!(!whole(&package));
    package.period = honest;
    package.period.end = Instant::from_unix_secs(honest.end.unix_secs() + 1).unwrap();
    assert!(!whole(&package));
}

#[test]
fn a_batch_is_what_the_plan_calls_one() {
    let pooled = |statement: &mut MonitoringStatement| {
        statement.batches[1].end = statement.batches[2].end;
        statement.batches.remove(2);
    };
    assert!(found(None, pooled).contains(&("batch-off-calendar".to_owned(), true)));
    let shifted =
        |statement: &mut MonitoringStatement| statement.batches[1].start = statement.header.period.start.max(statement.batches[1].end);
    assert!(found(None, shifted).contains(&("batch-off-calendar".to_owned(), true)));
}

/// A package that names a period of centuries has no say in how much is written about it.
#[test]
fn a_period_of_more_batches_than_a_package_may_have_is_not_listed() {
    let mut package = ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap();
    let mut policy = Policy::read(&text("policy.toml")).unwrap();
    let found = |policy: &Policy, package: &ClaimedPackage| {
        let mut scope = reconcile(policy, None, package);
        reconcile_own_period(&mut scope, policy, None, package);
        let off = scope.findings.iter().find(|finding| finding.cause == "period-off-calendar").map(|finding| finding.text.clone());
        (off, scope.missing.len())
    };
    assert_eq!(found(&policy, &package), (None, 0));
    let week = 7 * 86_400;
    let weeks = |n: u64| Instant::from_unix_secs(package.period.start.unix_secs() + n * week).unwrap();
    let ends = [weeks(20_000), weeks(20_001)];
    package.period.end = ends[0];
    assert_eq!(found(&policy, &package), (None, 20_000 - 24));
    package.period.end = ends[1];
    let (off, missing) = found(&policy, &package);
    assert_eq!(missing, 0);
    assert!(off.unwrap().ends_with("an ISO week: it would be 20001 of them, and a package may have 20000"));
    policy.limits = policy.limits.with(Limit::Batches, 100);
    package.period.end = ends[0];
    assert!(found(&policy, &package).0.unwrap().ends_with("and a package may have 100"));
}
