//! The auditor's own documents: which there are, and what is known of who signed them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{digest::Digest, instant::Instant, signer::PublicKey};

/// A document that can be signed in a file beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// A policy file.
    Policy,
    /// An engagement file.
    Engagement,
    /// An overlay file.
    Overlay,
}

impl DocumentKind {
    /// As written in files, and read on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Engagement => "engagement",
            Self::Overlay => "overlay",
        }
    }
}

/// What a signature of a document turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureState {
    /// Valid, of a key trusted for documents, inside its window.
    Trusted,
    /// Valid, of a trusted key, outside its window.
    OutsideWindow,
    /// Valid, of a key that is listed in another role.
    OtherRole,
    /// Valid, of a key that nobody here vouches for.
    NotTrusted,
    /// About a file with other bytes: the document was changed since, or the signature is another's.
    OtherDocument,
    /// Of no key at hand, though it says it is of one.
    Invalid,
}

/// A signature of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentSignature {
    /// What it turned out to be.
    pub state: SignatureState,
    /// Who signed: the name under which the key is trusted, else the signer's own word.
    pub signer: String,
    /// The key the signature states.
    pub public_key: PublicKey,
    /// When it was signed, in the signer's own word.
    pub stated_at: Instant,
    /// SHA-256 of the file the signature is in.
    pub envelope: Digest,
    /// The state as a clause, with who and why.
    pub text: String,
}

/// What is known of who signed a document, as one clause.
pub fn signed_text(signatures: &[DocumentSignature]) -> String {
    if signatures.is_empty() {
        return "not signed".to_owned();
    }
    signatures.iter().map(|signature| signature.text.as_str()).collect::<Vec<_>>().join("; ")
}
