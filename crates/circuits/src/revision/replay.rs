//! What an outcome-revision statement says a proof goes from and to.

use ff::Field;
use verifold_model::{
    digest::Commitment,
    plan::{Plan, PlanError},
    revision::{RevisedBatch, RevisionCounts, RevisionCountsError, RevisionStatement},
    shape::Shape,
};

use super::size;
use crate::{
    families::{PublicState, Transition},
    field::{F, NotCanonical, power_of_two, to_commitment, to_element},
    layout::COUNTER_BITS,
    native::{ARITY, header_element, steps_of},
    poseidon::hash4,
    tags,
};

/// Names of the state's elements.
const NAMES: [&str; ARITY] = ["header", "chain", "earlier outcomes", "later outcomes", "rows", "counts", "open"];

/// Why an outcome-revision statement contradicts itself or its plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevisionReplayError {
    /// The plan is not one a circuit can be run with.
    #[error("plan: {0}")]
    Plan(PlanError),
    /// The statement's circuit reads rows of another length than the plan's.
    #[error("the circuit has shape {circuit}; outcomes beside rows of the plan are read under {wanted}")]
    Shape {
        /// Shape of the circuit.
        circuit: Shape,
        /// The shape of that size for the plan.
        wanted: Shape,
    },
    /// Not one chunk of rows fits into a step of this shape.
    #[error("shape {0} leaves no room for rows")]
    NoRoom(Shape),
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
    /// Counts are not ones the circuit could have counted.
    #[error("batch {index}: {source}")]
    Counts {
        /// Index of the batch.
        index: u32,
        /// What is wrong with them.
        source: RevisionCountsError,
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

/// The shape under which outcomes beside a plan's rows are read, at a size: the rows' features and width, which give the
/// length of a block, and nothing else of the plan.
///
/// # Errors
/// [`RevisionReplayError::NoRoom`] if the size is not on the menu.
pub fn revision_shape(plan: &Plan, size_log2: u32) -> Result<Shape, RevisionReplayError> {
    let narrow = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
    let (groups, bins, histograms) = size::UNUSED;
    let size = u8::try_from(size_log2).unwrap_or(u8::MAX);
    Shape::new(narrow(plan.shape.features()), narrow(plan.shape.width_bits()), groups, bins, histograms, size)
        .map_err(|_| RevisionReplayError::NoRoom(plan.shape))
}

/// Counts as the one element the circuit carries: nine counters of 24 bits, earlier outcome by earlier outcome.
pub(crate) fn counts_element(counts: &RevisionCounts) -> F {
    counts.0.iter().flatten().rev().fold(F::ZERO, |word, n| word * power_of_two(COUNTER_BITS) + F::from(u64::from(*n)))
}

/// The chain after one more batch.
pub(crate) fn link(chain: F, earlier: F, later: F, counts: &RevisionCounts) -> F {
    hash4(tags::REVISION_LINK, &[chain, earlier, later, counts_element(counts)])
}

/// The chain over batches.
pub(crate) fn chain_of(header: Commitment, batches: &[RevisedBatch]) -> Result<Commitment, RevisionReplayError> {
    let element = |place: String, commitment| to_element(commitment).map_err(|source| RevisionReplayError::NotCanonical { place, source });
    let mut chain = element("header".into(), header)?;
    for batch in batches {
        let place = || format!("batch {}", batch.index);
        chain = link(chain, element(place(), batch.earlier)?, element(place(), batch.later)?, &batch.counts);
    }
    Ok(to_commitment(chain))
}

/// The state before the first step: nothing open, the chain at the header.
pub(crate) fn initial_elements(header: F) -> [F; ARITY] {
    [header, header, F::ZERO, F::ZERO, F::ZERO, F::ZERO, F::ZERO]
}

/// Recomputes the states that a proof of `statement` must go from and to.
///
/// Checks that batches stand in the order of their index, that counts stay below 2^24 and sum to the rows, and that
/// steps and chain head are those the batches give. That the streams are those of cohort statements is not looked at here.
///
/// # Errors
/// [`RevisionReplayError`] for the first contradiction.
pub fn replay(statement: &RevisionStatement, plan: &Plan) -> Result<Transition, RevisionReplayError> {
    plan.check().map_err(RevisionReplayError::Plan)?;
    let circuit = statement.header.circuit.shape;
    let wanted = revision_shape(plan, circuit.size_log2())?;
    if circuit != wanted {
        return Err(RevisionReplayError::Shape { circuit, wanted });
    }
    let rows_per_step = size::dimensions(circuit).ok_or(RevisionReplayError::NoRoom(circuit))?.rows;
    if statement.batches.is_empty() {
        return Err(RevisionReplayError::NoBatches);
    }
    let mut computed = 0;
    let mut previous: Option<u32> = None;
    for batch in &statement.batches {
        let index = batch.index;
        if let Some(previous) = previous.filter(|previous| *previous >= index) {
            return Err(RevisionReplayError::Order { previous, index });
        }
        previous = Some(index);
        batch.counts.check(batch.rows).map_err(|source| RevisionReplayError::Counts { index, source })?;
        computed += steps_of(batch.rows, rows_per_step);
    }
    if computed != statement.steps {
        return Err(RevisionReplayError::Steps { stated: statement.steps, computed });
    }
    let header = header_element(&statement.header);
    let chain = chain_of(header, &statement.batches)?;
    if chain != statement.chain_head {
        return Err(RevisionReplayError::ChainHead { stated: statement.chain_head, computed: chain });
    }
    let header = to_element(header).map_err(|source| RevisionReplayError::NotCanonical { place: "header".into(), source })?;
    let z0 = PublicState::of(&initial_elements(header));
    let mut zn = z0;
    zn.0[1] = chain;
    Ok(Transition { z0, zn, steps: computed, names: NAMES })
}
