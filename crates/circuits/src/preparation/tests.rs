//! Tests of the circuit itself: does it compute what the twin computes, is any wire free, is any family idle?

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ff::Field;
use proptest::prelude::*;
use verifold_model::{
    cohort::Outcome,
    digest::Digest,
    plan::Grouping,
    preparation::{Column, KEY_LIMIT, MISSING, Preparation, PreparationSchema, Rule},
    shape::{CircuitFamily, CircuitId},
    statement::{Header, Period, StatementKind, Subject},
};

use super::{family, native::Layout, size, step::Step, witness::*};
use crate::{
    audit::{
        freedom::free,
        recorder::{Audited, Recorder},
    },
    field::{F, power_of_two, signed},
    layout::{Dimensions, NO_HIDDEN},
    salt::Salt,
    size::AUGMENTATION,
    wires::Overrides,
};

impl Audited for Step {
    fn overrides(&self) -> Option<&Overrides> {
        self.overrides.as_deref()
    }
}

fn tiny() -> Layout {
    Layout::without_rows(Dimensions { features: 3, width: 3, groups: 2, bins: 10, histograms: 0, rows: 21, hidden: NO_HIDDEN }).unwrap()
}

/// Two columns of three: raw 10 to 100 onto 0 to 7, and raw 0 to 7 as they are.
fn rules() -> Preparation {
    let column = |name: &str, low, high, multiplier, addend| Column {
        name: name.into(),
        unit: String::new(),
        offset: "0".parse().unwrap(),
        step: "1".parse().unwrap(),
        low,
        high,
        multiplier,
        addend,
        below: Rule::Value(0),
        above: Rule::Void,
        missing: Rule::Value(3),
    };
    let factor = (7 << 24) / 90;
    let second = Column { below: Rule::Void, above: Rule::Value(7), missing: Rule::Void, ..column("second", 1, 7, 1 << 24, 0) };
    Preparation {
        schema: PreparationSchema::V1,
        shape: "f20.w8.g2.b10.h0.n16".parse().unwrap(),
        columns: vec![column("first", 10, 100, factor, (1 << 23) - 10 * factor as i64), second],
        grouping: Grouping { attribute: "age".into(), names: vec!["a".into(), "b".into()], not_disclosed: None },
    }
}

fn header() -> Header {
    let shape = rules().shape;
    Header {
        statement: StatementKind::PreparationV1,
        circuit: CircuitId { family: CircuitFamily::PreparationV1, shape },
        subject: Subject { name: "n".into(), lei: "l".into(), system: "s".into(), model: "m".into() },
        period: Period { start: "2026-01-01T00:00:00Z".parse().unwrap(), end: "2026-02-01T00:00:00Z".parse().unwrap() },
        previous_chain_head: None,
    }
}

fn row(key: u64, values: [u32; 2]) -> RawRow {
    RawRow {
        key,
        group: (key % 2) as u8,
        values: values.to_vec(),
        logged: key.is_multiple_of(3),
        outcome: Outcome::ALL[(key % 3) as usize],
    }
}

/// Values of every region of both columns.
fn mixed(start: u64, count: u64) -> Vec<RawRow> {
    let first = [50, 4, 200, MISSING, 10, 100];
    let second = [3, 7, 0, 9, MISSING];
    (0..count).map(|i| row(start + 3 * i + i % 3, [first[i as usize % 6], second[(i / 2) as usize % 5]])).collect()
}

fn witness_of(preparation: Preparation, parts: [Vec<RawRow>; 2]) -> PreparationWitness {
    let mut salt = 100;
    let mut next = || {
        salt += 1;
        Salt::of(salt)
    };
    let raw_salts = [next(), next()];
    let parts = parts.map(|rows| RawPart { rows, row_salt: next(), outcome_salt: next(), profile_salt: next() });
    PreparationWitness::with(header(), tiny(), preparation, Digest::of(b"schema"), raw_salts, parts).unwrap()
}

/// The rows that falsehoods are about, in the second part: inside, below, above (set aside), missing.
fn short_rows() -> Vec<RawRow> {
    vec![row(200, [80, 3]), row(205, [4, 7]), row(210, [200, 2]), row(211, [50, 9]), row(220, [60, MISSING])]
}

