//! `training/v1`: a scorecard's integers came out of cyclic minibatch descent over committed rows.
//!
//! - [`TrainingWitness`]: rows and rule become a trained model, a statement and steps
//! - [`replay`]: a statement becomes the states a proof must join
//! - [`curve`]: the logistic curve in segments; [`rule`]: the descent on plain integers
//! - [`step`]: one minibatch as constraints; its slots are [`slot`]
//!
//! The argument is docs/circuits/training-v1.md. Nothing here says why a rule was chosen, nor how many were tried.

#[cfg(test)]
mod audit;
mod curve;
mod family;
mod native;
mod open;
mod rule;
mod size;
mod slot;
mod step;
mod witness;

pub use native::{ReplayError, replay, spec_commitment, training_shape};
pub(crate) use size::{dimensions, facts};
pub use step::Step;
pub use witness::{TrainingSteps, TrainingWitness, TrainingWitnessError};
