//! What does a package say is in it?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use verifold_model::{
    digest::Digest,
    instant::Instant,
    state::Stage,
    statement::{Period, StatementKind, Subject},
};

use crate::{container::RawEntry, error::PackageError, signing::is_envelope_path, traceability::stage_of};

/// Format version of packages whose proofs are one piece each.
pub const SCHEMA: &str = "verifold-package/v1";

/// Format version of packages with a proof in several segments, and of no others: programs that do not know segments
/// say so, and do not call such a package malformed.
pub const SCHEMA_WITH_SEGMENTS: &str = "verifold-package/v2";

/// Format version of packages with several monitoring proofs, in segments or not, and of no others: earlier programs
/// would take the first for all there is.
pub const SCHEMA_WITH_SEVERAL: &str = "verifold-package/v3";

/// The root of truth of a package: canonical JSON, first entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format version: [`SCHEMA`], [`SCHEMA_WITH_SEGMENTS`] or [`SCHEMA_WITH_SEVERAL`], as the proofs have it.
    pub schema: String,
    /// Program and version that wrote the package.
    pub written_by: String,
    /// When it was written.
    pub created: Instant,
    /// Whose system the package is about.
    pub subject: Subject,
    /// What the package covers.
    pub period: Period,
    /// Every entry but the manifest itself and the signatures over it, by path.
    pub entries: Vec<ListedEntry>,
    /// Proofs in life-cycle and time order.
    pub proofs: Vec<ListedProof>,
}

/// An entry as the manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedEntry {
    /// Path inside the package.
    pub path: String,
    /// Media type, fixed by the role.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// What it is for.
    pub role: EntryRole,
}

/// What an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EntryRole {
    /// The manifest itself; never listed.
    Manifest,
    /// The measurement plan.
    Plan,
    /// What a proof states.
    Statement,
    /// Bytes that establish a statement.
    Proof,
    /// Why a stage is proven the way it is.
    Traceability,
    /// Why one model took another's place.
    ChangeRecord,
    /// An envelope that signs the manifest; never listed, as the manifest cannot hold its digest.
    Signature,
}

impl EntryRole {
    /// As written in manifests and read on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Plan => "plan",
            Self::Statement => "statement",
            Self::Proof => "proof",
            Self::Traceability => "traceability",
            Self::ChangeRecord => "change-record",
            Self::Signature => "signature",
        }
    }

    /// Media type of entries with this role.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Manifest | Self::Plan | Self::Statement | Self::Traceability | Self::ChangeRecord => "application/json",
            Self::Proof => "application/octet-stream",
            Self::Signature => "application/vnd.in-toto.package-signature+dsse",
        }
    }
}

/// A proof as the manifest lists it.
///
/// Kind and system are texts here: a later program may write ones that this one does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedProof {
    /// Identifier, 1 to 48 of `a–z`, `0–9` and hyphen.
    pub id: String,
    /// As read on screen.
    pub title: String,
    /// Life-cycle stage.
    pub stage: Stage,
    /// Kind of statement, for example `monitoring/v1`.
    pub statement: String,
    /// Proof system, for example `nova-pasta-ipa`.
    pub system: String,
    /// Path of the statement, `statements/ID.json`.
    pub statement_path: String,
    /// Path of the proof, `proofs/ID.bin`; of its first segment, if it has several.
    pub proof_path: String,
    /// Where the proof goes on in further segments, in chain order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_segments: Vec<ListedSegment>,
}

/// A segment of a proof behind the first: it begins at the end of a batch, and ends where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedSegment {
    /// Position of its first batch among those of the statement.
    pub first_batch: u32,
    /// Path of its bytes, `proofs/ID.N.bin`, with N from 2 on.
    pub proof_path: String,
}

/// Path of the plan.
pub const PLAN_PATH: &str = "plan.json";

/// Path of the statement of proof `id`.
pub fn statement_path(id: &str) -> String {
    format!("statements/{id}.json")
}

/// Path of the bytes of proof `id`.
pub fn proof_path(id: &str) -> String {
    format!("proofs/{id}.bin")
}

/// Path of the bytes of segment `number` of proof `id`; segments are numbered from 1.
pub fn segment_path(id: &str, number: usize) -> String {
    if number <= 1 { proof_path(id) } else { format!("proofs/{id}.{number}.bin") }
}

/// Path of the record of the change of model with which proof `id` begins.
pub fn change_path(id: &str) -> String {
    format!("changes/{id}.json")
}

impl ListedProof {
    /// Paths of all its bytes, in chain order.
    pub fn proof_paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.proof_path.as_str()).chain(self.further_segments.iter().map(|segment| segment.proof_path.as_str()))
    }
}

impl Manifest {
    /// Monitoring proofs behind the first.
    fn followers(&self) -> impl Iterator<Item = &ListedProof> {
        self.proofs.iter().filter(|proof| proof.statement == StatementKind::MonitoringV1.name()).skip(1)
    }

