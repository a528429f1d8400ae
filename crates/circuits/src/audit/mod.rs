//! Tests of the circuit itself: does it compute what the twin computes, is any wire free, is any family idle?

pub(crate) mod deletion;
pub(crate) mod fixture;
pub(crate) mod freedom;
pub(crate) mod recorder;
pub(crate) mod twin;
mod weaker;
