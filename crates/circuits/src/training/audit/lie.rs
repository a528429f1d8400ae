//! What steps of any training can lie about: alterations of an honest step, and cases that all of them have.
//!
//! As for `scored-cohort/v1`: each case alters wires of an honest step, what depends on them follows, and with the full
//! circuit exactly the named family is violated.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ff::Field;

use super::fixture::{mixed_rows, rule, steps};
use crate::{
    audit::recorder::Recorder,
    field::{F, power_of_two, signed},
    layout::Dimensions,
    native::ARITY,
    poseidon::hash4,
    rows::RowRecord,
    tags,
    training::{curve::Curve, descent::Descent, family, step::Step},
    wires::Overrides,
};

/// A step about to lie.
pub(crate) struct Lie {
    pub(crate) step: Step,
    pub(crate) z: [F; ARITY],
    pub(crate) values: BTreeMap<String, F>,
}

impl Lie {
    pub(crate) fn about(d: Dimensions, rule: impl Into<Descent>, epochs: u32, rows: &[RowRecord], position: usize) -> Self {
        let (z0, steps) = steps(d, rule, epochs, rows);
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

    pub(crate) fn run(&self) -> (Recorder, Vec<F>) {
        let mut step = self.step.clone();
        step.overrides = Some(Arc::new(Overrides { values: self.values.clone(), ..Default::default() }));
        Recorder::run(&step, &self.z)
    }

    /// The value a wire has so far.
    #[track_caller]
    pub(crate) fn value(&self, wire: &str) -> F {
        let (recorder, _) = self.run();
        recorder.values[recorder.names.iter().position(|name| name == wire).unwrap()]
    }

    /// The number a group of bits has so far.
    pub(crate) fn bits(&self, wire: &str, count: usize) -> F {
        let (recorder, _) = self.run();
        let first = recorder.names.iter().position(|name| *name == format!("{wire}/bit 0")).unwrap();
        recorder.values[first..first + count].iter().enumerate().map(|(bit, value)| power_of_two(bit) * value).sum()
    }

    /// Another data commitment.
    pub(crate) fn about_data(mut self, data: F) -> Self {
        self.z[3] = data;
        self
    }
}

pub(crate) struct Case {
    pub(crate) family: &'static str,
    falsehood: &'static str,
    lie: Lie,
}

pub(crate) fn case(family: &'static str, falsehood: &'static str, lie: Lie) -> Case {
    Case { family, falsehood, lie }
}

/// What is lied about: a rule with the learning rate and the schema of [`rule`] under which row 1 of [`mixed_rows`] is scored
/// −3¾ log-odds, in segment 7, and good.
pub(crate) struct Subject {
    pub(crate) dimensions: Dimensions,
    pub(crate) rule: Descent,
    pub(crate) curve: Curve,
}

impl Subject {
    pub(crate) fn about(&self, epochs: u32, rows: &[RowRecord], position: usize) -> Lie {
        Lie::about(self.dimensions, self.rule.clone(), epochs, rows, position)
    }

    /// Minibatch `position` of two epochs of 30 rows: the first and third are full, the second and fourth end an epoch.
    pub(crate) fn minibatch(&self, position: usize) -> Lie {
        self.about(2, &mixed_rows(30), position)
    }

    /// The first minibatch on a state that has another part of an epoch, in the order of the state, than one between epochs.
    fn taking_over(&self, part: usize, wire: &str, value: F) -> Lie {
        let mut lie = self.minibatch(0).set(wire, value);
        let mut parts = lie.step.open.parts();
        parts[part] = value;
        if let Descent::Network(_) = self.rule {
            lie.z[6] = self.rule.state_of(self.rule.initial(), parts);
        }
        lie
    }

