//! From batches of rows to a receipts statement and the steps that prove it.

use std::sync::Arc;

use ff::Field;
use verifold_model::{
    cohort::MAX_ROWS,
    digest::{Commitment, Digest},
    plan::Plan,
    receipts::{ReceiptsBatch, ReceiptsStatement},
    statement::Header,
};

use super::{
    replay::{chain_of, initial_elements},
    size,
    slot::LeafRow,
    step::ReceiptsStep,
    tree::{ReceiptTree, leaf, leaf_score, step_root},
};
use crate::{
    field::{F, to_commitment},
    layout::Dimensions,
    model::AnyModel,
    native::{ARITY, PlanOpening, header_element, plan_commitment, steps_of},
    poseidon::hash4,
    rows::RowRecord,
    salt::Salt,
    step::Context,
    streams::{RowStream, row_commitment},
    tags,
    witness::WitnessError,
};

/// The rows of one batch, as the monitoring proof committed to them.
#[derive(Clone)]
pub struct ReceiptRows {
    /// Position of the batch in the monitoring statement.
    pub index: u32,
    /// Rows in the order of their keys.
    pub rows: Vec<RowRecord>,
    /// Salt of the row stream, the one the monitoring proof used.
    pub row_salt: Salt,
}

impl std::fmt::Debug for ReceiptRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReceiptRows(batch {}, {} rows)", self.index, self.rows.len())
    }
}

/// The salt of one leaf, from the prover's seed: nobody without the seed can guess it, and the seed alone has to be kept.
pub fn leaf_salt(seed: &Salt, batch: u32, position: u32) -> Salt {
    let mut bytes = tags::RECEIPT_SALT.as_bytes().to_vec();
    bytes.extend_from_slice(seed.as_bytes());
    bytes.extend_from_slice(&batch.to_be_bytes());
    bytes.extend_from_slice(&position.to_be_bytes());
    Salt::of_digest(Digest::of(&bytes))
}

/// Everything a receipts proof is made from. Holds secrets: it stays with the prover.
pub struct ReceiptsWitness {
    plan: Plan,
    model: AnyModel,
    model_salt: Salt,
    seed: Salt,
    batches: Vec<ReceiptRows>,
    dimensions: Dimensions,
    statement: ReceiptsStatement,
}

impl ReceiptsWitness {
    /// Checks plan, model and every row, and computes what will be stated.
    ///
    /// Keys are held to increase, not to lie inside a batch: that is the monitoring proof's to show.
    ///
    /// # Errors
    /// [`WitnessError`] for the first contradiction.
    pub fn new(
        header: Header,
        plan: Plan,
        model: impl Into<AnyModel>,
        model_salt: Salt,
        seed: Salt,
        batches: Vec<ReceiptRows>,
    ) -> Result<Self, WitnessError> {
        plan.check().map_err(WitnessError::Plan)?;
        let model = model.into();
        let shape = plan.shape;
        if header.circuit.shape != shape {
            return Err(WitnessError::Shape { header: header.circuit.shape, plan: shape });
        }
        let dimensions = size::dimensions(shape).ok_or(WitnessError::NoRoom(shape))?;
        model.check(&plan)?;
        if batches.is_empty() {
            return Err(WitnessError::NoBatches);
        }
        for (batch, rows) in batches.iter().enumerate() {
            if rows.rows.len() >= MAX_ROWS as usize {
                return Err(WitnessError::TooManyRows { batch, rows: rows.rows.len() });
            }
            let mut next_key = 0;
            for (position, row) in rows.rows.iter().enumerate() {
                row.check(&plan, next_key, u64::MAX).map_err(|source| WitnessError::Row { batch, row: position, source })?;
                next_key = row.key + 1;
            }
        }
        let tree = |batch: &ReceiptRows| {
            let salt = |position: u32| leaf_salt(&seed, batch.index, position).element();
            ReceiptTree::with(dimensions, &model, &batch.rows, &salt)
        };
        let trees: Vec<ReceiptTree> = batches.iter().map(tree).collect();
        let schema = plan.row_schema_digest();
        let stated: Vec<ReceiptsBatch> = batches
            .iter()
            .zip(&trees)
            .map(|(batch, tree)| {
                let mut stream = RowStream::new(shape, schema, &batch.row_salt);
                batch.rows.iter().for_each(|row| stream.push(row));
                ReceiptsBatch {
                    index: batch.index,
                    rows: batch.rows.len() as u32,
                    row_commitment: stream.commitment(),
                    root: tree.root(),
                    step_roots: tree.step_roots(),
                }
            })
            .collect();
        let chain_head = chain_of(header_element(&header), &stated).unwrap_or(Commitment::from_bytes([0; 32]));
        let statement = ReceiptsStatement {
            plan_commitment: plan_commitment(&plan),
            model_commitment: to_commitment(model.element(dimensions, model_salt.element())),
            steps: stated.iter().map(|batch| steps_of(batch.rows, dimensions.rows)).sum(),
            chain_head,
            batches: stated,
            header,
        };
        Ok(Self { plan, model, model_salt, seed, batches, dimensions, statement })
    }

