//! A prover with a weaker circuit: one family left out, keys of its own, and a falsehood that it can prove then.
//!
//! The falsehood keeps every sum of the table, so the native replay has nothing against it: the proof alone stands between
//! it and the verdict, and the proof is held against a key derived from the whole circuit.

use std::{collections::BTreeSet, sync::Arc};

use verifold_model::{
    cohort::{BatchRole, Outcome},
    shape::{CircuitFamily, CircuitId},
};

use super::{
    fixture::{batch, key, scored, steps},
    recorder::Recorder,
};
use crate::{
    families::{AnyStep, PublicState},
    family,
    keys::{Keys, VerifierKey, pinned_digest},
    layout::Dimensions,
    native::PlanOpening,
    proof::{ProofError, verify_proof},
    prover::Prover,
    rows::Model,
    step::Step,
    wires::Overrides,
};
use ff::Field;

use crate::field::F;

/// Three rows scored −7, 2 and 11, in bins 0, 1 and 2; the second says it is in bin 2.
fn lie(d: Dimensions) -> ([F; 7], Step) {
    let edges = [-5, 4].into_iter().chain(100..107).chain([2, 5]).chain(50..57).collect();
    let plan = PlanOpening { document: F::from(11), schema: F::from(12), used_features: 1, edges };
    let row = |at: u64, value: u32| scored(key(5, at), 0, vec![value], true, Outcome::Good);
    let (z0, steps) =
        steps(d, plan, &Model { weights: vec![3], bias: -7 }, &[batch(BatchRole::Reference, 5, 6, vec![row(0, 0), row(4, 3), row(9, 6)])]);
    let [mut step] = <[Step; 1]>::try_from(steps).ok().unwrap();
    let values = [("row 1/bin/1".to_owned(), F::ZERO), ("row 1/bin/2".to_owned(), F::ONE)].into();
    step.overrides = Some(Arc::new(Overrides { values, ..Overrides::default() }));
    (z0, step)
}

#[test]
fn a_proof_by_a_weaker_circuit_is_rejected_under_the_pinned_key_of_the_whole_one() {
    let circuit = CircuitId { family: CircuitFamily::ScoredCohortV1, shape: "f8.w8.g2.b10.h1.n15".parse().unwrap() };
    let d = Dimensions::of(circuit.shape).unwrap();
    let (z0, mut step) = lie(d);
    let honest = step.after;
    let (recorder, zn) = Recorder::run(&step, &z0);
    assert_eq!(recorder.violated(), BTreeSet::from([family::BIN_BOUNDS]), "nothing else stands against it");
    step.after = zn.try_into().unwrap();
    assert_ne!(step.after, honest, "it states something else");

    let mut blank = Step::blank(d);
    blank.overrides = Some(Arc::new(Overrides { left_out: Some(family::BIN_BOUNDS), ..Overrides::default() }));
    let weaker = Keys::of(circuit, &AnyStep::Cohort(blank)).unwrap();
    let (initial, reached) = (PublicState::of(&z0), PublicState::of(&step.after));
    let mut prover = Prover::new(&weaker, initial).unwrap();
    prover.fold(step).unwrap();
    let proof = prover.compress().unwrap();
    // So that the refusal below is not true for another reason.
    assert_eq!(verify_proof(weaker.verifier(), initial, 1, &proof), Ok(reached));

    let whole = VerifierKey::derive(circuit).unwrap();
    assert_eq!(pinned_digest(circuit), Some(whole.digest()));
    assert_ne!(weaker.digest(), whole.digest());
    let refused = verify_proof(&whole, initial, 1, &proof);
    assert!(matches!(refused, Err(ProofError::Rejected { .. })), "{refused:?}");
}
