//! Tests of the receipts circuit itself: does it compute what the twin computes, is any wire free, is any family idle?
//! With a scorecard, and once more with a network.

mod deletion;
mod fixture;
mod freedom;
mod neural;
mod twin;
