//! The circuit and its native twin agree, and cost what the formula says.

use ff::Field;
use proptest::prelude::*;
use verifold_model::{
    cohort::Outcome,
    revision::{RevisedBatch, RevisionCounts},
    shape::Shape,
};

use super::{
    super::{
        replay::chain_of,
        size,
        step::RevisionStep,
        witness::{RevisedRow, RevisedRows},
    },
    fixture::{batch, header, row, rows, steps, tiny},
};
use crate::{
    audit::{
        fixture::{TINY, plan, scored, void},
        recorder::Recorder,
    },
    field::{F, to_commitment},
    layout::{Dimensions, NO_HIDDEN},
    salt::Salt,
    size::AUGMENTATION,
    streams::OutcomeStream,
};

/// A stream as a cohort commits it, row by row.
fn stream(d: Dimensions, salt: &Salt, rows: &[RevisedRow], outcome: impl Fn(&RevisedRow) -> Outcome) -> OutcomeStream {
    let mut stream = OutcomeStream::with(d, plan().schema, salt.element());
    for row in rows {
        stream.push(&scored(row.key, 0, vec![1], true, outcome(row)));
    }
    stream
}

fn stated(d: Dimensions, batch: &RevisedRows) -> RevisedBatch {
    let mut counts = RevisionCounts::default();
    batch.rows.iter().for_each(|row| counts.add(row.earlier, row.later));
    RevisedBatch {
        index: batch.index,
        rows: batch.rows.len() as u32,
        earlier: stream(d, &batch.earlier_salt, &batch.rows, |row| row.earlier).commitment(),
        later: stream(d, &batch.later_salt, &batch.rows, |row| row.later).commitment(),
        counts,
    }
}

/// Runs all steps; every family holds, every state is the twin's, and the last follows from what is stated.
#[track_caller]
fn check(d: Dimensions, batches: &[RevisedRows]) {
    let (z0, steps) = steps(d, batches);
    let mut z = z0;
    for step in steps {
        let (recorder, outputs) = Recorder::run(&step, &z);
        assert_eq!(recorder.violated(), Default::default());
        assert_eq!(outputs, step.after);
        z = step.after;
    }
    assert_eq!(z[2..], [F::ZERO; 5]);
    let stated: Vec<RevisedBatch> = batches.iter().map(|batch| stated(d, batch)).collect();
    assert_eq!(chain_of(to_commitment(header()), &stated), Ok(to_commitment(z[1])));
}

#[test]
fn a_batch_of_one_step_an_empty_one_a_full_one_and_one_of_three() {
    check(TINY, &[batch(0, rows(13)), batch(1, vec![]), batch(2, rows(21)), batch(4, rows(50))]);
}

#[test]
fn blocks_of_twenty_rows_and_steps_of_several_blocks() {
    let d = Dimensions { features: 30, width: 8, groups: 2, bins: 10, histograms: 0, rows: 60, hidden: NO_HIDDEN };
    assert_eq!(d.chunk(), 20);
    check(d, &[batch(0, rows(55)), batch(1, rows(60)), batch(2, rows(131))]);
}

#[test]
fn keys_of_all_bits_keep_their_outcomes_apart() {
    let rows = [(Outcome::Unknown, Outcome::Bad), (Outcome::Bad, Outcome::Good), (Outcome::Good, Outcome::Unknown)];
    check(TINY, &[batch(0, rows.into_iter().map(|(earlier, later)| row(u64::MAX, earlier, later)).collect())]);
}

#[test]
fn a_void_row_stands_in_both_streams_as_unknown() {
    let d = TINY;
    let salt = Salt::of(9);
    let mut cohort = OutcomeStream::with(d, plan().schema, salt.element());
    cohort.push(&void(7, 0, verifold_model::cohort::VoidReason::MissingValue));
    let ours = stream(d, &salt, &[row(7, Outcome::Unknown, Outcome::Unknown)], |row| row.earlier);
    assert_eq!(cohort.commitment(), ours.commitment());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_batches_lead_where_the_twin_says(
        counts in prop::collection::vec(prop::collection::vec((0usize..3, 0usize..3, any::<u64>()), 0..50), 1..3),
    ) {
        let rows = |pairs: Vec<(usize, usize, u64)>| pairs.into_iter().map(|(a, b, key)| row(key, Outcome::ALL[a], Outcome::ALL[b])).collect();
        let batches: Vec<RevisedRows> = (0u32..).zip(counts).map(|(i, pairs)| batch(2 * i, rows(pairs))).collect();
        check(TINY, &batches);
    }
}

#[test]
fn the_formula_counts_what_is_synthesised() {
    for shape in ["f8.w8.g2.b10.h0.n15", "f32.w8.g2.b10.h0.n16", "f64.w16.g2.b10.h0.n15"] {
        let d = size::dimensions(shape.parse::<Shape>().unwrap()).unwrap();
        let (recorder, _) = Recorder::run(&RevisionStep::blank(d), &tiny(&[]).0);
        assert_eq!(recorder.constraints.len() + AUGMENTATION, size::constraints(d), "{shape}");
        assert!(recorder.names.len() < recorder.constraints.len(), "{shape}: variables decide the size");
    }
}

#[test]
fn a_shape_that_names_what_a_revision_does_not_have_is_none_of_its() {
    let room = |shape: &str| size::dimensions(shape.parse().unwrap()).map(|d| d.rows);
    assert_eq!(room("f20.w8.g2.b10.h0.n15"), Some(168));
    assert_eq!(room("f32.w8.g2.b10.h0.n15"), Some(180));
    for shape in ["f20.w8.g4.b10.h0.n15", "f20.w8.g2.b20.h0.n15", "f20.w8.g2.b10.h1.n15", "f20.w8.g2.b10.h0.n15.l8"] {
        assert_eq!(room(shape), None, "{shape}");
    }
}
