//! From the files a package was made from, and outcomes that became known since, to a matured cohort.
//!
//! 1. [`openings`] gives rows read again the salts of the package's secrets.
//! 2. [`committed`] and [`Matured::new`] refuse rows, plan, model or earlier outcomes that are not the package's, and commits to the later ones.
//! 3. [`Matured::prove`] proves the cohort under later outcomes, and how many rows went from which outcome to which.
//! 4. [`prove_matured`] does all of it, and writes the package with two proofs more and the salts of the later outcomes, or
//!    nothing.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use verifold_circuits::{
    BatchRows, MonitoringWitness, RowKind, RowRecord, Salt,
    revision::{RevisedRow, RevisedRows, RevisionWitness, replay, revision_shape},
};
use verifold_model::{
    cohort::{BatchRole, Outcome},
    digest::{Commitment, Digest},
    plan::Plan,
    revision::RevisionCounts,
    shape::{CircuitFamily, CircuitId},
    statement::{Header, MonitoringStatement, StageStatement, StatementKind},
};
use verifold_package::{ClaimedPackage, ClaimedProof, ClaimedStage, Limits};

use crate::{
    error::ProveError,
    fold::{self, failed},
    lifecycle::stages::stage,
    monitoring::{Join, OnBadRow, Prepared, RowSources, Scorer, fold, json, prepare_joined},
    output::Outputs,
    progress::{Event, Phase, Progress},
    recount,
    rows::OutcomeTable,
    salts::Salts,
    secrets::{OpenedModel, Secrets, model_of},
    spec::Spec,
    table,
};

/// Power of two that the constraints of a revision's step are filled up to: the smallest is the quickest to verify.
const REVISION_SIZE: u32 = 15;

/// A run that adds a matured cohort to a package.
#[derive(Clone)]
pub struct MaturedRequest {
    /// Rows the package was made from, with the outcomes it was made with.
    pub rows: RowSources,
    /// What became of those that cannot be scored.
    pub on_bad_row: OnBadRow,
    /// Outcomes as they are known now, of every row of the period: an empty cell for one still unknown.
    pub later: PathBuf,
    /// The package.
    pub package: PathBuf,
    /// What it left behind: `NAME.secrets`.
    pub secrets: PathBuf,
    /// The package with the matured cohort; the salts of the later outcomes stand beside it.
    pub output: PathBuf,
    /// Whether files of those names may be replaced.
    pub overwrite: bool,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaturedReport {
    /// Circuits of the two proofs.
    pub circuits: [CircuitId; 2],
    /// Steps folded for each.
    pub steps: [u64; 2],
    /// Bytes of each.
    pub proof_bytes: [u64; 2],
    /// Monitored batches.
    pub batches: u64,
    /// Rows of them, scored and void.
    pub rows: u64,
    /// Rows of them by earlier and later outcome.
    pub counts: RevisionCounts,
    /// SHA-256 of the package written.
    pub package_sha256: Digest,
    /// Signatures of the package given, which are about its manifest and not about the new one.
    pub signatures_dropped: u64,
}

/// Version of the secrets' file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MaturedSecretsSchema {
    /// First version.
    #[serde(rename = "matured-secrets/v1")]
    V1,
}

/// What opens the later outcomes of a package, with the data and `NAME.secrets`.
///
/// `NAME.matured`, readable by its owner alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaturedSecrets {
    /// Version of this structure.
    pub schema: MaturedSecretsSchema,
    /// SHA-256 of the manifest of the package with the matured cohort; signing does not change it.
    pub manifest_sha256: Digest,
    /// Salt of each batch's later outcome stream, in chain order.
    pub outcome_salts: Vec<Commitment>,
}

fn refuse(problem: impl Into<String>) -> ProveError {
    ProveError::Matured { problem: problem.into() }
}

/// Where the salts of a package's later outcomes stand.
pub fn matured_path(package: &Path) -> PathBuf {
    package.with_extension("matured")
}

/// Gives prepared rows, model and earlier outcomes the salts that a package's secrets hold for one of its monitoring proofs.
///
/// # Errors
/// [`ProveError::Matured`] if the secrets do not fit.
fn openings(prepared: &mut Prepared, secrets: &OpenedModel<'_>) -> Result<(), ProveError> {
    if secrets.batches.len() != prepared.batches.len() {
        return Err(refuse(format!("the files give {} batches, the secrets hold {}", prepared.batches.len(), secrets.batches.len())));
    }
    let salt = |bytes: Commitment| Salt::from_bytes(*bytes.as_bytes()).map_err(|_| refuse("a salt of the secrets is damaged"));
    prepared.model_salt = salt(secrets.model_salt)?;
    for (batch, kept) in prepared.batches.iter_mut().zip(secrets.batches) {
        batch.row_salt = salt(kept.row_salt)?;
        batch.outcome_salt = salt(kept.outcome_salt)?;
    }
    Ok(())
}

