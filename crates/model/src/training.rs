//! What a training proof states: which rows a model's integers came out of, and by which rule.
//!
//! - [`TrainingSpec`]: every number of the descent that the audited party chose; all of it is public
//! - [`NetworkTraining`]: what a network's descent has beyond that
//! - [`TrainingStatement`]: the committed rows, the rule, the committed model
//!
//! The arithmetic itself is written down in docs/circuits/training-v1.md and docs/circuits/neural-training-v2.md.
//! Holding a statement proves nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    cohort::MAX_ROWS,
    digest::{Commitment, Digest},
    network_training::NetworkTraining,
    plan::{ModelKind, Plan, ScoreDirection},
    statement::Header,
};

/// Weights count in units of 2^−30 of a log-odds while they are trained.
pub const UNIT_BITS: u32 = 30;

/// Weights and bias lie in `−2^35 .. 2^35` units while they are trained: ±32 log-odds for each quantised unit.
pub const TRAINED_BITS: u32 = 36;

/// Bits of a learning rate and of the rate of one input.
pub const RATE_BITS: u32 = 20;

/// Learning rates and decay are counted in units of 2^−48.
pub const RATE_SHIFT: u32 = 48;

/// Bits of the numerator of the learning rate.
pub const NUMERATOR_BITS: u32 = 48;

/// Bits of the offset in the denominator of the learning rate.
pub const OFFSET_BITS: u32 = 32;

/// Bits of the decay.
pub const DECAY_BITS: u32 = 40;

/// Most binary places of a network's score: those its curve is read at.
pub const MAX_NETWORK_SCALE_BITS: u8 = 24;

/// Most epochs.
pub const MAX_EPOCHS: u32 = 65_535;

/// Version of the specification's own structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TrainingSpecSchema {
    /// First version: scorecards.
    #[serde(rename = "training-spec/v1")]
    V1,
    /// With `network`: multilayer perceptrons.
    #[serde(rename = "training-spec/v2")]
    V2,
}

/// Every choice of the descent: nothing that shapes the weights but the rows is hidden.
///
/// Minibatches are not chosen: each is as many consecutive rows as a step of the circuit holds, the last of an epoch
/// the rows left. With `x'` a quantised feature less its centre, `t` the minibatches before, `η = ⌊rate_numerator ÷
/// (rate_offset + t)⌋` and `g` the sum of error times `x'` over the minibatch,
/// `W ← W − ⌊η · (feature_rate · g + decay · W) ÷ 2^48⌋`; the bias likewise, with `x' = 1` and without decay.
///
/// For a network `feature_rates` and `centres` are those of the first layer; its initial numbers come from a seed and its
/// biases have rates of their own, so `initial_weights` is empty, and `initial_bias`, `bias_rate` and `decay` are zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// Version of this structure.
    pub schema: TrainingSpecSchema,
    /// Kind of model trained.
    pub kind: ModelKind,
    /// Times all rows are gone through, 1 to 65 535.
    pub epochs: u32,
    /// Score units of the trained model per unit of log-odds, as a power of two: the plan's; 10 to 20, for a network to 24.
    pub scale_bits: u8,
    /// What a larger score means: the plan's. It decides whether bad or good outcomes are the target.
    pub direction: ScoreDirection,
    /// What is taken off each quantised feature while training, at most the feature's `max`; one for each feature of the plan.
    ///
    /// Like rates, centres are often means of the rows: they are disclosed with this specification.
    pub centres: Vec<u32>,
    /// Weights before the first minibatch, in 2^−30 log-odds for each quantised unit: zero for each feature.
    pub initial_weights: Vec<i64>,
    /// Bias before the first minibatch, at the centres, in 2^−30 log-odds: zero.
    pub initial_bias: i64,
    /// Factor of each weight's learning rate, below 2^20; one for each feature.
    pub feature_rates: Vec<u32>,
    /// Factor of the bias's learning rate, below 2^20.
    pub bias_rate: u32,
    /// Numerator of the learning rate, below 2^48 and below `2^20 · rate_offset`.
    pub rate_numerator: u64,
    /// Added to the number of minibatches done in the denominator of the learning rate, 1 to 2^32 − 1.
    pub rate_offset: u64,
    /// Pulls each weight towards zero in every minibatch (ridge), below 2^40.
    pub decay: u64,
    /// What only a network's descent has; present from `training-spec/v2` on, and absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkTraining>,
}

