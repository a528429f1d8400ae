//! The circuit and its native twin agree, and cost what the formula says.

use ff::Field;
use proptest::prelude::*;
use verifold_model::{
    cohort::{BatchRole, Outcome, VoidReason},
    shape::Shape,
};

use super::{
    fixture::{TINY, batch, key, mixed_rows, model, plan, scored, steps, void},
    recorder::Recorder,
};
use crate::{
    field::F,
    layout::{Dimensions, NO_HIDDEN},
    model::AnyModel,
    native::PlanOpening,
    rows::{Model, RowRecord},
    size,
    step::Step,
    witness::BatchRows,
};

/// Runs all steps; every family holds and every state is the twin's.
#[track_caller]
pub(crate) fn check<M: Clone + Into<AnyModel>>(d: Dimensions, plan: PlanOpening, model: &M, batches: &[BatchRows]) {
    let (mut z, steps) = steps(d, plan, model, batches);
    for step in steps {
        let (recorder, outputs) = Recorder::run(&step, &z);
        assert_eq!(recorder.violated(), Default::default());
        assert_eq!(outputs, step.after);
        z = step.after;
    }
    assert_eq!(z[6], F::ZERO);
}

#[test]
fn a_batch_of_one_step_an_empty_one_and_one_of_three() {
    let batches = [
        batch(BatchRole::Reference, 1, 2, mixed_rows(1, 13)),
        batch(BatchRole::Monitoring, 2, 5, vec![]),
        batch(BatchRole::Monitoring, 7, 9, mixed_rows(7, 50)),
    ];
    check(TINY, plan(), &model(), &batches);
}

#[test]
fn rows_of_several_elements_and_histograms_of_several_words() {
    // Two elements a row, two chunks a step, eleven bins in two words.
    let d = Dimensions { features: 30, width: 8, groups: 4, bins: 11, histograms: 2, rows: 40, hidden: NO_HIDDEN };
    let edges = [(0..10).map(|i| 100 * i - 400).collect::<Vec<i64>>(), (1..11).map(|i| 20 * i).collect(), (1..11).collect()].concat();
    let plan = PlanOpening { document: F::from(1), schema: F::from(2), used_features: 29, edges };
    let model = Model { weights: (0..29).map(|i| i % 7 - 3).collect(), bias: 9 };
    let rows = |start: u64, count: u64| -> Vec<RowRecord> {
        let features = |i: u64| (0..29).map(|f| ((i * 31 + f * 17) % 256) as u32).collect();
        (0..count).map(|i| scored(key(start, i), (i % 4) as u8, features(i), i % 2 == 0, Outcome::ALL[(i % 3) as usize])).collect()
    };
    assert_eq!(d.row_elements(), 2);
    check(d, plan, &model, &[batch(BatchRole::Reference, 0, 3, rows(0, 55)), batch(BatchRole::Monitoring, 3, 4, rows(3, 11))]);
}

#[test]
fn the_most_extreme_weights_and_bias_stay_inside_the_bound() {
    let d = Dimensions { features: 2, width: 3, groups: 2, bins: 3, histograms: 0, rows: 21, hidden: NO_HIDDEN };
    for sign in [-1, 1] {
        let plan = PlanOpening { document: F::ONE, schema: F::ONE, used_features: 2, edges: vec![-1, 1] };
        let weight = if sign < 0 { -(1 << 15) } else { (1 << 15) - 1 };
        let bias = if sign < 0 { -(1 << (d.score_bits() - 1)) } else { (1 << (d.score_bits() - 1)) - 1 };
        let rows = vec![scored(key(1, 0), 0, vec![7, 7], true, Outcome::Bad)];
        check(d, plan, &Model { weights: vec![weight, weight], bias }, &[batch(BatchRole::Reference, 1, 2, rows)]);
    }
}

pub(crate) fn row() -> impl Strategy<Value = (u64, RowRecord)> {
    let gap = prop_oneof![4 => 0u64..3, 1 => 0u64..100_000];
    let kind = prop_oneof![
        4 => (0u32..8, any::<bool>(), 0usize..3, 0u8..2).prop_map(|(x, logged, o, g)| scored(0, g, vec![x], logged, Outcome::ALL[o])),
        1 => (0usize..4, 0u8..2).prop_map(|(reason, g)| void(0, g, VoidReason::ALL[reason])),
    ];
    (gap, kind)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_batches_lead_where_the_twin_says(
        batches in prop::collection::vec((0u64..3, prop::collection::vec(row(), 0..50)), 1..3),
        weight in -40i64..40,
        bias in -60i64..60,
    ) {
        let mut at = 0;
        let batches: Vec<BatchRows> = batches
            .into_iter()
            .enumerate()
            .map(|(i, (pause, rows))| {
                let start = at + pause;
                at = start + 1;
                let mut next = key(start, 0);
                let rows = rows.into_iter().map(|(gap, row)| {
                    next += gap + 1;
                    RowRecord { key: next - 1, ..row }
                });
                batch(if i == 0 { BatchRole::Reference } else { BatchRole::Monitoring }, start, at, rows.collect())
            })
            .collect();
        check(TINY, plan(), &Model { weights: vec![weight], bias }, &batches);
    }
}

/// The formula is what synthesis counts, and no step has more variables than constraints.
#[track_caller]
pub(crate) fn check_count(d: Dimensions) {
    let (recorder, _) = Recorder::run(&Step::blank(d), &[F::ZERO; 7]);
    assert_eq!(recorder.constraints.len(), size::constraints(d) - size::AUGMENTATION, "{d:?}");
    assert!(recorder.values.len() <= recorder.constraints.len(), "{d:?}");
}

#[test]
fn the_formula_counts_what_is_synthesised() {
    check_count(TINY);
    check_count(Dimensions { features: 30, width: 8, groups: 4, bins: 11, histograms: 2, rows: 40, hidden: NO_HIDDEN });
    for shape in ["f8.w8.g2.b10.h1.n15", "f20.w8.g4.b10.h4.n16", "f16.w12.g8.b20.h0.n16", "f64.w16.g8.b20.h8.n17", "f32.w16.g2.b10.h8.n16"]
    {
        check_count(Dimensions::of(shape.parse().unwrap()).unwrap());
    }
}

#[test]
fn a_row_of_the_stated_target_costs_at_most_520_constraints() {
    let shape: Shape = "f20.w8.g2.b10.h1.n16".parse().unwrap();
    let d = Dimensions::of(shape).unwrap();
    let row = (size::constraints(d) - size::constraints(Dimensions { rows: d.rows - d.chunk(), ..d })) as f64 / d.chunk() as f64;
    assert!(row <= 520.0, "{row}");
}
