//! For every constraint family, a falsehood that nothing else stands against.
//!
//! As for the cohort circuit: with all constraints exactly the named family is violated, so without it the falsehood
//! would be provable.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ff::Field;
use verifold_model::cohort::{Outcome, VoidReason};

use super::{
    super::{family as own, step::ReceiptsStep},
    fixture::{batch, steps},
};
use crate::{
    audit::{
        fixture::{TINY, model, plan, scored, void},
        recorder::Recorder,
    },
    family,
    field::{F, power_of_two, signed},
    layout::{Dimensions, HEADER_BITS},
    model::AnyModel,
    native::PlanOpening,
    poseidon::hash24,
    rows::{Model, RowRecord},
    tags,
    wires::Overrides,
};

/// Dimensions and model that a family's falsehoods are about: scores 3x − 7 of the first feature.
pub(crate) struct Scored {
    pub(crate) dimensions: Dimensions,
    pub(crate) model: AnyModel,
}

impl Scored {
    /// The only step of a batch of three scored rows and a void one.
    pub(crate) fn short(&self) -> Lie {
        self.of(rows(), 0)
    }

    /// A step of a batch of `count` rows.
    fn full(&self, position: usize, count: u64) -> Lie {
        self.of((0..count).map(|i| scored(i, 0, vec![1], false, Outcome::Unknown)).collect(), position)
    }

    fn of(&self, rows: Vec<RowRecord>, position: usize) -> Lie {
        Lie::of(steps(self.dimensions, plan(), &self.model, &[batch(3, rows)]), position)
    }
}

/// A step about to lie.
pub(crate) struct Lie {
    step: ReceiptsStep,
    pub(crate) z: [F; 7],
    values: BTreeMap<String, F>,
}

impl Lie {
    fn of((z0, steps): ([F; 7], Vec<ReceiptsStep>), position: usize) -> Self {
        let z = position.checked_sub(1).map_or(z0, |i| steps[i].after);
        Self { step: steps[position].clone(), z, values: BTreeMap::new() }
    }

    /// The only step of a batch of one scored row, under another plan or model.
    pub(crate) fn under<M: Clone + Into<AnyModel>>(plan: PlanOpening, model: &M, d: Dimensions, features: Vec<u32>) -> Self {
        Self::of(steps(d, plan, model, &[batch(3, vec![scored(5, 0, features, true, Outcome::Good)])]), 0)
    }

    pub(crate) fn set(mut self, wire: &str, value: F) -> Self {
        assert!(self.values.insert(wire.into(), value).is_none());
        self
    }

    pub(crate) fn number(self, wire: &str, value: i64) -> Self {
        self.set(wire, signed(value))
    }

    fn zero_bits(mut self, wire: &str, bits: usize) -> Self {
        for bit in 0..bits {
            self = self.number(&format!("{wire}/bit {bit}"), 0);
        }
        self
    }

    pub(crate) fn run(mut self) -> (Recorder, Vec<F>) {
        self.step.overrides = Some(Arc::new(Overrides { values: self.values.clone(), ..Default::default() }));
        Recorder::run(&self.step, &self.z)
    }
}

/// Scores −7, 2 and 11, then a void row.
fn rows() -> Vec<RowRecord> {
    vec![
        scored(0, 1, vec![0], true, Outcome::Good),
        scored(4, 0, vec![3], false, Outcome::Bad),
        scored(9, 1, vec![6], true, Outcome::Unknown),
        void(11, 0, VoidReason::MissingValue),
    ]
}

pub(crate) struct Case {
    family: &'static str,
    falsehood: &'static str,
    lie: Lie,
}

pub(crate) fn case(family: &'static str, falsehood: &'static str, lie: Lie) -> Case {
    Case { family, falsehood, lie }
}

/// What is false whatever scores the rows.
pub(crate) fn shared_cases(k: &Scored) -> Vec<Case> {
    [takeover_cases(k), row_cases(k), closing_cases(k)].into_iter().flatten().collect()
}

fn takeover_cases(k: &Scored) -> Vec<Case> {
    vec![
        case(family::STEP_FLAGS, "a batch closes with twice its rows", k.full(0, 21).number("last", 2)),
        case(family::PLAN_OPENING, "rows are read by another schema", k.full(1, 30).number("plan/schema", 13)),
        case(family::FRESH_ROW_STREAM, "a row stream begins elsewhere", k.short().number("begun stream", 999)),
    ]
}

fn row_cases(k: &Scored) -> Vec<Case> {
    // Row 1 becomes an empty slot: positions behind it no longer say how many rows stand before one.
    let hole = || {
        let mut lie = k.full(0, 5).number("row 1/filled", 0).zero_bits("row 1/head", 68);
        for kind in 1..5 {
            lie = lie.number(&format!("row 1/kind/{kind}"), 0);
        }
        lie.zero_bits("row 1/feature 0", 3).zero_bits("row 1/feature 1", 3)
    };
    vec![
        case(family::SLOT_FILLED, "an empty slot stands in front of rows", hole()),
        case(family::SLOT_KIND, "a row committed as void has a score", k.short().number("row 3/kind/1", 1).number("row 3/kind/2", 1)),
        case(own::ROW_HEAD, "a row is committed with one value and scored with another", {
            // The feature's lowest bit moves into the head, which then is beyond its range.
            k.short().number("row 1/feature 0/bit 0", 0).set("row 1/head/bit 0", power_of_two(HEADER_BITS))
        }),
        case(own::LEAF, "a row has no leaf", k.short().number("row 1/leaf", 0)),
        case(own::HASH_LEAF, "a leaf is another row's", k.short().number("hash: leaf/row 1/leaf", 999)),
        case(own::HASH_NODE, "a node stands over other leaves", k.short().number("hash: node/node 0", 999)),
        case(own::HASH_STEP, "a step root stands over other nodes", k.short().number("hash: step root/root", 999)),
    ]
}

