//! What fuzzing begins with: the files of the sample audits, taken apart by the parser they are for.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};
use verifold_circuits::{
    receipts::{root_of, rows_per_step},
    revision::revision_shape,
};
use verifold_model::{
    cohort::BatchStatement,
    deposited::Deposited,
    digest::{Digest, canonical_json},
    document::DocumentKind,
    protocol::{Bounds, PROTOCOL_VERSION, VerifyFiles, WorkPhase, WorkerEvent, WorkerRequest, write_frame},
    receipts::{ReceiptsBatch, ReceiptsStatement},
    record::AuditRecord,
    revision::{RevisedBatch, RevisionCounts, RevisionStatement},
    sample::{SampleOpenings, SampleRequest, SampleSchema, SampledRow, Stratum},
    shape::{CircuitFamily, CircuitId},
    state::{Severity, Stage},
    statement::StatementKind,
};
use verifold_package::{ClaimedPackage, Deposit, Limits, SecretKey, container, document};
use verifold_policy::{Comparator, Policy, Requirement, Rule, TraceabilityDraft};

use super::targets::{HONEST, POLICY, short_samples};

/// Texts with every table and field of their formats; the samples use some.
pub(crate) const WHOLE_POLICY: &str = include_str!("whole/policy.toml");
pub(crate) const WHOLE_ENGAGEMENT: &str = include_str!("whole/engagement.toml");
const WHOLE_OVERLAY: &str = include_str!("whole/overlay.toml");

/// Seeds for a target.
pub(crate) fn of(target: &str) -> Vec<Vec<u8>> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits");
    let mut folders: Vec<_> = fs::read_dir(samples).expect("the samples are there").flatten().map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    let files = |name: &str| folders.iter().filter_map(|folder| fs::read(folder.join(name)).ok()).collect::<Vec<_>>();
    let entries = |file: &[u8], wanted: &dyn Fn(&str) -> bool| -> Vec<Vec<u8>> {
        let all = container::decode(file, &Limits::default()).expect("a sample's container reads");
        all.iter().filter(|entry| wanted(entry.path)).map(|entry| entry.bytes.to_vec()).collect()
    };
    // Each once, of all samples.
    let of_all = |wanted: &dyn Fn(&str) -> bool| -> Vec<Vec<u8>> {
        distinct(files("package.zkaudit").iter().flat_map(|file| entries(file, wanted)).collect())
    };
    let cohort = |path: &str| path == "statements/monitoring.json" || path == "statements/offline-metrics.json";
    match target {
        "container" => files("package.zkaudit"),
        "package" => short_samples()
            .iter()
            .zip(0..)
            .flat_map(|(entries, sample)| (0..).zip(entries).map(move |(at, (_, bytes))| [&[sample, at], bytes.as_slice()].concat()))
            .collect(),
        "statement" => of_all(&cohort),
        "stages" => {
            let mut found = of_all(&|path| path.starts_with("statements/") && !cohort(path));
            found.push(canonical_json(&receipts_statement()));
            found.push(canonical_json(&revision_statement()));
            found
        }
        "proof" => of_all(&|path| path.starts_with("proofs/")),
        "receipt" => {
            let request = SampleRequest {
                schema: SampleSchema::V1,
                manifest_sha256: Digest::of(b""),
                nonce: "thrown with three dice".to_owned(),
                strata: vec![Stratum { first: 1, last: 2, population: 180, rows: vec![SampledRow { batch: 1, position: 7 }] }],
            };
            let of_sample = [files("receipt-approved.json"), files("receipt-declined.json")].concat();
            let read = |file: &Vec<u8>| serde_json::from_slice(file).expect("a sample's receipt reads");
            let openings = SampleOpenings {
                schema: SampleSchema::V1,
                request_sha256: Digest::of(&canonical_json(&request)),
                receipts: of_sample.iter().map(read).collect(),
            };
            [of_sample, vec![canonical_json(&request), canonical_json(&openings)]].concat()
        }
        "envelope" => {
            let of_package = of_all(&|path| path.starts_with("signatures/"));
            let at = "2026-05-29T10:00:00Z".parse().expect("a time");
            let key = SecretKey::from_seed(&[1; 32].into());
            let of_policy = document::envelope(DocumentKind::Policy, "policy.toml", Digest::of(b""), &key, "Auditor", at);
            of_package.into_iter().chain([of_policy]).collect()
        }
        "policy" => {
            let whole = WHOLE_POLICY.as_bytes().to_vec();
            in_line(distinct(files("policy.toml").iter().chain([&whole]).flat_map(|file| one_by_one(file)).collect()))
        }
        "overlay" => in_line(vec![overlay().into_bytes()]),
        "engagement" => in_line(distinct([files("engagement.toml"), vec![WHOLE_ENGAGEMENT.as_bytes().to_vec()]].concat())),
        "record" => distinct(files("expected.record.json").iter().map(|file| slim(file)).collect()),
        "anchor" => {
            let of_folder = |folder: &PathBuf| fs::read_dir(folder.join("anchors")).into_iter().flatten().flatten();
            let mut paths: Vec<PathBuf> = folders.iter().flat_map(of_folder).map(|entry| entry.path()).collect();
            paths.sort();
            let mut found: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("a sample's anchor is read")).collect();
            let at = "2026-05-29T10:00:00Z".parse().expect("a time");
            let all = [Deposited::Policy, Deposited::Overlay, Deposited::Plan, Deposited::Engagement].map(|what| (what, Digest::of(b"")));
            let deposit = Deposit::cosigned(&all, "auditor", at, &SecretKey::from_seed(&[1; 32].into())).expect("a deposit is made");
            found.push(deposit.into_bytes());
            distinct(found)
        }
        "traceability" => {
            let draft = TraceabilityDraft {
                stage: Stage::Monitoring,
                system: Some("S".to_owned()),
                model_category: Some("linear".to_owned()),
                used: None,
                cost: String::new(),
                circuits: Vec::new(),
            };
            let draft = draft.to_toml();
            in_line(vec![draft.replace("REQUIRED: day", "2026-05-20").replace("REQUIRED: ", "").into_bytes(), draft.into_bytes()])
        }
        "token" => {
            let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/package/tests/fixtures/timestamp");
            ["rsa.tst", "p256.tst", "p384.tst", "rsa.tsr"].iter().filter_map(|name| fs::read(fixtures.join(name)).ok()).collect()
        }
        "model-signature" => {
            let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/package/tests/fixtures/model-signing");
            ["file.sig", "folder.sig", "bank.pub"].iter().filter_map(|name| fs::read(fixtures.join(name)).ok()).collect()
        }
        "protocol" => {
            // One with a list cut short is none.
            let shortest = files("expected.record.json").into_iter().min_by_key(Vec::len);
            frames(&shortest.expect("a sample has a record"))
        }
        _ => Vec::new(),
    }
}

