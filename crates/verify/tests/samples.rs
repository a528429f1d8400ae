//! Every sample ends as it says, and no altered package is accepted.
//!
//! One process derives one key. The untouched sample passes, so that refusals are not true for the wrong reason.

#![expect(clippy::print_stdout, reason = "a test binary tells what it ran")]

mod lying;
mod mutants;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use verifold_model::{
    candidates::Holds,
    digest::Digest,
    document::{DocumentKind, SignatureState},
    lineage::{LinkName, LinkState},
    record::{AuditRecord, Standing},
    state::{Exit, RungName, RungState, Stage, State},
    traceability::{ProofUsed, Traceability},
};
use verifold_package::{ClaimedPackage, ClaimedStage, Contents, DocumentEnvelope, Limits, SecretKey, document, write};
use verifold_policy::{Engagement, Overlay, Policy, TraceabilityDraft, read_traceability};
use verifold_verify::{KeyStore, Received};

use mutants::{
    development::{offline, preparation, training},
    sample::{anchors, verified},
};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits").join(name)
}

#[derive(Clone)]
struct Sample {
    policy: Policy,
    engagement: Engagement,
    received: Received,
    package: Vec<u8>,
    exit: u8,
}

impl Sample {
    fn read(name: &str) -> Self {
        let folder = folder(name);
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
        Self {
            policy: Policy::read(&text("policy.toml")).unwrap(),
            engagement: Engagement::read(&text("engagement.toml")).unwrap(),
            received: Received { anchors: anchors(&folder.join("anchors")), ..Received::default() },
            package: std::fs::read(folder.join("package.zkaudit")).unwrap(),
            exit: text("expected.exit").trim().parse().unwrap(),
        }
    }

    fn verify(&self, package: &[u8], keys: &KeyStore) -> AuditRecord {
        verified(&self.policy, Some(&self.engagement), &self.received, package, keys)
    }
}

/// Causes of the rung that fails first.
fn causes(record: &AuditRecord, rung: RungName) -> Vec<String> {
    record.ladder.iter().filter(|r| r.name == rung).flat_map(|r| &r.findings).filter(|f| f.blocking).map(|f| f.cause.clone()).collect()
}

/// What a sample ends with, and the cause it must name.
const SAMPLES: [(&str, Option<(RungName, &str)>); 13] = [
    ("credit-scoring-q1", None),
    ("credit-scoring-drift", Some((RungName::Policy, "requirement-violated"))),
    ("cheat-altered-count", Some((RungName::Proof, "final-state-differs"))),
    ("cheat-batch-removed", Some((RungName::Proof, "proof-rejected"))),
    ("cheat-batch-withheld", Some((RungName::Scope, "batch-missing"))),
    ("cheat-anchored-batches-withheld", Some((RungName::Scope, "anchored-batch-missing"))),
    ("cheat-other-model-unedited", Some((RungName::Proof, "proof-rejected"))),
    ("cheat-other-model-consistent", Some((RungName::Scope, "model-differs"))),
    ("credit-scoring-lifecycle", None),
    ("credit-scoring-mlp", None),
    ("changed-model", None),
    ("broken-chain", Some((RungName::Proof, "link-broken"))),
    ("proof-system-too-weak", Some((RungName::Policy, "requirement-unverifiable"))),
];

fn every_sample_ends_as_it_says(keys: &KeyStore) {
    for (name, cause) in SAMPLES {
        let sample = Sample::read(name);
        let record = sample.verify(&sample.package, keys);
        assert_eq!(record.exit.code(), sample.exit, "{name}: {}", record.headline.title);
        match cause {
            None => assert!(record.headline.rung.is_none(), "{name}"),
            Some((rung, cause)) => {
                assert_eq!(record.headline.rung, Some(rung), "{name}: {}", record.headline.title);
                assert!(causes(&record, rung).iter().any(|found| found == cause), "{name}: {:?}", causes(&record, rung));
            }
        }
        let text = std::fs::read_to_string(folder(name).join("expected.record.json")).unwrap();
        let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut found = serde_json::to_value(&record).unwrap();
        found.as_object_mut().unwrap().remove("volatile");
        assert_eq!(found, expected, "{name}: the record has changed; `cargo xtask samples --records` writes it anew");
    }
}