    /// The last minibatch of all.
    pub(crate) fn finish(&self) -> Lie {
        self.minibatch(3)
    }
}

/// Cases of what every training step has.
pub(crate) fn shared_cases(k: &Subject) -> Vec<Case> {
    let (rule_numerator, divisor) = (F::from(rule().numerator), F::from(rule().offset));
    let start = |tag, salt: u64| hash4(tag, &[rule().schema, F::from(salt)]);
    let bits = k.curve.segment_bits;
    // Row 2 becomes an empty slot; the row behind it repeats a key.
    let hole = || {
        let mut lie = k.minibatch(0);
        lie.step.rows[3].key = 4;
        for part in ["filled", "logged", "kind/1", "kind/2", "kind/3", "kind/4", "outcome/1", "outcome/2"] {
            lie = lie.number(&format!("row 2/{part}"), 0);
        }
        for (part, bits) in [("feature 0", 3), ("feature 1", 3), ("key gap", 64), ("group", 3)] {
            lie = lie.first_bit(&format!("row 2/{part}"), bits, F::ZERO);
        }
        lie
    };
    let next_segment = || k.minibatch(0).number("row 1/segment/7", 0).number("row 1/segment/8", 1);
    vec![
        case(family::STEP_FLAGS, "one minibatch ends two epochs", k.about(2, &mixed_rows(21), 0).number("last", 2)),
        case(family::EPOCH_ROWS, "an epoch begins with a hundred rows", k.taking_over(2, "open/rows", F::from(100))),
        case(
            family::EPOCH_KEY,
            "a row is committed under a key below zero",
            k.taking_over(3, "open/next key", -F::from(10)).number("row 0/key gap/bit 1", 0),
        ),
        case(family::EPOCH_ROW_STREAM, "a row stream begins elsewhere", k.minibatch(0).number("row stream before", 999)),
        case(family::EPOCH_OUTCOME_STREAM, "an outcome stream begins elsewhere", k.minibatch(0).number("outcome stream before", 999)),
        case(family::SLOT_FILLED, "a row behind an empty slot repeats an earlier key", hole()),
        case(family::SLOT_KIND, "a row committed as void is trained on", k.minibatch(0).number("row 1/kind/2", 1)),
        case(family::KEY_GAP, "a row is trained on twice", k.minibatch(0).number("row 1/key gap/bit 0", -3)),
        case(family::ROW_KEY, "two rows are committed under one key", k.minibatch(0).number("row 1/key", 0)),
        case(family::GROUP, "a row is committed with another decision than was logged", k.minibatch(0).number("row 1/group/bit 0", 8)),
        case(family::LOGGED, "a row committed as void is trained on", k.minibatch(0).number("row 1/logged", 2)),
        case(
            family::OUTCOME,
            "a row committed with an unknown outcome is trained on",
            k.minibatch(0).number("row 0/outcome/1", 2).number("row 0/outcome/2", -1),
        ),
        case(
            family::FEATURE_BITS,
            "a row is committed with one value and trained on with another",
            k.minibatch(0).number("row 1/feature 0/bit 0", 9).number("row 1/feature 1/bit 0", 0),
        ),
        case(family::SIGN, "a score counts double", k.minibatch(0).set("row 1/negative", F::from(3) * F::from(2).invert().unwrap())),
        case(family::MAGNITUDE, "a score counts as almost none", k.minibatch(0).number("row 1/magnitude", 5)),
        case(
            family::SEGMENT,
            "a score lies twice on one segment and minus once on another",
            k.minibatch(0).number("row 1/segment/7", 0).number("row 1/segment/8", 2).number("row 1/segment/9", -1),
        ),
        case(family::SEGMENT_BITS, "a score lies on the segment above its own", {
            let lie = k.minibatch(0);
            let place = lie.bits("row 1/place", bits);
            next_segment().first_bit("row 1/place", bits, place - power_of_two(bits))
        }),
        case(family::SEGMENT_SUM, "a score lies on the segment above its own", next_segment()),
        case(
            family::BEYOND,
            "a score of nearly four log-odds lies on the first segment",
            k.minibatch(0)
                .number("row 1/segment/7", 0)
                .number("row 1/beyond/bit 0", 1)
                .number("row 1/beyond/bit 1", 1)
                .number("row 1/beyond/bit 2", 1),
        ),
        case(family::CURVE, "a probability is not on the curve", k.minibatch(0).number("row 1/rise", 0)),
        case(family::TARGET, "a good outcome counts as a bad one", k.minibatch(0).number("row 1/turned", 0)),
        case(family::ERROR, "a row teaches nothing", k.minibatch(0).number("row 1/error", 0)),
        case(family::STARTED, "a minibatch without rows counts", {
            let mut lie = k.about(2, &mixed_rows(22), 1);
            lie.step.rows.clear();
            let (z0, _) = steps(k.dimensions, k.rule.clone(), 1, &mixed_rows(21));
            lie.about_data(z0[3])
        }),
        case(family::FULL, "a minibatch that leaves slots empty does not end its epoch", k.about(2, &mixed_rows(5), 0).number("last", 0)),
        case(
            family::LAST_KEY,
            "a key runs into the group code",
            k.minibatch(0).number("row 19/key gap/bit 63", 1).number("row 20/key gap/bit 63", 1),
        ),
        case(family::ROW_SELECT, "rows trained on are left out of the row stream", {
            k.minibatch(0).set("row stream 0", start(tags::ROWS, 101))
        }),
        case(family::OUTCOME_SELECT, "outcomes trained on are left out of the outcome stream", {
            k.minibatch(0).set("outcome stream 0", start(tags::OUTCOMES, 202))
        }),
        case(family::HASH_ROWS, "other rows are committed than are trained on", k.minibatch(0).number("hash: row stream/block 0", 999)),
        case(
            family::HASH_OUTCOMES,
            "other outcomes are committed than are trained on",
            k.minibatch(0).number("hash: outcome stream/block 0", 999),
        ),
        case(family::LEARNING_RATE, "a learning rate lies below the rule's", {
            let lie = k.minibatch(0);
            let taken = lie.value("learning rate times divisor");
            lie.number("learning rate", 16_383).set("learning rate times divisor", taken)
        }),
        case(
            family::LEARNING_RATE_BITS,
            "a learning rate is a fraction modulo the field",
            k.minibatch(0).set("learning rate", (rule_numerator - F::from(6)) * divisor.invert().unwrap()),
        ),
        case(family::LEARNING_RATE_REMAINDER, "a learning rate lies below the rule's", k.minibatch(0).number("learning rate", 16_383)),
        case(family::EPOCH_END, "an epoch ends before all rows were seen", k.minibatch(0).number("last", 1)),
        case(family::HASH_DATA, "an epoch ends before all rows were seen", {
            let lie = k.minibatch(0).number("last", 1);
            let data = lie.z[3];
            lie.set("hash: data/data", data)
        }),
        case(family::RESET, "the next epoch begins with a hundred rows", k.minibatch(1).number("kept/rows", 100)),
        case(family::MODEL_OPENING, "another model is committed than was trained", {
            let lie = k.finish();
            Lie { z: lie.z.map(|e| if e == lie.z[2] { F::from(123) } else { e }), ..lie }
        }),
        case(family::HASH_MODEL, "another model is committed than was trained", {
            let lie = k.finish();
            let lie = Lie { z: lie.z.map(|e| if e == lie.z[2] { F::from(123) } else { e }), ..lie };
            lie.number("hash: model/model", 123)
        }),
        case(family::EPOCH, "an epoch does not count", k.minibatch(1).number("next/epoch", 0)),
        case(family::STEP_COUNT, "a minibatch does not count", k.minibatch(1).number("next/step count", 1)),
        case(family::OPEN_NEXT, "an unfinished training is dropped", k.minibatch(0).number("next/open", 0)),
    ]
}

/// Every case violates its family alone, and every family has one.
#[track_caller]
pub(crate) fn check_deletions(k: &Subject, cases: impl IntoIterator<Item = Case>) {
    let honest: Vec<(Recorder, Vec<F>)> = (0..4).map(|position| k.minibatch(position).run()).collect();
    for (recorder, _) in &honest {
        assert_eq!(recorder.violated(), BTreeSet::new());
    }
    let mut covered = BTreeSet::new();
    for Case { family, falsehood, lie } in cases {
        let (recorder, _) = lie.run();
        let known = |name: &String| recorder.names.contains(name) || name.starts_with("hash: ");
        assert!(lie.values.keys().all(known), "{family}: a wire of {:?} does not exist", lie.values.keys());
        assert_eq!(recorder.violated(), BTreeSet::from([family]), "{falsehood}");
        assert!(covered.insert(family), "{family} has two cases");
    }
    assert_eq!(covered, honest[0].0.families(), "a family without a case, or a case without a family");
}
