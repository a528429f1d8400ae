//! What anchors say of a package that is otherwise perfect: the honest sample, and what is left of it.

use std::path::Path;

use verifold_package::{ClaimedPackage, Limits, SecretKey, Token};

use super::*;

const RECEIVER: &str = "halm-partner";

fn sample(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-q1").join(file)).unwrap()
}

fn package() -> ClaimedPackage {
    ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap()
}

fn policy() -> Policy {
    Policy::read(&String::from_utf8(sample("policy.toml")).unwrap()).unwrap()
}

fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32].into())
}

/// An engagement that knows bank and auditor, and nothing of calendar or control totals.
fn engagement(demand: &str) -> Engagement {
    let signer = |name: &str, role: &str, n: u8| {
        format!("[[signer]]\nname = \"{name}\"\nrole = \"{role}\"\npublic_key = \"{}\"\n", key(n).public_key())
    };
    let signers = [signer("Bank", "provider", 1), signer("Auditor", "auditor", 2)].concat();
    Engagement::read(&format!("schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n{demand}\n{signers}")).unwrap()
}

/// The weeks of a statement as a bank anchors them.
fn log(statement: &MonitoringStatement) -> Vec<AnchoredBatch> {
    let monitoring = statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring);
    monitoring.map(|batch| AnchoredBatch { start: batch.start, end: batch.end, row_commitment: batch.row_commitment }).collect()
}

fn later(at: Instant, days: u64) -> Instant {
    Instant::from_unix_secs(at.unix_secs() + days * DAY_SECS).unwrap()
}

/// The anchor of the first `size` batches, made and received the day after the last of them ended.
fn anchor(package: &ClaimedPackage, log: &[AnchoredBatch], size: usize, days: u64) -> Checkpoint {
    let header = &package.proofs[0].statement.header;
    let end = log[size - 1].end;
    let text = Checkpoint::sign(&log_name(&header.subject, header.period), &log[..size], 1, end, &key(1)).unwrap();
    Checkpoint::read(Checkpoint::cosigned(&text, RECEIVER, later(end, days), &key(2)).unwrap().as_bytes()).unwrap()
}

/// An anchor a week.
fn weekly(package: &ClaimedPackage, log: &[AnchoredBatch]) -> Vec<Checkpoint> {
    (1..=log.len()).map(|size| anchor(package, log, size, 1)).collect()
}

fn scope_of(statement: &MonitoringStatement, plan: &Plan, engagement: &Engagement, anchors: &[Checkpoint]) -> Scope {
    let mut scope = Scope::default();
    let received = Received { anchors: anchors.to_vec(), ..Received::default() };
    reconcile_anchors(&mut scope, &policy(), Some(engagement), &received, [statement], plan);
    scope
}

/// Blocking causes with their places.
fn blocking(scope: &Scope) -> Vec<(&str, &str)> {
    scope.findings.iter().filter(|finding| finding.blocking).map(|finding| (finding.cause.as_str(), finding.place.as_str())).collect()
}

const DEMANDED: &str = "[anchors]\nwithin_days = 3";

#[test]
fn what_was_anchored_and_is_there_raises_nothing() {
    let package = package();
    let ClaimedPackage { plan, proofs, .. } = &package;
    let statement = &proofs[0].statement;
    let anchors = weekly(&package, &log(statement));
    let scope = scope_of(statement, plan, &engagement(DEMANDED), &anchors);
    assert_eq!((blocking(&scope), scope.anchored, scope.findings.len()), (vec![], Some((24, 24)), 0));
    // One anchor over everything says as much about rows, but its batches were received late.
    let header = &statement.header;
    let all = log(statement);
    let text = Checkpoint::sign(&log_name(&header.subject, header.period), &all, 24, all[23].end, &key(1)).unwrap();
    let text = Checkpoint::cosigned(&text, RECEIVER, all[23].end, &key(2)).unwrap();
    let once = [Checkpoint::read(text.as_bytes()).unwrap()];
    assert_eq!(blocking(&scope_of(statement, plan, &engagement(""), &once)), []);
    let late = scope_of(statement, plan, &engagement(DEMANDED), &once);
    assert_eq!(blocking(&late).len(), 23);
    assert_eq!(blocking(&late)[0], ("anchored-late", "2026-W23"));
}

