//! Tests of the network's part of the circuit: twin, freedom, bounds, deletions; the rest of the step is tested with them.

mod bounds;
mod deletion;
mod fixture;
mod freedom;
mod twin;
