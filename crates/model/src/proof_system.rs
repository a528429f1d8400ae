//! Properties and strength of proof systems, as data a policy can demand and a traceability specification scores.
//!
//! The five properties are those by which the ZKMLOps literature selects protocols; the rows are our own assessment,
//! not a quotation. Sources stand in `docs/proof-systems.md`.

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

    /// As written in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NonInteractive => "non-interactive",
            Self::TransparentSetup => "transparent-setup",
            Self::StandardRepresentation => "standard-representation",
            Self::Succinct => "succinct",
            Self::PostQuantum => "post-quantum",
            Self::ZeroKnowledge => "zero-knowledge",
        }
    }

    /// Behind "is to be".
    pub const fn demand_words(self) -> &'static str {
        match self {
            Self::NonInteractive => "non-interactive",
            Self::TransparentSetup => "free of a trusted setup",
            Self::StandardRepresentation => "over a standard constraint system",
            Self::Succinct => "succinct",
            Self::PostQuantum => "post-quantum",
            Self::ZeroKnowledge => "zero-knowledge",
        }
    }

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

/// How hard it is to prove a falsehood, as a binary logarithm of the work of the best attack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Strength {
    /// Bits against the best attacks known, if the assumptions of the system hold.
    pub conjectured_bits: u32,
    /// Bits that a theorem gives for these very parameters; absent if none does.
    pub proven_bits: Option<u32>,
    /// What the bits rest on.
    pub basis: String,
}

impl Strength {
    /// The bits in a few words: a number is never shown without saying of which kind.
    pub fn words(&self) -> String {
        match self.proven_bits {
            Some(proven) => format!("{} bits conjectured, {proven} proven", self.conjectured_bits),
            None => format!("{} bits conjectured, none proven", self.conjectured_bits),
        }
    }
}

impl ProofSystem {
    /// Every one.
    pub const ALL: [Self; 1] = [Self::NovaPastaIpa];

    /// As written in packages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NovaPastaIpa => "nova-pasta-ipa",
        }
    }

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

    /// How hard it is to prove a falsehood.
    ///
    /// Of Nova over Pasta, the least of: collisions of hashes cut to 250 bits (2^125), discrete logarithms on curves of
    /// order about 2^254 with six automorphisms (√(π · 2^254 / 12) = 2^126.03), challenges of 128 bits.
    pub fn strength(self) -> Strength {
        match self {
            Self::NovaPastaIpa => Strength {
                conjectured_bits: 125,
                proven_bits: None,
                basis: "The least of: collisions of hashes cut to 250 bits, 125; discrete logarithms on Pallas and Vesta, 126; challenges of 128 bits. \
                        Hashes are taken for random oracles (Fiat–Shamir), and no theorem gives a number for long chains of steps"
                    .to_owned(),
            },
        }
    }

    /// Whether the system has a property.
    pub fn has(self, property: Property) -> bool {
        self.properties().iter().any(|line| line.property == property && line.holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        let written = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        for property in Property::ALL {
            assert_eq!(written(serde_json::to_value(property).unwrap()), property.name());
        }
        for system in ProofSystem::ALL {
            assert_eq!(written(serde_json::to_value(system).unwrap()), system.name());
        }
    }

    /// Pollard's rho with the six automorphisms of these curves (Duursma, Gaudry, Morain 1999), and birthdays of hashes.
    #[test]
    fn the_bits_of_nova_are_those_of_its_weakest_part() {
        // √(π/12 · 2^254) has as many bits as √(2^-2 · 2^254), as π/12 lies between 2^-2 and 2^-1.
        assert!((0.25..0.5).contains(&(std::f64::consts::PI / 12.0)));
        let (curve, hashes, challenges) = ((254 - 2) / 2, 250 / 2, 128);
        assert_eq!(ProofSystem::NovaPastaIpa.strength().conjectured_bits, curve.min(hashes).min(challenges));
    }
}
