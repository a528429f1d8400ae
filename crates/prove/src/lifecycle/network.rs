//! By which rule is a network trained? Everything but seed, epochs and learning rate follows from the training rows.
//!
//! A rule's numbers are factors and units: chosen so that the descent is that of floats on features of mean zero and variance one.
//! `chosen_spec` of `scripts/neural_training_twin.py` chooses the same, number by number: sums are exact, and everything behind them
//! is basic arithmetic and square roots in the same order.

use verifold_model::{
    digest::Digest,
    network_training::{FRACTION_BITS, NetworkTraining},
    plan::{ACTIVATION_BITS, ModelKind, Plan},
    training::{RATE_BITS, TrainingSpec, TrainingSpecSchema},
};

use super::pipeline::TrainingChoices;

/// Binary places of the errors of a score.
const ERROR_BITS: i32 = 24;

/// Binary places that an update of the last layer is rounded off by; each layer before has eight more.
const LAST_SHIFT: i32 = 40;

/// Most binary places of a weight behind the first layer: two bits of sixteen are for the weight before its point, one for its sign.
const MOST_PLACES: i32 = 14;

/// `2^exponent`, for exponents far inside the range of a float.
fn power(exponent: i32) -> f64 {
    f64::from_bits((1023 + i64::from(exponent)).unsigned_abs() << 52)
}

/// `⌊log2⌋` of a positive number far inside the range of a float.
fn floor_log2(number: f64) -> i32 {
    i32::try_from(number.to_bits() >> 52).unwrap_or(i32::MAX) - 1023
}

/// What is trained on, as far as a rule depends on it.
pub(super) struct Trained<'a> {
    /// Features of the rows that count, one list a row.
    pub(super) rows: &'a [&'a [u32]],
    /// Rows of a minibatch.
    pub(super) minibatch: usize,
    /// Neurons of each hidden layer.
    pub(super) hidden: &'a [u8],
    /// What the initial weights follow from.
    pub(super) seed: Digest,
}

/// Centre and standard deviation of each feature, the deviation at least a half.
fn centred(rows: &[&[u32]], features: usize) -> (Vec<f64>, Vec<f64>) {
    let n = rows.len().max(1) as f64;
    let spread = |feature: usize| {
        let values = || rows.iter().map(|row| f64::from(row[feature]));
        let centre = (values().sum::<f64>() / n).round_ties_even();
        let variance = values().map(|value| (value - centre) * (value - centre)).sum::<f64>() / n;
        (centre, variance.max(0.25).sqrt())
    };
    (0..features).map(spread).unzip()
}

/// Binary places of what each hidden layer hands on, then of the weights of each layer behind the first.
struct Units {
    places: Vec<i32>,
    weights: Vec<i32>,
}

impl Units {
    /// A weight of the first layer is `2^(places + width)` over the deviation of its feature for one of the float network, and four of
    /// those have to fit sixteen bits; a later weight has two to spare.
    fn of(deviations: &[f64], plan: &Plan, layers: usize) -> Result<Self, String> {
        let (width, scale_bits) = (plan.shape.width_bits() as i32, i32::from(plan.scoring.scale_bits));
        let narrowest = (0..deviations.len()).min_by(|a, b| deviations[*a].total_cmp(&deviations[*b])).unwrap_or(0);
        let narrow = deviations.get(narrowest).copied().unwrap_or(1.0);
        let first = 11.min(13 - width + floor_log2(narrow));
        let places: Vec<i32> = (0..layers as i32).map(|layer| first - 2 * layer).collect();
        let last = places.last().copied().unwrap_or(first);
        let name = plan.features.get(narrowest).map_or("", |feature| feature.name.as_str());
        let feature = format!(
            "feature `{name}` varies by a standard deviation of {narrow:.2} quantised values among the training rows; a smaller `step` spreads it over more of its {width} bits"
        );
        if last < 0 {
            return Err(format!("a network of {layers} hidden layers has no room for the weights it would need: {feature}"));
        }
        if scale_bits - last > MOST_PLACES {
            return Err(format!(
                "`scale_bits` of `[scoring]` is {scale_bits}, for this network at most {}: {feature}, which leaves room for more",
                last + MOST_PLACES
            ));
        }
        let between = places.windows(2).map(|pair| ACTIVATION_BITS as i32 + pair[1] - pair[0]);
        let weights = between.chain([scale_bits - last]).collect();
        Ok(Self { places, weights })
    }
}

