//! One proof: steps folded, compressed, and verified against the replay of their statement.

use verifold_circuits::{AnyStep, Keys, Prover, Transition, verify_proof};
use verifold_model::shape::CircuitId;

use crate::{
    error::ProveError,
    progress::{Event, Folded, Phase, Progress},
};

pub(crate) fn failed(step: &'static str) -> impl Fn(String) -> ProveError {
    move |problem| ProveError::Proof { step, problem }
}

pub(crate) fn stop_if_cancelled(progress: &dyn Progress) -> Result<(), ProveError> {
    if progress.is_cancelled() { Err(ProveError::Cancelled) } else { Ok(()) }
}

/// Keys of a circuit.
///
/// # Errors
/// [`ProveError::Proof`].
pub fn keys(circuit: CircuitId, progress: &mut dyn Progress) -> Result<Keys, ProveError> {
    progress.report(Event::Phase(Phase::DerivingKeys));
    Keys::derive(circuit).map_err(|error| failed("deriving keys")(error.to_string()))
}

/// Proves that `steps`, which hold `rows_total` rows, lead through `expected`; returns the proof's bytes.
///
/// # Errors
/// [`ProveError::Proof`], or [`ProveError::Cancelled`] between two steps.
pub(crate) fn fold(
    keys: &Keys,
    expected: &Transition,
    rows_total: u64,
    steps: impl Iterator<Item = impl Into<AnyStep>>,
    progress: &mut dyn Progress,
) -> Result<Vec<u8>, ProveError> {
    progress.report(Event::Phase(Phase::Folding));
    let begun = progress.elapsed();
    let mut prover = Prover::new(keys, expected.z0).map_err(|error| failed("folding")(error.to_string()))?;
    let mut rows = 0;
    for step in steps {
        stop_if_cancelled(progress)?;
        let step: AnyStep = step.into();
        rows += step.rows() as u64;
        prover.fold(step).map_err(|error| failed("folding")(error.to_string()))?;
        let elapsed = progress.elapsed().saturating_sub(begun);
        progress.report(Event::Folded(Folded { steps: prover.folded(), steps_total: expected.steps, rows, rows_total, elapsed }));
    }
    stop_if_cancelled(progress)?;
    progress.report(Event::Phase(Phase::Compressing));
    let proof = prover.compress().map_err(|error| failed("compressing")(error.to_string()))?;
    stop_if_cancelled(progress)?;
    progress.report(Event::Phase(Phase::Verifying));
    let reached =
        verify_proof(keys.verifier(), expected.z0, expected.steps, &proof).map_err(|error| failed("verifying")(error.to_string()))?;
    if reached != expected.zn {
        return Err(failed("verifying")("the proof leads to another state than the statement".to_owned()));
    }
    Ok(proof)
}
