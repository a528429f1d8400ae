//! From files to a package: how is a period of monitoring proven?
//!
//! 1. [`prepare`] reads specification, model and tables, derives the plan, compares the integer
//!    model with the float one, and counts every batch natively.
//! 2. [`Prepared::witness`] commits to the rows; a second, unrelated count must agree.
//! 3. [`fold`] folds, compresses, and verifies the proof as a reader would.
//! 4. [`prove_monitoring`] does all of it and writes package, secrets and report, or nothing.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use verifold_circuits::{AnyModel, BatchRows, Keys, MonitoringWitness, RowRecord, Salt};
use verifold_model::{
    calendar::label,
    cohort::BatchRole,
    digest::{Commitment, Digest},
    format::counted,
    instant::Instant,
    plan::Plan,
    proof_system::ProofSystem,
    shape::{CircuitFamily, CircuitId},
    state::Stage,
    statement::{Header, MonitoringStatement, StatementKind},
    traceability::{ProofUsed, Traceability},
};
use verifold_package::{ClaimedProof, Contents};

use crate::{
    after::{After, Before},
    anchoring::AnchorLog,
    calendar::Slot,
    error::{BadRows, ProveError},
    fold::{self, failed, stop_if_cancelled},
    integer::{self, QuantisationError},
    layout::Layout,
    onnx::FloatModel,
    output::Outputs,
    plan,
    progress::{Event, Phase, Progress},
    recount,
    rows::{Ingested, OutcomeTable, PreparedRow, ingest},
    salts::Salts,
    secrets::Secrets,
    spec::{DecisionSource, Spec, TimeSource},
    table,
};

/// What to do with rows that cannot be scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnBadRow {
    /// Commit them as void, counted by reason and group.
    Void,
    /// Stop and list them.
    #[default]
    Stop,
}

/// Where the rows of a period stand, and what is measured of them.
#[derive(Debug, Clone)]
pub struct RowSources {
    /// Specification, TOML.
    pub spec: PathBuf,
    /// Reference rows: a CSV or Parquet file, or a folder of them.
    pub reference: PathBuf,
    /// Rows of the period, likewise.
    pub batches: PathBuf,
    /// Outcomes by row identifier, likewise, if they stand in a table of their own.
    pub outcomes: Option<PathBuf>,
}

/// Files a proof is made from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The rows.
    pub rows: RowSources,
    /// What to do with those that cannot be scored.
    pub on_bad_row: OnBadRow,
    /// Model, ONNX.
    pub model: PathBuf,
}

/// A run of the prover.
#[derive(Clone)]
pub struct Request {
    /// Files to read.
    pub sources: Sources,
    /// A package that the period goes on from: the proof is put behind those in it.
    pub after: Option<After>,
    /// What was anchored of the period; its batches are proven as they were committed to then.
    pub anchored: Option<AnchorLog>,
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

/// What was read from one source of rows. Claimed by the prover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceReport {
    /// Rows read.
    pub read: u64,
    /// Rows outside the reference or the period's batches: claimed, dropped before commitment.
    pub dropped: u64,
    /// Rows scored.
    pub scored: u64,
    /// Rows void by the plan's rules for missing and outside values.
    pub void_by_rule: BadRows,
    /// Rows void because a value cannot be read or a group is unknown.
    pub void_as_bad: BadRows,
    /// Rows whose identifier an earlier row already had.
    pub repeated_ids: u64,
    /// What rounding the model to integers changed.
    pub quantisation: QuantisationError,
}

/// What the prover says about its sources, and no proof contains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Label of the class whose probability the model gives.
    pub model_class: String,
    /// Rows of the reference.
    pub reference: SourceReport,
    /// Rows of the period.
    pub monitoring: SourceReport,
    /// What a reader should know about how the data became rows.
    pub notes: Vec<String>,
}

/// Seconds a phase took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timing {
    /// The phase.
    pub phase: Phase,
    /// Wall-clock seconds.
    pub elapsed_secs: f64,
}

