//! Development rows prepared, and a model trained on them or imported: natively, before anything is proven.

use std::path::{Path, PathBuf};

use verifold_circuits::{
    AnyModel, BatchRows, MonitoringWitness, RowKind, RowRecord, Salt,
    preparation::{PreparationWitness, RawPart},
    training::{TrainingWitness, training_shape},
};
use verifold_model::{
    cohort::{BatchRole, Outcome},
    plan::{Histogram, ModelKind, Plan, PlanSchema, ScoreDirection, Scoring},
    preparation::spans,
    shape::{CircuitFamily, CircuitId},
    statement::{Header, StatementKind},
    training::{TrainingSpec, TrainingSpecSchema},
};

use super::{
    LifecycleSources,
    network::{self, Trained},
    pipeline::{Pipeline, TrainingChoices, offset_of, refused},
};
use crate::{
    development::{Development, Source},
    error::ProveError,
    fold::{failed, stop_if_cancelled},
    layout::Layout,
    monitoring::Prepared,
    progress::{Event, Phase, Progress},
    ranking::{FloatFit, auc},
    room,
    salts::Salts,
    spec::Spec,
    table,
};

/// The development side of a life cycle, checked natively. Holds secrets.
pub struct Developed {
    /// Raw rows and what they become.
    pub preparation: PreparationWitness,
    /// Where the model comes from.
    pub origin: Origin,
    /// Salt of the model commitment.
    pub model_salt: Salt,
    /// Raw values that stand at an end of the raw range.
    pub clipped: u64,
    /// Rows that cannot be read, left out before commitment.
    pub dropped: u64,
    /// Key of the pseudonyms.
    pub pseudonym_key: Salt,
}

/// Where the model of a life cycle comes from.
pub enum Origin {
    /// From a training on the prepared training rows.
    Trained(Box<TrainingWitness>),
    /// From an ONNX file: no proof says how it came about.
    Imported(PathBuf),
}

impl Developed {
    /// The training, unless the model is imported.
    pub fn training(&self) -> Option<&TrainingWitness> {
        match &self.origin {
            Origin::Trained(training) => Some(training),
            Origin::Imported(_) => None,
        }
    }
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
            kind: if layout.shape.hidden().is_empty() { ModelKind::LogisticRegression } else { ModelKind::MultilayerPerceptron },
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

/// The rule that the training rows suggest, and its choices ask for.
fn training_spec(choices: &TrainingChoices, plan: &Plan, rows: &[RowRecord], minibatch: usize) -> Result<TrainingSpec, ProveError> {
    let scored: Vec<&[u32]> =
        rows.iter().filter_map(|row| if let RowKind::Scored { features, .. } = &row.kind { Some(&features[..]) } else { None }).collect();
    match choices.seed {
        None => Ok(scorecard_spec(choices, plan, &scored, minibatch)),
        Some(seed) => network::chosen(choices, plan, &Trained { rows: &scored, minibatch, hidden: &choices.hidden, seed })
            .map_err(|problem| ProveError::Network { problem }),
    }
}

/// Centres and rates by feature, for a scorecard.
#[expect(clippy::cast_possible_truncation, reason = "rates and centres are far inside their integers, and checked by the specification")]
fn scorecard_spec(choices: &TrainingChoices, plan: &Plan, scored: &[&[u32]], minibatch: usize) -> TrainingSpec {
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
        network: None,
        centres,
    }
}

