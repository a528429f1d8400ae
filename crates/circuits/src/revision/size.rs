//! How many constraints a step of `outcome-revision/v1` costs, and so how many rows it has room for.

use verifold_model::shape::{CircuitId, Shape};

use super::step::{PAIRS, STREAMS};
use crate::{
    layout::{Dimensions, KEY_BITS, NO_HIDDEN},
    size::{AUGMENTATION, CircuitFacts, PERMUTATION_4, PERMUTATION_8},
};

/// Groups, bins and histograms that the shape of a revision names: it has none of them.
pub(crate) const UNUSED: (u8, u8, u8) = (2, 10, 0);

/// Constraints of one slot: pair of outcomes, whether filled, key.
const fn slot_constraints() -> usize {
    PAIRS + 1 + KEY_BITS
}

/// Constraints of one chunk of rows: slots, and a block of each stream.
const fn chunk_constraints(d: Dimensions) -> usize {
    d.chunk() * slot_constraints() + STREAMS * (PERMUTATION_8 + 1)
}

/// Constraints of a step that its rows do not add to, nova-snark's own included.
const fn fixed_constraints() -> usize {
    let takeover = 1 + STREAMS;
    let full = 1;
    let closing = STREAMS * PERMUTATION_4 + PERMUTATION_4;
    let outputs = 1 + STREAMS + 3;
    AUGMENTATION + takeover + full + closing + outputs
}

/// Constraints of one step.
pub(crate) const fn constraints(d: Dimensions) -> usize {
    fixed_constraints() + d.rows / d.chunk() * chunk_constraints(d)
}

/// The loop bounds of a shape: as many chunks as fit. `None` for hidden layers, or for groups, bins or histograms other
/// than [`UNUSED`]: one circuit has one name.
pub(crate) fn dimensions(shape: Shape) -> Option<Dimensions> {
    let mut d = Dimensions::without_rows(shape);
    let unused = (usize::from(UNUSED.0), usize::from(UNUSED.1), usize::from(UNUSED.2));
    if (d.groups, d.bins, d.histograms) != unused || d.hidden != NO_HIDDEN {
        return None;
    }
    let limit = 1usize << shape.size_log2();
    let chunks = limit.checked_sub(fixed_constraints())? / chunk_constraints(d);
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
        fixed_constraints: fixed_constraints(),
        augmentation: AUGMENTATION,
        padded: 1 << circuit.shape.size_log2(),
    })
}
