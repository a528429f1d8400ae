//! Every cause a package can be refused for: where, and with which exit code; and of those no altered package comes to,
//! which test does.
//!
//! The table is held against the sources: a cause written there and not here is a fault of a run, and so is one here that
//! nothing was refused for.

use std::{collections::BTreeSet, fs, path::Path};

use verifold_model::state::{Exit, RungName};

/// A cause missing here is unexpected everywhere. Some occur on two rungs.
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
            "too-many-segments",
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
        &[
            "no-signature",
            "signature-of-other-manifest",
            "signature-invalid",
            "signer-not-trusted",
            "signer-outside-window",
            "threshold-not-met",
        ],
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
            "proof-trailing-bytes",
            "initial-state-differs",
            "proof-steps-differ",
            "proof-rejected",
            "final-state-differs",
            "proof-check-panicked",
            "segment-repeated",
            "segment-of-another-period",
            "segment-of-another-plan",
            "segment-under-another-model",
            "segment-misplaced",
            "segment-missing",
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
            "proofs-out-of-order",
            "periods-overlap",
            "periods-apart",
        ],
    ),
    (
        RungName::Proof,
        Exit::NotChecked,
        &[
            "shape-without-room",
            "circuit-not-accepted",
            "property-missing",
            "security-too-low",
            "too-many-batches",
            "key-not-derived",
            "key-not-pinned",
        ],
    ),
    (
        RungName::Scope,
        Exit::Scope,
        &[
            "subject-differs",
            "period-differs",
            "plan-differs",
            "model-differs",
            "model-changed",
            "previous-chain-head-differs",
            "batch-outside-period",
            "batch-off-calendar",
            "period-off-calendar",
            "outcome-before-maturity",
            "batch-missing",
            "batch-unexpected",
            "batch-of-earlier-package",
            "control-total-differs",
            "control-without-batch",
            "no-anchors",
            "batch-not-anchored",
            "anchored-batch-missing",
            "anchored-rows-differ",
            "anchored-batches-overlap",
            "anchored-late",
            "anchor-gap",
            "anchor-history-differs",
            "anchor-of-other-log",
            "anchor-root-differs",
            "not-deposited",
            "deposited-late",
            "deposited-by-own-word",
            "changed-since-deposit",
            "document-not-as-signed",
            "document-signature-invalid",
        ],
    ),
    (RungName::Policy, Exit::Rejected, &["requirement-rejected"]),
    (RungName::Policy, Exit::Violated, &["requirement-violated"]),
    (RungName::Policy, Exit::NotChecked, &["requirement-unverifiable"]),
    (RungName::Policy, Exit::Incomplete, &["requirement-open"]),
];

/// What is said of a package that it is not refused for.
const NOTES: &[&str] = &[
    "signer-established",
    "signer-role",
    "signature-unknown-key",
    "not-pinned",
    "model-changed-silently",
    "change-record-differs",
    "anchor-not-trusted",
    "token-not-trusted",
    "token-of-other-file",
    "deposited",
    "deposit-not-trusted",
    "document-signed",
    "document-signer-not-trusted",
    "document-signer-outside-window",
    "document-signer-role",
    "policy-tailored",
    "change-not-applied",
];

/// Words of the same look in the same files that are no causes.
const WORDS: &[&str] = &[
    // A limit of what is no part of a package, and a proof that was not come to: no record says either.
    "limit-exceeded",
    "not-reached",
    // The name of a statement.
    "offline-metrics",
];

/// A cause that altering a package, or what the auditor has beside it, does not bring about.
struct Elsewhere {
    rung: RungName,
    causes: &'static [&'static str],
    /// File and name of the test that does.
    test: (&'static str, &'static str),
}

