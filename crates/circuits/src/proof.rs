//! Verifying proof bytes that somebody else wrote.
//!
//! In order: exact length, every length prefix where the circuit puts it, bounded decoding that uses all
//! bytes, re-encoding to the same bytes, and only then the proof check. nova-snark 0.76.0 panics on
//! emptied or shortened vectors; the prefixes are compared before it sees any, and an unwind is caught
//! as a last resort and reported as such.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bincode::{config, error::EncodeError, serde::encode_to_vec};
use verifold_model::{digest::Commitment, limits::Limit};

use crate::{
    families::PublicState,
    field::{F, NotCanonical},
    keys::{Proof, VerifierKey},
    native::ARITY,
};

/// Most bytes a decoder may allocate for one proof; the largest shape's proofs have about 12 kB.
const DECODE_LIMIT: usize = Limit::ProofBytes.most() as usize;

/// Why bytes do not prove what they should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The proof has another length than every proof of the circuit.
    #[error("the proof has {found} bytes, proofs of this circuit have {expected}")]
    Length {
        /// Bytes of every proof of the circuit.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// A vector inside the proof has another length than the circuit gives it.
    #[error("{part} at byte {offset} has length {found}, expected {expected}")]
    Structure {
        /// Which part of the proof.
        part: &'static str,
        /// Where its length stands.
        offset: usize,
        /// Length the circuit gives it.
        expected: u64,
        /// Length found.
        found: u64,
    },
    /// A point or field element is not one.
    #[error("the proof does not decode: {reason}")]
    Decode {
        /// What the decoder says.
        reason: String,
    },
    /// The decoder left bytes over.
    #[error("{unused} bytes follow the proof")]
    TrailingBytes {
        /// Bytes left over.
        unused: usize,
    },
    /// The bytes are not the ones the decoded proof encodes to: a second spelling of the same proof.
    #[error("the proof is not in its canonical encoding from byte {offset} on")]
    NotCanonical {
        /// First byte that differs.
        offset: usize,
    },
    /// The initial state holds something that is not a field element.
    #[error("initial state: {0}")]
    InitialState(NotCanonical),
    /// The number of steps does not fit this machine.
    #[error("{steps} steps are more than this machine can count")]
    Steps {
        /// Steps asked for.
        steps: u64,
    },
    /// The proof does not verify.
    #[error("the proof does not verify: {reason}")]
    Rejected {
        /// What nova-snark says.
        reason: String,
    },
    /// The proof verifies, but its last state has another number of elements than every step circuit has.
    #[error("the proof's final state has {found} elements")]
    FinalState {
        /// Elements found.
        found: usize,
    },
    /// nova-snark panicked; the structure checks above should have made that impossible.
    #[error("the proof check panicked; treat the package as hostile and report this")]
    Panicked,
}

/// A proof whose bytes have been checked and decoded, and nothing more: it may prove nothing at all.
pub struct DecodedProof(Proof);

impl DecodedProof {
    /// Checks the bytes of a proof against the one encoding proofs of this key's circuit have.
    ///
    /// # Errors
    /// [`ProofError`] for the first check that fails.
    pub fn decode(key: &VerifierKey, bytes: &[u8]) -> Result<Self, ProofError> {
        key.layout.check(bytes)?;
        catch_unwind(|| {
            let (proof, used) = bincode::serde::decode_from_slice::<Proof, _>(bytes, config::legacy().with_limit::<DECODE_LIMIT>())
                .map_err(|error| ProofError::Decode { reason: error.to_string() })?;
            if used != bytes.len() {
                return Err(ProofError::TrailingBytes { unused: bytes.len() - used });
            }
            let again = encoded(&proof).map_err(|error| ProofError::Decode { reason: error.to_string() })?;
            if again != bytes {
                let offset = again.iter().zip(bytes).position(|(a, b)| a != b).unwrap_or(again.len().min(bytes.len()));
                return Err(ProofError::NotCanonical { offset });
            }
            Ok(Self(proof))
        })
        .unwrap_or(Err(ProofError::Panicked))
    }

    /// Verifies the proof as one of `steps` steps from `initial`, and returns the state it leads to.
    ///
    /// # Errors
    /// As [`verify_proof`].
    pub fn verify(&self, key: &VerifierKey, initial: impl Into<PublicState>, steps: u64) -> Result<PublicState, ProofError> {
        let z0 = initial.into().elements().map_err(ProofError::InitialState)?;
        let steps = usize::try_from(steps).map_err(|_| ProofError::Steps { steps })?;
        let zn = catch_unwind(AssertUnwindSafe(|| {
            self.0.verify(&key.key, steps, &z0).map_err(|error| ProofError::Rejected { reason: error.to_string() })
        }))
        .unwrap_or(Err(ProofError::Panicked))?;
        // nova-snark gives as many elements as the key's circuit has; were there others, this is not a proof of it.
        <[F; ARITY]>::try_from(zn).map(|zn| PublicState::of(&zn)).map_err(|zn| ProofError::FinalState { found: zn.len() })
    }
}

