//! From the files a package was made from to receipts for its rows.
//!
//! 1. [`openings`] gives rows read again the salts of the package's secrets.
//! 2. [`witness`] refuses rows, plan or model that are not the package's.
//! 3. [`fold`] folds, compresses, and verifies the proof as a reader would.
//! 4. [`prove_receipts`] does all of it, and writes the package with one proof more and what opens its leaves, or nothing.
//!
//! [`ReceiptSecrets`] then gives each applicant their receipt from the rows it keeps.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use verifold_circuits::{
    AnyModel, RowKind, RowRecord, Salt,
    receipts::{Issuer, ReceiptRows, ReceiptTree, ReceiptsWitness, leaf_salt, replay},
};
use verifold_model::{
    cohort::{BatchRole, Outcome, VoidReason},
    digest::{Commitment, Digest},
    plan::Plan,
    receipts::{Receipt, ReceiptBatch, ReceiptsBatch, ReceiptsStatement},
    sample::SampledRow,
    shape::{CircuitFamily, CircuitId},
    statement::{Header, MonitoringStatement, StageStatement, StatementKind},
};
use verifold_package::{ClaimedPackage, ClaimedStage, Limits};

use crate::{
    error::ProveError,
    fold::{self, failed},
    lifecycle::stages::stage,
    monitoring::{OnBadRow, Prepared, RowSources, Scorer, prepare_scored},
    output::Outputs,
    progress::{Event, Phase, Progress},
    salts::Salts,
    secrets::{LayerSecrets, Secrets, kept as kept_model, model_of},
    table,
};

/// A run that adds receipts to a package.
#[derive(Clone)]
pub struct ReceiptsRequest {
    /// Rows the package was made from.
    pub rows: RowSources,
    /// What became of those that cannot be scored.
    pub on_bad_row: OnBadRow,
    /// The package.
    pub package: PathBuf,
    /// What it left behind: `NAME.secrets`.
    pub secrets: PathBuf,
    /// Indices of the batches to give receipts for; every monitored batch if there is none.
    pub batches: Vec<u32>,
    /// The package with receipts; what opens them stands beside it.
    pub output: PathBuf,
    /// Whether files of those names may be replaced.
    pub overwrite: bool,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptsReport {
    /// The circuit.
    pub circuit: CircuitId,
    /// Steps folded.
    pub steps: u64,
    /// Batches with receipts.
    pub batches: u64,
    /// Rows with receipts.
    pub rows: u64,
    /// Bytes of the proof.
    pub proof_bytes: u64,
    /// SHA-256 of the package written.
    pub package_sha256: Digest,
    /// Signatures of the package given, which are about its manifest and not about the new one.
    pub signatures_dropped: u64,
}

/// Version of the secrets' file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiptSecretsSchema {
    /// First version.
    #[serde(rename = "receipt-secrets/v1")]
    V1,
}

/// What opens every leaf of a package: its rows, its model, and the seed of the leaves' salts.
///
/// `NAME.receipts`, readable by its owner alone. It holds personal data, and outlives the files the rows came from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptSecrets {
    /// Version of this structure.
    pub schema: ReceiptSecretsSchema,
    /// SHA-256 of the manifest of the package with receipts; signing does not change it.
    pub manifest_sha256: Digest,
    /// Integer weights of a logistic regression, in plan order; empty for a network.
    pub weights: Vec<i64>,
    /// Integer bias of a logistic regression; 0 for a network.
    pub bias: i64,
    /// Layers of a network, from the features on, in plan order; none for a logistic regression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerSecrets>,
    /// Seed of the leaves' salts.
    pub seed: Commitment,
    /// Batches with receipts.
    pub batches: Vec<KeptBatch>,
}

/// The rows of one batch, and the root over their leaves.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptBatch {
    /// Position of the batch in the chain.
    pub index: u32,
    /// Root over the leaves, as the package states it.
    pub root: Commitment,
    /// Rows in order.
    pub rows: Vec<KeptRow>,
}

/// One row, without its outcome.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptRow {
    /// Key.
    pub key: u64,
    /// Group code.
    pub group: u8,
    /// Why it is void, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void: Option<VoidReason>,
    /// Whether the decision on file was an approval.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub logged: bool,
    /// Quantised features; empty for a void row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<u32>,
}