/// The bank left two weeks out, proved the rest flawlessly, and signed it: what it had anchored says that there were rows.
fn two_anchored_batches_that_were_withheld_are_named_by_date(keys: &KeyStore) {
    let mut sample = Sample::read("cheat-anchored-batches-withheld");
    let record = sample.verify(&sample.package, keys);
    assert_eq!(causes(&record, RungName::Scope), ["anchored-batch-missing"; 2]);
    assert_eq!(record.headline.title, "The proof is valid, but 2 batches were anchored and are missing: 2026-W35, 2026-W40");
    let missing: Vec<&str> =
        record.batches.iter().filter(|batch| batch.standing == Standing::Missing).map(|batch| batch.label.as_str()).collect();
    assert_eq!(missing, ["2026-W35", "2026-W40"]);
    // Without them, and without a demand for them, what is left is a gap in the package's own period.
    sample.received = Received::default();
    sample.engagement.anchored_within_days = None;
    let record = sample.verify(&sample.package, keys);
    assert_eq!(causes(&record, RungName::Scope), ["batch-missing"; 2]);
    let others = record.ladder.iter().filter(|rung| rung.name != RungName::Scope);
    assert!(others.into_iter().all(|rung| rung.state != RungState::Fails), "{:#?}", record.ladder);
}

/// Without an engagement nothing expected is known, and requirements that need it are uncovered.
fn without_an_engagement_the_package_speaks_for_itself_only(keys: &KeyStore) {
    let sample = Sample::read("credit-scoring-q1");
    let record = verified(&sample.policy, None, &Received::default(), &sample.package, keys);
    assert_eq!(record.exit, Exit::Incomplete);
    let scope = record.ladder.iter().find(|rung| rung.name == RungName::Scope).unwrap();
    assert_eq!(scope.state, RungState::NotEstablished);
}

/// A limit that an audit was to be held to can be tailored, and the record says so wherever it matters; it cannot be
/// tailored by an overlay of another policy, one that has expired, or one whose signature is of something else.
fn a_tailored_policy_says_what_was_changed(keys: &KeyStore) {
    let mut sample = Sample::read("credit-scoring-drift");
    let auditor = SecretKey::from_seed(&[9; 32].into());
    let trusted = |engagement: &mut Engagement| {
        let text = format!(
            "schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n[[signer]]\nname = \"Halm\"\nrole = \"auditor\"\npublic_key = \"{}\"\n",
            auditor.public_key()
        );
        engagement.signers.extend(Engagement::read(&text).unwrap().signers);
    };
    trusted(&mut sample.engagement);
    let overlay = |digest: Digest, expires: &str| {
        let text = format!(
            "schema = \"overlay/v1\"\nid = \"halm-1\"\ntitle = \"t\"\n[policy]\nid = \"{}\"\nversion = \"{}\"\ndigest = \"{digest}\"\n\
             [[change]]\nrequirement = \"MO-1\"\nfield = \"limit\"\nvalue = \"0.60\"\nrationale = \"Remediation agreed.\"\n\
             owner = \"Head of risk\"\nexpires = \"{expires}\"\n",
            sample.policy.id, sample.policy.version
        );
        Overlay::read(&text, None).unwrap()
    };
    let signed = |digest: Digest| {
        let at = "2026-05-29T10:00:00Z".parse().unwrap();
        DocumentEnvelope::read("x", &document::envelope(DocumentKind::Overlay, "o.toml", digest, &auditor, "Halm", at), &Limits::default())
            .unwrap()
    };
    let mo1 = |record: &AuditRecord| record.requirements.iter().find(|result| result.id == "MO-1").cloned().unwrap();
    let check = |received: Received, limit: &str, reason: &str| {
        let record = Sample { received, ..sample.clone() }.verify(&sample.package, keys);
        assert_eq!(mo1(&record).limit, limit);
        assert!(record.overlays[0].changes[0].reason.contains(reason), "{:#?}", record.overlays);
        assert_eq!(record.policy.digest, sample.policy.digest);
        record
    };
    let with = |overlay: &Overlay, signature| Received { overlays: vec![(overlay.clone(), vec![signature])], ..Received::default() };

    let good = overlay(sample.policy.digest, "2026-11-16T00:00:00Z");
    let record = check(with(&good, signed(good.digest)), "≥ 0.60", "");
    assert!(record.overlays[0].changes[0].applied);
    assert_eq!(record.overlays[0].signatures[0].state, SignatureState::Trusted);
    let result = mo1(&record);
    assert_eq!(result.state, State::Satisfied, "{}", result.reason);
    assert_eq!(result.why.children.last().unwrap().label, "limit changed by overlay halm-1 from 0.80 to 0.60");
    assert_eq!(record.exit, Exit::Violated, "other requirements are as they were");
    assert!(record.ladder.iter().flat_map(|rung| &rung.findings).any(|finding| finding.cause == "policy-tailored" && !finding.blocking));
    let policy_rung = record.ladder.iter().find(|rung| rung.name == RungName::Policy).unwrap();
    assert!(policy_rung.detail.ends_with("of a policy tailored by 1 change"), "{}", policy_rung.detail);

    let of_another = overlay(Digest::of(b"another policy"), "2026-11-16T00:00:00Z");
    check(with(&of_another, signed(of_another.digest)), "≥ 0.80", "is for the policy");
    let expired = overlay(sample.policy.digest, "2026-11-15T23:59:59Z");
    let record = check(with(&expired, signed(expired.digest)), "≥ 0.80", "expired on 2026-11-15");
    let scope = record.ladder.iter().find(|rung| rung.name == RungName::Scope).unwrap();
    assert!(scope.findings.iter().any(|finding| finding.cause == "change-not-applied" && !finding.blocking), "{:#?}", scope.findings);
    let record = check(with(&good, signed(expired.digest)), "≥ 0.80", "a signature of the overlay is broken");
    assert_eq!(causes(&record, RungName::Scope), ["document-not-as-signed"]);
    assert_eq!(record.exit, Exit::Scope);
    let unsigned = Received { overlays: vec![(good, Vec::new())], ..Received::default() };
    check(unsigned, "≥ 0.60", "");
}

