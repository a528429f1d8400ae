//! What does a package claim, once its bytes are in order?

use std::{cmp::Ordering, ops::Range};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use verifold_model::{
    change::ChangeRecord,
    digest::{Digest, canonical_json},
    instant::Instant,
    json::from_json,
    limits::{Limit, Limits},
    plan::Plan,
    preparation::PreparationStatement,
    proof_system::ProofSystem,
    receipts::ReceiptsStatement,
    record::EntrySummary,
    revision::RevisionStatement,
    shape::CircuitFamily,
    state::Stage,
    statement::{Header, MonitoringStatement, Period, StageStatement, StatementKind, Subject},
    traceability::Traceability,
};

use crate::{
    change,
    container::{self, MANIFEST, RawEntry},
    dsse::Envelope,
    error::PackageError,
    manifest::{EntryRole, ListedProof, Manifest, PLAN_PATH, SCHEMA, SCHEMA_WITH_SEGMENTS, SCHEMA_WITH_SEVERAL, contradicts},
    plain_text,
    signing::is_envelope_path,
    traceability,
};

/// Everything read from a package. Nothing in it has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedPackage {
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Bytes of the file.
    pub size: u64,
    /// Program that wrote it, as claimed.
    pub written_by: String,
    /// When it was written, as claimed.
    pub created: Instant,
    /// Whose system; every statement names the same.
    pub subject: Subject,
    /// What it covers: from the first start of a statement to the last end.
    pub period: Period,
    /// Entries in file order, the manifest first; digests computed here.
    pub entries: Vec<EntrySummary>,
    /// SHA-256 of the manifest: what signatures are about.
    pub manifest_digest: Digest,
    /// Envelopes in file order; their signatures have not been checked, nor what manifest they are about.
    pub envelopes: Vec<Envelope>,
    /// The measurement plan; its own contradictions are not looked for here ([`Plan::check`] does).
    pub plan: Plan,
    /// Traceability specifications in file order, at most one for each stage.
    pub traceability: Vec<Traceability>,
    /// Records of changes of model in the order of the proofs they stand for, at most one for each.
    pub changes: Vec<ClaimedChange>,
    /// Proofs other than monitoring's, in the order of their kinds.
    pub stages: Vec<ClaimedStage>,
    /// Monitoring proofs with their statements, at least one.
    pub proofs: Vec<ClaimedProof>,
}

/// What the provider says of a change of model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedChange {
    /// The monitoring proof that begins with the new model, by identifier.
    pub proof: String,
    /// The record; whether it is about this change is not asked here.
    pub record: ChangeRecord,
}

/// A proof other than a monitoring proof.
pub type ClaimedStage = ClaimedProof<StageStatement>;

/// A proof with what it is said to establish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedProof<S = MonitoringStatement> {
    /// Identifier, unique in the package.
    pub id: String,
    /// As read on screen.
    pub title: String,
    /// Life-cycle stage, the one its kind belongs to.
    pub stage: Stage,
    /// Kind of statement.
    pub kind: StatementKind,
    /// Proof system.
    pub system: ProofSystem,
    /// The statement.
    pub statement: S,
    /// Bytes of the proof; of its first segment, if it has several.
    pub bytes: Vec<u8>,
    /// Where a monitoring proof goes on in further segments, in chain order; empty if one proof covers the statement.
    pub further: Vec<ClaimedSegment>,
}

/// A segment of a proof behind the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedSegment {
    /// Position of its first batch among those of the statement.
    pub first_batch: u32,
    /// Bytes of the segment's proof.
    pub bytes: Vec<u8>,
}

impl ClaimedProof {
    /// The segments of a monitoring proof in chain order, at least one: positions of its batches, and bytes.
    ///
    /// The ranges join from the first batch to the last. In a package that was read, none is empty unless there are no batches.
    pub fn segments(&self) -> impl Iterator<Item = (Range<usize>, &[u8])> {
        let first =
            |position: usize| self.further.get(position).map_or(self.statement.batches.len(), |segment| segment.first_batch as usize);
        let further = self.further.iter().enumerate();
        std::iter::once((0..first(0), self.bytes.as_slice()))
            .chain(further.map(move |(i, segment)| (segment.first_batch as usize..first(i + 1), segment.bytes.as_slice())))
    }
}

