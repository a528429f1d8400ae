//! Properties of proof systems, as data a policy can demand.
//!
//! The five properties are those by which the ZKMLOps literature selects protocols; the rows are
//! our own assessment of the systems this program runs, not a quotation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Proof systems this program names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ProofSystem {
    /// Nova folding over Pallas and Vesta, compressed by Spartan with inner-product commitments.
    #[serde(rename = "nova-pasta-ipa")]
    NovaPastaIpa,
}

/// A property a policy can demand of a proof system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// One message, checked later by anyone.
    NonInteractive,
    /// No secret ceremony that could forge proofs.
    TransparentSetup,
    /// Statements compile from a standard constraint system.
    StandardRepresentation,
    /// Short proofs and cheap verification.
    Succinct,
    /// No discrete-logarithm or pairing assumption.
    PostQuantum,
    /// The proof reveals nothing beyond its statement.
    ZeroKnowledge,
}

impl Property {
    /// The five properties, then zero-knowledge.
    pub const ALL: [Self; 6] = [
        Self::NonInteractive,
        Self::TransparentSetup,
        Self::StandardRepresentation,
        Self::Succinct,
        Self::PostQuantum,
        Self::ZeroKnowledge,
    ];

    /// As read on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::NonInteractive => "Non-interactive",
            Self::TransparentSetup => "Transparent setup",
            Self::StandardRepresentation => "Standard representation",
            Self::Succinct => "Succinct",
            Self::PostQuantum => "Post-quantum",
            Self::ZeroKnowledge => "Zero-knowledge",
        }
    }
}

/// Whether a system has a property, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PropertyLine {
    /// Which property.
    pub property: Property,
    /// Whether the system has it.
    pub holds: bool,
    /// Reason in a few words.
    pub reason: String,
}

impl ProofSystem {
    /// Name with its ingredients, as read on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::NovaPastaIpa => "Nova, Pallas and Vesta, IPA",
        }
    }

    /// The six properties in order, each with its reason.
    pub fn properties(self) -> Vec<PropertyLine> {
        let line = |property, holds, reason: &str| PropertyLine { property, holds, reason: reason.to_owned() };
        match self {
            Self::NovaPastaIpa => vec![
                line(Property::NonInteractive, true, "One message, checked offline by anyone"),
                line(Property::TransparentSetup, true, "Generators are hashed to the curve, no ceremony"),
                line(Property::StandardRepresentation, true, "R1CS, relaxed for folding"),
                line(Property::Succinct, true, "About 12 kB for any number of steps; checking grows with the step circuit"),
                line(Property::PostQuantum, false, "Rests on discrete logarithms"),
                line(Property::ZeroKnowledge, true, "Folded with a random instance before compression"),
            ],
        }
    }

    /// Whether the system has a property.
    pub fn has(self, property: Property) -> bool {
        self.properties().iter().any(|line| line.property == property && line.holds)
    }
}
