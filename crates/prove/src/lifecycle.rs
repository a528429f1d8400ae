//! From files to a package that proves the whole life cycle: raw rows, prepared rows, model, test metrics, monitoring.
//!
//! 1. development rows become raw rows ([`crate::development`]) and, by public rules, prepared ones
//! 2. the model is trained on the prepared training rows, in the integers the circuit proves; or it is imported from an
//!    ONNX file, and no training is proven
//! 3. the prepared test rows are measured under it
//! 4. the period is monitored under it, as [`crate::monitoring`] does
//!
//! Each stage is folded, compressed and verified on its own; commitments link them.

use std::path::{Path, PathBuf};

use serde::Serialize;
use verifold_circuits::{MonitoringWitness, Salt, training::TrainingWitness};
use verifold_model::{
    digest::{Commitment, Digest},
    instant::Instant,
    statement::StatementKind,
};
use verifold_package::Contents;

pub use self::{
    development::{Developed, Origin, develop, offline, retrained},
    pipeline::{DevelopmentSpec, ImportedModel, Pipeline, PipelineSchema, TrainingChoices},
    stages::{prove_cohort, prove_offline, prove_preparation, prove_training},
    work::Work,
};
pub use crate::fold::keys;
use crate::{
    error::ProveError,
    fold::{failed, stop_if_cancelled},
    integer::QuantisationError,
    monitoring::{OnBadRow, Prepared, RowSources, Scorer, check_outcomes, contents, prepare_scored},
    output::Outputs,
    progress::{Event, Phase, Progress},
    salts::Salts,
    secrets::{DevelopmentSecrets, Secrets},
};

/// Files a life cycle is proven from.
#[derive(Debug, Clone)]
pub struct LifecycleSources {
    /// The period, with the monitoring specification.
    pub rows: RowSources,
    /// What to do with rows of the period that cannot be scored.
    pub on_bad_row: OnBadRow,
    /// Pipeline specification, TOML.
    pub pipeline: PathBuf,
    /// Development rows: a CSV or Parquet file, or a folder of them.
    pub development: PathBuf,
}

/// A run over the whole life cycle.
#[derive(Debug, Clone)]
pub struct LifecycleRequest {
    /// Files to read.
    pub sources: LifecycleSources,
    /// Package to write; secrets and report stand beside it.
    pub output: PathBuf,
    /// Folder that keeps finished stages until the package is written.
    pub work: PathBuf,
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
    /// Commitment to the model.
    pub model_commitment: Commitment,
    /// SHA-256 of the plan.
    pub plan_digest: Digest,
    /// Rows trained and tested on.
    pub development_rows: [u64; 2],
    /// Raw values that stand at an end of the raw range.
    pub clipped: u64,
    /// Development rows that cannot be read, left out before commitment.
    pub dropped: u64,
    /// Area under the curve on the test rows with known outcome: the model's integers, and a float logistic regression
    /// fitted to the training rows to convergence.
    pub test_auc: [f64; 2],
    /// What rounding an imported model to integers changed, over the rows of reference and period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantisation: Option<[QuantisationError; 2]>,
    /// Folding steps by proof, in package order.
    pub steps: Vec<(String, u64)>,
}

/// The period, counted under the model.
///
/// # Errors
/// [`ProveError`], as for monitoring under a model from a file.
pub fn monitored(
    sources: &LifecycleSources,
    developed: &Developed,
    salts: &Salts,
    progress: &mut dyn Progress,
) -> Result<Prepared, ProveError> {
    let scorer = match &developed.origin {
        Origin::Imported(path) => Scorer::Onnx(path),
        Origin::Trained(training) => Scorer::Integers(training.model().clone()),
    };
    let mut prepared = prepare_scored(&sources.rows, sources.on_bad_row, scorer, salts, progress)?;
    prepared.model_salt = developed.model_salt.clone();
    Ok(prepared)
}

/// Everything a life cycle states, computed natively.
struct Computed {
    developed: Developed,
    monitored: Prepared,
    test: MonitoringWitness,
}

impl Computed {
    fn new(sources: &LifecycleSources, salts: &Salts, progress: &mut dyn Progress) -> Result<Self, ProveError> {
        let (spec, pipeline, developed) = develop(sources, salts, progress)?;
        let monitored = monitored(sources, &developed, salts, progress)?;
        let test = offline(&spec, &pipeline, &developed, &monitored, salts)?;
        Ok(Self { developed, monitored, test })
    }

