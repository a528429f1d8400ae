//! The tree over the leaves of one batch, natively: roots, paths, and what a path leads to.
//!
//! From below: a node over the leaves of a chunk (20 or 21 rows), a step root over the nodes of a step, then levels of
//! eight until one element is left. Leaves, nodes and step roots are computed in the circuit; the levels above them by
//! whoever reads the statement. An empty slot has leaf 0, which no row has, since nobody finds an input that hashes to it.

use ff::Field;
use rayon::prelude::*;
use verifold_model::{digest::Commitment, plan::Plan, shape::Shape};

use super::size;
use crate::{
    field::{F, NotCanonical, signed, to_commitment, to_element},
    layout::Dimensions,
    model::AnyModel,
    native::steps_of,
    poseidon::{hash4, hash8, hash24},
    rows::{RowKind, RowRecord},
    salt::Salt,
    streams::row_elements,
    tags,
};

/// Elements of one level above the step roots that one element of the next stands for.
const TOP_ARITY: usize = 8;

/// Whether salt, row and score are one permutation at arity 4.
pub(crate) const fn leaf_fits_four(d: Dimensions) -> bool {
    d.row_elements() <= 2
}

/// The score in a row's leaf; a void row has none, and 0 stands for it.
pub(crate) fn leaf_score(model: &AnyModel, row: &RowRecord) -> i64 {
    match &row.kind {
        RowKind::Scored { features, .. } => model.score(features),
        RowKind::Void(_) => 0,
    }
}

pub(crate) fn leaf(d: Dimensions, row: &RowRecord, score: i64, salt: F) -> F {
    let mut inputs = vec![salt];
    inputs.extend(row_elements(d, row));
    inputs.push(signed(score));
    if leaf_fits_four(d) { hash4(tags::RECEIPT_LEAF, &inputs) } else { hash8(tags::RECEIPT_LEAF, &inputs) }
}

fn node(d: Dimensions, leaves: &[F]) -> F {
    let mut inputs = leaves.to_vec();
    inputs.resize(d.chunk(), F::ZERO);
    hash24(tags::RECEIPT_NODE, &inputs)
}

/// The level above one of step roots or higher.
fn above(level: &[F]) -> Vec<F> {
    let parent = |children: &[F]| {
        let mut inputs = children.to_vec();
        inputs.resize(TOP_ARITY, F::ZERO);
        hash8(tags::RECEIPT_TOP, &inputs)
    };
    level.chunks(TOP_ARITY).map(parent).collect()
}

/// The nodes of one step's leaves, empty slots included.
pub(crate) fn step_nodes(d: Dimensions, leaves: &[F]) -> Vec<F> {
    (0..d.rows / d.chunk()).map(|i| node(d, leaves.get(i * d.chunk()..).map_or(&[], |rest| &rest[..rest.len().min(d.chunk())]))).collect()
}

pub(crate) fn step_root(d: Dimensions, leaves: &[F]) -> F {
    hash24(tags::RECEIPT_STEP, &step_nodes(d, leaves))
}

/// The root over the step roots of a batch: eight to one until one is left.
///
/// # Errors
/// [`NotCanonical`] for a step root that is not a field element.
pub fn root_of(step_roots: &[Commitment]) -> Result<Commitment, NotCanonical> {
    let level = step_roots.iter().map(|root| to_element(*root)).collect::<Result<Vec<F>, _>>()?;
    Ok(to_commitment(top(level)))
}

pub(crate) fn top(mut level: Vec<F>) -> F {
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied().unwrap_or(F::ZERO)
}

/// Levels between the step roots of a batch and its root.
fn top_levels(mut step_roots: u64) -> usize {
    let mut levels = 0;
    while step_roots > 1 {
        step_roots = step_roots.div_ceil(TOP_ARITY as u64);
        levels += 1;
    }
    levels
}

/// All leaves of one batch. Opens nothing by itself: whoever holds it holds the salted leaves, not the rows.
#[derive(Debug, Clone)]
pub struct ReceiptTree {
    dimensions: Dimensions,
    leaves: Vec<F>,
    /// Step roots, then each level above them.
    levels: Vec<Vec<F>>,
}

