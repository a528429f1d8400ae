//! How do proven segments become one package?
//!
//! Every part is held against the split: subject, period, plan, model, statement, place. None may be missing or there
//! twice. Then every proof is verified from the state in which its segment must begin to the one in which it must end,
//! as a reader of the package will; only then is anything written, and all of it or nothing.

use std::path::PathBuf;

use verifold_circuits::{Keys, native, verify_proof};
use verifold_model::{digest::Digest, instant::Instant, traceability::Traceability};
use verifold_package::{ClaimedSegment, Contents};

use crate::{
    error::ProveError,
    fold::{failed, keys, stop_if_cancelled},
    monitoring::{Report, Timed, check_outcomes, check_traceability, contents_of, json, report},
    output::Outputs,
    progress::{Event, Phase, Progress},
    secrets::{Secrets, SecretsSchema},
    segments::{Part, Split, differing},
};

/// Segments to be joined.
#[derive(Clone)]
pub struct JoinRequest {
    /// The split they were proven from.
    pub split: PathBuf,
    /// Their files, in any order.
    pub parts: Vec<PathBuf>,
    /// Why it is proven this way; put into the package.
    pub traceability: Vec<Traceability>,
    /// Package to write; the secrets and the report stand beside it.
    pub output: PathBuf,
    /// Whether files of those names may be replaced.
    pub overwrite: bool,
    /// Time written into the package.
    pub created: Instant,
    /// Program and version written into the package.
    pub written_by: String,
}

/// Checks the parts of a split and writes one package of them, with its secrets and report, or nothing.
///
/// # Errors
/// [`ProveError`]; no file has been written or replaced then.
pub fn join(request: &JoinRequest, progress: &mut dyn Progress) -> Result<Report, ProveError> {
    let progress = &mut Timed::new(progress);
    let outputs = Outputs::prepare(&request.output, request.overwrite)?;
    progress.report(Event::Phase(Phase::Joining));
    let split = Split::read(&request.split)?;
    check_traceability(&request.traceability, &split.statement.header)?;
    check_outcomes(&split.statement, &split.plan, request.created)?;
    let parts = sorted(&split, &request.parts)?;
    let keys = keys(split.statement.header.circuit, progress)?;
    progress.report(Event::Phase(Phase::Verifying));
    check_proofs(&split, &parts, &keys, progress)?;

    progress.report(Event::Phase(Phase::Writing));
    let contents = contents(&split, parts, request)?;
    let package = verifold_package::write(&contents).map_err(|error| ProveError::Package(error.to_string()))?;
    let secrets = Secrets {
        schema: SecretsSchema::V1,
        package_sha256: Digest::of(&package),
        weights: split.weights,
        bias: split.bias,
        layers: split.layers,
        model_salt: split.model_salt,
        batches: split.batches,
        further: Vec::new(),
        development: None,
    };
    let report = report(&contents, &package, split.claims, progress.timings())?;
    stop_if_cancelled(progress)?;
    outputs.commit([&json(&secrets)?, &json(&report)?], &package)?;
    Ok(report)
}

/// The parts in chain order, each where the split has it.
fn sorted(split: &Split, paths: &[PathBuf]) -> Result<Vec<(PathBuf, Part)>, ProveError> {
    let of = split.first_batches.len();
    let mut found: Vec<Option<(PathBuf, Part)>> = vec![None; of];
    for path in paths {
        let part = Part::read(path)?;
        let refuse = |problem: String| ProveError::Segment { path: path.clone(), problem };
        // A number that the split does not have is another split's: it is compared with the first, and named.
        let number = part.header.segment;
        let expected = split.part_header(number).or_else(|| split.part_header(1));
        if let Some(problem) = expected.and_then(|expected| differing(&expected, &part.header)) {
            return Err(refuse(format!("{problem}; leave it out, or join it with its own split")));
        }
        match found.get_mut(number.wrapping_sub(1)) {
            Some(place @ None) => *place = Some((path.clone(), part)),
            Some(Some((earlier, _))) => {
                return Err(refuse(format!("segment {number} is there twice, also in {}; give one of them", earlier.display())));
            }
            None => return Err(refuse(format!("the split has no segment {number}"))),
        }
    }
    let missing: Vec<usize> = (1..).zip(&found).filter(|(_, part)| part.is_none()).map(|(number, _)| number).collect();
    if missing.is_empty() { Ok(found.into_iter().flatten().collect()) } else { Err(ProveError::SegmentsMissing { missing, of }) }
}

fn check_proofs(split: &Split, parts: &[(PathBuf, Part)], keys: &Keys, progress: &dyn Progress) -> Result<(), ProveError> {
    let failed = failed("replaying the statement");
    let replay = native::replay(&split.statement, &split.plan).map_err(|error| failed(error.to_string()))?;
    for ((path, part), batches) in parts.iter().zip(split.segments()) {
        stop_if_cancelled(progress)?;
        let number = part.header.segment;
        let again = |problem: String| ProveError::Segment {
            path: path.clone(),
            problem: format!("segment {number} does not join: {problem}; prove it again with `--overwrite`"),
        };
        let transition = replay.segment(&split.statement, batches).ok_or_else(|| failed("a segment without batches".to_owned()))?;
        let reached =
            verify_proof(keys.verifier(), transition.z0, transition.steps, &part.proof).map_err(|error| again(error.to_string()))?;
        if reached != transition.zn {
            return Err(again("its proof leads to another state than the statement".to_owned()));
        }
    }
    Ok(())
}

fn contents(split: &Split, parts: Vec<(PathBuf, Part)>, request: &JoinRequest) -> Result<Contents, ProveError> {
    let mut proofs = parts.into_iter().map(|(_, part)| ClaimedSegment { first_batch: part.header.first_batch, bytes: part.proof });
    let Some(ClaimedSegment { bytes, .. }) = proofs.next() else { return Err(ProveError::SegmentsMissing { missing: vec![1], of: 1 }) };
    let (statement, plan) = (split.statement.clone(), split.plan.clone());
    let mut contents = contents_of(statement, plan, bytes, request.created, request.written_by.clone());
    contents.traceability.clone_from(&request.traceability);
    if let Some(proof) = contents.proofs.first_mut() {
        proof.further = proofs.collect();
    }
    Ok(contents)
}
