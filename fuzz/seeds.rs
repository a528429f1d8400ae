//! What fuzzing begins with: the files of the sample audits, taken apart by the parser they are for.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use serde_json::{Map, Value};
use verifold_circuits::{
    receipts::{root_of, rows_per_step},
    revision::revision_shape,
    training::{ReplayError, replay, training_shape},
};
use verifold_model::{
    cohort::{BatchStatement, VoidReason},
    deposited::Deposited,
    digest::{Digest, canonical_json},
    document::DocumentKind,
    instant::Instant,
    network_training::NetworkTraining,
    protocol::{Bounds, ClaimedRows, ModelFiles, PROTOCOL_VERSION, VerifyFiles, WorkPhase, WorkerEvent, WorkerRequest, write_frame},
    receipts::{ReceiptRow, ReceiptsBatch, ReceiptsStatement},
    record::AuditRecord,
    revision::{RevisedBatch, RevisionCounts, RevisionStatement},
    sample::{SampleOpenings, SampleRequest, SampleSchema, SampledRow, Stratum},
    shape::{CircuitFamily, CircuitId},
    state::{Severity, Stage},
    statement::StatementKind,
    training::{TrainingSpec, TrainingSpecSchema, TrainingStatement},
};
use verifold_package::{ClaimedPackage, Deposit, Limits, SecretKey, container, document};
use verifold_policy::{Comparator, Policy, Requirement, Rule};

use super::targets::{HONEST, NETWORK, POLICY, draft, short_samples, specification};

/// Texts with every table and field of their formats; the samples use some.
pub(crate) const WHOLE_POLICY: &str = include_str!("whole/policy.toml");
pub(crate) const WHOLE_ENGAGEMENT: &str = include_str!("whole/engagement.toml");
const WHOLE_OVERLAY: &str = include_str!("whole/overlay.toml");

/// The fields of a record that no sample's has.
const WHOLE_RECORD: &str = include_str!("whole/record.json");

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
    let of_changed = || {
        let folder = folders.iter().find(|folder| folder.ends_with("changed-model")).expect("the sample is there");
        fs::read(folder.join("expected.record.json")).expect("it has a record")
    };
    // Each once, of all samples.
    let of_all = |wanted: &dyn Fn(&str) -> bool| -> Vec<Vec<u8>> {
        distinct(files("package.zkaudit").iter().flat_map(|file| entries(file, wanted)).collect())
    };
    let cohort = |path: &str| path == "statements/monitoring.json" || path == "statements/offline-metrics.json";
    match target {
        "container" => files("package.zkaudit"),
        "package" => {
            let mut found = Vec::new();
            for (entries, sample) in short_samples().iter().zip(0..) {
                for ((path, bytes), at) in entries.iter().zip(0..) {
                    let of_network = (path == "statements/training.json").then(|| canonical_json(&network_statement()));
                    for bytes in [Some(bytes), of_network.as_ref()].into_iter().flatten() {
                        found.push([&[sample, at], bytes.as_slice()].concat());
                    }
                }
            }
            found
        }
        "statement" => of_all(&cohort),
        "stages" => {
            let mut found = of_all(&|path| path.starts_with("statements/") && !cohort(path));
            found.push(canonical_json(&receipts_statement()));
            found.push(canonical_json(&revision_statement()));
            found.push(canonical_json(&network_statement()));
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
            let mut of_void = openings.receipts[0].clone();
            of_void.row = ReceiptRow::Void { reason: VoidReason::OutsideDomain };
            [of_sample, vec![canonical_json(&of_void), canonical_json(&request), canonical_json(&openings)]].concat()
        }
        "envelope" => {
            let of_package = of_all(&|path| path.starts_with("signatures/"));
            let at = "2026-05-29T10:00:00Z".parse().expect("a time");
            let key = SecretKey::from_seed(&[1; 32].into());
            let of_policy = document::envelope(DocumentKind::Policy, "policy.toml", Digest::of(b""), &key, "Auditor", at);
            with_payloads(of_package.into_iter().chain([of_policy]).collect(), "/payload")
        }
        "policy" => {
            let whole = WHOLE_POLICY.as_bytes().to_vec();
            in_line(distinct(files("policy.toml").iter().chain([&whole]).flat_map(|file| one_by_one(file)).collect()))
        }
        "overlay" => in_line(vec![overlay().into_bytes()]),
        "engagement" => in_line(distinct([files("engagement.toml"), vec![WHOLE_ENGAGEMENT.as_bytes().to_vec()]].concat())),
        "record" => {
            let of_samples = files("expected.record.json");
            let whole = whole_record(&of_changed());
            let mut known = BTreeSet::new();
            distinct([&whole].into_iter().chain(&of_samples).map(|file| slim(file, &mut known)).collect())
        }
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
        "traceability" => in_line(vec![specification().into_bytes(), draft().into_bytes()]),
        "token" => {
            let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/package/tests/fixtures/timestamp");
            ["rsa.tst", "p256.tst", "p384.tst", "rsa.tsr"].iter().filter_map(|name| fs::read(fixtures.join(name)).ok()).collect()
        }
        "model-signature" => {
            let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/package/tests/fixtures/model-signing");
            let of_fixtures = ["file.sig", "folder.sig", "bank.pub"].iter().filter_map(|name| fs::read(fixtures.join(name)).ok());
            with_payloads(of_fixtures.collect(), "/dsseEnvelope/payload")
        }
        "protocol" => {
            let (mut known, record) = (BTreeSet::new(), whole_record(&of_changed()));
            // The second without what the first has.
            frames(&slim(&record, &mut known), &slim(&record, &mut known))
        }
        _ => Vec::new(),
    }
}