impl ReceiptTree {
    /// The tree over rows that have passed their checks, each with its leaf's salt; `None` if no rows fit into a step.
    pub fn new(plan: &Plan, model: &AnyModel, rows: &[RowRecord], salt_of: &(dyn Fn(u32) -> Salt + Sync)) -> Option<Self> {
        let dimensions = size::dimensions(plan.shape)?;
        Some(Self::with(dimensions, model, rows, &|position| salt_of(position).element()))
    }

    pub(crate) fn with(dimensions: Dimensions, model: &AnyModel, rows: &[RowRecord], salt_of: &(dyn Fn(u32) -> F + Sync)) -> Self {
        let leaves: Vec<F> = rows
            .par_iter()
            .enumerate()
            .map(|(position, row)| leaf(dimensions, row, leaf_score(model, row), salt_of(position as u32)))
            .collect();
        let mut step_roots: Vec<F> = leaves.par_chunks(dimensions.rows).map(|leaves| step_root(dimensions, leaves)).collect();
        if step_roots.is_empty() {
            // An empty batch takes one step of empty slots.
            step_roots.push(step_root(dimensions, &[]));
        }
        let mut levels = vec![step_roots];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            let next = above(level);
            levels.push(next);
        }
        Self { dimensions, leaves, levels }
    }

    /// The root.
    pub fn root(&self) -> Commitment {
        to_commitment(self.levels.last().and_then(|level| level.first()).copied().unwrap_or(F::ZERO))
    }

    /// Root of each step, in order.
    pub fn step_roots(&self) -> Vec<Commitment> {
        self.levels[0].iter().copied().map(to_commitment).collect()
    }

    /// The leaf at a position, if the batch has so many rows.
    pub fn leaf(&self, position: u32) -> Option<Commitment> {
        self.leaves.get(position as usize).copied().map(to_commitment)
    }

    /// What stands beside a position, level by level from the leaves up, if the batch has so many rows.
    pub fn path(&self, position: u32) -> Option<Vec<Vec<Commitment>>> {
        let d = self.dimensions;
        let position = position as usize;
        if position >= self.leaves.len() {
            return None;
        }
        let beside = |level: &[F], at: usize, arity: usize| {
            let begin = at / arity * arity;
            let sibling = |i: usize| level.get(begin + i).copied().unwrap_or(F::ZERO);
            (0..arity).filter(|i| begin + i != at).map(|i| to_commitment(sibling(i))).collect::<Vec<_>>()
        };
        let step = position / d.rows;
        let nodes = step_nodes(d, &self.leaves[step * d.rows..self.leaves.len().min((step + 1) * d.rows)]);
        let mut path = vec![beside(&self.leaves, position, d.chunk()), beside(&nodes, position % d.rows / d.chunk(), nodes.len())];
        let mut at = step;
        for level in self.levels.iter().filter(|level| level.len() > 1) {
            path.push(beside(level, at, TOP_ARITY));
            at /= TOP_ARITY;
        }
        Some(path)
    }
}

/// Why a path leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Not one chunk of rows fits into a step of this shape.
    #[error("shape {0} leaves no room for rows")]
    NoRoom(Shape),
    /// The batch has no row at this position.
    #[error("position {position} of a batch of {rows} rows")]
    Position {
        /// Position, from 0.
        position: u32,
        /// Rows of the batch.
        rows: u32,
    },
    /// The path has another number of levels than the tree over so many rows.
    #[error("the path has {found} levels, the batch's tree {expected}")]
    Levels {
        /// Levels of the tree.
        expected: usize,
        /// Levels found.
        found: usize,
    },
    /// A level has another number of neighbours than the tree.
    #[error("level {level} of the path has {found} neighbours, the tree {expected}")]
    Neighbours {
        /// Which level, from the leaves up.
        level: usize,
        /// Neighbours in the tree.
        expected: usize,
        /// Neighbours found.
        found: usize,
    },
    /// A neighbour is not a field element.
    #[error("level {level} of the path: {source}")]
    NotCanonical {
        /// Which level, from the leaves up.
        level: usize,
        /// What stood there.
        source: NotCanonical,
    },
}

