//! Tests of a network's training circuit: does it compute what the twin computes, is any wire free, is any family idle, is
//! everything bounded?

mod bounds;
mod deletion;
mod fixture;
mod freedom;
mod twin;
