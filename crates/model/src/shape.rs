//! The loop bounds of a step circuit: everything a verifier key depends on besides code.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Versioned step-circuit families this program knows. No default: a circuit is always named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CircuitFamily {
    /// `scored-cohort/v1`: logistic-regression scorecards counted batch by batch.
    #[serde(rename = "scored-cohort/v1")]
    ScoredCohortV1,
    /// `receipts/v1`: one salted leaf for each row of committed batches, under a root.
    #[serde(rename = "receipts/v1")]
    ReceiptsV1,
    /// `outcome-revision/v1`: the rows of committed batches counted by earlier and later outcome.
    #[serde(rename = "outcome-revision/v1")]
    OutcomeRevisionV1,
    /// `training/v1`: a scorecard's integers out of cyclic minibatch descent over committed rows.
    #[serde(rename = "training/v1")]
    TrainingV1,
    /// `preparation/v1`: raw development rows prepared and profiled.
    #[serde(rename = "preparation/v1")]
    PreparationV1,
    /// `neural-cohort/v1`: multilayer perceptrons counted batch by batch.
    #[serde(rename = "neural-cohort/v1")]
    NeuralCohortV1,
    /// `neural-receipts/v1`: receipts for rows that a multilayer perceptron scored.
    #[serde(rename = "neural-receipts/v1")]
    NeuralReceiptsV1,
    /// `neural-training/v2`: a multilayer perceptron's integers out of cyclic minibatch descent over committed rows.
    #[serde(rename = "neural-training/v2")]
    NeuralTrainingV2,
}

impl CircuitFamily {
    /// Every family.
    pub const ALL: [Self; 8] = [
        Self::ScoredCohortV1,
        Self::NeuralCohortV1,
        Self::ReceiptsV1,
        Self::NeuralReceiptsV1,
        Self::OutcomeRevisionV1,
        Self::TrainingV1,
        Self::NeuralTrainingV2,
        Self::PreparationV1,
    ];

    /// Name and version as written in packages and policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScoredCohortV1 => "scored-cohort/v1",
            Self::ReceiptsV1 => "receipts/v1",
            Self::OutcomeRevisionV1 => "outcome-revision/v1",
            Self::TrainingV1 => "training/v1",
            Self::PreparationV1 => "preparation/v1",
            Self::NeuralCohortV1 => "neural-cohort/v1",
            Self::NeuralReceiptsV1 => "neural-receipts/v1",
            Self::NeuralTrainingV2 => "neural-training/v2",
        }
    }

    /// Whether circuits of this family have shapes with hidden layers; the others have none.
    pub const fn has_hidden_layers(self) -> bool {
        matches!(self, Self::NeuralCohortV1 | Self::NeuralReceiptsV1 | Self::NeuralTrainingV2)
    }

    /// The family that counts cohorts scored by models of a shape.
    pub const fn of_cohorts(shape: Shape) -> Self {
        if shape.hidden_layers() == 0 { Self::ScoredCohortV1 } else { Self::NeuralCohortV1 }
    }

    /// The family that gives receipts for rows scored by models of a shape.
    pub const fn of_receipts(shape: Shape) -> Self {
        if shape.hidden_layers() == 0 { Self::ReceiptsV1 } else { Self::NeuralReceiptsV1 }
    }

    /// The family that trains models of a shape.
    pub const fn of_trainings(shape: Shape) -> Self {
        if shape.hidden_layers() == 0 { Self::TrainingV1 } else { Self::NeuralTrainingV2 }
    }
}

/// Most hidden layers of a shape.
pub const MAX_HIDDEN_LAYERS: usize = 3;

/// Hidden layers a shape can have, each with its neurons from the inputs on.
const HIDDEN_MENU: [[u8; MAX_HIDDEN_LAYERS]; 8] =
    [[0, 0, 0], [8, 0, 0], [16, 0, 0], [32, 0, 0], [16, 8, 0], [32, 16, 0], [64, 32, 0], [32, 16, 8]];

/// The canonical shape of a step circuit.
///
/// Each field takes one of a few values (see [`Shape::MENU_TEXT`]); whatever is not a loop bound
/// is plan data instead. Written `f20.w8.g2.b10.h4.n16`, with hidden layers `f20.w8.g2.b10.h4.n17.l16-8`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Shape {
    features: u8,
    width_bits: u8,
    groups: u8,
    bins: u8,
    histograms: u8,
    size_log2: u8,
    /// Neurons of each hidden layer; zeros behind the last.
    hidden: [u8; MAX_HIDDEN_LAYERS],
}

/// Why a shape is not on the menu.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("shape {found:?} is not on the menu: {}", Shape::MENU_TEXT)]
pub struct ShapeError {
    /// What was asked for, cut to 60 characters.
    pub found: String,
}

