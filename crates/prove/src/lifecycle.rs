//! From files to a package that proves the whole life cycle: raw rows, prepared rows, model, test metrics, monitoring.
//!
//! 1. development rows become raw rows ([`crate::development`]) and, by public rules, prepared ones
//! 2. the model is trained on the prepared training rows, in the integers the circuit proves
//! 3. the prepared test rows are measured under it
//! 4. the period is monitored under it, as [`crate::monitoring`] does
//!
//! Each stage is folded, compressed and verified on its own; commitments link them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use verifold_circuits::{
    AnyStep, BatchRows, Keys, MonitoringWitness, Prover, PublicState, RowKind, RowRecord, Salt, Transition,
    preparation::{self, PreparationWitness, RawPart},
    training::{self, TrainingWitness, training_shape},
    verify_proof,
};
use verifold_model::{
    cohort::{BatchRole, Outcome},
    digest::{Commitment, Digest},
    instant::Instant,
    plan::{Histogram, ModelKind, Plan, PlanSchema, Scoring},
    preparation::test_span,
    proof_system::ProofSystem,
    shape::{CircuitFamily, CircuitId},
    statement::{Header, Period, StageStatement, StatementKind},
    training::{TrainingSpec, TrainingSpecSchema},
};
use verifold_package::{ClaimedStage, Contents};

use crate::{
    development::{Development, Source},
    error::ProveError,
    layout::Layout,
    monitoring::{OnBadRow, Prepared, Scorer, Sources, contents, fold, prepare_scored, salt, stop_if_cancelled},
    output::Outputs,
    progress::{Event, Folded, Phase, Progress},
    ranking::{FloatFit, auc},
    secrets::Secrets,
    spec::Spec,
    table,
};

/// Version of the pipeline specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum PipelineSchema {
    /// First version.
    #[serde(rename = "pipeline-spec/v1")]
    V1,
}

/// How development rows are split and the model is trained, beside a monitoring specification.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Version of this structure.
    pub schema: PipelineSchema,
    /// Development rows.
    pub development: DevelopmentSpec,
    /// Training.
    pub training: TrainingChoices,
}

/// Development rows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevelopmentSpec {
    /// When the rows arose.
    pub period: Period,
    /// Column that identifies a row; its keyed hash orders the rows.
    pub id: String,
    /// Share of rows to train on, in percent.
    pub training_percent: u32,
    /// Binary logarithm of the padded constraints of a preparation step, 16 to 18.
    pub size_log2: u8,
}

/// Training.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingChoices {
    /// Times all training rows are gone through.
    pub epochs: u32,
    /// Learning rate of the first minibatch, for standardised features.
    pub learning_rate: f64,
    /// Minibatches after which the rate has halved.
    pub half_after: u64,
    /// Binary logarithm of the padded constraints of a training step, 15 to 18; with it goes the size of a minibatch.
    pub size_log2: u8,
}

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

/// The development side of a life cycle, checked natively. Holds secrets.
pub struct Developed {
    /// Raw rows and what they become.
    pub preparation: PreparationWitness,
    /// The training.
    pub training: TrainingWitness,
    /// Salt of the model commitment.
    pub model_salt: Salt,
    /// Raw values that stand at an end of the raw range.
    pub clipped: u64,
    /// Rows that cannot be read, left out before commitment.
    pub dropped: u64,
    /// Key of the pseudonyms.
    pub pseudonym_key: Salt,
}

/// Salts of the development stages, beside those of monitoring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevelopmentSecrets {
    /// Key of the pseudonyms that order the rows.
    pub pseudonym_key: Commitment,
    /// Salts of prepared training and test rows: row stream, outcome stream.
    pub parts: Vec<[Commitment; 2]>,
}

/// Secrets of a life-cycle package.
#[derive(Serialize)]
struct LifecycleSecrets {
    #[serde(flatten)]
    monitoring: Secrets,
    development: DevelopmentSecrets,
}

