//! Every sample ends as it says, and no altered package is accepted.
//!
//! One process derives one key. The untouched sample passes, so that refusals are not true for the wrong reason.

#![expect(clippy::print_stdout, reason = "a test binary tells what it ran")]

mod mutants;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use libtest_mimic::{Arguments, Failed, Trial};
use verifold_model::{
    protocol::WorkPhase,
    record::{AuditRecord, Standing},
    state::{Exit, RungName, RungState},
};
use verifold_package::Checkpoint;
use verifold_policy::{Engagement, Policy};
use verifold_verify::{Inputs, KeyStore, Progress, Received, verify};

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

/// The anchors a sample's auditor received.
fn anchors(folder: &Path) -> Vec<Checkpoint> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| Checkpoint::read(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap()).collect()
}

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
        let inputs = Inputs {
            policy: &self.policy,
            engagement: Some(&self.engagement),
            received: &self.received,
            package,
            file_name: "package.zkaudit",
            against: None,
        };
        verify(&inputs, keys, &mut NoClock)
    }
}

/// Causes of the rung that fails first.
fn causes(record: &AuditRecord, rung: RungName) -> Vec<String> {
    record.ladder.iter().filter(|r| r.name == rung).flat_map(|r| &r.findings).filter(|f| f.blocking).map(|f| f.cause.clone()).collect()
}

/// What a sample ends with, and the cause it must name.
const SAMPLES: [(&str, Option<(RungName, &str)>); 8] = [
    ("credit-scoring-q1", None),
    ("credit-scoring-drift", Some((RungName::Policy, "requirement-violated"))),
    ("cheat-altered-count", Some((RungName::Proof, "final-state-differs"))),
    ("cheat-batch-removed", Some((RungName::Proof, "proof-rejected"))),
    ("cheat-batch-withheld", Some((RungName::Scope, "batch-missing"))),
    ("cheat-anchored-batches-withheld", Some((RungName::Scope, "anchored-batch-missing"))),
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

/// The bank left two weeks out, proved the rest flawlessly, and signed it: only what it had anchored gives it away.
fn two_anchored_batches_that_were_withheld_are_named_by_date(keys: &KeyStore) {
    let mut sample = Sample::read("cheat-anchored-batches-withheld");
    let record = sample.verify(&sample.package, keys);
    assert_eq!(causes(&record, RungName::Scope), ["anchored-batch-missing"; 2]);
    assert_eq!(record.headline.title, "The proof is valid, but 2 batches were anchored and are missing: 2026-W35, 2026-W40");
    let missing: Vec<&str> =
        record.batches.iter().filter(|batch| batch.standing == Standing::Missing).map(|batch| batch.label.as_str()).collect();
    assert_eq!(missing, ["2026-W35", "2026-W40"]);
    // Without them, and without a demand for them, nothing is wrong.
    sample.received = Received::default();
    sample.engagement.anchored_within_days = None;
    let record = sample.verify(&sample.package, keys);
    assert_eq!(causes(&record, RungName::Scope), [""; 0]);
    assert!(record.ladder.iter().all(|rung| rung.state != RungState::Fails), "{:#?}", record.ladder);
}

/// Without an engagement nothing expected is known, and requirements that need it are uncovered.
fn without_an_engagement_the_package_speaks_for_itself_only(keys: &KeyStore) {
    let sample = Sample::read("credit-scoring-q1");
    let inputs = Inputs {
        policy: &sample.policy,
        engagement: None,
        received: &Received::default(),
        package: &sample.package,
        file_name: "package.zkaudit",
        against: None,
    };
    let record = verify(&inputs, keys, &mut NoClock);
    assert_eq!(record.exit, Exit::Incomplete);
    let scope = record.ladder.iter().find(|rung| rung.name == RungName::Scope).unwrap();
    assert_eq!(scope.state, RungState::NotEstablished);
}

/// A sample of the mutants that `cargo xtask mutants --full` runs.
fn no_altered_package_is_accepted(keys: &KeyStore) {
    #[expect(clippy::disallowed_methods, reason = "a test says how long it took; nothing depends on it")]
    let begun = std::time::Instant::now();
    let options = mutants::Options { seed: 1, class: None, full: false, threads: 2 };
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
        let parts: [(&str, Part); 4] = [
            ("every sample ends as it says", every_sample_ends_as_it_says),
            ("two anchored batches that were withheld are named by date", two_anchored_batches_that_were_withheld_are_named_by_date),
            ("without an engagement the package speaks for itself only", without_an_engagement_the_package_speaks_for_itself_only),
            ("no altered package is accepted", no_altered_package_is_accepted),
        ];
        for (name, part) in parts {
            println!("{name}");
            part(keys);
        }
    })];
    libtest_mimic::run(&arguments, trials).exit();
}
