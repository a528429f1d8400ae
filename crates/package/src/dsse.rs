//! What is signed, and is a signature the right one?
//!
//! A signature is a DSSE envelope (Dead Simple Signing Envelope 1.0.2) around an in-toto Statement v1
//! whose one subject is the manifest of the package. What is signed is [`pae`]: payload type and the
//! exact payload bytes, never a spelling of them. [`Envelope::read`] accepts one spelling of an
//! envelope, within limits; [`Envelope::is_signed_by`] checks Ed25519 signatures (RFC 8032) strictly.
//!
//! It does not establish who holds a key, nor when a signature was made: the time in a statement is
//! its signer's own word, and `keyid` is a hint that decides nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ed25519_dalek::{Signature, VerifyingKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use verifold_model::{
    digest::{Digest, canonical_json},
    instant::Instant,
    limits::{Limit, Limits},
    signer::PublicKey,
};

use crate::{claimed::read_canonical, container::MANIFEST, error::PackageError, plain_text};

/// The payload type of every in-toto statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Names what a statement made here says of its subject; `docs/formats/package-signature-v1.md` describes it.
pub const PREDICATE_TYPE: &str = "urn:verifold:package-signature:v1";

/// Most bytes of a key identifier: the hint of the longest known tool has 64 digits.
const MAX_KEY_ID_BYTES: usize = 128;

/// A DSSE envelope as it lies in a package: canonical JSON, standard base64 with padding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EnvelopeFile {
    /// Base64 of the statement's bytes.
    pub payload: String,
    /// [`PAYLOAD_TYPE`].
    pub payload_type: String,
    /// At least one.
    pub signatures: Vec<SignatureFile>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureFile {
    /// A hint at the key, believed by nobody.
    pub keyid: String,
    /// Base64 of the 64 bytes of the signature.
    pub sig: String,
}

/// What is signed: an in-toto Statement v1 about the manifest of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Package signature")]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Always in-toto's Statement v1.
    #[serde(rename = "_type")]
    pub kind: StatementType,
    /// The manifest, and nothing else.
    pub subject: [StatementSubject; 1],
    /// [`PREDICATE_TYPE`].
    #[serde(rename = "predicateType")]
    pub predicate_type: PredicateType,
    /// What the signer says.
    pub predicate: Predicate,
}

/// Version of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StatementType {
    /// in-toto Statement v1.
    #[serde(rename = "https://in-toto.io/Statement/v1")]
    V1,
}

/// Version of the predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PredicateType {
    /// First version.
    #[serde(rename = "urn:verifold:package-signature:v1")]
    V1,
}

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementSubject {
    /// Path of the manifest.
    pub name: String,
    /// Its digest.
    pub digest: StatementDigest,
}

/// The digests of a subject: one, so that there is nothing to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementDigest {
    /// SHA-256 of the manifest's bytes.
    pub sha256: Digest,
}

/// What the signer says: "I hand over the package with this manifest."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Predicate {
    /// When it was signed, in the signer's own word.
    pub signed_at: Instant,
    /// Who signed, in the signer's own word.
    pub signer: StatedSigner,
}

/// Who signs, in their own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedSigner {
    /// Name.
    pub name: String,
    /// Public key: lets a reader who does not know the signer check that the signature is whole.
    pub public_key: PublicKey,
}

impl Statement {
    /// The statement of `signer`, at `signed_at`, about the manifest with digest `manifest`.
    pub fn new(manifest: Digest, signer: StatedSigner, signed_at: Instant) -> Self {
        Self {
            kind: StatementType::V1,
            subject: [StatementSubject { name: MANIFEST.to_owned(), digest: StatementDigest { sha256: manifest } }],
            predicate_type: PredicateType::V1,
            predicate: Predicate { signed_at, signer },
        }
    }

    /// The bytes to sign over, canonical JSON.
    pub fn payload(&self) -> Vec<u8> {
        canonical_json(self)
    }

    /// Digest of the manifest it is about.
    pub const fn manifest(&self) -> Digest {
        self.subject[0].digest.sha256
    }
}

/// An envelope read from a package. Its signatures have not been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Path of its entry.
    pub path: String,
    /// What it states, claimed.
    pub statement: Statement,
    /// Signatures in their order.
    pub signatures: Vec<ClaimedSignature>,
    /// The bytes that were signed.
    signed: Vec<u8>,
}

/// A signature with the hint that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedSignature {
    /// The hint, printable; may be empty.
    pub key_id: String,
    /// R and S of RFC 8032.
    pub bytes: [u8; 64],
}

/// DSSE's pre-authentication encoding: what a signature is made over.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    bytes
}

