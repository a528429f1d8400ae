//! Every sample ends as it says, and no altered package is accepted.
//!
//! One process derives one key. The untouched sample passes, so that refusals are not true for the wrong reason.

#![expect(clippy::print_stdout, reason = "a test binary tells what it ran")]

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use libtest_mimic::{Arguments, Failed, Trial};
use verifold_model::{
    cohort::{BatchRole, BatchTable},
    digest::Commitment,
    protocol::WorkPhase,
    record::AuditRecord,
    state::{Exit, RungName, RungState},
};
use verifold_package::{ClaimedPackage, Contents, Limits, SecretKey, signing};
use verifold_policy::{Engagement, Policy};
use verifold_verify::{Inputs, KeyStore, Progress, verify};

struct NoClock;

impl Progress for NoClock {
    fn phase(&mut self, _: WorkPhase, _: &str, _: u32, _: u32) {}

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits").join(name)
}

struct Sample {
    policy: Policy,
    engagement: Engagement,
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
            package: std::fs::read(folder.join("package.zkaudit")).unwrap(),
            exit: text("expected.exit").trim().parse().unwrap(),
        }
    }

    fn verify(&self, package: &[u8], keys: &KeyStore) -> AuditRecord {
        let inputs =
            Inputs { policy: &self.policy, engagement: Some(&self.engagement), package, file_name: "package.zkaudit", against: None };
        verify(&inputs, keys, &mut NoClock)
    }

    /// The sample as audited when the bank signs with a key this test holds: a bank that cheats signs what it hands over.
    fn signed_by_us(name: &str) -> Self {
        let mut sample = Self::read(name);
        for signer in &mut sample.engagement.signers {
            signer.public_key = bank().public_key();
        }
        sample.package = write(&sample.contents()).unwrap();
        sample
    }

    fn contents(&self) -> Contents {
        ClaimedPackage::read(&self.package, &Limits::default()).unwrap().contents()
    }
}

/// The key of the bank in these tests.
fn bank() -> SecretKey {
    SecretKey::from_seed(&[7; 32].into())
}

/// Writes a package and signs it as the bank.
fn write(contents: &Contents) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let package = verifold_package::write(contents)?;
    Ok(signing::sign(&package, &bank(), "Merian Bank AG", "2026-11-17T08:30:00Z".parse()?)?)
}

/// Causes of the rung that fails first.
fn causes(record: &AuditRecord, rung: RungName) -> Vec<String> {
    record.ladder.iter().filter(|r| r.name == rung).flat_map(|r| &r.findings).filter(|f| f.blocking).map(|f| f.cause.clone()).collect()
}

#[track_caller]
fn refused(record: &AuditRecord, rung: RungName, cause: &str, exit: Exit) {
    assert_eq!(record.headline.rung, Some(rung), "{}", record.headline.title);
    assert!(causes(record, rung).iter().any(|found| found == cause), "expected {cause}, found {:?}", causes(record, rung));
    assert_eq!(record.exit, exit);
    assert!(record.ladder.iter().all(|r| r.name != RungName::Policy || r.state != RungState::Holds));
}