impl<S> ClaimedProof<S> {
    /// Bytes of all its segments.
    pub fn proof_bytes(&self) -> u64 {
        let further = self.further.iter().map(|segment| segment.bytes.len() as u64);
        self.bytes.len() as u64 + further.sum::<u64>()
    }
}

impl ClaimedPackage {
    /// Reads a package. See the crate's page for what that establishes.
    ///
    /// # Errors
    /// The first deviation; [`PackageError::exit`] says of what sort.
    pub fn read(file: &[u8], limits: &Limits) -> Result<Self, PackageError> {
        let raw = container::decode(file, limits)?;
        let (manifest_entry, rest) = match raw.split_first() {
            Some((first, rest)) if first.path == MANIFEST => (first, rest),
            _ => return Err(PackageError::MissingManifest),
        };
        check_size(manifest_entry, EntryRole::Manifest, limits)?;
        let manifest = read_manifest(manifest_entry.bytes)?;
        limits.check(Limit::Proofs, manifest.proofs.len() as u64, MANIFEST)?;
        if manifest.proofs.is_empty() {
            return Err(PackageError::NoProofs);
        }
        for proof in &manifest.proofs {
            limits.check(Limit::Segments, proof.proof_paths().count() as u64, MANIFEST)?;
        }
        manifest.check_proofs()?;
        for entry in rest {
            if let Some(role) = manifest.role_of(entry.path) {
                check_size(entry, role, limits)?;
            }
        }
        let (signatures, listed): (Vec<RawEntry<'_>>, Vec<RawEntry<'_>>) = rest.iter().partition(|entry| is_envelope_path(entry.path));
        limits.check(Limit::Envelopes, signatures.len() as u64, "")?;
        manifest.check_entries(&listed)?;
        let envelopes = signatures.iter().map(|entry| Envelope::read(entry.path, entry.bytes, limits)).collect::<Result<_, _>>()?;

        let content = |path: &str| {
            rest.iter()
                .find(|entry| entry.path == path)
                .map(|entry| entry.bytes)
                .ok_or_else(|| PackageError::MissingEntry { path: path.to_owned() })
        };
        let plan: Plan = read_canonical(PLAN_PATH, content(PLAN_PATH)?)?;
        plain_text::check_plan(PLAN_PATH, &plan)?;
        let proofs = manifest.proofs.iter().enumerate().map(|(i, listed)| {
            let bytes = listed.proof_paths().map(content).collect::<Result<Vec<_>, _>>()?;
            read_proof(&manifest, i, listed, content(&listed.statement_path)?, &bytes, limits)
        });
        let (mut stages, mut monitoring) = (Vec::new(), Vec::new());
        for (position, proof) in proofs.enumerate() {
            match proof? {
                Read::Monitoring(proof) => monitoring.push(*proof),
                Read::Stage(stage) => {
                    // One order, so that a package has one spelling.
                    if !monitoring.is_empty() || stages.last().is_some_and(|last| !in_order(last, &stage)) {
                        return Err(contradicts(
                            format!("proofs[{position}]"),
                            "at most one proof of each stage, one about later outcomes for each monitoring proof, in life-cycle and time order",
                            stage.kind.name(),
                        ));
                    }
                    stages.push(*stage);
                }
            }
        }
        if monitoring.is_empty() {
            return Err(PackageError::NoProofs);
        }
        check_period(&manifest, &monitoring)?;
        let documents = listed.iter().filter(|entry| traceability::stage_of(entry.path).is_some());
        let traceability = documents.map(traceability::read).collect::<Result<_, _>>()?;
        let changes = change::read_all(&listed, &monitoring)?;
        Ok(Self {
            digest: Digest::of(file),
            size: file.len() as u64,
            entries: raw.iter().map(|entry| summary(&manifest, entry)).collect(),
            written_by: manifest.written_by,
            manifest_digest: Digest::of(manifest_entry.bytes),
            envelopes,
            created: manifest.created,
            subject: manifest.subject,
            period: manifest.period,
            plan,
            traceability,
            changes,
            stages,
            proofs: monitoring,
        })
    }
}