/// Why a training specification contradicts itself or its plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("training field `{field}`: {problem}")]
pub struct TrainingSpecError {
    /// Where, as a path such as `centres[3]`.
    pub field: String,
    /// What is wrong and what it should be.
    pub problem: String,
}

impl TrainingSpec {
    /// Checks everything the circuit takes for granted about a specification, and that the plan scores as it trains.
    ///
    /// The plan has passed [`Plan::check`].
    ///
    /// # Errors
    /// [`TrainingSpecError`] for the first contradiction.
    pub fn check(&self, plan: &Plan) -> Result<(), TrainingSpecError> {
        let ensure = |holds: bool, field: &str, problem: &dyn Fn() -> String| {
            if holds { Ok(()) } else { Err(TrainingSpecError { field: field.to_owned(), problem: problem() }) }
        };
        ensure(self.kind == plan.scoring.kind, "kind", &|| "the plan scores with another kind of model".into())?;
        let (schema, most_scale_bits) = match self.kind {
            ModelKind::LogisticRegression => (TrainingSpecSchema::V1, 20),
            ModelKind::MultilayerPerceptron => (TrainingSpecSchema::V2, MAX_NETWORK_SCALE_BITS),
        };
        ensure(self.schema == schema, "schema", &|| "training-spec/v1 for a scorecard, training-spec/v2 for a network".into())?;
        ensure(self.network.is_some() == (schema == TrainingSpecSchema::V2), "network", &|| {
            "a network has it, a scorecard has not".into()
        })?;
        ensure((1..=MAX_EPOCHS).contains(&self.epochs), "epochs", &|| format!("1 to {MAX_EPOCHS}"))?;
        ensure((10..=most_scale_bits).contains(&self.scale_bits), "scale_bits", &|| format!("10 to {most_scale_bits}"))?;
        ensure(self.scale_bits == plan.scoring.scale_bits, "scale_bits", &|| format!("the plan has {}", plan.scoring.scale_bits))?;
        ensure(self.direction == plan.scoring.direction, "direction", &|| "the plan has the other direction".into())?;
        let features = plan.features.len();
        for (field, found) in [("centres", self.centres.len()), ("feature_rates", self.feature_rates.len())] {
            ensure(found == features, field, &|| format!("{found} numbers where the plan has {features} features"))?;
        }
        if let Some(network) = &self.network {
            let unused = [self.initial_weights.len() as u64, self.initial_bias.unsigned_abs(), u64::from(self.bias_rate), self.decay];
            for (field, found) in ["initial_weights", "initial_bias", "bias_rate", "decay"].into_iter().zip(unused) {
                ensure(found == 0, field, &|| "a network's rule does not use it: empty or zero".into())?;
            }
            network.check(plan)?;
        } else {
            let found = self.initial_weights.len();
            ensure(found == features, "initial_weights", &|| format!("{found} numbers where the plan has {features} features"))?;
        }
        for (i, (centre, feature)) in self.centres.iter().zip(&plan.features).enumerate() {
            ensure(*centre <= feature.max, &format!("centres[{i}]"), &|| format!("at most {}, the feature's max", feature.max))?;
        }
        // A start of the provider's choice, and rates that hardly move it, would pass any model off as trained on these rows.
        let zero = |value: i64, field: &str| ensure(value == 0, field, &|| "zero: a training begins with nothing learnt".into());
        for (i, weight) in self.initial_weights.iter().enumerate() {
            zero(*weight, &format!("initial_weights[{i}]"))?;
        }
        zero(self.initial_bias, "initial_bias")?;
        let below = |value: u64, bits: u32, field: &str| ensure(value < 1 << bits, field, &|| format!("lies below 2^{bits}"));
        for (i, rate) in self.feature_rates.iter().enumerate() {
            below(u64::from(*rate), RATE_BITS, &format!("feature_rates[{i}]"))?;
        }
        let learns = self.feature_rates.iter().any(|rate| *rate > 0);
        ensure(learns, "feature_rates", &|| "with every rate zero no weight moves: at least one above zero".into())?;
        // A weight of a scorecard that does not move is zero; one of a network stays what the seed made it.
        if let Some(network) = &self.network {
            for (field, rates) in [("feature_rates", &self.feature_rates), ("network.layer_rates", &network.layer_rates)] {
                let still = rates.iter().position(|rate| *rate == 0);
                ensure(still.is_none(), &format!("{field}[{}]", still.unwrap_or(0)), &|| {
                    "above zero: these weights would stay as the seed draws them".into()
                })?;
            }
        }
        below(u64::from(self.bias_rate), RATE_BITS, "bias_rate")?;
        ensure(self.rate_offset > 0, "rate_offset", &|| "at least 1".into())?;
        below(self.rate_offset, OFFSET_BITS, "rate_offset")?;
        below(self.rate_numerator, NUMERATOR_BITS, "rate_numerator")?;
        ensure(self.rate_numerator < self.rate_offset << RATE_BITS, "rate_numerator", &|| {
            format!("below 2^{RATE_BITS} · rate_offset: a learning rate has {RATE_BITS} bits")
        })?;
        below(self.decay, DECAY_BITS, "decay")
    }

