//! From rows and a rule to a trained model, a statement and the steps that prove it.
//!
//! [`TrainingWitness::new`] checks every row and trains natively, because nova-snark folds an unsatisfied step without
//! a word; [`TrainingWitness::statement`] is what will be claimed, [`TrainingWitness::steps`] what establishes it.

use std::sync::Arc;

use ff::Field;
use verifold_model::{
    cohort::MAX_ROWS,
    plan::Plan,
    statement::Header,
    training::{TrainingSpec, TrainingStatement},
};

use super::{
    descent::{Descent, Diverged},
    native::{ReplayError, checked, data_element, initial_elements, steps_of},
    network::OutOfRange,
    open::OpenTraining,
    rule,
    step::{Context, Step},
};
use crate::{
    families::PublicState,
    field::{F, to_commitment},
    layout::Dimensions,
    model::{AnyModel, AnyModelError},
    native::{ARITY, header_element},
    rows::{RowError, RowRecord},
    salt::Salt,
    streams::{OutcomeStream, RowStream, outcome_commitment, row_commitment},
};

/// Why a training cannot be proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainingWitnessError {
    /// Header, plan and rule contradict each other.
    #[error(transparent)]
    Rule(#[from] ReplayError),
    /// A row does not fit.
    #[error("row {row}: {source}")]
    Row {
        /// Position of the row.
        row: usize,
        /// What is wrong with it.
        source: RowError,
    },
    /// A weight left the range trained weights have.
    #[error("in minibatch {minibatch} the weight of {input} leaves ±32 log-odds; a smaller learning rate may keep it in")]
    Diverged {
        /// Minibatches before.
        minibatch: u64,
        /// Name of the feature, or `the bias`.
        input: String,
    },
    /// A number of a network left its range. Layers and neurons count from 1.
    #[error("in minibatch {minibatch}, layer {layer}, neuron {neuron}: {what} leaves its range; a smaller learning rate may keep it in")]
    OutOfRange {
        /// Minibatches before.
        minibatch: u64,
        /// The layer.
        layer: usize,
        /// The neuron.
        neuron: usize,
        /// What of the neuron.
        what: String,
    },
    /// The trained model has no room in the integers it is committed in.
    #[error("the trained model at 2^{scale_bits} score units per log-odds: {source}")]
    Model {
        /// Scale of plan and rule.
        scale_bits: u8,
        /// Which number has no room.
        source: AnyModelError,
    },
}

/// Everything a training proof is made from. Holds secrets: it stays with the prover.
pub struct TrainingWitness {
    plan: Plan,
    rows: Vec<RowRecord>,
    context: Arc<Context>,
    model: AnyModel,
    initial: [F; ARITY],
    statement: TrainingStatement,
}

impl TrainingWitness {
    /// Checks header, plan, rule and every row, trains, and computes what will be stated.
    ///
    /// # Errors
    /// [`TrainingWitnessError`] for the first contradiction, and if the training diverges.
    pub fn new(
        header: Header,
        plan: Plan,
        spec: TrainingSpec,
        rows: Vec<RowRecord>,
        row_salt: &Salt,
        outcome_salt: &Salt,
        model_salt: &Salt,
    ) -> Result<Self, TrainingWitnessError> {
        let dimensions = checked(header.statement, header.circuit, &spec, &plan)?;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        if count == 0 || count >= MAX_ROWS {
            return Err(ReplayError::Rows { rows: rows.len() as u64 }.into());
        }
        let mut floor = 0;
        for (position, row) in rows.iter().enumerate() {
            row.check(&plan, floor, u64::MAX).map_err(|source| TrainingWitnessError::Row { row: position, source })?;
            floor = row.key + 1;
        }
        let rule = Descent::of(&spec, &plan);
        let weights = trained(&rule, dimensions, spec.epochs, &rows).map_err(|(minibatch, diverged)| match diverged {
            Diverged::Scorecard(rule::Diverged { input }) => {
                let name = plan.features.get(input).map_or_else(|| "the bias".to_owned(), |feature| feature.name.clone());
                TrainingWitnessError::Diverged { minibatch, input: name }
            }
            Diverged::Network(OutOfRange { layer, neuron, what }) => TrainingWitnessError::OutOfRange { minibatch, layer, neuron, what },
        })?;
        let model = rule.rounded(&weights, plan.features.len());
        model.check(&plan).map_err(|source| TrainingWitnessError::Model { scale_bits: spec.scale_bits, source })?;

        let [row_salt, outcome_salt, model_salt] = [row_salt, outcome_salt, model_salt].map(Salt::element);
        let mut row_stream = RowStream::with(dimensions, rule.schema(), row_salt);
        let mut outcome_stream = OutcomeStream::with(dimensions, rule.schema(), outcome_salt);
        for row in &rows {
            row_stream.push(row);
            outcome_stream.push(row);
        }
        let row_element = row_commitment(row_stream.absorbed(), u64::from(count));
        let outcome_element = outcome_commitment(outcome_stream.absorbed(), u64::from(count));
        let model_found = model.element(dimensions, model_salt);
        let header_found = crate::field::truncated(header.digest());
        let initial = initial_elements(header_found, &rule, model_found, data_element(row_element, outcome_element));
        debug_assert_eq!(to_commitment(header_found), header_element(&header));
        let statement = TrainingStatement {
            steps: steps_of(spec.epochs, count, dimensions.rows),
            rows: count,
            row_commitment: to_commitment(row_element),
            outcome_commitment: to_commitment(outcome_element),
            model_commitment: to_commitment(model_found),
            header,
            spec,
        };
        let context = Arc::new(Context { dimensions, rule, row_salt, outcome_salt, model_salt });
        Ok(Self { plan, rows, context, model, initial, statement })
    }