/// A bank leaves two weeks out and is otherwise flawless: no calendar, no control total, only what it committed to then.
#[test]
fn two_withheld_batches_are_named_by_date() {
    let package = package();
    let anchors = weekly(&package, &log(&package.proofs[0].statement));
    let mut statement = package.proofs[0].statement.clone();
    // Behind the reference: the weeks of 24 August and 28 September.
    statement.batches.remove(18);
    statement.batches.remove(13);
    for demand in ["", DEMANDED] {
        let scope = scope_of(&statement, &package.plan, &engagement(demand), &anchors);
        assert_eq!(blocking(&scope), [("anchored-batch-missing", "2026-W35"), ("anchored-batch-missing", "2026-W40")]);
        assert_eq!(
            scope.findings[0].text,
            format!(
                "batch 2026-W35 (24 Aug 2026 – 30 Aug 2026) was anchored, received on 1 Sep 2026 by Auditor, key {}, and is not in the \
                 package; the engagement pins no period, so whatever was anchored is owed",
                key(2).public_key().fingerprint()
            )
        );
        assert_eq!(scope.missing.iter().map(|slot| slot.label.as_str()).collect::<Vec<_>>(), ["2026-W35", "2026-W40"]);
    }
}

/// A package that ends its own period early, or begins it late, still owes what was anchored, unless the auditor pins the period or
/// knows that an earlier package covered it.
#[test]
fn a_period_cut_short_hides_no_anchored_batch() {
    let package = package();
    let anchors = weekly(&package, &log(&package.proofs[0].statement));
    let last_weeks = ["2026-W45", "2026-W46"].map(|week| ("anchored-batch-missing", week));
    let mut early = package.proofs[0].statement.clone();
    early.batches.truncate(23);
    early.header.period.end = early.batches[22].end;
    for demand in ["", DEMANDED] {
        assert_eq!(blocking(&scope_of(&early, &package.plan, &engagement(demand), &anchors)), last_weeks);
    }
    let period = early.header.period;
    let pinned = format!("[period]\nstart = \"{}\"\nend = \"{}\"\norigin = \"contract\"", period.start, period.end);
    assert_eq!(blocking(&scope_of(&early, &package.plan, &engagement(&pinned), &anchors)), []);
    // Where the auditor expects certain weeks, anchors of later ones are for a later package.
    let calendar = format!("{pinned}\n[calendar]\nkind = \"iso-week\"\norigin = \"contract\"");
    assert_eq!(blocking(&scope_of(&early, &package.plan, &engagement(&calendar), &anchors)), []);

    // A draft, with neither confirmed, expects what the package likes, which frees it of nothing.
    let draft = format!("{pinned}\n[calendar]\nkind = \"iso-week\"\norigin = \"contract\"")
        .replace("origin = \"contract\"", "status = \"taken from the package\"");
    assert_eq!(blocking(&scope_of(&early, &package.plan, &engagement(&draft), &anchors)), last_weeks);

    // Without its first two weeks it is of another log.
    let mut late = package.proofs[0].statement.clone();
    late.batches.drain(1..3);
    late.header.period.start = late.batches[1].start;
    let scope = scope_of(&late, &package.plan, &engagement(""), &anchors);
    let first_weeks = ["2026-W23", "2026-W24"].map(|week| ("anchored-batch-missing", week));
    assert_eq!(blocking(&scope), first_weeks);
    assert!(scope.findings.iter().any(|finding| finding.text.contains("was anchored, in the log verifold/")));
    // With the rows of a week exchanged, and the period begun in another.
    let mut moved = package.proofs[0].statement.clone();
    moved.header.period.start = moved.batches[2].start;
    moved.batches[3].row_commitment = moved.batches[4].row_commitment;
    let scope = scope_of(&moved, &package.plan, &engagement(""), &anchors);
    assert_eq!(blocking(&scope), [("anchored-rows-differ", "2026-W25")]);
    // One more log says of that week what the package says: it does not speak for the first.
    let mut agreeing = log(&moved);
    agreeing.truncate(4);
    let origin = log_name(&moved.header.subject, Period { start: moved.batches[3].start, ..moved.header.period });
    let later = Checkpoint::sign(&origin, &agreeing, 4, agreeing[3].end, &key(1)).unwrap();
    let both = [anchors.clone(), vec![Checkpoint::read(later.as_bytes()).unwrap()]].concat();
    assert_eq!(blocking(&scope_of(&moved, &package.plan, &engagement(""), &both)), [("anchored-rows-differ", "2026-W25")]);
    let end = late.header.period.start;
    let earlier = format!("[[earlier]]\nstart = \"2026-06-01T00:00:00Z\"\nend = \"{end}\"\norigin = \"record\"");
    assert_eq!(blocking(&scope_of(&late, &package.plan, &engagement(&earlier), &anchors)), []);
}