/// Links between the stages before monitoring hold for what is linked, and a stage left out is a gap, not a tick. The packages are
/// unsigned, which is a matter of another rung.
fn altered_stages_are_refused(keys: &KeyStore) {
    let sample = Sample::read("credit-scoring-lifecycle");
    let honest = ClaimedPackage::read(&sample.package, &Limits::default()).unwrap().contents();
    let run = |edit: &dyn Fn(&mut Contents)| {
        let mut contents = honest.clone();
        edit(&mut contents);
        sample.verify(&write(&contents).unwrap(), keys)
    };
    // Its proof binds no more than how many minibatches the rows take.
    for other in [-1, 1] {
        let record = run(&|c| training(c).rows = training(c).rows.checked_add_signed(other).unwrap());
        assert_eq!((record.exit, causes(&record, RungName::Proof)), (Exit::Rejected, vec!["link-broken".to_owned()]));
        assert_eq!(record.lineage.links.iter().find(|link| link.state == LinkState::Broken).unwrap().name, LinkName::TrainedOnPrepared);
    }
    // What no circuit could count is nobody's to draw.
    let record = run(&|c| offline(c).batches[0].table.histograms[0] = vec![0; 100_000]);
    assert!(record.exit == Exit::Rejected && record.development.unwrap().histograms.is_none());
    let record = run(&|c| {
        let again = preparation(c).parts[1].clone();
        preparation(c).parts.push(again);
    });
    assert_eq!((record.exit, record.development), (Exit::Rejected, None));
    // Either part of the rows that offline metrics count.
    for part in [0, 1] {
        let record = run(&|c| {
            let outcomes = preparation(c).parts[1 - part].outcome_commitment;
            offline(c).batches[part].outcome_commitment = outcomes;
        });
        let link = record.lineage.links.iter().find(|link| link.name == LinkName::MeasuredOnPrepared).unwrap();
        assert_eq!((record.exit, link.state), (Exit::Rejected, LinkState::Broken), "{}", link.text);
    }
    for (left_out, open) in [(0, "DA-1"), (1, "TR-1"), (2, "TR-4")] {
        let record = run(&|contents| drop(contents.stages.remove(left_out)));
        assert_ne!(record.exit, Exit::Met, "{open}");
        let result = record.requirements.iter().find(|result| result.id == open).unwrap();
        assert_eq!(result.state, State::Uncovered, "{open}");
    }
}

