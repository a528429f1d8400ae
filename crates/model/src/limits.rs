//! How much may what others wrote ask of the program that reads it?
//!
//! One table: every limit with its default, how far a policy may move it, and why. [`Limits`] are the values in force;
//! going over one is an [`Exceeded`], which names limit, value, what was found and what moves it, and ends a
//! verification with exit code 6. A policy sets them in its `[limits]` table, before anything of a package is looked at.
//!
//! Bounds that belong to a format (length of a path, lines of a note, rows of a batch) stand with that format, and what
//! breaks them is malformed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A limit. Its key in a policy is [`Limit::key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Bytes of a package's file.
    PackageBytes,
    /// Entries of a package.
    Entries,
    /// Bytes of a JSON entry: manifest, plan, statement.
    JsonBytes,
    /// Bytes of a proof.
    ProofBytes,
    /// Bytes of a traceability specification.
    TraceabilityBytes,
    /// Bytes of a signature envelope.
    EnvelopeBytes,
    /// Signature envelopes of a package.
    Envelopes,
    /// Signatures of an envelope.
    Signatures,
    /// Proofs of a package.
    Proofs,
    /// Segments of a proof.
    Segments,
    /// Batches of a statement.
    Batches,
    /// Steps of a proof.
    Steps,
    /// Features of a circuit's shape.
    Features,
    /// Constraints of a step, padded.
    Constraints,
    /// Anchors received.
    Anchors,
    /// Bytes of an anchor.
    AnchorBytes,
    /// Time-stamp tokens received.
    Tokens,
    /// Bytes of a time-stamp token.
    TokenBytes,
    /// Deposits received.
    Deposits,
    /// Bytes of a deposit.
    DepositBytes,
    /// Bytes of everything received of one kind.
    ReceivedBytes,
    /// Bytes of a signature over a model.
    ModelSignatureBytes,
    /// Bytes of the key a model was signed with.
    ModelKeyBytes,
    /// Bytes of memory.
    MemoryBytes,
    /// Seconds of CPU time.
    CpuSeconds,
    /// Bytes of a text that is read before, or without, a policy.
    TextBytes,
    /// Bytes of a document in TOML.
    DocumentBytes,
    /// Bytes of a message between a host and its worker.
    FrameBytes,
}

/// What a limit is: its least value, its default, the most a policy may set, what it counts and why it is what it is.
struct Line {
    key: &'static str,
    least: u64,
    default: u64,
    most: u64,
    counts: &'static str,
    reason: &'static str,
}

const fn line(key: &'static str, [least, default, most]: [u64; 3], counts: &'static str, reason: &'static str) -> Line {
    Line { key, least, default, most, counts, reason }
}