fn witness() -> PreparationWitness {
    witness_of(rules(), [mixed(1, 42), short_rows()])
}

/// All steps with the state before each.
fn steps(witness: &PreparationWitness) -> Vec<([F; 7], Step)> {
    let mut z = witness.initial_state().elements().unwrap();
    witness
        .steps()
        .map(|step| {
            let before = z;
            z = step.after;
            (before, step)
        })
        .collect()
}

#[track_caller]
fn check(witness: &PreparationWitness) {
    let steps = steps(witness);
    for (z, step) in &steps {
        let (recorder, outputs) = Recorder::run(step, z);
        assert_eq!(recorder.violated(), BTreeSet::new());
        assert_eq!(outputs, step.after);
    }
    let (_, last) = steps.last().unwrap();
    assert_eq!(crate::field::to_commitment(last.after[3]), witness.statement().chain_head);
    assert_eq!(last.after[6], F::ZERO);
    assert_eq!(last.after[5], F::from(witness.statement().parts.iter().map(|part| u64::from(part.rows)).sum::<u64>()));
    assert_eq!(steps.len() as u64, witness.statement().steps);
}

#[test]
fn two_parts_lead_where_the_twin_says() {
    check(&witness());
    check(&witness_of(rules(), [mixed(0, 21), mixed(1000, 50)]));
}