/// A bank that signs its own anchors chooses where a batch begins: a second beyond the period is in the period all the same.
#[test]
fn an_anchored_batch_across_a_boundary_is_owed() {
    let package = package();
    let statement = &package.proofs[0].statement;
    let mut moved = log(statement);
    moved[23].end = later(moved[23].end, 1);
    let anchors = weekly(&package, &moved);
    let Period { start, end } = statement.header.period;
    let pinned = format!("[period]\nstart = \"{start}\"\nend = \"{end}\"\norigin = \"contract\"");
    let slot = format!("[[calendar.slot]]\nstart = \"{start}\"\nend = \"{end}\"");
    let calendar = format!("[calendar]\nkind = \"free\"\norigin = \"contract\"\n{slot}");
    for expected in ["", &pinned, &calendar] {
        let scope = scope_of(statement, &package.plan, &engagement(expected), &anchors);
        assert_eq!(blocking(&scope).iter().map(|(cause, _)| *cause).collect::<Vec<_>>(), ["anchored-batch-missing"], "{expected}");
    }
}

/// A log under another spelling of the bank's name is another log: it speaks for nothing, and leaves what it covers unexplained.
#[test]
fn anchors_of_another_spelling_are_not_set_aside() {
    let package = package();
    let statement = &package.proofs[0].statement;
    let (all, name) = (log(statement), log_name(&statement.header.subject, statement.header.period));
    let other = name.to_lowercase();
    assert_ne!(other, name);
    let of = |name: &str, first: usize, size: usize| {
        let text = Checkpoint::sign(name, &all[first..first + size], size, all[first + size - 1].end, &key(1)).unwrap();
        Checkpoint::read(text.as_bytes()).unwrap()
    };
    let found = |anchors: &[Checkpoint]| blocking(&scope_of(statement, &package.plan, &engagement(""), anchors)).len();
    assert_eq!(found(&[of(&name, 0, 24), of(&other, 0, 24)]), 0);
    assert_eq!(found(&[of(&other, 0, 24)]), 1);
    assert_eq!(found(&[of(&name, 0, 20), of(&other, 0, 20)]), 0);
    let half = scope_of(statement, &package.plan, &engagement(""), &[of(&name, 10, 14), of(&other, 0, 10)]);
    assert_eq!(blocking(&half), [("anchor-of-other-log", "")]);
    assert!(half.findings.iter().any(|f| f.text.contains("with 10 batches from 1 Jun 2026 on")), "{:?}", half.findings);
}

#[test]
fn a_package_in_two_proofs_is_held_against_the_whole_log() {
    let package = package();
    let anchors = weekly(&package, &log(&package.proofs[0].statement));
    let (mut first, mut second) = (package.proofs[0].statement.clone(), package.proofs[0].statement.clone());
    first.batches.truncate(13);
    second.batches.drain(..13);
    first.header.period.end = first.batches[12].end;
    second.header.period.start = first.header.period.end;
    second.batches[3].row_commitment = second.batches[4].row_commitment;
    let mut scope = Scope::default();
    let received = Received { anchors, ..Received::default() };
    reconcile_anchors(&mut scope, &policy(), Some(&engagement(DEMANDED)), &received, [&first, &second], &package.plan);
    assert_eq!(blocking(&scope).iter().map(|(cause, _)| *cause).collect::<Vec<_>>(), ["anchored-rows-differ"]);
    assert_eq!(scope.anchored, Some((24, 24)));
}

/// A key is judged by every listing: inside each window, and nobody's own receiver.
#[test]
fn a_key_in_both_files_counts_as_each_of_them_says() {
    let package = package();
    let statement = &package.proofs[0].statement;
    let anchors = weekly(&package, &log(statement));
    let listed = |role: &str, n: u8, window: &str| {
        format!("[[signer]]\nname = \"In the policy\"\nrole = \"{role}\"\npublic_key = \"{}\"\n{window}\n", key(n).public_key())
    };
    let findings = |signer: &str| {
        let text = format!("{}\n{signer}", String::from_utf8(sample("policy.toml")).unwrap());
        let mut scope = Scope::default();
        let received = Received { anchors: anchors.clone(), ..Received::default() };
        let policy = Policy::read(&text).unwrap();
        reconcile_anchors(&mut scope, &policy, Some(&engagement(DEMANDED)), &received, [statement], &package.plan);
        scope.findings
    };
    let causes = |signer: &str| findings(signer).into_iter().map(|finding| finding.cause).collect::<BTreeSet<_>>();
    let causes = |signer: &str| causes(signer).into_iter().collect::<Vec<_>>();
    assert_eq!(causes(""), Vec::<String>::new());
    assert_eq!(causes(&listed("auditor", 2, "valid_until = \"2026-06-02T00:00:00Z\"")), ["anchored-late"]);
    assert_eq!(causes(&listed("provider", 2, "")), ["anchored-late"]);
    let ended = listed("provider", 1, "valid_until = \"2026-06-02T00:00:00Z\"");
    assert_eq!(causes(&ended), ["anchor-not-trusted", "batch-not-anchored"]);
    // A trusted key outside its window, and a stranger's, are different words.
    assert!(findings(&ended)[0].text.contains("signed by In the policy, key "), "{}", findings(&ended)[0].text);
    assert!(findings(&ended)[0].text.contains("outside its window: it counts until 2026-06-02T00:00:00Z"));
}