/// What an auditor is told of a change of model, by what the package and the engagement say of it.
fn a_change_of_model_is_on_record_or_named(keys: &KeyStore) {
    let sample = Sample::read("changed-model");
    let honest = ClaimedPackage::read(&sample.package, &Limits::default()).unwrap().contents();
    let silent = write(&Contents { changes: Vec::new(), ..honest.clone() }).unwrap();
    let approved = |record: &AuditRecord| record.requirements.iter().find(|result| result.id == "IN-1").cloned().unwrap();
    let named = |record: &AuditRecord, cause: &str| record.ladder.iter().flat_map(|rung| &rung.findings).any(|found| found.cause == cause);

    let record = sample.verify(&sample.package, keys);
    let [change] = record.model_changes.as_slice() else { panic!("{:?}", record.model_changes) };
    assert_eq!((change.batch, change.standing), (5, Standing::Proven));
    assert_eq!(record.proofs.iter().map(|proof| proof.segments.len()).sum::<usize>(), 2);
    let link = record.lineage.links.last().unwrap();
    assert_eq!((link.name, link.state), (LinkName::LaterOfMonitored, LinkState::Holds), "{}", link.text);

    // Expected, and without a word why.
    let record = sample.verify(&silent, keys);
    let result = approved(&record);
    assert!(record.exit != Exit::Met && result.state == State::Uncovered, "{}", result.reason);
    assert!(result.reason.contains("no change record"), "{}", result.reason);
    assert!(!named(&record, "model-changed-silently"), "the engagement expects it");
    // Not expected: one model is, or nobody said which.
    let mut other = sample.clone();
    other.engagement.models.truncate(1);
    let record = other.verify(&sample.package, keys);
    assert_eq!((record.exit, causes(&record, RungName::Scope)), (Exit::Scope, vec!["model-changed".to_owned()]));
    other.engagement.models.clear();
    let record = other.verify(&silent, keys);
    assert!(record.exit != Exit::Met && named(&record, "model-changed-silently"), "{}", record.headline.title);
    // More pieces than were agreed on.
    let text = std::fs::read_to_string(folder("changed-model").join("policy.toml")).unwrap();
    other = Sample { policy: Policy::read(&text.replace("segments = 4", "segments = 1")).unwrap(), ..sample.clone() };
    let record = other.verify(&sample.package, keys);
    assert_eq!((record.exit, causes(&record, RungName::Integrity)), (Exit::Limits, vec!["too-many-segments".to_owned()]));
    // One period told twice.
    let mut twice = honest.clone();
    let again = twice.stages[0].clone();
    twice.stages.insert(1, ClaimedStage { id: "matured-3".to_owned(), ..again });
    assert!(write(&twice).unwrap_err().to_string().contains("one about later outcomes for each monitoring proof"));
    // Changes into outcomes that no cohort says anything of.
    let changes = |record: &AuditRecord| record.series.iter().filter(|series| series.key.metric.definition().between_outcomes).count();
    let mut alone = honest.clone();
    alone.stages.retain(|stage| !stage.id.starts_with("matured"));
    assert_ne!(changes(&sample.verify(&sample.package, keys)), 0);
    assert_eq!(changes(&sample.verify(&write(&alone).unwrap(), keys)), 0);
    // The weeks under the old model alone: what followed is missed by the calendar.
    let first = Contents {
        proofs: honest.proofs[..1].to_vec(),
        changes: Vec::new(),
        stages: honest.stages.iter().filter(|stage| !stage.id.ends_with("-2")).cloned().collect(),
        period: honest.proofs[0].statement.header.period,
        ..honest.clone()
    };
    let record = sample.verify(&write(&first).unwrap(), keys);
    assert_ne!(record.exit, Exit::Met);
    assert!(causes(&record, RungName::Scope).iter().any(|cause| cause == "batch-missing"), "{:?}", causes(&record, RungName::Scope));
    // And those under the new one alone: what they go on from is not there.
    let mut second = honest;
    drop(second.proofs.remove(0));
    second.changes.clear();
    second.stages.retain(|stage| stage.id.ends_with("-2"));
    second.period = second.proofs[0].statement.header.period;
    let record = sample.verify(&write(&second).unwrap(), keys);
    assert_eq!(record.exit, Exit::Rejected, "{}", record.headline.title);
    assert!(causes(&record, RungName::Proof).iter().any(|cause| cause == "batch-index-differs"), "{:?}", causes(&record, RungName::Proof));
}

