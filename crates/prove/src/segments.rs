//! How is a long period proven on several machines?
//!
//! 1. [`split`] reads and counts everything once, draws every salt, and decides which batches make which segment. What
//!    it writes ([`Split`]) holds secrets, and every job is given it.
//! 2. [`prove_segment`] reads the same rows, computes natively the state in which its segment begins, and proves its own
//!    batches: no segment waits for another. It writes a [`Part`] without secrets, whole or not at all.
//! 3. [`crate::join`] checks the parts and makes one package of them.
//!
//! Plan, integer model and salts are the split's. Jobs derive nothing from floating point, so machines of different
//! kinds prove one statement; what they read is compared with it before anything is folded.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use verifold_circuits::{AnyModel, CircuitFacts, MonitoringWitness, Salt, native};
use verifold_model::{
    digest::{Commitment, Digest, canonical_json},
    format::batches_text,
    plan::Plan,
    statement::{Header, MonitoringStatement},
};
use verifold_package::{
    Limit, Limits,
    container::{self, MANIFEST},
};

use crate::{
    anchoring::AnchorLog,
    error::ProveError,
    fold::{keys, stop_if_cancelled},
    monitoring::{Claims, OnBadRow, Prepared, RowSources, Scorer, Sources, fold_batches, json, prepare, prepare_scored},
    output::Outputs,
    progress::{Event, Phase, Progress},
    salts::Salts,
    secrets::{BatchSecrets, LayerSecrets, kept, model_of},
    table,
};

/// Version of a split's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SplitSchema {
    /// First version.
    #[serde(rename = "split/v1")]
    V1,
}

/// What all jobs of a period share. Holds secrets: salts and the integer model.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Version of this structure.
    pub schema: SplitSchema,
    /// The measurement plan.
    pub plan: Plan,
    /// What all segments together will state.
    pub statement: MonitoringStatement,
    /// Batches with which segments begin, the first of them 0.
    pub first_batches: Vec<u32>,
    /// What becomes of rows that cannot be scored.
    pub on_bad_row: OnBadRow,
    /// Integer weights of a logistic regression, in plan order; empty for a network.
    pub weights: Vec<i64>,
    /// Integer bias of a logistic regression; 0 for a network.
    pub bias: i64,
    /// Layers of a network, from the features on, in plan order; none for a logistic regression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerSecrets>,
    /// Salt of the model commitment.
    pub model_salt: Commitment,
    /// Salts of each batch, in chain order.
    pub batches: Vec<BatchSecrets>,
    /// What was read, as the report on the package will claim it.
    pub claims: Claims,
}

/// What a segment's file says of it. Nothing in it is secret, and [`crate::join`] believes none of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartHeader {
    /// Version of this structure.
    pub schema: PartSchema,
    /// Which segment, from 1.
    pub segment: usize,
    /// Segments of the split.
    pub segments: usize,
    /// Index of its first batch.
    pub first_batch: u32,
    /// Index of its last batch.
    pub last_batch: u32,
    /// Folding steps.
    pub steps: u64,
    /// Subject, period, circuit.
    pub header: Header,
    /// Digest of the plan.
    pub plan_digest: Digest,
    /// Commitment to the model.
    pub model_commitment: Commitment,
    /// Digest of what all segments together state.
    pub statement_digest: Digest,
}

/// Version of a segment's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartSchema {
    /// First version.
    #[serde(rename = "segment/v1")]
    V1,
}

/// A segment that has been proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it says of itself.
    pub header: PartHeader,
    /// Bytes of its proof.
    pub proof: Vec<u8>,
}

/// Path of the proof inside a segment's file.
const PROOF: &str = "proof.bin";

fn refuse(path: &Path, problem: impl Into<String>) -> ProveError {
    ProveError::Segment { path: path.to_owned(), problem: problem.into() }
}

