//! For every constraint family, a falsehood that nothing else stands against.
//!
//! Each case alters wires of an honest step (what depends on them follows) so that the step states
//! something false. With the full circuit exactly the named family is violated: without it, the
//! falsehood would be provable.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ff::Field;
use verifold_model::cohort::{BatchRole, Outcome, VoidReason};

use super::{
    fixture::{TINY, batch, key, model, plan, scored, steps, void},
    recorder::Recorder,
};
use crate::{
    family,
    field::{F, power_of_two, signed},
    layout::Dimensions,
    model::AnyModel,
    native::PlanOpening,
    poseidon::hash24,
    rows::{Model, RowRecord},
    step::Step,
    tags,
    wires::Overrides,
};

/// Dimensions and model that a family's falsehoods are about: scores 3x − 7 of the first feature.
pub(crate) struct Scored {
    pub(crate) dimensions: Dimensions,
    pub(crate) model: AnyModel,
}

impl Scored {
    /// The only step of a batch of three scored rows, one in each bin, and a void one.
    pub(crate) fn short(&self) -> Lie {
        Lie::about(self.dimensions, plan(), &self.model, 5, rows(), 0)
    }

    /// A full step of a batch.
    pub(crate) fn full(&self, position: usize, count: u64) -> Lie {
        let rows = (0..count).map(|i| scored(key(5, i), 0, vec![1], false, Outcome::Unknown)).collect();
        Lie::about(self.dimensions, plan(), &self.model, 5, rows, position)
    }
}

/// A step about to lie.
pub(crate) struct Lie {
    pub(crate) step: Step,
    pub(crate) z: [F; 7],
    pub(crate) values: BTreeMap<String, F>,
}

impl Lie {
    pub(crate) fn about<M: Clone + Into<AnyModel>>(
        d: Dimensions,
        plan: PlanOpening,
        model: &M,
        start: u64,
        rows: Vec<RowRecord>,
        position: usize,
    ) -> Self {
        let (z0, steps) = steps(d, plan, model, &[batch(BatchRole::Reference, start, start + 1, rows)]);
        let z = position.checked_sub(1).map_or(z0, |i| steps[i].after);
        Self { step: steps[position].clone(), z, values: BTreeMap::new() }
    }

    pub(crate) fn set(mut self, wire: &str, value: F) -> Self {
        assert!(self.values.insert(wire.into(), value).is_none());
        self
    }

    pub(crate) fn number(self, wire: &str, value: i64) -> Self {
        self.set(wire, signed(value))
    }

    /// Sets the first bit to `value` and all other bits of a group to zero.
    pub(crate) fn first_bit(mut self, wire: &str, bits: usize, value: F) -> Self {
        for bit in 0..bits {
            self = self.set(&format!("{wire}/bit {bit}"), if bit == 0 { value } else { F::ZERO });
        }
        self
    }

    pub(crate) fn run(mut self) -> (Recorder, Vec<F>) {
        self.step.overrides = Some(Arc::new(Overrides { values: self.values.clone(), ..Default::default() }));
        Recorder::run(&self.step, &self.z)
    }
}

/// Scores −7, 2 and 11 (bins 0, 1, 2; histogram bins 0, 1, 2), then a void row.
pub(crate) fn rows() -> Vec<RowRecord> {
    vec![
        scored(key(5, 0), 1, vec![0], true, Outcome::Good),
        scored(key(5, 4), 0, vec![3], false, Outcome::Bad),
        scored(key(5, 9), 1, vec![6], true, Outcome::Unknown),
        void(key(5, 11), 0, VoidReason::MissingValue),
    ]
}

/// The model commitment of elements that no integer model has.
fn model_of(weights: [F; 2], bias: F) -> F {
    hash24(tags::MODEL, &[weights[0], weights[1], bias, F::from(404)])
}

pub(crate) struct Case {
    family: &'static str,
    falsehood: &'static str,
    lie: Lie,
}

pub(crate) fn case(family: &'static str, falsehood: &'static str, lie: Lie) -> Case {
    Case { family, falsehood, lie }
}

