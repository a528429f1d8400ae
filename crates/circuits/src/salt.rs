//! Salts: what keeps commitments to guessable content from being guessed.

use std::fmt;

use ff::PrimeField;
use verifold_model::digest::{Commitment, Digest};
use zeroize::Zeroizing;

use crate::{
    field::{F, NotCanonical, to_commitment, to_element, truncated},
    tags,
};

/// One uniform element of the Pallas scalar field, wiped when dropped.
///
/// Fresh for every stream, table and model; it belongs in the secrets beside a package, except that
/// the salt of a table commitment is disclosed with the table.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt(Zeroizing<[u8; 32]>);

/// The operating system gave no randomness.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the operating system's random source failed: {0}")]
pub struct RandomnessError(getrandom::Error);

impl Salt {
    /// Draws a salt from the operating system.
    ///
    /// # Errors
    /// [`RandomnessError`] if the operating system refuses.
    pub fn random() -> Result<Self, RandomnessError> {
        let mut bytes = Zeroizing::new([0; 32]);
        loop {
            getrandom::fill(bytes.as_mut()).map_err(RandomnessError)?;
            // 255 bits hold the modulus; about half of the draws lie below it. Reducing instead would favour small elements.
            bytes[31] &= 0x7f;
            if bool::from(F::from_repr((*bytes).into()).is_some()) {
                let mut big_endian = bytes.clone();
                big_endian.reverse();
                return Ok(Self(big_endian));
            }
        }
    }

    /// Reads a salt back from 32 big-endian bytes.
    ///
    /// # Errors
    /// [`NotCanonical`] if they reach the modulus.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, NotCanonical> {
        to_element(Commitment::from_bytes(bytes))?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The salt of one thing out of many that come from this seed; whoever lacks the seed can guess none of them.
    #[must_use]
    pub fn derive(&self, what: &str) -> Self {
        let mut bytes = Zeroizing::new(tags::DERIVED_SALT.as_bytes().to_vec());
        bytes.extend_from_slice(&*self.0);
        bytes.extend_from_slice(what.as_bytes());
        Self::of_digest(Digest::of(&bytes))
    }

    /// The lower 250 bits of a digest of something secret, as a salt.
    pub(crate) fn of_digest(secret: Digest) -> Self {
        Self(Zeroizing::new(*to_commitment(truncated(secret)).as_bytes()))
    }

    /// The 32 big-endian bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The salt as printed beside an opened table.
    pub fn disclosed(&self) -> Commitment {
        Commitment::from_bytes(*self.0)
    }

    pub(crate) fn element(&self) -> F {
        // Canonical by construction.
        to_element(Commitment::from_bytes(*self.0)).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn of(value: u64) -> Self {
        Self(Zeroizing::new(*to_commitment(F::from(value)).as_bytes()))
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}