/// What the prover says about its run. Claimed: no proof contains it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Version of this structure.
    pub schema: &'static str,
    /// What the report is worth.
    pub notice: &'static str,
    /// SHA-256 of the package.
    pub package_sha256: Digest,
    /// Size of the package.
    pub package_bytes: u64,
    /// Size of the proof, of all its segments.
    pub proof_bytes: u64,
    /// The circuit.
    pub circuit: CircuitId,
    /// Steps folded.
    pub steps: u64,
    /// Segments they were folded in.
    pub segments: usize,
    /// Digest of the plan, for a policy or engagement to pin.
    pub plan_digest: Digest,
    /// Commitment to the model, likewise.
    pub model_commitment: Commitment,
    /// Head of the chain, for the next package to continue.
    pub chain_head: Commitment,
    /// Batches of the period, the reference not counted.
    pub batches: u64,
    /// Those of them without a row.
    pub empty_batches: u64,
    /// Label of the class whose probability the model gives.
    pub model_class: String,
    /// Rows of the reference.
    pub reference: SourceReport,
    /// Rows of the period.
    pub monitoring: SourceReport,
    /// What a reader should know about how the data became rows.
    pub notes: Vec<String>,
    /// Where the time went.
    pub timings: Vec<Timing>,
}

/// Everything a proof is made from, read and checked. Holds secrets.
#[derive(Debug)]
pub struct Prepared {
    /// Subject, period, circuit.
    pub header: Header,
    /// The measurement plan.
    pub plan: Plan,
    /// The integer model.
    pub model: AnyModel,
    /// Fresh salt of the model commitment.
    pub model_salt: Salt,
    /// Reference, then every slot of the calendar, each with fresh salts.
    pub batches: Vec<BatchRows>,
    /// Index of the first batch: as many as earlier proofs of the package closed.
    pub first_index: u32,
    /// Label of the class whose probability the model gives.
    pub model_class: String,
    /// What was read of the reference.
    pub reference: SourceReport,
    /// What was read of the period.
    pub monitoring: SourceReport,
    /// What a reader should know about how the data became rows.
    pub notes: Vec<String>,
}

/// Reads and checks everything a proof is made from.
///
/// # Errors
/// [`ProveError`]; nothing has been written or proven then.
pub fn prepare(sources: &Sources, progress: &mut dyn Progress) -> Result<Prepared, ProveError> {
    prepare_scored(&sources.rows, sources.on_bad_row, Scorer::Onnx(&sources.model), &Salts::fresh()?, progress)
}

/// What scores the rows.
#[derive(Debug)]
pub(crate) enum Scorer<'a> {
    /// An ONNX model, rounded to integers.
    Onnx(&'a Path),
    /// Integers that a proven training gave, or that a package has already been made with.
    Integers(AnyModel),
}

/// What a row means that a table of outcomes does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    /// Its outcome is unknown.
    Given,
    /// The table is not the rows': every row is to have a line, an empty cell where nothing is known.
    Every,
}

pub(crate) fn prepare_scored(
    sources: &RowSources,
    on_bad_row: OnBadRow,
    scorer: Scorer<'_>,
    salts: &Salts,
    progress: &mut dyn Progress,
) -> Result<Prepared, ProveError> {
    prepare_joined(sources, on_bad_row, Join::Given, scorer, salts, progress)
}

