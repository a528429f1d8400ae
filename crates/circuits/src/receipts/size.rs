//! How many constraints a step of receipts costs, and so how many rows it has room for.

use verifold_model::{
    plan::WEIGHT_BITS,
    shape::{CircuitId, Shape},
};

use super::tree::leaf_fits_four;
use crate::{
    layout::{Dimensions, KIND_SHIFT},
    neural,
    poseidon::permutations,
    size::{AUGMENTATION, CircuitFacts, PERMUTATION_4, PERMUTATION_8, PERMUTATION_24},
};

/// Constraints of one slot: kind, head, features, score, leaf.
pub(crate) const fn slot_constraints(d: Dimensions) -> usize {
    let kind = 1 + 5;
    let features = d.features * d.width;
    let score = if d.hidden_layers() == 0 { d.features + 1 } else { neural::size::scoring(d) };
    let leaf = if leaf_fits_four(d) { PERMUTATION_4 } else { PERMUTATION_8 } + 1;
    kind + KIND_SHIFT + features + score + leaf
}

/// Constraints of one chunk of rows: slots, row blocks, node.
pub(crate) const fn chunk_constraints(d: Dimensions) -> usize {
    let blocks = d.chunk() / d.block_rows();
    d.chunk() * slot_constraints(d) + blocks * (PERMUTATION_24 + 1) + PERMUTATION_24
}

/// Constraints of a step of `chunks` chunks that its rows do not add to, nova-snark's own and the step root included.
pub(crate) const fn fixed_constraints(d: Dimensions, chunks: usize) -> usize {
    let plan = d.features + permutations(3 + d.inner_edges() * (1 + d.histograms), 24) * PERMUTATION_24 + 1;
    let scorecard = d.features * (WEIGHT_BITS as usize + 1) + d.score_bits() + permutations(d.features + 2, 24) * PERMUTATION_24 + 1;
    let model = if d.hidden_layers() == 0 { scorecard } else { neural::size::opening(d) };
    let takeover = 1 + PERMUTATION_4 + 1;
    let root = permutations(chunks, 24) * PERMUTATION_24;
    let closing = 1 + PERMUTATION_4 + 2 + PERMUTATION_4;
    let outputs = 4;
    AUGMENTATION + plan + model + takeover + root + closing + outputs
}

/// Constraints of one step.
pub(crate) const fn constraints(d: Dimensions) -> usize {
    let chunks = d.rows / d.chunk();
    fixed_constraints(d, chunks) + chunks * chunk_constraints(d)
}

/// Variables that no constraint of their own goes with: plan edges and the rows' salts.
///
/// nova-snark pads constraints and variables to one power of two, so that these count as well.
pub(crate) const fn unbound_variables(d: Dimensions) -> usize {
    d.inner_edges() * (1 + d.histograms) + d.rows
}

/// The loop bounds of a shape: as many chunks as fit, or `None` for none.
pub(crate) fn dimensions(shape: Shape) -> Option<Dimensions> {
    let limit = 1usize << shape.size_log2();
    let mut d = Dimensions::without_rows(shape);
    loop {
        let longer = Dimensions { rows: d.rows + d.chunk(), ..d };
        if constraints(longer) + unbound_variables(longer) > limit {
            return (d.rows > 0).then_some(d);
        }
        d = longer;
    }
}

/// Facts of a circuit, or `None` if no rows fit into its size.
pub(crate) fn facts(circuit: CircuitId) -> Option<CircuitFacts> {
    let d = dimensions(circuit.shape)?;
    Some(CircuitFacts {
        circuit,
        rows_per_step: d.rows,
        elements_per_row: d.row_elements(),
        constraints_per_step: constraints(d),
        millis_per_row: chunk_constraints(d) * 1000 / d.chunk(),
        fixed_constraints: fixed_constraints(d, d.rows / d.chunk()),
        augmentation: AUGMENTATION,
        padded: 1 << circuit.shape.size_log2(),
    })
}

/// Slots of one step of a shape, or `None` if no rows fit.
pub fn rows_per_step(shape: Shape) -> Option<usize> {
    dimensions(shape).map(|d| d.rows)
}