impl Split {
    /// Reads a split, and checks that it does not contradict itself.
    ///
    /// # Errors
    /// [`ProveError`] says what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, ProveError> {
        let split: Self = serde_json::from_slice(&table::bytes(path)?).map_err(|error| {
            refuse(path, format!("the split cannot be read ({error}); `verifold prove split` makes one anew, and its segments with it"))
        })?;
        let batches = split.statement.batches.len();
        let ascending = split.first_batches.is_sorted_by(|a, b| a < b) && split.first_batches.first() == Some(&0);
        let inside = split.first_batches.last().is_some_and(|last| (*last as usize) < batches);
        if !ascending || !inside || split.batches.len() != batches {
            return Err(refuse(path, "the split is damaged: its segments or salts are not those of its batches"));
        }
        native::replay(&split.statement, &split.plan).map_err(|error| refuse(path, format!("the split contradicts itself: {error}")))?;
        Ok(split)
    }

    /// Positions of the batches of each segment, in chain order.
    pub fn segments(&self) -> Vec<Range<usize>> {
        let ends = self.first_batches.iter().skip(1).map(|first| *first as usize).chain([self.statement.batches.len()]);
        self.first_batches.iter().zip(ends).map(|(first, end)| *first as usize..end).collect()
    }

    /// Steps of the batches at these positions.
    pub fn steps(&self, batches: Range<usize>) -> u64 {
        let rows_per_step = CircuitFacts::of(self.statement.header.circuit).map_or(1, |facts| facts.rows_per_step);
        self.statement.batches[batches].iter().map(|batch| native::steps_of(batch.rows, rows_per_step)).sum()
    }

    /// What the file of segment `number`, from 1, says of it; `None` if there are not so many.
    pub fn part_header(&self, number: usize) -> Option<PartHeader> {
        let segments = self.segments();
        let batches = segments.get(number.checked_sub(1)?)?.clone();
        Some(PartHeader {
            schema: PartSchema::V1,
            segment: number,
            segments: segments.len(),
            first_batch: u32::try_from(batches.start).ok()?,
            last_batch: u32::try_from(batches.end - 1).ok()?,
            steps: self.steps(batches),
            header: self.statement.header.clone(),
            plan_digest: self.plan.digest(),
            model_commitment: self.statement.model_commitment,
            statement_digest: Digest::of_canonical(&self.statement),
        })
    }

    pub(crate) fn model(&self) -> AnyModel {
        model_of(&self.weights, self.bias, &self.layers, self.plan.shape)
    }

    /// Gives rows read anew the split's plan, model and salts, and refuses rows that are not the split's.
    fn witness(&self, path: &Path, mut prepared: Prepared) -> Result<MonitoringWitness, ProveError> {
        let damaged = |_| refuse(path, "the split is damaged: a salt is none");
        let salt = |bytes: Commitment| Salt::from_bytes(*bytes.as_bytes()).map_err(damaged);
        if prepared.header != self.statement.header {
            return Err(refuse(path, "the specification names another subject, period or shape than the split was made for"));
        }
        if prepared.batches.len() != self.batches.len() {
            let (read, split) = (prepared.batches.len(), self.batches.len());
            return Err(refuse(path, format!("the specification gives {read} batches, the split has {split}")));
        }
        prepared.plan = self.plan.clone();
        prepared.model_salt = salt(self.model_salt)?;
        for ((batch, secrets), stated) in prepared.batches.iter_mut().zip(&self.batches).zip(&self.statement.batches) {
            batch.row_salt = salt(secrets.row_salt)?;
            batch.outcome_salt = salt(secrets.outcome_salt)?;
            batch.table_salt = salt(stated.table_salt)?;
        }
        let witness = prepared.witness()?;
        let differing = witness.statement().batches.iter().zip(&self.statement.batches).find(|(ours, theirs)| ours != theirs);
        if let Some((ours, theirs)) = differing {
            let problem = format!(
                "batch {}, from {}, is not the one the split was made of: {} rows were read here, {} there; give every job the same files",
                theirs.index,
                theirs.start.date_text(),
                ours.rows,
                theirs.rows
            );
            return Err(refuse(path, problem));
        }
        if *witness.statement() != self.statement {
            return Err(refuse(path, "specification and rows give another statement than the split's; give every job the same files"));
        }
        Ok(witness)
    }
}

impl Part {
    /// The bytes of a segment's file: a container as packages are, of `manifest.json` and the proof.
    pub fn encode(&self) -> Vec<u8> {
        container::encode(&[(MANIFEST, canonical_json(&self.header)), (PROOF, self.proof.clone())])
    }

