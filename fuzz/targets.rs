//! What untrusted bytes are put through: one function a parser, which must neither panic nor accept a second spelling.
//!
//! Shared by the fuzzers in this folder and by a bounded test that runs with every other.

use std::{io, sync::OnceLock};

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use serde_json::{Value, json};
use verifold_circuits::{DecodedProof, VerifierKey, native, preparation, receipts, revision, training};
use verifold_model::{
    digest::{Digest, canonical_json},
    json::from_json,
    plan::Plan,
    preparation::PreparationStatement,
    protocol::{WorkerRequest, read_event},
    receipts::{Receipt, ReceiptsStatement},
    record::AuditRecord,
    revision::RevisionStatement,
    sample::{SampleOpenings, SampleRequest},
    state::Stage,
    statement::MonitoringStatement,
    training::TrainingStatement,
};
use verifold_package::{
    Checkpoint, ClaimedPackage, Contents, Deposit, DocumentEnvelope, Envelope, Limits, Manifest, ModelKey, ModelSignature, Token,
    container::{self, MANIFEST},
    signing, traceability, write,
};
use verifold_policy::{Engagement, Overlay, Policy, TraceabilityDraft, lint_traceability};

/// A parser with the name its corpus goes by.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All but [`proof`], which derives a key first.
pub(crate) const TARGETS: [Target; 15] = [
    ("package", package),
    ("stages", stages),
    ("statement", statement),
    ("protocol", protocol),
    ("overlay", overlay),
    ("receipt", receipt),
    ("traceability", traceability),
    ("container", container),
    ("record", record),
    ("policy", policy),
    ("envelope", envelope),
    ("engagement", engagement),
    ("anchor", anchor),
    ("token", token),
    ("model-signature", model_signature),
];

/// The honest sample audit, which edits start from.
pub(crate) const HONEST: &[u8] = include_bytes!("../sample-audits/credit-scoring-q1/package.zkaudit");

/// The sample audit with a proof of every stage.
pub(crate) const LIFE_CYCLE: &[u8] = include_bytes!("../sample-audits/credit-scoring-lifecycle/package.zkaudit");

/// The sample audit in which the model changes.
const CHANGED_MODEL: &[u8] = include_bytes!("../sample-audits/changed-model/package.zkaudit");

/// The sample audit of a network.
pub(crate) const NETWORK: &[u8] = include_bytes!("../sample-audits/credit-scoring-mlp/package.zkaudit");

/// The policy that overlays in these trials change.
pub(crate) const POLICY: &str = include_str!("../sample-audits/credit-scoring-q1/policy.toml");

/// Rows of the batch that the samples' receipts are of.
const RECEIPT_ROWS: u32 = 487;

/// The samples' plans: of scorecards, and of the network.
pub(crate) fn plans() -> &'static [Plan; 2] {
    static PLANS: OnceLock<[Plan; 2]> = OnceLock::new();
    PLANS.get_or_init(|| {
        [LIFE_CYCLE, NETWORK].map(|sample| ClaimedPackage::read(sample, &Limits::default()).expect("the sample reads").plan)
    })
}

/// Any bytes as a package.
pub(crate) fn container(data: &[u8]) {
    if let Ok(entries) = container::decode(data, &Limits::default()) {
        let pairs: Vec<(&str, &[u8])> = entries.iter().map(|entry| (entry.path, entry.bytes)).collect();
        assert_eq!(container::encode(&pairs), data, "a container has one spelling");
    }
    read_and_written(data);
}

/// Any container as a package.
fn read_and_written(data: &[u8]) {
    if let Ok(package) = ClaimedPackage::read(data, &Limits::default()) {
        let again = write(&package.contents()).expect("what was read can be written");
        assert_eq!(Some(again), signing::unsigned(data).ok(), "a package has one spelling");
    }
}

/// Path and bytes of every entry, the manifest first.
pub(crate) type Entries = Vec<(String, Vec<u8>)>;