impl Shape {
    /// The menu in words.
    pub const MENU_TEXT: &str = "features 8, 16, 20, 32, 64; width 8, 12, 16 bits; groups 2, 4, 8; bins 10, 20; histograms 0, 1, 4, 8 (at most the features); padded constraints 2^15 to 2^18; hidden layers none, 8, 16, 32, 16-8, 32-16, 64-32, 32-16-8";

    /// Builds a shape from the menu, without hidden layers.
    ///
    /// `features` and `histograms` count columns, `width_bits` is the unsigned width of each
    /// quantised feature, `bins` counts score bins and bins per histogram, `size_log2` is the
    /// power of two that constraints per step are filled up to.
    ///
    /// # Errors
    /// [`ShapeError`] if a value is not on the menu.
    pub fn new(features: u8, width_bits: u8, groups: u8, bins: u8, histograms: u8, size_log2: u8) -> Result<Self, ShapeError> {
        let shape = Self { features, width_bits, groups, bins, histograms, size_log2, hidden: [0; MAX_HIDDEN_LAYERS] };
        let listed = matches!(features, 8 | 16 | 20 | 32 | 64)
            && matches!(width_bits, 8 | 12 | 16)
            && matches!(groups, 2 | 4 | 8)
            && matches!(bins, 10 | 20)
            && matches!(histograms, 0 | 1 | 4 | 8)
            && histograms <= features
            && (15..=18).contains(&size_log2);
        if listed { Ok(shape) } else { Err(ShapeError { found: shape.to_string() }) }
    }

    /// The same shape with hidden layers of these widths, from the inputs on; without any for an empty list.
    ///
    /// # Errors
    /// [`ShapeError`] if the layers are not on the menu.
    pub fn with_hidden(self, widths: &[u8]) -> Result<Self, ShapeError> {
        let refuse = || ShapeError { found: format!("{self} with hidden layers {widths:?}").chars().take(60).collect() };
        let hidden = HIDDEN_MENU.into_iter().find(|listed| Self { hidden: *listed, ..self }.hidden() == widths).ok_or_else(refuse)?;
        Ok(Self { hidden, ..self })
    }

    /// The smallest hidden layers on the menu that are as many and each at least as wide as `widths`.
    pub fn hidden_for(widths: &[usize]) -> Option<Vec<u8>> {
        let fits =
            |listed: &[u8]| listed.len() == widths.len() && listed.iter().zip(widths).all(|(room, width)| usize::from(*room) >= *width);
        let listed = HIDDEN_MENU.iter().map(|listed| listed.iter().copied().take_while(|width| *width > 0).collect::<Vec<u8>>());
        listed.filter(|listed| fits(listed)).min_by_key(|listed| listed.iter().map(|width| u32::from(*width)).sum::<u32>())
    }

    /// Neurons of each hidden layer, from the inputs on; empty where features are scored directly.
    pub fn hidden(&self) -> &[u8] {
        &self.hidden[..self.hidden_layers()]
    }

    /// Number of hidden layers.
    pub const fn hidden_layers(self) -> usize {
        let mut layers = 0;
        while layers < MAX_HIDDEN_LAYERS && self.hidden[layers] > 0 {
            layers += 1;
        }
        layers
    }

    /// Values the score is a weighted sum of: the neurons of the last hidden layer, or the features.
    pub const fn scored_inputs(self) -> usize {
        match self.hidden_layers() {
            0 => self.features as usize,
            layers => self.hidden[layers - 1] as usize,
        }
    }

    /// Feature columns a row has room for.
    pub const fn features(self) -> usize {
        self.features as usize
    }

    /// Unsigned width of a quantised feature, in bits.
    pub const fn width_bits(self) -> usize {
        self.width_bits as usize
    }

    /// Group codes a row may carry: `0..groups`.
    pub const fn groups(self) -> usize {
        self.groups as usize
    }

    /// Score bins, and bins of each feature histogram.
    pub const fn bins(self) -> usize {
        self.bins as usize
    }

    /// Feature histograms.
    pub const fn histograms(self) -> usize {
        self.histograms as usize
    }

    /// Constraints of one step, padded.
    pub const fn padded_constraints(self) -> u64 {
        1 << self.size_log2
    }

