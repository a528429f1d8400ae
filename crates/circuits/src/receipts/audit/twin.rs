//! The circuit and its native twin agree, and cost what the formula says.

use ff::Field;
use proptest::prelude::*;
use verifold_model::{cohort::Outcome, receipts::ReceiptsBatch, shape::Shape};

use super::{
    super::{
        replay::chain_of,
        size,
        step::ReceiptsStep,
        tree::{ReceiptTree, climb, leaf, leaf_score},
        witness::{ReceiptRows, leaf_salt},
    },
    fixture::{batch, seed, steps},
};
use crate::{
    audit::{
        fixture::{TINY, mixed_rows, model, plan, scored},
        recorder::Recorder,
    },
    field::{F, to_commitment},
    layout::{Dimensions, NO_HIDDEN},
    model::AnyModel,
    native::{ARITY, PlanOpening},
    rows::Model,
    streams::RowStream,
};

/// Runs all steps; every family holds and every state is the twin's. The last state follows from what is stated.
#[track_caller]
pub(crate) fn check<M: Clone + Into<AnyModel>>(d: Dimensions, plan: PlanOpening, model: &M, batches: &[ReceiptRows]) {
    let (schema, model) = (plan.schema, model.clone().into());
    let (z0, steps) = steps(d, plan, &model, batches);
    let mut z = z0;
    for step in steps {
        let (recorder, outputs) = Recorder::run(&step, &z);
        assert_eq!(recorder.violated(), Default::default());
        assert_eq!(outputs, step.after);
        z = step.after;
    }
    assert_eq!(z[4..], [F::ZERO; 3]);
    let stated: Vec<ReceiptsBatch> = batches.iter().map(|batch| stated(d, schema, &model, batch)).collect();
    assert_eq!(chain_of(to_commitment(z0[3]), &stated), Ok(to_commitment(z[3])));
}

/// A batch as a statement has it, from tree and stream; every row opens.
fn stated(d: Dimensions, schema: F, model: &AnyModel, batch: &ReceiptRows) -> ReceiptsBatch {
    let salt = |position| leaf_salt(&seed(), batch.index, position).element();
    let tree = ReceiptTree::with(d, model, &batch.rows, &salt);
    let mut stream = RowStream::with(d, schema, batch.row_salt.element());
    batch.rows.iter().for_each(|row| stream.push(row));
    let rows = batch.rows.len() as u32;
    for (position, row) in (0u32..).zip(&batch.rows) {
        let leaf = leaf(d, row, leaf_score(model, row), salt(position));
        let path = tree.path(position).unwrap();
        assert_eq!(climb(d, rows, position, leaf, &path).map(to_commitment), Ok(tree.root()));
    }
    ReceiptsBatch { index: batch.index, rows, row_commitment: stream.commitment(), root: tree.root(), step_roots: tree.step_roots() }
}

#[test]
fn a_batch_of_one_step_an_empty_one_and_one_of_three() {
    check(TINY, plan(), &model(), &[batch(0, mixed_rows(1, 13)), batch(1, vec![]), batch(4, mixed_rows(7, 50))]);
}

#[test]
fn rows_of_several_elements_and_steps_of_several_chunks() {
    // Two elements a row, two chunks a step: leaves at arity 4. Five elements a row: leaves at arity 8.
    for (d, used) in [
        (Dimensions { features: 30, width: 8, groups: 4, bins: 11, histograms: 2, rows: 40, hidden: NO_HIDDEN }, 29),
        (Dimensions { features: 64, width: 16, groups: 8, bins: 3, histograms: 0, rows: 20, hidden: NO_HIDDEN }, 64),
    ] {
        let inner = d.inner_edges();
        let edges = (0..=d.histograms as i64).flat_map(|_| (0..inner as i64).map(|i| 5 * i + 1)).collect();
        let plan = PlanOpening { document: F::from(1), schema: F::from(2), used_features: used, edges };
        let model = Model { weights: (0..used as i64).map(|i| i % 7 - 3).collect(), bias: 9 };
        let rows = |count: u64| {
            let features = |i: u64| (0..used as u64).map(|f| ((i * 31 + f * 17) % 256) as u32).collect();
            (0..count).map(|i| scored(10 * i, (i % 4) as u8, features(i), i % 2 == 0, Outcome::Good)).collect()
        };
        check(d, plan, &model, &[batch(0, rows(55)), batch(1, rows(11))]);
    }
}

