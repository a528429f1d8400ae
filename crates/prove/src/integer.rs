//! Which integers stand for the model's coefficients, and what do they lose?
//!
//! With a feature `x = offset + step·q`, the log-odds `β₀ + Σ βᵢ·xᵢ` times `2^scale` is
//! `Σ (βᵢ·stepᵢ·2^scale)·qᵢ + (β₀ + Σ βᵢ·offsetᵢ)·2^scale`; [`quantise_model`] rounds each
//! bracket to the nearest integer. A network's integers are chosen in [`crate::network`]. [`compare`] measures the outcome against the float model on
//! real rows. The comparison is a claim of the prover's: no proof contains it.

use verifold_circuits::{AnyModel, Model, RowKind};
use verifold_model::plan::{Plan, ScoreDirection, WEIGHT_BITS};

use crate::{
    error::ProveError,
    layout::Layout,
    network,
    onnx::{FloatModel, Numbers},
    rows::PreparedRow,
    spec::Cutoff,
};

/// Largest difference between the two readings of the float model that rounding in single precision explains.
const EXTRACTION_TOLERANCE: f64 = 1e-3;

/// Rounds a float model's numbers to a plan's steps and scale, whatever its kind; with them comes what a reader should know
/// about the integers, if anything.
///
/// # Errors
/// [`ProveError::WeightRange`], [`ProveError::BiasRange`] or [`ProveError::Network`] if a number leaves its bound.
pub fn quantise_any(numbers: &Numbers, layout: &Layout, scale_bits: u8) -> Result<(AnyModel, Option<String>), ProveError> {
    if numbers.hidden.is_empty() {
        quantise_model(&numbers.coefficients, numbers.intercept, layout, scale_bits).map(|model| (model.into(), None))
    } else {
        network::quantise(numbers, layout, scale_bits).map(|(network, note)| (network.into(), note))
    }
}

/// Rounds a float model's coefficients, in the order of its inputs, and intercept to a plan's steps and scale.
///
/// # Errors
/// [`ProveError::WeightRange`] or [`ProveError::BiasRange`] if a number leaves its bound.
pub fn quantise_model(coefficients: &[f64], intercept: f64, layout: &Layout, scale_bits: u8) -> Result<Model, ProveError> {
    let scale = units(scale_bits);
    let planned = || layout.features.iter().zip(&layout.model_position).map(|(feature, at)| (feature, coefficients[*at]));
    let per_step: Vec<f64> = planned().map(|(feature, beta)| beta * feature.step.to_f64()).collect();
    let weights: Vec<i64> = per_step.iter().map(|weight| (weight * scale).round() as i64).collect();
    let bound = 1i64 << (WEIGHT_BITS - 1);
    let largest = weights.iter().enumerate().max_by_key(|(_, weight)| weight.unsigned_abs());
    if let Some((at, weight)) = largest
        && !(-bound..bound).contains(weight)
    {
        let fits = |bits: &u8| per_step.iter().all(|weight| (weight * units(*bits)).round().abs() < bound as f64);
        let fitting_scale_bits = (1..scale_bits).rev().find(fits);
        return Err(ProveError::WeightRange { feature: layout.features[at].name.clone(), weight: *weight, scale_bits, fitting_scale_bits });
    }
    let offsets: f64 = planned().map(|(feature, beta)| beta * feature.offset.to_f64()).sum();
    let bias = ((intercept + offsets) * scale).round() as i64;
    // As wide as the bound of the weighted sum the bias is added to.
    let bits = Plan::score_bits(layout.shape) - 1;
    if bias.unsigned_abs() >= 1 << bits {
        return Err(ProveError::BiasRange { bias, bits });
    }
    Ok(Model { weights, bias })
}

/// What rounding to integers changed, over all scored rows. Claimed by the prover.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantisationError {
    /// Rows compared.
    pub rows: u64,
    /// Largest difference in log-odds.
    pub max_log_odds: f64,
    /// Largest difference in probability.
    pub max_probability: f64,
    /// Rows that the two models decide differently at the cut-off.
    pub decisions_differing: u64,
}

