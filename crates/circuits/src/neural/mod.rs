//! `neural-cohort/v1`: rows counted as in `scored-cohort/v1`, the score being that of a multilayer perceptron.
//!
//! - [`Perceptron`]: integer layers, their check and the score they give
//! - [`layers`]: the same as constraints; everything else of the step is [`crate::step`] and [`crate::row`]
//! - [`size`]: what a network adds to a step and to a row
//!
//! The argument is docs/circuits/neural-cohort-v1.md.

#[cfg(test)]
pub(crate) mod audit;
pub(crate) mod family;
pub(crate) mod layers;
pub(crate) mod network;
pub(crate) mod size;

pub(crate) use network::network_element;
pub use network::{Layer, Perceptron, PerceptronError};