    /// Binary logarithm of the padded constraint count of one step.
    pub const fn size_log2(self) -> u32 {
        self.size_log2 as u32
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { features, width_bits, groups, bins, histograms, size_log2, .. } = self;
        write!(f, "f{features}.w{width_bits}.g{groups}.b{bins}.h{histograms}.n{size_log2}")?;
        for (at, neurons) in self.hidden().iter().enumerate() {
            write!(f, "{}{neurons}", if at == 0 { ".l" } else { "-" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shape({self})")
    }
}

impl FromStr for Shape {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        let refuse = || ShapeError { found: text.chars().take(60).collect() };
        let mut parts = text.split('.');
        let mut field = |letter: char| -> Result<u8, ShapeError> {
            parts.next().and_then(|p| p.strip_prefix(letter)).and_then(|n| n.parse().ok()).ok_or_else(refuse)
        };
        let values = [field('f')?, field('w')?, field('g')?, field('b')?, field('h')?, field('n')?];
        let mut shape = Self::new(values[0], values[1], values[2], values[3], values[4], values[5])?;
        if let Some(layers) = parts.next() {
            let layers = layers.strip_prefix('l').ok_or_else(refuse)?;
            let widths: Vec<u8> = layers.split('-').map(|width| width.parse().map_err(|_| refuse())).collect::<Result<_, _>>()?;
            shape = shape.with_hidden(&widths).map_err(|_| refuse())?;
        }
        // One spelling: no leading zeros, nothing behind.
        if shape.to_string() == text { Ok(shape) } else { Err(refuse()) }
    }
}

impl Serialize for Shape {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A circuit family at a shape: what a verifier key is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CircuitId {
    /// Family and version.
    pub family: CircuitFamily,
    /// Loop bounds.
    pub shape: Shape,
}

impl CircuitId {
    /// Whether circuits of the family come in shapes of this kind: with hidden layers, or without.
    pub const fn is_consistent(self) -> bool {
        self.family.has_hidden_layers() == (self.shape.hidden_layers() > 0)
    }
}

impl fmt::Display for CircuitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.family.name(), self.shape)
    }
}

/// Why a text names no circuit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not FAMILY@SHAPE of a family this program knows and a shape on the menu")]
pub struct CircuitError {
    /// What was asked for, cut to 60 characters.
    pub found: String,
}

impl FromStr for CircuitId {
    type Err = CircuitError;

    fn from_str(text: &str) -> Result<Self, CircuitError> {
        let named = || {
            let (family, shape) = text.split_once('@')?;
            let family = CircuitFamily::ALL.into_iter().find(|known| known.name() == family)?;
            let circuit = Self { family, shape: shape.parse().ok()? };
            circuit.is_consistent().then_some(circuit)
        };
        named().ok_or_else(|| CircuitError { found: text.chars().take(60).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_one_spelling() {
        let shape = Shape::new(20, 8, 2, 10, 4, 16).unwrap();
        assert_eq!(shape.to_string(), "f20.w8.g2.b10.h4.n16");
        assert_eq!("f20.w8.g2.b10.h4.n16".parse(), Ok(shape));
        for off in ["f21.w8.g2.b10.h4.n16", "f020.w8.g2.b10.h4.n16", "f20.w8.g2.b10.h4.n16.", "f20.w8.g2.b10.h4.n19", ""] {
            assert!(off.parse::<Shape>().is_err(), "{off}");
        }
        let layered = shape.with_hidden(&[16, 8]).unwrap();
        assert_eq!(layered.to_string(), "f20.w8.g2.b10.h4.n16.l16-8");
        assert_eq!("f20.w8.g2.b10.h4.n16.l16-8".parse(), Ok(layered));
        assert_eq!((layered.hidden(), layered.scored_inputs(), shape.scored_inputs()), (&[16, 8][..], 8, 20));
        for off in [".l", ".l8-16", ".l16-08", ".l16-8-", ".l16-0", ".l16-8.l16-8", ".16-8", ".l0", ".l-16", ".l16-8-4-2"] {
            assert!(format!("{shape}{off}").parse::<Shape>().is_err(), "{off}");
        }
    }

    #[test]
    fn a_network_takes_the_smallest_layers_that_hold_it() {
        assert_eq!(Shape::hidden_for(&[10, 8]), Some(vec![16, 8]));
        assert_eq!(Shape::hidden_for(&[17]), Some(vec![32]));
        assert_eq!(Shape::hidden_for(&[20, 10, 3]), Some(vec![32, 16, 8]));
        for off in [&[64][..], &[8, 8, 8, 8], &[65, 1], &[16, 17, 8]] {
            assert_eq!(Shape::hidden_for(off), None, "{off:?}");
        }
    }

    #[test]
    fn hidden_layers_belong_to_the_family_that_has_them() {
        let plain = "f20.w8.g2.b10.h4.n16";
        for family in CircuitFamily::ALL {
            let layered = format!("{}@{plain}.l16-8", family.name());
            assert_eq!(format!("{}@{plain}", family.name()).parse::<CircuitId>().is_ok(), !family.has_hidden_layers());
            assert_eq!(layered.parse::<CircuitId>().is_ok(), family.has_hidden_layers(), "{layered}");
        }
    }
}