/// Verifies a proof of `steps` steps from `initial`, and returns the state it leads to.
///
/// The caller compares every element of the returned state with what the statement says; the proof
/// establishes that this state follows from `initial` for some rows, outcomes and model behind the
/// commitments, nothing more.
///
/// # Errors
/// [`ProofError`] for the first check that fails.
pub fn verify_proof(key: &VerifierKey, initial: impl Into<PublicState>, steps: u64, bytes: &[u8]) -> Result<PublicState, ProofError> {
    DecodedProof::decode(key, bytes)?.verify(key, initial, steps)
}

/// The state that proof bytes say they lead to: a claim, good for saying why a proof was refused and for nothing else.
///
/// `None` for bytes that cannot be a proof under this key.
pub fn claimed_final_state(key: &VerifierKey, bytes: &[u8]) -> Option<PublicState> {
    key.layout.check(bytes).ok()?;
    // The last vector of the encoding, each element least significant byte first.
    let (_, last) = bytes.split_at_checked(bytes.len().checked_sub(ARITY * ELEMENT)?)?;
    let mut elements = [Commitment::from_bytes([0; ELEMENT]); ARITY];
    for (element, bytes) in elements.iter_mut().zip(last.chunks_exact(ELEMENT)) {
        let mut bytes: [u8; ELEMENT] = bytes.try_into().ok()?;
        bytes.reverse();
        *element = Commitment::from_bytes(bytes);
    }
    Some(PublicState(elements))
}

/// The canonical bytes of a proof: bincode with fixed-width integers, as nova-snark itself uses.
pub(crate) fn encoded(proof: &Proof) -> Result<Vec<u8>, EncodeError> {
    encode_to_vec(proof, config::legacy())
}

/// Where every length prefix of a circuit's proofs stands, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProofLayout {
    prefixes: Vec<Prefix>,
    bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prefix {
    part: &'static str,
    offset: usize,
    length: u64,
}

/// Bytes of a field element, of a compressed point, and of a length prefix.
const ELEMENT: usize = 32;
const PREFIX: usize = 8;

impl ProofLayout {
    /// The layout of `CompressedSNARK` for circuits of these numbers of constraints and variables (primary, secondary).
    pub(crate) fn new(constraints: (usize, usize), variables: (usize, usize)) -> Self {
        let mut layout = Self { prefixes: Vec::new(), bytes: 0 };
        layout.relaxed_instance("running instance, secondary");
        layout.elements(1);
        layout.instance("last instance, secondary");
        layout.elements(1);
        layout.relaxed_instance("random instance, secondary");
        layout.elements(1);
        layout.relaxed_instance("running instance, primary");
        layout.elements(1);
        layout.relaxed_instance("random instance, primary");
        layout.elements(1);
        layout.elements(4);
        layout.spartan(constraints.0, variables.0);
        layout.spartan(constraints.1, variables.1);
        layout.vector("final state", ARITY);
        layout
    }

    /// Bytes of every proof.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn check(&self, bytes: &[u8]) -> Result<(), ProofError> {
        if bytes.len() != self.bytes {
            return Err(ProofError::Length { expected: self.bytes, found: bytes.len() });
        }
        for Prefix { part, offset, length } in &self.prefixes {
            let found = bytes[*offset..*offset + PREFIX].iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte));
            if found != *length {
                return Err(ProofError::Structure { part, offset: *offset, expected: *length, found });
            }
        }
        Ok(())
    }

    fn prefix(&mut self, part: &'static str, length: usize) {
        self.prefixes.push(Prefix { part, offset: self.bytes, length: length as u64 });
        self.bytes += PREFIX;
    }

    fn elements(&mut self, count: usize) {
        self.bytes += count * ELEMENT;
    }

    fn vector(&mut self, part: &'static str, length: usize) {
        self.prefix(part, length);
        self.elements(length);
    }

    /// Commitment to W, commitment to E, two public values, u.
    fn relaxed_instance(&mut self, part: &'static str) {
        self.elements(2);
        self.vector(part, 2);
        self.elements(1);
    }

    /// Commitment to W, two public values.
    fn instance(&mut self, part: &'static str) {
        self.elements(1);
        self.vector(part, 2);
    }

    fn sum_check(&mut self, part: &'static str, rounds: usize, degree: usize) {
        self.prefix(part, rounds);
        for _ in 0..rounds {
            // A round polynomial goes without its linear coefficient.
            self.vector(part, degree);
        }
    }

    /// `RelaxedR1CSSNARK` with an inner-product argument.
    fn spartan(&mut self, constraints: usize, variables: usize) {
        // nova-snark pads constraints and variables to one power of two.
        let size = constraints.max(variables).next_power_of_two().ilog2() as usize;
        self.sum_check("outer sum-check", size, 3);
        self.elements(3 + 1);
        self.sum_check("inner sum-check", size + 1, 2);
        self.elements(1);
        self.sum_check("batch sum-check", size, 2);
        self.vector("batched evaluations", 2);
        self.vector("inner-product argument, left", size);
        self.vector("inner-product argument, right", size);
        self.elements(1);
    }
}