    /// The same under the salts of a folder, which is made only once all of it could be computed and passes a check: what is
    /// refused leaves no folder and no secret behind.
    fn settled<T>(
        sources: &LifecycleSources,
        folder: &Path,
        check: impl Fn(&Self) -> Result<T, ProveError>,
        progress: &mut dyn Progress,
    ) -> Result<(Work, Self, T), ProveError> {
        loop {
            let work = Work::open(folder)?;
            let computed = Self::new(sources, work.salts(), progress)?;
            let checked = check(&computed)?;
            // Else another process has made the folder meanwhile, and its salts are those of the run.
            if work.settle()? {
                return Ok((work, computed, checked));
            }
        }
    }
}

/// The training to prove.
fn trained(developed: &Developed) -> Result<&TrainingWitness, ProveError> {
    let absent = || failed("choosing a stage")("the pipeline imports its model: no training is proven".to_owned());
    developed.training().ok_or_else(absent)
}

/// Proves one stage into the folder of a run, for [`prove_lifecycle`] to find there: each stage may have a process of its own.
///
/// # Errors
/// [`ProveError`].
pub fn prove_stage(sources: &LifecycleSources, work: &Path, stage: StatementKind, progress: &mut dyn Progress) -> Result<(), ProveError> {
    let check = |computed: &Computed| if stage == StatementKind::TrainingV1 { trained(&computed.developed).map(drop) } else { Ok(()) };
    let (work, Computed { developed, monitored, test }, ()) = Computed::settled(sources, work, check, progress)?;
    let (plan, kept) = (&monitored.plan, Some(&work));
    match stage {
        StatementKind::PreparationV1 => drop(prove_preparation(&developed, plan, kept, progress)?),
        StatementKind::TrainingV1 => drop(prove_training(trained(&developed)?, plan, kept, progress)?),
        StatementKind::OfflineMetricsV2 => drop(prove_offline(&test, &keys(monitored.header.circuit, progress)?, kept, progress)?),
        StatementKind::MonitoringV1 => {
            drop(prove_cohort(MONITORING, &monitored.witness()?, &keys(monitored.header.circuit, progress)?, kept, progress)?);
        }
        StatementKind::ReceiptsV1 | StatementKind::MaturedCohortV1 | StatementKind::OutcomeRevisionV1 => {
            return Err(failed("choosing a stage")(format!("{} is added to a package that is written", stage.name())));
        }
    }
    Ok(())
}

/// The stage of monitoring in the folder of a run.
const MONITORING: &str = "monitoring";

/// Proves a whole life cycle and writes package, secrets and report, or none of them.
///
/// # Errors
/// [`ProveError`]; none of them has been written or replaced then. Stages that were finished are kept in the folder of the
/// run, and the next run with the same folder goes on from there; files and choices that are refused leave no folder.
pub fn prove_lifecycle(request: &LifecycleRequest, progress: &mut dyn Progress) -> Result<LifecycleReport, ProveError> {
    let outputs = Outputs::prepare(&request.output, request.overwrite)?;
    let check = |Computed { developed, monitored, .. }: &Computed| {
        development::test_auc(developed, &monitored.model, monitored.plan.scoring.direction)
    };
    let (work, Computed { developed, monitored, test }, test_auc) = Computed::settled(&request.sources, &request.work, check, progress)?;
    let plan = monitored.plan.clone();

    let kept = Some(&work);
    let mut stages = vec![prove_preparation(&developed, &plan, kept, progress)?];
    if let Some(training) = developed.training() {
        stages.push(prove_training(training, &plan, kept, progress)?);
    }
    let witness = monitored.witness()?;
    check_outcomes(witness.statement(), &plan, request.created)?;
    let cohort_keys = keys(monitored.header.circuit, progress)?;
    stages.push(prove_offline(&test, &cohort_keys, kept, progress)?);
    let proof = prove_cohort(MONITORING, &witness, &cohort_keys, kept, progress)?;

    progress.report(Event::Phase(Phase::Writing));
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
        quantisation: developed.training().is_none().then(|| [&monitored.reference, &monitored.monitoring].map(|read| read.quantisation)),
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
    // The package is there: a folder that stays is no failure, and whoever asked finds it where it was.
    let _ = work.remove();
    Ok(report)
}

mod development;
mod network;
mod pipeline;
pub(crate) mod stages;
mod work;