fn distinct(found: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    found.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Envelopes, and what is signed in them, where this points to.
fn with_payloads(envelopes: Vec<Vec<u8>>, pointer: &str) -> Vec<Vec<u8>> {
    let payloads = envelopes.iter().filter_map(|envelope| {
        let envelope: Value = serde_json::from_slice(envelope).ok()?;
        BASE64.decode(envelope.pointer(pointer)?.as_str()?).ok()
    });
    let payloads: Vec<_> = payloads.collect();
    assert!(!payloads.is_empty(), "envelopes have payloads");
    envelopes.into_iter().chain(payloads).collect()
}

/// A record with its lists of objects cut to those with something not yet known: short inputs run often.
fn slim(record: &[u8], known: &mut BTreeSet<String>) -> Vec<u8> {
    /// Whether there is something not known: a field, or one of another type.
    fn cut(place: &str, value: &mut Value, known: &mut BTreeSet<String>) -> bool {
        match value {
            Value::Array(items) => {
                let mut new = known.insert(format!("{place}[{}]", items.is_empty()));
                items.retain_mut(|item| {
                    let is_new = cut(place, item, known);
                    new |= is_new;
                    // Others may be of a fixed length.
                    is_new || !item.is_object()
                });
                new
            }
            Value::Object(fields) => {
                fields.iter_mut().fold(false, |new, (name, value)| cut(&format!("{place}/{name}"), value, known) | new)
            }
            Value::String(_) => known.insert(format!("{place}:text")),
            Value::Number(_) => known.insert(format!("{place}:number")),
            Value::Bool(_) => known.insert(format!("{place}:bool")),
            Value::Null => known.insert(format!("{place}:null")),
        }
    }
    let mut value = serde_json::from_slice(record).expect("a record is JSON");
    cut("", &mut value, known);
    let slim = canonical_json(&value);
    serde_json::from_slice::<AuditRecord>(&slim).expect("a shorter record reads");
    slim
}

/// A sample's record with what the samples' records lack.
fn whole_record(record: &[u8]) -> Vec<u8> {
    fn add(value: &mut Value, more: Value) {
        match (value, more) {
            (Value::Object(fields), Value::Object(more)) => {
                more.into_iter().for_each(|(name, more)| add(fields.entry(name).or_insert(Value::Null), more));
            }
            // Each to the one in its place.
            (Value::Array(items), Value::Array(more)) => {
                items.resize(items.len().max(more.len()), Value::Null);
                items.iter_mut().zip(more).for_each(|(item, more)| add(item, more));
            }
            (value, more) => *value = more,
        }
    }
    let mut value = serde_json::from_slice(record).expect("a record is JSON");
    add(&mut value, serde_json::from_str(WHOLE_RECORD).expect("the rest of a record is JSON"));
    canonical_json(&value)
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

/// Every request, and every answer of a worker.
fn frames(record: &[u8], shorter: &[u8]) -> Vec<Vec<u8>> {
    fn frame<T: serde::Serialize>(message: &T) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, message).expect("a frame is written");
        bytes
    }
    let (policy, package) = ("p.toml".to_owned(), "p.zkaudit".to_owned());
    let at: Instant = "2026-05-29T10:00:00Z".parse().expect("a time");
    let some = || Some("a".to_owned());
    let many = || vec!["o.toml".to_owned()];
    let files = VerifyFiles {
        policy,
        engagement: some(),
        anchors: some(),
        overlays: many(),
        signatures: many(),
        trust: many(),
        against: some(),
        package: package.clone(),
        reviewed_at: Some(at),
    };
    let [model, bundle, key, of_model] = ["m.onnx", "m.sig", "m.pub", "m.json"].map(str::to_owned);
    let model = ModelFiles { model, bundle, key, record: of_model, opening: some(), engagement: some() };
    let read = |record: &[u8]| -> Box<AuditRecord> { Box::new(serde_json::from_slice(record).expect("a record reads")) };
    let asked = [
        WorkerRequest::Verify { files },
        WorkerRequest::Inspect { package: package.clone() },
        WorkerRequest::Draft { package: package.clone() },
        WorkerRequest::CheckModel { files: model },
        WorkerRequest::DraftTraceability { package: package.clone(), stage: Stage::Monitoring },
        WorkerRequest::Outline { package: package.clone() },
        WorkerRequest::Attach { package, envelope: b"{}".to_vec() },
        WorkerRequest::Check,
        WorkerRequest::Report { record: read(shorter), date: Some(at), verified_now: true },
    ];
    let said = [
        WorkerEvent::Ready { protocol: PROTOCOL_VERSION, program: "Verifold".to_owned() },
        WorkerEvent::Isolated { missing: vec!["this kernel cannot a".to_owned()], bounds: Bounds::of(&Limits::default()) },
        WorkerEvent::Phase { phase: WorkPhase::DeriveKeys, detail: "scored-cohort/v1".to_owned(), done: 0, total: 0 },
        WorkerEvent::Told { text: "so".to_owned(), exit: 0 },
        WorkerEvent::Outline { manifest_sha256: Digest::of(b""), batches: vec![ClaimedRows { index: 1, rows: 2 }] },
        WorkerEvent::Rendered { pdf: b"%PDF".to_vec(), pages: 1 },
        WorkerEvent::Signed { package: b"PK".to_vec(), text: String::new() },
        WorkerEvent::Failed { message: "no".to_owned(), hint: String::new(), exit: 3 },
    ];
    let verified = frame(&WorkerEvent::Verified { record: read(record) });
    asked.iter().map(frame).chain([said.iter().flat_map(frame).collect(), verified]).collect()
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

/// A training of the network's plan, stated without a proof.
fn network_statement() -> TrainingStatement {
    let package = ClaimedPackage::read(NETWORK, &Limits::default()).expect("the sample reads");
    let (plan, cohort) = (&package.plan, &package.proofs[0].statement);
    let features = plan.features.len();
    let shape = training_shape(plan, 17).expect("the size is on the menu");
    let mut header = cohort.header.clone();
    header.statement = StatementKind::TrainingV1;
    header.circuit = CircuitId { family: CircuitFamily::of_trainings(plan.shape), shape };
    let behind = shape.hidden().len();
    let network = NetworkTraining {
        hidden: shape.hidden().to_vec(),
        seed: Digest::of(b"seed"),
        feature_spreads: vec![1_000; features],
        layer_spreads: vec![1_000; behind],
        layer_rates: vec![1; behind],
        bias_rates: vec![1; behind + 1],
    };
    let spec = TrainingSpec {
        schema: TrainingSpecSchema::V2,
        kind: plan.scoring.kind,
        epochs: 1,
        scale_bits: plan.scoring.scale_bits,
        direction: plan.scoring.direction,
        centres: vec![1; features],
        initial_weights: Vec::new(),
        initial_bias: 0,
        feature_rates: vec![1; features],
        bias_rate: 0,
        rate_numerator: 1 << 20,
        rate_offset: 80,
        decay: 0,
        network: Some(network),
    };
    let batch = &cohort.batches[0];
    let (row_commitment, outcome_commitment) = (batch.row_commitment, batch.outcome_commitment);
    let model_commitment = cohort.model_commitment;
    let mut statement = TrainingStatement { header, spec, rows: 420, row_commitment, outcome_commitment, model_commitment, steps: 0 };
    if let Err(ReplayError::Steps { computed, .. }) = replay(&statement, plan) {
        statement.steps = computed;
    }
    replay(&statement, plan).expect("a statement of a training replays");
    statement
}