/// Whether a stage may stand behind another: a later kind, or later outcomes of a later period.
fn in_order(before: &ClaimedStage, stage: &ClaimedStage) -> bool {
    let periods = || (before.statement.header().period, stage.statement.header().period);
    match before.kind.position().cmp(&stage.kind.position()) {
        Ordering::Less => true,
        Ordering::Equal if stage.kind.is_about_later_outcomes() => {
            let (before, after) = periods();
            before.end <= after.start
        }
        Ordering::Equal | Ordering::Greater => false,
    }
}

fn check_size(entry: &RawEntry<'_>, role: EntryRole, limits: &Limits) -> Result<(), PackageError> {
    let limit = match role {
        EntryRole::Manifest | EntryRole::Plan | EntryRole::Statement | EntryRole::ChangeRecord => Limit::JsonBytes,
        EntryRole::Proof => Limit::ProofBytes,
        EntryRole::Traceability => Limit::TraceabilityBytes,
        EntryRole::Signature => Limit::EnvelopeBytes,
    };
    Ok(limits.check(limit, entry.bytes.len() as u64, entry.path)?)
}

fn summary(manifest: &Manifest, entry: &RawEntry<'_>) -> EntrySummary {
    let role = manifest.role_of(entry.path).unwrap_or(EntryRole::Manifest);
    EntrySummary {
        path: entry.path.to_owned(),
        media_type: role.media_type().to_owned(),
        role: role.name().to_owned(),
        size: entry.bytes.len() as u64,
        digest: Digest::of(entry.bytes),
    }
}

fn read_manifest(bytes: &[u8]) -> Result<Manifest, PackageError> {
    /// The version alone, whatever else stands there.
    #[derive(Deserialize)]
    struct Version {
        schema: String,
    }
    if let Ok(Version { schema }) = from_json(bytes)
        && ![SCHEMA, SCHEMA_WITH_SEGMENTS, SCHEMA_WITH_SEVERAL].contains(&schema.as_str())
    {
        return Err(PackageError::UnknownSchema { expected: "verifold-package/v1, v2 or v3", found: cut(&schema) });
    }
    let manifest: Manifest = read_canonical(MANIFEST, bytes)?;
    plain_text::check_name(MANIFEST, "written_by", &manifest.written_by)?;
    plain_text::check_subject(MANIFEST, &manifest.subject)?;
    for (i, proof) in manifest.proofs.iter().enumerate() {
        plain_text::check_name(MANIFEST, &format!("proofs[{i}].title"), &proof.title)?;
    }
    Ok(manifest)
}

/// The package covers what its monitoring statements cover, from the first to the last: a wider period would claim what nothing states.
fn check_period(manifest: &Manifest, proofs: &[ClaimedProof]) -> Result<(), PackageError> {
    let periods = || proofs.iter().map(|proof| proof.statement.header.period);
    let (Some(start), Some(end)) = (periods().map(|period| period.start).min(), periods().map(|period| period.end).max()) else {
        return Err(PackageError::NoProofs);
    };
    let stated = manifest.period;
    if stated.start == start && stated.end == end {
        return Ok(());
    }
    let at_an_end = |proof: &ClaimedProof| proof.statement.header.period.start == start || proof.statement.header.period.end == end;
    Err(PackageError::PeriodDiffers {
        proof: proofs.iter().find(|proof| at_an_end(proof)).map_or_else(String::new, |proof| proof.id.clone()),
        manifest: period_text(stated),
        statement: period_text(Period { start, end }),
    })
}

fn period_text(period: Period) -> String {
    format!("{} to {}", period.start, period.end)
}