/// Reads, prepares and, unless the model is imported, trains: everything before monitoring but the proofs.
///
/// # Errors
/// [`ProveError`].
pub fn develop(sources: &LifecycleSources, salts: &Salts, progress: &mut dyn Progress) -> Result<(Spec, Pipeline, Developed), ProveError> {
    progress.report(Event::Phase(Phase::Reading));
    let text = |path: &Path| {
        String::from_utf8(table::bytes(path)?)
            .map_err(|_| ProveError::Table { path: path.to_owned(), problem: "the specification is not UTF-8".to_owned() })
    };
    let (spec_text, pipeline_text) = (text(&sources.rows.spec)?, text(&sources.pipeline)?);
    let spec = Spec::parse(&spec_text, &sources.rows.spec)?;
    let pipeline = Pipeline::parse(&pipeline_text, &sources.pipeline)?;
    let in_spec = |table: &str, key: &str, problem| refused(&spec_text, &sources.rows.spec, offset_of(&spec_text, table, key), problem);
    let in_pipeline =
        |table: &str, problem| refused(&pipeline_text, &sources.pipeline, offset_of(&pipeline_text, table, "size_log2"), problem);
    let layout = Layout::new(&spec)?;
    room::preparable(layout.shape, layout.features.len()).map_err(|problem| in_spec("[[feature]]", "", problem))?;
    let pseudonym_key = salts.of("pseudonyms");
    // The shape depends on the rows alone, which any plan of this layout has.
    let mut preparation = verifold_model::preparation::Preparation {
        schema: verifold_model::preparation::PreparationSchema::V1,
        shape: layout.shape,
        columns: Vec::new(),
        grouping: verifold_model::plan::Grouping { attribute: String::new(), names: Vec::new(), not_disclosed: None },
    };
    // The circuit of a stage and the rows of its step; asked for before tables are read.
    let circuit = |family, layout: &Layout, table: &str, size_log2: u8| {
        let rows = || {
            let shape = training_shape(&row_plan(&spec, layout, &preparation), u32::from(size_log2));
            let shape = shape.map_err(|_| "`size_log2`: 15 to 18".to_owned())?;
            Ok((CircuitId { family, shape }, room::rows_of_step(family, shape)?))
        };
        rows().map_err(|problem: String| in_pipeline(table, problem))
    };
    let (prepared, _) = circuit(CircuitFamily::PreparationV1, &layout, "[development]", pipeline.development.size_log2)?;
    let trained = pipeline.training.as_ref().map(|choices| -> Result<_, ProveError> {
        let layout = layout.clone().with_hidden(&choices.hidden.iter().map(|neurons| usize::from(*neurons)).collect::<Vec<_>>())?;
        let family = CircuitFamily::of_cohorts(layout.shape);
        room::rows_of_step(family, layout.shape).map_err(|problem| in_spec("[shape]", "size_log2", problem))?;
        let (circuit, minibatch) = circuit(CircuitFamily::of_trainings(layout.shape), &layout, "[training]", choices.size_log2)?;
        Ok((choices, layout, circuit, minibatch))
    });
    let trained = trained.transpose()?;
    let source = Source {
        path: &sources.development,
        id: &pipeline.development.id,
        share: pipeline.development.training_percent,
        key: pseudonym_key.as_bytes(),
        on_bad_row: sources.on_bad_row,
    };
    let development = Development::read(&spec, &layout, prepared.shape, &source)?;
    preparation = development.preparation;
    let plan = row_plan(&spec, &layout, &preparation);
    stop_if_cancelled(progress)?;

    progress.report(Event::Phase(Phase::Committing));
    let header = |statement: StatementKind, circuit| Header {
        statement,
        circuit,
        subject: spec.subject.clone(),
        period: pipeline.development.period,
        previous_chain_head: None,
    };
    let [training_rows, test_rows] = development.parts;
    let part = |name: &str, rows| {
        let salt = |of: &str| salts.of(&format!("{of} of {name} rows"));
        RawPart { rows, row_salt: salt("features"), outcome_salt: salt("outcomes"), profile_salt: salt("profile") }
    };
    let witness = PreparationWitness::new(
        header(StatementKind::PreparationV1, prepared),
        &plan,
        preparation,
        [salts.of("raw rows"), salts.of("raw outcomes")],
        [part("training", training_rows), part("test", test_rows)],
    )
    .map_err(|error| failed("preparing rows")(error.to_string()))?;
    let model_salt = salts.of("model");
    let origin = match (trained, &pipeline.model) {
        (Some((choices, layout, circuit, minibatch)), _) => {
            let (rows, row_salt, outcome_salt) = witness.prepared(0);
            let plan = row_plan(&spec, &layout, &witness.statement().preparation);
            let rule = training_spec(choices, &plan, &rows, minibatch)?;
            let header = header(StatementKind::TrainingV1, circuit);
            let training = TrainingWitness::new(header, plan, rule, rows, &row_salt, &outcome_salt, &model_salt)
                .map_err(|error| failed("training")(error.to_string()))?;
            Origin::Trained(Box::new(training))
        }
        (None, Some(model)) => Origin::Imported(model.path.clone()),
        (None, None) => return Err(failed("choosing a model")("the pipeline names neither a training nor a model".to_owned())),
    };
    let Development { clipped, dropped, .. } = development;
    let developed = Developed { preparation: witness, origin, model_salt, clipped, dropped, pseudonym_key };
    Ok((spec, pipeline, developed))
}