/// A key of the auditor's that signs in the provider's place is no stranger's.
#[test]
fn a_known_key_in_another_role_is_named() {
    let package = package();
    let header = &package.proofs[0].statement.header;
    let all = log(&package.proofs[0].statement);
    let signed = |n| Checkpoint::sign(&log_name(&header.subject, header.period), &all[..1], 1, all[0].end, &key(n)).unwrap();
    let text = |n| {
        let anchors = [Checkpoint::read(signed(n).as_bytes()).unwrap()];
        scope_of(&package.proofs[0].statement, &package.plan, &engagement(""), &anchors).findings.swap_remove(0).text
    };
    let fingerprint = key(2).public_key().fingerprint();
    assert_eq!(text(2), format!("The anchor of 1 batches is signed by Auditor, key {fingerprint}, listed as auditor; it was not used"));
    assert_eq!(text(9), "The anchor of 1 batches is not signed by a trusted provider; it was not used");
}

#[test]
fn every_other_deviation_has_its_cause() {
    let package = package();
    let ClaimedPackage { plan, proofs, .. } = &package;
    let statement = &proofs[0].statement;
    let all = log(statement);
    let anchors = weekly(&package, &all);
    let check = |anchors: &[Checkpoint], demand: &str| {
        let scope = scope_of(statement, plan, &engagement(demand), anchors);
        let found: Vec<(String, bool)> = scope.findings.iter().map(|f| (f.cause.clone(), f.blocking)).collect();
        found
    };
    let one = |cause: &str, blocking: bool| vec![(cause.to_owned(), blocking)];
    assert_eq!(check(&[], DEMANDED), one("no-anchors", true));
    assert_eq!(check(&[], ""), []);

    // Rows other than those anchored.
    let mut others = all.clone();
    others[4].row_commitment = others[5].row_commitment;
    assert_eq!(check(&weekly(&package, &others), ""), one("anchored-rows-differ", true));

    // An anchor lost: its batch is not known, and roots behind it cannot be recomputed.
    let mut lost = anchors.clone();
    lost.remove(7);
    assert_eq!(check(&lost, ""), one("anchor-gap", false));
    assert_eq!(check(&lost, DEMANDED), [one("anchor-gap", true), one("batch-not-anchored", true)].concat());

    // Anchored as late as allowed, and a day later.
    let delayed = |days| {
        let mut anchors = anchors.clone();
        anchors[2] = anchor(&package, &all, 3, days);
        anchors
    };
    assert_eq!(check(&delayed(3), DEMANDED), []);
    assert_eq!(check(&delayed(4), DEMANDED), one("anchored-late", true));

    // Two histories: the same position, other rows.
    let two = [anchors.clone(), vec![anchor(&package, &others, 5, 1)]].concat();
    assert_eq!(check(&two, "")[0], ("anchor-history-differs".to_owned(), true));

    // Two roots of one size, behind a gap where neither can be computed.
    let mut earlier = all.clone();
    earlier[2].row_commitment = all[3].row_commitment;
    let gap = [&all, &earlier].map(|log| anchor(&package, log, 5, 1));
    assert_eq!(check(&gap, ""), [one("anchor-history-differs", true), one("anchor-gap", false)].concat());

    // A root that is not that of the batches announced.
    let mut forged = anchors.clone();
    forged[23] = anchor(&package, &[others[..23].to_vec(), vec![all[23].clone()]].concat(), 24, 1);
    assert_eq!(check(&forged, ""), one("anchor-root-differs", true));

    // Batches that overlap in time.
    let mut overlapping = all.clone();
    overlapping[1].start = overlapping[0].start;
    assert!(check(&weekly(&package, &overlapping), "").contains(&("anchored-batches-overlap".to_owned(), true)));

    // Nobody's, of another log, and received by nobody trusted.
    let header = &statement.header;
    let sign = |origin: &str, n: u8| Checkpoint::sign(origin, &all[..1], 1, all[0].end, &key(n)).unwrap();
    let read = |text: &str| Checkpoint::read(text.as_bytes()).unwrap();
    let name = log_name(&header.subject, header.period);
    let with = |other: Checkpoint| [anchors.clone(), vec![other]].concat();
    assert_eq!(check(&with(read(&sign(&name, 9))), DEMANDED), one("anchor-not-trusted", false));
    assert_eq!(check(&with(read(&sign("verifold/other", 1))), DEMANDED), one("anchor-of-other-log", false));
    let mut untimed = anchors.clone();
    untimed[0] = read(&sign(&name, 1));
    assert_eq!(check(&untimed, DEMANDED), one("anchored-late", true));
}