pub(crate) fn prepare_joined(
    sources: &RowSources,
    on_bad_row: OnBadRow,
    join: Join,
    scorer: Scorer<'_>,
    salts: &Salts,
    progress: &mut dyn Progress,
) -> Result<Prepared, ProveError> {
    progress.report(Event::Phase(Phase::Reading));
    let text = String::from_utf8(table::bytes(&sources.spec)?)
        .map_err(|_| ProveError::Table { path: sources.spec.clone(), problem: "the specification is not UTF-8".to_owned() })?;
    let spec = Spec::parse(&text, &sources.spec)?;
    let mut layout = Layout::new(&spec)?;
    let features: Vec<&str> = spec.features.iter().map(|feature| feature.name.as_str()).collect();
    let (float, model, model_note) = match scorer {
        Scorer::Onnx(path) => {
            let float = FloatModel::read(&table::bytes(path)?, &features, path)?;
            layout = layout.with_hidden(&float.numbers.widths())?.with_room()?;
            let (model, note) = integer::quantise_any(&float.numbers, &layout, spec.scoring.scale_bits)?;
            (Some((float, path)), model, note)
        }
        Scorer::Integers(model) => {
            layout = layout.with_hidden(&model.hidden_widths())?.with_room()?;
            (None, model, None)
        }
    };

    let slots = spec.slots().map_err(|problem| ProveError::Reference { problem })?;
    let outcomes = sources.outcomes.as_deref().map(|path| OutcomeTable::read(&spec, path)).transpose()?;
    let outcomes = outcomes.map(|table| if join == Join::Every { table.of_every_row() } else { table });
    // A reference whose outcomes have long been known carries them itself.
    let own_outcome = match &spec.columns.outcome {
        Some(outcome) => table::has_column(&sources.reference, &outcome.column)?,
        None => false,
    };
    let reference = ingest(&spec, &layout, &sources.reference, &[spec.reference], outcomes.as_ref().filter(|_| !own_outcome))?;
    stop_if_cancelled(progress)?;
    let monitoring = ingest(&spec, &layout, &sources.batches, &slots, outcomes.as_ref())?;
    stop_if_cancelled(progress)?;
    refuse_bad_rows(&reference, &monitoring, on_bad_row)?;

    if float.is_some() {
        progress.report(Event::Phase(Phase::Comparing));
    }
    let decision = (spec.scoring.cutoff, spec.scoring.direction);
    let compare = |ingested: &Ingested| match &float {
        Some((float, path)) => integer::compare(float, path, &model, spec.scoring.scale_bits, decision, ingested.batches.iter().flatten()),
        None => Ok(integer::probabilities(&model, spec.scoring.scale_bits, ingested.batches.iter().flatten())),
    };
    let (probabilities, reference_error) = compare(&reference)?;
    stop_if_cancelled(progress)?;
    let (_, monitoring_error) = compare(&monitoring)?;
    stop_if_cancelled(progress)?;
    let plan = plan::derive(&spec, &layout, &model, &reference.batches.concat(), &probabilities)?;

    let mut notes = notes(&spec, &layout, outcomes.as_ref());
    notes.extend(model_note);
    let (reference, reference_rows) = source_report(reference, reference_error);
    let (monitoring, monitoring_rows) = source_report(monitoring, monitoring_error);
    let header = Header {
        statement: StatementKind::MonitoringV1,
        circuit: CircuitId { family: CircuitFamily::of_cohorts(plan.shape), shape: plan.shape },
        subject: spec.subject.clone(),
        period: spec.period,
        previous_chain_head: spec.previous_chain_head,
    };
    let mut batches = Vec::with_capacity(slots.len() + 1);
    for rows in reference_rows {
        batches.push(batch(salts, batches.len(), BatchRole::Reference, spec.reference, rows));
    }
    for (slot, rows) in slots.into_iter().zip(monitoring_rows) {
        batches.push(batch(salts, batches.len(), BatchRole::Monitoring, slot, rows));
    }
    Ok(Prepared {
        header,
        plan,
        model,
        model_salt: salts.of("model"),
        batches,
        first_index: 0,
        model_class: float.map_or_else(|| "as trained".to_owned(), |(float, _)| float.class),
        reference,
        monitoring,
        notes,
    })
}

fn batch(salts: &Salts, index: usize, role: BatchRole, slot: Slot, rows: Vec<RowRecord>) -> BatchRows {
    let salt = |of: &str| salts.of(&format!("{of} of batch {index}"));
    let [row_salt, outcome_salt, table_salt] = [salt("rows"), salt("outcomes"), salt("table")];
    BatchRows { role, start: slot.start, end: slot.end, rows, row_salt, outcome_salt, table_salt }
}

fn refuse_bad_rows(reference: &Ingested, monitoring: &Ingested, on_bad_row: OnBadRow) -> Result<(), ProveError> {
    let both = |of: fn(&Ingested) -> &BadRows| {
        let mut rows = of(reference).clone();
        rows.append(of(monitoring).clone());
        rows
    };
    let unplaced = both(|ingested| &ingested.unplaced);
    if unplaced.count > 0 {
        return Err(ProveError::UnplacedRows { rows: unplaced });
    }
    let bad = both(|ingested| &ingested.bad);
    if bad.count > 0 && on_bad_row == OnBadRow::Stop {
        return Err(ProveError::BadRows { rows: bad });
    }
    Ok(())
}

