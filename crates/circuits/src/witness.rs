//! From batches of rows to a statement and the steps that prove it.
//!
//! [`MonitoringWitness::new`] checks every row natively, because nova-snark folds an unsatisfied step
//! without a word; [`MonitoringWitness::statement`] is what will be claimed, [`MonitoringWitness::steps`]
//! what establishes it.

use std::{ops::Range, sync::Arc};

use ff::Field;
use verifold_model::{
    cohort::{BatchRole, BatchStatement, BatchTable, MAX_ROWS},
    digest::Commitment,
    instant::Instant,
    plan::{Plan, PlanError},
    shape::Shape,
    statement::{Header, MonitoringStatement},
};

use crate::{
    families::Transition,
    field::F,
    layout::Dimensions,
    model::{AnyModel, AnyModelError},
    native::{
        PlanOpening, ReplayError, State, chain_link, count, count_row, header_element, initial_state, model_commitment, plan_commitment,
        replay_from, steps_of, table_commitment, table_words,
    },
    open::OpenBatch,
    rows::{RowError, RowRecord},
    salt::Salt,
    step::{Context, Step},
    streams::{OutcomeStream, RowStream},
};

/// The rows of one batch with the salts of its commitments.
#[derive(Clone)]
pub struct BatchRows {
    /// Reference or monitoring.
    pub role: BatchRole,
    /// First time of the batch.
    pub start: Instant,
    /// First time after the batch.
    pub end: Instant,
    /// Rows in the order of their keys.
    pub rows: Vec<RowRecord>,
    /// Salt of the row stream.
    pub row_salt: Salt,
    /// Salt of the outcome stream.
    pub outcome_salt: Salt,
    /// Salt of the table commitment; disclosed with the table.
    pub table_salt: Salt,
}

impl std::fmt::Debug for BatchRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Rows are what the proof hides; they do not get into logs.
        write!(f, "BatchRows({:?} {} – {}, {} rows)", self.role, self.start, self.end, self.rows.len())
    }
}

/// Why batches cannot be proven under a plan and model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// The plan is not one a circuit can be run with.
    #[error("plan: {0}")]
    Plan(PlanError),
    /// The header names another shape than the plan.
    #[error("the header's circuit has shape {header}, the plan {plan}")]
    Shape {
        /// Shape of the header's circuit.
        header: Shape,
        /// Shape of the plan.
        plan: Shape,
    },
    /// Not one chunk of rows fits into a step of this shape.
    #[error("shape {0} leaves no room for rows")]
    NoRoom(Shape),
    /// The model does not fit the plan.
    #[error("model: {0}")]
    Model(#[from] AnyModelError),
    /// There is no batch.
    #[error("no batches to prove")]
    NoBatches,
    /// A reference batch stands behind the first position.
    #[error("batch {batch} has role reference; only the first may")]
    Role {
        /// Position of the batch.
        batch: usize,
    },
    /// A batch ends before it starts, or starts before the one before it ends.
    #[error("batch {batch} runs from {start} to {end}, but must not be empty nor start before {floor}")]
    Span {
        /// Position of the batch.
        batch: usize,
        /// Its start.
        start: Instant,
        /// Its end.
        end: Instant,
        /// End of the batch before, or its own start for the first.
        floor: Instant,
    },
    /// A batch has 2^24 rows or more.
    #[error("batch {batch} has {rows} rows, more than counters of 24 bits hold")]
    TooManyRows {
        /// Position of the batch.
        batch: usize,
        /// Its rows.
        rows: usize,
    },
    /// A row does not fit.
    #[error("batch {batch}, row {row}: {source}")]
    Row {
        /// Position of the batch.
        batch: usize,
        /// Position of the row in it.
        row: usize,
        /// What is wrong with it.
        source: RowError,
    },
}

/// Everything a monitoring proof is made from. Holds secrets: it stays with the prover.
pub struct MonitoringWitness {
    plan: Plan,
    model: AnyModel,
    model_salt: Salt,
    batches: Vec<BatchRows>,
    dimensions: Dimensions,
    statement: MonitoringStatement,
}

impl MonitoringWitness {
    /// Checks plan, model, batches and every row, and computes what will be stated.
    ///
    /// # Errors
    /// [`WitnessError`] for the first contradiction.
    pub fn new(
        header: Header,
        plan: Plan,
        model: impl Into<AnyModel>,
        model_salt: Salt,
        batches: Vec<BatchRows>,
    ) -> Result<Self, WitnessError> {
        Self::following(0, header, plan, model, model_salt, batches)
    }

