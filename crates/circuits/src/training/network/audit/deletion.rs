//! For every constraint family of a network's training step, a falsehood that nothing else stands against.

use std::sync::Arc;

use ff::Field;
use verifold_model::cohort::Outcome;

use super::fixture::{MODEL, TINY, rule, subject, trained};
use crate::{
    field::{F, power_of_two},
    neural::{
        family as neural,
        network::{bias_places, commitment_of, weight_places},
    },
    rows::RowRecord,
    training::{
        audit::{
            fixture::{mixed_rows, scored, steps},
            lie::{Case, Lie, case, check_deletions, shared_cases},
        },
        descent::Descent,
        family,
        network::{NetworkRule, family as own, rule::shift},
        open::OpenTraining,
        step::Context,
    },
};

fn minibatch(position: usize) -> Lie {
    subject().minibatch(position)
}

/// Commits to the model the lie leads to.
fn committed(mut lie: Lie) -> Lie {
    let weights = weight_places(TINY).map(|(l, to, from)| lie.value(&format!("trained/layer {l}/weight {to}.{from}"))).collect();
    let mut biases: Vec<F> = bias_places(TINY).map(|(l, neuron)| lie.value(&format!("trained/layer {l}/bias {neuron}"))).collect();
    for (neuron, bias) in biases.iter_mut().enumerate().take(TINY.hidden[0]) {
        for f in 0..TINY.features {
            *bias -= lie.value(&format!("bias {neuron} off centre {f}"));
        }
    }
    lie.z[2] = commitment_of(TINY, weights, biases, lie.value("model/salt"));
    lie
}

/// A full minibatch of bad rows from other numbers, which the twin may refuse to go on from.
fn wild(initial: Vec<i64>) -> Lie {
    let rows: Vec<RowRecord> = (0..22).map(|i| scored(i, vec![4, 1], Outcome::Bad)).collect();
    let mut lie = subject().about(1, &rows, 0);
    let wild = Descent::from(NetworkRule { initial, ..rule() });
    lie.step.open = OpenTraining::begun(&wild);
    (lie.z[1], lie.z[6]) = (wild.commitment(), wild.beginning());
    let Context { dimensions, row_salt, outcome_salt, model_salt, .. } = *lie.step.context;
    lie.step.context = Arc::new(Context { dimensions, rule: wild, row_salt, outcome_salt, model_salt });
    lie
}

fn takeover_cases() -> Vec<Case> {
    vec![
        case(family::SPEC_OPENING, "a layer learns at another rate", minibatch(0).number("rule/rate 1.0", 14)),
        case(family::HASH_SPEC, "a layer learns at another rate", {
            let lie = minibatch(0).number("rule/rate 1.0", 14);
            let committed = lie.z[1];
            lie.set("hash: rule/rule", committed)
        }),
        case(family::OPEN_STATE, "a training begins at another weight than the seed's", {
            minibatch(0).number("open/layer 1/weight 0.0", 5)
        }),
        case(family::HASH_STATE, "earlier minibatches led to another bias", {
            let lie = minibatch(1).number("open/layer 2/bias 0", 5);
            let open = lie.z[6];
            lie.set("hash: training state/before", open)
        }),
        // Its rows would be chained to no schema, in every epoch alike.
        case(own::UNDER_WAY, "an epoch goes on where none has begun", minibatch(0).number("first", 0)),
        case(own::OPENED_RANGE, "a minibatch is scored with another weight than was trained", {
            let lie = minibatch(1);
            let (name, fraction) = ("open/layer 0/weight 0.0", "open/layer 0/weight 0.0/fraction");
            let (weight, rest) = (lie.value(name) - F::ONE, lie.bits(fraction, 12) + power_of_two(12));
            lie.set(name, weight).first_bit(fraction, 12, rest)
        }),
    ]
}

/// In row 2 the second neuron of the first layer sums to −2000.
fn row_cases() -> Vec<Case> {
    let (neuron, handed_on) = ("row 2/layer 0/neuron 1", 3 << 11);
    let opened = || {
        let mut lie = minibatch(0).number(&format!("{neuron}/bit 0"), -2000 - 8 * handed_on).number(&format!("{neuron}/bit 3"), handed_on);
        for bit in (1..TINY.reach_bits(0)).filter(|bit| *bit != 3) {
            lie = lie.number(&format!("{neuron}/bit {bit}"), 0);
        }
        lie
    };
    vec![
        case(neural::NEURON, "a neuron sums what is no product", minibatch(0).number("row 1/layer 0/product 0.1", 1)),
        case(neural::REACH, "a neuron with a negative sum hands something on", opened()),
        case(neural::ACTIVATION, "a neuron with a negative sum hands something on", {
            minibatch(0).number(&format!("{neuron}/handed on"), handed_on)
        }),
        case(own::SCALED, "a score is read at another scale", minibatch(0).number("row 1/score", 5)),
        case(own::HANDED_BACK, "a neuron is not told what it did to the score", minibatch(0).number("row 1/layer 0/back 0.0", 0)),
        case(own::GATED, "a neuron that handed nothing on is taught", minibatch(0).number("row 2/layer 0/error 1", 1 << 30)),
        case(family::GRADIENT, "a row teaches one weight nothing", minibatch(0).number("row 1/layer 0/gradient 0.1", 0)),
    ]
}

fn descent_cases() -> Vec<Case> {
    let (weight, remainder) = ("trained/layer 0/weight 0.1", "update remainder/layer 0/weight 0.1");
    vec![
        case(family::RATED, "a feature's weights learn nothing", minibatch(0).number("step 0.1", 0)),
        case(family::UPDATE, "a weight goes elsewhere", minibatch(0).number(weight, 1)),
        case(family::UPDATE_REMAINDER, "a weight moves one unit less than it should", {
            let lie = minibatch(0);
            let bits = shift(TINY, 0);
            let (moved, rest) = (lie.value(weight) + F::ONE, lie.bits(remainder, bits) + power_of_two(bits + 12));
            lie.set(weight, moved).first_bit(remainder, bits, rest)
        }),
        case(family::TRAINED_RANGE, "a weight leaves the range that scores are bounded by", {
            // Bad rows raise the score: the last layer's weights go up.
            let mut numbers = trained(&MODEL);
            numbers[9] = (1 << 27) - (1 << 11) - 1;
            wild(numbers)
        }),
    ]
}

fn closing_cases() -> Vec<Case> {
    vec![
        case(family::FINAL_BIAS, "a finished bias is taken off another centre", {
            committed(minibatch(3).number("bias 0 off centre 0", 0))
        }),
        case(family::MODEL_RANGE, "a bias off the centres has no room in the model", {
            let mut numbers = trained(&MODEL);
            numbers[11] = 260_000 << 12;
            wild(numbers)
        }),
    ]
}

#[test]
fn without_its_family_each_falsehood_would_be_provable() {
    let own = [takeover_cases(), row_cases(), descent_cases(), closing_cases()].into_iter().flatten();
    check_deletions(&subject(), shared_cases(&subject()).into_iter().chain(own));
}

#[test]
fn no_step_follows_a_finished_training() {
    let (_, steps) = steps(TINY, rule(), 2, &mixed_rows(30));
    let (recorder, _) = Lie { z: steps[3].after, ..minibatch(0) }.run();
    assert_eq!(recorder.violated(), [family::OPEN_STATE].into());
}