/// Splits what was read into its report and the rows to commit, batch by batch.
fn source_report(ingested: Ingested, quantisation: QuantisationError) -> (SourceReport, Vec<Vec<RowRecord>>) {
    let Ingested { batches, read, dropped, void_by_rule, bad, repeated_ids, unplaced: _ } = ingested;
    let report = SourceReport { read, dropped, scored: quantisation.rows, void_by_rule, void_as_bad: bad, repeated_ids, quantisation };
    let records = |rows: Vec<PreparedRow>| rows.into_iter().map(|row| row.record).collect();
    (report, batches.into_iter().map(records).collect())
}

fn notes(spec: &Spec, layout: &Layout, outcomes: Option<&OutcomeTable>) -> Vec<String> {
    let mut notes = Vec::new();
    match &spec.columns.time {
        TimeSource::Column(_) => {}
        TimeSource::BatchColumn(column) => notes.push(format!(
            "Rows have no times of their own: column `{column}` numbers their batch, and they stand at its first second in file order."
        )),
        TimeSource::RowsPerBatch(rows) => notes.push(format!(
            "Rows have no times of their own: every {} in file order make a batch, and stand at its first second.",
            counted(u64::from(*rows), "row", "rows")
        )),
    }
    if spec.columns.decision == DecisionSource::AllApproved {
        notes.push("The data hold no decisions: every row counts as approved.".to_owned());
    }
    match (&spec.columns.outcome, outcomes) {
        (None, _) => notes.push("The data hold no outcomes: every outcome is unknown.".to_owned()),
        (Some(_), Some(table)) => {
            notes.push(format!(
                "Outcomes were joined by identifier from a table of {}.",
                counted(table.len() as u64, "outcome", "outcomes")
            ));
        }
        (Some(_), None) => {}
    }
    if !layout.added_histograms.is_empty() {
        notes.push(format!(
            "The menu of shapes has 0, 1, 4 or 8 histograms, so these features got one as well: {}.",
            layout.added_histograms.join(", ")
        ));
    }
    notes
}

impl Prepared {
    pub(crate) fn claims(&self) -> Claims {
        Claims {
            model_class: self.model_class.clone(),
            reference: self.reference.clone(),
            monitoring: self.monitoring.clone(),
            notes: self.notes.clone(),
        }
    }

    /// Commits to every batch, and counts them a second time in an unrelated way.
    ///
    /// # Errors
    /// [`ProveError::Proof`] if plan, model or a row do not fit; [`ProveError::Disagreement`] if the counts differ.
    pub fn witness(&self) -> Result<MonitoringWitness, ProveError> {
        let witness = MonitoringWitness::following(
            self.first_index,
            self.header.clone(),
            self.plan.clone(),
            self.model.clone(),
            self.model_salt.clone(),
            self.batches.clone(),
        )
        .map_err(|error| ProveError::Proof { step: "checking rows", problem: error.to_string() })?;
        for (batch, stated) in self.batches.iter().zip(&witness.statement().batches) {
            recount::check(&self.plan, &self.model, &batch.rows, stated)?;
        }
        Ok(witness)
    }
}

/// Proves a cohort witness: its statement's own replay says from where to where.
///
/// # Errors
/// [`ProveError::Proof`], or [`ProveError::Cancelled`] between two steps.
pub fn fold(witness: &MonitoringWitness, keys: &Keys, progress: &mut dyn Progress) -> Result<Vec<u8>, ProveError> {
    fold_batches(witness, 0..witness.statement().batches.len(), keys, progress)
}

