//! `training/v1` and `neural-training/v2`: a model's integers came out of cyclic minibatch descent over committed rows.
//!
//! - [`TrainingWitness`]: rows and rule become a trained model, a statement and steps
//! - [`replay`]: a statement becomes the states a proof must join
//! - [`curve`]: the logistic curve in segments; [`rule`]: a scorecard's descent on plain integers; [`descent`]: either one
//! - [`step`]: one minibatch as constraints; [`epoch`] and [`slot`]: what all have in common, [`scorecard`]: a scorecard's part
//! - [`network`]: a network's part, natively and as constraints
//!
//! The arguments are docs/circuits/training-v1.md and docs/circuits/neural-training-v2.md. Nothing here says why a rule was
//! chosen, nor how many were tried.

#[cfg(test)]
pub(crate) mod audit;
mod curve;
mod descent;
mod epoch;
mod family;
mod native;
mod network;
mod open;
mod rule;
mod scorecard;
mod size;
mod slot;
mod step;
mod witness;

pub use native::{ReplayError, replay, spec_commitment, training_shape};
pub(crate) use size::{dimensions, facts};
pub use step::Step;
pub use witness::{TrainingSteps, TrainingWitness, TrainingWitnessError};