fn read_proof(
    manifest: &Manifest,
    position: usize,
    listed: &ListedProof,
    statement: &[u8],
    bytes: &[&[u8]],
    limits: &Limits,
) -> Result<Read, PackageError> {
    let proof = listed.id.clone();
    let kind: StatementKind =
        known(&listed.statement).ok_or_else(|| PackageError::UnknownStatement { proof: proof.clone(), found: cut(&listed.statement) })?;
    let system: ProofSystem =
        known(&listed.system).ok_or_else(|| PackageError::UnknownProofSystem { proof: proof.clone(), found: cut(&listed.system) })?;
    let stage = kind.stage();
    if listed.stage != stage {
        return Err(contradicts(format!("proofs[{position}].stage"), stage.title(), listed.stage.title()));
    }
    check_circuit_is_known(&proof, statement)?;
    let path = &listed.statement_path;
    let Some((first, further)) = bytes.split_first() else { return Err(PackageError::MissingEntry { path: listed.proof_path.clone() }) };
    let further: Vec<ClaimedSegment> = (listed.further_segments.iter().zip(further))
        .map(|(segment, bytes)| ClaimedSegment { first_batch: segment.first_batch, bytes: bytes.to_vec() })
        .collect();
    if kind != StatementKind::MonitoringV1 && !further.is_empty() {
        let field = format!("proofs[{position}].further_segments");
        return Err(contradicts(field, "segments of monitoring proofs alone", kind.name()));
    }
    let whole = Whole { id: proof, title: listed.title.clone(), stage, kind, system, bytes: first.to_vec(), further };
    let read = match kind {
        // Known, and not yet read from packages.
        StatementKind::ReceiptsV1 => {
            let statement: ReceiptsStatement = read_canonical(path, statement)?;
            limits.check(Limit::Batches, statement.batches.len() as u64, path)?;
            Read::Stage(Box::new(whole.with(StageStatement::Receipts(Box::new(statement)))))
        }
        StatementKind::MaturedCohortV1 => {
            let statement = read_cohort(path, statement, limits)?;
            Read::Stage(Box::new(whole.with(StageStatement::MaturedCohort(Box::new(statement)))))
        }
        StatementKind::OutcomeRevisionV1 => {
            let statement: RevisionStatement = read_canonical(path, statement)?;
            limits.check(Limit::Batches, statement.batches.len() as u64, path)?;
            Read::Stage(Box::new(whole.with(StageStatement::OutcomeRevision(Box::new(statement)))))
        }
        StatementKind::MonitoringV1 => Read::Monitoring(Box::new(whole.with(read_cohort(path, statement, limits)?))),
        StatementKind::OfflineMetricsV2 => {
            let statement = read_cohort(path, statement, limits)?;
            Read::Stage(Box::new(whole.with(StageStatement::OfflineMetrics(Box::new(statement)))))
        }
        StatementKind::TrainingV1 => {
            Read::Stage(Box::new(whole.with(StageStatement::Training(Box::new(read_canonical(path, statement)?)))))
        }
        StatementKind::PreparationV1 => {
            let statement: PreparationStatement = read_canonical(path, statement)?;
            plain_text::check_preparation(path, &statement.preparation)?;
            Read::Stage(Box::new(whole.with(StageStatement::Preparation(Box::new(statement)))))
        }
    };
    let (id, header, steps) = match &read {
        Read::Monitoring(proof) => (&proof.id, &proof.statement.header, proof.statement.steps),
        Read::Stage(stage) => (&stage.id, stage.statement.header(), stage.statement.steps()),
    };
    check_header(manifest, position, kind, id, header)?;
    // Before anybody derives a key of this shape.
    let shape = header.circuit.shape;
    limits.check(Limit::Constraints, shape.padded_constraints(), path)?;
    limits.check(Limit::Features, shape.features() as u64, path)?;
    limits.check(Limit::Steps, steps, path)?;
    if let Read::Monitoring(proof) = &read
        && let Some(last) = proof.further.last()
        && last.first_batch as usize >= proof.statement.batches.len()
    {
        let field = format!("proofs[{position}].further_segments[{}].first_batch", proof.further.len() - 1);
        let batches = proof.statement.batches.len();
        return Err(contradicts(field, &format!("one of the {batches} batches of the statement"), &last.first_batch.to_string()));
    }
    Ok(read)
}

