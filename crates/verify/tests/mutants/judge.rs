//! Was a mutant refused, where it should be, and for the reason it should be?

use verifold_model::{
    record::{AuditRecord, BatchRecord, ProofState, ProofSummary, Standing},
    state::{Exit, RungName, RungState, State},
    statement::StatementKind,
};

/// Every cause a package can be refused for: where, and with which exit code. A cause missing here is unexpected everywhere.
const CAUSES: &[(RungName, Exit, &[&str])] = &[
    (
        RungName::Integrity,
        Exit::Malformed,
        &[
            "not-a-zip",
            "truncated",
            "trailing-bytes",
            "archive-comment",
            "compressed-entry",
            "container-not-canonical",
            "entry-misplaced",
            "duplicate-entry",
            "path-refused",
            "entry-order",
            "missing-manifest",
            "json-malformed",
            "json-not-canonical",
            "text-refused",
            "envelope-refused",
            "unlisted-entry",
            "missing-entry",
            "listed-twice",
            "manifest-contradicts",
            "no-proofs",
        ],
    ),
    (RungName::Integrity, Exit::Rejected, &["checksum-differs", "size-differs", "digest-differs", "subject-differs", "period-differs"]),
    (
        RungName::Integrity,
        Exit::Limits,
        &[
            "file-too-large",
            "too-many-entries",
            "entry-too-large",
            "too-many-proofs",
            "too-many-envelopes",
            "too-many-signatures",
            "too-many-batches",
            "too-many-steps",
            "too-many-features",
            "circuit-too-large",
        ],
    ),
    (RungName::Integrity, Exit::NotChecked, &["unknown-schema", "unknown-statement", "unknown-proof-system", "unknown-circuit"]),
    (
        RungName::Origin,
        Exit::Origin,
        &["no-signature", "signature-of-other-manifest", "signature-invalid", "signer-not-trusted", "signer-outside-window"],
    ),
    (
        RungName::Proof,
        Exit::Rejected,
        &[
            "plan-contradicts",
            "shape-differs",
            "plan-commitment-differs",
            "no-batches",
            "batch-index-differs",
            "reference-not-first",
            "batch-ends-before-start",
            "batches-overlap",
            "period-inverted",
            "references-differ",
            "table-impossible",
            "commitment-not-canonical",
            "step-count-differs",
            "chain-differs",
            "proof-length-differs",
            "proof-structure-differs",
            "proof-undecodable",
            "proof-not-canonical",
            "proof-rejected",
            "final-state-differs",
            "link-broken",
            "circuit-of-another-kind",
            "roles-differ",
            "rules-contradict",
            "training-contradicts",
            "parts-impossible",
            "profile-impossible",
            "receipts-contradict",
            "receipts-of-other-rows",
            "matured-of-other-rows",
            "revision-of-other-outcomes",
            "revision-contradicts",
            "revision-contradicts-tables",
            "proof-left-out",
        ],
    ),
    (RungName::Proof, Exit::NotChecked, &["shape-without-room", "circuit-not-accepted"]),
    (RungName::Scope, Exit::Scope, &["model-differs", "batch-missing"]),
    (RungName::Policy, Exit::Violated, &["requirement-violated"]),
];

/// Where a cause belongs, and the exit code it leads to.
pub(crate) fn place_of(cause: &str) -> Option<(RungName, Exit)> {
    CAUSES.iter().find(|(_, _, causes)| causes.contains(&cause)).map(|(rung, exit, _)| (*rung, *exit))
}

/// All causes in the order of the ladder.
pub(crate) fn all_causes() -> impl Iterator<Item = &'static str> {
    CAUSES.iter().flat_map(|(_, _, causes)| causes.iter().copied())
}

/// How a mutant ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Refused for a cause it may be refused for.
    Refused(String),
    /// Believed: every mandatory requirement met, or a proof held valid that should not be.
    Accepted(String),
    /// Refused, but not as it should be, or with a record that misleads.
    Unexpected(String),
    /// A panic came out of the library.
    Crashed(String),
}

/// Judges the record of a mutant that must be refused for one of `allowed`.
pub(crate) fn judge(record: &AuditRecord, allowed: &[&str]) -> Ending {
    let headline = &record.headline;
    let Some(name) = headline.rung else { return Ending::Accepted(headline.title.clone()) };
    if record.exit == Exit::Met {
        return Ending::Accepted(headline.title.clone());
    }
    let first = record
        .ladder
        .iter()
        .find(|rung| rung.name == name)
        .and_then(|rung| rung.findings.iter().find(|finding| finding.blocking).map(|finding| (rung.state, finding)));
    let Some((state, finding)) = first else { return Ending::Unexpected(format!("rung {name:?} names no cause")) };
    let cause = finding.cause.as_str();
    if !allowed.contains(&cause) {
        let said = format!("{cause} on rung {name:?}, not one of {allowed:?}: {}", finding.text);
        let believed = name > RungName::Proof;
        return if believed { Ending::Accepted(said) } else { Ending::Unexpected(said) };
    }
    let mut faults = Vec::new();
    if place_of(cause) != Some((name, record.exit)) {
        faults.push(format!("{cause} on rung {name:?} with exit {:?}", record.exit));
    }
    if finding.text.is_empty() {
        faults.push("the finding has no text".to_owned());
    }
    if name == RungName::Origin && !record.ladder.iter().any(|rung| rung.name == RungName::Proof && rung.state == RungState::Holds) {
        faults.push("the proof is not concluded for itself".to_owned());
    }
    if matches!(name, RungName::Integrity | RungName::Proof) {
        faults.extend(beliefs(record, state));
    }
    if faults.is_empty() { Ending::Refused(cause.to_owned()) } else { Ending::Unexpected(format!("{cause}: {}", faults.join("; "))) }
}

/// What a record says although nothing in its package is proven.
fn beliefs(record: &AuditRecord, state: RungState) -> Vec<String> {
    let mut faults = Vec::new();
    // A further proof that is not read leaves the first one, which is valid, as evidence.
    let unread = record.proofs.len() > 1 && state == RungState::NotCheckable;
    let expected = if state == RungState::NotCheckable { State::Unverifiable } else { State::Rejected };
    if record.headline.state != expected {
        faults.push(format!("the headline says {:?}", record.headline.state));
    }
    let later = record.ladder.iter().filter(|rung| rung.name > RungName::Origin && Some(rung.name) != record.headline.rung);
    faults.extend(
        later.filter(|rung| !unread && rung.state != RungState::NotReached).map(|rung| format!("rung {:?} is {:?}", rung.name, rung.state)),
    );
    let assessed = record.requirements.iter().filter(|result| matches!(result.state, State::Satisfied | State::Violated));
    faults.extend(assessed.filter(|_| !unread).map(|result| format!("{} is {}", result.id, result.state.word())));
    // Of several monitoring proofs, one that is valid proves its own batches, and no other's.
    let valid = |id: &String| {
        let own = |proof: &&ProofSummary| proof.id == *id && proof.statement == StatementKind::MonitoringV1;
        record.proofs.iter().find(own).is_some_and(|proof| proof.state == ProofState::Valid)
    };
    let own = |batch: &BatchRecord| batch.content.as_ref().and_then(|content| content.proof.as_ref()).is_some_and(valid);
    let proven = record.batches.iter().any(|batch| batch.standing == Standing::Proven && !own(batch));
    if !unread && (!record.series.is_empty() || proven) {
        faults.push("values are called proven".to_owned());
    }
    faults
}