fn takeover_cases(k: &Scored) -> Vec<Case> {
    let before = |lie: Lie| {
        let start = F::from(key(5, 0));
        Lie {
            z: {
                let mut z = lie.z;
                z[5] = start + F::from(10);
                z
            },
            ..lie
        }
    };
    let early = |mut lie: Lie| {
        lie.step.rows[0].key = key(5, 0) - 5;
        lie.number("open/next key", key(5, 0) as i64 - 10)
    };
    vec![
        case(family::STEP_FLAGS, "one batch advances the index by two", k.full(0, 21).number("last", 2)),
        case(family::OPEN_STATE, "earlier steps counted one row more", {
            let lie = k.full(1, 30);
            let word = lie.step.open.words[0] + F::ONE;
            lie.set("open/word 0", word)
        }),
        case(family::FRESH_TABLE, "a batch begins with five rows counted", k.short().number("open/word 0", 5)),
        case(family::FRESH_ROWS, "a batch begins with a hundred rows", k.short().number("open/rows", 100)),
        case(family::FRESH_KEY, "a row lies before the start of its batch", early(k.short())),
        case(family::FRESH_ROW_STREAM, "a row stream begins elsewhere", k.short().number("open/row stream", 999)),
        case(family::FRESH_OUTCOME_STREAM, "an outcome stream begins elsewhere", k.short().number("open/outcome stream", 999)),
        case(family::BATCH_GAP, "a batch starts before the last one ended", before(k.short()).number("batch gap", 0)),
        case(family::BATCH_ORDER, "a batch starts before the last one ended", before(k.short())),
        case(family::PLAN_OPENING, "scores are binned by other edges", k.short().number("plan/edge 0", -8)),
    ]
}

fn row_cases(k: &Scored) -> Vec<Case> {
    // Row 2 of five becomes an empty slot; the row behind it repeats a key.
    let hole = || {
        let rows = (0..5).map(|i| scored(4 * i, 0, vec![1], false, Outcome::Unknown)).collect();
        let mut lie = Lie::about(k.dimensions, plan(), &k.model, 0, rows, 0);
        lie.step.rows[3].key = 2;
        for part in ["filled", "logged"].into_iter().map(String::from).chain((1..5).map(|i| format!("kind/{i}"))) {
            lie = lie.number(&format!("row 2/{part}"), 0);
        }
        for part in ["group/1", "outcome/1", "outcome/2", "bin/1", "bin/2", "histogram 0/bin/1", "histogram 0/bin/2"] {
            lie = lie.number(&format!("row 2/{part}"), 0);
        }
        for (part, bits) in [("feature 0", 3), ("feature 1", 3), ("key gap", 64)] {
            lie = lie.first_bit(&format!("row 2/{part}"), bits, F::ZERO);
        }
        lie
    };
    vec![
        case(family::SLOT_FILLED, "a row behind an empty slot repeats an earlier key", hole()),
        case(
            family::SLOT_KIND,
            "a row committed as scored counts as void, twice for one reason and minus once for another",
            k.short().number("row 3/kind/2", 2).number("row 3/kind/3", -1),
        ),
        case(family::KEY_GAP, "a key lies below the key before it", k.short().number("row 1/key gap/bit 0", -10)),
        case(family::ROW_KEY, "two rows are committed under one key", k.short().number("row 1/key", key(5, 0) as i64)),
        case(family::GROUP, "one row counts twice in a group and minus once in another", k.short().number("row 1/group/1", 2)),
        case(family::LOGGED, "a row committed as void counts as scored", k.short().number("row 0/logged", 2)),
        case(family::OUTCOME, "one row has two good outcomes and minus one unknown", k.short().number("row 2/outcome/1", 2)),
        case(family::CELL, "a bad outcome counts as good", k.short().set("row 1/cell", power_of_two(48))),
        case(family::GROUP_CELL, "a row counts in another group", k.short().number("row 0/cell of group 1", 0)),
        case(family::COUNT, "a row counts in a bin that is not its own", k.short().number("row 0/count 1/1", 1)),
        case(family::BIN_BOUNDS, "a score counts in the bin above its own", k.short().number("row 1/bin/1", 0).number("row 1/bin/2", 1)),
        case(
            family::BOUND_BITS,
            "a score counts in the bin above its own",
            k.short().number("row 1/bin/1", 0).number("row 1/bin/2", 1).first_bit(
                "row 1/score/above",
                k.dimensions.score_bits() + 1,
                signed(2 - 4),
            ),
        ),
        case(
            family::HISTOGRAM_BIN,
            "one row counts twice in a histogram bin and minus once in another",
            k.short().number("row 2/histogram 0/bin/1", 2).number("row 2/histogram 0/bin/2", 0),
        ),
        case(family::HISTOGRAM_EDGE, "a value counts in the histogram bin above its own", {
            let pair = |low: u64, high: u64| F::from(low) + F::from(high) * power_of_two(64);
            let lie = k.short().number("row 1/histogram 0/bin/1", 0).number("row 1/histogram 0/bin/2", 1);
            let lie = lie.set("row 1/histogram 0/edge 2", pair(2, 5) - pair(0, 2));
            lie.first_bit("row 1/histogram 0/value/above", 3, F::ONE).first_bit("row 1/histogram 0/value/below", 3, F::ONE)
        }),
        case(
            family::HISTOGRAM_BOUNDS,
            "a value counts in the histogram bin above its own",
            k.short().number("row 1/histogram 0/bin/1", 0).number("row 1/histogram 0/bin/2", 1),
        ),
        case(
            family::HISTOGRAM_BOUND_BITS,
            "a value counts in the histogram bin above its own",
            k.short().number("row 1/histogram 0/bin/1", 0).number("row 1/histogram 0/bin/2", 1).first_bit(
                "row 1/histogram 0/value/above",
                3,
                signed(3 - 5),
            ),
        ),
    ]
}