fn distinct(found: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    found.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// A record with its lists of objects cut to those unlike each other, as what reads one reads the next: short inputs run often.
fn slim(record: &[u8]) -> Vec<u8> {
    fn cut(value: &mut Value) {
        match value {
            Value::Array(items) => {
                let mut known = BTreeSet::new();
                // Others may be of a fixed length.
                items.retain(|item| !item.is_object() || known.insert(kind(item)));
                items.iter_mut().for_each(cut);
            }
            Value::Object(fields) => fields.values_mut().for_each(cut),
            _ => {}
        }
    }
    /// Fields with their types, and the words of enumerations.
    fn kind(value: &Value) -> String {
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            Value::Number(_) => "number".to_owned(),
            Value::String(text) if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') => text.clone(),
            Value::String(_) => "text".to_owned(),
            Value::Array(items) => format!("[{}]", items.first().map(kind).unwrap_or_default()),
            Value::Object(fields) => fields.iter().map(|(name, value)| format!("{name}:{},", kind(value))).collect(),
        }
    }
    let mut value = serde_json::from_slice(record).expect("a record is JSON");
    cut(&mut value);
    let slim = canonical_json(&value);
    serde_json::from_slice::<AuditRecord>(&slim).expect("a shorter record reads");
    slim
}

/// A policy's head with each of its requirements alone, and the whole.
fn one_by_one(policy: &[u8]) -> Vec<Vec<u8>> {
    let text = std::str::from_utf8(policy).expect("a policy is text");
    let mut parts = text.split("\n[[requirement]]");
    let head = parts.next().expect("a text has a beginning");
    parts.map(|part| format!("{head}\n[[requirement]]{part}").into_bytes()).chain([policy.to_owned()]).collect()
}

/// TOML as people write it, and each text again with its tables in lines, which the walk makes lists.
fn in_line(texts: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    fn write(value: &Value) -> String {
        match value {
            Value::Object(fields) => format!("{{{}}}", pairs(fields).join(", ")),
            Value::Array(items) => format!("[{}]", items.iter().map(write).collect::<Vec<_>>().join(", ")),
            other => other.to_string(),
        }
    }
    fn pairs(fields: &Map<String, Value>) -> Vec<String> {
        fields.iter().map(|(name, value)| format!("{name} = {}", write(value))).collect()
    }
    let again = texts.iter().map(|text| {
        let table: Map<String, Value> = toml::from_slice(text).expect("a seed is TOML");
        (pairs(&table).join("\n") + "\n").into_bytes()
    });
    texts.iter().cloned().chain(again).collect()
}

