//! Which files did the holder of a key sign as a model?
//!
//! OpenSSF Model Signing, version 1.0, by a bare key: a Sigstore bundle around a DSSE envelope around an in-toto
//! Statement v1. Its predicate lists files, each by SHA-256; its one subject is SHA-256 of those digests in their order.
//! [`ModelSignature::read`] takes a bundle apart, and refuses what says something else than that. [`ModelKey`] is a
//! public key from outside of it: what a bundle says about its own key is a hint and is not looked at.
//!
//! It does not establish who holds the key, when it was signed, or that a file is the model behind a commitment.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use der::Document;
use p256::{
    ecdsa::{Signature, VerifyingKey, signature::Verifier as _},
    pkcs8::DecodePublicKey as _,
};
use serde::{Deserialize, de::IgnoredAny};
use verifold_model::{
    digest::Digest,
    json::from_json,
    limits::{Exceeded, Limit, Limits},
};

use crate::dsse::{PAYLOAD_TYPE, pae};

/// The bundle that `model_signing` writes.
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// in-toto's Statement v1.
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// What the statement says, as `model_signing` names it.
const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";

/// Why a bundle or a key says nothing here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelSignatureError {
    /// Too many bytes.
    #[error(transparent)]
    TooLarge(#[from] Exceeded),
    /// Not the structure of a bundle, an envelope or a statement.
    #[error("not a model signature: {0}")]
    Malformed(String),
    /// Signed under a certificate or an identity, not under a bare key.
    #[error("the model is signed under a certificate or an identity; this program checks bare keys (`model_signing sign key`)")]
    NotByKey,
    /// A bundle, statement or predicate of a kind that is not read.
    #[error("the {what} is {found}, this program reads {read}")]
    OtherKind {
        /// What is of another kind.
        what: &'static str,
        /// What was found, cut short.
        found: String,
        /// What is read.
        read: &'static str,
    },
    /// The digest that stands for all files is not that of the files listed.
    #[error("the files listed have the digest {computed}, the statement is about {stated}")]
    RootDiffers {
        /// In the statement.
        stated: Digest,
        /// Of the files.
        computed: Digest,
    },
    /// Not a public key.
    #[error("not a public key in PEM: {0}")]
    KeyMalformed(String),
    /// A public key of another kind.
    #[error("the public key is not one on the curve P-256, the only kind this program checks model signatures under")]
    OtherKey,
}

/// The key a model was signed with, as its holder hands it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelKey {
    /// SHA-256 of the key in DER (SubjectPublicKeyInfo): what an engagement pins.
    pub fingerprint: Digest,
    key: VerifyingKey,
}

impl ModelKey {
    /// Reads a public key (PEM, `PUBLIC KEY`; RFC 5480, § 2).
    ///
    /// # Errors
    /// If it is none, or not one on P-256.
    pub fn read(pem: &[u8]) -> Result<Self, ModelSignatureError> {
        check_size(pem, Limit::ModelKeyBytes)?;
        let text = std::str::from_utf8(pem).map_err(|_| ModelSignatureError::KeyMalformed("it is not text".to_owned()))?;
        let (label, document) = Document::from_pem(text).map_err(|error| ModelSignatureError::KeyMalformed(error.to_string()))?;
        if label != "PUBLIC KEY" {
            return Err(ModelSignatureError::KeyMalformed(format!("it holds a {}", label.escape_debug())));
        }
        let key = VerifyingKey::from_public_key_der(document.as_bytes()).map_err(|_| ModelSignatureError::OtherKey)?;
        Ok(Self { fingerprint: Digest::of(document.as_bytes()), key })
    }
}

