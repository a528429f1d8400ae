//! Keys derived here from circuit code, never read from anywhere.
//!
//! Commitment generators come from hashing a label to the curve, so there is no trusted setup and two
//! machines derive the same key. [`pinned_digest`] holds the digests that samples and tests rely on; a
//! change of circuit shows there, in review.

use nova_snark::{
    nova::{CompressedSNARK, ProverKey, PublicParams, VerifierKey as NovaVerifierKey},
    provider::{PallasEngine, VestaEngine, ipa_pc::EvaluationEngine},
    spartan::snark::RelaxedR1CSSNARK,
    traits::snark::RelaxedR1CSSNARKTrait,
};
use verifold_model::{
    digest::Commitment,
    shape::{CircuitId, Shape},
};

use crate::{families::AnyStep, field::to_commitment, pinned::PINNED, proof::ProofLayout};

pub(crate) type E1 = PallasEngine;
pub(crate) type E2 = VestaEngine;
pub(crate) type S1 = RelaxedR1CSSNARK<E1, EvaluationEngine<E1>>;
pub(crate) type S2 = RelaxedR1CSSNARK<E2, EvaluationEngine<E2>>;
pub(crate) type Proof = CompressedSNARK<E1, E2, AnyStep, S1, S2>;

/// Why keys could not be derived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not one chunk of rows fits into a step of this shape.
    #[error("shape {0} leaves no room for rows")]
    NoRoom(Shape),
    /// nova-snark refused the circuit.
    #[error("nova-snark could not derive parameters for {circuit}: {reason}")]
    Setup {
        /// The circuit.
        circuit: CircuitId,
        /// What nova-snark says.
        reason: String,
    },
    /// The derived parameters are not the pinned ones: this build's circuit is not the reviewed one.
    #[error("parameters of {circuit} have digest {derived}, pinned is {pinned}")]
    NotPinned {
        /// The circuit.
        circuit: CircuitId,
        /// Digest pinned in code.
        pinned: Commitment,
        /// Digest derived.
        derived: Commitment,
    },
}

/// What a verifier needs for one circuit.
pub struct VerifierKey {
    pub(crate) circuit: CircuitId,
    pub(crate) digest: Commitment,
    pub(crate) layout: ProofLayout,
    pub(crate) key: NovaVerifierKey<E1, E2, AnyStep, S1, S2>,
}

impl VerifierKey {
    /// Derives the key of a circuit and compares it with the pinned digest, if there is one.
    ///
    /// Takes seconds of CPU time, in parallel (about 8 s at a padded size of 2^16).
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn derive(circuit: CircuitId) -> Result<Self, KeyError> {
        Keys::derive(circuit).map(|keys| keys.verifier)
    }

    /// The circuit the key is for.
    pub fn circuit(&self) -> CircuitId {
        self.circuit
    }

    /// Digest of the public parameters: generators and constraints.
    pub fn digest(&self) -> Commitment {
        self.digest
    }

    /// Exact length of every proof under this key, in bytes.
    pub fn proof_bytes(&self) -> usize {
        self.layout.bytes()
    }
}

/// What a prover needs for one circuit.
pub struct Keys {
    pub(crate) parameters: PublicParams<E1, E2, AnyStep>,
    pub(crate) prover: ProverKey<E1, E2, AnyStep, S1, S2>,
    verifier: VerifierKey,
}

impl Keys {
    /// Derives all keys of a circuit, as [`VerifierKey::derive`].
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn derive(circuit: CircuitId) -> Result<Self, KeyError> {
        let keys = Self::derive_unpinned(circuit)?;
        let derived = keys.verifier.digest;
        match pinned_digest(circuit) {
            Some(pinned) if pinned != derived => Err(KeyError::NotPinned { circuit, pinned, derived }),
            _ => Ok(keys),
        }
    }

    /// Derives all keys without looking at the pinned digests: how new digests are obtained.
    ///
    /// # Errors
    /// [`KeyError`], but never [`KeyError::NotPinned`].
    pub fn derive_unpinned(circuit: CircuitId) -> Result<Self, KeyError> {
        Self::of(circuit, &AnyStep::blank(circuit).ok_or(KeyError::NoRoom(circuit.shape))?)
    }

    /// Keys of the circuit that `blank` synthesises.
    pub(crate) fn of(circuit: CircuitId, blank: &AnyStep) -> Result<Self, KeyError> {
        let refused = |error: nova_snark::errors::NovaError| KeyError::Setup { circuit, reason: error.to_string() };
        let parameters = PublicParams::setup(blank, &*S1::ck_floor(), &*S2::ck_floor()).map_err(refused)?;
        let (prover, key) = Proof::setup(&parameters).map_err(refused)?;
        let layout = ProofLayout::new(parameters.num_constraints(), parameters.num_variables());
        let verifier = VerifierKey { circuit, digest: to_commitment(parameters.digest()), layout, key };
        Ok(Self { parameters, prover, verifier })
    }

    /// Digest of the public parameters.
    pub fn digest(&self) -> Commitment {
        self.verifier.digest
    }

    /// The verifier's part.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Keeps the verifier's part alone.
    pub fn into_verifier(self) -> VerifierKey {
        self.verifier
    }

    /// Constraints of a step and of nova-snark's secondary circuit, as synthesised.
    pub fn constraints(&self) -> (usize, usize) {
        self.parameters.num_constraints()
    }

    /// Variables of a step and of nova-snark's secondary circuit, as synthesised.
    pub fn variables(&self) -> (usize, usize) {
        self.parameters.num_variables()
    }
}

/// The digest of a circuit's parameters as reviewed, for the circuits that samples and tests use.
pub fn pinned_digest(circuit: CircuitId) -> Option<Commitment> {
    PINNED.iter().find(|(name, _)| *name == circuit.to_string()).and_then(|(_, digest)| digest.parse().ok())
}

/// The circuits that [`pinned_digest`] knows.
pub fn pinned_circuits() -> impl Iterator<Item = CircuitId> {
    PINNED.iter().filter_map(|(name, _)| name.parse().ok())
}