#[test]
fn a_batch_of_an_earlier_package_is_named() {
    let package = package();
    let earlier = engagement("[[earlier]]\nstart = \"2026-01-01T00:00:00Z\"\nend = \"2026-06-09T00:00:00Z\"\norigin = \"record\"");
    let scope = crate::scope::reconcile(&policy(), Some(&earlier), &package);
    let causes: Vec<&str> = scope.findings.iter().filter(|f| f.blocking).map(|f| f.cause.as_str()).collect();
    assert_eq!(causes, ["batch-of-earlier-package"; 2]);
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../package/tests/fixtures/timestamp").join(name)).unwrap()
}

/// An authority's token is a time of receipt like an auditor's cosignature, if the engagement pins the certificate.
#[test]
fn a_time_stamp_authority_says_when_an_anchor_was_there() {
    let package = package();
    let mut statement = package.proofs[0].statement.clone();
    statement.batches[1].row_commitment = verifold_model::digest::Commitment::from_bytes([7; 32]);
    let anchor = Checkpoint::read(&fixture("anchor.checkpoint")).unwrap();
    assert_eq!(anchor.added, log(&statement)[..1], "the fixture is the first week of the sample with rows of sevens");
    let check = |pinned: &[&str], tokens: &[&str], anchors: Vec<Checkpoint>| {
        let authority = |name: &&str| {
            format!("[[timestamp_authority]]\nname = \"{name}\"\ncertificate = \"{}\"\n", Digest::of(&fixture(&format!("{name}.der"))))
        };
        let pinned: String = pinned.iter().map(authority).collect();
        let tokens = tokens.iter().map(|name| Token::read(&fixture(&format!("{name}.tst"))).unwrap()).collect();
        let mut scope = Scope::default();
        let received = Received { anchors, tokens, ..Received::default() };
        let engagement = engagement(&format!("{DEMANDED}\n{pinned}"));
        reconcile_anchors(&mut scope, &policy(), Some(&engagement), &received, [&statement], &package.plan);
        // Of the other weeks there is no anchor.
        scope.findings.retain(|finding| finding.cause != "batch-not-anchored");
        scope.findings.into_iter().map(|finding| finding.cause).collect::<Vec<_>>()
    };
    let one = || vec![anchor.clone()];
    assert_eq!(check(&["p256"], &["june"], one()), [""; 0]);
    assert_eq!(check(&["rsa", "p256"], &["june"], one()), [""; 0]);
    assert_eq!(check(&["p256"], &[], one()), ["anchored-late"], "nobody trusted vouches for a time");
    assert_eq!(check(&["p256"], &["p256"], one()), ["anchored-late"], "the token was made months later");
    assert_eq!(check(&["rsa"], &["june"], one()), ["token-not-trusted", "anchored-late"], "of another authority");
    assert_eq!(check(&[], &["june"], one()), ["token-not-trusted", "anchored-late"]);
    assert_eq!(check(&["lenient"], &["lenient"], one()), ["token-not-trusted", "anchored-late"]);
    assert_eq!(check(&["p256"], &["other-file"], one()), ["token-of-other-file", "anchored-late"]);
    // The provider's anchor is what the authority saw, whoever cosigned it since.
    let text = String::from_utf8(fixture("anchor.checkpoint")).unwrap();
    let cosigned = Checkpoint::cosigned(&text, RECEIVER, later(anchor.stated_at, 30), &key(2)).unwrap();
    assert_eq!(check(&["p256"], &["june"], vec![Checkpoint::read(cosigned.as_bytes()).unwrap()]), [""; 0]);
    // A token over one anchor says nothing about another, even of the same week.
    let again = Checkpoint::sign(&anchor.origin, &anchor.added, 1, later(anchor.stated_at, 1), &key(1)).unwrap();
    let again = vec![Checkpoint::read(again.as_bytes()).unwrap()];
    assert_eq!(check(&["p256"], &["june"], again), ["token-of-other-file", "anchored-late"]);
}