    /// As [`Self::new`], for batches that follow those which earlier proofs of the period closed: `first` of them.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn following(
        first: u32,
        header: Header,
        plan: Plan,
        model: impl Into<AnyModel>,
        model_salt: Salt,
        batches: Vec<BatchRows>,
    ) -> Result<Self, WitnessError> {
        let model = model.into();
        plan.check().map_err(WitnessError::Plan)?;
        let shape = plan.shape;
        if header.circuit.shape != shape {
            return Err(WitnessError::Shape { header: header.circuit.shape, plan: shape });
        }
        let dimensions = Dimensions::of(shape).ok_or(WitnessError::NoRoom(shape))?;
        model.check(&plan)?;
        check_batches(&plan, &batches)?;
        let statement = state(first, header, &plan, &model, &model_salt, &batches, dimensions);
        Ok(Self { plan, model, model_salt, batches, dimensions, statement })
    }

    /// What the proof will state.
    pub fn statement(&self) -> &MonitoringStatement {
        &self.statement
    }

    /// The plan the batches are measured with.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The state before the first step.
    pub fn initial_state(&self) -> State {
        let MonitoringStatement { header, plan_commitment, model_commitment, .. } = &self.statement;
        initial_state(header_element(header), *plan_commitment, *model_commitment, u64::from(self.statement.first_index()))
    }

    /// The steps to fold, in order; [`MonitoringStatement::steps`] of them.
    pub fn steps(&self) -> Steps<'_> {
        self.steps_from(self.initial_state(), &self.batches)
    }

    /// The batches at these positions as a segment, which can be proven without the others: states and steps.
    ///
    /// `None` for no batches, or some that there are not.
    ///
    /// # Errors
    /// [`ReplayError`] if the statement made here does not replay, which would be a fault of this program.
    pub fn segment(&self, batches: Range<usize>) -> Result<Option<(Transition, Steps<'_>)>, ReplayError> {
        let replay = replay_from(self.statement.first_index(), &self.statement, &self.plan)?;
        Ok((|| {
            let transition = replay.segment(&self.statement, batches.clone())?;
            let initial = replay.after(&self.statement, batches.start)?;
            Some((transition, self.steps_from(initial, self.batches.get(batches)?)))
        })())
    }

    fn steps_from<'a>(&'a self, initial: State, batches: &'a [BatchRows]) -> Steps<'a> {
        let empty = BatchTable::empty(&self.plan);
        Steps::new(self.dimensions, PlanOpening::of(&self.plan), &self.model, self.model_salt.element(), empty, initial, batches)
    }
}

fn check_batches(plan: &Plan, batches: &[BatchRows]) -> Result<(), WitnessError> {
    if batches.is_empty() {
        return Err(WitnessError::NoBatches);
    }
    let mut floor = None;
    for (index, batch) in batches.iter().enumerate() {
        if batch.role == BatchRole::Reference && index > 0 {
            return Err(WitnessError::Role { batch: index });
        }
        let earliest = floor.unwrap_or(batch.start);
        if batch.start >= batch.end || batch.start < earliest {
            return Err(WitnessError::Span { batch: index, start: batch.start, end: batch.end, floor: earliest });
        }
        floor = Some(batch.end);
        if batch.rows.len() >= MAX_ROWS as usize {
            return Err(WitnessError::TooManyRows { batch: index, rows: batch.rows.len() });
        }
        let mut next_key = batch.start.first_key();
        for (position, row) in batch.rows.iter().enumerate() {
            row.check(plan, next_key, batch.end.first_key()).map_err(|source| WitnessError::Row { batch: index, row: position, source })?;
            next_key = row.key + 1;
        }
    }
    Ok(())
}

