//! From a training statement to the public states a proof of it goes from and to.
//!
//! [`replay`] is what a verifier runs; it sees no row and no weight, and establishes nothing about a statement before
//! a proof between the two states has been accepted.

use ff::Field;
use verifold_model::{
    digest::Commitment,
    plan::{Plan, PlanError},
    shape::{CircuitFamily, CircuitId, Shape},
    statement::StatementKind,
    training::{TrainingSpec, TrainingSpecError, TrainingStatement},
};

use super::{descent::Descent, size};
use crate::{
    families::{PublicState, Transition},
    field::{F, NotCanonical, to_commitment, to_element},
    layout::Dimensions,
    native::{ARITY, header_element},
    poseidon::hash4,
    tags,
};

/// What the elements of the public state are called.
const NAMES: [&str; ARITY] = ["header", "rule", "model", "data", "epochs", "minibatches", "open training"];

/// Why a training statement contradicts itself or its plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The plan is not one a circuit can be run with.
    #[error("plan: {0}")]
    Plan(PlanError),
    /// The rule contradicts itself or the plan.
    #[error("{0}")]
    Spec(TrainingSpecError),
    /// The header is one of another kind of statement or circuit.
    #[error(
        "the header is of {statement} under {circuit}, not of training/v1 under training/v1, or neural-training/v2 for a network",
        statement = statement.name()
    )]
    Kind {
        /// Kind of statement found.
        statement: StatementKind,
        /// Circuit found.
        circuit: CircuitId,
    },
    /// The circuit's rows are not the plan's, or its unused dimensions are not 10 bins and 0 histograms.
    #[error("the circuit has shape {circuit}; rows of the plan are trained on under {wanted}")]
    Shape {
        /// Shape of the circuit.
        circuit: Shape,
        /// The shape of that size for the plan.
        wanted: Shape,
    },
    /// Not one chunk of rows fits into a step of this shape.
    #[error("shape {0} leaves no room for rows")]
    NoRoom(Shape),
    /// There are no rows, or 2^24 and more.
    #[error("{rows} rows where a training has 1 to 16777215")]
    Rows {
        /// As stated.
        rows: u64,
    },
    /// A commitment is not a field element.
    #[error("{place}: {source}")]
    NotCanonical {
        /// Which commitment.
        place: &'static str,
        /// The commitment.
        source: NotCanonical,
    },
    /// The number of steps does not follow from rows and epochs.
    #[error("the training takes {computed} steps, the statement says {stated}")]
    Steps {
        /// As stated.
        stated: u64,
        /// Epochs times minibatches of an epoch.
        computed: u64,
    },
}

/// The shape a plan's rows are trained on under, at a size: the plan's rows and hidden layers, 10 bins, no histogram.
///
/// # Errors
/// [`ReplayError::NoRoom`] if the size is not on the menu.
pub fn training_shape(plan: &Plan, size_log2: u32) -> Result<Shape, ReplayError> {
    let narrow = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
    let (bins, histograms) = size::UNUSED;
    let shape = plan.shape;
    Shape::new(
        narrow(shape.features()),
        narrow(shape.width_bits()),
        narrow(shape.groups()),
        bins,
        histograms,
        u8::try_from(size_log2).unwrap_or(u8::MAX),
    )
    .and_then(|without| without.with_hidden(shape.hidden()))
    .map_err(|_| ReplayError::NoRoom(shape))
}

/// Checks plan, rule and circuit against each other.
pub(crate) fn checked(statement: StatementKind, circuit: CircuitId, spec: &TrainingSpec, plan: &Plan) -> Result<Dimensions, ReplayError> {
    plan.check().map_err(ReplayError::Plan)?;
    if statement != StatementKind::TrainingV1 || circuit.family != CircuitFamily::of_trainings(plan.shape) {
        return Err(ReplayError::Kind { statement, circuit });
    }
    let wanted = training_shape(plan, circuit.shape.size_log2())?;
    if circuit.shape != wanted {
        return Err(ReplayError::Shape { circuit: circuit.shape, wanted });
    }
    spec.check(plan).map_err(ReplayError::Spec)?;
    size::dimensions(circuit.shape).ok_or(ReplayError::NoRoom(circuit.shape))
}

/// The commitment to a rule that has passed its check: its document, the plan's row schema, every number the circuit uses.
pub fn spec_commitment(spec: &TrainingSpec, plan: &Plan) -> Commitment {
    to_commitment(Descent::of(spec, plan).commitment())
}

pub(crate) fn data_element(rows: F, outcomes: F) -> F {
    hash4(tags::TRAINING_DATA, &[rows, outcomes])
}

/// The state before the first step.
pub(crate) fn initial_elements(header: F, rule: &Descent, model: F, data: F) -> [F; ARITY] {
    [header, rule.commitment(), model, data, F::ZERO, F::ZERO, rule.beginning()]
}

/// Steps of a training.
pub(crate) fn steps_of(epochs: u32, rows: u32, rows_per_step: usize) -> u64 {
    u64::from(epochs) * u64::from(rows).div_ceil(rows_per_step as u64)
}

/// Recomputes the states that a proof of `statement` must go from and to.
///
/// Checks the plan, that the rule is inside its ranges and scores as the plan does, that the circuit lays out rows as
/// the plan does, that there are rows, and that the steps are those the rows and epochs take.
///
/// # Errors
/// [`ReplayError`] for the first contradiction.
pub fn replay(statement: &TrainingStatement, plan: &Plan) -> Result<Transition, ReplayError> {
    let TrainingStatement { header, spec, rows, row_commitment, outcome_commitment, model_commitment, steps } = statement;
    let d = checked(header.statement, header.circuit, spec, plan)?;
    if !statement.counts_rows() {
        return Err(ReplayError::Rows { rows: u64::from(*rows) });
    }
    let element = |commitment: Commitment, place| to_element(commitment).map_err(|source| ReplayError::NotCanonical { place, source });
    let data = data_element(element(*row_commitment, "row commitment")?, element(*outcome_commitment, "outcome commitment")?);
    let model = element(*model_commitment, "model commitment")?;
    let computed = steps_of(spec.epochs, *rows, d.rows);
    if computed != *steps {
        return Err(ReplayError::Steps { stated: *steps, computed });
    }
    if spec.rate_numerator < spec.rate_offset.saturating_add(computed.saturating_sub(1)) {
        let problem = format!("the learning rate falls to zero before the last of {computed} minibatches, which then move nothing");
        return Err(ReplayError::Spec(TrainingSpecError { field: "rate_numerator".into(), problem }));
    }
    let header = element(header_element(header), "header")?;
    let z0 = initial_elements(header, &Descent::of(spec, plan), model, data);
    let mut zn = z0;
    zn[6] = F::ZERO;
    zn[4] = F::from(u64::from(spec.epochs));
    zn[5] = F::from(computed);
    Ok(Transition { z0: PublicState::of(&z0), zn: PublicState::of(&zn), steps: computed, names: NAMES })
}