    /// SHA-256 of the specification's canonical JSON: the rule's name in records, to be compared with one handed over before.
    pub fn digest(&self) -> Digest {
        Digest::of_canonical(self)
    }

    /// Binary places that a scorecard's training weights have beyond the model's.
    pub const fn fraction_bits(&self) -> u32 {
        UNIT_BITS - self.scale_bits as u32
    }
}

/// Everything public about one training proof. Claimed until verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainingStatement {
    /// Subject, period of the training rows, circuit.
    pub header: Header,
    /// The rule.
    pub spec: TrainingSpec,
    /// Rows gone through in every epoch, void ones included: 1 to 2^24 − 1.
    ///
    /// The proof binds the minibatches they take, and the row commitment behind which their number is; the number itself is that
    /// of the preparation, where there is one.
    pub rows: u32,
    /// Commitment to the row stream of the training rows.
    pub row_commitment: Commitment,
    /// Commitment to the outcome stream of the training rows.
    pub outcome_commitment: Commitment,
    /// Commitment to the model that came out.
    pub model_commitment: Commitment,
    /// Minibatches in all, one a folding step.
    pub steps: u64,
}

impl TrainingStatement {
    /// Whether the number of rows is one a proof can be made of.
    pub const fn counts_rows(&self) -> bool {
        self.rows > 0 && self.rows < MAX_ROWS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Calendar, Feature, Grouping, MissingRule, OutcomeDefinition, OutsideRule, PlanSchema, Scoring};

    fn plan() -> Plan {
        let feature = |name: &str, max| Feature {
            name: name.into(),
            unit: String::new(),
            offset: "0".parse().unwrap(),
            step: "1".parse().unwrap(),
            max,
            outside: OutsideRule::Clamp,
            missing: MissingRule::Void,
        };
        Plan {
            schema: PlanSchema::V1,
            shape: "f8.w8.g2.b10.h0.n15".parse().unwrap(),
            features: vec![feature("a", 255), feature("b", 40)],
            scoring: Scoring {
                kind: ModelKind::LogisticRegression,
                scale_bits: 12,
                direction: ScoreDirection::HigherIsRiskier,
                edges: (1..10).collect(),
                cutoff: 3,
                expected_bad_ppm: vec![0; 10],
            },
            outcome: OutcomeDefinition { bad_means: "late".into(), maturity_days: 90 },
            grouping: Grouping { attribute: "none".into(), names: vec!["all".into()], not_disclosed: None },
            histograms: vec![],
            calendar: Calendar::Free,
        }
    }

    fn spec() -> TrainingSpec {
        TrainingSpec {
            schema: TrainingSpecSchema::V1,
            kind: ModelKind::LogisticRegression,
            epochs: 3,
            scale_bits: 12,
            direction: ScoreDirection::HigherIsRiskier,
            centres: vec![128, 20],
            initial_weights: vec![0, 0],
            initial_bias: 0,
            feature_rates: vec![64, 1024],
            bias_rate: 1 << 18,
            rate_numerator: 1 << 20,
            rate_offset: 32,
            decay: 0,
            network: None,
        }
    }