impl Limit {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 28] = [
        Self::PackageBytes,
        Self::Entries,
        Self::JsonBytes,
        Self::ProofBytes,
        Self::TraceabilityBytes,
        Self::EnvelopeBytes,
        Self::Envelopes,
        Self::Signatures,
        Self::Proofs,
        Self::Segments,
        Self::Batches,
        Self::Steps,
        Self::Features,
        Self::Constraints,
        Self::Anchors,
        Self::AnchorBytes,
        Self::Tokens,
        Self::TokenBytes,
        Self::Deposits,
        Self::DepositBytes,
        Self::ReceivedBytes,
        Self::ModelSignatureBytes,
        Self::ModelKeyBytes,
        Self::MemoryBytes,
        Self::CpuSeconds,
        Self::TextBytes,
        Self::DocumentBytes,
        Self::FrameBytes,
    ];

    const fn line(self) -> Line {
        match self {
            Self::PackageBytes => line(
                "package_bytes",
                [1 << 10, 64 << 20, 1 << 30],
                "bytes of a package",
                "Two statements of the largest size allowed, and their proofs. It is held in memory once or twice.",
            ),
            Self::Entries => line(
                "entries",
                [4, 256, 1_024],
                "entries of a package",
                "Manifest, plan, two for each proof and one for each signature, with room for later kinds.",
            ),
            Self::JsonBytes => line(
                "json_bytes",
                [1 << 10, 32 << 20, 256 << 20],
                "bytes of a manifest, plan or statement",
                "20 000 batches at 10 bins, 4 groups and 4 histograms of some hundred rows take about 26 MB.",
            ),
            Self::ProofBytes => line(
                "proof_bytes",
                [1 << 10, 64 << 10, 64 << 10],
                "bytes of a proof",
                "Compressed Nova proofs of every shape stay below 16 kB. The decoder allocates no more than this either.",
            ),
            Self::TraceabilityBytes => line(
                "traceability_bytes",
                [1 << 10, 64 << 10, 64 << 10],
                "bytes of a traceability specification",
                "Ten candidates with a paragraph each take 20 kB.",
            ),
            Self::EnvelopeBytes => line(
                "envelope_bytes",
                [1 << 10, 16 << 10, 16 << 10],
                "bytes of a signature envelope",
                "Eight signatures around a statement with the longest name take 4 kB.",
            ),
            Self::Envelopes => line(
                "envelopes",
                [0, 16, 64],
                "signature envelopes of a package, a policy, an overlay or an engagement",
                "Signers, each of whom may sign alone.",
            ),
            Self::Signatures => {
                line("signatures", [1, 8, 8], "signatures of an envelope", "Each costs a check. One who has more to say adds an envelope.")
            }
            Self::Proofs => line("proofs", [1, 32, 256], "proofs of a package", "A change of model every week of half a year."),
            Self::Segments => line(
                "segments",
                [1, 64, 1_024],
                "segments of a proof",
                "Each is checked like a proof of its own, half a second of one core at 2^16. 1 accepts none that was divided.",
            ),
            Self::Batches => line(
                "batches",
                [1, 20_000, 20_000],
                "batches of a statement",
                "Twice what verification is measured with; daily batches of 50 years.",
            ),
            Self::Steps => line(
                "steps",
                [1, 100_000, 1_000_000],
                "steps of a proof",
                "Ten times the chain the soundness of deep folding is usually conjectured for. Checking does not get slower by them.",
            ),
            Self::Features => line(
                "features",
                [8, 64, 64],
                "features of a circuit's shape",
                "The most on the menu of shapes. A policy that knows its model can say fewer.",
            ),
            Self::Constraints => line(
                "constraints",
                [1 << 15, 1 << 17, 1 << 18],
                "constraints of a step, padded to a power of two",
                "A key is derived for the shape a package names: 2^17 takes about 17 s of CPU time, and twice that each step up. \
                 A policy that names a larger shape says so here, too.",
            ),
            Self::Anchors => line("anchors", [0, 20_000, 20_000], "anchors received", "One for each batch a package may state."),
            Self::AnchorBytes => line(
                "anchor_bytes",
                [1 << 10, 256 << 10, 256 << 10],
                "bytes of an anchor",
                "A first one over a year of daily batches takes 50 kB.",
            ),
            Self::Tokens => {
                line("tokens", [0, 20_000, 20_000], "time-stamp tokens received", "One for each anchor. Each costs a check of a signature.")
            }
            Self::TokenBytes => line(
                "token_bytes",
                [1 << 10, 64 << 10, 64 << 10],
                "bytes of a time-stamp token",
                "A chain of four large certificates takes 8 kB.",
            ),
            Self::Deposits => line("deposits", [0, 1_000, 1_000], "deposits received", "A few a period; a thousand are a wrong folder."),
            Self::DepositBytes => {
                line("deposit_bytes", [256, 16 << 10, 16 << 10], "bytes of a deposit", "64 digests with 16 signatures take 8 kB.")
            }
            Self::ReceivedBytes => line(
                "received_bytes",
                [1 << 10, 256 << 20, 1 << 30],
                "bytes of all anchors, of all time-stamp tokens, or of all deposits received",
                "20 000 tokens of 8 kB take 160 MB. They are read before `memory_bytes` is in force.",
            ),
            Self::ModelSignatureBytes => line(
                "model_signature_bytes",
                [4 << 20; 3],
                "bytes of a signature over a model",
                "One over 10 000 files takes 2 MB. Read without a policy, so that none moves it.",
            ),
            Self::ModelKeyBytes => line(
                "model_key_bytes",
                [4 << 10; 3],
                "bytes of the public key a model was signed with",
                "One on P-256 takes 178. Read without a policy, so that none moves it.",
            ),
            Self::MemoryBytes => line(
                "memory_bytes",
                [64 << 20, 4 << 30, 64 << 30],
                "bytes of memory of the worker",
                "A verification with a key of 2^16 constraints takes 200 MB, one of 2^18 four times that, 20 000 batches some hundred more. \
                 Enforced on Linux.",
            ),
            Self::CpuSeconds => line(
                "cpu_seconds",
                [1, 600, 36_000],
                "seconds of CPU time of the worker, all threads",
                "Deriving a key of 2^18 constraints takes about 35, replaying 20 000 batches about 8, on a server of 2026; a slow \
                 laptop takes a few times that. Enforced on Linux.",
            ),
            Self::TextBytes => line(
                "text_bytes",
                [256 << 20; 3],
                "bytes of a record, key, receipt, opening, model file, or another without a limit of its own",
                "A record of 20 000 batches, the most a package may state, takes about 150 MB. Among the others are a passphrase file, an \
                 envelope made elsewhere, a table of results. Read before there is a policy, so that none moves it.",
            ),
            Self::DocumentBytes => line(
                "document_bytes",
                [8 << 20; 3],
                "bytes of a policy, overlay, engagement, traceability specification or change record in TOML",
                "An engagement with control totals of 20 000 batches takes about 3 MB. Reading a byte of TOML may take 160 of \
                 memory. Read before there is a policy, so that none moves it.",
            ),
            Self::FrameBytes => line(
                "frame_bytes",
                [512 << 20; 3],
                "bytes of a message between a host and its worker",
                "The record of the largest package allowed. It is written by this program and read by it.",
            ),
        }
    }

    /// Its key in a policy, and its name in messages.
    pub const fn key(self) -> &'static str {
        self.line().key
    }

    /// The least a policy may set.
    pub const fn least(self) -> u64 {
        self.line().least
    }

    /// In force where no policy says otherwise.
    pub const fn default(self) -> u64 {
        self.line().default
    }

    /// The most a policy may set; the default, if a policy may only tighten it.
    pub const fn most(self) -> u64 {
        self.line().most
    }

    /// Whether no policy moves it either way.
    pub const fn is_fixed(self) -> bool {
        self.least() == self.most()
    }

    /// What is counted.
    pub const fn counts(self) -> &'static str {
        self.line().counts
    }

    /// Who needs so much, and why no more.
    pub const fn reason(self) -> &'static str {
        self.line().reason
    }
}

