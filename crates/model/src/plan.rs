//! The measurement plan: every choice the audited party made about measuring.
//!
//! A plan is claimed text in a package. It becomes binding because its commitment is part of the
//! statement a proof is checked against; what it leaves open or chooses conveniently is for the
//! policy to constrain and for a person to judge.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{decimal::Decimal, digest::Digest, format::counted, shape::Shape};

/// Version of the plan's own structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PlanSchema {
    /// First version.
    #[serde(rename = "plan/v1")]
    V1,
}

/// Every choice of the prover, in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of this structure.
    pub schema: PlanSchema,
    /// Shape of the step circuit the plan is measured with.
    pub shape: Shape,
    /// Feature columns, in the order they are committed; at most `shape.features`.
    ///
    /// The first `shape.histograms` of them are the ones with histograms.
    pub features: Vec<Feature>,
    /// How a score becomes a decision.
    pub scoring: Scoring,
    /// What counts as an outcome.
    pub outcome: OutcomeDefinition,
    /// The attribute rows are grouped by.
    pub grouping: Grouping,
    /// One per histogram of the shape, for the first features in order.
    pub histograms: Vec<Histogram>,
    /// How rows are cut into batches.
    pub calendar: Calendar,
}

/// A feature column and how it becomes an unsigned integer.
///
/// `quantised = round((value − offset) / step)`, half away from zero, inside `0 ..= max`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Column name, unique in the plan.
    pub name: String,
    /// Unit of the value, empty if it has none.
    pub unit: String,
    /// Value that is quantised to 0.
    pub offset: Decimal,
    /// Distance between neighbouring quantised values; positive.
    pub step: Decimal,
    /// Largest quantised value allowed, below `2^width`.
    pub max: u32,
    /// What happens to a value outside the domain.
    pub outside: OutsideRule,
    /// What happens to a missing value.
    pub missing: MissingRule,
}

impl Feature {
    /// The plain value a quantised one stands for: `offset + quantised · step`; `None` if a [`Decimal`] cannot hold it.
    pub fn plain(&self, quantised: u32) -> Option<Decimal> {
        let places = self.offset.places().max(self.step.places());
        let value = scaled(self.offset, places) + i128::from(quantised) * scaled(self.step, places);
        Decimal::new(i64::try_from(value).ok()?, places)
    }

    /// The quantised value that stands for exactly this plain one; `None` if it lies between two, or outside `0 ..= max`.
    pub fn quantised(&self, plain: Decimal) -> Option<u32> {
        let places = self.offset.places().max(self.step.places()).max(plain.places());
        let (distance, step) = (scaled(plain, places) - scaled(self.offset, places), scaled(self.step, places));
        if step <= 0 || distance % step != 0 {
            return None;
        }
        u32::try_from(distance / step).ok().filter(|quantised| *quantised <= self.max)
    }
}

/// `value · 10^places`, for at least as many places as the value has.
fn scaled(value: Decimal, places: u8) -> i128 {
    i128::from(value.mantissa()) * 10i128.pow(u32::from(places - value.places()))
}

/// What the prover does with a value outside `0 ..= max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutsideRule {
    /// The nearest end of the domain stands in for it.
    Clamp,
    /// The row is void.
    Void,
}

/// What the prover does with a missing value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MissingRule {
    /// The row is void.
    Void,
    /// This quantised value stands in for it.
    Value(u32),
}

/// Model kinds a cohort can be scored with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Integer weights and bias; the score is their inner product, a scaled log-odds.
    LogisticRegression,
    /// Layers of integer weights and biases with ReLU between them; the score is the last layer's sum, a scaled log-odds.
    MultilayerPerceptron,
}

impl ModelKind {
    /// The kind whose models a shape has room for.
    pub const fn of(shape: Shape) -> Self {
        if shape.hidden_layers() == 0 { Self::LogisticRegression } else { Self::MultilayerPerceptron }
    }

    /// In plain words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LogisticRegression => "logistic regression",
            Self::MultilayerPerceptron => "multilayer perceptron",
        }
    }
}

/// What a larger score means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScoreDirection {
    /// A larger score means a larger probability of a bad outcome: approve below the cut-off.
    HigherIsRiskier,
    /// A larger score means a smaller probability of a bad outcome: approve from the cut-off on.
    HigherIsSafer,
}

/// How a score becomes a bin, a decision and an expected outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// Kind of model behind the model commitment.
    pub kind: ModelKind,
    /// Score units per unit of log-odds, as a power of two: `log-odds = score / 2^scale_bits`.
    pub scale_bits: u8,
    /// What a larger score means.
    pub direction: ScoreDirection,
    /// Inner bin edges in score units, strictly increasing, `shape.bins − 1` of them.
    ///
    /// Bin `j` holds scores from edge `j` (inclusive) to edge `j + 1` (exclusive): a score equal to an edge belongs to the bin above.
    pub edges: Vec<i64>,
    /// Index into `edges` of the cut-off: bins above it begin at `edges[cutoff]`.
    pub cutoff: u8,
    /// Expected share of bad outcomes per bin, in millionths; `shape.bins` of them.
    pub expected_bad_ppm: Vec<u32>,
}

