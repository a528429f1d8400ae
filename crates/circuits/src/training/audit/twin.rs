//! The circuit and its native twin agree, and cost what the formula says.

use std::collections::BTreeSet;

use ff::Field;
use proptest::prelude::*;
use verifold_model::{
    cohort::{Outcome, VoidReason},
    training::TRAINED_BITS,
};

use super::fixture::{TINY, UNIT, mixed_rows, rule, scored, steps};
use crate::{
    audit::recorder::Recorder,
    field::F,
    layout::{Dimensions, NO_HIDDEN},
    model::AnyModel,
    rows::{RowKind, RowRecord},
    size::AUGMENTATION,
    training::{Step, descent::Descent, dimensions, family, rule::Rule, size, witness::trained},
};

/// Runs all steps; every state is the twin's, and every family holds but for a model the twin finds too large.
#[track_caller]
pub(crate) fn check(d: Dimensions, rule: impl Into<Descent>, epochs: u32, rows: &[RowRecord]) {
    let rule = rule.into();
    let (mut z, steps) = steps(d, rule.clone(), epochs, rows);
    assert_eq!(steps.len(), epochs as usize * rows.len().div_ceil(d.rows));
    let model = rule.rounded(&trained(&rule, d, epochs, rows).unwrap(), d.features);
    let fits = match &model {
        AnyModel::Scorecard(model) => model.check_range(d.score_bits() as u32).is_ok(),
        AnyModel::Perceptron(_) => true,
    };
    let last = steps.len() - 1;
    for (at, step) in steps.into_iter().enumerate() {
        let (recorder, outputs) = Recorder::run(&step, &z);
        let violated = BTreeSet::from_iter((at == last && !fits).then_some(family::MODEL_RANGE));
        assert_eq!(recorder.violated(), violated);
        assert_eq!(outputs, step.after);
        z = step.after;
    }
    assert_eq!(z[4], F::from(u64::from(epochs)));
}

#[test]
fn several_epochs_of_full_and_part_minibatches() {
    check(TINY, rule(), 3, &mixed_rows(50));
}

#[test]
fn an_epoch_that_fills_its_minibatches_and_one_of_a_single_row() {
    check(TINY, rule(), 2, &mixed_rows(42));
    check(TINY, rule(), 2, &mixed_rows(1));
}

#[test]
fn good_outcomes_as_the_target() {
    check(TINY, Rule { riskier: false, ..rule() }, 1, &mixed_rows(30));
}

#[test]
fn rows_that_teach_nothing_leave_the_weights_alone() {
    let mut rows = mixed_rows(30);
    for row in &mut rows {
        if let RowKind::Scored { outcome, .. } = &mut row.kind {
            *outcome = Outcome::Unknown;
        }
    }
    let rule = Rule { decay: 0, ..rule() };
    let (_, steps) = steps(TINY, rule.clone(), 2, &rows);
    assert!(steps.iter().all(|step| step.open.weights == rule.initial));
    check(TINY, rule, 2, &rows);
}

#[test]
fn rows_of_several_elements_in_several_chunks() {
    let d = Dimensions { features: 30, width: 8, groups: 4, bins: 10, histograms: 0, rows: 40, hidden: NO_HIDDEN };
    let features = |i: u64| (0..29).map(|f| ((i * 31 + f * 17) % 256) as u32).collect();
    let rows: Vec<RowRecord> = (0..55).map(|i| scored(7 * i, features(i), Outcome::ALL[(i % 3) as usize])).collect();
    let mut rates = vec![1 << 6; 31];
    (rates[29], rates[30]) = (0, 1 << 18);
    let mut initial = vec![UNIT / 256; 31];
    initial[29] = 0;
    let rule = Rule { fraction_bits: 20, centres: vec![128; 30], initial, rates, ..rule() };
    assert_eq!(d.row_elements(), 2);
    check(d, rule, 2, &rows);
}

