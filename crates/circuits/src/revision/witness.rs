//! From batches of rows with two outcomes each to an outcome-revision statement and the steps that prove it.

use ff::Field;
use verifold_model::{
    cohort::{MAX_ROWS, Outcome},
    plan::Plan,
    revision::{RevisedBatch, RevisionCounts, RevisionStatement},
    statement::Header,
};

use super::{
    replay::{RevisionReplayError, chain_of, counts_element, initial_elements, link, replay, revision_shape},
    size,
    step::{RevisionStep, STREAMS},
};
use crate::{
    field::{F, to_element, truncated},
    layout::Dimensions,
    native::{ARITY, header_element, steps_of},
    salt::Salt,
    streams::{OutcomeStream, outcome_commitment},
};

/// One row under both streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevisedRow {
    /// Key of the row, as both streams have it.
    pub key: u64,
    /// Outcome in the earlier stream; unknown for a void row.
    pub earlier: Outcome,
    /// Outcome in the later stream; unknown for a void row.
    pub later: Outcome,
}

/// The rows of one batch, with the salts of both streams.
#[derive(Clone)]
pub struct RevisedRows {
    /// Position of the batch in the monitoring statement.
    pub index: u32,
    /// Rows in the order of the streams.
    pub rows: Vec<RevisedRow>,
    /// Salt of the earlier stream, the one the monitoring proof used.
    pub earlier_salt: Salt,
    /// Salt of the later stream, the one the matured cohort used.
    pub later_salt: Salt,
}

impl std::fmt::Debug for RevisedRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RevisedRows(batch {}, {} rows)", self.index, self.rows.len())
    }
}

/// Why no outcome-revision proof can be made of batches.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevisionWitnessError {
    /// A batch has 2^24 rows or more.
    #[error("batch {batch} has {rows} rows, more than counters of 24 bits hold")]
    TooManyRows {
        /// Index of the batch.
        batch: u32,
        /// Its rows.
        rows: usize,
    },
    /// What would be stated contradicts itself or the plan.
    #[error(transparent)]
    Statement(#[from] RevisionReplayError),
}

/// Everything an outcome-revision proof is made from. Holds secrets: it stays with the prover.
pub struct RevisionWitness {
    plan: Plan,
    batches: Vec<RevisedRows>,
    dimensions: Dimensions,
    statement: RevisionStatement,
}

impl RevisionWitness {
    /// Counts the rows and computes what will be stated.
    ///
    /// Keys are taken as they are: that they increase and lie inside a batch is the cohort proofs' to show.
    ///
    /// # Errors
    /// [`RevisionWitnessError`] for the first contradiction.
    pub fn new(header: Header, plan: Plan, batches: Vec<RevisedRows>) -> Result<Self, RevisionWitnessError> {
        plan.check().map_err(RevisionReplayError::Plan)?;
        let circuit = header.circuit.shape;
        let wanted = revision_shape(&plan, circuit.size_log2())?;
        if circuit != wanted {
            return Err(RevisionReplayError::Shape { circuit, wanted }.into());
        }
        let dimensions = size::dimensions(circuit).ok_or(RevisionReplayError::NoRoom(circuit))?;
        if let Some(batch) = batches.iter().find(|batch| batch.rows.len() >= MAX_ROWS as usize) {
            return Err(RevisionWitnessError::TooManyRows { batch: batch.index, rows: batch.rows.len() });
        }
        let schema = truncated(plan.row_schema_digest());
        let stated = |batch: &RevisedRows| {
            let mut streams = begun(dimensions, schema, batch);
            let mut counts = RevisionCounts::default();
            for row in &batch.rows {
                push(&mut streams, &mut counts, row);
            }
            let [earlier, later] = streams.map(|stream| stream.commitment());
            RevisedBatch { index: batch.index, rows: batch.rows.len() as u32, earlier, later, counts }
        };
        let stated: Vec<RevisedBatch> = batches.iter().map(stated).collect();
        let statement = RevisionStatement {
            steps: stated.iter().map(|batch| steps_of(batch.rows, dimensions.rows)).sum(),
            chain_head: chain_of(header_element(&header), &stated)?,
            batches: stated,
            header,
        };
        replay(&statement, &plan)?;
        Ok(Self { plan, batches, dimensions, statement })
    }