    /// Reads a segment's file.
    ///
    /// # Errors
    /// [`ProveError::Segment`] if it is none.
    pub fn read(path: &Path) -> Result<Self, ProveError> {
        let file = table::bytes(path)?;
        let entries = container::decode(&file, &Limits::most()).map_err(|error| refuse(path, format!("not a segment's file: {error}")))?;
        let [header, proof] = entries.as_slice() else {
            return Err(refuse(path, format!("not a segment's file: {MANIFEST} and {PROOF} were expected in it")));
        };
        if (header.path, proof.path) != (MANIFEST, PROOF) {
            return Err(refuse(path, format!("not a segment's file: {MANIFEST} and {PROOF} were expected in it")));
        }
        let part: PartHeader =
            serde_json::from_slice(header.bytes).map_err(|error| refuse(path, format!("not a segment's file: {MANIFEST}: {error}")))?;
        if canonical_json(&part) != header.bytes {
            return Err(refuse(path, format!("the segment's file is damaged: {MANIFEST} is not as it is written")));
        }
        Ok(Self { header: part, proof: proof.bytes.to_vec() })
    }
}

/// A period to be split.
#[derive(Clone)]
pub struct SplitRequest {
    /// Files to read.
    pub sources: Sources,
    /// What was anchored of the period; its batches are proven as they were committed to then.
    pub anchored: Option<AnchorLog>,
    /// Segments to make.
    pub segments: usize,
    /// The split to write.
    pub output: PathBuf,
    /// Whether a file of that name may be replaced.
    pub overwrite: bool,
}

/// Decides which batches make which segment, and writes what all jobs share.
///
/// Segments take about as many steps each as whole batches allow.
///
/// # Errors
/// [`ProveError`]; nothing has been written then.
pub fn split(request: &SplitRequest, progress: &mut dyn Progress) -> Result<Split, ProveError> {
    let output = Outputs::alone(&request.output, true, request.overwrite)?;
    let mut prepared = prepare(&request.sources, progress)?;
    if let Some(log) = &request.anchored {
        log.apply(&mut prepared)?;
    }
    let most = (prepared.batches.len() as u64).min(Limit::Segments.most());
    if !(1..=most).contains(&(request.segments as u64)) {
        let problem = format!(
            "{} segments cannot be made of {} batches: from 1 to {most} can, each of one batch or more",
            request.segments,
            prepared.batches.len()
        );
        return Err(refuse(&request.output, problem));
    }
    progress.report(Event::Phase(Phase::Committing));
    let witness = prepared.witness()?;
    stop_if_cancelled(progress)?;
    let statement = witness.statement().clone();
    let bytes = |salt: &Salt| Commitment::from_bytes(*salt.as_bytes());
    let (weights, bias, layers) = kept(&prepared.model);
    let mut split = Split {
        schema: SplitSchema::V1,
        plan: prepared.plan.clone(),
        first_batches: vec![0],
        on_bad_row: request.sources.on_bad_row,
        weights,
        bias,
        layers,
        model_salt: bytes(&prepared.model_salt),
        batches: prepared
            .batches
            .iter()
            .map(|batch| BatchSecrets { row_salt: bytes(&batch.row_salt), outcome_salt: bytes(&batch.outcome_salt) })
            .collect(),
        claims: prepared.claims(),
        statement,
    };
    let steps: Vec<u64> = (0..split.batches.len()).map(|batch| split.steps(batch..batch + 1)).collect();
    split.first_batches = first_batches(&steps, request.segments);
    progress.report(Event::Phase(Phase::Writing));
    output.commit([], &json(&split)?)?;
    Ok(split)
}

/// With which batches `segments` segments begin, given the steps each batch takes; there are at least as many batches.
fn first_batches(steps: &[u64], segments: usize) -> Vec<u32> {
    let total: u64 = steps.iter().sum();
    let mut first = vec![0];
    let mut done = 0;
    for (batch, steps_here) in steps.iter().enumerate() {
        let begun = first.len();
        // Cut where the sum is nearer to its share before this batch than behind it, or where batches run out.
        let near = (2 * done + steps_here) * segments as u64 >= 2 * total * begun as u64;
        if batch > 0 && begun < segments && (near || steps.len() - batch == segments - begun) {
            first.push(u32::try_from(batch).unwrap_or(u32::MAX));
        }
        done += steps_here;
    }
    first
}

/// A segment to be proven.
#[derive(Debug, Clone)]
pub struct SegmentRequest {
    /// Rows to read; plan, model and what becomes of bad rows are the split's.
    pub rows: RowSources,
    /// The split.
    pub split: PathBuf,
    /// Which segment, from 1.
    pub segment: usize,
    /// Segments that whoever asks believes there are.
    pub segments: usize,
    /// The segment's file to write.
    pub output: PathBuf,
    /// Whether to prove it anew if it is there.
    pub overwrite: bool,
}