    /// What the proof will state.
    pub fn statement(&self) -> &ReceiptsStatement {
        &self.statement
    }

    /// The plan the rows are read with.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The batches, in the order of the statement.
    pub fn batches(&self) -> &[ReceiptRows] {
        &self.batches
    }

    /// The steps to fold, in order; [`ReceiptsStatement::steps`] of them.
    pub fn steps(&self) -> ReceiptsSteps<'_> {
        let opening = PlanOpening::of(&self.plan);
        let initial = initial_elements(&self.statement).unwrap_or([F::ZERO; ARITY]);
        ReceiptsSteps::new(self.dimensions, opening, &self.model, self.model_salt.element(), &self.seed, initial, &self.batches)
    }
}

/// The steps of a proof, one batch after the other.
pub struct ReceiptsSteps<'a> {
    context: Arc<Context>,
    model: &'a AnyModel,
    seed: &'a Salt,
    batches: &'a [ReceiptRows],
    /// Position of the batch in hand.
    batch: usize,
    /// Rows of it that earlier steps took.
    done: usize,
    stream: Option<RowStream>,
    state: [F; ARITY],
}

impl<'a> ReceiptsSteps<'a> {
    pub(crate) fn new(
        dimensions: Dimensions,
        plan: PlanOpening,
        model: &'a AnyModel,
        model_salt: F,
        seed: &'a Salt,
        initial: [F; ARITY],
        batches: &'a [ReceiptRows],
    ) -> Self {
        let context = Arc::new(Context::new(dimensions, plan, model.clone(), model_salt));
        Self { context, model, seed, batches, batch: 0, done: 0, stream: None, state: initial }
    }
}

impl Iterator for ReceiptsSteps<'_> {
    type Item = ReceiptsStep;

    fn next(&mut self) -> Option<ReceiptsStep> {
        let batch = self.batches.get(self.batch)?;
        let Context { dimensions, plan, .. } = &*self.context;
        let d = *dimensions;
        let row_salt = batch.row_salt.element();
        let mut stream = self.stream.take().unwrap_or_else(|| RowStream::with(d, plan.schema, row_salt));
        let taken = &batch.rows[self.done..batch.rows.len().min(self.done + d.rows)];
        let rows: Vec<LeafRow> = taken
            .iter()
            .enumerate()
            .map(|(i, row)| LeafRow { row: row.clone(), salt: leaf_salt(self.seed, batch.index, (self.done + i) as u32).element() })
            .collect();
        let leaves: Vec<F> = rows.iter().map(|row| leaf(d, &row.row, leaf_score(self.model, &row.row), row.salt)).collect();
        taken.iter().for_each(|row| stream.push(row));
        self.done += taken.len();
        let last = self.done == batch.rows.len();

        let [_, _, _, chain, open_stream, open_rows, open] = &mut self.state;
        let counted = self.done as u64;
        let closed = if last { [row_commitment(stream.absorbed(), counted), F::from(counted)] } else { [F::ZERO; 2] };
        *chain = hash4(tags::RECEIPT_LINK, &[*chain, step_root(d, &leaves), closed[0], closed[1]]);
        if last {
            [*open_stream, *open_rows, *open] = [F::ZERO; 3];
            self.batch += 1;
            self.done = 0;
        } else {
            [*open_stream, *open_rows, *open] = [stream.absorbed(), F::from(counted), F::ONE];
            self.stream = Some(stream);
        }
        Some(ReceiptsStep {
            context: Arc::clone(&self.context),
            last,
            row_salt,
            rows,
            after: self.state,
            #[cfg(test)]
            overrides: None,
        })
    }
}
