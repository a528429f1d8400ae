//! Is every wire determined by the state and the declared inputs?
//!
//! At an honest assignment the constraints are differentiated by every wire that is neither state nor a
//! declared input. If the columns are independent, no such wire can move, to first order, while the
//! inputs stand still; a dependent column is a wire the circuit forgot to constrain.

use std::collections::{BTreeMap, BTreeSet};

use ff::Field;
use verifold_model::cohort::BatchRole;

use super::{
    fixture::{TINY, batch, mixed_rows, model, plan, steps},
    recorder::Recorder,
};
use crate::{family, field::F};

/// Whether a wire is a genuine input of the prover: something the statement is about, not something computed.
pub(crate) fn declared(name: &str) -> bool {
    let row_part = name.strip_prefix("row ").and_then(|rest| rest.split_once('/')).map(|(_, part)| part);
    match row_part {
        Some(part) => {
            part == "filled"
                || part == "logged"
                || ["kind/", "key gap/", "group/", "outcome/", "feature "].iter().any(|p| part.starts_with(p))
        }
        None => {
            ["z ", "plan/", "open/"].iter().any(|p| name.starts_with(p))
                || ["first", "last", "row salt", "outcome salt", "table salt", "model/bias", "model/salt"].contains(&name)
                || name.strip_prefix("model/weight ").is_some_and(|rest| rest.parse::<usize>().is_ok())
        }
    }
}

/// The wires, declared inputs aside, that can move while state and declared inputs stand still, without some families.
pub(crate) fn free(recorder: &Recorder, declared: &dyn Fn(&str) -> bool, without: &[&str]) -> BTreeSet<String> {
    let unknown: Vec<bool> = recorder.names.iter().enumerate().map(|(i, name)| i > 0 && !declared(name)).collect();
    // The Jacobian, row by row: d(ab − c) = a·db + b·da − dc.
    let mut rows: Vec<BTreeMap<usize, F>> = recorder
        .constraints
        .iter()
        .filter(|c| !without.contains(&c.family.as_str()))
        .map(|c| {
            let (a, b) = (recorder.evaluate(&c.a), recorder.evaluate(&c.b));
            let mut row = BTreeMap::<usize, F>::new();
            let parts = [(&c.a, b), (&c.b, a), (&c.c, -F::ONE)];
            for (wire, change) in parts.into_iter().flat_map(|(terms, by)| terms.iter().map(move |(wire, k)| (*wire, *k * by))) {
                if unknown[wire] {
                    *row.entry(wire).or_default() += change;
                }
            }
            row.retain(|_, v| !bool::from(v.is_zero()));
            row
        })
        .collect();

    // A row with one wire left determines it; taking it out of other rows leaves them with fewer.
    let mut rows_of = BTreeMap::<usize, Vec<usize>>::new();
    for (i, row) in rows.iter().enumerate() {
        for wire in row.keys() {
            rows_of.entry(*wire).or_default().push(i);
        }
    }
    let mut undetermined: BTreeSet<usize> = (0..unknown.len()).filter(|&w| unknown[w]).collect();
    let mut singles: Vec<usize> = (0..rows.len()).filter(|&i| rows[i].len() == 1).collect();
    while let Some(i) = singles.pop() {
        let Some((&wire, _)) = rows[i].first_key_value() else { continue };
        undetermined.remove(&wire);
        for &other in &rows_of[&wire] {
            rows[other].remove(&wire);
            if rows[other].len() == 1 {
                singles.push(other);
            }
        }
    }

    // Whatever is left is eliminated in full; a wire that never leads a row stays free.
    let mut leading = BTreeMap::<usize, BTreeMap<usize, F>>::new();
    for mut row in rows {
        while let Some((&lead, &scale)) = row.first_key_value() {
            let Some(pivot) = leading.get(&lead) else {
                let inverse = scale.invert().unwrap();
                row.values_mut().for_each(|v| *v *= inverse);
                leading.insert(lead, row);
                break;
            };
            for (wire, value) in pivot {
                *row.entry(*wire).or_default() -= scale * value;
            }
            row.retain(|_, v| !bool::from(v.is_zero()));
        }
    }
    undetermined.into_iter().filter(|wire| !leading.contains_key(wire)).map(|wire| recorder.names[wire].clone()).collect()
}

#[test]
fn no_wire_is_free_in_any_step() {
    let batches = [
        batch(BatchRole::Reference, 1, 2, mixed_rows(1, 13)),
        batch(BatchRole::Monitoring, 2, 5, vec![]),
        batch(BatchRole::Monitoring, 7, 9, mixed_rows(7, 30)),
    ];
    let (mut z, steps) = steps(TINY, plan(), &model(), &batches);
    assert_eq!(steps.len(), 4);
    for step in steps {
        let (recorder, _) = Recorder::run(&step, &z);
        // The golden list of exceptions is empty.
        assert_eq!(free(&recorder, &declared, &[]), BTreeSet::new());
        z = step.after;
    }
}

#[test]
fn a_forgotten_constraint_shows() {
    let (z, steps) = steps(TINY, plan(), &model(), &[batch(BatchRole::Reference, 1, 2, mixed_rows(1, 2))]);
    let (recorder, _) = Recorder::run(&steps[0], &z);
    for family in [family::ROW_KEY, family::SCORE, family::CELL, family::COUNT, family::BOUND_BITS, family::WEIGHT_RANGE, family::INDEX] {
        assert!(!free(&recorder, &declared, &[family]).is_empty(), "{family}");
    }
}
