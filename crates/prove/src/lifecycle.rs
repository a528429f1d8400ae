//! From files to a package that proves the whole life cycle: raw rows, prepared rows, model, test metrics, monitoring.
//!
//! 1. development rows become raw rows ([`crate::development`]) and, by public rules, prepared ones
//! 2. the model is trained on the prepared training rows, in the integers the circuit proves
//! 3. the prepared test rows are measured under it
//! 4. the period is monitored under it, as [`crate::monitoring`] does
//!
//! Each stage is folded, compressed and verified on its own; commitments link them.

use std::path::PathBuf;

use serde::Serialize;
use verifold_circuits::Salt;
use verifold_model::{
    digest::{Commitment, Digest},
    instant::Instant,
};
use verifold_package::Contents;

pub use self::{
    development::{Developed, develop, offline, retrained},
    pipeline::{DevelopmentSpec, Pipeline, PipelineSchema, TrainingChoices},
    stages::{prove_offline, prove_preparation, prove_training},
};
pub use crate::fold::keys;
use crate::{
    error::ProveError,
    fold::stop_if_cancelled,
    monitoring::{OnBadRow, Prepared, Scorer, Sources, contents, fold, prepare_scored},
    output::Outputs,
    progress::{Event, Phase, Progress},
    secrets::{DevelopmentSecrets, Secrets},
};

/// Files a life cycle is proven from.
#[derive(Debug, Clone)]
pub struct LifecycleSources {
    /// Monitoring specification, TOML.
    pub spec: PathBuf,
    /// Pipeline specification, TOML.
    pub pipeline: PathBuf,
    /// Development rows: a CSV or Parquet file, or a folder of them.
    pub development: PathBuf,
    /// Reference rows, likewise.
    pub reference: PathBuf,
    /// Rows of the period, likewise.
    pub batches: PathBuf,
    /// Outcomes by row identifier, if they stand in a table of their own.
    pub outcomes: Option<PathBuf>,
    /// What to do with rows of the period that cannot be scored.
    pub on_bad_row: OnBadRow,
}

/// A run over the whole life cycle.
#[derive(Debug, Clone)]
pub struct LifecycleRequest {
    /// Files to read.
    pub sources: LifecycleSources,
    /// Package to write; secrets and report stand beside it.
    pub output: PathBuf,
    /// Whether files of those names may be replaced.
    pub overwrite: bool,
    /// Time written into the package.
    pub created: Instant,
    /// Program and version written into the package.
    pub written_by: String,
}

/// What the prover says about a run. Claimed: no proof contains it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LifecycleReport {
    /// Version of this structure.
    pub schema: &'static str,
    /// What the report is worth.
    pub notice: &'static str,
    /// SHA-256 of the package.
    pub package_sha256: Digest,
    /// Bytes of the package.
    pub package_bytes: u64,
    /// Commitment to the trained model.
    pub model_commitment: Commitment,
    /// SHA-256 of the plan.
    pub plan_digest: Digest,
    /// Rows trained and tested on.
    pub development_rows: [u64; 2],
    /// Raw values that stand at an end of the raw range.
    pub clipped: u64,
    /// Development rows that cannot be read, left out before commitment.
    pub dropped: u64,
    /// Area under the curve on the test rows with known outcome: trained integers, and a float model fitted to convergence.
    pub test_auc: [f64; 2],
    /// Folding steps by proof, in package order.
    pub steps: Vec<(String, u64)>,
}

/// The period, counted under the trained model.
///
/// # Errors
/// [`ProveError`], as for monitoring under a model from a file.
pub fn monitored(sources: &LifecycleSources, developed: &Developed, progress: &mut dyn Progress) -> Result<Prepared, ProveError> {
    let LifecycleSources { spec, reference, batches, outcomes, on_bad_row, .. } = sources;
    let sources = Sources {
        spec: spec.clone(),
        // The model comes from the training, not from a file.
        model: PathBuf::new(),
        reference: reference.clone(),
        batches: batches.clone(),
        outcomes: outcomes.clone(),
        on_bad_row: *on_bad_row,
    };
    let mut prepared = prepare_scored(&sources, Scorer::Integers(developed.training.model().clone()), progress)?;
    prepared.model_salt = developed.model_salt.clone();
    Ok(prepared)
}

/// Proves a whole life cycle and writes package, secrets and report, or nothing.
///
/// # Errors
/// [`ProveError`]; no file has been written or replaced then.
pub fn prove_lifecycle(request: &LifecycleRequest, progress: &mut dyn Progress) -> Result<LifecycleReport, ProveError> {
    let outputs = Outputs::prepare(&request.output, request.overwrite)?;
    let (spec, pipeline, developed) = develop(&request.sources, progress)?;
    let monitored = monitored(&request.sources, &developed, progress)?;
    let plan = monitored.plan.clone();
    let test = offline(&spec, &pipeline, &developed, &plan)?;
    let test_auc = development::test_auc(&developed)?;

    let preparation = prove_preparation(&developed, &plan, progress)?;
    let training = prove_training(&developed.training, &plan, progress)?;
    let witness = monitored.witness()?;
    let cohort_keys = keys(monitored.header.circuit, progress)?;
    let measured = prove_offline(&test, &cohort_keys, progress)?;
    let proof = fold(&witness, &cohort_keys, progress)?;

    progress.report(Event::Phase(Phase::Writing));
    let stages = vec![preparation, training, measured];
    let mut steps: Vec<(String, u64)> = stages.iter().map(|stage| (stage.id.clone(), stage.statement.steps())).collect();
    steps.push(("monitoring".to_owned(), witness.statement().steps));
    let contents = Contents { stages, ..contents(&witness, proof, request.created, request.written_by.clone()) };
    let package = verifold_package::write(&contents).map_err(|error| ProveError::Package(error.to_string()))?;
    let package_sha256 = Digest::of(&package);
    let rows = |part: usize| u64::from(developed.preparation.statement().parts[part].rows);
    let report = LifecycleReport {
        schema: "lifecycle-report/v1",
        notice: "Claimed by the prover; no proof contains any of it.",
        package_sha256,
        package_bytes: package.len() as u64,
        model_commitment: witness.statement().model_commitment,
        plan_digest: plan.digest(),
        development_rows: [rows(0), rows(1)],
        clipped: developed.clipped,
        dropped: developed.dropped,
        test_auc,
        steps,
    };
    let bytes = |salt: &Salt| Commitment::from_bytes(*salt.as_bytes());
    let secrets = Secrets {
        development: Some(DevelopmentSecrets {
            pseudonym_key: bytes(&developed.pseudonym_key),
            parts: [0, 1]
                .map(|part| {
                    let (_, rows, outcomes) = developed.preparation.prepared(part);
                    [bytes(&rows), bytes(&outcomes)]
                })
                .to_vec(),
        }),
        ..Secrets::new(package_sha256, &monitored.model, &monitored.model_salt, &monitored.batches)
    };
    stop_if_cancelled(progress)?;
    outputs.commit([&crate::monitoring::json(&secrets)?, &crate::monitoring::json(&report)?], &package)?;
    Ok(report)
}

mod development;
mod pipeline;
pub(crate) mod stages;
