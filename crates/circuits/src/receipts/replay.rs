//! What a receipts statement says a proof goes from and to.

use ff::Field;
use verifold_model::{
    cohort::MAX_ROWS,
    digest::Commitment,
    plan::{Plan, PlanError},
    receipts::{ReceiptsBatch, ReceiptsStatement},
    shape::Shape,
};

use super::{size, tree::root_of};
use crate::{
    families::{PublicState, Transition},
    field::{F, NotCanonical, to_commitment, to_element},
    native::{ARITY, header_element, plan_commitment, steps_of},
    poseidon::hash4,
    tags,
};

/// Names of the state's elements.
const NAMES: [&str; ARITY] = ["header", "plan", "model", "chain", "row stream", "rows", "open"];

/// Why a receipts statement contradicts itself or its plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptsReplayError {
    /// The plan is not one a circuit can be run with.
    #[error("plan: {0}")]
    Plan(PlanError),
    /// The statement's circuit and the plan name different shapes.
    #[error("the statement's circuit has shape {circuit}, the plan {plan}")]
    Shape {
        /// Shape of the circuit.
        circuit: Shape,
        /// Shape of the plan.
        plan: Shape,
    },
    /// Not one chunk of rows fits into a step of this shape.
    #[error("shape {0} leaves no room for rows")]
    NoRoom(Shape),
    /// The stated plan commitment is not the plan's.
    #[error("the plan commits to {found}, the statement says {stated}")]
    PlanCommitment {
        /// As stated.
        stated: Commitment,
        /// As computed from the plan.
        found: Commitment,
    },
    /// There is no batch.
    #[error("the statement has no batches")]
    NoBatches,
    /// Batches are not in the order of their index, or one stands twice.
    #[error("batch {index} stands behind batch {previous}")]
    Order {
        /// Index of the batch before.
        previous: u32,
        /// Index found.
        index: u32,
    },
    /// A batch states 2^24 rows or more.
    #[error("batch {index} states {rows} rows, more than a batch holds")]
    Rows {
        /// Index of the batch.
        index: u32,
        /// As stated.
        rows: u32,
    },
    /// A batch has another number of step roots than its rows take steps.
    #[error("batch {index} has {stated} step roots, its rows take {computed} steps")]
    StepRoots {
        /// Index of the batch.
        index: u32,
        /// Step roots stated.
        stated: u64,
        /// Steps its rows take.
        computed: u64,
    },
    /// The stated root is not that of the step roots.
    #[error("the step roots of batch {index} lead to {computed}, the statement says {stated}")]
    Root {
        /// Index of the batch.
        index: u32,
        /// As stated.
        stated: Commitment,
        /// As computed.
        computed: Commitment,
    },
    /// A commitment is not a field element.
    #[error("{place}: {source}")]
    NotCanonical {
        /// Which commitment.
        place: String,
        /// The commitment.
        source: NotCanonical,
    },
    /// The number of steps does not follow from the batches.
    #[error("the batches take {computed} steps, the statement says {stated}")]
    Steps {
        /// As stated.
        stated: u64,
        /// Sum over batches.
        computed: u64,
    },
    /// The stated head of the chain is not what the batches chain to.
    #[error("the batches chain to {computed}, the statement says {stated}")]
    ChainHead {
        /// As stated.
        stated: Commitment,
        /// As recomputed.
        computed: Commitment,
    },
}

/// The chain over the steps of batches.
pub(crate) fn chain_of(header: Commitment, batches: &[ReceiptsBatch]) -> Result<Commitment, NotCanonical> {
    let mut chain = to_element(header)?;
    for batch in batches {
        for (i, root) in batch.step_roots.iter().enumerate() {
            let closes = i + 1 == batch.step_roots.len();
            let closed = if closes { [to_element(batch.row_commitment)?, F::from(u64::from(batch.rows))] } else { [F::ZERO; 2] };
            chain = hash4(tags::RECEIPT_LINK, &[chain, to_element(*root)?, closed[0], closed[1]]);
        }
    }
    Ok(to_commitment(chain))
}

/// The state before the first step: nothing open, the chain at the header.
pub(crate) fn initial_elements(statement: &ReceiptsStatement) -> Result<[F; ARITY], NotCanonical> {
    let header = to_element(header_element(&statement.header))?;
    let (plan, model) = (to_element(statement.plan_commitment)?, to_element(statement.model_commitment)?);
    Ok([header, plan, model, header, F::ZERO, F::ZERO, F::ZERO])
}

/// Recomputes the states that a proof of `statement` must go from and to.
///
/// Checks that each batch has as many step roots as its rows take steps, that they lead to its root, and that steps and
/// chain head are those the batches give. That the batches are those of a monitoring statement is not looked at here.
///
/// # Errors
/// [`ReceiptsReplayError`] for the first contradiction.
pub fn replay(statement: &ReceiptsStatement, plan: &Plan) -> Result<Transition, ReceiptsReplayError> {
    plan.check().map_err(ReceiptsReplayError::Plan)?;
    let shape = statement.header.circuit.shape;
    if shape != plan.shape {
        return Err(ReceiptsReplayError::Shape { circuit: shape, plan: plan.shape });
    }
    let rows_per_step = size::rows_per_step(shape).ok_or(ReceiptsReplayError::NoRoom(shape))?;
    let found = plan_commitment(plan);
    if found != statement.plan_commitment {
        return Err(ReceiptsReplayError::PlanCommitment { stated: statement.plan_commitment, found });
    }
    let initial =
        initial_elements(statement).map_err(|source| ReceiptsReplayError::NotCanonical { place: "model commitment".into(), source })?;
    if statement.batches.is_empty() {
        return Err(ReceiptsReplayError::NoBatches);
    }
    let mut steps = 0;
    let mut previous: Option<u32> = None;
    for batch in &statement.batches {
        let ReceiptsBatch { index, rows, .. } = *batch;
        if let Some(previous) = previous.filter(|previous| *previous >= index) {
            return Err(ReceiptsReplayError::Order { previous, index });
        }
        previous = Some(index);
        if rows >= MAX_ROWS {
            return Err(ReceiptsReplayError::Rows { index, rows });
        }
        let computed = steps_of(rows, rows_per_step);
        if batch.step_roots.len() as u64 != computed {
            return Err(ReceiptsReplayError::StepRoots { index, stated: batch.step_roots.len() as u64, computed });
        }
        let place = |source| ReceiptsReplayError::NotCanonical { place: format!("batch {index}"), source };
        let computed_root = root_of(&batch.step_roots).map_err(place)?;
        if computed_root != batch.root {
            return Err(ReceiptsReplayError::Root { index, stated: batch.root, computed: computed_root });
        }
        to_element(batch.row_commitment).map_err(place)?;
        steps += computed;
    }
    if steps != statement.steps {
        return Err(ReceiptsReplayError::Steps { stated: statement.steps, computed: steps });
    }
    let place = |source| ReceiptsReplayError::NotCanonical { place: "chain".into(), source };
    let chain = chain_of(header_element(&statement.header), &statement.batches).map_err(place)?;
    if chain != statement.chain_head {
        return Err(ReceiptsReplayError::ChainHead { stated: statement.chain_head, computed: chain });
    }
    let z0 = PublicState::of(&initial);
    let mut zn = z0;
    zn.0[3] = chain;
    Ok(Transition { z0, zn, steps, names: NAMES })
}