fn state(
    first: u32,
    header: Header,
    plan: &Plan,
    model: &AnyModel,
    model_salt: &Salt,
    batches: &[BatchRows],
    dimensions: Dimensions,
) -> MonitoringStatement {
    use rayon::prelude::*;

    let schema = plan.row_schema_digest();
    let stated: Vec<(BatchStatement, Commitment)> = batches
        .par_iter()
        .enumerate()
        .map(|(position, batch)| {
            let mut rows = RowStream::new(plan.shape, schema, &batch.row_salt);
            let mut outcomes = OutcomeStream::new(plan.shape, schema, &batch.outcome_salt);
            for row in &batch.rows {
                rows.push(row);
                outcomes.push(row);
            }
            let table = count(plan, model, &batch.rows);
            let table_salt = batch.table_salt.disclosed();
            let commitment = table_commitment(&table, table_salt).unwrap_or(crate::native::NOTHING_OPEN);
            let statement = BatchStatement {
                index: first.saturating_add(position as u32),
                role: batch.role,
                start: batch.start,
                end: batch.end,
                rows: batch.rows.len() as u32,
                row_commitment: rows.commitment(),
                outcome_commitment: outcomes.commitment(),
                table,
                table_salt,
            };
            (statement, commitment)
        })
        .collect();
    let mut chain = header_element(&header);
    let mut steps = 0;
    for (batch, table_commitment) in &stated {
        chain = link(chain, batch, *table_commitment);
        steps += steps_of(batch.rows, dimensions.rows);
    }
    MonitoringStatement {
        plan_commitment: plan_commitment(plan),
        model_commitment: model_commitment(plan.shape, model, model_salt),
        steps,
        chain_head: chain,
        batches: stated.into_iter().map(|(batch, _)| batch).collect(),
        header,
    }
}

/// The chain after a batch whose commitments were computed here, and so are canonical.
fn link(chain: Commitment, batch: &BatchStatement, table_commitment: Commitment) -> Commitment {
    chain_link(chain, batch, table_commitment).unwrap_or(crate::native::NOTHING_OPEN)
}

/// The steps of a proof, one batch after the other.
pub struct Steps<'a> {
    context: Arc<Context>,
    empty: BatchTable,
    batches: &'a [BatchRows],
    /// Position of the batch in hand.
    batch: usize,
    /// Rows of it that earlier steps counted.
    done: usize,
    open: Option<Running>,
    state: [F; crate::native::ARITY],
}

/// A batch in the middle of its steps.
struct Running {
    table: BatchTable,
    rows: RowStream,
    outcomes: OutcomeStream,
    state: OpenBatch,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(
        dimensions: Dimensions,
        plan: PlanOpening,
        model: &AnyModel,
        model_salt: F,
        empty: BatchTable,
        initial: State,
        batches: &'a [BatchRows],
    ) -> Self {
        let context = Arc::new(Context::new(dimensions, plan, model.clone(), model_salt));
        let state = initial.elements().unwrap_or([F::ZERO; crate::native::ARITY]);
        Self { context, empty, batches, batch: 0, done: 0, open: None, state }
    }
}

impl Iterator for Steps<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let batch = self.batches.get(self.batch)?;
        let Context { dimensions, plan, model, .. } = &*self.context;
        let mut running = self.open.take().unwrap_or_else(|| {
            let rows = RowStream::with(*dimensions, plan.schema, batch.row_salt.element());
            let outcomes = OutcomeStream::with(*dimensions, plan.schema, batch.outcome_salt.element());
            let state = OpenBatch::begun(batch.role, batch.start.first_key(), batch.end.first_key(), &self.empty, &rows, &outcomes);
            Running { table: self.empty.clone(), rows, outcomes, state }
        });
        let before = running.state.clone();
        let first = self.done == 0;
        let rows = &batch.rows[self.done..batch.rows.len().min(self.done + dimensions.rows)];
        for row in rows {
            running.rows.push(row);
            running.outcomes.push(row);
            count_row(&mut running.table, &plan.edges, dimensions.inner_edges(), model, row);
            running.state.next_key = row.key + 1;
        }
        running.state.rows += rows.len() as u64;
        running.state.words = table_words(&running.table);
        running.state.row_accumulator = running.rows.absorbed();
        running.state.outcome_accumulator = running.outcomes.absorbed();
        self.done += rows.len();
        let last = self.done == batch.rows.len();

        let table_salt = if last { batch.table_salt.element() } else { F::ZERO };
        if last {
            let [_, _, _, chain, index, floor, open] = &mut self.state;
            let table = crate::native::table_element(table_salt, &running.state.words);
            *chain = crate::native::link_element(*chain, *index, &running.state, table);
            *index += F::ONE;
            *floor = F::from(running.state.end);
            *open = F::ZERO;
            self.batch += 1;
            self.done = 0;
        } else {
            self.state[6] = running.state.element();
            self.open = Some(running);
        }
        Some(Step {
            context: Arc::clone(&self.context),
            first,
            last,
            open: before,
            rows: rows.to_vec(),
            row_salt: batch.row_salt.element(),
            outcome_salt: batch.outcome_salt.element(),
            table_salt,
            after: self.state,
            #[cfg(test)]
            overrides: None,
        })
    }
}
