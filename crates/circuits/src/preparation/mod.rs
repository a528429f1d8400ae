//! `preparation/v1`: raw development rows become prepared ones, position by position, and are profiled.
//!
//! The written argument is docs/circuits/preparation-v1.md; its headings are the families of [`family`].
//!
//! - [`native`]: the twin: openings, what a step does to the running state, what a statement replays to
//! - [`step`], [`slot`]: the step circuit
//! - [`witness`]: from rows to a statement and steps
//! - [`size`]: what a step costs

mod family;
pub mod native;
pub(crate) mod size;
mod slot;
mod step;
mod witness;

pub use native::{PreparationReplayError, replay};
pub use step::Step;
pub use witness::{PreparationWitness, PreparationWitnessError, RawPart, RawRow};

#[cfg(test)]
mod tests;
