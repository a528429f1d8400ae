//! Steps small enough to look at wire by wire.

use verifold_model::cohort::Outcome;

use super::super::{
    replay::initial_elements,
    step::RevisionStep,
    witness::{RevisedRow, RevisedRows, RevisionSteps},
};
use crate::{
    audit::{fixture, recorder::Audited},
    field::F,
    layout::Dimensions,
    native::ARITY,
    salt::Salt,
    wires::Overrides,
};

impl Audited for RevisionStep {
    fn overrides(&self) -> Option<&Overrides> {
        self.overrides.as_deref()
    }
}

pub(crate) fn row(key: u64, earlier: Outcome, later: Outcome) -> RevisedRow {
    RevisedRow { key, earlier, later }
}

/// Rows of every pair of outcomes.
pub(crate) fn rows(count: u64) -> Vec<RevisedRow> {
    (0..count).map(|i| row(5 * i + 2, Outcome::ALL[(i % 3) as usize], Outcome::ALL[(i / 3 % 3) as usize])).collect()
}

pub(crate) fn batch(index: u32, rows: Vec<RevisedRow>) -> RevisedRows {
    let salt = |base: u64| Salt::of(base + u64::from(index));
    RevisedRows { index, rows, earlier_salt: salt(202), later_salt: salt(606) }
}

pub(crate) fn header() -> F {
    F::from(77)
}

/// The steps of batches, and the state before them.
pub(crate) fn steps(d: Dimensions, batches: &[RevisedRows]) -> ([F; ARITY], Vec<RevisionStep>) {
    (initial_elements(header()), RevisionSteps::new(d, fixture::plan().schema, header(), batches).collect())
}

/// As [`steps`], at the cohort fixture's 21 rows a step.
pub(crate) fn tiny(batches: &[RevisedRows]) -> ([F; ARITY], Vec<RevisionStep>) {
    steps(fixture::TINY, batches)
}