/// Requests, and what a worker answers.
fn frames(record: &[u8]) -> Vec<Vec<u8>> {
    fn frame<T: serde::Serialize>(message: &T) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, message).expect("a frame is written");
        bytes
    }
    let (policy, package) = ("p.toml".to_owned(), "p.zkaudit".to_owned());
    let files = VerifyFiles { policy, package: package.clone(), overlays: vec!["o.toml".to_owned()], ..VerifyFiles::default() };
    let record = serde_json::from_slice(record).expect("a record reads");
    let said = [
        WorkerEvent::Ready { protocol: PROTOCOL_VERSION, program: "Verifold".to_owned() },
        WorkerEvent::Isolated { missing: vec!["this kernel cannot a".to_owned()], bounds: Bounds::of(&Limits::default()) },
        WorkerEvent::Phase { phase: WorkPhase::DeriveKeys, detail: "scored-cohort/v1".to_owned(), done: 0, total: 0 },
        WorkerEvent::Rendered { pdf: b"%PDF".to_vec(), pages: 1 },
        WorkerEvent::Signed { package: b"PK".to_vec(), text: String::new() },
    ];
    let failed = WorkerEvent::Failed { message: "no".to_owned(), hint: String::new(), exit: 3 };
    vec![
        frame(&WorkerRequest::Verify { files }),
        frame(&WorkerRequest::Inspect { package: package.clone() }),
        frame(&WorkerRequest::Attach { package, envelope: b"{}".to_vec() }),
        said.iter().flat_map(frame).collect(),
        frame(&failed),
        frame(&WorkerEvent::Verified { record: Box::new(record) }),
    ]
}

/// Every change there is, of the first requirement of the samples' policy that compares groups and has to.
pub(crate) fn overlay() -> String {
    let policy = Policy::read(POLICY).expect("the sample's policy reads");
    let of_groups = |requirement: &&Requirement| {
        let Rule::Metric(rule) = &requirement.rule else { return false };
        rule.minimum_group_n.is_some() && rule.comparator == Comparator::AtLeast && requirement.severity == Severity::Mandatory
    };
    let requirement = policy.requirements.iter().find(of_groups).expect("one that compares groups");
    let other = policy.requirements.last().expect("one more");
    WHOLE_OVERLAY
        .replace("@policy", &policy.id)
        .replace("@version", &policy.version)
        .replace("@digest", &policy.digest.to_string())
        .replace("@requirement", &requirement.id)
        .replace("@other", &other.id)
}

/// Receipts of the honest sample's batches, stated without a proof.
fn receipts_statement() -> ReceiptsStatement {
    let package = ClaimedPackage::read(HONEST, &Limits::default()).expect("the sample reads");
    let cohort = &package.proofs[0].statement;
    let mut header = cohort.header.clone();
    header.statement = StatementKind::ReceiptsV1;
    header.circuit.family = CircuitFamily::ReceiptsV1;
    let per_step = rows_per_step(header.circuit.shape).expect("the sample's shape has room") as u32;
    let batches: Vec<ReceiptsBatch> = cohort
        .batches
        .iter()
        .take(3)
        .map(|batch| {
            let step_roots = vec![batch.row_commitment; batch.rows.div_ceil(per_step) as usize];
            let root = root_of(&step_roots).expect("a commitment is an element");
            ReceiptsBatch { index: batch.index, rows: batch.rows, row_commitment: batch.row_commitment, root, step_roots }
        })
        .collect();
    ReceiptsStatement {
        header,
        plan_commitment: cohort.plan_commitment,
        model_commitment: cohort.model_commitment,
        steps: batches.iter().map(|batch| batch.step_roots.len() as u64).sum(),
        chain_head: cohort.chain_head,
        batches,
    }
}

/// Changes of the honest sample's outcomes, none, stated without a proof.
fn revision_statement() -> RevisionStatement {
    let package = ClaimedPackage::read(HONEST, &Limits::default()).expect("the sample reads");
    let cohort = &package.proofs[0].statement;
    let shape = revision_shape(&package.plan, 15).expect("the size is on the menu");
    let mut header = cohort.header.clone();
    header.statement = StatementKind::OutcomeRevisionV1;
    header.circuit = CircuitId { family: CircuitFamily::OutcomeRevisionV1, shape };
    let batch = |batch: &BatchStatement| RevisedBatch {
        index: batch.index,
        rows: batch.rows,
        earlier: batch.outcome_commitment,
        later: batch.outcome_commitment,
        counts: RevisionCounts([[batch.rows, 0, 0], [0; 3], [0; 3]]),
    };
    let batches = cohort.batches.iter().take(3).map(batch).collect();
    RevisionStatement { header, steps: cohort.steps, chain_head: cohort.chain_head, batches }
}
