//! What untrusted bytes are put through: one function a parser, which must neither panic nor accept a second spelling.
//!
//! Shared by the fuzzers in this folder and by a bounded test that runs with every other.

use std::sync::OnceLock;

use verifold_circuits::{DecodedProof, VerifierKey, native};
use verifold_model::{digest::Digest, protocol::WorkerRequest, record::AuditRecord, statement::MonitoringStatement};
use verifold_package::{
    Checkpoint, ClaimedPackage, Contents, DocumentEnvelope, Envelope, Limits, Manifest,
    container::{self, MANIFEST},
    signing, traceability, write,
};
use verifold_policy::{Engagement, Policy, lint_traceability};

/// A parser with the name its corpus goes by.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All but [`proof`], which derives a key first.
pub(crate) const TARGETS: [Target; 10] = [
    ("container", container),
    ("package", package),
    ("statement", statement),
    ("policy", policy),
    ("engagement", engagement),
    ("record", record),
    ("envelope", envelope),
    ("anchor", anchor),
    ("protocol", protocol),
    ("traceability", traceability),
];

/// The honest sample audit, which edits start from.
pub(crate) const HONEST: &[u8] = include_bytes!("../sample-audits/credit-scoring-q1/package.zkaudit");

/// Any bytes as a package.
pub(crate) fn container(data: &[u8]) {
    if let Ok(entries) = container::decode(data, &Limits::default()) {
        let pairs: Vec<(&str, &[u8])> = entries.iter().map(|entry| (entry.path, entry.bytes)).collect();
        assert_eq!(container::encode(&pairs), data, "a container has one spelling");
    }
    if let Ok(package) = ClaimedPackage::read(data, &Limits::default()) {
        let again = write(&package.contents()).expect("what was read can be written");
        assert_eq!(Some(again), signing::unsigned(data).ok(), "a package has one spelling");
    }
}

/// The honest package with one entry replaced; sizes and digests are those of the replacement.
///
/// The first byte says which entry.
pub(crate) fn package(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    let entries = container::decode(HONEST, &Limits::default()).expect("the sample reads");
    let mut entries: Vec<(String, Vec<u8>)> = entries.iter().map(|entry| (entry.path.to_owned(), entry.bytes.to_vec())).collect();
    let at = usize::from(*which) % entries.len();
    bytes.clone_into(&mut entries[at].1);
    if at > 0 {
        let mut manifest: Manifest = serde_json::from_slice(&entries[0].1).expect("the sample's manifest reads");
        for listed in manifest.entries.iter_mut().filter(|listed| listed.path == entries[at].0) {
            listed.size = bytes.len() as u64;
            listed.sha256 = Digest::of(bytes);
        }
        entries[0].1 = verifold_model::digest::canonical_json(&manifest);
    }
    assert_eq!(entries[0].0, MANIFEST);
    container(&container::encode(&entries));
}

/// A statement under the honest plan, up to the chain replay.
pub(crate) fn statement(data: &[u8]) {
    static PLAN: OnceLock<verifold_model::plan::Plan> = OnceLock::new();
    let plan = PLAN.get_or_init(|| ClaimedPackage::read(HONEST, &Limits::default()).expect("the sample reads").plan);
    if let Ok(statement) = serde_json::from_slice::<MonitoringStatement>(data)
        && let Ok(replay) = native::replay(&statement, plan)
    {
        assert_eq!(replay.zn.chain, statement.chain_head);
        assert_eq!(replay.links.len(), statement.batches.len());
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
    if let Ok(record) = serde_json::from_slice::<AuditRecord>(data) {
        let again: AuditRecord = serde_json::from_slice(&record.to_bytes()).expect("a record reads back");
        assert_eq!(again, record);
    }
}

/// A signature's envelope, of a package or a document.
pub(crate) fn envelope(data: &[u8]) {
    if let Ok(envelope) = DocumentEnvelope::read("policy.toml.a.dsse.json", data) {
        let _ = envelope.is_whole();
    }
    if let Ok(envelope) = Envelope::read("signatures/a.dsse.json", data) {
        for signature in &envelope.signatures {
            let _ = envelope.is_signed_by(signature, envelope.statement.predicate.signer.public_key);
        }
    }
}

/// A checkpoint of batches.
pub(crate) fn anchor(data: &[u8]) {
    let _ = Checkpoint::read(data);
}

/// A line to the worker.
pub(crate) fn protocol(data: &[u8]) {
    let _ = serde_json::from_slice::<WorkerRequest>(data);
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
