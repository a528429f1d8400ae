//! For every constraint family of a training step, a falsehood that nothing else stands against.
//!
//! As for `scored-cohort/v1`: each case alters wires of an honest step, what depends on them follows, and with the full
//! circuit exactly the named family is violated.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ff::Field;
use verifold_model::{cohort::Outcome, training::TRAINED_BITS};

use super::fixture::{TINY, mixed_rows, rule, scored, steps};
use crate::{
    audit::recorder::Recorder,
    field::{F, power_of_two, signed},
    native::ARITY,
    poseidon::{hash4, hash24},
    rows::RowRecord,
    tags,
    training::{
        curve::SEGMENT_BITS,
        family,
        open::OpenTraining,
        rule::Rule,
        step::{Context, Step},
    },
    wires::Overrides,
};

/// A step about to lie.
struct Lie {
    step: Step,
    z: [F; ARITY],
    values: BTreeMap<String, F>,
}

impl Lie {
    fn about(rule: Rule, epochs: u32, rows: &[RowRecord], position: usize) -> Self {
        let (z0, steps) = steps(TINY, rule, epochs, rows);
        let z = position.checked_sub(1).map_or(z0, |i| steps[i].after);
        Self { step: steps[position].clone(), z, values: BTreeMap::new() }
    }

    /// Minibatch `position` of two epochs of 30 rows: the first and third are full, the second and fourth end an epoch.
    fn minibatch(position: usize) -> Self {
        Self::about(rule(), 2, &mixed_rows(30), position)
    }

    /// The last minibatch of all.
    fn finish() -> Self {
        Self::minibatch(3)
    }

    fn set(mut self, wire: &str, value: F) -> Self {
        assert!(self.values.insert(wire.into(), value).is_none());
        self
    }

    fn number(self, wire: &str, value: i64) -> Self {
        self.set(wire, signed(value))
    }

    /// Sets the first bit to `value` and all other bits of a group to zero.
    fn first_bit(mut self, wire: &str, bits: usize, value: F) -> Self {
        for bit in 0..bits {
            self = self.set(&format!("{wire}/bit {bit}"), if bit == 0 { value } else { F::ZERO });
        }
        self
    }

    fn run(&self) -> (Recorder, Vec<F>) {
        let mut step = self.step.clone();
        step.overrides = Some(Arc::new(Overrides { values: self.values.clone(), ..Default::default() }));
        Recorder::run(&step, &self.z)
    }

    /// The value a wire has so far.
    #[track_caller]
    fn value(&self, wire: &str) -> F {
        let (recorder, _) = self.run();
        recorder.values[recorder.names.iter().position(|name| name == wire).unwrap()]
    }

    /// The number a group of bits has so far.
    fn bits(&self, wire: &str, count: usize) -> F {
        let (recorder, _) = self.run();
        let first = recorder.names.iter().position(|name| *name == format!("{wire}/bit 0")).unwrap();
        recorder.values[first..first + count].iter().enumerate().map(|(bit, value)| power_of_two(bit) * value).sum()
    }

    /// Commits to the model the lie leads to.
    fn committed(mut self) -> Self {
        let model = ["model/weight 0", "model/weight 1", "model/weight 2", "model/salt"].map(|name| self.value(name));
        self.z[2] = hash24(tags::MODEL, &model);
        self
    }

    /// Another data commitment.
    fn about_data(mut self, data: F) -> Self {
        self.z[3] = data;
        self
    }
}

struct Case {
    family: &'static str,
    falsehood: &'static str,
    lie: Lie,
}

fn case(family: &'static str, falsehood: &'static str, lie: Lie) -> Case {
    Case { family, falsehood, lie }
}

