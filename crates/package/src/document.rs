//! Who stands behind a policy or an engagement?
//!
//! A document is signed in a file beside it: a DSSE envelope as in a package, around an in-toto Statement v1 whose one
//! subject is the file by its SHA-256. The document itself stays as it is, so whoever signs later signs the same bytes.
//!
//! It does not establish who holds a key, nor when it was signed: the time is the signer's own word.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use verifold_model::{
    digest::{Digest, canonical_json},
    document::DocumentKind,
    instant::Instant,
    limits::Limits,
};

use crate::{
    dsse::{
        ClaimedSignature, Opened, PAYLOAD_TYPE, StatedSigner, StatementDigest, StatementSubject, StatementType, envelope_file, open, pae,
        read_statement, signs,
    },
    error::PackageError,
    key::SecretKey,
    plain_text,
};

/// What the names of such files end with.
pub const EXTENSION: &str = ".dsse.json";

/// What is signed: an in-toto Statement v1 about one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Document signature")]
#[serde(deny_unknown_fields)]
pub struct DocumentStatement {
    /// Always in-toto's Statement v1.
    #[serde(rename = "_type")]
    pub kind: StatementType,
    /// The document: its file's name when it was signed, which decides nothing, and its digest.
    pub subject: [StatementSubject; 1],
    /// Version of the predicate; `docs/formats/document-signature-v1.md` describes it.
    #[serde(rename = "predicateType")]
    pub predicate_type: DocumentPredicateType,
    /// What the signer says.
    pub predicate: DocumentPredicate,
}

/// Version of the predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DocumentPredicateType {
    /// First version.
    #[serde(rename = "urn:verifold:document-signature:v1")]
    V1,
}

/// What the signer says: "I stand behind this document."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentPredicate {
    /// Kind of document: a signature of one kind says nothing about another.
    pub document: DocumentKind,
    /// When it was signed, in the signer's own word.
    pub signed_at: Instant,
    /// Who signed, in the signer's own word.
    pub signer: StatedSigner,
}

impl DocumentStatement {
    /// The statement of `signer`, at `signed_at`, about the document in the file `name` with this digest.
    pub fn new(document: DocumentKind, name: &str, digest: Digest, signer: StatedSigner, signed_at: Instant) -> Self {
        Self {
            kind: StatementType::V1,
            subject: [StatementSubject { name: name.to_owned(), digest: StatementDigest { sha256: digest } }],
            predicate_type: DocumentPredicateType::V1,
            predicate: DocumentPredicate { document, signed_at, signer },
        }
    }

    /// The bytes to sign over, canonical JSON.
    pub fn payload(&self) -> Vec<u8> {
        canonical_json(self)
    }

    /// Digest of the document it is about.
    pub const fn document(&self) -> Digest {
        self.subject[0].digest.sha256
    }
}

/// An envelope around a statement about a document. Its signatures have not been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentEnvelope {
    /// What it states, claimed.
    pub statement: DocumentStatement,
    /// Signatures in their order.
    pub signatures: Vec<ClaimedSignature>,
    /// SHA-256 of the envelope.
    pub digest: Digest,
    signed: Vec<u8>,
}

impl DocumentEnvelope {
    /// Reads the envelope in the file called `name`.
    ///
    /// # Errors
    /// If it is not the one spelling of an envelope of this kind, or exceeds a limit.
    pub fn read(name: &str, bytes: &[u8], limits: &Limits) -> Result<Self, PackageError> {
        let Opened { payload, signatures } = open(name, bytes, limits)?;
        let statement: DocumentStatement = read_statement(name, &payload)?;
        plain_text::check_name(name, "subject.name", &statement.subject[0].name)?;
        plain_text::check_name(name, "predicate.signer.name", &statement.predicate.signer.name)?;
        Ok(Self { statement, signatures, digest: Digest::of(bytes), signed: pae(PAYLOAD_TYPE, &payload) })
    }

    /// Whether the key its statement names made one of its signatures; strict, as for packages.
    pub fn is_whole(&self) -> bool {
        let key = self.statement.predicate.signer.public_key;
        self.signatures.iter().any(|signature| signs(&self.signed, &signature.bytes, key))
    }
}

/// The envelope in which `key` signs a document, and nothing else.
pub fn envelope(document: DocumentKind, name: &str, digest: Digest, key: &SecretKey, signer: &str, at: Instant) -> Vec<u8> {
    let signer = StatedSigner { name: signer.to_owned(), public_key: key.public_key() };
    let payload = DocumentStatement::new(document, name, digest, signer, at).payload();
    envelope_file(&payload, &[(key.public_key().fingerprint().key_id(), key.sign(&pae(PAYLOAD_TYPE, &payload)))])
}

#[cfg(test)]
mod tests {
    use verifold_model::{limits::Limit, state::Exit};

    use super::*;

    fn key(n: u8) -> SecretKey {
        SecretKey::from_seed(&[n; 32].into())
    }

    /// Every byte of an envelope matters: altered it cannot be read, or says something else, or is not whole.
    #[test]
    fn a_document_is_signed_whole_or_not_at_all() {
        let at = "2026-05-29T10:00:00Z".parse().unwrap();
        let digest = Digest::of(b"policy");
        let made = envelope(DocumentKind::Policy, "policy.toml", digest, &key(1), "Halm & Partner", at);
        let read = DocumentEnvelope::read("policy.toml.x.dsse.json", &made, &Limits::default()).unwrap();
        assert!(read.is_whole());
        assert_eq!((read.statement.document(), read.statement.predicate.signed_at), (digest, at));
        for position in 0..made.len() {
            let mut altered = made.clone();
            altered[position] ^= 1;
            if let Ok(other) = DocumentEnvelope::read("x", &altered, &Limits::default())
                && other.is_whole()
            {
                // The hint may be anything.
                let said = |envelope: &DocumentEnvelope| (envelope.statement.clone(), envelope.signatures[0].bytes);
                assert_eq!(said(&other), said(&read), "byte {position}");
            }
        }
        let tight = Limits::default().with(Limit::EnvelopeBytes, made.len() as u64 - 1);
        let refused = DocumentEnvelope::read("x", &made, &tight).unwrap_err();
        assert_eq!((refused.cause(), refused.exit(), refused.place()), ("entry-too-large", Exit::Limits, "x"));
        let just = tight.with(Limit::EnvelopeBytes, made.len() as u64).with(Limit::Signatures, 1);
        assert!(DocumentEnvelope::read("x", &made, &just).is_ok());
        let refused = DocumentEnvelope::read("x", &made, &just.with(Limit::Signatures, 0)).unwrap_err();
        assert_eq!((refused.cause(), refused.exit()), ("too-many-signatures", Exit::Limits));
    }

    /// A package's signature is no document's, and the other way round.
    #[test]
    fn signatures_of_one_kind_are_not_read_as_another() {
        let at = "2026-05-29T10:00:00Z".parse().unwrap();
        let package = crate::signing::envelope(Digest::of(b"manifest"), &key(1), "Bank", at).unwrap();
        assert!(matches!(DocumentEnvelope::read("x", &package, &Limits::default()), Err(PackageError::EnvelopeRefused { .. })));
        let document = envelope(DocumentKind::Policy, "manifest.json", Digest::of(b"manifest"), &key(1), "Bank", at);
        assert!(matches!(crate::Envelope::read("x", &document, &Limits::default()), Err(PackageError::EnvelopeRefused { .. })));
    }
}
