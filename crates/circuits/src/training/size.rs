//! How many constraints a minibatch costs, and how many rows one holds.

use verifold_model::{
    plan::WEIGHT_BITS,
    shape::{CircuitId, Shape},
    training::{RATE_BITS, RATE_SHIFT, TRAINED_BITS},
};

use super::{
    curve::{Curve, SEGMENTS},
    epoch::DIVISION_BITS,
    network,
    scorecard::MOST_FRACTION_BITS,
    slot::{GROUP_BITS, beyond_bits},
};
use crate::{
    layout::{Dimensions, KEY_BITS},
    poseidon::permutations,
    size::{AUGMENTATION, CircuitFacts, PERMUTATION_4, PERMUTATION_8, PERMUTATION_24},
};

/// Constraints of a scorecard's slot, hashing left out.
const fn slot_constraints(d: Dimensions) -> usize {
    committed_constraints(d) + d.features + error_constraints(Curve::SCORECARD, beyond_bits(d)) + d.features
}

/// Constraints of reading a row as committed.
pub(crate) const fn committed_constraints(d: Dimensions) -> usize {
    let kind = 1 + 5;
    let header = KEY_BITS + 1 + GROUP_BITS + 1 + 3;
    kind + header + d.features * d.width
}

/// Constraints of a row's error, given its score.
pub(crate) const fn error_constraints(curve: Curve, beyond_bits: usize) -> usize {
    2 + (SEGMENTS + 1) + curve.segment_bits + beyond_bits + 2 + 1 + 2
}

/// Constraints of one chunk of rows, hashing included.
const fn chunk_constraints(d: Dimensions) -> usize {
    let blocks = d.chunk() / d.block_rows();
    let slot = if d.hidden_layers() == 0 { slot_constraints(d) } else { network::size::slot_constraints(d) };
    d.chunk() * slot + blocks * (PERMUTATION_24 + 1) + PERMUTATION_8 + 1
}

/// Constraints of a step that do not depend on its number of rows, nova-snark's own included.
const fn fixed_constraints(d: Dimensions) -> usize {
    if d.hidden_layers() == 0 { scorecard_constraints(d) } else { network::size::fixed_constraints(d) }
}

const fn scorecard_constraints(d: Dimensions) -> usize {
    let (features, inputs) = (d.features, d.features + 1);
    let rule = permutations(7 + features + 2 * inputs, 24) * PERMUTATION_24 + 1;
    let states = 2 * permutations(inputs + 4, 24) * PERMUTATION_24;
    let flags = 4;
    let takeover = 2 + inputs + 4;
    let streams = 5 * PERMUTATION_4;
    let rows = features + 2 + KEY_BITS;
    let learning_rate = RATE_BITS as usize + 1 + 2 * DIVISION_BITS;
    let update = 2 * features + inputs * (2 + RATE_SHIFT as usize + TRAINED_BITS as usize);
    let rounding = features + inputs * (2 + 2 * MOST_FRACTION_BITS) + features * WEIGHT_BITS as usize + d.score_bits();
    let model = permutations(inputs + 1, 24) * PERMUTATION_24;
    let ends = 2 + 4;
    let outputs = 3;
    AUGMENTATION + rule + states + flags + takeover + streams + rows + learning_rate + update + rounding + model + ends + outputs
}

/// Constraints of one step.
pub(crate) const fn constraints(d: Dimensions) -> usize {
    fixed_constraints(d) + d.rows / d.chunk() * chunk_constraints(d)
}

/// Bins and histograms that the shape of a training names: it has neither.
pub(crate) const UNUSED: (u8, u8) = (10, 0);

/// Dimensions of a shape, or `None` if not one chunk of rows fits into its size, or if it names bins or histograms
/// other than [`UNUSED`]: one circuit has one name.
pub(crate) fn dimensions(shape: Shape) -> Option<Dimensions> {
    let mut d = Dimensions::without_rows(shape);
    if (d.bins, d.histograms) != (usize::from(UNUSED.0), usize::from(UNUSED.1)) {
        return None;
    }
    let limit = 1usize << shape.size_log2();
    let chunks = limit.checked_sub(fixed_constraints(d))? / chunk_constraints(d);
    d.rows = chunks * d.chunk();
    if chunks == 0 { None } else { Some(d) }
}

/// Facts of a circuit, or `None` as for [`dimensions`].
pub(crate) fn facts(circuit: CircuitId) -> Option<CircuitFacts> {
    let d = dimensions(circuit.shape)?;
    Some(CircuitFacts {
        circuit,
        rows_per_step: d.rows,
        elements_per_row: d.row_elements(),
        constraints_per_step: constraints(d),
        millis_per_row: chunk_constraints(d) * 1000 / d.chunk(),
        fixed_constraints: fixed_constraints(d),
        augmentation: AUGMENTATION,
        padded: 1 << circuit.shape.size_log2(),
    })
}
