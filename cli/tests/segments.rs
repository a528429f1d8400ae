//! A period in three segments: proven by the commands of the manual, joined, verified; and every cheat refused for its cause.
//!
//! The commands are those of `docs/segments.md`, taken from the page and run as Slurm and Kubernetes would run them.

#![cfg(unix)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use verifold_circuits::{AnyModel, Keys, MonitoringWitness};
use verifold_model::{
    digest::Digest,
    protocol::WorkPhase,
    record::{AuditRecord, ProofState},
    state::{Exit, RungName},
};
use verifold_package::{ClaimedPackage, ClaimedSegment, Contents, Limits, write};
use verifold_policy::Policy;
use verifold_prove::{
    Event, OnBadRow, ProveError, RowSources, Sources,
    monitoring::{Prepared, fold_batches, prepare},
    segments::{Part, Split},
};
use verifold_verify::{Inputs, KeyStore, Received, verify};

#[path = "segments/change.rs"]
mod change;

const PAGE: &str = include_str!("../../docs/segments.md");

const POLICY: &str = r#"
schema = "policy/v1"
id = "segments"
title = "Segments"
version = "1"

[[circuit]]
family = "scored-cohort/v1"

[[requirement]]
id = "M-1"
title = "One model"
area = "Model"
assertion = "authorisation"
stage = "monitoring"
severity = "mandatory"
kind = "model-unchanged"
"#;

/// That whoever was scored can check their row.
const RECEIPTS: &str = r#"
[[requirement]]
id = "I-1"
title = "Receipts"
area = "Explanation"
assertion = "completeness"
stage = "inference"
severity = "mandatory"
kind = "evidence"
statement = "receipts/v1"
"#;

/// A change of a segment's file.
type PartEdit<'a> = &'a dyn Fn(&mut Part);

/// A change of a package before it is written anew.
type Cheat<'a> = &'a dyn Fn(&mut Contents);

struct Silent;

impl verifold_prove::Progress for Silent {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn report(&mut self, _: Event) {}
}

impl verifold_verify::Progress for Silent {
    fn phase(&mut self, _: WorkPhase, _: &str, _: u32, _: u32) {}

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// The code block of the page with this name.
fn block(name: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!(" {name}\n")).unwrap();
    rest.split_once("\n```").unwrap().0
}

/// The shell command of the one container of the Kubernetes job.
fn kubernetes_command() -> (Vec<String>, u64) {
    let job: serde_yaml::Value = serde_yaml::from_str(block("kubernetes")).unwrap();
    let text = |value: &serde_yaml::Value| value.as_str().unwrap().to_owned();
    assert_eq!((text(&job["apiVersion"]), text(&job["kind"])), ("batch/v1".to_owned(), "Job".to_owned()));
    let spec = &job["spec"];
    assert_eq!(text(&spec["completionMode"]), "Indexed");
    let pod = &spec["template"]["spec"];
    assert!(["Never", "OnFailure"].contains(&pod["restartPolicy"].as_str().unwrap()), "a job restarts no other way");
    let [container] = pod["containers"].as_sequence().unwrap().as_slice() else { panic!("one container") };
    let mounts = container["volumeMounts"].as_sequence().unwrap();
    let volumes = pod["volumes"].as_sequence().unwrap();
    assert!(mounts.iter().all(|mount| volumes.iter().any(|volume| volume["name"] == mount["name"])));
    assert_eq!(container["workingDir"], mounts[0]["mountPath"]);
    let words = ["command", "args"].iter().flat_map(|key| container[*key].as_sequence().unwrap().iter().map(text)).collect();
    (words, spec["completions"].as_u64().unwrap())
}