#[test]
fn what_is_set_aside_stays_in_place_and_is_counted() {
    let witness = witness();
    let (rows, ..) = witness.prepared(1);
    let kinds: Vec<_> = rows.iter().map(|row| row.kind.clone()).collect();
    use crate::rows::RowKind::{Scored, Void};
    use verifold_model::cohort::VoidReason::{MissingValue, OutsideDomain};
    assert!(matches!(&kinds[0], Scored { features, .. } if features == &[5, 3]), "{:?}", kinds[0]);
    assert!(matches!(&kinds[1], Scored { features, .. } if features == &[0, 7]));
    assert_eq!(kinds[2], Void(OutsideDomain));
    assert!(matches!(&kinds[3], Scored { features, .. } if features == &[3, 7]));
    assert_eq!(kinds[4], Void(MissingValue));
    let profile = &witness.statement().parts[1].profile;
    assert_eq!(profile.dropped(), 2);
    assert_eq!(profile.columns[0], [1, 1, 0]);
    assert_eq!(profile.columns[1], [0, 1, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_rows_lead_where_the_twin_says(
        values in prop::collection::vec((0u64..5, 0u32..120, 0u32..10, any::<bool>()), 22..60),
    ) {
        let mut key = 0;
        let rows: Vec<RawRow> = values.into_iter().map(|(gap, first, second, missing)| {
            key += gap + 1;
            row(key, [if missing { MISSING } else { first }, second])
        }).collect();
        let (first, second) = rows.split_at(21);
        check(&witness_of(rules(), [first.to_vec(), second.to_vec()]));
    }
}

#[test]
fn the_formula_counts_what_is_synthesised() {
    let shaped = |text: &str| Layout::of(text.parse().unwrap()).unwrap();
    for layout in [tiny(), shaped("f20.w8.g4.b10.h0.n16"), shaped("f20.w8.g2.b10.h0.n17")] {
        let (recorder, _) = Recorder::run(&Step::blank(layout), &[F::ZERO; 7]);
        assert_eq!(recorder.constraints.len(), size::constraints(layout) - AUGMENTATION, "{layout:?}");
        assert!(recorder.values.len() <= recorder.constraints.len(), "{layout:?}");
    }
}

#[test]
fn shapes_whose_streams_do_not_share_a_chunk_have_no_layout() {
    for text in ["f8.w8.g2.b10.h0.n16", "f20.w8.g2.b20.h0.n16", "f20.w8.g2.b10.h1.n16", "f20.w8.g4.b10.h0.n15"] {
        assert_eq!(Layout::of(text.parse().unwrap()), None, "{text}");
    }
}

/// Whether a wire is a genuine input of the prover.
fn declared(name: &str) -> bool {
    let row_part = name.strip_prefix("row ").and_then(|rest| rest.split_once('/')).map(|(_, part)| part);
    match row_part {
        Some(part) => {
            part == "filled"
                || part == "logged"
                || ["key gap/", "group/", "outcome/"].iter().any(|p| part.starts_with(p))
                || part.starts_with("column ") && part.contains("/region/")
        }
        None => ["z ", "rules/", "open/"].iter().any(|p| name.starts_with(p)) || ["last", "end"].contains(&name) || name.ends_with(" salt"),
    }
}

#[test]
fn no_wire_is_free_in_any_step() {
    let steps = steps(&witness());
    assert_eq!(steps.len(), 3);
    for (z, step) in steps {
        let (recorder, _) = Recorder::run(&step, &z);
        // The golden list of exceptions is empty.
        assert_eq!(free(&recorder, &declared, &[]), BTreeSet::new());
    }
}

/// The equation of a column splits only where everything in it is bounded; an input that is no boolean would not be.
#[test]
fn whatever_a_prover_chooses_of_a_row_is_a_boolean() {
    let (recorder, _) = Lie::short().run();
    let chosen: Vec<&String> = recorder.names.iter().filter(|name| name.starts_with("row 2/") && declared(name)).collect();
    assert_eq!(chosen.len(), 1 + 64 + 1 + 1 + 2 + 3 * 2);
    let holding = [family::SLOT_FILLED, family::KEY_GAP, family::GROUP, family::LOGGED, family::OUTCOME, family::REGION];
    for name in chosen {
        let (recorder, _) = Lie::short().number(name, 2).run();
        assert!(recorder.violated().iter().any(|family| holding.contains(family)), "{name}");
    }
}

#[test]
fn a_forgotten_constraint_shows() {
    let (z, step) = steps(&witness()).pop().unwrap();
    let (recorder, _) = Recorder::run(&step, &z);
    for family in [family::RULE, family::REMAINDER_BITS, family::SET_ASIDE, family::KEPT, family::INDEX, family::FRESH_PART] {
        assert!(!free(&recorder, &declared, &[family]).is_empty(), "{family}");
    }
}

/// A step about to lie.
struct Lie {
    step: Step,
    z: [F; 7],
    values: BTreeMap<String, F>,
}

impl Lie {
    fn at(position: usize) -> Self {
        let (z, step) = steps(&witness()).swap_remove(position);
        Self { step, z, values: BTreeMap::new() }
    }

    /// The only step of the second part.
    fn short() -> Self {
        Self::at(2)
    }

    fn set(mut self, wire: &str, value: F) -> Self {
        assert!(self.values.insert(wire.into(), value).is_none());
        self
    }

    fn number(self, wire: &str, value: i64) -> Self {
        self.set(wire, signed(value))
    }

    /// The bits of a small number.
    fn bits(mut self, wire: &str, count: usize, value: u64) -> Self {
        for bit in 0..count {
            self = self.number(&format!("{wire}/bit {bit}"), (value >> bit & 1) as i64);
        }
        self
    }

    /// `value` in the first bit, zeros in the others.
    fn first_bit(mut self, wire: &str, count: usize, value: F) -> Self {
        for bit in 0..count {
            self = self.set(&format!("{wire}/bit {bit}"), if bit == 0 { value } else { F::ZERO });
        }
        self
    }

    fn run(mut self) -> (Recorder, Vec<F>) {
        self.step.overrides = Some(Arc::new(Overrides { values: self.values.clone(), ..Default::default() }));
        Recorder::run(&self.step, &self.z)
    }
}

type Case = (&'static str, &'static str, Lie);

fn state_cases() -> Vec<Case> {
    let restarted = || {
        let mut lie = Lie::at(1);
        let (_, begin) = steps(&witness()).swap_remove(0);
        lie.step.before = begin.before;
        lie.number("begin/inverse", 0)
    };
    let other_rules = || {
        let mut rules = rules();
        rules.columns[0].below = Rule::Value(1);
        let mut lie = Lie::short();
        let honest = lie.z[1];
        (lie.z, lie.step) = steps(&witness_of(rules, [mixed(1, 42), short_rows()])).swap_remove(2);
        lie.z[1] = honest;
        lie
    };
    vec![
        (family::STEP_FLAGS, "one part advances the index by two", Lie::at(1).number("last", 2)),
        (family::BEGIN, "rows proven before are forgotten", restarted()),
        (family::FRESH_STATE, "a proof begins with five rows counted", Lie::at(0).number("open/word 0", 5)),
        (family::OPEN_STATE, "earlier steps counted other rows", Lie::at(1).number("open/word 0", 5)),
        (family::FRESH_PART, "prepared rows begin elsewhere", Lie::short().number("started rows", 999)),
        (family::RULES_OPENING, "a value is prepared by another rule", other_rules()),
        (family::FIRST_ROW, "a part takes a further step without rows", {
            let mut lie = Lie::short();
            lie.step.rows.clear();
            lie
        }),
        (family::FULL, "a part goes on behind empty slots", Lie::short().number("last", 0).number("end", 0)),
        (family::STREAM_SELECT, "counted rows are left out of the stream", Lie::short().number("row stream 0", 999)),
        (family::CHAIN, "the chain forgets a part", {
            let lie = Lie::short();
            let chain = lie.z[3];
            lie.set("next/chain", chain)
        }),
        (family::INDEX, "a closed part is not numbered", Lie::short().number("next/index", 0)),
        (family::ROWS, "rows are counted that are not there", Lie::short().number("next/rows", 999)),
        (family::HANDED_ON, "the rows of a part are forgotten", Lie::at(0).number("handed on rows", 0)),
        (family::OPEN_NEXT, "an unfinished part is dropped", Lie::at(0).number("next/open", 0)),
        (family::HASH_RULES, "a value is prepared by another rule", {
            let lie = other_rules();
            let committed = lie.z[1];
            lie.set("hash: rules/rules", committed)
        }),
        (family::HASH_ROWS, "other rows are committed than are counted", Lie::short().number("hash: row streams/row stream 0", 999)),
        (
            family::HASH_OUTCOMES,
            "other labels are committed than are counted",
            Lie::short().number("hash: outcome streams/outcome stream 0", 999),
        ),
        (family::HASH_PROFILE, "another profile is committed than was counted", Lie::short().number("hash: profile/after", 999)),
        (family::HASH_STATE, "earlier steps counted other rows", {
            let lie = Lie::at(1).number("open/word 0", 5);
            let open = lie.z[6];
            lie.set("hash: open state/before", open)
        }),
        (family::HASH_CHAIN, "the chain holds another part", Lie::short().number("hash: chain/link", 999)),
    ]
}

/// Row 2 of five becomes an empty slot; the row behind it repeats a key.
fn hole() -> Lie {
    let mut lie = Lie::short();
    lie.step.rows[3].raw.key = 206;
    for part in ["filled", "logged", "group/1", "outcome/1", "outcome/2"] {
        lie = lie.number(&format!("row 2/{part}"), 0);
    }
    lie = lie.first_bit("row 2/key gap", 64, F::ZERO);
    for c in 0..3 {
        for part in ["region/low", "region/high", "reason 0", "reason 1"] {
            lie = lie.number(&format!("row 2/column {c}/{part}"), 0);
        }
        for (part, count) in [("near", 24), ("far", 24), ("prepared", 3), ("remainder", 24)] {
            lie = lie.bits(&format!("row 2/column {c}/{part}"), count, 0);
        }
    }
    lie
}

fn row_cases() -> Vec<Case> {
    let prepared = |row: usize, column: usize| -> u64 {
        match &steps(&witness()).swap_remove(2).1.rows[row].prepared.kind {
            crate::rows::RowKind::Scored { features, .. } => u64::from(features[column]),
            crate::rows::RowKind::Void(_) => 0,
        }
    };
    let scaled = |raw: u64| {
        let column = rules().columns[0].clone();
        (column.multiplier * raw).wrapping_add_signed(column.addend)
    };
    let remainder = |raw: u64| scaled(raw) & ((1 << 24) - 1);
    vec![
        (family::SLOT_FILLED, "a row behind an empty slot repeats an earlier key", hole()),
        (family::KEY_GAP, "a key lies below the key before it", Lie::short().number("row 1/key gap/bit 0", -10)),
        (family::KEY_LIMIT, "a key wraps around", {
            let mut lie = Lie::short();
            lie.step.rows[4].raw.key = KEY_LIMIT + 5;
            lie
        }),
        (family::ROW_KEY, "two rows are committed under one key", Lie::short().number("row 1/key", 200)),
        (family::GROUP, "one row counts twice in a group and minus once in another", Lie::short().number("row 0/group/1", 2)),
        (family::LOGGED, "a logged decision is committed as a group", Lie::short().number("row 0/logged", 2)),
        (family::OUTCOME, "one row has two good labels and minus one unknown", Lie::short().number("row 2/outcome/1", 2)),
        (family::REGION, "a value is mapped twice and counts minus once as below its domain", {
            let lie = Lie::short().number("row 3/column 0/region/low", -1).bits("row 3/column 0/near", 24, 30);
            let lie = lie.bits("row 3/column 0/far", 24, 90 + 81 - 30).bits("row 3/column 0/prepared", 3, (2 * scaled(40)) >> 24);
            lie.bits("row 3/column 0/remainder", 24, (2 * scaled(40)) & ((1 << 24) - 1))
        }),
        (family::RULE, "a row is set aside for no reason", {
            Lie::short().set("row 0/column 0/rule 2", power_of_two(141)).number("row 0/column 0/reason 1", 1)
        }),
        (family::RAW, "a raw value is committed that was not prepared", Lie::short().number("row 2/column 0/beyond", 0)),
        (family::MAPPED, "a value is mapped to a larger one", {
            let column = rules().columns[0].clone();
            Lie::short().set("row 0/column 0/mapped", F::from(column.multiplier * 80 + (1 << 24)))
        }),
        (family::BOUND_BITS, "a value inside its domain counts as below it", {
            let lie = Lie::short().number("row 0/column 0/region/low", 1).bits("row 0/column 0/near", 24, 80);
            let lie = lie.first_bit("row 0/column 0/far", 24, signed(9 - 80));
            lie.bits("row 0/column 0/prepared", 3, 0).bits("row 0/column 0/remainder", 24, 0)
        }),
        (family::PREPARED_BITS, "a prepared value is no number", {
            let part = power_of_two(24).invert().unwrap();
            let lie = Lie::short().first_bit("row 0/column 0/prepared", 3, F::from(prepared(0, 0)) - part);
            lie.bits("row 0/column 0/remainder", 24, remainder(80) + 1)
        }),
        (family::REMAINDER_BITS, "a value is rounded up by one", {
            let lie = Lie::short().bits("row 0/column 0/prepared", 3, prepared(0, 0) + 1);
            lie.first_bit("row 0/column 0/remainder", 24, F::from(remainder(80)) - power_of_two(24))
        }),
        (family::REASON, "a row outside the domain counts as one with a missing value", {
            Lie::short().number("row 2/column 0/reason 0", 2).number("row 2/column 0/reason 1", 0)
        }),
        (
            family::COLUMN,
            "a prepared value is not what its rule makes",
            Lie::short().bits("row 0/column 0/prepared", 3, prepared(0, 0) + 1),
        ),
        (family::SET_ASIDE, "a row with a missing value is kept", Lie::short().number("row 4/missing/inverse", 0)),
        (family::VOID_KIND, "a row outside the domain is kept", Lie::short().number("row 2/void outside", 0)),
        (family::KEPT, "a prepared row holds other values than were prepared", Lie::short().number("row 0/kept 0", 0)),
        (family::GROUP_CELL, "a row counts in another group", Lie::short().number("row 1/cell of group 1", 0)),
    ]
}

#[test]
fn without_its_family_each_falsehood_would_be_provable() {
    let (honest, _) = Lie::short().run();
    assert_eq!(honest.violated(), BTreeSet::new());
    let mut covered = BTreeSet::new();
    for (family, falsehood, lie) in state_cases().into_iter().chain(row_cases()) {
        let wires: Vec<String> = lie.values.keys().cloned().collect();
        let (recorder, _) = lie.run();
        let known = |name: &String| recorder.names.contains(name) || name.starts_with("hash: ");
        assert!(wires.iter().all(known), "{family}: a wire of {wires:?} does not exist");
        assert_eq!(recorder.violated(), BTreeSet::from([family]), "{falsehood}");
        assert!(covered.insert(family), "{family} has two cases");
    }
    assert_eq!(covered, honest.families(), "a family without a case, or a case without a family");
}