/// As [`fold`], for a segment: the batches at these positions alone, none of the others having been proven.
///
/// # Errors
/// As [`fold`].
pub fn fold_batches(
    witness: &MonitoringWitness,
    batches: Range<usize>,
    keys: &Keys,
    progress: &mut dyn Progress,
) -> Result<Vec<u8>, ProveError> {
    let segment = witness.segment(batches.clone()).map_err(|error| failed("replaying the statement")(error.to_string()))?;
    let Some((transition, steps)) = segment else { return Err(failed("folding")("there is no such batch".to_owned())) };
    let rows = witness.statement().batches[batches].iter().map(|batch| u64::from(batch.rows)).sum();
    fold::fold(keys, &transition, rows, steps, progress)
}

/// The contents of a package that holds one monitoring proof.
pub fn contents(witness: &MonitoringWitness, proof: Vec<u8>, created: Instant, written_by: String) -> Contents {
    contents_of(witness.statement().clone(), witness.plan().clone(), proof, created, written_by)
}

/// No outcome is counted good before it could be known.
pub(crate) fn check_outcomes(statement: &MonitoringStatement, plan: &Plan, created: Instant) -> Result<(), ProveError> {
    match statement.early_outcomes(plan, created).next() {
        Some((batch, good)) => {
            let batch = label(plan.calendar, batch.start, batch.end);
            Err(ProveError::EarlyOutcomes { batch, good, days: plan.outcome.maturity_days, created })
        }
        None => Ok(()),
    }
}

pub(crate) fn contents_of(statement: MonitoringStatement, plan: Plan, bytes: Vec<u8>, created: Instant, written_by: String) -> Contents {
    Contents {
        written_by,
        created,
        subject: statement.header.subject.clone(),
        period: statement.header.period,
        plan,
        stages: Vec::new(),
        traceability: Vec::new(),
        changes: Vec::new(),
        proofs: vec![ClaimedProof {
            id: "monitoring".to_owned(),
            title: "Online monitoring".to_owned(),
            stage: Stage::Monitoring,
            kind: StatementKind::MonitoringV1,
            system: ProofSystem::NovaPastaIpa,
            statement,
            bytes,
            further: Vec::new(),
        }],
    }
}

/// Documents about this stage speak of the proof that is about to be made.
pub(crate) fn check_traceability(documents: &[Traceability], header: &Header) -> Result<(), ProveError> {
    let used = ProofUsed { statement: header.statement, system: ProofSystem::NovaPastaIpa, circuit: header.circuit };
    for document in documents.iter().filter(|document| document.stage == Stage::Monitoring) {
        if let Some(problem) = document.contradicts(used, &header.subject.system).first() {
            return Err(ProveError::Traceability { stage: document.stage.name(), problem: problem.to_string() });
        }
    }
    Ok(())
}

/// Proves a period of monitoring and writes package, secrets and report, or nothing.
///
/// Takes minutes. Randomness comes from the operating system alone; the same inputs give another
/// package every time.
///
/// # Errors
/// [`ProveError`]; no file has been written or replaced then.
pub fn prove_monitoring(request: &Request, progress: &mut dyn Progress) -> Result<Report, ProveError> {
    let progress = &mut Timed::new(progress);
    let outputs = Outputs::prepare(&request.output, request.overwrite)?;
    let before = request.after.as_ref().map(Before::read).transpose()?;
    let mut prepared = prepare(&request.sources, progress)?;
    if let Some(before) = &before {
        before.place(&mut prepared)?;
    }
    if let Some(log) = &request.anchored {
        log.apply(&mut prepared)?;
    }

    check_traceability(&request.traceability, &prepared.header)?;

    progress.report(Event::Phase(Phase::Committing));
    let witness = prepared.witness()?;
    check_outcomes(witness.statement(), witness.plan(), request.created)?;
    stop_if_cancelled(progress)?;
    if let Some(before) = &before {
        before.has_reference_of(witness.statement())?;
    }
    let record = before.as_ref().map(|before| before.recorded(witness.statement().model_commitment)).transpose()?.flatten();
    let keys = fold::keys(prepared.header.circuit, progress)?;
    if let Some(before) = &before {
        before.verify(&keys, progress)?;
    }
    let proof = fold(&witness, &keys, progress)?;

    progress.report(Event::Phase(Phase::Writing));
    let contents = contents(&witness, proof, request.created, request.written_by.clone());
    let mut contents = Contents { traceability: request.traceability.clone(), ..contents };
    if let Some(before) = &before {
        contents = before.join(contents, record)?;
    }
    let package = verifold_package::write(&contents).map_err(|error| ProveError::Package(error.to_string()))?;
    let mut secrets = Secrets::new(Digest::of(&package), &prepared.model, &prepared.model_salt, &prepared.batches);
    if let Some(before) = &before {
        secrets = before.secrets(secrets);
    }
    let report = report(&contents, &package, prepared.claims(), progress.timings())?;
    stop_if_cancelled(progress)?;
    outputs.commit([&json(&secrets)?, &json(&report)?], &package)?;
    Ok(report)
}

