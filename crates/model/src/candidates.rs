//! Which proof systems does a choice have to be made among?
//!
//! A table for drafting traceability specifications, with the systems by which machine learning has been proven in
//! practice. It is our own assessment as of November 2026, not a quotation and not a recommendation; what this program
//! does not run it cannot check either. Sources stand in `docs/proof-systems.md`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::proof_system::{ProofSystem, Property, Strength};

/// Whether a candidate has a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// It has it.
    Yes,
    /// In part.
    Part,
    /// It has it not.
    No,
}

impl Holds {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Part => "part",
            Self::No => "no",
        }
    }
}

/// A proof system to choose among.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateSystem {
    /// Short name; of a system this program runs, the one written in packages.
    pub name: &'static str,
    /// Name with its ingredients.
    pub title: &'static str,
    /// The system, if this program runs it.
    pub runs_here: Option<ProofSystem>,
    /// The properties in the order of [`Property::ALL`], each with its reason.
    pub scores: Vec<(Property, Holds, String)>,
    /// How hard it is to prove a falsehood.
    pub strength: Strength,
}

/// What a row of the table says: whether, and why.
type Row = (Holds, &'static str);

fn assessed(name: &'static str, title: &'static str, rows: [Row; 6], bits: (u32, Option<u32>), basis: &str) -> CandidateSystem {
    CandidateSystem {
        name,
        title,
        runs_here: None,
        scores: Property::ALL.into_iter().zip(rows).map(|(property, (holds, reason))| (property, holds, reason.to_owned())).collect(),
        strength: Strength { conjectured_bits: bits.0, proven_bits: bits.1, basis: basis.to_owned() },
    }
}

fn running(system: ProofSystem) -> CandidateSystem {
    let holds = |yes| if yes { Holds::Yes } else { Holds::No };
    CandidateSystem {
        name: system.name(),
        title: system.title(),
        runs_here: Some(system),
        scores: system.properties().into_iter().map(|line| (line.property, holds(line.holds), line.reason)).collect(),
        strength: system.strength(),
    }
}

/// The candidates, those this program runs first.
pub fn candidates() -> Vec<CandidateSystem> {
    use Holds::{No, Part, Yes};
    const FIAT_SHAMIR: Row = (Yes, "One message, by Fiat–Shamir");
    const PAIRING: &str =
        "Discrete logarithms and pairings on BN254, about 100 bits since the number field sieve got better at such fields";
    vec![
        running(ProofSystem::NovaPastaIpa),
        assessed(
            "plonky3-stark",
            "zk-STARK, Plonky3 over Goldilocks with hiding FRI",
            [
                FIAT_SHAMIR,
                (Yes, "Hashes alone, nothing to set up"),
                (Part, "Algebraic intermediate representation, laid out by hand"),
                (Yes, "Polylogarithmic: some 300 kB, checked in milliseconds"),
                (Yes, "Rests on hashes; no attack by quantum computers is known beyond Grover's"),
                (Yes, "Hiding commitments, if configured"),
            ],
            (128, Some(128)),
            "At 80 queries, 20 bits of grinding and a cubic extension, as the library computes it, in the random-oracle model",
        ),
        assessed(
            "groth16-bn254",
            "Groth16 over BN254",
            [
                (Yes, "One message"),
                (No, "A ceremony for every circuit; whoever keeps its secret forges proofs"),
                (Yes, "R1CS"),
                (Yes, "About 200 bytes, checked with a few pairings"),
                (No, "Rests on pairings"),
                (Yes, "Perfect"),
            ],
            (100, None),
            PAIRING,
        ),
        assessed(
            "halo2-ipa",
            "Halo 2 over Pasta, inner-product commitments",
            [
                FIAT_SHAMIR,
                (Yes, "Generators are hashed to the curve, no ceremony"),
                (Yes, "Plonkish tables"),
                (Part, "A few kilobytes, and checking grows with the circuit"),
                (No, "Rests on discrete logarithms"),
                (Yes, "Blinded columns"),
            ],
            (126, None),
            "Discrete logarithms on Pallas and Vesta; hashes are taken for random oracles",
        ),
        assessed(
            "ezkl",
            "ezkl: Halo 2 over BN254, KZG commitments",
            [
                FIAT_SHAMIR,
                (No, "A universal ceremony; a reference string made alone forges proofs"),
                (Yes, "ONNX, compiled to Plonkish tables"),
                (Yes, "Tens to hundreds of kilobytes, one for each inference or batch"),
                (No, "Rests on pairings"),
                (Yes, "Blinded columns; outputs are public unless hashed"),
            ],
            (100, None),
            PAIRING,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_candidate_is_scored_on_every_property_with_a_reason() {
        let all = candidates();
        for (i, candidate) in all.iter().enumerate() {
            assert_eq!(candidate.scores.iter().map(|(property, ..)| *property).collect::<Vec<_>>(), Property::ALL, "{}", candidate.name);
            assert!(candidate.scores.iter().all(|(.., reason)| !reason.is_empty()), "{}", candidate.name);
            assert!(!candidate.strength.basis.is_empty(), "{}", candidate.name);
            assert!(
                candidate.strength.proven_bits.is_none_or(|proven| proven <= candidate.strength.conjectured_bits),
                "{}",
                candidate.name
            );
            assert!(all[..i].iter().all(|earlier| earlier.name != candidate.name), "{}", candidate.name);
        }
    }

    #[test]
    fn the_systems_this_program_runs_are_scored_as_it_scores_them() {
        for candidate in candidates() {
            let Some(system) = candidate.runs_here else { continue };
            assert_eq!((candidate.name, candidate.strength), (system.name(), system.strength()));
            for (property, holds, _) in candidate.scores {
                assert_eq!(holds == Holds::Yes, system.has(property), "{}", property.title());
            }
        }
    }
}
