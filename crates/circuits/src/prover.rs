//! Folding steps into one proof.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nova_snark::nova::RecursiveSNARK;

use crate::{
    families::{AnyStep, PublicState},
    field::{F, NotCanonical},
    keys::{E1, E2, Keys, Proof},
    native::ARITY,
    proof::{ProofError, encoded, verify_proof},
};

/// Why a proof could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The initial state holds something that is not a field element.
    #[error("initial state: {0}")]
    InitialState(#[from] NotCanonical),
    /// nova-snark refused a step or the compression.
    #[error("step {step}: nova-snark: {reason}")]
    Nova {
        /// Steps folded before.
        step: u64,
        /// What nova-snark says.
        reason: String,
    },
    /// A step led elsewhere than the native twin: the circuit and its twin disagree.
    #[error("step {step}: the circuit's state differs from the native one at element {element}")]
    TwinDisagrees {
        /// Steps folded before.
        step: u64,
        /// First element that differs.
        element: usize,
    },
    /// Nothing was folded.
    #[error("no step was folded")]
    Nothing,
    /// The finished proof does not verify: some step violated a constraint.
    #[error("the finished proof does not verify: {0}")]
    OwnProof(#[from] ProofError),
}

/// A proof in the making. Holds the full witness: it never leaves the prover.
pub struct Prover<'k> {
    keys: &'k Keys,
    initial: PublicState,
    z0: [F; ARITY],
    folded: u64,
    running: Option<RecursiveSNARK<E1, E2, AnyStep>>,
}

impl<'k> Prover<'k> {
    /// Begins at an initial state.
    ///
    /// # Errors
    /// [`ProveError::InitialState`].
    pub fn new(keys: &'k Keys, initial: impl Into<PublicState>) -> Result<Self, ProveError> {
        let initial = initial.into();
        Ok(Self { keys, z0: initial.elements()?, initial, folded: 0, running: None })
    }

    /// Folds the next step and compares the state it leads to with the native twin's.
    ///
    /// # Errors
    /// [`ProveError::Nova`], [`ProveError::TwinDisagrees`]; the prover is of no further use then.
    pub fn fold(&mut self, step: impl Into<AnyStep>) -> Result<(), ProveError> {
        let step = &step.into();
        let refused = |folded| move |error: nova_snark::errors::NovaError| ProveError::Nova { step: folded, reason: error.to_string() };
        let parameters = &self.keys.parameters;
        let mut running = match self.running.take() {
            Some(running) => running,
            None => RecursiveSNARK::new(parameters, step, &self.z0).map_err(refused(self.folded))?,
        };
        // The first call after `new` folds nothing: `new` has run the step already.
        running.prove_step(parameters, step).map_err(refused(self.folded))?;
        if let Some(element) = (0..ARITY).find(|&i| running.outputs().get(i) != Some(&step.after()[i])) {
            return Err(ProveError::TwinDisagrees { step: self.folded, element });
        }
        self.folded += 1;
        self.running = Some(running);
        Ok(())
    }

    /// Steps folded so far.
    pub fn folded(&self) -> u64 {
        self.folded
    }

    /// Compresses what was folded into a zero-knowledge proof, and verifies it.
    ///
    /// Takes tens of seconds of CPU time; compressing cannot be interrupted.
    ///
    /// # Errors
    /// [`ProveError`]; [`ProveError::OwnProof`] if a step did not satisfy the circuit.
    pub fn compress(self) -> Result<Vec<u8>, ProveError> {
        let Some(running) = &self.running else { return Err(ProveError::Nothing) };
        let refused = |reason: String| ProveError::Nova { step: self.folded, reason };
        let proof = catch_unwind(AssertUnwindSafe(|| Proof::prove(&self.keys.parameters, &self.keys.prover, running)))
            .map_err(|_| refused("panicked while compressing".into()))?
            .map_err(|error| refused(error.to_string()))?;
        let bytes = encoded(&proof).map_err(|error| refused(error.to_string()))?;
        verify_proof(self.keys.verifier(), self.initial, self.folded, &bytes)?;
        Ok(bytes)
    }
}