/// The root that a leaf and a path lead to, in a batch of `rows` rows.
pub(crate) fn climb(d: Dimensions, rows: u32, position: u32, leaf: F, path: &[Vec<Commitment>]) -> Result<F, PathError> {
    if position >= rows {
        return Err(PathError::Position { position, rows });
    }
    let position = position as usize;
    let chunks = d.rows / d.chunk();
    let top = top_levels(steps_of(rows, d.rows));
    if path.len() != 2 + top {
        return Err(PathError::Levels { expected: 2 + top, found: path.len() });
    }
    let mut at = leaf;
    let mut place = position / d.rows;
    for (level, beside) in path.iter().enumerate() {
        let (arity, index) = match level {
            0 => (d.chunk(), position % d.chunk()),
            1 => (chunks, position % d.rows / d.chunk()),
            _ => (TOP_ARITY, place % TOP_ARITY),
        };
        if beside.len() + 1 != arity {
            return Err(PathError::Neighbours { level, expected: arity - 1, found: beside.len() });
        }
        let mut inputs = beside
            .iter()
            .map(|c| to_element(*c))
            .collect::<Result<Vec<F>, _>>()
            .map_err(|source| PathError::NotCanonical { level, source })?;
        inputs.insert(index, at);
        at = match level {
            0 => hash24(tags::RECEIPT_NODE, &inputs),
            1 => hash24(tags::RECEIPT_STEP, &inputs),
            _ => {
                place /= TOP_ARITY;
                hash8(tags::RECEIPT_TOP, &inputs)
            }
        };
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::fixture::{TINY, mixed_rows, model};

    fn tree(rows: u64) -> ReceiptTree {
        let d = Dimensions { rows: 42, ..TINY };
        ReceiptTree::with(d, &model().into(), &mixed_rows(1, rows), &|position| F::from(9000 + u64::from(position)))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_row_has_a_path_to_the_root_and_no_other_row_has_it(rows in 1u64..800, at in any::<prop::sample::Index>(), other in any::<prop::sample::Index>()) {
            let tree = tree(rows);
            let d = tree.dimensions;
            let (at, other) = (at.index(rows as usize) as u32, other.index(rows as usize) as u32);
            let path = tree.path(at).unwrap();
            let root = |rows: u64, position: u32, leaf: u32, path: &[Vec<Commitment>]| {
                climb(d, rows as u32, position, tree.leaves[leaf as usize], path).map(to_commitment)
            };
            prop_assert_eq!(root(rows, at, at, &path), Ok(tree.root()));
            prop_assert_eq!(root_of(&tree.step_roots()), Ok(tree.root()));
            if at != other {
                prop_assert_ne!(root(rows, at, other, &path), Ok(tree.root()));
                prop_assert_ne!(root(rows, other, at, &path), Ok(tree.root()));
            }
            for level in 0..path.len() {
                for place in [0, path[level].len() - 1] {
                    let mut altered = path.clone();
                    altered[level][place] = to_commitment(to_element(altered[level][place]).unwrap() + F::ONE);
                    prop_assert_ne!(root(rows, at, at, &altered), Ok(tree.root()));
                }
                let mut shorter = path.clone();
                let expected = shorter[level].len();
                shorter[level].pop();
                prop_assert_eq!(root(rows, at, at, &shorter), Err(PathError::Neighbours { level, expected, found: expected - 1 }));
            }
            prop_assert_eq!(root(rows, at, at, &path[1..]), Err(PathError::Levels { expected: path.len(), found: path.len() - 1 }));
            prop_assert_eq!(tree.path(rows as u32), None);
            prop_assert_eq!(root(rows, rows as u32, at, &path), Err(PathError::Position { position: rows as u32, rows: rows as u32 }));
        }
    }

    #[test]
    fn an_empty_slot_opens_as_no_row() {
        let tree = tree(13);
        let d = tree.dimensions;
        // The padding behind row 12 has leaf 0; a position behind the rows is refused before anything is hashed.
        assert_eq!(climb(d, 13, 13, F::ZERO, &tree.path(12).unwrap()), Err(PathError::Position { position: 13, rows: 13 }));
    }

    #[test]
    fn a_beyond_field_neighbour_is_named() {
        let tree = tree(50);
        let mut path = tree.path(3).unwrap();
        let commitment = Commitment::from_bytes([0xff; 32]);
        path[1][0] = commitment;
        let source = NotCanonical { commitment };
        assert_eq!(climb(tree.dimensions, 50, 3, tree.leaves[3], &path), Err(PathError::NotCanonical { level: 1, source }));
    }
}
