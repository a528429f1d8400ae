//! Tests of the training circuit itself: does it compute what the twin computes, is any wire free, is any family idle?

mod deletion;
pub(crate) mod fixture;
pub(crate) mod freedom;
pub(crate) mod lie;
pub(crate) mod twin;