fn takeover_cases() -> Vec<Case> {
    let again = || {
        let (_, steps) = steps(TINY, rule(), 2, &mixed_rows(30));
        Lie { z: steps[3].after, ..Lie::minibatch(0) }
    };
    vec![
        case(family::STEP_FLAGS, "one minibatch ends two epochs", Lie::about(rule(), 2, &mixed_rows(21), 0).number("last", 2)),
        case(family::SPEC_OPENING, "a weight learns at another rate", Lie::minibatch(0).number("rule/rate 0", 14)),
        case(family::HASH_SPEC, "a weight learns at another rate", {
            let lie = Lie::minibatch(0).number("rule/rate 0", 14);
            let committed = lie.z[1];
            lie.set("hash: rule/rule", committed)
        }),
        case(family::OPEN_STATE, "earlier minibatches led to another bias", Lie::minibatch(1).number("open/weight 2", 5)),
        case(family::HASH_STATE, "earlier minibatches led to another bias", {
            let lie = Lie::minibatch(1).number("open/weight 2", 5);
            let open = lie.z[6];
            lie.set("hash: training state/before", open)
        }),
        case(family::FRESH_STEP, "a training begins anew behind a finished one", again()),
        case(family::FRESH_WEIGHTS, "a training begins at other weights than the rule's", Lie::minibatch(0).number("open/weight 0", 5)),
        case(family::EPOCH_ROWS, "an epoch begins with a hundred rows", Lie::minibatch(0).number("open/rows", 100)),
        case(
            family::EPOCH_KEY,
            "a row is committed under a key below zero",
            Lie::minibatch(0).number("open/next key", -10).number("row 0/key gap/bit 1", 0),
        ),
        case(family::EPOCH_ROW_STREAM, "a row stream begins elsewhere", Lie::minibatch(0).number("row stream before", 999)),
        case(family::EPOCH_OUTCOME_STREAM, "an outcome stream begins elsewhere", Lie::minibatch(0).number("outcome stream before", 999)),
    ]
}

/// Row 1 of [`mixed_rows`] is scored −3¾ log-odds, in segment 7, and good.
fn row_cases() -> Vec<Case> {
    // Row 2 becomes an empty slot; the row behind it repeats a key.
    let hole = || {
        let mut lie = Lie::minibatch(0);
        lie.step.rows[3].key = 4;
        for part in ["filled", "logged", "kind/1", "kind/2", "kind/3", "kind/4", "outcome/1", "outcome/2"] {
            lie = lie.number(&format!("row 2/{part}"), 0);
        }
        for (part, bits) in [("feature 0", 3), ("feature 1", 3), ("key gap", 64), ("group", 3)] {
            lie = lie.first_bit(&format!("row 2/{part}"), bits, F::ZERO);
        }
        lie
    };
    let next_segment = || Lie::minibatch(0).number("row 1/segment/7", 0).number("row 1/segment/8", 1);
    vec![
        case(family::SLOT_FILLED, "a row behind an empty slot repeats an earlier key", hole()),
        case(family::SLOT_KIND, "a row committed as void is trained on", Lie::minibatch(0).number("row 1/kind/2", 1)),
        case(family::KEY_GAP, "a row is trained on twice", Lie::minibatch(0).number("row 1/key gap/bit 0", -3)),
        case(family::ROW_KEY, "two rows are committed under one key", Lie::minibatch(0).number("row 1/key", 0)),
        case(family::GROUP, "a row is committed with another decision than was logged", Lie::minibatch(0).number("row 1/group/bit 0", 8)),
        case(family::LOGGED, "a row committed as void is trained on", Lie::minibatch(0).number("row 1/logged", 2)),
        case(
            family::OUTCOME,
            "a row committed with an unknown outcome is trained on",
            Lie::minibatch(0).number("row 0/outcome/1", 2).number("row 0/outcome/2", -1),
        ),
        case(
            family::FEATURE_BITS,
            "a row is committed with one value and trained on with another",
            Lie::minibatch(0).number("row 1/feature 0/bit 0", 9).number("row 1/feature 1/bit 0", 0),
        ),
        case(family::BASE_SCORE, "rows are scored at another centre", Lie::minibatch(0).number("score at centre 0", 0)),
        case(family::SCORE, "a score is not the model's", Lie::minibatch(0).number("row 1/product 0", 1)),
        case(family::SIGN, "a score counts double", Lie::minibatch(0).set("row 1/negative", F::from(3) * F::from(2).invert().unwrap())),
        case(family::MAGNITUDE, "a score counts as almost none", Lie::minibatch(0).number("row 1/magnitude", 5)),
        case(
            family::SEGMENT,
            "a score lies twice on one segment and minus once on another",
            Lie::minibatch(0).number("row 1/segment/7", 0).number("row 1/segment/8", 2).number("row 1/segment/9", -1),
        ),
        case(family::SEGMENT_BITS, "a score lies on the segment above its own", {
            let lie = Lie::minibatch(0);
            let place = lie.bits("row 1/place", SEGMENT_BITS);
            next_segment().first_bit("row 1/place", SEGMENT_BITS, place - power_of_two(SEGMENT_BITS))
        }),
        case(family::SEGMENT_SUM, "a score lies on the segment above its own", next_segment()),
        case(
            family::BEYOND,
            "a score of nearly four log-odds lies on the first segment",
            Lie::minibatch(0)
                .number("row 1/segment/7", 0)
                .number("row 1/beyond/bit 0", 1)
                .number("row 1/beyond/bit 1", 1)
                .number("row 1/beyond/bit 2", 1),
        ),
        case(family::CURVE, "a probability is not on the curve", Lie::minibatch(0).number("row 1/rise", 0)),
        case(family::TARGET, "a good outcome counts as a bad one", Lie::minibatch(0).number("row 1/turned", 0)),
        case(family::ERROR, "a row teaches nothing", Lie::minibatch(0).number("row 1/error", 0)),
        case(family::GRADIENT, "a row teaches one weight nothing", Lie::minibatch(0).number("row 1/gradient 0", 0)),
    ]
}