/// A rule that trains as floats would on standardised features: every factor is a power of two from units and variances.
///
/// # Errors
/// What has no room in the integers of a network, and what would make some.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rates, spreads and centres are far inside their integers, and checked by the specification"
)]
pub(super) fn chosen(choices: &TrainingChoices, plan: &Plan, trained: &Trained<'_>) -> Result<TrainingSpec, String> {
    let Trained { rows, minibatch, hidden, seed } = *trained;
    let (width, fraction) = (plan.shape.width_bits() as i32, FRACTION_BITS as i32);
    let (centres, deviations) = centred(rows, plan.features.len());
    let Units { places, weights: units } = Units::of(&deviations, plan, hidden.len())?;
    let count = hidden.len();
    let sizes: Vec<f64> = [plan.features.len() as f64].into_iter().chain(hidden.iter().map(|n| f64::from(*n))).chain([1.0]).collect();
    let limit = |layer: usize| (6.0 / (sizes[layer] + sizes[layer + 1])).sqrt();
    // Binary places of the errors of each layer's sums.
    let errors = |layer: usize| ERROR_BITS + units[layer..].iter().sum::<i32>();
    let shift = |layer: usize| LAST_SHIFT + 8 * (count - layer) as i32;
    let bits = |layer: usize| if layer == 0 { width } else { ACTIVATION_BITS as i32 };
    let rows_each = minibatch as f64;
    let first_factors: Vec<f64> = (deviations.iter())
        .map(|deviation| power(fraction + places[0] + width - errors(0) + shift(0)) / rows_each / (deviation * deviation))
        .collect();
    let factors: Vec<f64> =
        (1..=count).map(|l| power(fraction + units[l - 1] - places[l - 1] - errors(l) + shift(l)) / rows_each).collect();
    let sums = |layer: usize| places.get(layer).map_or(i32::from(plan.scoring.scale_bits), |places| places + bits(layer));
    let bias_factors: Vec<f64> = (0..=count).map(|l| power(fraction + sums(l) - errors(l) + shift(l) - bits(l)) / rows_each).collect();
    let largest = first_factors.iter().chain(&factors).chain(&bias_factors).copied().fold(0.0, f64::max);
    let scale = power(RATE_BITS as i32 - 1) / largest;
    let rate = |factor: &f64| ((factor * scale).round_ties_even() as u32).max(1);
    let spread = power(places[0] + width + fraction);
    let half_after = choices.half_after;
    let rate_numerator = ((choices.learning_rate / scale * half_after as f64).round_ties_even() as u64).max(1);
    if rate_numerator >= half_after << RATE_BITS {
        return Err(format!(
            "`learning_rate` is {}, too large for the integers of this network: try a smaller one, 0.2 for a start",
            choices.learning_rate
        ));
    }
    Ok(TrainingSpec {
        schema: TrainingSpecSchema::V2,
        kind: ModelKind::MultilayerPerceptron,
        epochs: choices.epochs,
        scale_bits: plan.scoring.scale_bits,
        direction: plan.scoring.direction,
        centres: centres.iter().map(|centre| *centre as u32).collect(),
        initial_weights: Vec::new(),
        initial_bias: 0,
        feature_rates: first_factors.iter().map(rate).collect(),
        bias_rate: 0,
        rate_numerator,
        rate_offset: half_after,
        decay: 0,
        network: Some(NetworkTraining {
            hidden: hidden.to_vec(),
            seed,
            feature_spreads: deviations.iter().map(|deviation| (limit(0) * spread / deviation) as u32).collect(),
            layer_spreads: (1..=count).map(|layer| (limit(layer) * power(units[layer - 1] + fraction)) as u32).collect(),
            layer_rates: factors.iter().map(rate).collect(),
            bias_rates: bias_factors.iter().map(rate).collect(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use verifold_model::{
        plan::{Calendar, Feature, Grouping, MissingRule, OutcomeDefinition, OutsideRule, PlanSchema, Scoring},
        shape::Shape,
    };

    use super::*;

    /// A training as `scripts/neural_training_twin.py` writes it down.
    #[derive(Deserialize)]
    struct Expected {
        shape: Shape,
        spec: TrainingSpec,
        /// Outcome code, then features; nothing for a void row.
        rows: Vec<Option<Vec<u32>>>,
    }

    fn plan(shape: Shape, spec: &TrainingSpec) -> Plan {
        let feature = |at: usize| Feature {
            name: format!("feature {at}"),
            unit: String::new(),
            offset: "0".parse().unwrap(),
            step: "1".parse().unwrap(),
            max: 255,
            outside: OutsideRule::Clamp,
            missing: MissingRule::Void,
        };
        Plan {
            schema: PlanSchema::V1,
            shape,
            features: (0..spec.centres.len()).map(feature).collect(),
            scoring: Scoring {
                kind: ModelKind::MultilayerPerceptron,
                scale_bits: spec.scale_bits,
                direction: spec.direction,
                edges: (1..10).collect(),
                cutoff: 1,
                expected_bad_ppm: vec![0; 10],
            },
            outcome: OutcomeDefinition { bad_means: "late".into(), maturity_days: 90 },
            grouping: Grouping { attribute: "none".into(), names: vec!["all".into()], not_disclosed: None },
            histograms: vec![],
            calendar: Calendar::Free,
        }
    }

    fn choices(epochs: u32, learning_rate: f64) -> TrainingChoices {
        TrainingChoices { epochs, hidden: vec![], seed: None, learning_rate, half_after: 500, size_log2: 17 }
    }

    /// The cases of the script, with rows of each minibatch.
    fn cases() -> Vec<(Expected, usize)> {
        let text = include_str!("../../../../scripts/data/expected-neural-training.json");
        serde_json::from_str::<Vec<Expected>>(text).unwrap().into_iter().zip([42, 21]).collect()
    }

    fn choose(expected: &Expected, minibatch: usize, learning_rate: f64, scale_bits: u8) -> Result<TrainingSpec, String> {
        let rows: Vec<&[u32]> = expected.rows.iter().flatten().map(|row| &row[1..]).collect();
        let network = expected.spec.network.as_ref().unwrap();
        let trained = Trained { rows: &rows, minibatch, hidden: &network.hidden, seed: network.seed };
        let mut plan = plan(expected.shape, &expected.spec);
        plan.scoring.scale_bits = scale_bits;
        let spec = chosen(&choices(expected.spec.epochs, learning_rate), &plan, &trained)?;
        assert_eq!(spec.check(&plan), Ok(()));
        Ok(spec)
    }

    #[test]
    fn a_second_implementation_chooses_the_same_rules() {
        let cases = cases();
        assert_eq!(cases.len(), 2);
        for (expected, minibatch) in cases {
            assert_eq!(choose(&expected, minibatch, 0.2, expected.spec.scale_bits).unwrap(), expected.spec);
        }
    }

    #[test]
    fn a_rule_that_has_no_room_is_refused_with_what_would_make_some() {
        let (expected, minibatch) = cases().remove(0);
        assert!(
            choose(&expected, minibatch, 0.2, 23)
                .unwrap_err()
                .starts_with("`scale_bits` of `[scoring]` is 23, for this network at most 22")
        );
        assert!(choose(&expected, minibatch, 64e6, 16).unwrap_err().starts_with("`learning_rate` is 64000000, too large"));
        // One feature that hardly moves takes the room of all layers behind it.
        let narrow =
            Expected { rows: expected.rows.iter().map(|row| row.as_ref().map(|row| [&row[..5], &[7]].concat())).collect(), ..expected };
        let refused = choose(&narrow, minibatch, 0.2, 20).unwrap_err();
        assert!(refused.contains("at most 18: feature `feature 4` varies by a standard deviation of 0.50 quantised values"), "{refused}");
    }

    #[test]
    fn powers_and_logarithms_of_two_are_exact() {
        for (number, exponent) in [(0.5, -1), (0.75, -1), (1.0, 0), (1.99, 0), (2.0, 1), (255.0, 7)] {
            assert_eq!(floor_log2(number), exponent);
        }
        assert_eq!((power(-3), power(0), power(40)), (0.125, 1.0, (1u64 << 40) as f64));
    }
}