impl KeptRow {
    fn of(row: &RowRecord) -> Self {
        let (void, logged, features) = match &row.kind {
            RowKind::Void(reason) => (Some(*reason), false, Vec::new()),
            RowKind::Scored { features, logged, .. } => (None, *logged, features.clone()),
        };
        Self { key: row.key, group: row.group, void, logged, features }
    }

    fn record(&self) -> RowRecord {
        let kind = match self.void {
            Some(reason) => RowKind::Void(reason),
            None => RowKind::Scored { features: self.features.clone(), logged: self.logged, outcome: Outcome::Unknown },
        };
        RowRecord { key: self.key, group: self.group, kind }
    }
}

fn refuse(problem: impl Into<String>) -> ProveError {
    ProveError::Receipts { problem: problem.into() }
}

impl ReceiptSecrets {
    /// Secrets of a package's receipts.
    pub fn new(manifest_sha256: Digest, model: &AnyModel, seed: &Salt, witness: &ReceiptsWitness) -> Self {
        let kept = |(batch, stated): (&ReceiptRows, &ReceiptsBatch)| KeptBatch {
            index: batch.index,
            root: stated.root,
            rows: batch.rows.iter().map(KeptRow::of).collect(),
        };
        let (weights, bias, layers) = kept_model(model);
        Self {
            schema: ReceiptSecretsSchema::V1,
            manifest_sha256,
            weights,
            bias,
            layers,
            seed: Commitment::from_bytes(*seed.as_bytes()),
            batches: witness.batches().iter().zip(&witness.statement().batches).map(kept).collect(),
        }
    }

    /// Where a row of this key stands, in every batch that has one.
    pub fn rows_with_key(&self, key: u64) -> Vec<SampledRow> {
        let place = |batch: &KeptBatch| {
            let position = batch.rows.binary_search_by_key(&key, |row| row.key).ok()?;
            Some(SampledRow { batch: batch.index, position: u32::try_from(position).ok()? })
        };
        self.batches.iter().filter_map(place).collect()
    }

    /// The receipts of rows, in their order.
    ///
    /// # Errors
    /// [`ProveError::Receipts`] if the secrets are another package's, a row is not there, or the rows are not those of the package.
    pub fn issue(&self, package: &ClaimedPackage, rows: &[SampledRow]) -> Result<Vec<Receipt>, ProveError> {
        if package.manifest_digest != self.manifest_sha256 {
            return Err(refuse(format!(
                "they are of the package with manifest {}, this one has {}",
                self.manifest_sha256.short(),
                package.manifest_digest.short()
            )));
        }
        let spans = package.proofs.iter().flat_map(|proof| &proof.statement.batches);
        let seed = Salt::from_bytes(*self.seed.as_bytes()).map_err(|_| refuse("the seed is damaged"))?;
        let model = model_of(&self.weights, self.bias, &self.layers, package.plan.shape);
        let issuer =
            Issuer { manifest_sha256: self.manifest_sha256, subject: &package.subject, plan: &package.plan, model: &model, seed: &seed };
        let mut trees: Vec<(u32, ReceiptTree, Vec<RowRecord>)> = Vec::new();
        let mut receipts = Vec::with_capacity(rows.len());
        for SampledRow { batch, position } in rows.iter().copied() {
            if trees.iter().all(|(index, ..)| *index != batch) {
                trees.push(self.tree(batch, &package.plan, &model, &seed)?);
            }
            let Some((_, tree, records)) = trees.iter().find(|(index, ..)| *index == batch) else { continue };
            let span = spans.clone().find(|span| span.index == batch).ok_or_else(|| refuse(format!("the package has no batch {batch}")))?;
            let row = records.get(position as usize).ok_or_else(|| refuse(format!("batch {batch} has no row {position}")))?;
            let batch = ReceiptBatch { index: batch, start: span.start, end: span.end };
            receipts.push(issuer.receipt(batch, tree, position, row).map_err(|error| refuse(error.to_string()))?);
        }
        Ok(receipts)
    }

