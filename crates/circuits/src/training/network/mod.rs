//! `neural-training/v2`: the descent of a multilayer perceptron.
//!
//! - [`rule`]: on plain integers
//! - [`step`]: one minibatch as constraints
//! - [`size`]: what it costs

#[cfg(test)]
mod audit;
mod family;
mod rule;
pub(crate) mod size;
mod step;

pub(crate) use rule::{NetworkRule, OutOfRange};
pub(super) use step::synthesize;