    /// What the proof will state.
    pub fn statement(&self) -> &TrainingStatement {
        &self.statement
    }

    /// The plan whose rows are trained on.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The trained model: the integers behind the statement's model commitment.
    pub fn model(&self) -> &AnyModel {
        &self.model
    }

    /// The state before the first step.
    pub fn initial_state(&self) -> PublicState {
        PublicState::of(&self.initial)
    }

    /// The steps to fold, in order; [`TrainingStatement::steps`] of them.
    pub fn steps(&self) -> TrainingSteps<'_> {
        TrainingSteps::new(Arc::clone(&self.context), self.statement.spec.epochs, self.initial, &self.rows)
    }
}

/// The weights after all epochs, or the minibatch in which one left its range.
pub(crate) fn trained(rule: &Descent, d: Dimensions, epochs: u32, rows: &[RowRecord]) -> Result<Vec<i64>, (u64, Diverged)> {
    let mut weights = rule.initial().to_vec();
    let mut t = 0;
    for _ in 0..epochs {
        for minibatch in rows.chunks(d.rows) {
            weights = rule.minibatch(&weights, t, minibatch).map_err(|diverged| (t, diverged))?;
            t += 1;
        }
    }
    Ok(weights)
}

/// The steps of a proof, one minibatch after the other.
pub struct TrainingSteps<'a> {
    context: Arc<Context>,
    epochs: u32,
    rows: &'a [RowRecord],
    /// Rows of this epoch that earlier steps went through.
    done: usize,
    epoch: u32,
    t: u64,
    open: OpenTraining,
    streams: Option<(RowStream, OutcomeStream)>,
    state: [F; ARITY],
}

impl<'a> TrainingSteps<'a> {
    pub(crate) fn new(context: Arc<Context>, epochs: u32, state: [F; ARITY], rows: &'a [RowRecord]) -> Self {
        let open = OpenTraining::begun(&context.rule);
        Self { context, epochs, rows, done: 0, epoch: 0, t: 0, open, streams: None, state }
    }
}

impl Iterator for TrainingSteps<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.epoch == self.epochs {
            return None;
        }
        let Context { dimensions, rule, row_salt, outcome_salt, .. } = &*self.context;
        let before = self.open.clone();
        let rows = &self.rows[self.done..self.rows.len().min(self.done + dimensions.rows)];
        let (mut row_stream, mut outcome_stream) = self.streams.take().unwrap_or_else(|| {
            (RowStream::with(*dimensions, rule.schema(), *row_salt), OutcomeStream::with(*dimensions, rule.schema(), *outcome_salt))
        });
        for row in rows {
            row_stream.push(row);
            outcome_stream.push(row);
        }
        let step = Step {
            context: Arc::clone(&self.context),
            fresh: self.t == 0,
            first: self.done == 0,
            last: self.done + rows.len() == self.rows.len(),
            finish: self.done + rows.len() == self.rows.len() && self.epoch + 1 == self.epochs,
            open: before,
            rows: rows.to_vec(),
            after: self.state,
            #[cfg(test)]
            overrides: None,
        };

        // Every weight was found to stay in its range when the witness was made.
        self.open.weights = rule.minibatch(&self.open.weights, self.t, rows).ok()?;
        self.t += 1;
        if step.last {
            self.epoch += 1;
            self.done = 0;
            self.open = OpenTraining { weights: std::mem::take(&mut self.open.weights), ..OpenTraining::begun(rule) };
        } else {
            self.done += rows.len();
            self.open.rows += rows.len() as u64;
            self.open.next_key = rows.last().map_or(0, |row| row.key + 1);
            self.open.row_accumulator = row_stream.absorbed();
            self.open.outcome_accumulator = outcome_stream.absorbed();
            self.streams = Some((row_stream, outcome_stream));
        }
        self.state[4] = F::from(u64::from(self.epoch));
        self.state[5] = F::from(self.t);
        self.state[6] = if step.finish { F::ZERO } else { rule.state(&self.open) };
        Some(Step { after: self.state, ..step })
    }
}
