//! Proofs of the stages before monitoring, as a package holds them.

use verifold_circuits::{
    Keys, MonitoringWitness, preparation,
    training::{self, TrainingWitness},
};
use verifold_model::{plan::Plan, proof_system::ProofSystem, statement::StageStatement};
use verifold_package::ClaimedStage;

use super::development::Developed;
use crate::{
    error::ProveError,
    fold::{failed, fold, keys},
    monitoring,
    progress::Progress,
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
    }
}

/// Proves the preparation of a development.
///
/// # Errors
/// [`ProveError`].
pub fn prove_preparation(developed: &Developed, plan: &Plan, progress: &mut dyn Progress) -> Result<ClaimedStage, ProveError> {
    let statement = developed.preparation.statement();
    let expected = preparation::replay(statement, plan).map_err(|error| failed("replaying the preparation")(error.to_string()))?;
    let keys = keys(statement.header.circuit, progress)?;
    let rows = statement.parts.iter().map(|part| u64::from(part.rows)).sum();
    let proof = fold(&keys, &expected, rows, developed.preparation.steps(), progress)?;
    Ok(stage("preparation", "Preparation of development rows", StageStatement::Preparation(Box::new(statement.clone())), proof))
}

/// Proves a training.
///
/// # Errors
/// [`ProveError`].
pub fn prove_training(witness: &TrainingWitness, plan: &Plan, progress: &mut dyn Progress) -> Result<ClaimedStage, ProveError> {
    let statement = witness.statement();
    let expected = training::replay(statement, plan).map_err(|error| failed("replaying the training")(error.to_string()))?;
    let keys = keys(statement.header.circuit, progress)?;
    let rows = u64::from(statement.rows) * u64::from(statement.spec.epochs);
    let proof = fold(&keys, &expected, rows, witness.steps(), progress)?;
    Ok(stage("training", "Training", StageStatement::Training(Box::new(statement.clone())), proof))
}

/// Proves offline metrics, with the keys monitoring uses.
///
/// # Errors
/// [`ProveError`].
pub fn prove_offline(witness: &MonitoringWitness, keys: &Keys, progress: &mut dyn Progress) -> Result<ClaimedStage, ProveError> {
    let proof = monitoring::fold(witness, keys, progress)?;
    Ok(stage("offline-metrics", "Offline metrics", StageStatement::OfflineMetrics(Box::new(witness.statement().clone())), proof))
}