fn closing_cases(k: &Scored) -> Vec<Case> {
    vec![
        case(family::STARTED, "a batch takes a further step without rows", {
            let mut lie = k.full(1, 22);
            lie.step.rows.clear();
            lie
        }),
        case(family::FULL, "a step that leaves slots empty does not close its batch", k.short().number("last", 0)),
        case(family::BATCH_END, "a row lies behind the end of its batch", {
            let mut lie = k.short();
            lie.step.rows[3].key = key(6, 5);
            lie
        }),
        case(family::EDGE_REMAINDER, "a count is lost from the table", {
            let (honest, _) = k.short().run();
            let at = honest.names.iter().position(|name| name == "edge remainder 1").unwrap();
            k.short().set("edge remainder 1", honest.values[at] + power_of_two(96))
        }),
        case(family::ROW_SELECT, "counted rows are left out of the row stream", {
            let lie = k.short();
            let before = lie.step.open.row_accumulator;
            lie.set("row stream 0", before)
        }),
        case(family::OUTCOME_SELECT, "counted outcomes are left out of the outcome stream", {
            let lie = k.short();
            let before = lie.step.open.outcome_accumulator;
            lie.set("outcome stream 0", before)
        }),
        case(family::CHAIN, "the chain forgets a batch", {
            let lie = k.short();
            let chain = lie.z[3];
            lie.set("next/chain", chain)
        }),
        case(family::INDEX, "a closed batch is not numbered", k.short().number("next/index", 0)),
        case(family::KEY_FLOOR, "the next batch may start before this one ends", k.short().number("next/key floor", 0)),
        case(family::OPEN_NEXT, "an unfinished batch is dropped", k.full(0, 30).number("next/open", 0)),
        case(family::HASH_PLAN, "scores are binned by other edges", {
            let lie = k.short().number("plan/edge 0", -8);
            let committed = lie.z[1];
            lie.set("hash: plan/plan", committed)
        }),
        case(family::HASH_ROWS, "other rows are committed than are counted", k.short().number("hash: row stream/block 0", 999)),
        case(family::HASH_OUTCOMES, "other outcomes are committed than are counted", k.short().number("hash: outcome stream/block 0", 999)),
        case(family::HASH_TABLE, "another table is committed than was counted", k.short().number("hash: table/after", 999)),
        case(family::HASH_STATE, "earlier steps counted one row more", {
            let lie = k.full(1, 30);
            let (word, open) = (lie.step.open.words[0] + F::ONE, lie.z[6]);
            lie.set("open/word 0", word).set("hash: open state/before", open)
        }),
        case(family::HASH_CHAIN, "the chain holds another batch", k.short().number("hash: chain/link", 999)),
    ]
}