/// Both statements about later outcomes, with what they are made from. Holds secrets.
pub struct Matured {
    cohort: MonitoringWitness,
    revision: RevisionWitness,
    later_salts: Vec<Salt>,
}

/// The outcome of a row; a void row has none.
fn outcome(row: &RowRecord) -> Outcome {
    match row.kind {
        RowKind::Scored { outcome, .. } => outcome,
        RowKind::Void(_) => Outcome::Unknown,
    }
}

/// What a row is apart from its outcome.
fn without_outcome(row: &RowRecord) -> RowRecord {
    let mut row = row.clone();
    if let RowKind::Scored { outcome, .. } = &mut row.kind {
        *outcome = Outcome::Unknown;
    }
    row
}

impl Matured {
    /// Commits to the later outcomes of the rows of a monitoring statement.
    ///
    /// `prepared` has the package's salts and earlier outcomes; `later` holds the same batches of rows with later outcomes.
    ///
    /// # Errors
    /// [`ProveError::Matured`] if plan, model, rows or earlier outcomes are not those of the statement.
    pub fn new(prepared: &Prepared, later: &[BatchRows], monitoring: &MonitoringStatement, salts: &Salts) -> Result<Self, ProveError> {
        let Prepared { plan, model, model_salt, batches, .. } = prepared;
        if batches.len() != later.len() || batches.len() != monitoring.batches.len() {
            let (files, package) = (batches.len(), monitoring.batches.len());
            return Err(refuse(format!(
                "the files give {files} batches, and {} with later outcomes; the package has {package}",
                later.len()
            )));
        }
        let first = monitoring.batches.first().map_or(0, |batch| batch.index);
        let mut cohort_batches = Vec::with_capacity(batches.len());
        let mut revised = Vec::with_capacity(batches.len());
        for (index, (earlier, later)) in (first..).zip(batches.iter().zip(later)) {
            let same = earlier.rows.len() == later.rows.len()
                && earlier.rows.iter().zip(&later.rows).all(|(a, b)| without_outcome(a) == without_outcome(b));
            if !same {
                return Err(refuse(format!("with later outcomes the rows of batch {index} are read differently")));
            }
            let later_salt = salts.of(&format!("later outcomes of batch {index}"));
            let rows = earlier.rows.iter().zip(&later.rows);
            revised.push(RevisedRows {
                index,
                rows: rows.map(|(a, b)| RevisedRow { key: a.key, earlier: outcome(a), later: outcome(b) }).collect(),
                earlier_salt: earlier.outcome_salt.clone(),
                later_salt: later_salt.clone(),
            });
            cohort_batches.push(BatchRows {
                rows: later.rows.clone(),
                outcome_salt: later_salt,
                table_salt: salts.of(&format!("later table of batch {index}")),
                ..earlier.clone()
            });
        }
        let later_salts = cohort_batches.iter().map(|batch| batch.outcome_salt.clone()).collect();
        let checking = |problem: String| ProveError::Proof { step: "checking rows", problem };
        let header = Header { statement: StatementKind::MaturedCohortV1, ..monitoring.header.clone() };
        let cohort = MonitoringWitness::following(first, header, plan.clone(), model.clone(), model_salt.clone(), cohort_batches.clone())
            .map_err(|error| checking(error.to_string()))?;
        for (batch, stated) in cohort_batches.iter().zip(&cohort.statement().batches) {
            recount::check(plan, model, &batch.rows, stated)?;
        }
        let shape = revision_shape(plan, REVISION_SIZE).map_err(|error| checking(error.to_string()))?;
        let circuit = CircuitId { family: CircuitFamily::OutcomeRevisionV1, shape };
        let header = Header { statement: StatementKind::OutcomeRevisionV1, circuit, ..monitoring.header.clone() };
        let revision = RevisionWitness::new(header, plan.clone(), revised).map_err(|error| checking(error.to_string()))?;
        let matured = Self { cohort, revision, later_salts };
        matured.check_against(monitoring)?;
        Ok(matured)
    }

    /// The rows and the earlier outcomes are those the package commits to.
    fn check_against(&self, monitoring: &MonitoringStatement) -> Result<(), ProveError> {
        let (cohort, revision) = (self.cohort.statement(), self.revision.statement());
        if cohort.plan_commitment != monitoring.plan_commitment {
            return Err(refuse("the measurement plan of the package is not the one its monitoring proof is about"));
        }
        if cohort.model_commitment != monitoring.model_commitment {
            return Err(refuse("the model and its salt are not those the package commits to"));
        }
        for ((ours, revised), theirs) in cohort.batches.iter().zip(&revision.batches).zip(&monitoring.batches) {
            let index = theirs.index;
            if (ours.rows, ours.row_commitment) != (theirs.rows, theirs.row_commitment) {
                return Err(refuse(format!("the rows of batch {index} are not those the package commits to")));
            }
            if revised.earlier != theirs.outcome_commitment {
                return Err(refuse(format!(
                    "the earlier outcomes of batch {index} are not those the package commits to; give the table it was made with"
                )));
            }
            if revised.later != ours.outcome_commitment {
                return Err(failed("committing to later outcomes")(format!("two commitments to batch {index} differ")));
            }
        }
        Ok(())
    }