impl Scoring {
    /// Whether the model approves a row of this score bin.
    pub fn approves(&self, bin: usize) -> bool {
        let above = bin > usize::from(self.cutoff);
        match self.direction {
            ScoreDirection::HigherIsRiskier => !above,
            ScoreDirection::HigherIsSafer => above,
        }
    }
}

/// What the two known outcomes mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeDefinition {
    /// What makes an outcome bad, in one sentence.
    pub bad_means: String,
    /// Days after the decision from which an outcome counts as known.
    pub maturity_days: u32,
}

/// The attribute rows are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    /// The attribute, for example `age band`.
    pub attribute: String,
    /// Group names; the position is the code in a row. At most `shape.groups`.
    pub names: Vec<String>,
    /// Code of the group for people whose attribute is not disclosed, if there is one.
    pub not_disclosed: Option<u8>,
}

/// Bins of one feature's histogram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Histogram {
    /// Name of the feature, the one at the same position in `features`.
    pub feature: String,
    /// Inner edges in quantised units, strictly increasing, `shape.bins − 1` of them; a value equal to an edge belongs to the bin above.
    pub edges: Vec<u32>,
}

/// How rows are cut into batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Calendar {
    /// One batch per ISO week, Monday 00:00 UTC to Monday 00:00 UTC.
    IsoWeek,
    /// One batch per calendar month in UTC.
    Month,
    /// Batches begin and end where the prover chose.
    Free,
}

/// Why a plan contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plan field `{field}`: {problem}")]
pub struct PlanError {
    /// Where, as a path such as `scoring.edges[3]`.
    pub field: String,
    /// What is wrong and what it should be.
    pub problem: String,
}

fn refuse<T>(field: impl Into<String>, problem: impl Into<String>) -> Result<T, PlanError> {
    Err(PlanError { field: field.into(), problem: problem.into() })
}

fn increasing<T: PartialOrd>(field: &str, edges: &[T], wanted: usize) -> Result<(), PlanError> {
    if edges.len() != wanted {
        return refuse(field, format!("{} inner edges where the shape has {wanted}", edges.len()));
    }
    match edges.windows(2).position(|pair| pair[0] >= pair[1]) {
        Some(at) => refuse(format!("{field}[{}]", at + 1), "edges must be strictly increasing"),
        None => Ok(()),
    }
}

/// Signed weights lie in `−2^(WEIGHT_BITS−1) .. 2^(WEIGHT_BITS−1)`.
pub const WEIGHT_BITS: u32 = 16;

/// What a neuron of a hidden layer hands on lies in `0 .. 2^ACTIVATION_BITS`.
pub const ACTIVATION_BITS: u32 = 16;

impl Plan {
    /// Bits `S` such that every score lies strictly inside `−2^S .. 2^S`.
    ///
    /// A score is a sum of products below `2^(width + 15)`, one for each value scored, and a bias of the same bound as
    /// the whole sum. Values scored are the features, or what the last hidden layer hands on.
    pub const fn score_bits(shape: Shape) -> u32 {
        let width = if shape.hidden_layers() == 0 { shape.width_bits() as u32 } else { ACTIVATION_BITS };
        let products = shape.scored_inputs().next_power_of_two().ilog2();
        width + WEIGHT_BITS - 1 + products + 1
    }

    /// What scores the rows, in plain words: `logistic regression of 20 features` or `multilayer perceptron 20-16-8-1`.
    ///
    /// A network's hidden layers are the shape's; a smaller one is proven with neurons that hand on nothing.
    pub fn model_words(&self) -> String {
        let words = self.scoring.kind.words();
        match self.shape.hidden() {
            [] => format!("{words} of {}", counted(self.features.len() as u64, "feature", "features")),
            hidden => {
                let hidden: String = hidden.iter().map(|neurons| format!("{neurons}-")).collect();
                format!("{words} {}-{hidden}1", self.features.len())
            }
        }
    }