    /// What the proof will state.
    pub fn statement(&self) -> &RevisionStatement {
        &self.statement
    }

    /// The plan beside whose rows the outcomes stand.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The steps to fold, in order; [`RevisionStatement::steps`] of them.
    pub fn steps(&self) -> RevisionSteps<'_> {
        let header = to_element(header_element(&self.statement.header)).unwrap_or(F::ZERO);
        RevisionSteps::new(self.dimensions, truncated(self.plan.row_schema_digest()), header, &self.batches)
    }
}

/// Both streams of a batch before its first row.
fn begun(d: Dimensions, schema: F, batch: &RevisedRows) -> [OutcomeStream; STREAMS] {
    [&batch.earlier_salt, &batch.later_salt].map(|salt| OutcomeStream::with(d, schema, salt.element()))
}

fn push(streams: &mut [OutcomeStream; STREAMS], counts: &mut RevisionCounts, row: &RevisedRow) {
    for (stream, outcome) in streams.iter_mut().zip([row.earlier, row.later]) {
        stream.push_outcome(row.key, outcome);
    }
    counts.add(row.earlier, row.later);
}

/// A batch in the middle of its rows.
struct Open {
    streams: [OutcomeStream; STREAMS],
    counts: RevisionCounts,
}

/// The steps of a proof, one batch after the other.
pub struct RevisionSteps<'a> {
    dimensions: Dimensions,
    schema: F,
    batches: &'a [RevisedRows],
    /// Position of the batch in hand.
    batch: usize,
    /// Rows of it that earlier steps took.
    done: usize,
    open: Option<Open>,
    state: [F; ARITY],
}

impl<'a> RevisionSteps<'a> {
    pub(crate) fn new(dimensions: Dimensions, schema: F, header: F, batches: &'a [RevisedRows]) -> Self {
        Self { dimensions, schema, batches, batch: 0, done: 0, open: None, state: initial_elements(header) }
    }
}

impl Iterator for RevisionSteps<'_> {
    type Item = RevisionStep;

    fn next(&mut self) -> Option<RevisionStep> {
        let batch = self.batches.get(self.batch)?;
        let d = self.dimensions;
        let fresh = begun(d, self.schema, batch);
        let starts = [0, 1].map(|i: usize| fresh[i].absorbed());
        let Open { mut streams, mut counts } =
            self.open.take().unwrap_or_else(|| Open { streams: fresh, counts: RevisionCounts::default() });
        let rows = batch.rows[self.done..batch.rows.len().min(self.done + d.rows)].to_vec();
        rows.iter().for_each(|row| push(&mut streams, &mut counts, row));
        self.done += rows.len();
        let last = self.done == batch.rows.len();

        let counted = self.done as u64;
        let [_, chain, open @ ..] = &mut self.state;
        let absorbed = [0, 1].map(|i: usize| streams[i].absorbed());
        if last {
            let [earlier, later] = absorbed.map(|accumulator| outcome_commitment(accumulator, counted));
            *chain = link(*chain, earlier, later, &counts);
            *open = [F::ZERO; 5];
            self.batch += 1;
            self.done = 0;
        } else {
            *open = [absorbed[0], absorbed[1], F::from(counted), counts_element(&counts), F::ONE];
            self.open = Some(Open { streams, counts });
        }
        Some(RevisionStep {
            dimensions: d,
            last,
            starts,
            rows,
            after: self.state,
            #[cfg(test)]
            overrides: None,
        })
    }
}
