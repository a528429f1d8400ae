//! The descent on plain integers: what the circuit computes for one minibatch, and what the model is rounded to.
//!
//! Every division rounds down. Weights and the bias stand in one list, the bias last: it is the weight of an input
//! that is always one and has no centre.

use verifold_model::{
    cohort::Outcome,
    plan::{Plan, ScoreDirection, WEIGHT_BITS},
    training::{RATE_SHIFT, TRAINED_BITS, TrainingSpec},
};

use super::curve::Curve;
use crate::{
    field::{F, signed, truncated},
    layout::Dimensions,
    poseidon::hash24,
    rows::{Model, RowKind, RowRecord},
    tags,
};

/// A training specification as the numbers a circuit uses, filled up with zeros to the shape's features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) document: F,
    pub(crate) schema: F,
    /// Whether bad outcomes are the target, rather than good ones.
    pub(crate) riskier: bool,
    /// Binary places of a trained weight beyond the model's.
    pub(crate) fraction_bits: u32,
    pub(crate) numerator: u64,
    pub(crate) offset: u64,
    pub(crate) decay: u64,
    pub(crate) centres: Vec<u64>,
    /// Weights, then the bias.
    pub(crate) initial: Vec<i64>,
    /// Rates of the weights, then of the bias.
    pub(crate) rates: Vec<u64>,
}

/// A trained number left its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Diverged {
    /// Feature, or the number of features for the bias.
    pub(crate) input: usize,
}

impl Rule {
    /// The numbers of a specification that has passed its check against the plan.
    pub(crate) fn of(spec: &TrainingSpec, plan: &Plan) -> Self {
        let features = plan.shape.features();
        let mut rule = Self {
            document: truncated(spec.digest()),
            schema: truncated(plan.row_schema_digest()),
            riskier: spec.direction == ScoreDirection::HigherIsRiskier,
            fraction_bits: spec.fraction_bits(),
            numerator: spec.rate_numerator,
            offset: spec.rate_offset,
            decay: spec.decay,
            centres: spec.centres.iter().map(|c| u64::from(*c)).collect(),
            initial: spec.initial_weights.clone(),
            rates: spec.feature_rates.iter().map(|r| u64::from(*r)).collect(),
        };
        rule.centres.resize(features, 0);
        rule.initial.resize(features, 0);
        rule.initial.push(spec.initial_bias);
        rule.rates.resize(features, 0);
        rule.rates.push(u64::from(spec.bias_rate));
        rule
    }

    /// A rule without meaning, for the structure of the circuit alone.
    pub(crate) fn blank(features: usize) -> Self {
        Self {
            document: F::default(),
            schema: F::default(),
            riskier: false,
            fraction_bits: 10,
            numerator: 0,
            offset: 1,
            decay: 0,
            centres: vec![0; features],
            initial: vec![0; features + 1],
            rates: vec![0; features + 1],
        }
    }

    /// The elements the rule is committed as, in order.
    pub(crate) fn elements(&self) -> Vec<F> {
        let scale = 1u64 << self.fraction_bits;
        let numbers = [u64::from(self.riskier), scale, self.numerator, self.offset, self.decay];
        let mut elements = vec![self.document, self.schema];
        elements.extend(numbers.map(F::from));
        elements.extend(self.centres.iter().map(|c| F::from(*c)));
        elements.extend(self.initial.iter().map(|w| signed(*w)));
        elements.extend(self.rates.iter().map(|r| F::from(*r)));
        elements
    }

    /// The commitment to the rule; it has no salt, as all of it is public.
    pub(crate) fn commitment(&self) -> F {
        hash24(tags::TRAINING_SPEC, &self.elements())
    }

    /// The hash carried in the public state between steps.
    pub(crate) fn state(weights: &[i64], parts: [F; 4]) -> F {
        let mut elements: Vec<F> = weights.iter().map(|w| signed(*w)).collect();
        elements.extend(parts);
        hash24(tags::TRAINING_STATE, &elements)
    }

    /// `⌊numerator ÷ (offset + t)⌋` after `t` minibatches.
    pub(crate) fn learning_rate(&self, t: u64) -> u64 {
        self.numerator / (self.offset + t)
    }

    /// The bias as it would stand at features of zero: what every score begins with.
    pub(crate) fn base(&self, weights: &[i64]) -> i64 {
        let features = self.centres.len();
        weights[..features].iter().zip(&self.centres).fold(weights[features], |sum, (w, c)| sum - w * *c as i64)
    }

    /// `2^45 · (probability − target)`; zero unless the row is scored and its outcome known.
    pub(crate) fn error(&self, weights: &[i64], base: i64, row: &RowRecord) -> i64 {
        let RowKind::Scored { features, outcome, .. } = &row.kind else { return 0 };
        let score = weights.iter().zip(features).fold(base, |sum, (w, x)| sum + w * i64::from(*x));
        departure(Curve::SCORECARD, self.riskier, *outcome, score)
    }

    /// The weights after minibatch `t`.
    ///
    /// # Errors
    /// [`Diverged`] for the first input whose weight leaves its range.
    pub(crate) fn minibatch(&self, weights: &[i64], t: u64, rows: &[RowRecord]) -> Result<Vec<i64>, Diverged> {
        let inputs = self.centres.len();
        let base = self.base(weights);
        let mut gradient = vec![0i128; inputs + 1];
        for row in rows {
            let error = i128::from(self.error(weights, base, row));
            if error == 0 {
                continue;
            }
            if let RowKind::Scored { features, .. } = &row.kind {
                for (sum, x) in gradient.iter_mut().zip(features) {
                    *sum += error * i128::from(*x);
                }
            }
            gradient[inputs] += error;
        }
        let errors = gradient[inputs];
        for (sum, centre) in gradient.iter_mut().zip(&self.centres) {
            *sum -= errors * i128::from(*centre);
        }
        let rate = i128::from(self.learning_rate(t));
        let bound = 1i128 << (TRAINED_BITS - 1);
        weights
            .iter()
            .enumerate()
            .map(|(input, weight)| {
                let weight = i128::from(*weight);
                let decay = if input < inputs { i128::from(self.decay) * weight } else { 0 };
                let next = weight - ((rate * (i128::from(self.rates[input]) * gradient[input] + decay)) >> RATE_SHIFT);
                if (-bound..bound).contains(&next) { Ok(next as i64) } else { Err(Diverged { input }) }
            })
            .collect()
    }

    /// The model that weights are rounded to, half a unit upwards.
    pub(crate) fn rounded(&self, weights: &[i64]) -> Model {
        let round = |value: i64| (value + (1 << (self.fraction_bits - 1))) >> self.fraction_bits;
        let features = self.centres.len();
        Model { weights: weights[..features].iter().map(|w| round(*w)).collect(), bias: round(self.base(weights)) }
    }
}

/// `2^probability_bits · (probability − target)` of a scored row; zero unless its outcome is known.
pub(crate) fn departure(curve: Curve, riskier: bool, outcome: Outcome, score: i64) -> i64 {
    let hit = match outcome {
        Outcome::Unknown => return 0,
        Outcome::Good => !riskier,
        Outcome::Bad => riskier,
    };
    curve.probability(score) - (i64::from(hit) << curve.probability_bits())
}

/// Bits `T` with `|score| < 2^T` while training: weights of [`TRAINED_BITS`] bits in place of the model's.
pub(crate) const fn trained_score_bits(d: Dimensions) -> usize {
    d.score_bits() + (TRAINED_BITS - WEIGHT_BITS) as usize
}