#[test]
fn the_most_extreme_weights_and_bias_have_their_scores_in_the_leaf() {
    let d = Dimensions { features: 2, width: 3, groups: 2, bins: 3, histograms: 0, rows: 21, hidden: NO_HIDDEN };
    for sign in [-1, 1] {
        let plan = PlanOpening { document: F::ONE, schema: F::ONE, used_features: 2, edges: vec![-1, 1] };
        let weight = if sign < 0 { -(1 << 15) } else { (1 << 15) - 1 };
        let bias = if sign < 0 { -(1 << (d.score_bits() - 1)) } else { (1 << (d.score_bits() - 1)) - 1 };
        let rows = vec![scored(1, 0, vec![7, 7], true, Outcome::Bad)];
        check(d, plan, &Model { weights: vec![weight, weight], bias }, &[batch(0, rows)]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_batches_lead_where_the_twin_says(counts in prop::collection::vec(0u64..50, 1..3), weight in -40i64..40, bias in -60i64..60) {
        let batches: Vec<ReceiptRows> =
            (0u32..).zip(counts).map(|(i, count)| batch(2 * i, mixed_rows(3 * u64::from(i), count))).collect();
        check(TINY, plan(), &Model { weights: vec![weight], bias }, &batches);
    }
}

#[test]
fn outcomes_never_enter_a_leaf() {
    let row = |outcome| scored(9, 0, vec![3], true, outcome);
    let leaf = |outcome| leaf(TINY, &row(outcome), leaf_score(&model().into(), &row(outcome)), F::from(8));
    assert_eq!(leaf(Outcome::Unknown), leaf(Outcome::Bad));
}

/// The formulas are what synthesis counts.
#[track_caller]
pub(crate) fn check_count(d: Dimensions) {
    let (recorder, _) = Recorder::run(&ReceiptsStep::blank(d), &[F::ZERO; ARITY]);
    assert_eq!(recorder.constraints.len(), size::constraints(d) - crate::size::AUGMENTATION, "{d:?}");
    assert!(recorder.values.len() <= recorder.constraints.len() + size::unbound_variables(d), "{d:?}");
}

#[test]
fn the_formula_counts_what_is_synthesised() {
    check_count(TINY);
    check_count(Dimensions { features: 30, width: 8, groups: 4, bins: 11, histograms: 2, rows: 40, hidden: NO_HIDDEN });
    for shape in ["f8.w8.g2.b10.h1.n15", "f20.w8.g4.b10.h4.n16", "f64.w16.g8.b20.h8.n17"] {
        check_count(size::dimensions(shape.parse().unwrap()).unwrap());
    }
}

#[test]
fn every_shape_fills_its_size_and_no_more() {
    for (shape, rows) in [("f8.w8.g2.b10.h1.n15", 21), ("f20.w8.g4.b10.h4.n16", 63), ("f8.w8.g2.b10.h0.n18", 483)] {
        let shape: Shape = shape.parse().unwrap();
        let d = size::dimensions(shape).unwrap();
        assert_eq!(d.rows, rows, "{shape}");
        assert!(size::constraints(d) <= 1 << shape.size_log2());
        assert!(size::constraints(Dimensions { rows: d.rows + d.chunk(), ..d }) > 1 << shape.size_log2());
    }
    let too_small: Shape = "f64.w16.g8.b20.h8.n15".parse().unwrap();
    assert!(size::dimensions(too_small).is_none());
}