    /// Checks everything the circuit and the metrics take for granted about a plan.
    ///
    /// # Errors
    /// [`PlanError`] for the first contradiction.
    pub fn check(&self) -> Result<(), PlanError> {
        let shape = self.shape;
        if self.features.is_empty() || self.features.len() > shape.features() {
            return refuse("features", format!("{} features where the shape holds 1 to {}", self.features.len(), shape.features()));
        }
        for (i, feature) in self.features.iter().enumerate() {
            let here = format!("features[{i}]");
            if feature.name.is_empty() || feature.name.len() > 64 {
                return refuse(here, "a name has 1 to 64 bytes");
            }
            if self.features[..i].iter().any(|other| other.name == feature.name) {
                return refuse(here, format!("the name {:?} is used twice", feature.name));
            }
            if feature.step.mantissa() <= 0 {
                return refuse(here, "the step must be positive");
            }
            if feature.max == 0 || feature.max >= 1 << shape.width_bits() {
                return refuse(here, format!("max must lie in 1 .. 2^{}", shape.width_bits()));
            }
            if let MissingRule::Value(value) = feature.missing
                && value > feature.max
            {
                return refuse(here, "the value standing in for a missing one is above max");
            }
        }
        if self.scoring.kind != ModelKind::of(shape) {
            let words = ModelKind::of(shape).words();
            return refuse("scoring.kind", format!("shape {shape} has room for a {words}, not for a {}", self.scoring.kind.words()));
        }
        increasing("scoring.edges", &self.scoring.edges, shape.bins() - 1)?;
        let bound = 1i64 << Self::score_bits(shape);
        if self.scoring.edges.iter().any(|edge| edge.unsigned_abs() >= bound.unsigned_abs()) {
            return refuse("scoring.edges", format!("edges lie strictly inside ±2^{}", Self::score_bits(shape)));
        }
        if usize::from(self.scoring.cutoff) >= self.scoring.edges.len() {
            return refuse("scoring.cutoff", "the cut-off is the index of an edge");
        }
        if self.scoring.scale_bits > 32 {
            return refuse("scoring.scale_bits", "at most 32");
        }
        if self.scoring.expected_bad_ppm.len() != shape.bins() || self.scoring.expected_bad_ppm.iter().any(|ppm| *ppm > 1_000_000) {
            return refuse("scoring.expected_bad_ppm", format!("one share of at most 1000000 for each of {} bins", shape.bins()));
        }
        let groups = &self.grouping;
        if groups.names.is_empty() || groups.names.len() > shape.groups() {
            return refuse("grouping.names", format!("1 to {} groups", shape.groups()));
        }
        if let Some(i) = (0..groups.names.len()).find(|&i| groups.names[i].is_empty() || groups.names[..i].contains(&groups.names[i])) {
            return refuse(format!("grouping.names[{i}]"), "a group name is not empty and not used twice");
        }
        if groups.not_disclosed.is_some_and(|code| usize::from(code) >= groups.names.len()) {
            return refuse("grouping.not_disclosed", "the code of a named group");
        }
        if self.histograms.len() != shape.histograms() || self.histograms.len() > self.features.len() {
            return refuse("histograms", format!("{} histograms where the shape has {}", self.histograms.len(), shape.histograms()));
        }
        for (i, histogram) in self.histograms.iter().enumerate() {
            let here = format!("histograms[{i}]");
            if histogram.feature != self.features[i].name {
                return refuse(
                    here,
                    format!("belongs to feature {:?} by its position, names {:?}", self.features[i].name, histogram.feature),
                );
            }
            increasing(&format!("{here}.edges"), &histogram.edges, shape.bins() - 1)?;
            // A bin above all that a value can be is no bin.
            let max = self.features[i].max;
            if histogram.edges.first() == Some(&0) || histogram.edges.iter().any(|edge| *edge > max) {
                return refuse(format!("{here}.edges"), format!("edges lie in 1 ..= {max}, the feature's max"));
            }
        }
        Ok(())
    }

    /// SHA-256 of the plan's canonical JSON: what a policy or engagement pins.
    pub fn digest(&self) -> Digest {
        Digest::of_canonical(self)
    }

    /// Digest of the row schema alone (feature order, domains, widths, groups): it opens every row stream.
    pub fn row_schema_digest(&self) -> Digest {
        Digest::of_canonical(&(&self.features, self.shape.features(), self.shape.width_bits(), &self.grouping))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_value_stands_for_one_quantised_value_or_for_none() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        let feature = Feature {
            name: "income".into(),
            unit: "EUR".into(),
            offset: decimal("-1.5"),
            step: decimal("0.25"),
            max: 255,
            outside: OutsideRule::Clamp,
            missing: MissingRule::Void,
        };
        for quantised in 0..=255 {
            assert_eq!(feature.quantised(feature.plain(quantised).unwrap()), Some(quantised));
        }
        assert_eq!(feature.plain(7).unwrap().to_string(), "0.25");
        for (outside, why) in [("0.3", "between two steps"), ("-1.75", "below the offset"), ("62.5", "above max")] {
            assert_eq!(feature.quantised(decimal(outside)), None, "{why}");
        }
        assert_eq!(feature.quantised(decimal("62.25")), Some(255));
    }
}