/// Score units per unit of log-odds.
pub(crate) fn units(scale_bits: u8) -> f64 {
    (1u64 << scale_bits.min(63)) as f64
}

/// The logistic function.
#[expect(
    clippy::disallowed_methods,
    reason = "feeds the prover's choices and claims; a verifier takes them as they stand and computes none"
)]
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// What an integer model itself gives, where there is no float model to compare it with.
pub(crate) fn probabilities<'a>(
    model: &AnyModel,
    scale_bits: u8,
    rows: impl Iterator<Item = &'a PreparedRow>,
) -> (Vec<f64>, QuantisationError) {
    let scored = rows.filter_map(|row| match &row.record.kind {
        RowKind::Scored { features, .. } => Some(probability(model.score(features) as f64 / units(scale_bits))),
        RowKind::Void(_) => None,
    });
    let probabilities: Vec<f64> = scored.collect();
    let error = QuantisationError { rows: probabilities.len() as u64, ..QuantisationError::default() };
    (probabilities, error)
}

impl Cutoff {
    /// The cut-off in log-odds.
    #[expect(clippy::disallowed_methods, reason = "the prover's choice of a cut-off; the plan states the integer it becomes")]
    pub fn log_odds(self, scale_bits: u8) -> f64 {
        match self {
            Self::Probability(p) => (p / (1.0 - p)).ln(),
            Self::LogOdds(log_odds) => log_odds,
            Self::Score(score) => score as f64 / units(scale_bits),
        }
    }

    /// The cut-off in score units.
    pub fn score(self, scale_bits: u8) -> i64 {
        match self {
            Self::Score(score) => score,
            other => (other.log_odds(scale_bits) * units(scale_bits)).round() as i64,
        }
    }
}

/// Runs the float model on every scored row and compares it with the integer one.
///
/// Returns the float probabilities in the order of the scored rows, and the differences.
///
/// # Errors
/// [`ProveError::Extraction`] if the coefficients read from the file do not reproduce the model's own
/// probabilities; [`ProveError::FloatRun`] if the model does not run.
pub fn compare<'a>(
    model: &FloatModel,
    path: &std::path::Path,
    integer: &AnyModel,
    scale_bits: u8,
    (cutoff, direction): (Cutoff, ScoreDirection),
    rows: impl Iterator<Item = &'a PreparedRow> + Clone,
) -> Result<(Vec<f64>, QuantisationError), ProveError> {
    let scored: Vec<(&[f32], &[u32])> = rows
        .filter_map(|row| match &row.record.kind {
            RowKind::Scored { features, .. } => Some((&row.inputs[..], &features[..])),
            RowKind::Void(_) => None,
        })
        .collect();
    let floats = model
        .probabilities(scored.iter().map(|(inputs, _)| *inputs))
        .map_err(|problem| ProveError::FloatRun { path: path.to_owned(), problem })?;
    let scale = units(scale_bits);
    let (cutoff_float, cutoff_integer) = (probability(cutoff.log_odds(scale_bits)), cutoff.score(scale_bits));
    let approves = |above: bool| above == (direction == ScoreDirection::HigherIsSafer);
    let mut error = QuantisationError { rows: scored.len() as u64, ..QuantisationError::default() };
    for (i, ((inputs, quantised), float)) in scored.iter().zip(&floats).enumerate() {
        let log_odds = model.numbers.log_odds(inputs);
        let apart = (probability(log_odds) - float).abs();
        // A model that answers "not a number" has not been extracted either.
        if apart.is_nan() || apart > EXTRACTION_TOLERANCE {
            return Err(ProveError::Extraction { row: i + 1, extracted: probability(log_odds), model: *float });
        }
        let score = integer.score(quantised);
        let integer_log_odds = score as f64 / scale;
        error.max_log_odds = error.max_log_odds.max((integer_log_odds - log_odds).abs());
        error.max_probability = error.max_probability.max((probability(integer_log_odds) - float).abs());
        error.decisions_differing += u64::from(approves(score >= cutoff_integer) != approves(*float >= cutoff_float));
    }
    Ok((floats, error))
}