/// What is false of any cohort, whatever scores it.
pub(crate) fn shared_cases(k: &Scored) -> Vec<Case> {
    [takeover_cases(k), row_cases(k), closing_cases(k)].into_iter().flatten().collect()
}

/// What is false of a scorecard.
fn scorecard_cases(k: &Scored) -> Vec<Case> {
    let plain = Dimensions { histograms: 0, ..TINY };
    let plain_plan = || PlanOpening { edges: vec![-5, 4], used_features: 2, ..plan() };
    vec![
        case(family::MODEL_OPENING, "another model scores", k.short().number("model/weight 0", 4)),
        case(family::FEATURE_MASK, "a feature the plan does not name has a weight", {
            let rows = vec![scored(key(5, 0), 0, vec![1, 2], true, Outcome::Good)];
            let lie = Lie::about(TINY, plan(), &Model { weights: vec![0, 5], bias: -7 }, 5, rows, 0);
            lie.number("plan/used 0", -1).number("plan/used 1", 1)
        }),
        case(family::UNUSED_WEIGHT, "a feature the plan does not name has a weight", {
            let rows = vec![scored(key(5, 0), 0, vec![1, 2], true, Outcome::Good)];
            Lie::about(TINY, plan(), &Model { weights: vec![3, 5], bias: -7 }, 5, rows, 0)
        }),
        case(family::WEIGHT_RANGE, "a weight is one half modulo the field", {
            let half = F::from(2).invert().unwrap();
            let mut lie = Lie::about(TINY, plan(), &model(), 5, vec![scored(key(5, 0), 0, vec![2], true, Outcome::Good)], 0);
            lie.z[2] = model_of([half, F::ZERO], signed(-7));
            lie.set("model/weight 0", half)
        }),
        case(family::BIAS_RANGE, "a bias exceeds the bound that scores are packed under", {
            let bias = (1 << (TINY.score_bits() - 1)) + 5;
            Lie::about(TINY, plan(), &Model { weights: vec![3], bias }, 5, rows(), 0)
        }),
        case(family::FEATURE_BITS, "a row is committed with one value and scored with another", {
            let rows = vec![scored(key(5, 0), 0, vec![2, 0], true, Outcome::Good)];
            let lie = Lie::about(plain, plain_plan(), &Model { weights: vec![3, 1], bias: -7 }, 5, rows, 0);
            lie.number("row 0/feature 0/bit 0", 8).number("row 0/feature 1/bit 0", -1)
        }),
        case(family::SCORE, "a score is not the model's", k.short().number("row 1/product 0", 1)),
        case(family::BIN, "one row counts twice in a bin and minus once in another", {
            let rows = vec![scored(key(5, 0), 0, vec![0], true, Outcome::Good)];
            Lie::about(TINY, plan(), &Model { weights: vec![3], bias: -15 }, 5, rows, 0).number("row 0/bin/1", -1)
        }),
        case(family::HASH_MODEL, "another model scores", {
            let lie = k.short().number("model/weight 0", 4);
            let committed = lie.z[2];
            lie.set("hash: model/model", committed)
        }),
    ]
}

/// Each falsehood breaks its family alone, and every family has one.
pub(crate) fn check_deletions(k: &Scored, cases: impl IntoIterator<Item = Case>) {
    let honest = [k.short(), k.full(0, 30), k.full(1, 30), k.full(1, 22), k.full(0, 21)].map(Lie::run);
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
