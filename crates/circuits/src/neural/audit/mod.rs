//! Tests of the network's part of the circuit: twin, freedom, bounds, deletions; the rest of the step is tested with them.

pub(crate) mod bounds;
pub(crate) mod deletion;
pub(crate) mod fixture;
mod freedom;
mod twin;
