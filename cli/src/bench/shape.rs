//! Proving synthetic rows with one shape.

use serde::Serialize;
use verifold_circuits::{CircuitFacts, Keys, Prover, native, verify_proof};
use verifold_model::{
    format::{bytes, count},
    shape::{CircuitFamily, CircuitId, Shape},
    state::Exit,
};
use verifold_prove::synthetic;

use super::timing::{Samples, Timing};
use crate::failure::Failure;

/// Steps folded: enough that the first, which folds nothing, does not count.
const STEPS: u32 = 6;

/// What proving with one shape costs.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    #[serde(flatten)]
    facts: CircuitFacts,
    /// Deriving keys, once.
    keys: Timing,
    /// Folding one full step.
    fold: Timing,
    /// Compressing and verifying the proof, once.
    compress: Timing,
    /// Checking the proof.
    verify: Timing,
    proof_bytes: usize,
    /// CPU time of folding over rows, in microseconds.
    fold_per_row: f64,
}

/// Derives keys, folds full steps of synthetic rows, compresses and verifies.
pub(super) fn measure(shape: Shape) -> Result<Figures, Failure> {
    let circuit = CircuitId { family: CircuitFamily::of_cohorts(shape), shape };
    let failed = |text: String| Failure::new(Exit::NotChecked, format!("{circuit}: {text}"), "");
    let facts = CircuitFacts::of(circuit).ok_or_else(|| failed("the shape leaves no room for rows".to_owned()))?;
    let [mut keys, mut fold, mut compress, mut verify] = <[Samples; 4]>::default();
    let derived = keys.time(|| Keys::derive(circuit)).map_err(|error| failed(error.to_string()))?;
    let witness = synthetic::witness(circuit, 1, STEPS / 2).map_err(|error| failed(error.to_string()))?;
    let mut prover = Prover::new(&derived, witness.initial_state()).map_err(|error| failed(error.to_string()))?;
    for (at, step) in witness.steps().enumerate() {
        let mut unmeasured = Samples::default();
        let samples = if at < 2 { &mut unmeasured } else { &mut fold };
        samples.time(|| prover.fold(step)).map_err(|error| failed(error.to_string()))?;
    }
    let proof = compress.time(|| prover.compress()).map_err(|error| failed(error.to_string()))?;
    let replay = native::replay(witness.statement(), witness.plan()).map_err(|error| failed(error.to_string()))?;
    for _ in 0..5 {
        let reached =
            verify.time(|| verify_proof(derived.verifier(), replay.z0, replay.steps, &proof)).map_err(|error| failed(error.to_string()))?;
        if reached != replay.zn.into() {
            return Err(failed("the proof leads elsewhere than the statement".to_owned()));
        }
    }
    let fold = fold.spread();
    Ok(Figures {
        fold_per_row: fold.cost() / facts.rows_per_step as f64,
        facts,
        keys: keys.spread(),
        fold,
        compress: compress.spread(),
        verify: verify.spread(),
        proof_bytes: proof.len(),
    })
}

impl Figures {
    pub(super) fn print(&self) {
        println!(
            "\n{}: {} constraints a step padded to {}, {} rows, proof {}",
            self.facts.circuit,
            count(self.facts.constraints_per_step as u64),
            count(self.facts.padded as u64),
            self.facts.rows_per_step,
            bytes(self.proof_bytes as u64)
        );
        println!("  derive keys       {}", self.keys.text());
        println!("  fold one step     {}", self.fold.text());
        println!("  compress, verify  {}", self.compress.text());
        println!("  proof check       {}", self.verify.text());
        println!(
            "  {}.{} constraints and {:.0} µs CPU of folding a row",
            self.facts.millis_per_row / 1000,
            self.facts.millis_per_row % 1000 / 100,
            self.fold_per_row
        );
    }
}