/// A folder with the files that the page speaks of, and the program on its path.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        Self::with_model("sklearn_plain.onnx")
    }

    fn with_model(model: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (theirs, ours) in
            [("spec.toml", "monitoring.toml"), (model, "model.onnx"), ("reference.csv", "reference.csv"), ("batches.csv", "batches.csv")]
        {
            let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/prove/tests/data");
            fs::copy(data.join(theirs), folder.path().join(ours)).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn spawn(&self, words: &[String], variable: &str, value: u64) -> std::process::Output {
        #[expect(clippy::disallowed_methods, reason = "the commands of the page find the program as any are found")]
        let inherited = std::env::var_os("PATH").unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_verifold")).parent().unwrap().to_owned();
        let path = std::env::join_paths(std::iter::once(program).chain(std::env::split_paths(&inherited))).unwrap();
        Command::new(&words[0])
            .args(&words[1..])
            .env("PATH", path)
            .env(variable, value.to_string())
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    #[track_caller]
    fn says(&self, words: &[String], variable: &str, value: u64, succeeds: bool, part: &str) {
        let output = self.spawn(words, variable, value);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.success(), succeeds, "{text}");
        assert!(text.contains(part), "{part:?} is not in {text}");
    }

    /// Runs a block of the page.
    #[track_caller]
    fn run(&self, name: &str, succeeds: bool, part: &str) {
        self.says(&["/bin/sh".to_owned(), "-c".to_owned(), block(name).to_owned()], "UNUSED", 0, succeeds, part);
    }

    /// Runs a line of the shell.
    #[track_caller]
    fn line(&self, line: &str, succeeds: bool, part: &str) {
        self.says(&["/bin/sh".to_owned(), "-c".to_owned(), line.to_owned()], "UNUSED", 0, succeeds, part);
    }

    #[track_caller]
    fn slurm(&self, task: u64, part: &str) {
        fs::write(self.path("array.sh"), block("slurm")).unwrap();
        assert!(block("slurm").contains("\n#SBATCH --array=1-3\n"));
        self.says(&["/bin/sh".to_owned(), "array.sh".to_owned()], "SLURM_ARRAY_TASK_ID", task, true, part);
    }

    #[track_caller]
    fn kubernetes(&self, index: u64, part: &str) {
        let (words, completions) = kubernetes_command();
        assert!(index < completions);
        self.says(&words, "JOB_COMPLETION_INDEX", index, true, part);
    }

    fn prepared(&self) -> Prepared {
        let sources = Sources {
            rows: RowSources {
                spec: self.path("monitoring.toml"),
                reference: self.path("reference.csv"),
                batches: self.path("batches.csv"),
                outcomes: None,
            },
            on_bad_row: OnBadRow::Void,
            model: self.path("model.onnx"),
        };
        prepare(&sources, &mut Silent).unwrap()
    }
}

fn verified(package: &[u8], policy: &str, keys: &KeyStore) -> AuditRecord {
    let policy = Policy::read(policy).unwrap();
    let received = Received::default();
    let inputs = Inputs { policy: &policy, engagement: None, received: &received, package, file_name: "q1.zkaudit", against: None };
    verify(&inputs, keys, &mut Silent)
}

/// What the proof rung of a record says first: cause and place.
fn refusal(record: &AuditRecord) -> (String, String) {
    let rung = record.ladder.iter().find(|rung| rung.name == RungName::Proof).unwrap();
    rung.findings.iter().find(|finding| finding.blocking).map(|finding| (finding.cause.clone(), finding.place.clone())).unwrap_or_default()
}

/// The last segment proven from another witness, as somebody would who changes one thing behind the auditor's back.
fn foreign(keys: &Keys, site: &Site, split: &Split, edit: fn(&mut Prepared)) -> Vec<u8> {
    let mut prepared = site.prepared();
    edit(&mut prepared);
    let witness: MonitoringWitness = prepared.witness().unwrap();
    fold_batches(&witness, split.segments().pop().unwrap(), keys, &mut Silent).unwrap()
}

#[test]
fn a_period_is_proven_in_segments_and_goes_on_by_the_commands_of_the_manual_and_no_cheat_passes() {
    let site = Site::new();
    site.run("split", true, "      3  ");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(site.path("q1.zksplit")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let split = Split::read(&site.path("q1.zksplit")).unwrap();
    assert_eq!(split.segments().len(), 3);

    // Each kind of job proves some, in no order, and leaves what is there alone.
    site.slurm(3, "segment 3 of 3");
    site.run("join", false, "segments are not there: prove them with `verifold prove segment --segment N/3` for N = 1, 2");
    site.kubernetes(0, ": proven: parts/1.zkseg");
    site.kubernetes(1, ": proven: parts/2.zkseg");
    for index in 0..3 {
        site.kubernetes(index, "was there already, nothing was done");
        site.slurm(index + 1, "was there already, nothing was done");
    }
    let rows = fs::read_to_string(site.path("batches.csv")).unwrap();
    let lines: Vec<&str> = rows.lines().collect();
    fs::write(site.path("fewer.csv"), lines[..lines.len() - 1].join("\n")).unwrap();
    let job = "verifold prove segment --split q1.zksplit --spec monitoring.toml --reference reference.csv -o parts/x.zkseg";
    site.line(&format!("{job} --batches fewer.csv --segment 1/3"), false, "is not the one the split was made of");
    site.line(&format!("{job} --batches batches.csv --segment 1/4"), false, "segment 1/4 was asked for, the split has 3");
    assert!(!site.path("parts/x.zkseg").exists(), "a job that fails writes nothing");

    site.run("join", true, "in 3 segments: q1.zkaudit");
    assert!(site.path("q1.secrets").exists() && site.path("q1.claimed.json").exists());
    site.line("verifold inspect q1.zkaudit", true, "segments  3, proven apart: batch 0; batch 1; batches 2 to 3");
    let file = fs::read(site.path("q1.zkaudit")).unwrap();
    let package = ClaimedPackage::read(&file, &Limits::default()).unwrap();
    assert_eq!(package.proofs[0].statement, split.statement, "the statement is that of the period");

    let store = KeyStore::new();
    let record = verified(&file, POLICY, &store);
    assert_eq!((record.exit, refusal(&record).0.as_str()), (Exit::Met, ""), "{}", record.headline.title);
    let proof = &record.proofs[0];
    assert_eq!(proof.segments.iter().map(|segment| segment.steps).sum::<u64>(), proof.steps);
    assert!(proof.segments.iter().all(|segment| segment.state == ProofState::Valid));
    assert_eq!(proof.segments.len(), 3);
    let last: Vec<u32> = proof.segments.iter().map(|segment| segment.last_batch).collect();
    assert_eq!(last[2] as usize + 1, split.statement.batches.len());

    change::a_period_goes_on_under_another_model(&site, &store);
    policies_bound_the_number(&file, &store);
    join_refuses_what_does_not_belong(&site);
    no_cheat_passes(&site, &split, &package, &store);
}

fn policies_bound_the_number(file: &[u8], store: &KeyStore) {
    for (most, exit) in [(3, Exit::Met), (2, Exit::Limits)] {
        let record = verified(file, &format!("{POLICY}\n[limits]\nsegments = {most}\n"), store);
        assert_eq!(record.exit, exit, "{}", record.headline.title);
        let over = record.ladder.iter().flat_map(|rung| &rung.findings).any(|finding| finding.cause == "too-many-segments");
        assert_eq!(over, exit == Exit::Limits);
    }
}

fn join_refuses_what_does_not_belong(site: &Site) {
    let honest = Part::read(&site.path("parts/2.zkseg")).unwrap();
    let other = |edit: &dyn Fn(&mut Part)| {
        let mut part = honest.clone();
        edit(&mut part);
        fs::write(site.path("other.zkseg"), part.encode()).unwrap();
    };
    let join = |parts: &str, says: &str| {
        site.line(&format!("verifold join {parts} --split q1.zksplit -o other.zkaudit"), false, says);
        assert!(!site.path("other.zkaudit").exists() && !site.path("other.secrets").exists(), "nothing is written");
    };
    join("parts/1.zkseg parts/3.zkseg", "a segment is not there: prove it with `verifold prove segment --segment N/3` for N = 2");
    join("parts/*.zkseg parts/1.zkseg", "segment 1 is there twice, also in parts/1.zkseg");
    join("parts/1.zkseg monitoring.toml", "not a segment's file");
    let cases: [(PartEdit<'_>, &str); 7] = [
        (&|part| part.header.header.subject.name.push('x'), "the segment is of another subject"),
        (&|part| part.header.header.period.end = part.header.header.period.start, "the segment is of another period"),
        (&|part| part.header.plan_digest = Digest::of(b"other"), "the segment was measured by another plan"),
        (&|part| part.header.model_commitment = part.header.statement_digest.to_string().parse().unwrap(), "by another model"),
        (&|part| part.header.statement_digest = Digest::of(b"other"), "the segment is of another split"),
        (&|part| part.header.last_batch += 1, "segment 2 holds batch"),
        (&|part| part.header.segments = 4, "the segment is of another split"),
    ];
    for (edit, says) in cases {
        other(edit);
        join("parts/1.zkseg other.zkseg parts/3.zkseg", says);
    }
    // A header that fits over a proof of something else: only verifying it tells.
    other(&|part| part.proof = Part::read(&site.path("parts/1.zkseg")).unwrap().proof);
    join("parts/1.zkseg other.zkseg parts/3.zkseg", "segment 2 does not join: the proof does not verify");
}

fn no_cheat_passes(site: &Site, split: &Split, package: &ClaimedPackage, store: &KeyStore) {
    let keys = Keys::derive(split.statement.header.circuit).unwrap();
    let other_model = foreign(&keys, site, split, |prepared| match &mut prepared.model {
        AnyModel::Scorecard(model) => model.bias += 1,
        AnyModel::Perceptron(_) => panic!("a network"),
    });
    let other_subject = foreign(&keys, site, split, |prepared| prepared.header.subject.system.push('x'));
    let cases: [(&str, Cheat<'_>, &str, &str); 10] = [
        ("the last left out", &|c| drop(c.proofs[0].further.pop()), "segment-missing", "segment 2"),
        ("the second left out", &|c| drop(c.proofs[0].further.remove(0)), "segment-missing", "segment 1"),
        (
            "the first left out",
            &|c| {
                let second = c.proofs[0].further.remove(0);
                c.proofs[0].bytes = second.bytes;
            },
            "segment-missing",
            "segment 1",
        ),
        ("the first replayed", &|c| c.proofs[0].further[0].bytes = c.proofs[0].bytes.clone(), "segment-repeated", "segment 2"),
        (
            "two swapped",
            &|c| {
                let [second, third] = c.proofs[0].further.as_mut_slice() else { panic!("two further segments") };
                std::mem::swap(&mut second.bytes, &mut third.bytes);
            },
            "segment-misplaced",
            "segment 2",
        ),
        ("cut elsewhere", &|c| c.proofs[0].further[1].first_batch = 3, "segment-missing", "segment 2"),
        ("a model changed silently", &|c| c.proofs[0].further[1].bytes = other_model.clone(), "segment-under-another-model", "segment 3"),
        ("of another subject", &|c| c.proofs[0].further[1].bytes = other_subject.clone(), "segment-of-another-period", "segment 3"),
        (
            "the last divided in name",
            &|c| {
                let bytes = c.proofs[0].bytes.iter().rev().copied().collect();
                c.proofs[0].further.push(ClaimedSegment { first_batch: 3, bytes });
            },
            "segment-misplaced",
            "segment 3",
        ),
        ("all but one left out", &|c| c.proofs[0].further.clear(), "proof-rejected", ""),
    ];
    for (what, edit, cause, place) in cases {
        let mut contents = package.contents();
        edit(&mut contents);
        let record = verified(&write(&contents).unwrap(), POLICY, store);
        assert_eq!(record.exit, Exit::Rejected, "{what}: {}", record.headline.title);
        assert_eq!(refusal(&record), (cause.to_owned(), place.to_owned()), "{what}");
        assert_eq!(record.proofs[0].state, ProofState::Rejected, "{what}");
        assert!(record.series.is_empty(), "{what}");
    }
    let ProveError::Segment { .. } = Part::read(&site.path("q1.zkaudit")).unwrap_err() else { panic!("a package is no segment") };
}

/// The same commands under a network, in two segments: only the circuit is another.
#[test]
fn a_period_scored_by_a_network_is_proven_in_segments() {
    let site = Site::with_model("sklearn_network.onnx");
    // A step of 2^15 constraints has no room for rows that a network scores.
    let spec = fs::read_to_string(site.path("monitoring.toml")).unwrap();
    fs::write(site.path("monitoring.toml"), spec.replacen("size_log2 = 15", "size_log2 = 16", 1)).unwrap();
    let files = "--spec monitoring.toml --reference reference.csv --batches batches.csv";
    site.line(&format!("verifold prove split --model model.onnx {files} --on-bad-row void --segments 2 -o q1.zksplit"), true, "      2  ");
    let split = Split::read(&site.path("q1.zksplit")).unwrap();
    assert_eq!(split.statement.header.circuit.to_string(), "neural-cohort/v1@f8.w8.g4.b10.h1.n16.l8");
    for segment in [2, 1] {
        site.line(&format!("verifold prove segment --split q1.zksplit {files} --segment {segment}/2 -o {segment}.zkseg"), true, "proven");
    }
    site.line("verifold join 1.zkseg 2.zkseg --split q1.zksplit -o q1.zkaudit", true, "in 2 segments: q1.zkaudit");
    let file = fs::read(site.path("q1.zkaudit")).unwrap();
    let package = ClaimedPackage::read(&file, &Limits::default()).unwrap();
    assert_eq!(package.proofs[0].statement, split.statement);
    let store = KeyStore::new();
    let policy = POLICY.replace("scored-cohort/v1", "neural-cohort/v1");
    let record = verified(&file, &policy, &store);
    assert_eq!((record.exit, refusal(&record).0.as_str()), (Exit::Met, ""), "{}", record.headline.title);
    assert!(record.proofs[0].segments.len() == 2 && record.proofs[0].segments.iter().all(|segment| segment.state == ProofState::Valid));

    // The plan is the package's: the integers alone, without the ONNX model, give bins other expected shares.
    let receipts = format!("verifold prove receipts --package q1.zkaudit --secrets q1.secrets {files} --on-bad-row void");
    site.line(&format!("{receipts} --batch 1 -o given.zkaudit"), true, "for 1 batch, proof ");
    let given = fs::read(site.path("given.zkaudit")).unwrap();
    let accepted = format!("{policy}\n[[circuit]]\nfamily = \"neural-receipts/v1\"\n{RECEIPTS}");
    let record = verified(&given, &accepted, &store);
    assert_eq!((record.exit, refusal(&record).0.as_str()), (Exit::Incomplete, ""), "{}", record.headline.title);
    assert!(record.proofs.len() == 2 && record.proofs.iter().all(|proof| proof.state == ProofState::Valid));
    let reason = |record: &AuditRecord| record.requirements.iter().find(|result| result.id == "I-1").unwrap().reason.clone();
    assert!(reason(&record).contains("1 of 2 batches have receipts"), "{}", reason(&record));
    assert!(reason(&verified(&file, &accepted, &store)).contains("o valid proof of kind receipts/v1"), "the package before has none");

    // What the circuit proves of a network is not what it proves of a scorecard.
    assert_eq!(verified(&file, POLICY, &store).exit, Exit::NotChecked);
    let mut contents = package.contents();
    let first = contents.proofs[0].bytes.clone();
    contents.proofs[0].further[0].bytes = first;
    assert_eq!(refusal(&verified(&write(&contents).unwrap(), &policy, &store)), ("segment-repeated".to_owned(), "segment 2".to_owned()));
}
