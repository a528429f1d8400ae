//! Tests of the outcome-revision circuit itself: does it compute what the twin computes, is any wire free, is any family idle?

mod deletion;
mod fixture;
mod freedom;
mod twin;
