//! One type for the steps of every family, so that keys, prover and proof check are written once.
//!
//! Every family carries seven public elements between its steps ([`PublicState`]); what they are called
//! differs. A family's native twin says which two states a statement goes from and to ([`Transition`]).

use nova_snark::{
    frontend::{ConstraintSystem, SynthesisError, num::AllocatedNum},
    traits::circuit::StepCircuit,
};
use verifold_model::{
    digest::Commitment,
    shape::{CircuitFamily, CircuitId},
};

use crate::{
    field::{F, NotCanonical, to_commitment, to_element},
    layout::Dimensions,
    native::{ARITY, State},
    preparation,
    receipts::{self, ReceiptsStep},
    revision::{self, RevisionStep},
    step, training,
};

/// The state between two steps, element by element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicState(pub [Commitment; ARITY]);

impl PublicState {
    pub(crate) fn elements(&self) -> Result<[F; ARITY], NotCanonical> {
        let mut elements = [F::default(); ARITY];
        for (element, commitment) in elements.iter_mut().zip(self.0) {
            *element = to_element(commitment)?;
        }
        Ok(elements)
    }

    pub(crate) fn of(elements: &[F; ARITY]) -> Self {
        Self(elements.map(to_commitment))
    }
}

/// A counter as an element prints it.
pub(crate) const fn counter(n: u64) -> Commitment {
    let mut bytes = [0; 32];
    let low = n.to_be_bytes();
    let mut i = 0;
    while i < low.len() {
        bytes[24 + i] = low[i];
        i += 1;
    }
    Commitment::from_bytes(bytes)
}

impl From<&State> for PublicState {
    fn from(state: &State) -> Self {
        let State { header, plan, model, chain, index, key_floor, open } = *state;
        Self([header, plan, model, chain, counter(index), counter(key_floor), open])
    }
}

impl From<State> for PublicState {
    fn from(state: State) -> Self {
        Self::from(&state)
    }
}

impl From<&Self> for PublicState {
    fn from(state: &Self) -> Self {
        *state
    }
}

/// What a statement says a proof goes from and to, whatever its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// State before the first step.
    pub z0: PublicState,
    /// State after the last step.
    pub zn: PublicState,
    /// Steps between them.
    pub steps: u64,
    /// What the elements are called.
    pub names: [&'static str; ARITY],
}

/// One step of some family with its witness. Holds secrets: it stays with the prover.
#[derive(Clone)]
pub enum AnyStep {
    /// Of `scored-cohort/v1` or `neural-cohort/v1`.
    Cohort(step::Step),
    /// Of `receipts/v1` or `neural-receipts/v1`.
    Receipts(ReceiptsStep),
    /// Of `outcome-revision/v1`.
    Revision(RevisionStep),
    /// Of `training/v1` or `neural-training/v2`.
    Training(training::Step),
    /// Of `preparation/v1`.
    Preparation(preparation::Step),
}

impl AnyStep {
    /// A step without meaning, for the structure of a circuit alone; `None` if its shape has no room for rows, or is not of its family.
    pub(crate) fn blank(circuit: CircuitId) -> Option<Self> {
        if !circuit.is_consistent() {
            return None;
        }
        match circuit.family {
            CircuitFamily::ScoredCohortV1 | CircuitFamily::NeuralCohortV1 => {
                Dimensions::of(circuit.shape).map(|d| Self::Cohort(step::Step::blank(d)))
            }
            CircuitFamily::ReceiptsV1 | CircuitFamily::NeuralReceiptsV1 => {
                receipts::dimensions(circuit.shape).map(|d| Self::Receipts(ReceiptsStep::blank(d)))
            }
            CircuitFamily::OutcomeRevisionV1 => revision::dimensions(circuit.shape).map(|d| Self::Revision(RevisionStep::blank(d))),
            CircuitFamily::TrainingV1 | CircuitFamily::NeuralTrainingV2 => {
                training::dimensions(circuit.shape).map(|d| Self::Training(training::Step::blank(d)))
            }
            CircuitFamily::PreparationV1 => {
                preparation::native::Layout::of(circuit.shape).map(|layout| Self::Preparation(preparation::Step::blank(layout)))
            }
        }
    }

    /// Rows of the step.
    pub fn rows(&self) -> usize {
        match self {
            Self::Cohort(step) => step.rows(),
            Self::Receipts(step) => step.rows(),
            Self::Revision(step) => step.rows(),
            Self::Training(step) => step.rows(),
            Self::Preparation(step) => step.rows(),
        }
    }

    /// The state after the step, as the native twin has it.
    pub(crate) fn after(&self) -> &[F; ARITY] {
        match self {
            Self::Cohort(step) => &step.after,
            Self::Receipts(step) => &step.after,
            Self::Revision(step) => &step.after,
            Self::Training(step) => &step.after,
            Self::Preparation(step) => &step.after,
        }
    }
}

impl From<step::Step> for AnyStep {
    fn from(step: step::Step) -> Self {
        Self::Cohort(step)
    }
}

impl From<ReceiptsStep> for AnyStep {
    fn from(step: ReceiptsStep) -> Self {
        Self::Receipts(step)
    }
}

impl From<RevisionStep> for AnyStep {
    fn from(step: RevisionStep) -> Self {
        Self::Revision(step)
    }
}

impl From<preparation::Step> for AnyStep {
    fn from(step: preparation::Step) -> Self {
        Self::Preparation(step)
    }
}

impl From<training::Step> for AnyStep {
    fn from(step: training::Step) -> Self {
        Self::Training(step)
    }
}

impl StepCircuit<F> for AnyStep {
    fn arity(&self) -> usize {
        ARITY
    }

    fn synthesize<CS: ConstraintSystem<F>>(&self, cs: &mut CS, z: &[AllocatedNum<F>]) -> Result<Vec<AllocatedNum<F>>, SynthesisError> {
        match self {
            Self::Cohort(step) => step.synthesize(cs, z),
            Self::Receipts(step) => step.synthesize(cs, z),
            Self::Revision(step) => step.synthesize(cs, z),
            Self::Training(step) => step.synthesize(cs, z),
            Self::Preparation(step) => step.synthesize(cs, z),
        }
    }
}
