//! Where everything of a row lies in its elements, and how many rows a step and a block hold.

use verifold_model::{
    plan::{ACTIVATION_BITS, WEIGHT_BITS},
    shape::{MAX_HIDDEN_LAYERS, Shape},
};

use crate::{field::WORD_BITS, size};

/// Bits of a row key.
pub(crate) const KEY_BITS: usize = 64;
/// First bit of the group code, three bits.
pub(crate) const GROUP_SHIFT: usize = KEY_BITS;
/// Bit of the logged decision.
pub(crate) const LOGGED_SHIFT: usize = GROUP_SHIFT + 3;
/// First bit of the slot kind, three bits: 0 empty, 1 scored, 2 + reason void.
pub(crate) const KIND_SHIFT: usize = LOGGED_SHIFT + 1;
/// First bit behind the header of a row.
pub(crate) const HEADER_BITS: usize = KIND_SHIFT + 3;

/// Kind code of a scored row.
pub(crate) const KIND_SCORED: u64 = 1;
/// Kind code of a void row with reason 0.
pub(crate) const KIND_VOID: u64 = 2;

/// Bits of one counter in a table word.
pub(crate) const COUNTER_BITS: usize = 24;
/// Counters of one histogram word.
pub(crate) const COUNTERS_PER_WORD: usize = 10;
/// Cells of a count word that belong to scored rows; void counts follow in the words of bin 0.
pub(crate) const SCORED_CELLS: usize = 6;

/// Bits of one row in an outcome element: key, outcome code.
pub(crate) const OUTCOME_BITS: usize = KEY_BITS + 2;
/// Rows of one outcome element.
pub(crate) const ROWS_PER_OUTCOME_ELEMENT: usize = 3;
/// Elements of one outcome block.
pub(crate) const OUTCOME_ELEMENTS: usize = 7;

/// Hidden layers of a scorecard: none.
pub(crate) const NO_HIDDEN: [usize; MAX_HIDDEN_LAYERS] = [0; MAX_HIDDEN_LAYERS];

/// The loop bounds of a step: a shape's, or smaller ones in tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Dimensions {
    pub(crate) features: usize,
    pub(crate) width: usize,
    pub(crate) groups: usize,
    pub(crate) bins: usize,
    pub(crate) histograms: usize,
    /// Slots of one step; a multiple of [`Dimensions::chunk`].
    pub(crate) rows: usize,
    /// Neurons of each hidden layer; zeros behind the last.
    pub(crate) hidden: [usize; MAX_HIDDEN_LAYERS],
}

impl Dimensions {
    /// Dimensions of a shape, or `None` if not one chunk of rows fits into its size.
    pub(crate) fn of(shape: Shape) -> Option<Self> {
        let mut dimensions = Self::without_rows(shape);
        dimensions.rows = size::rows_within(dimensions, 1 << shape.size_log2())?;
        Some(dimensions)
    }

    /// Dimensions as far as the row layout and the tables need them.
    pub(crate) fn without_rows(shape: Shape) -> Self {
        let mut hidden = NO_HIDDEN;
        for (ours, theirs) in hidden.iter_mut().zip(shape.hidden()) {
            *ours = usize::from(*theirs);
        }
        Self {
            hidden,
            features: shape.features(),
            width: shape.width_bits(),
            groups: shape.groups(),
            bins: shape.bins(),
            histograms: shape.histograms(),
            rows: 0,
        }
    }

    /// Bits `S` with `|score| < 2^S`: `Plan::score_bits`, written for any dimensions.
    pub(crate) const fn score_bits(self) -> usize {
        let last = self.hidden_layers();
        self.input_bits(last) + WEIGHT_BITS as usize + self.layer_inputs(last).next_power_of_two().ilog2() as usize
    }

    /// Hidden layers; the layer of this number is the one that gives the score.
    pub(crate) const fn hidden_layers(self) -> usize {
        let mut layers = 0;
        while layers < MAX_HIDDEN_LAYERS && self.hidden[layers] > 0 {
            layers += 1;
        }
        layers
    }

    /// Values that layer `layer` sums: features, or the neurons of the layer before.
    pub(crate) const fn layer_inputs(self, layer: usize) -> usize {
        if layer == 0 { self.features } else { self.hidden[layer - 1] }
    }

    /// Neurons of layer `layer`; one in the layer that gives the score.
    pub(crate) const fn layer_outputs(self, layer: usize) -> usize {
        if layer == self.hidden_layers() { 1 } else { self.hidden[layer] }
    }

