//! Why is a file not a package this program reads?

use verifold_model::{
    digest::Digest,
    limits::{Exceeded, Limit},
    state::Exit,
};

/// The first thing found wrong with a package. Reading stops there.
///
/// [`PackageError::exit`] sorts the variants: the container or a format is malformed (3); the
/// parts do not belong together as they were packed (4); a limit is exceeded (6); a version or
/// kind is not one this program knows (7).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Something goes over a limit.
    #[error(transparent)]
    Exceeded(#[from] Exceeded),

    /// The file does not begin like a container.
    #[error("expected a container beginning with the bytes 504b0304, found {found}")]
    NotAZip {
        /// First bytes in hexadecimal, at most four.
        found: String,
    },
    /// The container's end record, or something it points to, lies outside the file.
    #[error("the container ends early: {what} is missing")]
    Truncated {
        /// What is not there.
        what: &'static str,
    },
    /// Bytes follow the container's end record.
    #[error("{count} bytes follow the end of the container at byte {offset}")]
    TrailingBytes {
        /// Where the container ends.
        offset: usize,
        /// Bytes behind it.
        count: usize,
    },
    /// The container carries a comment.
    #[error("the container carries a comment of {count} bytes, none is allowed")]
    ArchiveComment {
        /// Bytes of the comment.
        count: usize,
    },
    /// An entry is not stored as it is.
    #[error("expected a stored entry (method 0), found compression method {method}: {path}")]
    CompressedEntry {
        /// Path of the entry.
        path: String,
        /// Method stated.
        method: u16,
    },
    /// A byte differs from the canonical container of the same entries.
    #[error("byte {offset} of the container differs from the canonical form: expected {expected:#04x}, found {found:#04x}")]
    ContainerNotCanonical {
        /// Position in the file.
        offset: usize,
        /// Byte of the canonical form.
        expected: u8,
        /// Byte found.
        found: u8,
    },
    /// An entry does not begin where the one before it ends: they overlap, or leave a gap.
    #[error("expected the entry at byte {expected}, the container states byte {found}: {path}")]
    EntryMisplaced {
        /// Path of the entry.
        path: String,
        /// Where the entry before it ends.
        expected: usize,
        /// Where it is stated to begin.
        found: usize,
    },
    /// Two entries have the same path.
    #[error("two entries have the same path: {path}")]
    DuplicateEntry {
        /// The path.
        path: String,
    },
    /// A path could lead outside the package or has more than one spelling.
    #[error("{problem}: {path}")]
    PathRefused {
        /// The path, with what is not printable escaped.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Entries are not in order: the manifest, then by path.
    #[error("the entry stands behind {after}, out of order: {path}")]
    EntryOrder {
        /// Path of the entry.
        path: String,
        /// Path of the entry before it.
        after: String,
    },
    /// The container's checksum of an entry is not that of its bytes.
    #[error("the container states checksum {stated:08x}, the bytes have {found:08x}: {path}")]
    ChecksumDiffers {
        /// Path of the entry.
        path: String,
        /// CRC-32 stated.
        stated: u32,
        /// CRC-32 computed.
        found: u32,
    },

    /// There is no manifest.
    #[error("the first entry must be the manifest: manifest.json")]
    MissingManifest,
    /// A JSON entry cannot be read as what it should be.
    #[error("line {line}, column {column}: {problem}: {path}")]
    JsonMalformed {
        /// Path of the entry.
        path: String,
        /// Line from 1; 0 if the problem has no place.
        line: usize,
        /// Column from 1; 0 if the problem has no place.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// A JSON entry is not spelled canonically (RFC 8785).
    #[error("byte {offset} differs from the canonical spelling (RFC 8785): {path}")]
    JsonNotCanonical {
        /// Path of the entry.
        path: String,
        /// First byte that differs.
        offset: usize,
    },
    /// A text holds characters that do not belong in print, or is too long.
    #[error("{field} {problem}: {path}")]
    TextRefused {
        /// Path of the entry.
        path: String,
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A signature entry is not an envelope this program reads.
    #[error("{problem}: {path}")]
    EnvelopeRefused {
        /// Path of the entry.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The package has a format version this program does not know.
    #[error("expected package format {expected}, found {found:?}")]
    UnknownSchema {
        /// Version known here.
        expected: &'static str,
        /// Version stated, cut to 60 characters.
        found: String,
    },
    /// An entry is in the container and not in the manifest.
    #[error("the entry is not listed in the manifest: {path}")]
    UnlistedEntry {
        /// Path of the entry.
        path: String,
    },
    /// An entry is in the manifest and not in the container.
    #[error("the manifest lists an entry that is missing: {path}")]
    MissingEntry {
        /// Path of the entry.
        path: String,
    },
    /// The manifest lists an entry twice.
    #[error("the manifest lists an entry twice: {path}")]
    ListedTwice {
        /// Path of the entry.
        path: String,
    },
    /// An entry's size is not the listed one.
    #[error("the manifest states {stated} bytes, the entry has {found}: {path}")]
    SizeDiffers {
        /// Path of the entry.
        path: String,
        /// Bytes listed.
        stated: u64,
        /// Bytes found.
        found: u64,
    },
    /// An entry's digest is not the listed one.
    #[error("the manifest states SHA-256 {stated}, the entry has {found}: {path}")]
    DigestDiffers {
        /// Path of the entry.
        path: String,
        /// Digest listed.
        stated: Digest,
        /// Digest computed.
        found: Digest,
    },
    /// A field of the manifest is not what the rest of the package makes it.
    #[error("manifest field `{field}`: expected {expected}, found {found}")]
    ManifestContradicts {
        /// The field, as a path such as `proofs[0].stage`.
        field: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The manifest lists no proof, or none of monitoring.
    #[error("the manifest lists no monitoring proof, there is nothing to check")]
    NoProofs,
    /// A statement is of a kind this program does not know.
    #[error("this program does not know statements of kind {found:?}: proof {proof}")]
    UnknownStatement {
        /// Identifier of the proof.
        proof: String,
        /// Kind stated, cut to 60 characters.
        found: String,
    },
    /// A proof is of a system this program does not know.
    #[error("this program does not know the proof system {found:?}: proof {proof}")]
    UnknownProofSystem {
        /// Identifier of the proof.
        proof: String,
        /// System stated, cut to 60 characters.
        found: String,
    },
    /// A statement names a circuit this program does not know.
    #[error("this program does not know the circuit {found:?}: proof {proof}")]
    UnknownCircuit {
        /// Identifier of the proof.
        proof: String,
        /// Circuit family stated, cut to 60 characters.
        found: String,
    },
    /// A statement is about another subject than the manifest.
    #[error("the manifest states subject {field} {manifest:?}, the statement {statement:?}: proof {proof}")]
    SubjectDiffers {
        /// Identifier of the proof.
        proof: String,
        /// Field of the subject.
        field: &'static str,
        /// Value in the manifest.
        manifest: String,
        /// Value in the statement.
        statement: String,
    },
    /// The manifest's period is not what the statements cover together.
    #[error("the manifest covers {manifest}, its statements {statement}: proof {proof}")]
    PeriodDiffers {
        /// Identifier of the first proof at either end.
        proof: String,
        /// Period in the manifest.
        manifest: String,
        /// From the first start of a statement to the last end.
        statement: String,
    },
}

impl PackageError {
    /// Exit code of a verification that ends here.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Exceeded(_) => Exit::Limits,
            // The parts can be read, and they are not those that were packed together.
            Self::ChecksumDiffers { .. }
            | Self::SizeDiffers { .. }
            | Self::DigestDiffers { .. }
            | Self::SubjectDiffers { .. }
            | Self::PeriodDiffers { .. } => Exit::Rejected,
            // Written by a later program, perhaps: nothing speaks against it, this one cannot check it.
            Self::UnknownSchema { .. } | Self::UnknownStatement { .. } | Self::UnknownProofSystem { .. } | Self::UnknownCircuit { .. } => {
                Exit::NotChecked
            }
            Self::NotAZip { .. }
            | Self::Truncated { .. }
            | Self::TrailingBytes { .. }
            | Self::ArchiveComment { .. }
            | Self::CompressedEntry { .. }
            | Self::ContainerNotCanonical { .. }
            | Self::EntryMisplaced { .. }
            | Self::DuplicateEntry { .. }
            | Self::PathRefused { .. }
            | Self::EntryOrder { .. }
            | Self::MissingManifest
            | Self::JsonMalformed { .. }
            | Self::JsonNotCanonical { .. }
            | Self::TextRefused { .. }
            | Self::EnvelopeRefused { .. }
            | Self::UnlistedEntry { .. }
            | Self::MissingEntry { .. }
            | Self::ListedTwice { .. }
            | Self::ManifestContradicts { .. }
            | Self::NoProofs => Exit::Malformed,
        }
    }

    /// Stable identifier of the cause, for findings, the manual and tests.
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Exceeded(exceeded) => match exceeded.limit {
                Limit::PackageBytes => "file-too-large",
                Limit::Entries => "too-many-entries",
                Limit::JsonBytes | Limit::ProofBytes | Limit::TraceabilityBytes | Limit::EnvelopeBytes => "entry-too-large",
                Limit::Envelopes => "too-many-envelopes",
                Limit::Signatures => "too-many-signatures",
                Limit::Proofs => "too-many-proofs",
                Limit::Segments => "too-many-segments",
                Limit::Batches => "too-many-batches",
                Limit::Steps => "too-many-steps",
                Limit::Features => "too-many-features",
                Limit::Constraints => "circuit-too-large",
                // Limits of what is no part of a package.
                Limit::Anchors
                | Limit::AnchorBytes
                | Limit::Tokens
                | Limit::TokenBytes
                | Limit::Deposits
                | Limit::DepositBytes
                | Limit::MemoryBytes
                | Limit::CpuSeconds
                | Limit::TextBytes
                | Limit::DocumentBytes
                | Limit::FrameBytes
                | Limit::ReceivedBytes
                | Limit::ModelSignatureBytes
                | Limit::ModelKeyBytes => "limit-exceeded",
            },
            Self::NotAZip { .. } => "not-a-zip",
            Self::Truncated { .. } => "truncated",
            Self::TrailingBytes { .. } => "trailing-bytes",
            Self::ArchiveComment { .. } => "archive-comment",
            Self::CompressedEntry { .. } => "compressed-entry",
            Self::ContainerNotCanonical { .. } => "container-not-canonical",
            Self::EntryMisplaced { .. } => "entry-misplaced",
            Self::DuplicateEntry { .. } => "duplicate-entry",
            Self::PathRefused { .. } => "path-refused",
            Self::EntryOrder { .. } => "entry-order",
            Self::ChecksumDiffers { .. } => "checksum-differs",
            Self::MissingManifest => "missing-manifest",
            Self::JsonMalformed { .. } => "json-malformed",
            Self::JsonNotCanonical { .. } => "json-not-canonical",
            Self::TextRefused { .. } => "text-refused",
            Self::EnvelopeRefused { .. } => "envelope-refused",
            Self::UnknownSchema { .. } => "unknown-schema",
            Self::UnlistedEntry { .. } => "unlisted-entry",
            Self::MissingEntry { .. } => "missing-entry",
            Self::ListedTwice { .. } => "listed-twice",
            Self::SizeDiffers { .. } => "size-differs",
            Self::DigestDiffers { .. } => "digest-differs",
            Self::ManifestContradicts { .. } => "manifest-contradicts",
            Self::NoProofs => "no-proofs",
            Self::UnknownStatement { .. } => "unknown-statement",
            Self::UnknownProofSystem { .. } => "unknown-proof-system",
            Self::UnknownCircuit { .. } => "unknown-circuit",
            Self::SubjectDiffers { .. } => "subject-differs",
            Self::PeriodDiffers { .. } => "period-differs",
        }
    }

    /// Entry path, or identifier of a proof; empty if the whole file is meant.
    pub fn place(&self) -> &str {
        match self {
            Self::Exceeded(exceeded) => &exceeded.place,
            Self::CompressedEntry { path, .. }
            | Self::EntryMisplaced { path, .. }
            | Self::DuplicateEntry { path }
            | Self::PathRefused { path, .. }
            | Self::EntryOrder { path, .. }
            | Self::ChecksumDiffers { path, .. }
            | Self::JsonMalformed { path, .. }
            | Self::JsonNotCanonical { path, .. }
            | Self::TextRefused { path, .. }
            | Self::EnvelopeRefused { path, .. }
            | Self::UnlistedEntry { path }
            | Self::MissingEntry { path }
            | Self::ListedTwice { path }
            | Self::SizeDiffers { path, .. }
            | Self::DigestDiffers { path, .. } => path,
            Self::UnknownStatement { proof, .. }
            | Self::UnknownProofSystem { proof, .. }
            | Self::UnknownCircuit { proof, .. }
            | Self::SubjectDiffers { proof, .. }
            | Self::PeriodDiffers { proof, .. } => proof,
            Self::MissingManifest | Self::UnknownSchema { .. } | Self::ManifestContradicts { .. } | Self::NoProofs => "manifest.json",
            Self::NotAZip { .. }
            | Self::Truncated { .. }
            | Self::TrailingBytes { .. }
            | Self::ArchiveComment { .. }
            | Self::ContainerNotCanonical { .. } => "",
        }
    }
}
