//! The step circuits of `training/v1` and `neural-training/v2`: one minibatch, folded onto the state before.
//!
//! In order: open rule and state; lay down the slots ([`super::slot`]); extend both streams; sum the gradient and
//! move the weights; close the epoch, and with the last one open the model. What is not about weights is [`super::epoch`],
//! what is stands in [`super::scorecard`] and [`super::network`].

use std::sync::Arc;

use ff::Field;
use nova_snark::{
    frontend::{ConstraintSystem, SynthesisError, num::AllocatedNum},
    traits::circuit::StepCircuit,
};

use super::{descent::Descent, epoch::State, network, open::OpenTraining, scorecard};
use crate::{field::F, layout::Dimensions, native::ARITY, rows::RowRecord, wires::Wires};

/// What stays the same over all steps of a proof.
pub(crate) struct Context {
    pub(crate) dimensions: Dimensions,
    pub(crate) rule: Descent,
    pub(crate) row_salt: F,
    pub(crate) outcome_salt: F,
    pub(crate) model_salt: F,
}

/// One step with its witness. Holds secrets: it stays with the prover.
#[derive(Clone)]
pub struct Step {
    pub(crate) context: Arc<Context>,
    /// Nothing has been trained yet.
    pub(crate) fresh: bool,
    /// The step begins an epoch.
    pub(crate) first: bool,
    /// The step ends its epoch.
    pub(crate) last: bool,
    /// The step ends the training.
    pub(crate) finish: bool,
    pub(crate) open: OpenTraining,
    pub(crate) rows: Vec<RowRecord>,
    /// The state after the step, as the native twin has it.
    pub(crate) after: [F; ARITY],
    #[cfg(test)]
    pub(crate) overrides: Option<Arc<crate::wires::Overrides>>,
}

impl Step {
    /// A step without meaning, for the structure of the circuit alone.
    pub(crate) fn blank(dimensions: Dimensions) -> Self {
        let rule = Descent::blank(dimensions);
        let open = OpenTraining::begun(&rule);
        let context = Context { dimensions, rule, row_salt: F::ZERO, outcome_salt: F::ZERO, model_salt: F::ZERO };
        Self {
            context: Arc::new(context),
            fresh: true,
            first: true,
            last: true,
            finish: true,
            open,
            rows: Vec::new(),
            after: [F::ZERO; ARITY],
            #[cfg(test)]
            overrides: None,
        }
    }

    /// Rows of this minibatch.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Whether the step ends an epoch.
    pub fn ends_epoch(&self) -> bool {
        self.last
    }
}

impl StepCircuit<F> for Step {
    fn arity(&self) -> usize {
        ARITY
    }

    fn synthesize<CS: ConstraintSystem<F>>(&self, cs: &mut CS, z: &[AllocatedNum<F>]) -> Result<Vec<AllocatedNum<F>>, SynthesisError> {
        let numbers: [AllocatedNum<F>; ARITY] = z
            .to_vec()
            .try_into()
            .map_err(|_| SynthesisError::IncompatibleLengthVector(format!("{} state elements, expected {ARITY}", z.len())))?;
        #[cfg(not(test))]
        let wires = &mut Wires::new(cs);
        #[cfg(test)]
        let wires = &mut Wires::new(cs).with_overrides(self.overrides.as_deref());
        let state = State::new(wires, numbers);
        Ok(match &self.context.rule {
            Descent::Scorecard(rule) => scorecard::synthesize(self, rule, wires, &state),
            Descent::Network(rule) => network::synthesize(self, rule, wires, &state),
        })
    }
}