/// A step from weights at the end of their range, on rows that push the first beyond it.
fn beyond_the_range() -> Lie {
    let rows: Vec<RowRecord> = (0..22).map(|i| scored(i, vec![4, 1], Outcome::Bad)).collect();
    let mut lie = Lie::about(rule(), 1, &rows, 0);
    let bound = 1 << (TRAINED_BITS - 1);
    let wild = Rule { initial: vec![bound - 1, 0, -bound], decay: 0, ..rule() };
    lie.z[1] = wild.commitment();
    lie.step.open = OpenTraining::begun(&wild);
    let Context { dimensions, row_salt, outcome_salt, model_salt, .. } = *lie.step.context;
    lie.step.context = Arc::new(Context { dimensions, rule: wild, row_salt, outcome_salt, model_salt });
    lie
}

fn descent_cases() -> Vec<Case> {
    let (rule_numerator, divisor) = (F::from(rule().numerator), F::from(rule().offset));
    let start = |tag, salt: u64| hash4(tag, &[rule().schema, F::from(salt)]);
    vec![
        case(family::STARTED, "a minibatch without rows decays the weights", {
            let mut lie = Lie::about(rule(), 2, &mixed_rows(22), 1);
            lie.step.rows.clear();
            let (z0, _) = steps(TINY, rule(), 1, &mixed_rows(21));
            lie.about_data(z0[3])
        }),
        case(
            family::FULL,
            "a minibatch that leaves slots empty does not end its epoch",
            Lie::about(rule(), 2, &mixed_rows(5), 0).number("last", 0),
        ),
        case(
            family::LAST_KEY,
            "a key runs into the group code",
            Lie::minibatch(0).number("row 19/key gap/bit 63", 1).number("row 20/key gap/bit 63", 1),
        ),
        case(family::ROW_SELECT, "rows trained on are left out of the row stream", {
            Lie::minibatch(0).set("row stream 0", start(tags::ROWS, 101))
        }),
        case(family::OUTCOME_SELECT, "outcomes trained on are left out of the outcome stream", {
            Lie::minibatch(0).set("outcome stream 0", start(tags::OUTCOMES, 202))
        }),
        case(family::HASH_ROWS, "other rows are committed than are trained on", Lie::minibatch(0).number("hash: row stream/block 0", 999)),
        case(
            family::HASH_OUTCOMES,
            "other outcomes are committed than are trained on",
            Lie::minibatch(0).number("hash: outcome stream/block 0", 999),
        ),
        case(family::LEARNING_RATE, "a learning rate lies below the rule's", {
            let lie = Lie::minibatch(0);
            let taken = lie.value("learning rate times divisor");
            lie.number("learning rate", 16_383).set("learning rate times divisor", taken)
        }),
        case(
            family::LEARNING_RATE_BITS,
            "a learning rate is a fraction modulo the field",
            Lie::minibatch(0).set("learning rate", (rule_numerator - F::from(6)) * divisor.invert().unwrap()),
        ),
        case(family::LEARNING_RATE_REMAINDER, "a learning rate lies below the rule's", Lie::minibatch(0).number("learning rate", 16_383)),
        case(family::CENTRED, "a gradient is taken at another centre", Lie::minibatch(0).number("gradient at centre 0", 0)),
        case(family::RATED, "a weight learns nothing", Lie::minibatch(0).number("rated gradient 0", 0)),
        case(family::DECAY, "a weight does not decay", Lie::minibatch(0).number("decay 0", 0)),
        case(family::UPDATE, "a weight stays where it is", Lie::minibatch(0).number("trained weight 0", rule().initial[0])),
        case(family::UPDATE_REMAINDER, "a weight moves one unit less than it should", {
            let lie = Lie::minibatch(0);
            let (weight, remainder) = (lie.value("trained weight 0") + F::ONE, lie.bits("update remainder 0", 48));
            lie.set("trained weight 0", weight).first_bit("update remainder 0", 48, remainder + power_of_two(48))
        }),
        case(family::TRAINED_RANGE, "a weight leaves the range that scores are bounded by", beyond_the_range()),
    ]
}

