//! Digests and field-element commitments as types that print one way.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Why a digest or commitment could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hexadecimal digits, found {found:?}")]
pub struct DigestError {
    /// What stood there, cut to 80 characters.
    pub found: String,
}

macro_rules! hex32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
        #[schemars(with = "String")]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps 32 bytes in the order described on the type.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// First four and last four digits around an ellipsis, for running text.
            pub fn short(&self) -> String {
                let hex = self.to_string();
                format!("{}…{}", &hex[..4], &hex[60..])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            fn from_str(text: &str) -> Result<Self, DigestError> {
                let refuse = || DigestError { found: text.chars().take(80).collect() };
                // One spelling per value: upper-case digits would make two texts of one digest.
                if text.len() != 64 || text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err(refuse());
                }
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| refuse())?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

hex32! {
    /// A SHA-256 digest, printed as 64 lower-case hexadecimal digits.
    Digest
}

hex32! {
    /// An element of the Pallas scalar field, as 32 big-endian bytes of its canonical integer.
    ///
    /// Whether the integer is below the modulus is for `circuits` to check when it becomes a
    /// field element; here it is only text of the right form.
    Commitment
}

impl Digest {
    /// The SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The SHA-256 of a value's canonical JSON (RFC 8785).
    ///
    /// # Panics
    /// If the value holds a map with non-string keys or a non-finite number; no type here does.
    pub fn of_canonical<T: Serialize>(value: &T) -> Self {
        Self::of(&canonical_json(value))
    }
}

/// Canonical JSON (RFC 8785) of a value: the bytes that digests are taken over.
///
/// # Panics
/// As [`Digest::of_canonical`].
pub fn canonical_json<T: Serialize>(value: &T) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "our types have string keys and finite numbers only")]
    serde_json_canonicalizer::to_vec(value).expect("a plain data type has canonical JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_spelling() {
        let digest = Digest::of(b"verifold");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!(digest.to_string().to_uppercase().parse::<Digest>().is_err());
        assert!("00".parse::<Digest>().is_err());
    }
}
