//! A period small enough to look at wire by wire: two features of three bits, three bins, two groups.

use verifold_model::{
    cohort::{BatchRole, BatchTable, Outcome, VoidReason},
    instant::Instant,
};

use crate::{
    field::{F, to_commitment},
    layout::{Dimensions, NO_HIDDEN},
    model::AnyModel,
    native::{PlanOpening, State, initial_state},
    rows::{Model, RowKind, RowRecord},
    salt::Salt,
    step::Step,
    witness::{BatchRows, Steps},
};

pub(crate) const TINY: Dimensions = Dimensions { features: 2, width: 3, groups: 2, bins: 3, histograms: 1, rows: 21, hidden: NO_HIDDEN };

pub(crate) fn plan() -> PlanOpening {
    // Scores −5 and 4, then values 2 and 5 of the first feature.
    PlanOpening { document: F::from(11), schema: F::from(12), used_features: 1, edges: vec![-5, 4, 2, 5] }
}

pub(crate) fn model() -> Model {
    Model { weights: vec![3], bias: -7 }
}

pub(crate) fn empty_table(d: Dimensions) -> BatchTable {
    BatchTable {
        counts: vec![vec![[0; 6]; d.groups]; d.bins],
        void: vec![[0; 4]; d.groups],
        histograms: vec![vec![0; d.bins]; d.histograms],
    }
}

pub(crate) fn scored(key: u64, group: u8, features: Vec<u32>, logged: bool, outcome: Outcome) -> RowRecord {
    RowRecord { key, group, kind: RowKind::Scored { features, logged, outcome } }
}

pub(crate) fn void(key: u64, group: u8, reason: VoidReason) -> RowRecord {
    RowRecord { key, group, kind: RowKind::Void(reason) }
}

/// A batch over seconds `start .. end`.
pub(crate) fn batch(role: BatchRole, start: u64, end: u64, rows: Vec<RowRecord>) -> BatchRows {
    BatchRows {
        role,
        start: Instant::from_unix_secs(start).unwrap(),
        end: Instant::from_unix_secs(end).unwrap(),
        rows,
        row_salt: Salt::of(101 + start),
        outcome_salt: Salt::of(202 + start),
        table_salt: Salt::of(303 + start),
    }
}

/// The first key of second `start`, plus `offset`.
pub(crate) fn key(start: u64, offset: u64) -> u64 {
    Instant::from_unix_secs(start).unwrap().first_key() + offset
}

/// Rows of every kind, in both groups and all bins.
pub(crate) fn mixed_rows(start: u64, count: u64) -> Vec<RowRecord> {
    (0..count)
        .map(|i| {
            let key = key(start, 3 * i + i % 2);
            let group = (i % 2) as u8;
            if i % 5 == 3 {
                void(key, group, VoidReason::ALL[(i % 4) as usize])
            } else {
                scored(key, group, vec![(i * 3 % 8) as u32], i % 3 == 1, Outcome::ALL[(i % 3) as usize])
            }
        })
        .collect()
}

pub(crate) fn initial(d: Dimensions, plan: &PlanOpening, model: &AnyModel, model_salt: F) -> State {
    let header = to_commitment(F::from(77));
    initial_state(header, to_commitment(plan.commitment()), to_commitment(model.element(d, model_salt)), 0)
}

/// The steps of batches under the fixture's plan and model, and the state before them.
pub(crate) fn steps<M: Clone + Into<AnyModel>>(d: Dimensions, plan: PlanOpening, model: &M, batches: &[BatchRows]) -> ([F; 7], Vec<Step>) {
    let (model, model_salt) = (model.clone().into(), F::from(404));
    let initial = initial(d, &plan, &model, model_salt);
    let steps = Steps::new(d, plan, &model, model_salt, empty_table(d), initial, batches).collect();
    (initial.elements().unwrap(), steps)
}