fn closing_cases() -> Vec<Case> {
    vec![
        case(family::EPOCH_END, "an epoch ends before all rows were seen", Lie::minibatch(0).number("last", 1)),
        case(family::HASH_DATA, "an epoch ends before all rows were seen", {
            let lie = Lie::minibatch(0).number("last", 1);
            let data = lie.z[3];
            lie.set("hash: data/data", data)
        }),
        case(family::RESET, "the next epoch begins with a hundred rows", Lie::minibatch(1).number("kept/rows", 100)),
        case(family::FINAL_BIAS, "a finished bias is taken off another centre", Lie::finish().number("bias off centre 0", 0).committed()),
        case(family::FINISHED, "another weight is finished than was trained", Lie::finish().number("finished weight 0", 5).committed()),
        case(family::ROUNDING, "a finished weight is one too large", {
            let lie = Lie::finish();
            let weight = lie.value("model/weight 0") + F::ONE;
            lie.set("model/weight 0", weight).first_bit("rounding remainder 0", 20, F::ZERO).committed()
        }),
        case(family::ROUNDING_REMAINDER, "a finished weight is one too large", {
            let lie = Lie::finish();
            let (weight, remainder) = (lie.value("model/weight 0") + F::ONE, lie.bits("rounding remainder 0", 20));
            lie.set("model/weight 0", weight).first_bit("rounding remainder 0", 20, remainder - lie_scale()).committed()
        }),
        case(family::MODEL_RANGE, "a finished weight is a fraction modulo the field", {
            let lie = Lie::finish();
            let weight = lie.value("model/weight 0") - lie_scale().invert().unwrap();
            lie.set("model/weight 0", weight).committed()
        }),
        case(family::MODEL_OPENING, "another model is committed than was trained", {
            let lie = Lie::finish();
            Lie { z: lie.z.map(|e| if e == lie.z[2] { F::from(123) } else { e }), ..lie }
        }),
        case(family::HASH_MODEL, "another model is committed than was trained", {
            let lie = Lie::finish();
            let lie = Lie { z: lie.z.map(|e| if e == lie.z[2] { F::from(123) } else { e }), ..lie };
            lie.number("hash: model/model", 123)
        }),
        case(family::EPOCH, "an epoch does not count", Lie::minibatch(1).number("next/epoch", 0)),
        case(family::STEP_COUNT, "a minibatch does not count", Lie::minibatch(1).number("next/step count", 1)),
        case(family::OPEN_NEXT, "an unfinished training is dropped", Lie::minibatch(0).number("next/open", 0)),
    ]
}

fn lie_scale() -> F {
    power_of_two(rule().fraction_bits as usize)
}

#[test]
fn without_its_family_each_falsehood_would_be_provable() {
    let honest: Vec<(Recorder, Vec<F>)> = (0..4).map(|position| Lie::minibatch(position).run()).collect();
    for (recorder, _) in &honest {
        assert_eq!(recorder.violated(), BTreeSet::new());
    }
    let mut covered = BTreeSet::new();
    for Case { family, falsehood, lie } in [takeover_cases(), row_cases(), descent_cases(), closing_cases()].into_iter().flatten() {
        let (recorder, _) = lie.run();
        let known = |name: &String| recorder.names.contains(name) || name.starts_with("hash: ");
        assert!(lie.values.keys().all(known), "{family}: a wire of {:?} does not exist", lie.values.keys());
        assert_eq!(recorder.violated(), BTreeSet::from([family]), "{falsehood}");
        assert!(covered.insert(family), "{family} has two cases");
    }
    assert_eq!(covered, honest[0].0.families(), "a family without a case, or a case without a family");
}