/// What a sample ends with, and the cause it must name.
const SAMPLES: [(&str, Option<(RungName, &str)>); 7] = [
    ("credit-scoring-q1", None),
    ("credit-scoring-drift", Some((RungName::Policy, "requirement-violated"))),
    ("cheat-altered-count", Some((RungName::Proof, "final-state-differs"))),
    ("cheat-batch-removed", Some((RungName::Proof, "proof-rejected"))),
    ("cheat-batch-withheld", Some((RungName::Scope, "batch-missing"))),
    ("cheat-other-model-unedited", Some((RungName::Proof, "proof-rejected"))),
    ("cheat-other-model-consistent", Some((RungName::Scope, "model-differs"))),
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

/// Without an engagement nothing expected is known, and requirements that need it are uncovered.
fn without_an_engagement_the_package_speaks_for_itself_only(keys: &KeyStore) {
    let sample = Sample::read("credit-scoring-q1");
    let inputs = Inputs { policy: &sample.policy, engagement: None, package: &sample.package, file_name: "package.zkaudit", against: None };
    let record = verify(&inputs, keys, &mut NoClock);
    assert_eq!(record.exit, Exit::Incomplete);
    let scope = record.ladder.iter().find(|rung| rung.name == RungName::Scope).unwrap();
    assert_eq!(scope.state, RungState::NotEstablished);
}

/// A byte altered and nothing recomputed: the container or its digests refuse it, before any proof is looked at.
fn a_flipped_byte_is_refused(keys: &KeyStore) {
    let sample = Sample::read("credit-scoring-q1");
    // A prime stride reaches every part of the file; the package's own tests flip every bit of a small one.
    for at in (0..sample.package.len()).step_by(487) {
        let mut package = sample.package.clone();
        package[at] ^= 1 << (at % 8);
        let record = sample.verify(&package, keys);
        assert_eq!(record.headline.rung, Some(RungName::Integrity), "byte {at}");
        assert!(matches!(record.exit, Exit::Malformed | Exit::Rejected | Exit::Limits | Exit::NotChecked), "byte {at}: {:?}", record.exit);
    }
}

/// Counts a declined row as an approved one, which leaves every sum as it was.
fn approve_one(table: &mut BatchTable) {
    let cells = table.counts.iter_mut().flatten();
    let (cell, at) = cells.flat_map(|cell| [0, 2, 4].into_iter().find(|at| cell[*at] > 0).map(|at| (cell, at))).next().unwrap();
    cell[at] -= 1;
    cell[at + 1] += 1;
}

/// One edit of a package's contents.
type Edit = fn(&mut Contents);

/// An edit that the native replay refuses, with digests and checksums recomputed.
const REPLAYED: [(&str, &str, Edit); 10] = [
    ("a declined row counted as approved", "chain-differs", |c| {
        approve_one(&mut c.proofs[0].statement.batches[3].table);
    }),
    ("a histogram that does not add up", "table-impossible", |c| c.proofs[0].statement.batches[2].table.histograms[0][0] += 1),
    ("a counter that would spill", "table-impossible", |c| c.proofs[0].statement.batches[2].table.counts[0][0][0] = 1 << 24),
    ("one row more than counted", "table-impossible", |c| c.proofs[0].statement.batches[2].rows += 1),
    ("a batch taken out", "batch-index-differs", |c| {
        c.proofs[0].statement.batches.remove(4);
    }),
    ("two batches swapped in time", "batches-overlap", |c| {
        let batches = &mut c.proofs[0].statement.batches;
        let (a, b) = ((batches[3].start, batches[3].end), (batches[4].start, batches[4].end));
        (batches[3].start, batches[3].end) = b;
        (batches[4].start, batches[4].end) = a;
    }),
    ("one step fewer", "step-count-differs", |c| c.proofs[0].statement.steps -= 1),
    ("another cut-off", "plan-commitment-differs", |c| c.plan.scoring.cutoff = 3),
    ("edges out of order", "plan-contradicts", |c| c.plan.scoring.edges.swap(0, 1)),
    ("another salt of a table", "chain-differs", |c| c.proofs[0].statement.batches[1].table_salt = Commitment::from_bytes([1; 32])),
];

fn an_edit_with_digests_recomputed_is_refused_by_the_replay(keys: &KeyStore) {
    let sample = Sample::signed_by_us("credit-scoring-q1");
    for (what, cause, edit) in REPLAYED {
        let mut contents = sample.contents();
        edit(&mut contents);
        let package = write(&contents).unwrap_or_else(|error| panic!("{what}: {error}"));
        let record = sample.verify(&package, keys);
        println!("  {what}: {}", record.headline.title);
        refused(&record, RungName::Proof, cause, Exit::Rejected);
    }
}

/// Edits that keep the statement consistent in itself, so that only the proof can refuse them.
fn a_consistent_lie_is_refused_by_the_proof(keys: &KeyStore) {
    let sample = Sample::signed_by_us("credit-scoring-q1");
    // With the honest chain head replaced by the one the altered statement chains to.
    let consistent = |edit: &dyn Fn(&mut Contents)| {
        let mut contents = sample.contents();
        edit(&mut contents);
        let error = verifold_circuits::native::replay(&contents.proofs[0].statement, &contents.plan).unwrap_err();
        if let verifold_circuits::native::ReplayError::ChainHead { computed, .. } = error {
            contents.proofs[0].statement.chain_head = computed;
        }
        sample.verify(&write(&contents).unwrap(), keys)
    };
    for seed in 0..6usize {
        // A declined row of one group becomes an approved one: what a bank with a fairness problem would do.
        let record = consistent(&|contents| {
            let batches = &mut contents.proofs[0].statement.batches;
            let at = 1 + seed * 4 % (batches.len() - 1);
            approve_one(&mut batches[at].table);
        });
        refused(&record, RungName::Proof, "final-state-differs", Exit::Rejected);
    }
    let record = consistent(&|contents| contents.proofs[0].statement.batches[1].row_commitment = Commitment::from_bytes([2; 32]));
    refused(&record, RungName::Proof, "final-state-differs", Exit::Rejected);
    let record = consistent(&|contents| contents.proofs[0].statement.batches[0].role = BatchRole::Monitoring);
    refused(&record, RungName::Proof, "final-state-differs", Exit::Rejected);
    let record = {
        let mut contents = sample.contents();
        contents.proofs[0].statement.model_commitment = Commitment::from_bytes([3; 32]);
        sample.verify(&write(&contents).unwrap(), keys)
    };
    refused(&record, RungName::Proof, "proof-rejected", Exit::Rejected);
}

/// A proof altered at random, with digests recomputed: refused with a cause, and no panic gets out.
fn an_altered_proof_is_refused(keys: &KeyStore) {
    let sample = Sample::signed_by_us("credit-scoring-q1");
    let length = sample.contents().proofs[0].bytes.len();
    for at in (0..length).step_by(length / 12) {
        let mut contents = sample.contents();
        contents.proofs[0].bytes[at] ^= 1 << (at % 7);
        let record = sample.verify(&write(&contents).unwrap(), keys);
        assert_eq!((record.headline.rung, record.exit), (Some(RungName::Proof), Exit::Rejected), "byte {at}");
        assert!(
            causes(&record, RungName::Proof).iter().all(|cause| cause.starts_with("proof-") && cause != "proof-check-panicked"),
            "byte {at}"
        );
    }
    for (cut, cause) in [(1, "proof-length-differs"), (length, "proof-length-differs")] {
        let mut contents = sample.contents();
        contents.proofs[0].bytes.truncate(length - cut);
        let outcome = write(&contents).map(|package| sample.verify(&package, keys));
        if let Ok(record) = outcome {
            refused(&record, RungName::Proof, cause, Exit::Rejected);
        }
    }
}

/// Whoever stands between bank and auditor has not the bank's key: an edit that no proof speaks to is refused by the origin.
fn an_edit_without_the_banks_key_is_refused_by_the_origin(keys: &KeyStore) {
    let sample = Sample::read("credit-scoring-q1");
    let mut contents = sample.contents();
    contents.proofs[0].title = "Monitoring, revised".to_owned();
    let package = verifold_package::write(&contents).unwrap();
    let signed = signing::sign(&package, &bank(), "Merian Bank AG", "2026-11-17T08:30:00Z".parse().unwrap()).unwrap();
    for (package, cause) in [(&package, "no-signature"), (&signed, "signer-not-trusted")] {
        let record = sample.verify(package, keys);
        assert_eq!(record.headline.rung, Some(RungName::Origin), "{}", record.headline.title);
        assert_eq!((causes(&record, RungName::Origin), record.exit), (vec![cause.to_owned()], Exit::Origin));
        let valid = record.ladder.iter().any(|rung| rung.name == RungName::Proof && rung.state == RungState::Holds);
        assert!(valid, "each rung is concluded for itself");
    }
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
        let parts: [(&str, Part); 7] = [
            ("every sample ends as it says", every_sample_ends_as_it_says),
            ("without an engagement the package speaks for itself only", without_an_engagement_the_package_speaks_for_itself_only),
            ("a flipped byte is refused", a_flipped_byte_is_refused),
            ("an edit with digests recomputed is refused by the replay", an_edit_with_digests_recomputed_is_refused_by_the_replay),
            ("a consistent lie is refused by the proof", a_consistent_lie_is_refused_by_the_proof),
            ("an altered proof is refused", an_altered_proof_is_refused),
            ("an edit without the bank's key is refused by the origin", an_edit_without_the_banks_key_is_refused_by_the_origin),
        ];
        for (name, part) in parts {
            println!("{name}");
            part(keys);
        }
    })];
    libtest_mimic::run(&arguments, trials).exit();
}
