//! Steps small enough to look at wire by wire, on the rows of the cohort's fixture.

use ff::Field;

use super::super::{
    step::ReceiptsStep,
    witness::{ReceiptRows, ReceiptsSteps},
};
use crate::{
    audit::{fixture, recorder::Audited},
    field::F,
    layout::Dimensions,
    native::{ARITY, PlanOpening, model_element},
    rows::{Model, RowRecord},
    salt::Salt,
    wires::Overrides,
};

impl Audited for ReceiptsStep {
    fn overrides(&self) -> Option<&Overrides> {
        self.overrides.as_deref()
    }
}

/// The seed of every salt.
pub(crate) fn seed() -> Salt {
    Salt::of(505)
}

pub(crate) fn batch(index: u32, rows: Vec<RowRecord>) -> ReceiptRows {
    ReceiptRows { index, rows, row_salt: Salt::of(101 + u64::from(index)) }
}

/// The steps of batches, and the state before them.
pub(crate) fn steps(d: Dimensions, plan: PlanOpening, model: &Model, batches: &[ReceiptRows]) -> ([F; ARITY], Vec<ReceiptsStep>) {
    let model_salt = F::from(404);
    let header = F::from(77);
    let initial = [header, plan.commitment(), model_element(d.features, model, model_salt), header, F::ZERO, F::ZERO, F::ZERO];
    let steps = ReceiptsSteps::new(d, plan, model, model_salt, &seed(), initial, batches).collect();
    (initial, steps)
}

/// As [`steps`], under the cohort fixture's plan and model.
pub(crate) fn tiny(batches: &[ReceiptRows]) -> ([F; ARITY], Vec<ReceiptsStep>) {
    steps(fixture::TINY, fixture::plan(), &fixture::model(), batches)
}