/// A file as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedFile {
    /// Its path inside the model, `.` where the model is one file; not fit for printing as it stands.
    pub name: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// A model signature as received. It has not been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSignature {
    /// What its signer called the model; not fit for printing as it stands.
    pub name: String,
    /// Files in their order.
    pub files: Vec<SignedFile>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl ModelSignature {
    /// Reads a bundle (`model.sig`).
    ///
    /// # Errors
    /// If it is none, is of a kind that is not read, or contradicts itself.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelSignatureError> {
        check_size(bytes, Limit::ModelSignatureBytes)?;
        let bundle: BundleFile = json("the bundle", bytes)?;
        of_kind("bundle", &bundle.media_type, MEDIA_TYPE)?;
        if bundle.verification_material.public_key.is_none() {
            return Err(ModelSignatureError::NotByKey);
        }
        let envelope = bundle.dsse_envelope;
        of_kind("payload", &envelope.payload_type, PAYLOAD_TYPE)?;
        let [signature] = &envelope.signatures[..] else {
            return Err(ModelSignatureError::Malformed(format!("{} signatures, a bundle has one", envelope.signatures.len())));
        };
        let base64 = |what: &str, text: &str| {
            BASE64.decode(text).map_err(|error| ModelSignatureError::Malformed(format!("the {what} is not base64: {error}")))
        };
        let (payload, signature) = (base64("payload", &envelope.payload)?, base64("signature", &signature.sig)?);
        let Kind { kind, predicate_type } = json("the statement", &payload)?;
        of_kind("statement", &kind, STATEMENT_TYPE)?;
        of_kind("predicate", &predicate_type, PREDICATE_TYPE)?;
        let statement: StatementFile = json("the statement", &payload)?;
        let [subject] = statement.subject;
        let files = files(statement.predicate)?;
        let computed = Digest::of(&files.iter().flat_map(|file| *file.digest.as_bytes()).collect::<Vec<u8>>());
        let stated = subject.digest.sha256;
        if computed != stated {
            return Err(ModelSignatureError::RootDiffers { stated, computed });
        }
        Ok(Self { name: subject.name, files, signed: pae(PAYLOAD_TYPE, &payload), signature })
    }

    /// Whether the holder of `key` signed it: ECDSA over P-256 with SHA-256 (FIPS 186-5, § 6.4), in DER.
    pub fn is_signed_by(&self, key: &ModelKey) -> bool {
        Signature::from_der(&self.signature).is_ok_and(|signature| key.key.verify(&self.signed, &signature).is_ok())
    }

    /// The signed file with this digest, if there is one.
    pub fn file(&self, digest: Digest) -> Option<&SignedFile> {
        self.files.iter().find(|file| file.digest == digest)
    }
}

fn check_size(bytes: &[u8], limit: Limit) -> Result<(), ModelSignatureError> {
    Ok(Limits::default().check(limit, bytes.len() as u64, "")?)
}

fn json<'a, T: Deserialize<'a>>(what: &str, bytes: &'a [u8]) -> Result<T, ModelSignatureError> {
    from_json(bytes).map_err(|error| ModelSignatureError::Malformed(format!("{what}: {error}")))
}

fn of_kind(what: &'static str, found: &str, read: &'static str) -> Result<(), ModelSignatureError> {
    if found == read {
        return Ok(());
    }
    Err(ModelSignatureError::OtherKind { what, found: found.escape_debug().take(60).collect(), read })
}

/// The files a predicate lists, each with its own digest.
fn files(predicate: PredicateFile) -> Result<Vec<SignedFile>, ModelSignatureError> {
    of_kind("way files are put together", &predicate.serialization.method, "files")?;
    of_kind("hash function", &predicate.serialization.hash_type, "sha256")?;
    let mut names = BTreeSet::new();
    let mut files = Vec::new();
    for ResourceFile { name, algorithm, digest } in predicate.resources {
        of_kind("hash function", &algorithm, "sha256")?;
        if !names.insert(name.clone()) {
            let name: String = name.escape_debug().take(60).collect();
            return Err(ModelSignatureError::Malformed(format!("the file {name} is listed twice")));
        }
        files.push(SignedFile { name, digest });
    }
    if files.is_empty() {
        return Err(ModelSignatureError::Malformed("no file is listed".to_owned()));
    }
    Ok(files)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BundleFile {
    media_type: String,
    verification_material: MaterialFile,
    dsse_envelope: EnvelopeFile,
}

/// Only what it is decides; none of it is believed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MaterialFile {
    public_key: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EnvelopeFile {
    payload: String,
    payload_type: String,
    signatures: Vec<SignatureFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureFile {
    sig: String,
    #[serde(rename = "keyid")]
    _keyid: Option<IgnoredAny>,
}

/// What a statement says it is, before anything else of it is read.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementFile {
    #[serde(rename = "_type")]
    _kind: IgnoredAny,
    #[serde(rename = "predicateType")]
    _predicate_type: IgnoredAny,
    subject: [SubjectFile; 1],
    predicate: PredicateFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectFile {
    name: String,
    digest: RootFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RootFile {
    sha256: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PredicateFile {
    serialization: SerializationFile,
    resources: Vec<ResourceFile>,
}

/// How the tool went through the model; its other choices say which files it left out.
#[derive(Deserialize)]
struct SerializationFile {
    method: String,
    hash_type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceFile {
    name: String,
    algorithm: String,
    digest: Digest,
}
