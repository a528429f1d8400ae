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
    /// `training/v1`: a scorecard's integers out of cyclic minibatch descent over committed rows.
    #[serde(rename = "training/v1")]
    TrainingV1,
    /// `preparation/v1`: raw development rows prepared and profiled.
    #[serde(rename = "preparation/v1")]
    PreparationV1,
}

impl CircuitFamily {
    /// Every family.
    pub const ALL: [Self; 4] = [Self::ScoredCohortV1, Self::ReceiptsV1, Self::TrainingV1, Self::PreparationV1];

    /// Name and version as written in packages and policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScoredCohortV1 => "scored-cohort/v1",
            Self::ReceiptsV1 => "receipts/v1",
            Self::TrainingV1 => "training/v1",
            Self::PreparationV1 => "preparation/v1",
        }
    }
}

/// The canonical shape of a step circuit.
///
/// Each field takes one of a few values (see [`Shape::MENU_TEXT`]); whatever is not a loop bound
/// is plan data instead. Written `f20.w8.g2.b10.h4.n16`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Shape {
    features: u8,
    width_bits: u8,
    groups: u8,
    bins: u8,
    histograms: u8,
    size_log2: u8,
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
    pub const MENU_TEXT: &str = "features 8, 16, 20, 32, 64; width 8, 12, 16 bits; groups 2, 4, 8; bins 10, 20; histograms 0, 1, 4, 8 (at most the features); padded constraints 2^15 to 2^18";

    /// Builds a shape from the menu.
    ///
    /// `features` and `histograms` count columns, `width_bits` is the unsigned width of each
    /// quantised feature, `bins` counts score bins and bins per histogram, `size_log2` is the
    /// power of two that constraints per step are filled up to.
    ///
    /// # Errors
    /// [`ShapeError`] if a value is not on the menu.
    pub fn new(features: u8, width_bits: u8, groups: u8, bins: u8, histograms: u8, size_log2: u8) -> Result<Self, ShapeError> {
        let shape = Self { features, width_bits, groups, bins, histograms, size_log2 };
        let listed = matches!(features, 8 | 16 | 20 | 32 | 64)
            && matches!(width_bits, 8 | 12 | 16)
            && matches!(groups, 2 | 4 | 8)
            && matches!(bins, 10 | 20)
            && matches!(histograms, 0 | 1 | 4 | 8)
            && histograms <= features
            && (15..=18).contains(&size_log2);
        if listed { Ok(shape) } else { Err(ShapeError { found: shape.to_string() }) }
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
        let Self { features, width_bits, groups, bins, histograms, size_log2 } = self;
        write!(f, "f{features}.w{width_bits}.g{groups}.b{bins}.h{histograms}.n{size_log2}")
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
        let shape = Self::new(values[0], values[1], values[2], values[3], values[4], values[5])?;
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
            Some(Self { family, shape: shape.parse().ok()? })
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
    }
}