/// The entries of three samples with a few batches each and the beginnings of proofs: what reads two reads twenty, and short ones
/// run often. Together they have an entry of every kind.
pub(crate) fn short_samples() -> &'static [Entries; 3] {
    static SHORT: OnceLock<[Entries; 3]> = OnceLock::new();
    SHORT.get_or_init(|| {
        let changed = ClaimedPackage::read(CHANGED_MODEL, &Limits::default()).expect("the sample reads");
        let document = lint_traceability(&specification()).value.expect("a specification without gaps is accepted");
        let specified = write(&Contents { traceability: vec![document], ..changed.contents() }).expect("a document can be added");
        // Where the last begins a segment.
        [(HONEST, 2), (LIFE_CYCLE, 2), (&specified, 4)].map(|(sample, batches)| {
            let entries = container::decode(sample, &Limits::default()).expect("the sample reads");
            let mut entries: Entries = entries.iter().map(|entry| (entry.path.to_owned(), entry.bytes.to_vec())).collect();
            for at in 1..entries.len() {
                let (path, bytes) = &entries[at];
                if path.starts_with("proofs/") {
                    let beginning = bytes[..64].to_vec();
                    replace(&mut entries, at, &beginning);
                } else if let Ok(mut statement) = from_json::<MonitoringStatement>(bytes) {
                    statement.batches.truncate(batches);
                    replace(&mut entries, at, &canonical_json(&statement));
                } else if let Ok(mut statement) = from_json::<ReceiptsStatement>(bytes) {
                    statement.batches.truncate(1);
                    statement.steps = statement.batches.iter().map(|batch| batch.step_roots.len() as u64).sum();
                    replace(&mut entries, at, &canonical_json(&statement));
                }
            }
            ClaimedPackage::read(&container::encode(&entries), &Limits::default()).expect("a shorter sample reads");
            entries
        })
    })
}

/// A traceability specification in which people have yet to write.
pub(crate) fn draft() -> String {
    let draft = TraceabilityDraft {
        stage: Stage::Monitoring,
        system: Some("S".to_owned()),
        model_category: Some("linear".to_owned()),
        used: None,
        cost: String::new(),
        circuits: Vec::new(),
    };
    draft.to_toml()
}

/// One in which they have.
pub(crate) fn specification() -> String {
    draft().replace("REQUIRED: day", "2026-05-20").replace("REQUIRED: ", "")
}

/// Puts other bytes in the place of an entry; behind the manifest, size and digest there become theirs.
fn replace(entries: &mut Entries, at: usize, bytes: &[u8]) {
    assert_eq!(entries[0].0, MANIFEST);
    bytes.clone_into(&mut entries[at].1);
    if at > 0 {
        let mut manifest: Manifest = from_json(&entries[0].1).expect("the sample's manifest reads");
        for listed in manifest.entries.iter_mut().filter(|listed| listed.path == entries[at].0) {
            listed.size = bytes.len() as u64;
            listed.sha256 = Digest::of(bytes);
        }
        entries[0].1 = canonical_json(&manifest);
    }
}

/// A sample's package with one entry replaced; sizes and digests are those of the replacement.
///
/// The first byte says of which sample, the second which entry.
pub(crate) fn package(data: &[u8]) {
    let [sample, which, bytes @ ..] = data else { return };
    let mut entries = short_samples()[usize::from(sample % 3)].clone();
    let at = usize::from(*which) % entries.len();
    replace(&mut entries, at, bytes);
    read_and_written(&container::encode(&entries));
}

/// A statement of a cohort, monitored or tested, under the samples' plans, up to the chain replay.
pub(crate) fn statement(data: &[u8]) {
    if let Ok(statement) = from_json::<MonitoringStatement>(data) {
        for replay in plans().iter().filter_map(|plan| native::replay(&statement, plan).ok()) {
            assert_eq!(replay.zn.chain, statement.chain_head);
            assert_eq!(replay.links.len(), statement.batches.len());
        }
    }
}

