//! A text with signatures below it, and times that its receivers vouch for.
//!
//! The form is C2SP's signed note; a signature with a time is a cosignature of C2SP `tlog-cosignature`: "I had this at
//! that time." Names and key hashes of signature lines are hints; only keys decide.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use verifold_model::{digest::Digest, instant::Instant, signer::PublicKey};

use crate::{dsse::signs, key::SecretKey};

/// Most signature lines.
const MAX_SIGNATURES: usize = 16;
/// What stands in front of every signature line.
const DASH: &str = "\u{2014} ";
/// Signature type of a plain Ed25519 signature (C2SP signed-note).
const ED25519: u8 = 0x01;
/// Signature type of a timestamped cosignature (C2SP tlog-cosignature).
const COSIGNATURE: u8 = 0x04;

/// A note as read. Its signatures have not been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    body: String,
    lines: Vec<SignatureLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    key_hash: [u8; 4],
    bytes: Vec<u8>,
}

impl Note {
    /// Reads a note of at most `limit` bytes, or says what is wrong with it.
    pub(crate) fn read(text: &[u8], limit: u64) -> Result<Self, String> {
        if text.len() as u64 > limit {
            return Err(format!("{} bytes, the limit is {limit}", text.len()));
        }
        let utf8 = std::str::from_utf8(text).map_err(|_| "it is not UTF-8")?;
        if utf8.chars().any(|c| c.is_control() && c != '\n') {
            return Err("it holds control characters".to_owned());
        }
        let (body, signatures) = utf8.split_once("\n\n").ok_or("no empty line stands in front of the signatures")?;
        let signatures = signatures.strip_suffix('\n').ok_or("the last line does not end")?;
        let lines: Option<Vec<SignatureLine>> = signatures.split('\n').map(SignatureLine::parse).collect();
        let lines = lines.filter(|lines| lines.len() <= MAX_SIGNATURES);
        let lines = lines.ok_or_else(|| format!("expected 1 to {MAX_SIGNATURES} signature lines: a dash, a name, base64"))?;
        Ok(Self { body: format!("{body}\n"), lines })
    }

    /// What is signed: every line above the empty one.
    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    /// Whether `key` signed it under `name`.
    pub(crate) fn is_signed_by(&self, name: &str, key: PublicKey) -> bool {
        let hash = key_hash(name, ED25519, key);
        self.lines
            .iter()
            .filter(|line| line.name == name && line.key_hash == hash)
            .any(|line| <[u8; 64]>::try_from(line.bytes.as_slice()).is_ok_and(|signature| signs(self.body.as_bytes(), &signature, key)))
    }

    /// Earliest time at which the holder of `key` cosigned it, if they did.
    pub(crate) fn cosigned_at(&self, key: PublicKey) -> Option<Instant> {
        let times = self.lines.iter().filter(|line| line.key_hash == key_hash(&line.name, COSIGNATURE, key)).filter_map(|line| {
            let (time, signature) = line.bytes.split_first_chunk::<8>()?;
            let at = Instant::from_unix_secs(u64::from_be_bytes(*time))?;
            let signature = <[u8; 64]>::try_from(signature).ok()?;
            signs(cosigned_message(&self.body, at).as_bytes(), &signature, key).then_some(at)
        });
        times.min()
    }
}

impl SignatureLine {
    fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix(DASH)?.split_once(' ')?;
        let decoded = BASE64.decode(base64).ok()?;
        let (key_hash, bytes) = decoded.split_first_chunk::<4>()?;
        (!name.is_empty() && !name.contains('+')).then(|| Self { name: name.to_owned(), key_hash: *key_hash, bytes: bytes.to_vec() })
    }
}

/// A note with one signature.
pub(crate) fn signed(body: &str, name: &str, key: &SecretKey) -> String {
    format!("{body}\n{}", signature_line(name, key_hash(name, ED25519, key.public_key()), &key.sign(body.as_bytes())))
}

/// The line that cosigns `body` with a time.
pub(crate) fn cosignature(body: &str, name: &str, at: Instant, key: &SecretKey) -> String {
    let mut bytes = at.unix_secs().to_be_bytes().to_vec();
    bytes.extend(key.sign(cosigned_message(body, at).as_bytes()));
    signature_line(name, key_hash(name, COSIGNATURE, key.public_key()), &bytes)
}

fn signature_line(name: &str, hash: [u8; 4], bytes: &[u8]) -> String {
    format!("{DASH}{name} {}\n", BASE64.encode([hash.as_slice(), bytes].concat()))
}

/// What a cosignature is made over.
fn cosigned_message(body: &str, at: Instant) -> String {
    format!("cosignature/v1\ntime {}\n{body}", at.unix_secs())
}

/// First four bytes of SHA-256 over name, newline, signature type and key: a hint at the key.
fn key_hash(name: &str, kind: u8, key: PublicKey) -> [u8; 4] {
    let digest = Digest::of(&[name.as_bytes(), b"\n", &[kind], key.as_bytes().as_slice()].concat());
    let [a, b, c, d, ..] = *digest.as_bytes();
    [a, b, c, d]
}
