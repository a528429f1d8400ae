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
    model::AnyModel,
    native::{ARITY, PlanOpening},
    rows::RowRecord,
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
pub(crate) fn steps<M: Clone + Into<AnyModel>>(
    d: Dimensions,
    plan: PlanOpening,
    model: &M,
    batches: &[ReceiptRows],
) -> ([F; ARITY], Vec<ReceiptsStep>) {
    let (model, model_salt) = (model.clone().into(), F::from(404));
    let header = F::from(77);
    let initial = [header, plan.commitment(), model.element(d, model_salt), header, F::ZERO, F::ZERO, F::ZERO];
    let steps = ReceiptsSteps::new(d, plan, &model, model_salt, &seed(), initial, batches).collect();
    (initial, steps)
}

/// As [`steps`], under the cohort fixture's plan and model.
pub(crate) fn tiny(batches: &[ReceiptRows]) -> ([F; ARITY], Vec<ReceiptsStep>) {
    steps(fixture::TINY, fixture::plan(), &fixture::model(), batches)
}
