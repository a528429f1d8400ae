//! How many constraints a step costs, computed before anything is synthesised.

use serde::Serialize;
use verifold_model::{
    plan::WEIGHT_BITS,
    shape::{CircuitFamily, CircuitId},
};

use crate::{
    layout::{Dimensions, KEY_BITS},
    neural,
    poseidon::permutations,
    preparation, receipts, revision, training,
};

/// Constraints of one Poseidon permutation at arity 4, 8 and 24.
pub(crate) const PERMUTATION_4: usize = 288;
pub(crate) const PERMUTATION_8: usize = 387;
pub(crate) const PERMUTATION_24: usize = 777;

/// Constraints that nova-snark 0.76.0 adds to a step of seven state elements: its verifier circuit.
pub(crate) const AUGMENTATION: usize = 11_378;

/// Constraints of one slot, hashing left out.
const fn slot_constraints(d: Dimensions) -> usize {
    let kind = 1 + 5;
    let header = KEY_BITS + 1 + d.groups + 1 + 3;
    let features = d.features * d.width;
    let score = if d.hidden_layers() == 0 { d.features + 1 } else { neural::size::scoring(d) };
    let cells = 1 + (d.groups - 1) + d.bins * d.groups;
    let bounds = d.bins + 2 * (d.score_bits() + 1) + 1;
    let histogram = d.bins + (d.bins - 1) + 2 * d.width + 1;
    kind + header + features + score + cells + bounds + d.histograms * histogram
}

/// Constraints of one chunk of rows, hashing included.
const fn chunk_constraints(d: Dimensions) -> usize {
    let blocks = d.chunk() / d.block_rows();
    d.chunk() * slot_constraints(d) + blocks * (PERMUTATION_24 + 1) + PERMUTATION_8 + 1
}

/// Constraints of a step that do not depend on its number of rows, nova-snark's own included.
const fn fixed_constraints(d: Dimensions) -> usize {
    let plan = d.features + permutations(3 + d.inner_edges() * (1 + d.histograms), 24) * PERMUTATION_24 + 1;
    let scorecard = d.features * (WEIGHT_BITS as usize + 1) + d.score_bits() + permutations(d.features + 2, 24) * PERMUTATION_24 + 1;
    let model = if d.hidden_layers() == 0 { scorecard } else { neural::size::opening(d) };
    let tables = 2 * permutations(1 + d.table_words(), 8) * PERMUTATION_8;
    let states = 2 * PERMUTATION_8;
    let streams = 4 * PERMUTATION_4;
    let link = PERMUTATION_8;
    let flags = 2;
    let takeover = 1 + 5 + 1 + KEY_BITS;
    let batch_end = 2 + KEY_BITS + d.bins;
    let outputs = 4;
    AUGMENTATION + plan + model + tables + states + streams + link + flags + takeover + batch_end + outputs
}

/// Constraints of one step.
pub(crate) const fn constraints(d: Dimensions) -> usize {
    fixed_constraints(d) + d.rows / d.chunk() * chunk_constraints(d)
}

/// Rows that fit into `limit` constraints: the largest multiple of a chunk, or `None` for none.
pub(crate) fn rows_within(d: Dimensions, limit: usize) -> Option<usize> {
    let chunks = limit.checked_sub(fixed_constraints(d))? / chunk_constraints(d);
    if chunks == 0 { None } else { Some(chunks * d.chunk()) }
}

/// Constraints of one step of a circuit, nova-snark's own included, or `None` if no rows fit.
pub fn constraint_count(circuit: CircuitId) -> Option<usize> {
    CircuitFacts::of(circuit).map(|facts| facts.constraints_per_step)
}

/// What a circuit costs, as far as its shape determines it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CircuitFacts {
    /// Family and shape.
    pub circuit: CircuitId,
    /// Slots of one step.
    pub rows_per_step: usize,
    /// Elements one row is committed as.
    pub elements_per_row: usize,
    /// Constraints of one step, nova-snark's verifier circuit included.
    pub constraints_per_step: usize,
    /// Constraints of one row with its share of both streams, in thousandths.
    pub millis_per_row: usize,
    /// Constraints of a step that no row adds to.
    pub fixed_constraints: usize,
    /// Constraints of nova-snark's verifier circuit among the fixed ones.
    pub augmentation: usize,
    /// The power of two the step is padded to.
    pub padded: usize,
}

impl CircuitFacts {
    /// Facts of a circuit, or `None` if no rows fit into its size or its shape is not of its family.
    pub fn of(circuit: CircuitId) -> Option<Self> {
        if !circuit.is_consistent() {
            return None;
        }
        let (d, constraints_per_step, (millis_per_row, fixed_constraints)) = match circuit.family {
            CircuitFamily::ScoredCohortV1 | CircuitFamily::NeuralCohortV1 => {
                let d = Dimensions::of(circuit.shape)?;
                (d, constraints(d), (chunk_constraints(d) * 1000 / d.chunk(), fixed_constraints(d)))
            }
            CircuitFamily::PreparationV1 => {
                let layout = preparation::native::Layout::of(circuit.shape)?;
                (layout.prepared, preparation::size::constraints(layout), preparation::size::parts(layout))
            }
            CircuitFamily::ReceiptsV1 | CircuitFamily::NeuralReceiptsV1 => return receipts::facts(circuit),
            CircuitFamily::OutcomeRevisionV1 => return revision::facts(circuit),
            CircuitFamily::TrainingV1 | CircuitFamily::NeuralTrainingV2 => return training::facts(circuit),
        };
        Some(Self {
            circuit,
            rows_per_step: d.rows,
            elements_per_row: d.row_elements(),
            constraints_per_step,
            millis_per_row,
            fixed_constraints,
            augmentation: AUGMENTATION,
            padded: 1 << circuit.shape.size_log2(),
        })
    }
}