    /// The statement about monitored batches under later outcomes.
    pub fn cohort(&self) -> &MonitoringStatement {
        self.cohort.statement()
    }

    /// The statement about changes.
    pub fn revision(&self) -> &verifold_model::revision::RevisionStatement {
        self.revision.statement()
    }

    /// Proves both statements, as a package holds them that are about its monitoring proof of this name.
    ///
    /// # Errors
    /// [`ProveError::Proof`], or [`ProveError::Cancelled`] between two steps.
    pub fn prove(&self, of: &str, progress: &mut dyn Progress) -> Result<[ClaimedStage; 2], ProveError> {
        // `monitoring-2` has `matured-2`.
        let number = of.strip_prefix("monitoring").unwrap_or_default();
        let (cohort_id, revision_id) = (format!("matured{number}"), format!("revision{number}"));
        let statement = self.cohort();
        let begins = statement.header.period.start.date_text();
        let titled = |title: &str| if number.is_empty() { title.to_owned() } else { format!("{title} from {begins}") };
        let keys = fold::keys(statement.header.circuit, progress)?;
        let proof = fold(&self.cohort, &keys, progress)?;
        drop(keys);
        let cohort = stage(&cohort_id, &titled("Matured cohort"), StageStatement::MaturedCohort(Box::new(statement.clone())), proof);

        let statement = self.revision();
        let keys = fold::keys(statement.header.circuit, progress)?;
        let transition = replay(statement, self.revision.plan()).map_err(|error| failed("replaying the statement")(error.to_string()))?;
        let rows = statement.batches.iter().map(|batch| u64::from(batch.rows)).sum();
        let proof = fold::fold(&keys, &transition, rows, self.revision.steps(), progress)?;
        let revision =
            stage(&revision_id, &titled("Changed outcomes"), StageStatement::OutcomeRevision(Box::new(statement.clone())), proof);
        Ok([cohort, revision])
    }

    /// What opens the later outcomes.
    pub fn secrets(&self, manifest_sha256: Digest) -> MaturedSecrets {
        MaturedSecrets {
            schema: MaturedSecretsSchema::V1,
            manifest_sha256,
            outcome_salts: self.later_salts.iter().map(|salt| Commitment::from_bytes(*salt.as_bytes())).collect(),
        }
    }
}

/// Refuses later outcomes of rows that are in no file: a table of another period, or of other rows.
fn refuse_unknown_ids(sources: &RowSources, later: &Path) -> Result<(), ProveError> {
    let spec = specification(sources)?;
    let outcomes = OutcomeTable::read(&spec, later)?;
    let Some(id) = spec.columns.id.as_deref() else { return Ok(()) };
    let mut known = BTreeSet::new();
    for path in [&sources.reference, &sources.batches] {
        // A reference that carries its own outcomes may name no rows.
        if path == &sources.reference && !table::has_column(path, id)? {
            continue;
        }
        table::read(path, &[id], &mut |row| {
            known.extend(row.cells.first().cloned());
            Ok(())
        })?;
    }
    let unknown: Vec<&str> = outcomes.ids().filter(|id| !known.contains(*id)).collect();
    let Some(first) = unknown.first() else { return Ok(()) };
    Err(ProveError::Table {
        path: later.to_owned(),
        problem: format!(
            "{} of {} outcomes are of rows that neither the batches nor the reference have, {first:?} the first; \
             give the outcomes of the package's own rows",
            unknown.len(),
            outcomes.len()
        ),
    })
}

/// The monitoring proof of a package that later outcomes are to be of: the only one, or that of the specification's period.
fn of_period<'a>(package: &'a ClaimedPackage, sources: &RowSources) -> Result<(usize, &'a ClaimedProof), ProveError> {
    if let [only] = package.proofs.as_slice() {
        return Ok((0, only));
    }
    let period = specification(sources)?.period;
    let of_it = package.proofs.iter().enumerate().find(|(_, proof)| proof.statement.header.period == period);
    of_it.ok_or_else(|| {
        let periods: Vec<String> = package.proofs.iter().map(|proof| proof.statement.header.period.text()).collect();
        refuse(format!(
            "the specification's period is {}, and the package's monitoring proofs are of {}; give the files one of them was made from",
            period.text(),
            periods.join("; ")
        ))
    })
}