/// Everything of a claimed proof but its statement.
struct Whole {
    id: String,
    title: String,
    stage: Stage,
    kind: StatementKind,
    system: ProofSystem,
    bytes: Vec<u8>,
    further: Vec<ClaimedSegment>,
}

impl Whole {
    fn with<S>(self, statement: S) -> ClaimedProof<S> {
        let Self { id, title, stage, kind, system, bytes, further } = self;
        ClaimedProof { id, title, stage, kind, system, statement, bytes, further }
    }
}

/// A proof as read, by whether it belongs to monitoring.
enum Read {
    Monitoring(Box<ClaimedProof>),
    Stage(Box<ClaimedStage>),
}

fn read_cohort(path: &str, statement: &[u8], limits: &Limits) -> Result<MonitoringStatement, PackageError> {
    let statement: MonitoringStatement = read_canonical(path, statement)?;
    limits.check(Limit::Batches, statement.batches.len() as u64, path)?;
    Ok(statement)
}

/// The header names the kind the manifest lists, and the manifest's subject.
fn check_header(manifest: &Manifest, position: usize, kind: StatementKind, proof: &str, header: &Header) -> Result<(), PackageError> {
    if header.statement != kind {
        return Err(contradicts(format!("proofs[{position}].statement"), header.statement.name(), kind.name()));
    }
    if !kind.families().contains(&header.circuit.family) {
        let families: Vec<&str> = kind.families().iter().map(|family| family.name()).collect();
        return Err(contradicts(format!("circuit of proofs[{position}]"), &families.join(" or "), header.circuit.family.name()));
    }
    let (ours, theirs) = (&manifest.subject, &header.subject);
    for (field, ours, theirs) in [
        ("name", &ours.name, &theirs.name),
        ("lei", &ours.lei, &theirs.lei),
        ("system", &ours.system, &theirs.system),
        ("model", &ours.model, &theirs.model),
    ] {
        if ours != theirs {
            return Err(PackageError::SubjectDiffers {
                proof: proof.to_owned(),
                field,
                manifest: ours.clone(),
                statement: theirs.chars().take(200).collect(),
            });
        }
    }
    Ok(())
}

/// The value of an enum written as a plain string, if this program knows it.
fn known<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

/// Tells a circuit of a later program from a malformed statement, before the statement is read whole.
fn check_circuit_is_known(proof: &str, statement: &[u8]) -> Result<(), PackageError> {
    #[derive(Deserialize)]
    struct Statement {
        header: Header,
    }
    #[derive(Deserialize)]
    struct Header {
        circuit: Circuit,
    }
    #[derive(Deserialize)]
    struct Circuit {
        family: String,
    }
    match from_json::<Statement>(statement) {
        Ok(Statement { header: Header { circuit: Circuit { family } } }) if known::<CircuitFamily>(&family).is_none() => {
            Err(PackageError::UnknownCircuit { proof: proof.to_owned(), found: cut(&family) })
        }
        // What cannot be read at all is named, with its place, by the full reading that follows.
        _ => Ok(()),
    }
}

/// Reads a JSON entry that must be the canonical spelling of its value.
///
/// Writing the value back and comparing bytes leaves no room for a second spelling: white space,
/// order, doubled or unknown fields, other forms of a number.
pub(crate) fn read_canonical<T: DeserializeOwned + Serialize>(path: &str, bytes: &[u8]) -> Result<T, PackageError> {
    let value: T = from_json(bytes).map_err(|error| {
        let text = error.to_string();
        // The place is given in fields of its own.
        let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
        PackageError::JsonMalformed {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            problem: problem.escape_debug().take(400).collect(),
        }
    })?;
    let canonical = canonical_json(&value);
    if canonical == bytes {
        return Ok(value);
    }
    let offset = canonical.iter().zip(bytes).position(|(ours, theirs)| ours != theirs).unwrap_or(canonical.len().min(bytes.len()));
    Err(PackageError::JsonNotCanonical { path: path.to_owned(), offset })
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}
