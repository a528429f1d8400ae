//! Who signs: public keys with one spelling, their fingerprints, and what a signer is trusted to say.
//!
//! Keys are plain bytes here; whether they are points of the curve is for those who use them.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What stands in front of the digits of a public key.
const PREFIX: &str = "ed25519:";

/// An Ed25519 public key (RFC 8032), written `ed25519:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct PublicKey([u8; 32]);

/// Why a text is not a [`PublicKey`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a public key such as ed25519: followed by 64 lower-case hexadecimal digits, found {found:?}")]
pub struct PublicKeyError {
    /// What stood there, cut to 80 characters.
    pub found: String,
}

impl PublicKey {
    /// Wraps the 32 bytes of the key.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What people compare over another channel.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.0).into())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        let refuse = || PublicKeyError { found: text.chars().take(80).collect() };
        let digits = text.strip_prefix(PREFIX).ok_or_else(refuse)?;
        if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(refuse());
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| refuse())?;
        Ok(Self(bytes))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// SHA-256 of the 32 bytes of a public key; read as sixteen groups of four hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The 64 digits without spaces: the `keyid` of signatures made here.
    pub fn key_id(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups: Vec<String> = self.0.chunks(2).map(hex::encode).collect();
        f.write_str(&groups.join(" "))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// What a signer is trusted to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignerRole {
    /// That a package is the one it handed over.
    Provider,
    /// What an audit expected and found.
    Auditor,
    /// When something was there.
    Timestamper,
}

impl SignerRole {
    /// As read on screen, and as written in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Auditor => "auditor",
            Self::Timestamper => "timestamper",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_spelling_and_its_fingerprint_is_grouped() {
        let key = PublicKey::from_bytes([0xAB; 32]);
        assert_eq!(key.to_string().parse(), Ok(key));
        for off in [key.to_string().to_uppercase(), hex::encode([0xAB; 32]), "ed25519:ab".to_owned(), format!("{key}00")] {
            assert!(off.parse::<PublicKey>().is_err(), "{off}");
        }
        let fingerprint = key.fingerprint();
        assert_eq!(fingerprint.to_string().split(' ').count(), 16);
        assert_eq!(fingerprint.to_string().replace(' ', ""), fingerprint.key_id());
    }
}