#[test]
fn scores_on_every_segment_and_far_beyond_the_curve() {
    let bound = 1i64 << (TRAINED_BITS - 1);
    let rows: Vec<RowRecord> = (0..42).map(|i| scored(i, vec![(i % 8) as u32, (i / 8) as u32], Outcome::ALL[1 + i as usize % 2])).collect();
    for initial in [
        vec![UNIT / 2, UNIT, -8 * UNIT],
        vec![bound - UNIT, bound - UNIT, bound - UNIT],
        vec![-bound + UNIT, -bound + UNIT, -bound + UNIT],
        vec![bound - UNIT, -bound + UNIT, 0],
        vec![0, 0, 0],
        vec![UNIT / 2, 0, -UNIT],
    ] {
        let rule = Rule { initial, centres: vec![0, 0], decay: 0, rates: vec![1, 1, 1], fraction_bits: 20, ..rule() };
        check(TINY, rule, 1, &rows);
    }
}

pub(crate) fn row() -> impl Strategy<Value = (u64, RowRecord)> {
    let gap = prop_oneof![4 => 0u64..3, 1 => 0u64..100_000];
    let kind = prop_oneof![
        4 => (0u32..8, 0u32..8, 0usize..3).prop_map(|(x, y, o)| scored(0, vec![x, y], Outcome::ALL[o])),
        1 => (0usize..4).prop_map(|reason| RowRecord { key: 0, group: 5, kind: RowKind::Void(VoidReason::ALL[reason]) }),
    ];
    (gap, kind)
}

/// A step too long throws the model out of its range; the circuit refuses what the twin's check refuses.
#[test]
fn a_model_too_large_is_refused_by_its_range_alone() {
    let rows: Vec<RowRecord> = (0..42).map(|i| scored(i, vec![0, 0], Outcome::Good)).collect();
    let rule = Rule { centres: vec![6, 6], ..rule() };
    let weights = trained(&rule.clone().into(), TINY, 1, &rows).unwrap();
    assert!(rule.rounded(&weights).check_range(TINY.score_bits() as u32).is_err());
    check(TINY, rule, 1, &rows);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_rows_lead_where_the_twin_says(
        rows in prop::collection::vec(row(), 1..70),
        epochs in 1u32..4,
        initial in prop::collection::vec(-UNIT..UNIT, 3),
        centres in prop::collection::vec(0u64..8, 2),
        riskier in any::<bool>(),
    ) {
        let mut next = 0;
        let rows: Vec<RowRecord> = rows.into_iter().map(|(gap, row)| {
            next += gap + 1;
            RowRecord { key: next - 1, ..row }
        }).collect();
        check(TINY, Rule { initial, centres, riskier, ..rule() }, epochs, &rows);
    }
}

/// The formula is what synthesis counts, and no step has more variables than constraints.
#[track_caller]
pub(crate) fn check_count(d: Dimensions) {
    let (recorder, _) = Recorder::run(&Step::blank(d), &[F::ZERO; 7]);
    assert_eq!(recorder.constraints.len(), size::constraints(d) - AUGMENTATION, "{d:?}");
    assert!(recorder.values.len() <= recorder.constraints.len(), "{d:?}");
}

#[test]
fn the_formula_counts_what_is_synthesised() {
    check_count(TINY);
    check_count(Dimensions { features: 30, width: 8, groups: 4, bins: 10, histograms: 0, rows: 40, hidden: NO_HIDDEN });
    for shape in ["f8.w8.g2.b10.h0.n15", "f20.w8.g4.b10.h0.n16", "f64.w16.g8.b10.h0.n17", "f16.w12.g2.b10.h0.n16"] {
        check_count(dimensions(shape.parse().unwrap()).unwrap());
    }
}

#[test]
fn a_step_of_two_to_the_sixteen_holds_105_rows_of_twenty_features() {
    let shape = "f20.w8.g4.b10.h0.n16".parse().unwrap();
    assert_eq!(dimensions(shape).map(|d| d.rows), Some(105));
}
