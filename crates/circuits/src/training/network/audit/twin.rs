//! The circuit and its native twin agree, and cost what the formula says.

use proptest::prelude::*;
use verifold_model::cohort::Outcome;

use super::fixture::{MODEL, TINY, rule, trained};
use crate::{
    layout::Dimensions,
    neural::network::{bias_places, weight_places},
    rows::RowRecord,
    training::{
        audit::{
            fixture::{mixed_rows, scored, steps},
            twin::{check, check_count, row},
        },
        dimensions,
        network::NetworkRule,
    },
};

#[test]
fn several_epochs_of_full_and_part_minibatches() {
    check(TINY, rule(), 3, &mixed_rows(50));
    check(TINY, rule(), 2, &mixed_rows(42));
    check(TINY, rule(), 2, &mixed_rows(1));
    check(TINY, NetworkRule { riskier: false, scale: 1, ..rule() }, 1, &mixed_rows(30));
}

#[test]
fn every_number_learns() {
    let (_, steps) = steps(TINY, rule(), 2, &mixed_rows(30));
    let last = &steps[3].open.weights;
    for (at, (before, after)) in rule().initial.iter().zip(last).enumerate() {
        assert!(before != after && (before - after).abs() < 1 << 40, "number {at} went from {before} to {after}");
    }
}

/// One hidden layer, three of them, more features than an element holds, neurons of zeros.
#[test]
fn other_numbers_of_layers() {
    let tiny = |hidden: [usize; 3]| {
        let dimensions = Dimensions { hidden, ..TINY };
        let layers = dimensions.hidden_layers() + 1;
        let zero_from = hidden[0] - 1;
        let weights = weight_places(dimensions)
            .map(|(layer, to, from)| if layer == 0 && to >= zero_from { 0 } else { (3000 - 700 * (to as i64) + 911 * from as i64) << 12 });
        let initial = weights.chain(bias_places(dimensions).map(|(layer, _)| -(layer as i64) << 14)).collect();
        let weight_rates = (0..layers).map(|layer| vec![64; if layer == 0 { 2 } else { 1 }]).collect();
        NetworkRule { dimensions, weight_rates, bias_rates: vec![64; layers], initial, ..rule() }
    };
    for hidden in [[3, 0, 0], [3, 2, 2]] {
        let rule = tiny(hidden);
        check(rule.dimensions, rule, 2, &mixed_rows(30));
    }
    let d = Dimensions { features: 30, width: 8, groups: 4, bins: 10, histograms: 0, rows: 20, hidden: [2, 0, 0] };
    let features = |i: u64| (0..29).map(|f| ((i * 31 + f * 17) % 256) as u32).collect();
    let rows: Vec<RowRecord> = (0..25).map(|i| scored(7 * i, features(i), Outcome::ALL[(i % 3) as usize])).collect();
    let mut initial: Vec<i64> = weight_places(d).map(|(_, to, from)| (200 * to as i64 - 7 * from as i64) << 12).collect();
    initial.extend([5, -5, 77].map(|bias| bias << 12));
    let rule = NetworkRule {
        dimensions: d,
        centres: vec![128; 30],
        weight_rates: vec![vec![9; 30], vec![64]],
        bias_rates: vec![64; 2],
        initial,
        ..rule()
    };
    check(d, rule, 1, &rows);
}

#[test]
fn scores_far_beyond_the_curve_and_sums_of_exactly_zero() {
    for (weight, bias) in [(32_767, 1 << 30), (-32_768, -(1 << 30)), (0, 0)] {
        let mut model = MODEL;
        (model[8], model[14]) = (weight, bias);
        check(
            TINY,
            NetworkRule { initial: trained(&model), weight_rates: vec![vec![0; 2], vec![0], vec![1]], ..rule() },
            1,
            &mixed_rows(30),
        );
    }
    check(TINY, NetworkRule { initial: vec![0; 15], ..rule() }, 1, &mixed_rows(30));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_rows_lead_where_the_twin_says(
        rows in prop::collection::vec(row(), 1..50),
        epochs in 1u32..3,
        weights in prop::collection::vec(-8000i64 << 12..8000 << 12, 10),
        biases in prop::collection::vec(-30_000i64 << 12..30_000 << 12, 5),
        centres in prop::collection::vec(0u64..8, 2),
        riskier in any::<bool>(),
    ) {
        let mut next = 0;
        let rows: Vec<RowRecord> = rows.into_iter().map(|(gap, row)| {
            next += gap + 1;
            RowRecord { key: next - 1, ..row }
        }).collect();
        let mut initial = weights;
        // The last layer's weights read what has sixteen bits.
        initial[8..].iter_mut().for_each(|weight| *weight >>= 5);
        initial.extend(biases);
        check(TINY, NetworkRule { initial, centres, riskier, weight_rates: vec![vec![64; 2], vec![4], vec![1]], bias_rates: vec![16; 3], ..rule() }, epochs, &rows);
    }
}

#[test]
fn the_formula_counts_what_is_synthesised() {
    check_count(TINY);
    for shape in ["f8.w8.g2.b10.h0.n16.l8", "f20.w8.g4.b10.h0.n17.l16-8", "f16.w16.g2.b10.h0.n17.l16"] {
        check_count(dimensions(shape.parse().unwrap()).unwrap());
    }
}

#[test]
fn a_step_of_two_to_the_eighteen_holds_84_rows_of_the_network_of_16_and_8() {
    let rows = |shape: &str| dimensions(shape.parse().unwrap()).map(|d| d.rows);
    assert_eq!(rows("f20.w8.g4.b10.h0.n18.l16-8"), Some(84));
    assert_eq!(rows("f20.w8.g4.b10.h0.n17.l16-8"), Some(21));
    assert_eq!(rows("f20.w8.g4.b10.h0.n16.l16-8"), None);
    assert_eq!(rows("f8.w8.g2.b10.h0.n16.l8"), Some(42));
}