fn closing_cases(k: &Scored) -> Vec<Case> {
    vec![
        case(family::FULL, "a step that leaves slots empty does not close its batch", k.short().number("last", 0)),
        case(family::ROW_SELECT, "rows with leaves are left out of the row stream", {
            let (honest, _) = k.short().run();
            let begun = honest.names.iter().position(|name| name == "begun stream").unwrap();
            k.short().set("row stream 0", honest.values[begun])
        }),
        case(own::CLOSED_ROWS, "a batch closes with fewer rows than it has", k.short().number("closed rows", 3)),
        case(own::CLOSED_COMMITMENT, "a batch closes under the commitment of another", k.short().number("closed commitment", 999)),
        case(family::CHAIN, "the chain forgets a step", {
            let lie = k.short();
            let chain = lie.z[3];
            lie.set("next/chain", chain)
        }),
        case(own::NEXT_STREAM, "a batch goes on with other rows before it", k.full(0, 30).number("next/row stream", 999)),
        case(own::NEXT_ROWS, "a batch forgets how many rows it had", k.full(0, 30).number("next/rows", 0)),
        case(own::NEXT_OPEN, "an unfinished batch is dropped", k.full(0, 30).number("next/open", 0)),
        case(family::HASH_ROWS, "other rows are committed than have leaves", k.short().number("hash: row stream/block 0", 999)),
        case(family::HASH_CHAIN, "the chain holds another step", k.short().number("hash: chain/link", 999)),
    ]
}

/// What is false of a scorecard.
fn scorecard_cases(k: &Scored) -> Vec<Case> {
    let plain = Dimensions { histograms: 0, ..TINY };
    let plain_plan = || PlanOpening { edges: vec![-5, 4], used_features: 2, ..plan() };
    let other_feature = |weights: Vec<i64>| Lie::under(plan(), &Model { weights, bias: -7 }, TINY, vec![1, 2]);
    let other_model = || k.short().number("model/weight 0", 4);
    vec![
        case(family::FEATURE_MASK, "a feature the plan does not name has a weight", {
            other_feature(vec![0, 5]).number("plan/used 0", -1).number("plan/used 1", 1)
        }),
        case(family::UNUSED_WEIGHT, "a feature the plan does not name has a weight", other_feature(vec![3, 5])),
        case(family::MODEL_OPENING, "another model scores", other_model()),
        case(family::WEIGHT_RANGE, "a weight is one half modulo the field", {
            let half = F::from(2).invert().unwrap();
            let mut lie = k.short();
            lie.z[2] = hash24(tags::MODEL, &[half, F::ZERO, signed(-7), F::from(404)]);
            lie.set("model/weight 0", half)
        }),
        case(family::BIAS_RANGE, "a bias exceeds the bound of scores", {
            Lie::under(plan(), &Model { weights: vec![3], bias: (1 << (TINY.score_bits() - 1)) + 5 }, TINY, vec![1])
        }),
        case(family::FEATURE_BITS, "a row is committed with one value and scored with another", {
            let lie = Lie::under(plain_plan(), &Model { weights: vec![3, 1], bias: -7 }, plain, vec![2, 0]);
            lie.number("row 0/feature 0/bit 0", 8).number("row 0/feature 1/bit 0", -1)
        }),
        case(family::SCORE, "a score is not the model's", k.short().number("row 1/product 0", 1)),
        case(family::HASH_PLAN, "a feature the plan does not name has a weight", {
            let lie = other_feature(vec![3, 5]).number("plan/used 1", 1);
            let committed = lie.z[1];
            lie.set("hash: plan/plan", committed)
        }),
        case(family::HASH_MODEL, "another model scores", {
            let lie = other_model();
            let committed = lie.z[2];
            lie.set("hash: model/model", committed)
        }),
    ]
}

/// Each falsehood breaks its family alone, and every family has one.
pub(crate) fn check_deletions(k: &Scored, cases: impl IntoIterator<Item = Case>) {
    let honest = [k.short(), k.full(0, 30), k.full(1, 30), k.full(0, 21), k.full(0, 5)].map(Lie::run);
    for (recorder, _) in &honest {
        assert_eq!(recorder.violated(), BTreeSet::new());
    }
    let mut covered = BTreeSet::new();
    for Case { family, falsehood, lie } in cases {
        let wires: Vec<String> = lie.values.keys().cloned().collect();
        let (recorder, _) = lie.run();
        let known = |name: &String| recorder.names.contains(name) || name.starts_with("hash: ");
        assert!(wires.iter().all(known), "{family}: a wire of {wires:?} does not exist");
        assert_eq!(recorder.violated(), BTreeSet::from([family]), "{falsehood}");
        assert!(covered.insert(family), "{family} has two cases");
    }
    assert_eq!(covered, honest[0].0.families(), "a family without a case, or a case without a family");
}

#[test]
fn without_its_family_each_falsehood_would_be_provable() {
    let scorecard = Scored { dimensions: TINY, model: model().into() };
    check_deletions(&scorecard, shared_cases(&scorecard).into_iter().chain(scorecard_cases(&scorecard)));
}