    fn tree(&self, index: u32, plan: &Plan, model: &AnyModel, seed: &Salt) -> Result<(u32, ReceiptTree, Vec<RowRecord>), ProveError> {
        let kept = self.batches.iter().find(|batch| batch.index == index);
        let kept = kept.ok_or_else(|| refuse(format!("there are no receipts for batch {index}")))?;
        let records: Vec<RowRecord> = kept.rows.iter().map(KeptRow::record).collect();
        let fits = model.check(plan).is_ok() && records.iter().all(|row| row.check(plan, 0, u64::MAX).is_ok());
        let tree = fits.then(|| ReceiptTree::new(plan, model, &records, &|position| leaf_salt(seed, index, position))).flatten();
        match tree {
            Some(tree) if kept.root == tree.root() => Ok((index, tree, records)),
            _ => Err(refuse(format!("the rows kept of batch {index} do not lead to its root"))),
        }
    }
}

/// The receipts statement of a package, if there is one.
pub fn receipts_of(package: &ClaimedPackage) -> Option<&ReceiptsStatement> {
    package.stages.iter().find_map(|stage| match &stage.statement {
        StageStatement::Receipts(statement) => Some(&**statement),
        _ => None,
    })
}

/// Where what opens the receipts of a package stands.
pub fn receipts_path(package: &Path) -> PathBuf {
    package.with_extension("receipts")
}

/// Gives prepared rows and model the salts of a package's secrets.
///
/// # Errors
/// [`ProveError::Receipts`] if the secrets do not fit.
pub fn openings(prepared: &mut Prepared, secrets: &Secrets) -> Result<(), ProveError> {
    if kept_model(&prepared.model) != (secrets.weights.clone(), secrets.bias, secrets.layers.clone()) {
        return Err(refuse("the model is not the one in the secrets"));
    }
    if secrets.batches.len() != prepared.batches.len() {
        return Err(refuse(format!("the files give {} batches, the secrets hold {}", prepared.batches.len(), secrets.batches.len())));
    }
    let salt = |bytes: Commitment| Salt::from_bytes(*bytes.as_bytes()).map_err(|_| refuse("a salt of the secrets is damaged"));
    prepared.model_salt = salt(secrets.model_salt)?;
    for (batch, kept) in prepared.batches.iter_mut().zip(&secrets.batches) {
        batch.row_salt = salt(kept.row_salt)?;
    }
    Ok(())
}

/// Commits to the leaves of some batches of a monitoring statement.
///
/// # Errors
/// [`ProveError::Receipts`] if plan, model or rows are not those of the statement.
pub fn witness(prepared: &Prepared, statement: &MonitoringStatement, batches: &[u32], seed: Salt) -> Result<ReceiptsWitness, ProveError> {
    let monitored = |role: BatchRole| role == BatchRole::Monitoring;
    let wanted: Vec<u32> = if batches.is_empty() {
        statement.batches.iter().filter(|batch| monitored(batch.role)).map(|batch| batch.index).collect()
    } else {
        let mut wanted = batches.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    };
    let rows = |index: &u32| {
        let batch = prepared.batches.get(*index as usize).ok_or_else(|| refuse(format!("the package has no batch {index}")))?;
        Ok(ReceiptRows { index: *index, rows: batch.rows.clone(), row_salt: batch.row_salt.clone() })
    };
    let rows = wanted.iter().map(rows).collect::<Result<Vec<_>, ProveError>>()?;
    let shape = prepared.plan.shape;
    let circuit = CircuitId { family: CircuitFamily::of_receipts(shape), shape };
    let header = Header { statement: StatementKind::ReceiptsV1, circuit, ..statement.header.clone() };
    let witness = ReceiptsWitness::new(header, prepared.plan.clone(), prepared.model.clone(), prepared.model_salt.clone(), seed, rows)
        .map_err(|error| ProveError::Proof { step: "checking rows", problem: error.to_string() })?;
    let ours = witness.statement();
    if ours.plan_commitment != statement.plan_commitment {
        return Err(refuse("specification and reference give another measurement plan than the package has"));
    }
    if ours.model_commitment != statement.model_commitment {
        return Err(refuse("the model and its salt are not those the package commits to"));
    }
    for batch in &ours.batches {
        let theirs = statement.batches.get(batch.index as usize);
        if theirs.map(|theirs| (theirs.rows, theirs.row_commitment)) != Some((batch.rows, batch.row_commitment)) {
            return Err(refuse(format!("the rows of batch {} are not those the package commits to", batch.index)));
        }
    }
    Ok(witness)
}