/// A document beside the proof is held against it: another circuit, or a score this program does not give, is named.
fn a_traceability_specification_is_held_against_the_proof(keys: &KeyStore) {
    let mut sample = Sample::read("credit-scoring-q1");
    let text = std::fs::read_to_string(folder("credit-scoring-q1").join("policy.toml")).unwrap();
    let requirement = "id = \"DOC-1\"\ntitle = \"Traceability\"\narea = \"Documentation\"\nstage = \"monitoring\"\n\
                       severity = \"advisory\"\nassertion = \"authorisation\"\nkind = \"traceability\"\n";
    sample.policy = Policy::read(&format!("{text}\n[[requirement]]\n{requirement}")).unwrap();
    let package = ClaimedPackage::read(&sample.package, &Limits::default()).unwrap();
    let proof = &package.proofs[0];
    let draft = TraceabilityDraft {
        stage: proof.stage,
        system: Some(package.subject.system.clone()),
        model_category: Some("linear".to_owned()),
        used: Some(ProofUsed { statement: proof.kind, system: proof.system, circuit: proof.statement.header.circuit }),
        cost: String::new(),
        circuits: Vec::new(),
    };
    let filled = draft.to_toml().replace("REQUIRED: day", "2026-05-20").replace("REQUIRED: ", "");
    let honest = read_traceability(&filled).unwrap();
    let edited = |edit: fn(&mut Traceability)| {
        let mut document = honest.clone();
        edit(&mut document);
        Some(document)
    };
    for (document, state, part) in [
        (edited(|_| {}), State::Satisfied, ""),
        (None, State::Uncovered, "No traceability specification of online monitoring is in the package."),
        (edited(|d| d.decision.circuit.push('8')), State::Violated, "decision.circuit: states "),
        (
            edited(|d| d.candidate[0].scores.post_quantum.holds = Holds::Yes),
            State::Violated,
            "post-quantum: says yes, this program says no",
        ),
        (edited(|d| d.roles.ml_engineer.name = "REQUIRED".to_owned()), State::Violated, "it is incomplete: roles.ml_engineer.name"),
        (edited(|d| d.stage = Stage::Training), State::Uncovered, "No traceability specification of online monitoring"),
    ] {
        let documents: Vec<Traceability> = document.into_iter().collect();
        let file = write(&Contents { traceability: documents.clone(), ..package.contents() }).unwrap();
        let record = sample.verify(&file, keys);
        let result = record.requirements.iter().find(|result| result.id == "DOC-1").unwrap();
        assert_eq!(result.state, state, "{}", result.reason);
        assert!(result.reason.to_lowercase().contains(&part.to_lowercase()), "{part} is not in {}", result.reason);
        assert_eq!(record.traceability.iter().map(|summary| summary.document.clone()).collect::<Vec<_>>(), documents);
        for summary in &record.traceability {
            let entry = record.package.entries.iter().find(|entry| entry.role == "traceability").unwrap();
            assert_eq!(entry.digest, summary.digest);
        }
    }
}

/// A sample of the mutants that `cargo xtask mutants --full` runs.
fn no_altered_package_is_accepted(keys: &KeyStore) {
    #[expect(clippy::disallowed_methods, reason = "a test says how long it took; nothing depends on it")]
    let begun = std::time::Instant::now();
    let options = mutants::Options { seed: 1, class: None, sample: None, full: false, threads: 2, keep: None, liar: Some(lying::proof_of) };
    let faults = mutants::run(&folder(""), keys, &options, &|| begun.elapsed());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// One part of the trial.
type Part = fn(&KeyStore);

fn main() {
    let arguments = Arguments::from_args();
    let keys: &'static KeyStore = Box::leak(Box::new(KeyStore::new()));
    let trial = |name: &str, run: Part| {
        Trial::test(name, move || {
            run(keys);
            Ok::<(), Failed>(())
        })
    };
    let trials = vec![trial("samples_end_as_they_say_and_no_altered_package_is_accepted", |keys| {
        // One trial, so that one process derives the key once under runners that start a process for each.
        let parts: [(&str, Part); 8] = [
            ("every sample ends as it says", every_sample_ends_as_it_says),
            ("two anchored batches that were withheld are named by date", two_anchored_batches_that_were_withheld_are_named_by_date),
            ("without an engagement the package speaks for itself only", without_an_engagement_the_package_speaks_for_itself_only),
            ("a tailored policy says what was changed", a_tailored_policy_says_what_was_changed),
            ("a traceability specification is held against the proof", a_traceability_specification_is_held_against_the_proof),
            ("altered stages are refused", altered_stages_are_refused),
            ("a change of model is on record, or named", a_change_of_model_is_on_record_or_named),
            ("no altered package is accepted", no_altered_package_is_accepted),
        ];
        for (name, part) in parts {
            println!("{name}");
            part(keys);
        }
    })];
    libtest_mimic::run(&arguments, trials).exit();
}