/// A statement of another stage under the samples' plans, up to the states its proof must join.
pub(crate) fn stages(data: &[u8]) {
    if let Ok(statement) = from_json::<PreparationStatement>(data) {
        for transition in plans().iter().filter_map(|plan| preparation::replay(&statement, plan).ok()) {
            assert_eq!(transition.steps, statement.steps);
        }
    }
    if let Ok(statement) = from_json::<TrainingStatement>(data) {
        for transition in plans().iter().filter_map(|plan| training::replay(&statement, plan).ok()) {
            assert_eq!(transition.steps, statement.steps);
        }
    }
    if let Ok(statement) = from_json::<ReceiptsStatement>(data) {
        for transition in plans().iter().filter_map(|plan| receipts::replay(&statement, plan).ok()) {
            assert_eq!(transition.steps, statement.steps);
        }
    }
    if let Ok(statement) = from_json::<RevisionStatement>(data) {
        for transition in plans().iter().filter_map(|plan| revision::replay(&statement, plan).ok()) {
            assert_eq!(transition.steps, statement.steps);
        }
    }
}

/// A receipt, opened under the samples' plan; rows asked for, and their openings.
pub(crate) fn receipt(data: &[u8]) {
    if let Ok(receipt) = from_json::<Receipt>(data)
        && let Ok(root) = receipts::opened_root(&plans()[0], RECEIPT_ROWS, &receipt)
    {
        assert_eq!(root, receipt.root);
    }
    if let Ok(request) = from_json::<SampleRequest>(data) {
        assert_eq!(request.rows().count(), request.strata.iter().map(|stratum| stratum.rows.len()).sum::<usize>());
    }
    if let Ok(openings) = from_json::<SampleOpenings>(data) {
        let bytes = serde_json::to_vec(&openings).expect("openings are written");
        assert_eq!(from_json::<SampleOpenings>(&bytes).ok(), Some(openings), "openings read back");
    }
}

/// A policy, with the sentences it renders.
pub(crate) fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lint = Policy::lint(text);
    if let Some(policy) = lint.value {
        for requirement in &policy.requirements {
            assert!(!requirement.sentence().is_empty());
            let _ = policy.legal_text(requirement);
        }
    } else {
        assert!(!lint.notices.is_empty(), "a policy is refused with a reason");
    }
}

/// An overlay, against the policy it is to change.
pub(crate) fn overlay(data: &[u8]) {
    static KNOWN: OnceLock<Policy> = OnceLock::new();
    let known = KNOWN.get_or_init(|| Policy::read(POLICY).expect("the sample's policy reads"));
    let Ok(text) = std::str::from_utf8(data) else { return };
    for policy in [None, Some(known)] {
        let lint = Overlay::lint(text, policy);
        assert!(lint.value.is_some() || !lint.notices.is_empty(), "an overlay is refused with a reason");
    }
}

/// An engagement, with the batches it expects.
pub(crate) fn engagement(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lint = Engagement::lint(text);
    match lint.value {
        Some(engagement) => {
            let _ = engagement.expected_slots();
        }
        None => assert!(!lint.notices.is_empty(), "an engagement is refused with a reason"),
    }
}

/// A record read back from disk.
pub(crate) fn record(data: &[u8]) {
    if let Ok(record) = AuditRecord::read(data) {
        let again = AuditRecord::read(&record.to_bytes()).expect("a record reads back");
        assert_eq!(again, record);
    }
}

/// A DSSE envelope around a payload: alterations of an envelope itself seldom leave a text inside it.
fn envelope_around(payload: &[u8], signature: &Value) -> Value {
    json!({ "payload": BASE64.encode(payload), "payloadType": "application/vnd.in-toto+json", "signatures": [signature] })
}

