//! Families of `neural-cohort/v1` beside those it shares with `scored-cohort/v1`.

pub(crate) const NEURON: &str = "neuron";
pub(crate) const REACH: &str = "neuron bits";
pub(crate) const ACTIVATION: &str = "activation";