/// What came of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartOutcome {
    /// It was proven and written.
    Proven(PartHeader),
    /// Its file was there; whether its proof holds is asked when parts are joined.
    Kept(PartHeader),
}

/// Proves one segment and writes its file, or nothing. A file that is this segment's already is kept.
///
/// # Errors
/// [`ProveError`]; no file has been written or replaced then.
pub fn prove_segment(request: &SegmentRequest, progress: &mut dyn Progress) -> Result<PartOutcome, ProveError> {
    let SegmentRequest { rows, split: path, output, .. } = request;
    let split = Split::read(path)?;
    let batches = split.segments().get(request.segment.wrapping_sub(1)).cloned();
    let (Some(header), Some(batches), true) = (split.part_header(request.segment), batches, request.segments == split.first_batches.len())
    else {
        let made = split.first_batches.len();
        return Err(refuse(path, format!("segment {}/{} was asked for, the split has {made}", request.segment, request.segments)));
    };
    if output.exists() && !request.overwrite {
        let found = Part::read(output)?;
        return match differing(&header, &found.header) {
            None => Ok(PartOutcome::Kept(header)),
            Some(problem) => Err(refuse(output, format!("{problem}; move it away, or replace it with `--overwrite`"))),
        };
    }
    let file = Outputs::alone(output, false, request.overwrite)?;
    let prepared = prepare_scored(rows, split.on_bad_row, Scorer::Integers(split.model()), &Salts::fresh()?, progress)?;
    progress.report(Event::Phase(Phase::Committing));
    let witness = split.witness(path, prepared)?;
    stop_if_cancelled(progress)?;
    let keys = keys(header.header.circuit, progress)?;
    let proof = fold_batches(&witness, batches, &keys, progress)?;
    progress.report(Event::Phase(Phase::Writing));
    let part = Part { header, proof };
    file.commit([], &part.encode())?;
    Ok(PartOutcome::Proven(part.header))
}

/// The first way in which a segment's file is not the one expected.
pub(crate) fn differing(expected: &PartHeader, found: &PartHeader) -> Option<String> {
    let (ours, theirs) = (&expected.header, &found.header);
    if ours.subject != theirs.subject {
        return Some(format!("the segment is of another subject: {}, {}", theirs.subject.name, theirs.subject.system));
    }
    if ours.period != theirs.period || ours.previous_chain_head != theirs.previous_chain_head {
        return Some(format!("the segment is of another period: {}", theirs.period.text()));
    }
    if ours != theirs {
        return Some(format!("the segment is of another circuit: {}", theirs.circuit));
    }
    if expected.plan_digest != found.plan_digest {
        return Some("the segment was measured by another plan".to_owned());
    }
    if expected.model_commitment != found.model_commitment {
        return Some(
            "the segment was scored by another model, or by the same under another split's salt: the commitments differ".to_owned(),
        );
    }
    if expected.statement_digest != found.statement_digest || expected.segments != found.segments {
        return Some("the segment is of another split of the period".to_owned());
    }
    if expected.segment != found.segment {
        return Some(format!("the file holds segment {}, not segment {}", found.segment, expected.segment));
    }
    (expected != found).then(|| {
        format!(
            "segment {} holds {} in {} steps, the file says {} in {}",
            expected.segment,
            batches_text(expected.first_batch.into(), expected.last_batch.into()),
            expected.steps,
            batches_text(found.first_batch.into(), found.last_batch.into()),
            found.steps
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_take_about_as_many_steps_each() {
        #[track_caller]
        fn check(steps: &[u64], segments: usize, expected: &[u32]) {
            assert_eq!(first_batches(steps, segments), expected);
        }
        check(&[5], 1, &[0]);
        check(&[1; 8], 1, &[0]);
        check(&[1; 8], 2, &[0, 4]);
        check(&[1; 8], 3, &[0, 3, 5]);
        check(&[1; 8], 8, &[0, 1, 2, 3, 4, 5, 6, 7]);
        // A large reference is a segment of its own, and large batches at the end leave each at least one.
        check(&[40, 1, 1, 1, 1], 2, &[0, 1]);
        check(&[1, 1, 1, 1, 40], 2, &[0, 4]);
        check(&[1, 1, 1, 1, 40], 3, &[0, 3, 4]);
        check(&[40, 1, 1, 1, 1], 3, &[0, 1, 2]);
    }
}