    /// Bits of a value that layer `layer` sums: `0 .. 2^bits`.
    pub(crate) const fn input_bits(self, layer: usize) -> usize {
        if layer == 0 { self.width } else { ACTIVATION_BITS as usize }
    }

    /// Bits `B` such that the sum of a neuron in hidden layer `layer` lies in `−2^B .. 2^B`.
    ///
    /// Shifted by the layer's [`Self::input_bits`], a sum from 0 on has [`ACTIVATION_BITS`].
    pub(crate) const fn reach_bits(self, layer: usize) -> usize {
        self.input_bits(layer) + ACTIVATION_BITS as usize
    }

    /// Signed bits of a bias in layer `layer`.
    pub(crate) const fn bias_bits(self, layer: usize) -> usize {
        if layer == self.hidden_layers() { self.score_bits() } else { self.reach_bits(layer) }
    }

    /// Features behind the header in the first element of a row.
    const fn features_in_first(self) -> usize {
        (WORD_BITS - HEADER_BITS) / self.width
    }

    /// Elements of one row, `k`.
    pub(crate) const fn row_elements(self) -> usize {
        let first = self.features_in_first();
        if self.features <= first { 1 } else { 1 + (self.features - first).div_ceil(WORD_BITS / self.width) }
    }

    /// Element and lowest bit of a feature.
    pub(crate) const fn place(self, feature: usize) -> (usize, usize) {
        let first = self.features_in_first();
        if feature < first {
            (0, HEADER_BITS + feature * self.width)
        } else {
            let each = WORD_BITS / self.width;
            (1 + (feature - first) / each, (feature - first) % each * self.width)
        }
    }

    /// Rows of one block of the row stream, `r_k`.
    pub(crate) const fn block_rows(self) -> usize {
        match self.row_elements() {
            1 => 21,
            2 => 10,
            3 => 7,
            4 => 5,
            _ => 4,
        }
    }

    /// Rows of one block of the outcome stream: a whole number of row blocks, 20 or 21 rows.
    pub(crate) const fn chunk(self) -> usize {
        21 / self.block_rows() * self.block_rows()
    }

    /// Words of the score bins: one for each bin and group.
    pub(crate) const fn count_words(self) -> usize {
        self.bins * self.groups
    }

    /// Words of one histogram.
    pub(crate) const fn words_per_histogram(self) -> usize {
        self.bins.div_ceil(COUNTERS_PER_WORD)
    }

    /// Words of a whole table.
    pub(crate) const fn table_words(self) -> usize {
        self.count_words() + self.histograms * self.words_per_histogram()
    }

    /// Inner edges of scores and of one histogram.
    pub(crate) const fn inner_edges(self) -> usize {
        self.bins - 1
    }
}

#[cfg(test)]
mod tests {
    use verifold_model::plan::Plan;

    use super::*;

    /// Every shape of the menu.
    pub(crate) fn menu() -> impl Iterator<Item = Shape> {
        let features = [8u8, 16, 20, 32, 64];
        let rest = [8u8, 12, 16].into_iter().flat_map(|w| [2u8, 4, 8].map(|g| (w, g)));
        let bins = rest.flat_map(|(w, g)| [10u8, 20].map(|b| (w, g, b)));
        let all = bins.flat_map(|(w, g, b)| [0u8, 1, 4, 8].map(|h| (w, g, b, h)));
        let sized = all.flat_map(|(w, g, b, h)| [15u8, 16, 17, 18].map(|n| (w, g, b, h, n)));
        sized.flat_map(move |(w, g, b, h, n)| features.map(|f| Shape::new(f, w, g, b, h, n).unwrap()))
    }

    #[test]
    fn every_shape_packs_rows_into_one_to_five_elements_without_overlap() {
        for shape in menu() {
            let d = Dimensions::without_rows(shape);
            assert!((1..=5).contains(&d.row_elements()), "{shape}");
            assert!(d.row_elements() * d.block_rows() < 24);
            assert!(matches!(d.chunk(), 20 | 21) && d.chunk() <= ROWS_PER_OUTCOME_ELEMENT * OUTCOME_ELEMENTS);
            let mut free = [HEADER_BITS, 0, 0, 0, 0];
            for feature in 0..d.features {
                let (element, shift) = d.place(feature);
                assert_eq!(shift, free[element], "{shape}: feature {feature}");
                free[element] += d.width;
                assert!(free[element] <= WORD_BITS && element < d.row_elements());
            }
            assert_eq!(d.score_bits(), Plan::score_bits(shape) as usize);
        }
    }
}