fn rows_of(statement: &ReceiptsStatement) -> u64 {
    statement.batches.iter().map(|batch| u64::from(batch.rows)).sum()
}

/// Proves the roots of a witness, as a package holds them.
///
/// # Errors
/// [`ProveError::Proof`], or [`ProveError::Cancelled`] between two steps.
pub fn prove(witness: &ReceiptsWitness, progress: &mut dyn Progress) -> Result<ClaimedStage, ProveError> {
    let statement = witness.statement();
    let keys = fold::keys(statement.header.circuit, progress)?;
    let transition = replay(statement, witness.plan()).map_err(|error| failed("replaying the statement")(error.to_string()))?;
    let proof = fold::fold(&keys, &transition, rows_of(statement), witness.steps(), progress)?;
    Ok(stage("receipts", "Receipts", StageStatement::Receipts(Box::new(statement.clone())), proof))
}

/// Adds a receipts proof to a package and writes it under another name, with what opens its leaves, or writes nothing.
///
/// # Errors
/// [`ProveError`]; no file has been written or replaced then.
pub fn prove_receipts(request: &ReceiptsRequest, progress: &mut dyn Progress) -> Result<ReceiptsReport, ProveError> {
    let package =
        ClaimedPackage::read(&table::bytes(&request.package)?, &Limits::most()).map_err(|error| ProveError::Package(error.to_string()))?;
    if receipts_of(&package).is_some() {
        return Err(refuse("the package has receipts already"));
    }
    let [monitoring] = package.proofs.as_slice() else {
        let n = package.proofs.len();
        return Err(refuse(format!("the package has {n} monitoring proofs; make receipts while it has one, before the period goes on")));
    };
    let secrets: Secrets = serde_json::from_slice(&table::bytes(&request.secrets)?)
        .map_err(|error| refuse(format!("the secrets cannot be read ({error}): {}", request.secrets.display())))?;
    let outputs = Outputs::beside(&request.output, [(receipts_path(&request.output), true)], request.overwrite)?;
    let model = model_of(&secrets.weights, secrets.bias, &secrets.layers, package.plan.shape);
    let salts = Salts::fresh()?;
    let mut prepared = prepare_scored(&request.rows, request.on_bad_row, Scorer::Integers(model), &salts, progress)?;
    openings(&mut prepared, &secrets)?;
    // The package's: integers alone may give other expected shares of a bin than the model file did.
    prepared.plan = package.plan.clone();

    progress.report(Event::Phase(Phase::Committing));
    let seed = salts.of("receipts");
    let witness = witness(&prepared, &monitoring.statement, &request.batches, seed.clone())?;
    let proven = prove(&witness, progress)?;

    progress.report(Event::Phase(Phase::Writing));
    let statement = witness.statement();
    let mut report = ReceiptsReport {
        circuit: statement.header.circuit,
        steps: statement.steps,
        batches: statement.batches.len() as u64,
        rows: rows_of(statement),
        proof_bytes: proven.bytes.len() as u64,
        package_sha256: package.digest,
        signatures_dropped: package.envelopes.len() as u64,
    };
    let mut contents = package.contents();
    contents.stages.push(proven);
    // The one order a package has.
    contents.stages.sort_by_key(|stage| stage.kind.position());
    let bytes = verifold_package::write(&contents).map_err(|error| ProveError::Package(error.to_string()))?;
    let written = ClaimedPackage::read(&bytes, &Limits::most()).map_err(|error| ProveError::Package(error.to_string()))?;
    report.package_sha256 = written.digest;
    let kept = ReceiptSecrets::new(written.manifest_digest, &prepared.model, &seed, &witness);
    let mut kept = serde_json::to_vec(&kept).map_err(|error| ProveError::Package(error.to_string()))?;
    kept.push(b'\n');
    outputs.commit([&kept], &bytes)?;
    Ok(report)
}
