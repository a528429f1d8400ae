//! For every constraint family of a scorecard's step, a falsehood that nothing else stands against.

use std::sync::Arc;

use ff::Field;
use verifold_model::{cohort::Outcome, training::TRAINED_BITS};

use super::{
    fixture::{TINY, mixed_rows, rule, scored, steps},
    lie::{Case, Lie, Subject, case, check_deletions, shared_cases},
};
use crate::{
    field::{F, power_of_two},
    poseidon::hash24,
    rows::RowRecord,
    tags,
    training::{curve::Curve, descent::Descent, family, open::OpenTraining, rule::Rule, step::Context},
};

fn subject() -> Subject {
    Subject { dimensions: TINY, rule: rule().into(), curve: Curve::SCORECARD }
}

fn minibatch(position: usize) -> Lie {
    subject().minibatch(position)
}

/// Commits to the model the lie leads to.
fn committed(mut lie: Lie) -> Lie {
    let model = ["model/weight 0", "model/weight 1", "model/weight 2", "model/salt"].map(|name| lie.value(name));
    lie.z[2] = hash24(tags::MODEL, &model);
    lie
}

fn takeover_cases() -> Vec<Case> {
    let again = || {
        let (_, steps) = steps(TINY, rule(), 2, &mixed_rows(30));
        Lie { z: steps[3].after, ..minibatch(0) }
    };
    vec![
        case(family::SPEC_OPENING, "a weight learns at another rate", minibatch(0).number("rule/rate 0", 14)),
        case(family::HASH_SPEC, "a weight learns at another rate", {
            let lie = minibatch(0).number("rule/rate 0", 14);
            let committed = lie.z[1];
            lie.set("hash: rule/rule", committed)
        }),
        case(family::OPEN_STATE, "earlier minibatches led to another bias", minibatch(1).number("open/weight 2", 5)),
        case(family::HASH_STATE, "earlier minibatches led to another bias", {
            let lie = minibatch(1).number("open/weight 2", 5);
            let open = lie.z[6];
            lie.set("hash: training state/before", open)
        }),
        case(family::FRESH_STEP, "a training begins anew behind a finished one", again()),
        case(family::FRESH_WEIGHTS, "a training begins at other weights than the rule's", minibatch(0).number("open/weight 0", 5)),
    ]
}

fn row_cases() -> Vec<Case> {
    vec![
        case(family::BASE_SCORE, "rows are scored at another centre", minibatch(0).number("score at centre 0", 0)),
        case(family::SCORE, "a score is not the model's", minibatch(0).number("row 1/product 0", 1)),
        case(family::GRADIENT, "a row teaches one weight nothing", minibatch(0).number("row 1/gradient 0", 0)),
    ]
}

/// A step from weights at the end of their range, on rows that push the first beyond it.
fn beyond_the_range() -> Lie {
    let rows: Vec<RowRecord> = (0..22).map(|i| scored(i, vec![4, 1], Outcome::Bad)).collect();
    let mut lie = Lie::about(TINY, rule(), 1, &rows, 0);
    let bound = 1 << (TRAINED_BITS - 1);
    let wild = Rule { initial: vec![bound - 1, 0, -bound], decay: 0, ..rule() };
    lie.z[1] = wild.commitment();
    let wild = Descent::from(wild);
    lie.step.open = OpenTraining::begun(&wild);
    let Context { dimensions, row_salt, outcome_salt, model_salt, .. } = *lie.step.context;
    lie.step.context = Arc::new(Context { dimensions, rule: wild, row_salt, outcome_salt, model_salt });
    lie
}

fn descent_cases() -> Vec<Case> {
    vec![
        case(family::CENTRED, "a gradient is taken at another centre", minibatch(0).number("gradient at centre 0", 0)),
        case(family::RATED, "a weight learns nothing", minibatch(0).number("rated gradient 0", 0)),
        case(family::DECAY, "a weight does not decay", minibatch(0).number("decay 0", 0)),
        case(family::UPDATE, "a weight stays where it is", minibatch(0).number("trained weight 0", rule().initial[0])),
        case(family::UPDATE_REMAINDER, "a weight moves one unit less than it should", {
            let lie = minibatch(0);
            let (weight, remainder) = (lie.value("trained weight 0") + F::ONE, lie.bits("update remainder 0", 48));
            lie.set("trained weight 0", weight).first_bit("update remainder 0", 48, remainder + power_of_two(48))
        }),
        case(family::TRAINED_RANGE, "a weight leaves the range that scores are bounded by", beyond_the_range()),
    ]
}

fn closing_cases() -> Vec<Case> {
    vec![
        case(family::FINAL_BIAS, "a finished bias is taken off another centre", committed(minibatch(3).number("bias off centre 0", 0))),
        case(family::FINISHED, "another weight is finished than was trained", committed(minibatch(3).number("finished weight 0", 5))),
        case(family::ROUNDING, "a finished weight is one too large", {
            let lie = minibatch(3);
            let weight = lie.value("model/weight 0") + F::ONE;
            committed(lie.set("model/weight 0", weight).first_bit("rounding remainder 0", 20, F::ZERO))
        }),
        case(family::ROUNDING_REMAINDER, "a finished weight is one too large", {
            let lie = minibatch(3);
            let (weight, remainder) = (lie.value("model/weight 0") + F::ONE, lie.bits("rounding remainder 0", 20));
            committed(lie.set("model/weight 0", weight).first_bit("rounding remainder 0", 20, remainder - lie_scale()))
        }),
        case(family::MODEL_RANGE, "a finished weight is a fraction modulo the field", {
            let lie = minibatch(3);
            let weight = lie.value("model/weight 0") - lie_scale().invert().unwrap();
            committed(lie.set("model/weight 0", weight))
        }),
    ]
}

fn lie_scale() -> F {
    power_of_two(rule().fraction_bits as usize)
}

#[test]
fn without_its_family_each_falsehood_would_be_provable() {
    let own = [takeover_cases(), row_cases(), descent_cases(), closing_cases()].into_iter().flatten();
    check_deletions(&subject(), shared_cases(&subject()).into_iter().chain(own));
}
