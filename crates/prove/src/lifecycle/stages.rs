//! Proofs of the stages before monitoring, as a package holds them.

use serde::Serialize;
use verifold_circuits::{
    AnyStep, Keys, MonitoringWitness, Transition, native, preparation,
    training::{self, TrainingWitness},
};
use verifold_model::{digest::Digest, plan::Plan, proof_system::ProofSystem, statement::StageStatement};
use verifold_package::ClaimedStage;

use super::{development::Developed, work::Work};
use crate::{
    error::ProveError,
    fold::{failed, fold, keys},
    progress::{Event, Progress},
};

/// A stage as a package holds it.
pub(crate) fn stage(id: &str, title: &str, statement: StageStatement, bytes: Vec<u8>) -> ClaimedStage {
    let kind = statement.kind();
    ClaimedStage {
        id: id.to_owned(),
        title: title.to_owned(),
        stage: kind.stage(),
        kind,
        system: ProofSystem::NovaPastaIpa,
        statement,
        bytes,
        further: Vec::new(),
    }
}

/// Proves what a statement says, unless the folder has its proof already.
struct Task<'a, S> {
    id: &'static str,
    statement: &'a S,
    expected: Transition,
    rows: u64,
}

impl<S: Serialize> Task<'_, S> {
    fn prove(
        &self,
        keys: &Keys,
        steps: impl Iterator<Item = impl Into<AnyStep>>,
        work: Option<&Work>,
        progress: &mut dyn Progress,
    ) -> Result<Vec<u8>, ProveError> {
        let digest = Digest::of_canonical(self.statement);
        if let Some(proof) = work.and_then(|work| work.proof(self.id, digest, keys, &self.expected)) {
            progress.report(Event::Kept { stage: self.id });
            return Ok(proof);
        }
        let proof = fold(keys, &self.expected, self.rows, steps, progress)?;
        if let Some(work) = work {
            work.keep(self.id, digest, &proof)?;
        }
        Ok(proof)
    }
}

/// Proves the preparation of a development.
///
/// # Errors
/// [`ProveError`].
pub fn prove_preparation(
    developed: &Developed,
    plan: &Plan,
    work: Option<&Work>,
    progress: &mut dyn Progress,
) -> Result<ClaimedStage, ProveError> {
    let statement = developed.preparation.statement();
    let expected = preparation::replay(statement, plan).map_err(|error| failed("replaying the preparation")(error.to_string()))?;
    statement.preparation.check_against(plan).map_err(|error| failed("comparing the preparation with the plan")(error.to_string()))?;
    let keys = keys(statement.header.circuit, progress)?;
    let rows = statement.parts.iter().map(|part| u64::from(part.rows)).sum();
    let task = Task { id: "preparation", statement, expected, rows };
    let proof = task.prove(&keys, developed.preparation.steps(), work, progress)?;
    Ok(stage(task.id, "Preparation of development rows", StageStatement::Preparation(Box::new(statement.clone())), proof))
}

/// Proves a training.
///
/// # Errors
/// [`ProveError`].
pub fn prove_training(
    witness: &TrainingWitness,
    plan: &Plan,
    work: Option<&Work>,
    progress: &mut dyn Progress,
) -> Result<ClaimedStage, ProveError> {
    let statement = witness.statement();
    let expected = training::replay(statement, plan).map_err(|error| failed("replaying the training")(error.to_string()))?;
    let keys = keys(statement.header.circuit, progress)?;
    let rows = u64::from(statement.rows) * u64::from(statement.spec.epochs);
    let task = Task { id: "training", statement, expected, rows };
    let proof = task.prove(&keys, witness.steps(), work, progress)?;
    Ok(stage(task.id, "Training", StageStatement::Training(Box::new(statement.clone())), proof))
}

/// Proves offline metrics, with the keys monitoring uses.
///
/// # Errors
/// [`ProveError`].
pub fn prove_offline(
    witness: &MonitoringWitness,
    keys: &Keys,
    work: Option<&Work>,
    progress: &mut dyn Progress,
) -> Result<ClaimedStage, ProveError> {
    let id = "offline-metrics";
    let proof = prove_cohort(id, witness, keys, work, progress)?;
    Ok(stage(id, "Offline metrics", StageStatement::OfflineMetrics(Box::new(witness.statement().clone())), proof))
}

/// Proves the counts of a cohort; returns the proof's bytes.
///
/// # Errors
/// [`ProveError`].
pub fn prove_cohort(
    id: &'static str,
    witness: &MonitoringWitness,
    keys: &Keys,
    work: Option<&Work>,
    progress: &mut dyn Progress,
) -> Result<Vec<u8>, ProveError> {
    let statement = witness.statement();
    let replay = native::replay(statement, witness.plan()).map_err(|error| failed("replaying the statement")(error.to_string()))?;
    let rows = statement.batches.iter().map(|batch| u64::from(batch.rows)).sum();
    Task { id, statement, expected: replay.transition(), rows }.prove(keys, witness.steps(), work, progress)
}