    /// The format version that these proofs take.
    pub(crate) fn schema_of(proofs: &[ListedProof]) -> &'static str {
        if proofs.iter().filter(|proof| proof.statement == StatementKind::MonitoringV1.name()).nth(1).is_some() {
            SCHEMA_WITH_SEVERAL
        } else if proofs.iter().any(|proof| !proof.further_segments.is_empty()) {
            SCHEMA_WITH_SEGMENTS
        } else {
            SCHEMA
        }
    }

    /// The role that the path `path` has in a package with these proofs.
    pub fn role_of(&self, path: &str) -> Option<EntryRole> {
        if path == PLAN_PATH {
            Some(EntryRole::Plan)
        } else if self.proofs.iter().any(|proof| proof.statement_path == path) {
            Some(EntryRole::Statement)
        } else if self.proofs.iter().flat_map(ListedProof::proof_paths).any(|proof| proof == path) {
            Some(EntryRole::Proof)
        } else if stage_of(path).is_some() {
            Some(EntryRole::Traceability)
        } else if self.followers().any(|proof| change_path(&proof.id) == path) {
            Some(EntryRole::ChangeRecord)
        } else if is_envelope_path(path) {
            Some(EntryRole::Signature)
        } else {
            None
        }
    }

    /// Checks the list against the entries found (all but manifest and signatures, in file order): nothing
    /// unlisted, missing or listed twice; sizes and digests; roles and media types.
    ///
    /// # Errors
    /// The first difference.
    pub fn check_entries(&self, found: &[RawEntry<'_>]) -> Result<(), PackageError> {
        for (i, listed) in self.entries.iter().enumerate() {
            if is_envelope_path(&listed.path) {
                return Err(contradicts(format!("entries[{i}].path"), "an entry that does not sign this manifest", &listed.path));
            }
            if self.entries[..i].iter().any(|earlier| earlier.path == listed.path) {
                return Err(PackageError::ListedTwice { path: listed.path.clone() });
            }
            if !found.iter().any(|entry| entry.path == listed.path) {
                return Err(PackageError::MissingEntry { path: listed.path.clone() });
            }
        }
        for (i, entry) in found.iter().enumerate() {
            let Some((position, listed)) = self.entries.iter().enumerate().find(|(_, listed)| listed.path == entry.path) else {
                return Err(PackageError::UnlistedEntry { path: entry.path.to_owned() });
            };
            if position != i {
                return Err(contradicts(format!("entries[{i}].path"), entry.path, &self.entries[i].path));
            }
            if listed.size != entry.bytes.len() as u64 {
                return Err(PackageError::SizeDiffers { path: listed.path.clone(), stated: listed.size, found: entry.bytes.len() as u64 });
            }
            let found = Digest::of(entry.bytes);
            if listed.sha256 != found {
                return Err(PackageError::DigestDiffers { path: listed.path.clone(), stated: listed.sha256, found });
            }
            let Some(role) = self.role_of(entry.path) else {
                return Err(contradicts(
                    format!("entries[{i}]"),
                    "the plan, an entry of a listed proof, a traceability specification, or the record of a change of model",
                    entry.path,
                ));
            };
            if listed.role != role {
                return Err(contradicts(format!("entries[{i}].role"), role.name(), listed.role.name()));
            }
            if listed.media_type != role.media_type() {
                return Err(contradicts(format!("entries[{i}].media_type"), role.media_type(), &listed.media_type));
            }
        }
        Ok(())
    }

    /// Checks the identifiers and paths of the proofs: well formed, unique, where they belong; and that the version
    /// says whether there are segments, and several monitoring proofs.
    ///
    /// # Errors
    /// The first deviation.
    pub fn check_proofs(&self) -> Result<(), PackageError> {
        for (i, proof) in self.proofs.iter().enumerate() {
            let formed = (1..=48).contains(&proof.id.len())
                && proof.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if !formed {
                return Err(contradicts(format!("proofs[{i}].id"), "1 to 48 of a–z, 0–9 and hyphen", &format!("{:?}", proof.id)));
            }
            if self.proofs[..i].iter().any(|earlier| earlier.id == proof.id) {
                return Err(contradicts(format!("proofs[{i}].id"), "an identifier not used before", &proof.id));
            }
            let statement = statement_path(&proof.id);
            if proof.statement_path != statement {
                return Err(contradicts(format!("proofs[{i}].statement_path"), &statement, &format!("{:?}", proof.statement_path)));
            }
            let bytes = proof_path(&proof.id);
            if proof.proof_path != bytes {
                return Err(contradicts(format!("proofs[{i}].proof_path"), &bytes, &format!("{:?}", proof.proof_path)));
            }
            let mut first_batch = 0;
            for (j, segment) in proof.further_segments.iter().enumerate() {
                let field = |name: &str| format!("proofs[{i}].further_segments[{j}].{name}");
                let path = segment_path(&proof.id, j + 2);
                if segment.proof_path != path {
                    return Err(contradicts(field("proof_path"), &path, &format!("{:?}", segment.proof_path)));
                }
                if segment.first_batch <= first_batch {
                    let expected = format!("a batch behind batch {first_batch}, with which the segment before begins");
                    return Err(contradicts(field("first_batch"), &expected, &segment.first_batch.to_string()));
                }
                first_batch = segment.first_batch;
            }
        }
        let schema = Self::schema_of(&self.proofs);
        if self.schema == schema { Ok(()) } else { Err(contradicts("schema".to_owned(), schema, &self.schema)) }
    }
}

pub(crate) fn contradicts(field: String, expected: &str, found: &str) -> PackageError {
    PackageError::ManifestContradicts { field, expected: expected.to_owned(), found: found.chars().take(200).collect() }
}
