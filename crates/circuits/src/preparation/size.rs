//! How many constraints a preparation step costs, computed before anything is synthesised.

use verifold_model::preparation::{MAP_BITS, RAW_BITS};

use super::native::Layout;
use crate::{
    layout::KEY_BITS,
    poseidon::permutations,
    size::{AUGMENTATION, PERMUTATION_4, PERMUTATION_8, PERMUTATION_24},
};

const RAW: usize = RAW_BITS as usize;

/// Constraints of one column of one row.
const fn column_constraints(layout: Layout) -> usize {
    let region = 3 + 3;
    let mapped = 3;
    let bits = 2 * RAW + layout.prepared.width + MAP_BITS as usize;
    region + mapped + bits + 2 + 1
}

/// Constraints of one slot, hashing left out.
const fn slot_constraints(layout: Layout) -> usize {
    let d = layout.prepared;
    let head = 1 + KEY_BITS + 1 + d.groups + 1 + 3;
    let aside = 2 * 3 + 1;
    let kept = d.row_elements() + 1;
    head + d.features * column_constraints(layout) + aside + kept + (d.groups - 1)
}

/// Constraints of one chunk of rows, hashing included.
const fn chunk_constraints(layout: Layout) -> usize {
    let d = layout.prepared;
    let blocks = d.chunk() / d.block_rows() + d.chunk() / layout.raw.block_rows();
    d.chunk() * slot_constraints(layout) + blocks * (PERMUTATION_24 + 1) + 2 * (PERMUTATION_8 + 1)
}

/// Constraints of a step that do not depend on its number of rows, nova-snark's own included.
const fn fixed_constraints(layout: Layout) -> usize {
    let rules = permutations(3 + 6 * layout.prepared.features, 24) * PERMUTATION_24 + 1;
    let profiles = 2 * permutations(1 + layout.profile_words(), 8) * PERMUTATION_8;
    let states = 2 * PERMUTATION_8;
    let streams = 8 * PERMUTATION_4;
    let link = PERMUTATION_8;
    let flags = 2;
    let begin = 3 + 1 + 7;
    let part = 3 + 2;
    let ends = 2 + KEY_BITS;
    let handed_on = 4;
    let outputs = 4;
    AUGMENTATION + rules + profiles + states + streams + link + flags + begin + part + ends + handed_on + outputs
}

/// Constraints of one step.
pub(crate) const fn constraints(layout: Layout) -> usize {
    fixed_constraints(layout) + layout.prepared.rows / layout.prepared.chunk() * chunk_constraints(layout)
}

/// Rows that fit into `limit` constraints: the largest multiple of a chunk, or `None` for none.
pub(crate) fn rows_within(layout: Layout, limit: usize) -> Option<usize> {
    let chunks = limit.checked_sub(fixed_constraints(layout))? / chunk_constraints(layout);
    if chunks == 0 { None } else { Some(chunks * layout.prepared.chunk()) }
}

/// Constraints of one row with its share of the streams, in thousandths, and of a step without rows.
pub(crate) fn parts(layout: Layout) -> (usize, usize) {
    (chunk_constraints(layout) * 1000 / layout.prepared.chunk(), fixed_constraints(layout))
}
