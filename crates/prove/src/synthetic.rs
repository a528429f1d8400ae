//! Rows that mean nothing, for measuring: drawn evenly, under a plan that follows from the shape.

use verifold_circuits::{
    AnyModel, BatchRows, CircuitFacts, Model, MonitoringWitness, RandomnessError, RowKind, RowRecord, Salt, WitnessError,
    neural::{Layer, Perceptron},
};
use verifold_model::{
    cohort::{BatchRole, Outcome},
    decimal::Decimal,
    instant::Instant,
    plan::{
        Calendar, Feature, Grouping, Histogram, MissingRule, ModelKind, OutcomeDefinition, OutsideRule, Plan, PlanSchema, ScoreDirection,
        Scoring,
    },
    shape::{CircuitId, Shape},
    statement::{Header, Period, StatementKind, Subject},
};

/// Seconds of a week.
const WEEK: u64 = 7 * 86_400;

/// First Monday of 2000, 00:00 UTC.
const FIRST_MONDAY: u64 = 946_857_600;

/// Why there is no synthetic witness.
#[derive(Debug, thiserror::Error)]
pub enum SyntheticError {
    /// Not one chunk of rows fits into a step of this shape.
    #[error("shape {0} leaves no room for rows")]
    NoRoom(Shape),
    /// So many weeks end after the year 9999.
    #[error("{0} weeks are more than the calendar has")]
    Calendar(u32),
    /// The operating system gave no salt.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The witness contradicts itself.
    #[error(transparent)]
    Witness(#[from] WitnessError),
}

/// A reference and `batches` weekly batches, each filling exactly `steps` steps of the circuit.
///
/// Rows are the same for the same arguments; salts are fresh, as everywhere.
///
/// # Errors
/// [`SyntheticError`].
pub fn witness(circuit: CircuitId, batches: u32, steps: u32) -> Result<MonitoringWitness, SyntheticError> {
    let shape = circuit.shape;
    let plan = plan(shape);
    let rows_per_step = CircuitFacts::of(circuit).ok_or(SyntheticError::NoRoom(shape))?.rows_per_step as u64;
    let instant = |unix_secs| Instant::from_unix_secs(unix_secs).ok_or(SyntheticError::Calendar(batches));
    let mut draw = Draw(1);
    let mut chain = Vec::new();
    for week in 0..=u64::from(batches) {
        let (start, end) = (instant(FIRST_MONDAY + week * WEEK)?, instant(FIRST_MONDAY + (week + 1) * WEEK)?);
        let rows = (0..rows_per_step * u64::from(steps)).map(|sequence| RowRecord {
            key: start.first_key() + sequence,
            group: draw.below(shape.groups() as u64) as u8,
            kind: RowKind::Scored {
                features: plan.features.iter().map(|feature| draw.below(u64::from(feature.max) + 1) as u32).collect(),
                logged: draw.below(10) < 7,
                outcome: [Outcome::Unknown, Outcome::Good, Outcome::Bad][draw.below(3) as usize],
            },
        });
        chain.push(BatchRows {
            // The first week is what the others are compared with.
            role: if week == 0 { BatchRole::Reference } else { BatchRole::Monitoring },
            start,
            end,
            rows: rows.collect(),
            row_salt: Salt::random()?,
            outcome_salt: Salt::random()?,
            table_salt: Salt::random()?,
        });
    }
    let header = Header {
        statement: StatementKind::MonitoringV1,
        circuit,
        subject: Subject {
            name: "Measured Bank".to_owned(),
            lei: "0000MERIANBANK000010".to_owned(),
            system: "bench".to_owned(),
            model: "bench".to_owned(),
        },
        period: Period { start: instant(FIRST_MONDAY + WEEK)?, end: instant(FIRST_MONDAY + (u64::from(batches) + 1) * WEEK)? },
        previous_chain_head: None,
    };
    let model = model(&plan);
    Ok(MonitoringWitness::new(header, plan, model, Salt::random()?, chain)?)
}

/// Weights without meaning, of the kind the plan scores with.
fn model(plan: &Plan) -> AnyModel {
    let numbers = |count: usize| [3, -2, 5, 1, -4, 2, -1, 6].into_iter().cycle().take(count);
    if plan.shape.hidden().is_empty() {
        return Model { weights: numbers(plan.features.len()).collect(), bias: -900 }.into();
    }
    let mut inputs = plan.features.len();
    let mut layers = Vec::new();
    for neurons in plan.shape.hidden().iter().map(|neurons| usize::from(*neurons)).chain([1]) {
        let weights = (0..neurons).map(|neuron| numbers(inputs + neuron).skip(neuron).map(|weight| 100 * weight).collect()).collect();
        layers.push(Layer { weights, biases: numbers(neurons).collect() });
        inputs = neurons;
    }
    Perceptron { feature_bits: plan.shape.width_bits(), layers }.into()
}

/// Numbers without a pattern that matters here (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

pub(crate) fn plan(shape: Shape) -> Plan {
    let max = (1_u32 << shape.width_bits()) - 1;
    let inner = shape.bins() as u32 - 1;
    let feature = |at: usize| Feature {
        name: format!("x{at}"),
        unit: String::new(),
        offset: Decimal::ZERO,
        step: Decimal::ONE,
        max,
        outside: OutsideRule::Void,
        missing: MissingRule::Void,
    };
    let histogram = |at: usize| Histogram { feature: format!("x{at}"), edges: (1..=inner).map(|i| i * (max / (inner + 1))).collect() };
    Plan {
        schema: PlanSchema::V1,
        shape,
        features: (0..shape.features()).map(feature).collect(),
        scoring: Scoring {
            kind: ModelKind::of(shape),
            scale_bits: 12,
            direction: ScoreDirection::HigherIsRiskier,
            edges: (1..=i64::from(inner)).map(|i| 200 * i - 800).collect(),
            cutoff: inner as u8 * 2 / 3,
            expected_bad_ppm: vec![200_000; shape.bins()],
        },
        outcome: OutcomeDefinition { bad_means: "Drawn evenly; means nothing.".to_owned(), maturity_days: 90 },
        grouping: Grouping {
            attribute: "side".to_owned(),
            names: (0..shape.groups()).map(|group| format!("group {group}")).collect(),
            not_disclosed: None,
        },
        histograms: (0..shape.histograms()).map(histogram).collect(),
        calendar: Calendar::IsoWeek,
    }
}