impl Envelope {
    /// Reads the envelope at `path` in a package.
    ///
    /// # Errors
    /// If it is not the one spelling of an envelope of this kind, or exceeds a limit.
    pub fn read(path: &str, bytes: &[u8], limits: &Limits) -> Result<Self, PackageError> {
        let Opened { payload, signatures } = open(path, bytes, limits)?;
        let statement: Statement = read_statement(path, &payload)?;
        let [subject] = &statement.subject;
        if subject.name != MANIFEST {
            let found: String = subject.name.escape_debug().take(60).collect();
            return Err(refuse(path, format!("expected a statement about {MANIFEST}, found one about {found}")));
        }
        plain_text::check_name(path, "predicate.signer.name", &statement.predicate.signer.name)?;
        Ok(Self { path: path.to_owned(), statement, signatures, signed: pae(PAYLOAD_TYPE, &payload) })
    }

    /// Whether `signature` was made with `key` over this envelope's type and payload.
    ///
    /// Strict: S below the group order, and neither R nor the key of small order, so that a signature has one form
    /// and speaks for one message under one key. Bytes that are no key of the curve sign nothing.
    pub fn is_signed_by(&self, signature: &ClaimedSignature, key: PublicKey) -> bool {
        signs(&self.signed, &signature.bytes, key)
    }
}

fn refuse(path: &str, problem: String) -> PackageError {
    PackageError::EnvelopeRefused { path: path.to_owned(), problem }
}

/// An envelope taken apart, whatever its statement is about.
pub(crate) struct Opened {
    pub(crate) payload: Vec<u8>,
    pub(crate) signatures: Vec<ClaimedSignature>,
}

/// Takes the one spelling of an envelope apart, or says what is wrong with it.
pub(crate) fn open(path: &str, bytes: &[u8], limits: &Limits) -> Result<Opened, PackageError> {
    let refuse = |problem| refuse(path, problem);
    limits.check(Limit::EnvelopeBytes, bytes.len() as u64, path)?;
    let file: EnvelopeFile = read_canonical(path, bytes)?;
    if file.payload_type != PAYLOAD_TYPE {
        let found: String = file.payload_type.escape_debug().take(60).collect();
        return Err(refuse(format!("expected the payload type {PAYLOAD_TYPE}, found {found}")));
    }
    if file.signatures.is_empty() {
        return Err(refuse("expected at least one signature".to_owned()));
    }
    limits.check(Limit::Signatures, file.signatures.len() as u64, path)?;
    let payload = BASE64.decode(&file.payload).map_err(|error| refuse(format!("the payload is not canonical base64: {error}")))?;
    let signatures = file.signatures.iter().enumerate().map(|(i, signature)| {
        if signature.keyid.len() > MAX_KEY_ID_BYTES {
            return Err(refuse(format!("the keyid has {} bytes, the limit is {MAX_KEY_ID_BYTES}", signature.keyid.len())));
        }
        plain_text::check_name(path, &format!("signatures[{i}].keyid"), &signature.keyid)?;
        let bytes = BASE64.decode(&signature.sig).map_err(|error| refuse(format!("signature {i} is not canonical base64: {error}")))?;
        let found = bytes.len();
        let bytes = bytes.try_into().map_err(|_| refuse(format!("an Ed25519 signature has 64 bytes, signature {i} has {found}")))?;
        Ok(ClaimedSignature { key_id: signature.keyid.clone(), bytes })
    });
    Ok(Opened { payload, signatures: signatures.collect::<Result<_, _>>()? })
}

/// The one spelling of a statement inside an envelope.
pub(crate) fn read_statement<T: DeserializeOwned + Serialize>(path: &str, payload: &[u8]) -> Result<T, PackageError> {
    read_canonical(path, payload).map_err(|error| refuse(path, format!("the statement inside: {error}")))
}

/// Whether `signature` was made with `key` over `message`; strict, as [`Envelope::is_signed_by`] says.
pub(crate) fn signs(message: &[u8], signature: &[u8; 64], key: PublicKey) -> bool {
    VerifyingKey::from_bytes(key.as_bytes()).is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

/// The one spelling of an envelope around `payload`.
pub(crate) fn envelope_file(payload: &[u8], signatures: &[(String, [u8; 64])]) -> Vec<u8> {
    canonical_json(&EnvelopeFile {
        payload: BASE64.encode(payload),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: signatures.iter().map(|(key_id, bytes)| SignatureFile { keyid: key_id.clone(), sig: BASE64.encode(bytes) }).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_the_example_of_the_specification() {
        // DSSE 1.0.2, protocol.md, test vectors.
        assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }
}
