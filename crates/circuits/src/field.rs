//! How plain values become elements of the Pallas scalar field, and back.

use ff::{Field, PrimeField};
use nova_snark::provider::pasta::pallas;
use verifold_model::digest::{Commitment, Digest};

/// The field all circuits here compute in: the scalar field of Pallas, about 2^254.
pub(crate) type F = pallas::Scalar;

/// Bits of an element that packed words may use; 2^250 lies well below the modulus.
pub(crate) const WORD_BITS: usize = 250;

/// Why a commitment of a package is not a field element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{commitment} is not below the modulus of the Pallas scalar field")]
pub struct NotCanonical {
    /// The 32 bytes found.
    pub commitment: Commitment,
}

/// The element a commitment stands for.
///
/// # Errors
/// [`NotCanonical`] if its integer reaches the modulus.
pub(crate) fn to_element(commitment: Commitment) -> Result<F, NotCanonical> {
    let mut repr = *commitment.as_bytes();
    repr.reverse();
    Option::from(F::from_repr(repr.into())).ok_or(NotCanonical { commitment })
}

/// The commitment that prints an element.
pub(crate) fn to_commitment(element: F) -> Commitment {
    let mut bytes = little_endian(element);
    bytes.reverse();
    Commitment::from_bytes(bytes)
}

/// The lower 250 bits of a SHA-256 digest, read as a big-endian integer.
pub(crate) fn truncated(digest: Digest) -> F {
    let mut bytes = *digest.as_bytes();
    bytes[0] &= 0b11;
    #[expect(clippy::expect_used, reason = "an integer below 2^250 is below the modulus")]
    to_element(Commitment::from_bytes(bytes)).expect("250 bits are canonical")
}

/// `value` as an element; negative values wrap below the modulus.
pub(crate) fn signed(value: i64) -> F {
    let magnitude = F::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

/// The signed integer an element stands for, if its magnitude is below 2^63.
pub(crate) fn to_signed(element: F) -> Option<i64> {
    let small = |e: F| {
        let bytes = little_endian(e);
        let (low, high) = bytes.split_at(8);
        let low = u64::from_le_bytes(low.try_into().ok()?);
        if high.iter().all(|b| *b == 0) { i64::try_from(low).ok() } else { None }
    };
    small(element).or_else(|| small(-element).map(|n| -n))
}

/// The signed integer an element stands for, if its magnitude is below 2^127.
pub(crate) fn to_wide(element: F) -> Option<i128> {
    let small = |e: F| {
        let bytes = little_endian(e);
        let (low, high) = bytes.split_at(16);
        let low = u128::from_le_bytes(low.try_into().ok()?);
        if high.iter().all(|b| *b == 0) { i128::try_from(low).ok() } else { None }
    };
    small(element).or_else(|| small(-element).map(|n| -n))
}

/// `value` as an element; negative values wrap below the modulus.
pub(crate) fn signed_wide(value: i128) -> F {
    let magnitude = F::from_u128(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

/// The canonical integer of an element, least significant byte first.
pub(crate) fn little_endian(element: F) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(element.to_repr().as_ref());
    bytes
}

/// `2^exponent`, for exponents below 254.
pub(crate) fn power_of_two(exponent: usize) -> F {
    let mut bytes = [0; 32];
    bytes[exponent / 8] = 1 << (exponent % 8);
    Option::from(F::from_repr(bytes.into())).unwrap_or(F::ZERO)
}

/// One or zero.
pub(crate) fn flag(set: bool) -> F {
    if set { F::ONE } else { F::ZERO }
}