/// The report on a package just written.
pub(crate) fn report(contents: &Contents, package: &[u8], claims: Claims, timings: Vec<Timing>) -> Result<Report, ProveError> {
    let Some(proof) = contents.proofs.last() else { return Err(ProveError::Package("there is no monitoring proof".to_owned())) };
    let statement = &proof.statement;
    let monitored = || statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring);
    let Claims { model_class, reference, monitoring, notes } = claims;
    Ok(Report {
        schema: "prove-report/v1",
        notice: "Claimed by the prover; no proof contains any of it.",
        package_sha256: Digest::of(package),
        package_bytes: package.len() as u64,
        proof_bytes: proof.proof_bytes(),
        circuit: statement.header.circuit,
        steps: statement.steps,
        segments: proof.segments().count(),
        plan_digest: contents.plan.digest(),
        model_commitment: statement.model_commitment,
        chain_head: statement.chain_head,
        batches: monitored().count() as u64,
        empty_batches: monitored().filter(|batch| batch.rows == 0).count() as u64,
        model_class,
        reference,
        monitoring,
        notes,
        timings,
    })
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, ProveError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| ProveError::Package(error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Passes everything on, and notes when phases begin.
pub(crate) struct Timed<'a> {
    inner: &'a mut dyn Progress,
    running: Option<(Phase, std::time::Duration)>,
    timings: Vec<Timing>,
}

impl<'a> Timed<'a> {
    pub(crate) fn new(inner: &'a mut dyn Progress) -> Self {
        Self { inner, running: None, timings: Vec::new() }
    }
}

impl Timed<'_> {
    fn close(&mut self) {
        let now = self.inner.elapsed();
        if let Some((phase, begun)) = self.running.take() {
            self.timings.push(Timing { phase, elapsed_secs: now.saturating_sub(begun).as_secs_f64() });
        }
    }

    /// Phases closed so far; the one going on is closed.
    pub(crate) fn timings(&mut self) -> Vec<Timing> {
        self.close();
        self.timings.clone()
    }
}

impl Progress for Timed<'_> {
    fn elapsed(&self) -> std::time::Duration {
        self.inner.elapsed()
    }

    fn report(&mut self, event: Event) {
        if let Event::Phase(phase) = event {
            self.close();
            self.running = Some((phase, self.inner.elapsed()));
        }
        self.inner.report(event);
    }

    fn is_cancelled(&self) -> bool {
        self.inner.is_cancelled()
    }
}

/// Where the secrets of a package stand.
pub fn secrets_path(package: &Path) -> PathBuf {
    package.with_extension("secrets")
}

/// Where the prover's report on a package stands.
pub fn report_path(package: &Path) -> PathBuf {
    package.with_extension("claimed.json")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use verifold_package::{ClaimedPackage, Limits};

    use super::*;

    #[test]
    fn a_good_outcome_is_refused_before_it_can_be_known() {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-q1/package.zkaudit");
        let package = ClaimedPackage::read(&fs::read(sample).unwrap(), &Limits::default()).unwrap();
        let check = |created: &str| check_outcomes(&package.proofs[0].statement, &package.plan, created.parse().unwrap());
        assert!(check("2026-11-17T08:00:00Z").is_ok());
        let error = check("2026-11-14T23:59:59Z").unwrap_err().to_string();
        assert!(error.starts_with("batch 2026-W34 has ") && error.ends_with("leave them unknown until they are"), "{error}");
    }
}
