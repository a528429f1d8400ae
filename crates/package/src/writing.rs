//! How does a package come to be?

use serde::Serialize;
use verifold_model::{
    digest::{Digest, canonical_json},
    instant::Instant,
    limits::Limits,
    plan::Plan,
    statement::{Period, Subject},
    traceability::Traceability,
};

use crate::{
    claimed::{ClaimedChange, ClaimedPackage, ClaimedProof, ClaimedStage},
    container::{self, MANIFEST},
    error::PackageError,
    manifest::{EntryRole, ListedEntry, ListedProof, ListedSegment, Manifest, PLAN_PATH, change_path, segment_path, statement_path},
    traceability,
};

/// What goes into a package. Sizes, digests, order and container follow from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Program and version.
    pub written_by: String,
    /// When.
    pub created: Instant,
    /// Whose system; the same in every statement.
    pub subject: Subject,
    /// What is covered: from the first start of a statement to the last end.
    pub period: Period,
    /// The measurement plan.
    pub plan: Plan,
    /// Traceability specifications, at most one for each stage.
    pub traceability: Vec<Traceability>,
    /// Records of changes of model, in the order of the proofs they stand for.
    pub changes: Vec<ClaimedChange>,
    /// Proofs of stages before monitoring, in life-cycle order.
    pub stages: Vec<ClaimedStage>,
    /// Monitoring proofs in time order, at least one.
    pub proofs: Vec<ClaimedProof>,
}

/// Writes a package. The same contents give the same bytes.
///
/// # Errors
/// Whatever [`ClaimedPackage::read`] would find wrong with the result under the widest limits: it is read back before it is returned.
pub fn write(contents: &Contents) -> Result<Vec<u8>, PackageError> {
    let mut entries = vec![(PLAN_PATH.to_owned(), EntryRole::Plan, canonical_json(&contents.plan))];
    for stage in &contents.stages {
        entries.extend(both(stage));
    }
    for proof in &contents.proofs {
        entries.extend(both(proof));
    }
    for document in &contents.traceability {
        entries.push((traceability::path(document.stage), EntryRole::Traceability, canonical_json(document)));
    }
    for change in &contents.changes {
        entries.push((change_path(&change.proof), EntryRole::ChangeRecord, canonical_json(&change.record)));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let proofs: Vec<ListedProof> = contents.stages.iter().map(listed).chain(contents.proofs.iter().map(listed)).collect();
    let manifest = Manifest {
        schema: Manifest::schema_of(&proofs).to_owned(),
        written_by: contents.written_by.clone(),
        created: contents.created,
        subject: contents.subject.clone(),
        period: contents.period,
        entries: entries
            .iter()
            .map(|(path, role, bytes)| ListedEntry {
                path: path.clone(),
                media_type: role.media_type().to_owned(),
                size: bytes.len() as u64,
                sha256: Digest::of(bytes),
                role: *role,
            })
            .collect(),
        proofs,
    };
    let mut files = vec![(MANIFEST.to_owned(), canonical_json(&manifest))];
    files.extend(entries.into_iter().map(|(path, _, bytes)| (path, bytes)));
    let file = container::encode(&files);
    ClaimedPackage::read(&file, &Limits::most())?;
    Ok(file)
}

/// Statement and proof as entries, segment by segment.
fn both<S: Serialize>(proof: &ClaimedProof<S>) -> Vec<(String, EntryRole, Vec<u8>)> {
    let bytes = std::iter::once(&proof.bytes).chain(proof.further.iter().map(|segment| &segment.bytes));
    let mut entries = vec![(statement_path(&proof.id), EntryRole::Statement, canonical_json(&proof.statement))];
    entries.extend((1..).zip(bytes).map(|(number, bytes)| (segment_path(&proof.id, number), EntryRole::Proof, bytes.clone())));
    entries
}

fn listed<S>(proof: &ClaimedProof<S>) -> ListedProof {
    ListedProof {
        id: proof.id.clone(),
        title: proof.title.clone(),
        stage: proof.stage,
        statement: proof.kind.name().to_owned(),
        system: proof.system.name().to_owned(),
        statement_path: statement_path(&proof.id),
        proof_path: segment_path(&proof.id, 1),
        further_segments: (2..)
            .zip(&proof.further)
            .map(|(number, segment)| ListedSegment { first_batch: segment.first_batch, proof_path: segment_path(&proof.id, number) })
            .collect(),
    }
}

impl ClaimedPackage {
    /// What [`write`](crate::write) needs to make this package again.
    pub fn contents(&self) -> Contents {
        Contents {
            written_by: self.written_by.clone(),
            created: self.created,
            subject: self.subject.clone(),
            period: self.period,
            plan: self.plan.clone(),
            stages: self.stages.clone(),
            traceability: self.traceability.clone(),
            changes: self.changes.clone(),
            proofs: self.proofs.clone(),
        }
    }
}