    #[track_caller]
    fn check(edit: impl FnOnce(&mut TrainingSpec), expected: Option<&str>) {
        let mut spec = spec();
        edit(&mut spec);
        assert_eq!(spec.check(&plan()).err().map(|error| error.field).as_deref(), expected);
    }

    #[test]
    fn each_choice_outside_its_range_is_named() {
        check(|_| (), None);
        check(|s| s.schema = TrainingSpecSchema::V2, Some("schema"));
        check(|s| s.kind = ModelKind::MultilayerPerceptron, Some("kind"));
        check(|s| s.epochs = 0, Some("epochs"));
        check(|s| s.epochs = 65_536, Some("epochs"));
        check(|s| s.scale_bits = 9, Some("scale_bits"));
        check(|s| s.scale_bits = 13, Some("scale_bits"));
        check(|s| s.direction = ScoreDirection::HigherIsSafer, Some("direction"));
        check(|s| s.centres.push(1), Some("centres"));
        check(|s| s.centres[1] = 41, Some("centres[1]"));
        check(|s| s.initial_weights.clear(), Some("initial_weights"));
        check(|s| s.initial_weights[1] = -1, Some("initial_weights[1]"));
        check(|s| s.initial_bias = i64::MIN, Some("initial_bias"));
        check(|s| s.feature_rates = vec![0, 1], None);
        check(|s| s.feature_rates.fill(0), Some("feature_rates"));
        check(|s| s.feature_rates.clear(), Some("feature_rates"));
        check(|s| s.feature_rates[0] = 1 << 20, Some("feature_rates[0]"));
        check(|s| s.bias_rate = 1 << 20, Some("bias_rate"));
        check(|s| s.rate_offset = 0, Some("rate_offset"));
        check(|s| s.rate_offset = 1 << 32, Some("rate_offset"));
        check(|s| s.rate_numerator = 32 << 20, Some("rate_numerator"));
        check(|s| s.rate_numerator = (32 << 20) - 1, None);
        check(|s| (s.rate_offset, s.rate_numerator) = (u64::from(u32::MAX), 1 << 48), Some("rate_numerator"));
        check(|s| s.decay = 1 << 40, Some("decay"));
    }

    /// What does not move stays as the seed draws it, and seeds can be tried.
    #[test]
    fn every_layer_of_a_network_learns() {
        let mut plan = plan();
        plan.shape = "f20.w8.g4.b10.h0.n17.l16".parse().unwrap();
        plan.scoring.kind = ModelKind::MultilayerPerceptron;
        let check = |edit: fn(&mut TrainingSpec), expected: Option<&str>| {
            let network = NetworkTraining {
                hidden: vec![16],
                seed: Digest::of(b"seed"),
                feature_spreads: vec![1000; 2],
                layer_spreads: vec![1000],
                layer_rates: vec![7],
                bias_rates: vec![0, 0],
            };
            let (schema, kind) = (TrainingSpecSchema::V2, ModelKind::MultilayerPerceptron);
            let mut spec = TrainingSpec { schema, kind, initial_weights: vec![], bias_rate: 0, network: Some(network), ..spec() };
            edit(&mut spec);
            assert_eq!(spec.check(&plan).err().map(|error| error.field).as_deref(), expected);
        };
        check(|_| (), None);
        check(|s| s.feature_rates[1] = 0, Some("feature_rates[1]"));
        check(|s| s.network.as_mut().unwrap().layer_rates[0] = 0, Some("network.layer_rates[0]"));
    }

    #[test]
    fn every_number_moves_the_digest_and_an_unknown_field_is_refused() {
        let text = serde_json::to_string(&spec()).unwrap();
        assert_eq!(serde_json::from_str::<TrainingSpec>(&text).unwrap().digest(), spec().digest());
        assert!(serde_json::from_str::<TrainingSpec>(&text.replace("\"epochs\"", "\"seed\":1,\"epochs\"")).is_err());
        assert_ne!(TrainingSpec { decay: 1, ..spec() }.digest(), spec().digest());
        // A scorecard's rule reads and hashes as it did before networks had one.
        assert!(!text.contains("network"));
        assert_eq!(spec().digest().to_string(), "fd2db96d1cca4acffdb8620aa2e1a904598093e41773b747e47f39e2d2f48676");
    }
}