/// The same training with another number of epochs, under a salt of its own: another model.
///
/// # Errors
/// [`ProveError::Proof`] if it diverges, or if the model is imported.
pub fn retrained(developed: &Developed, epochs: u32, salts: &Salts) -> Result<TrainingWitness, ProveError> {
    let training = developed.training().ok_or_else(|| failed("training")("the model is imported".to_owned()))?;
    let (rows, row_salt, outcome_salt) = developed.preparation.prepared(0);
    let statement = training.statement();
    let spec = TrainingSpec { epochs, ..statement.spec.clone() };
    let plan = training.plan().clone();
    TrainingWitness::new(statement.header.clone(), plan, spec, rows, &row_salt, &outcome_salt, &salts.of("retrained model"))
        .map_err(|error| failed("training")(error.to_string()))
}

/// The training rows and the test rows counted under the model of the monitored period, as a witness.
///
/// # Errors
/// [`ProveError::Proof`] if a row does not fit, or no instant parts the keys of the two.
pub fn offline(
    spec: &Spec,
    pipeline: &Pipeline,
    developed: &Developed,
    monitored: &Prepared,
    salts: &Salts,
) -> Result<MonitoringWitness, ProveError> {
    let Prepared { plan, model, model_salt, .. } = monitored;
    let [training, test] = [0, 1].map(|part| developed.preparation.prepared(part));
    let (last, first) = (training.0.last().map_or(0, |row| row.key), test.0.first().map_or(u64::MAX, |row| row.key));
    let [of_training, of_test] = spans(last, first).ok_or_else(|| {
        failed("measuring test rows")(
            "the pseudonyms of the last training row and the first test row are too close; use another secret".to_owned(),
        )
    })?;
    let header = Header {
        statement: StatementKind::OfflineMetricsV2,
        circuit: CircuitId { family: CircuitFamily::of_cohorts(plan.shape), shape: plan.shape },
        subject: spec.subject.clone(),
        period: pipeline.development.period,
        previous_chain_head: None,
    };
    let batch = |role, name: &str, (start, end), (rows, row_salt, outcome_salt)| {
        let table_salt = salts.of(&format!("table of {name} rows"));
        BatchRows { role, start, end, rows, row_salt, outcome_salt, table_salt }
    };
    let batches = vec![batch(BatchRole::Reference, "training", of_training, training), batch(BatchRole::Test, "test", of_test, test)];
    MonitoringWitness::new(header, plan.clone(), model.clone(), model_salt.clone(), batches)
        .map_err(|error| failed("measuring test rows")(error.to_string()))
}

/// Area under the curve on the test rows: of the model's integers, and of a float logistic regression fitted to convergence.
pub(super) fn test_auc(developed: &Developed, model: &AnyModel, direction: ScoreDirection) -> Result<[f64; 2], ProveError> {
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
    let sign = |score: f64| match direction {
        ScoreDirection::HigherIsRiskier => score,
        ScoreDirection::HigherIsSafer => -score,
    };
    let integers = auc(&test, |features| sign(model.score(features) as f64));
    let float = FloatFit::of(&training);
    Ok([integers, auc(&test, |features| float.log_odds(features))])
}