/// A signature's envelope, of a package or a document; or the statement in one.
pub(crate) fn envelope(data: &[u8]) {
    let around = envelope_around(data, &json!({ "keyid": "", "sig": BASE64.encode([0; 64]) }));
    for file in [data, &canonical_json(&around)] {
        if let Ok(envelope) = DocumentEnvelope::read("policy.toml.a.dsse.json", file, &Limits::default()) {
            let _ = envelope.is_whole();
        }
        if let Ok(envelope) = Envelope::read("signatures/a.dsse.json", file, &Limits::default()) {
            for signature in &envelope.signatures {
                let _ = envelope.is_signed_by(signature, envelope.statement.predicate.signer.public_key);
            }
        }
    }
}

/// A checkpoint of batches, or a deposit.
pub(crate) fn anchor(data: &[u8]) {
    let _ = Checkpoint::read(data);
    let _ = Deposit::read(data);
}

/// An answer of a time-stamp authority, or the token in it.
pub(crate) fn token(data: &[u8]) {
    for token in [Token::read(data), Token::of_response(data)].into_iter().flatten() {
        for (certificate, _) in token.certificates() {
            let _ = token.seen_by(certificate);
        }
    }
}

/// A signature over a model, or the statement in one, and a key it might be under.
pub(crate) fn model_signature(data: &[u8]) {
    static KEY: OnceLock<ModelKey> = OnceLock::new();
    let _ = ModelKey::read(data);
    let around = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": { "publicKey": { "hint": "" } },
        "dsseEnvelope": envelope_around(data, &json!({ "sig": "" })),
    });
    for bundle in [data, &canonical_json(&around)] {
        if let Ok(signature) = ModelSignature::read(bundle) {
            let key = KEY.get_or_init(|| {
                ModelKey::read(include_bytes!("../crates/package/tests/fixtures/model-signing/bank.pub")).expect("a key of the fixtures")
            });
            let _ = signature.is_signed_by(key);
        }
    }
}

/// Lines to the worker and from it.
pub(crate) fn protocol(data: &[u8]) {
    if let Ok(request) = from_json::<WorkerRequest>(data) {
        assert_eq!(from_json::<WorkerRequest>(&line(&request)).ok(), Some(request), "a request reads back");
    }
    let mut rest = data;
    while let Ok(Some(event)) = read_event(&mut rest) {
        assert_eq!(read_event(&mut line(&event).as_slice()), Ok(Some(event)), "an event reads back");
    }
}

/// What `write_frame` writes. There each place that writes is compiled with growth of the buffer, a branch that tells by which of them
/// the buffer was filled, and nothing of what was read.
fn line<T: serde::Serialize>(message: &T) -> Vec<u8> {
    let mut line = Vec::new();
    serde_json::to_writer(&mut line as &mut dyn io::Write, message).expect("a message is written");
    line.push(b'\n');
    line
}

/// A traceability specification as people write it, and as a package would carry it.
pub(crate) fn traceability(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lint = lint_traceability(text);
    match lint.value {
        Some(document) => {
            assert!(document.gaps().is_empty() && document.contradictions().is_empty());
            if traceability::check(&document).is_ok() {
                let package = ClaimedPackage::read(HONEST, &Limits::default()).expect("the sample reads");
                let contents = Contents { traceability: vec![document.clone()], ..package.contents() };
                let file = write(&contents).expect("a document that can be held is written");
                let again = ClaimedPackage::read(&file, &Limits::default()).expect("what was written reads");
                assert_eq!(again.traceability, [document]);
            }
        }
        None => assert!(!lint.notices.is_empty(), "a document is refused with a reason"),
    }
}

/// Proof bytes, up to the expensive check; derives a key at first.
pub(crate) fn proof(data: &[u8]) {
    static KEY: OnceLock<VerifierKey> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let statement = &ClaimedPackage::read(HONEST, &Limits::default()).expect("the sample reads").proofs[0].statement;
        VerifierKey::derive(statement.header.circuit).expect("the circuit's key can be derived")
    });
    let _ = DecodedProof::decode(key, data);
}