impl Pipeline {
    /// Reads a pipeline specification.
    ///
    /// # Errors
    /// [`ProveError::Spec`] with line and column.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ProveError> {
        let fail = |offset: usize, problem: String| {
            let before = &text[..offset.min(text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
            ProveError::Spec { path: path.to_owned(), line, column, problem }
        };
        let pipeline: Self =
            toml::from_str(text).map_err(|error| fail(error.span().map_or(0, |span| span.start), error.message().trim_end().to_owned()))?;
        let at = |key: &str| text.find(key).unwrap_or(0);
        if !(1..=99).contains(&pipeline.development.training_percent) {
            return Err(fail(at("training_percent"), "`training_percent`: 1 to 99".to_owned()));
        }
        let rate = pipeline.training.learning_rate;
        if !(rate.is_finite() && rate > 0.0 && rate <= 64.0) {
            return Err(fail(at("learning_rate"), "`learning_rate`: above 0, at most 64".to_owned()));
        }
        if pipeline.training.half_after == 0 || pipeline.training.half_after > u64::from(u32::MAX) {
            return Err(fail(at("half_after"), "`half_after`: 1 to 2^32 − 1".to_owned()));
        }
        Ok(pipeline)
    }
}

fn failed(step: &'static str) -> impl Fn(String) -> ProveError {
    move |problem| ProveError::Proof { step, problem }
}

/// A plan with the right rows and nothing else settled: what preparation and training depend on.
///
/// Bins come from the scores of the model that is yet to be trained.
fn row_plan(spec: &Spec, layout: &Layout, preparation: &verifold_model::preparation::Preparation) -> Plan {
    let bins = layout.shape.bins();
    let edges = || (1..bins as i64).collect::<Vec<i64>>();
    Plan {
        schema: PlanSchema::V1,
        shape: layout.shape,
        features: layout.features.clone(),
        scoring: Scoring {
            kind: ModelKind::LogisticRegression,
            scale_bits: spec.scoring.scale_bits,
            direction: spec.scoring.direction,
            edges: edges(),
            cutoff: 0,
            expected_bad_ppm: vec![0; bins],
        },
        outcome: spec.outcome.clone(),
        grouping: preparation.grouping.clone(),
        histograms: layout.features[..layout.shape.histograms()]
            .iter()
            .map(|feature| Histogram { feature: feature.name.clone(), edges: (1..bins as u32).collect() })
            .collect(),
        calendar: spec.batches.calendar,
    }
}

/// Centres and rates by feature, as the training rows suggest them.
#[expect(clippy::cast_possible_truncation, reason = "rates and centres are far inside their integers, and checked by the specification")]
fn training_spec(choices: &TrainingChoices, plan: &Plan, rows: &[RowRecord], minibatch: usize) -> TrainingSpec {
    let scored: Vec<&[u32]> =
        rows.iter().filter_map(|row| if let RowKind::Scored { features, .. } = &row.kind { Some(&features[..]) } else { None }).collect();
    let n = scored.len().max(1) as f64;
    let mut centres = Vec::new();
    let mut variances = Vec::new();
    for (feature, declared) in plan.features.iter().enumerate() {
        let values = || scored.iter().map(|row| f64::from(row[feature]));
        let centre = (values().sum::<f64>() / n).round().clamp(0.0, f64::from(declared.max));
        let variance = values().map(|value| (value - centre) * (value - centre)).sum::<f64>() / n;
        centres.push(centre as u32);
        variances.push(variance);
    }
    // Rates in proportion to one over the variance, the largest just below 2^20; the bias counts as variance one.
    // A flag that hardly ever is set must not take the rates of wide features down to nothing.
    let smallest = variances.iter().copied().filter(|variance| *variance > 0.0).fold(1.0, f64::min).max(0.05);
    let rate = |variance: f64| {
        if variance > 0.0 { (f64::from(1u32 << 19) * smallest / variance).round().clamp(1.0, f64::from(1u32 << 19)) as u32 } else { 0 }
    };
    let first = choices.learning_rate * f64::from(1u32 << 14) / (minibatch as f64 * smallest);
    TrainingSpec {
        schema: TrainingSpecSchema::V1,
        kind: ModelKind::LogisticRegression,
        epochs: choices.epochs,
        scale_bits: plan.scoring.scale_bits,
        direction: plan.scoring.direction,
        initial_weights: vec![0; plan.features.len()],
        initial_bias: 0,
        feature_rates: variances.iter().map(|variance| rate(*variance)).collect(),
        bias_rate: rate(1.0),
        rate_numerator: (first * choices.half_after as f64).round().max(1.0) as u64,
        rate_offset: choices.half_after,
        decay: 0,
        centres,
    }
}

/// Reads, prepares and trains: everything before monitoring but the proofs.
///
/// # Errors
/// [`ProveError`].
pub fn develop(sources: &LifecycleSources, progress: &mut dyn Progress) -> Result<(Spec, Pipeline, Developed), ProveError> {
    progress.report(Event::Phase(Phase::Reading));
    let text = |path: &Path| {
        String::from_utf8(table::bytes(path)?)
            .map_err(|_| ProveError::Table { path: path.to_owned(), problem: "the specification is not UTF-8".to_owned() })
    };
    let spec = Spec::parse(&text(&sources.spec)?, &sources.spec)?;
    let pipeline = Pipeline::parse(&text(&sources.pipeline)?, &sources.pipeline)?;
    let layout = Layout::new(&spec)?;
    let size = |bits: u8| u32::from(bits);
    let pseudonym_key = salt()?;
    let shape =
        |plan_shape: &Plan, bits| training_shape(plan_shape, size(bits)).map_err(|error| failed("choosing a shape")(error.to_string()));
    // The shape depends on the rows alone, which any plan of this layout has.
    let mut preparation = verifold_model::preparation::Preparation {
        schema: verifold_model::preparation::PreparationSchema::V1,
        shape: layout.shape,
        columns: Vec::new(),
        grouping: verifold_model::plan::Grouping { attribute: String::new(), names: Vec::new(), not_disclosed: None },
    };
    let any = row_plan(&spec, &layout, &preparation);
    let prepared_shape = shape(&any, pipeline.development.size_log2)?;
    let source = Source {
        path: &sources.development,
        id: &pipeline.development.id,
        share: pipeline.development.training_percent,
        key: pseudonym_key.as_bytes(),
        on_bad_row: sources.on_bad_row,
    };
    let development = Development::read(&spec, &layout, prepared_shape, &source)?;
    preparation = development.preparation;
    let plan = row_plan(&spec, &layout, &preparation);
    stop_if_cancelled(progress)?;

    progress.report(Event::Phase(Phase::Committing));
    let header = |statement: StatementKind, shape| Header {
        statement,
        circuit: CircuitId { family: statement.family(), shape },
        subject: spec.subject.clone(),
        period: pipeline.development.period,
        previous_chain_head: None,
    };
    let [training_rows, test_rows] = development.parts;
    let part = |rows| Ok::<_, ProveError>(RawPart { rows, row_salt: salt()?, outcome_salt: salt()?, profile_salt: salt()? });
    let witness = PreparationWitness::new(
        header(StatementKind::PreparationV1, prepared_shape),
        &plan,
        preparation,
        [salt()?, salt()?],
        [part(training_rows)?, part(test_rows)?],
    )
    .map_err(|error| failed("preparing rows")(error.to_string()))?;
    let (rows, row_salt, outcome_salt) = witness.prepared(0);
    let trained_shape = shape(&plan, pipeline.training.size_log2)?;
    let circuit = CircuitId { family: CircuitFamily::TrainingV1, shape: trained_shape };
    let minibatch = verifold_circuits::CircuitFacts::of(circuit).map_or(1, |facts| facts.rows_per_step);
    let rule = training_spec(&pipeline.training, &plan, &rows, minibatch);
    let model_salt = salt()?;
    let training =
        TrainingWitness::new(header(StatementKind::TrainingV1, trained_shape), plan, rule, rows, &row_salt, &outcome_salt, &model_salt)
            .map_err(|error| failed("training")(error.to_string()))?;
    let developed =
        Developed { preparation: witness, training, model_salt, clipped: development.clipped, dropped: development.dropped, pseudonym_key };
    Ok((spec, pipeline, developed))
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
    let mut prepared = prepare_scored(&sources, Scorer::Trained(developed.training.model().clone()), progress)?;
    prepared.model_salt = developed.model_salt.clone();
    Ok(prepared)
}

/// The same training with another number of epochs, under a salt of its own: another model.
///
/// # Errors
/// [`ProveError::Proof`] if it diverges.
pub fn retrained(developed: &Developed, epochs: u32) -> Result<TrainingWitness, ProveError> {
    let (rows, row_salt, outcome_salt) = developed.preparation.prepared(0);
    let statement = developed.training.statement();
    let spec = TrainingSpec { epochs, ..statement.spec.clone() };
    let plan = developed.training.plan().clone();
    TrainingWitness::new(statement.header.clone(), plan, spec, rows, &row_salt, &outcome_salt, &salt()?)
        .map_err(|error| failed("training")(error.to_string()))
}

/// The test rows measured under the trained model, as a witness.
///
/// # Errors
/// [`ProveError::Proof`] if a row does not fit.
pub fn offline(spec: &Spec, pipeline: &Pipeline, developed: &Developed, plan: &Plan) -> Result<MonitoringWitness, ProveError> {
    let (rows, row_salt, outcome_salt) = developed.preparation.prepared(1);
    let (start, end) = test_span().ok_or_else(|| failed("measuring test rows")("the span of pseudonyms is no span of time".to_owned()))?;
    let header = Header {
        statement: StatementKind::OfflineMetricsV1,
        circuit: CircuitId { family: CircuitFamily::ScoredCohortV1, shape: plan.shape },
        subject: spec.subject.clone(),
        period: pipeline.development.period,
        previous_chain_head: None,
    };
    let batch = BatchRows { role: BatchRole::Test, start, end, rows, row_salt, outcome_salt, table_salt: salt()? };
    MonitoringWitness::new(header, plan.clone(), developed.training.model().clone(), developed.model_salt.clone(), vec![batch])
        .map_err(|error| failed("measuring test rows")(error.to_string()))
}

/// Folds the steps of any stage, compresses, and verifies the proof against the statement's own replay.
///
/// # Errors
/// [`ProveError::Proof`], or [`ProveError::Cancelled`] between two steps.
pub fn fold_stage(
    keys: &Keys,
    initial: PublicState,
    steps: impl Iterator<Item = AnyStep>,
    expected: &Transition,
    progress: &mut dyn Progress,
) -> Result<Vec<u8>, ProveError> {
    progress.report(Event::Phase(Phase::Folding));
    let begun = progress.elapsed();
    let mut prover = Prover::new(keys, initial).map_err(|error| failed("folding")(error.to_string()))?;
    for step in steps {
        stop_if_cancelled(progress)?;
        prover.fold(step).map_err(|error| failed("folding")(error.to_string()))?;
        let elapsed = progress.elapsed().saturating_sub(begun);
        let (done, total) = (prover.folded(), expected.steps);
        progress.report(Event::Folded(Folded { steps: done, steps_total: total, rows: done, rows_total: total, elapsed }));
    }
    stop_if_cancelled(progress)?;
    progress.report(Event::Phase(Phase::Compressing));
    let proof = prover.compress().map_err(|error| failed("compressing")(error.to_string()))?;
    stop_if_cancelled(progress)?;
    progress.report(Event::Phase(Phase::Verifying));
    let reached =
        verify_proof(keys.verifier(), expected.z0, expected.steps, &proof).map_err(|error| failed("verifying")(error.to_string()))?;
    if reached != expected.zn {
        return Err(failed("verifying")("the proof leads to another state than the statement".to_owned()));
    }
    Ok(proof)
}

/// A stage as a package holds it.
pub fn stage(id: &str, title: &str, statement: StageStatement, bytes: Vec<u8>) -> ClaimedStage {
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

/// Keys of a circuit.
///
/// # Errors
/// [`ProveError::Proof`].
pub fn keys(circuit: CircuitId) -> Result<Keys, ProveError> {
    Keys::derive(circuit).map_err(|error| failed("deriving keys")(error.to_string()))
}

/// Proves the preparation of a development.
///
/// # Errors
/// [`ProveError`].
pub fn prove_preparation(developed: &Developed, plan: &Plan, progress: &mut dyn Progress) -> Result<ClaimedStage, ProveError> {
    let statement = developed.preparation.statement();
    let expected = preparation::replay(statement, plan).map_err(|error| failed("replaying the preparation")(error.to_string()))?;
    progress.report(Event::Phase(Phase::DerivingKeys));
    let keys = keys(statement.header.circuit)?;
    let steps = developed.preparation.steps().map(AnyStep::from);
    let proof = fold_stage(&keys, developed.preparation.initial_state(), steps, &expected, progress)?;
    Ok(stage("preparation", "Preparation of development rows", StageStatement::Preparation(Box::new(statement.clone())), proof))
}

/// Proves a training.
///
/// # Errors
/// [`ProveError`].
pub fn prove_training(witness: &TrainingWitness, plan: &Plan, progress: &mut dyn Progress) -> Result<ClaimedStage, ProveError> {
    let statement = witness.statement();
    let expected = training::replay(statement, plan).map_err(|error| failed("replaying the training")(error.to_string()))?;
    progress.report(Event::Phase(Phase::DerivingKeys));
    let keys = keys(statement.header.circuit)?;
    let steps = witness.steps().map(AnyStep::from);
    let proof = fold_stage(&keys, witness.initial_state(), steps, &expected, progress)?;
    Ok(stage("training", "Training", StageStatement::Training(Box::new(statement.clone())), proof))
}

/// Proves offline metrics, with the keys monitoring uses.
///
/// # Errors
/// [`ProveError`].
pub fn prove_offline(witness: &MonitoringWitness, keys: &Keys, progress: &mut dyn Progress) -> Result<ClaimedStage, ProveError> {
    let proof = fold(witness, keys, progress)?;
    Ok(stage("offline-metrics", "Offline metrics", StageStatement::OfflineMetrics(Box::new(witness.statement().clone())), proof))
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
    let test_auc = test_auc(&developed)?;

    let preparation = prove_preparation(&developed, &plan, progress)?;
    let training = prove_training(&developed.training, &plan, progress)?;
    let witness = monitored.witness()?;
    progress.report(Event::Phase(Phase::DerivingKeys));
    let cohort_keys = keys(monitored.header.circuit)?;
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
    let secrets = LifecycleSecrets {
        monitoring: Secrets::new(package_sha256, &monitored.model, &monitored.model_salt, &monitored.batches),
        development: DevelopmentSecrets {
            pseudonym_key: bytes(&developed.pseudonym_key),
            parts: [0, 1]
                .map(|part| {
                    let (_, rows, outcomes) = developed.preparation.prepared(part);
                    [bytes(&rows), bytes(&outcomes)]
                })
                .to_vec(),
        },
    };
    stop_if_cancelled(progress)?;
    outputs.commit([&crate::monitoring::json(&secrets)?, &crate::monitoring::json(&report)?], &package)?;
    Ok(report)
}

/// Area under the curve on the test rows: of the trained integers, and of a float logistic regression fitted to convergence.
fn test_auc(developed: &Developed) -> Result<[f64; 2], ProveError> {
    type Labelled = (Vec<u32>, bool);
    let labelled = |part: usize| -> Vec<Labelled> {
        let (rows, ..) = developed.preparation.prepared(part);
        let known = rows.into_iter().filter_map(|row| match row.kind {
            RowKind::Scored { features, outcome: Outcome::Bad, .. } => Some((features, true)),
            RowKind::Scored { features, outcome: Outcome::Good, .. } => Some((features, false)),
            RowKind::Scored { .. } | RowKind::Void(_) => None,
        });
        known.collect()
    };
    let (training, test) = (labelled(0), labelled(1));
    if test.iter().all(|(_, bad)| *bad) || test.iter().all(|(_, bad)| !*bad) {
        return Err(failed("measuring test rows")("the test rows hold no two outcomes to tell apart".to_owned()));
    }
    let model = developed.training.model();
    let sign = |score: f64| match developed.training.plan().scoring.direction {
        verifold_model::plan::ScoreDirection::HigherIsRiskier => score,
        verifold_model::plan::ScoreDirection::HigherIsSafer => -score,
    };
    let trained = auc(&test, |features| sign(model.score(features) as f64));
    let float = FloatFit::of(&training);
    Ok([trained, auc(&test, |features| float.log_odds(features))])
}