fn specification(sources: &RowSources) -> Result<Spec, ProveError> {
    let text = String::from_utf8(table::bytes(&sources.spec)?)
        .map_err(|_| ProveError::Table { path: sources.spec.clone(), problem: "the specification is not UTF-8".to_owned() })?;
    Spec::parse(&text, &sources.spec)
}

/// Reads the files a package was made from twice, with its own outcomes and with later ones, and commits to the latter.
///
/// `monitoring` is the statement their rows are of, with its position among the package's monitoring proofs.
///
/// # Errors
/// [`ProveError`]; nothing has been written or proven then.
pub fn committed(
    sources: &RowSources,
    on_bad_row: OnBadRow,
    later: &Path,
    secrets: &Secrets,
    plan: &Plan,
    monitoring: (usize, &MonitoringStatement),
    progress: &mut dyn Progress,
) -> Result<Matured, ProveError> {
    refuse_unknown_ids(sources, later)?;
    let (position, monitoring) = monitoring;
    let opened = secrets.models().nth(position).ok_or_else(|| refuse("the secrets open fewer monitoring proofs than the package has"))?;
    let model = || model_of(opened.weights, opened.bias, opened.layers, plan.shape);
    let salts = Salts::fresh()?;
    let mut prepared = prepare_joined(sources, on_bad_row, Join::Given, Scorer::Integers(model()), &salts, progress)?;
    openings(&mut prepared, &opened)?;
    // The package's: with the integers alone, expected shares of a bin would be another program's rounding.
    prepared.plan = plan.clone();
    let with_later = RowSources { outcomes: Some(later.to_owned()), ..sources.clone() };
    let later = prepare_joined(&with_later, on_bad_row, Join::Every, Scorer::Integers(model()), &salts, progress)?;
    progress.report(Event::Phase(Phase::Committing));
    Matured::new(&prepared, &later.batches, monitoring, &salts)
}

/// Adds a matured cohort to a package and writes it under another name, with the salts of the later outcomes, or writes nothing.
///
/// Takes minutes, as long as the package's own monitoring took and a little.
///
/// # Errors
/// [`ProveError`]; no file has been written or replaced then.
pub fn prove_matured(request: &MaturedRequest, progress: &mut dyn Progress) -> Result<MaturedReport, ProveError> {
    let package =
        ClaimedPackage::read(&table::bytes(&request.package)?, &Limits::most()).map_err(|error| ProveError::Package(error.to_string()))?;
    let (position, monitoring) = of_period(&package, &request.rows)?;
    let (id, monitoring) = (&monitoring.id, &monitoring.statement);
    let mut about_later = package.stages.iter().filter(|stage| stage.kind.is_about_later_outcomes());
    if about_later.any(|stage| stage.statement.header().period == monitoring.header.period) {
        return Err(refuse("the package has a matured cohort of this period already; take the package it was added to"));
    }
    let secrets: Secrets = serde_json::from_slice(&table::bytes(&request.secrets)?)
        .map_err(|error| refuse(format!("the secrets cannot be read ({error}): {}", request.secrets.display())))?;
    let outputs = Outputs::beside(&request.output, [(matured_path(&request.output), true)], request.overwrite)?;
    let matured = committed(&request.rows, request.on_bad_row, &request.later, &secrets, &package.plan, (position, monitoring), progress)?;
    let proven = matured.prove(id, progress)?;

    progress.report(Event::Phase(Phase::Writing));
    let (cohort, revision) = (matured.cohort(), matured.revision());
    let monitored = || cohort.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring);
    let of_batch = |index: u32| revision.batches.iter().find(|batch| batch.index == index);
    let counts = monitored().filter_map(|batch| of_batch(batch.index)).map(|batch| batch.counts);
    let mut report = MaturedReport {
        circuits: [cohort.header.circuit, revision.header.circuit],
        steps: [cohort.steps, revision.steps],
        proof_bytes: [0, 1].map(|i: usize| proven[i].bytes.len() as u64),
        batches: monitored().count() as u64,
        rows: monitored().map(|batch| u64::from(batch.rows)).sum(),
        counts: RevisionCounts::total(counts).ok_or_else(|| refuse("the period holds more rows than this program adds up"))?,
        package_sha256: package.digest,
        signatures_dropped: package.envelopes.len() as u64,
    };
    let mut contents = package.contents();
    contents.stages.extend(proven);
    // The one order a package has.
    contents.stages.sort_by_key(|stage| (stage.kind.position(), stage.statement.header().period.start));
    let bytes = verifold_package::write(&contents).map_err(|error| ProveError::Package(error.to_string()))?;
    let written = ClaimedPackage::read(&bytes, &Limits::most()).map_err(|error| ProveError::Package(error.to_string()))?;
    report.package_sha256 = written.digest;
    outputs.commit([&json(&matured.secrets(written.manifest_digest))?], &bytes)?;
    Ok(report)
}