const ELSEWHERE: &[Elsewhere] = &[
    // A length and the prefixes inside stand before the decoder, replaying before the check, and nova-snark's panics behind both; keys
    // are this program's own.
    Elsewhere {
        rung: RungName::Proof,
        causes: &[
            "proof-trailing-bytes",
            "initial-state-differs",
            "proof-steps-differ",
            "proof-check-panicked",
            "key-not-derived",
            "key-not-pinned",
        ],
        test: ("crates/verify/src/evidence/tests.rs", "every_way_a_proof_check_fails_has_its_cause"),
    },
    // The limits of a package leave no room for so many.
    Elsewhere {
        rung: RungName::Proof,
        causes: &["too-many-batches"],
        test: ("crates/verify/src/evidence/period.rs", "batches_that_have_no_number_are_not_checked"),
    },
    // A proof of such a statement is needed, as any bank could make: no sample has one.
    Elsewhere {
        rung: RungName::Scope,
        causes: &["batch-outside-period"],
        test: ("crates/verify/src/scope/tests.rs", "what_the_engagement_does_not_expect_is_named"),
    },
    Elsewhere {
        rung: RungName::Scope,
        causes: &["batch-off-calendar"],
        test: ("crates/verify/src/scope/tests.rs", "a_batch_is_what_the_plan_calls_one"),
    },
    Elsewhere {
        rung: RungName::Scope,
        causes: &["period-off-calendar"],
        test: ("crates/verify/src/scope/tests.rs", "a_period_is_one_of_whole_batches"),
    },
    Elsewhere {
        rung: RungName::Scope,
        causes: &["outcome-before-maturity"],
        test: ("crates/verify/src/scope/tests.rs", "a_good_outcome_is_not_known_before_it_can_be"),
    },
];

/// Where the causes of a verification are written.
const SOURCES: &[&str] = &[
    "crates/package/src/error.rs",
    "crates/verify/src/anchors.rs",
    "crates/verify/src/deposits.rs",
    "crates/verify/src/documents.rs",
    "crates/verify/src/evidence.rs",
    "crates/verify/src/evidence",
    "crates/verify/src/headline.rs",
    "crates/verify/src/lineage.rs",
    "crates/verify/src/lineage",
    "crates/verify/src/origin.rs",
    "crates/verify/src/run.rs",
    "crates/verify/src/run",
    "crates/verify/src/scope.rs",
];

/// The exit code that a cause leads to on a rung, if it occurs there.
pub(crate) fn exit_of(rung: RungName, cause: &str) -> Option<Exit> {
    CAUSES.iter().find(|(at, _, causes)| *at == rung && causes.contains(&cause)).map(|(_, exit, _)| *exit)
}

/// What is wrong with the table when these causes were seen: one that nothing was refused for, and has no test either.
pub(crate) fn unseen(seen: &BTreeSet<(RungName, String)>) -> Vec<String> {
    let elsewhere = |rung: RungName, cause: &str| ELSEWHERE.iter().any(|other| other.rung == rung && other.causes.contains(&cause));
    let all = CAUSES.iter().flat_map(|(rung, _, causes)| causes.iter().map(|cause| (*rung, *cause)));
    all.filter_map(|(rung, cause)| match (seen.contains(&(rung, cause.to_owned())), elsewhere(rung, cause)) {
        (false, false) => Some(format!("no mutant was refused for {cause} on rung {rung:?}")),
        (true, true) => Some(format!("{cause} on rung {rung:?} is said to occur in a test alone, and a mutant was refused for it")),
        _ => None,
    })
    .collect()
}

/// What is wrong with the table by the sources: a cause that it does not have, or a test that is not there.
pub(crate) fn against_sources(root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    let known: BTreeSet<&str> = CAUSES.iter().flat_map(|(_, _, causes)| *causes).chain(NOTES).chain(WORDS).copied().collect();
    let mut written = BTreeSet::new();
    for source in SOURCES {
        let path = root.join(source);
        let files = if path.is_dir() { fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect() } else { vec![path] };
        for file in files.iter().filter(|file| file.is_file() && !file.ends_with("tests.rs")) {
            let text = fs::read_to_string(file).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            written.extend(code.split('"').skip(1).step_by(2).filter(|text| is_word(text)).map(str::to_owned));
        }
    }
    faults.extend(written.iter().filter(|word| !known.contains(word.as_str())).map(|word| format!("the table has no cause {word}")));
    faults.extend(CAUSES.iter().flat_map(|(_, _, causes)| *causes).filter_map(|cause| {
        // What a policy asks of proof systems is written there.
        let policy = ["property-missing", "security-too-low"];
        (is_word(cause) && !written.contains(*cause) && !policy.contains(cause)).then(|| format!("no source has the cause {cause}"))
    }));
    for Elsewhere { test: (file, name), .. } in ELSEWHERE {
        let text = fs::read_to_string(root.join(file)).unwrap_or_default();
        if !text.contains(&format!("fn {name}()")) {
            faults.push(format!("{file} has no test {name}"));
        }
    }
    faults
}

/// Whether a text is words joined by hyphens, as causes are.
fn is_word(text: &str) -> bool {
    text.contains('-') && text.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}