/// Limits in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits([u64; Limit::ALL.len()]);

impl Default for Limits {
    fn default() -> Self {
        Self(Limit::ALL.map(Limit::default))
    }
}

impl Limits {
    /// The most any policy may set: for whoever handles a package of their own, under no policy.
    pub fn most() -> Self {
        Self(Limit::ALL.map(Limit::most))
    }

    /// The value of a limit.
    pub const fn of(&self, limit: Limit) -> u64 {
        self.0[limit as usize]
    }

    /// With another value of one limit.
    #[must_use]
    pub const fn with(mut self, limit: Limit, value: u64) -> Self {
        self.0[limit as usize] = value;
        self
    }

    /// Whether so many are within a limit; `place` says where, as a path, or is empty.
    ///
    /// # Errors
    /// [`Exceeded`] if they are not.
    pub fn check(&self, limit: Limit, found: u64, place: &str) -> Result<(), Exceeded> {
        let allowed = self.of(limit);
        if found <= allowed { Ok(()) } else { Err(Exceeded { limit, allowed, found, place: place.to_owned() }) }
    }
}

/// Something goes over a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// Which.
    pub limit: Limit,
    /// Its value.
    pub allowed: u64,
    /// What was found.
    pub found: u64,
    /// Where: a path; empty if the whole is meant.
    pub place: String,
}

impl Limit {
    /// How its value can be raised from `allowed`, as a clause.
    pub fn way_up(self, allowed: u64) -> String {
        if allowed < self.most() {
            format!("`{} = …` under [limits] in the policy moves it, up to {}", self.key(), self.most())
        } else {
            "no policy allows more".to_owned()
        }
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, allowed, found, place } = self;
        write!(f, "expected at most {allowed} {} (limit `{}`), found {found}; {}", limit.counts(), limit.key(), limit.way_up(*allowed))?;
        if place.is_empty() { Ok(()) } else { write!(f, ": {place}") }
    }
}

impl std::error::Error for Exceeded {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_value_within_its_range_and_the_key_it_is_read_by() {
        for (i, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit as usize, i, "{}", limit.key());
            assert!(limit.least() <= limit.default() && limit.default() <= limit.most(), "{}", limit.key());
            assert_eq!(serde_json::to_value(limit).unwrap(), limit.key());
        }
    }

    #[test]
    fn going_over_names_limit_value_what_was_found_and_what_moves_it() {
        let limits = Limits::default().with(Limit::Batches, 5);
        assert_eq!(limits.check(Limit::Batches, 5, "a"), Ok(()));
        let text = limits.check(Limit::Batches, 6, "statements/a.json").unwrap_err().to_string();
        assert_eq!(
            text,
            "expected at most 5 batches of a statement (limit `batches`), found 6; \
             `batches = …` under [limits] in the policy moves it, up to 20000: statements/a.json"
        );
        let text = Limits::default().check(Limit::ProofBytes, 70_000, "").unwrap_err().to_string();
        assert_eq!(text, "expected at most 65536 bytes of a proof (limit `proof_bytes`), found 70000; no policy allows more");
    }
}
