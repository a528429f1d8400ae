//! How does a package come to be signed?
//!
//! Signatures stand beside the manifest they sign, in `signatures/NAME.dsse.json`, and are the only
//! entries it does not list. Adding one changes no other byte of any entry, so whoever signs later
//! signs the same manifest.

use verifold_model::{digest::Digest, instant::Instant, limits::Limits, signer::PublicKey};

use crate::{
    claimed::ClaimedPackage,
    container,
    dsse::{Envelope, PAYLOAD_TYPE, StatedSigner, Statement, envelope_file, pae},
    error::PackageError,
    key::SecretKey,
    plain_text,
};

/// Why a package was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The package cannot be read, before or with the signature.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The key has signed already.
    #[error("the package carries a signature of this key already: {path}")]
    AlreadySigned {
        /// Path of the envelope.
        path: String,
    },
    /// The signer has no name.
    #[error("a signature names its signer, and the name is empty")]
    NoName,
    /// An envelope made elsewhere is about something else.
    #[error("the envelope signs another manifest: expected SHA-256 {expected}, it states {found}")]
    OtherManifest {
        /// Digest of the package's manifest.
        expected: Digest,
        /// Digest in the statement.
        found: Digest,
    },
    /// A signature made elsewhere does not verify under the key its statement names.
    #[error("no signature of the envelope verifies under the key its statement names, {key}")]
    NotSigned {
        /// Key in the statement.
        key: PublicKey,
    },
}

/// The bytes that `signer` signs, as the payload of a DSSE envelope, to hand over the package whose manifest has this
/// SHA-256. Nothing else is known of the package.
///
/// # Errors
/// If the name is empty or cannot be printed.
pub fn payload(manifest: Digest, signer: StatedSigner, at: Instant) -> Result<Vec<u8>, SignError> {
    if signer.name.trim().is_empty() {
        return Err(SignError::NoName);
    }
    plain_text::check_name("the signature", "name", &signer.name)?;
    Ok(Statement::new(manifest, signer, at).payload())
}

/// The package with a signature of `key` added. The same key, name, time and package give the same bytes.
///
/// # Errors
/// If the package cannot be read, the key has signed it already, or the name cannot be printed.
pub fn sign(file: &[u8], key: &SecretKey, name: &str, at: Instant) -> Result<Vec<u8>, SignError> {
    let package = ClaimedPackage::read(file, &Limits::most())?;
    attach(file, &envelope(package.manifest_digest, key, name, at)?)
}

/// The envelope in which `key` signs the manifest with this SHA-256, for [`attach`].
///
/// # Errors
/// As [`payload`].
pub fn envelope(manifest: Digest, key: &SecretKey, name: &str, at: Instant) -> Result<Vec<u8>, SignError> {
    let payload = payload(manifest, StatedSigner { name: name.to_owned(), public_key: key.public_key() }, at)?;
    let signature = key.sign(&pae(PAYLOAD_TYPE, &payload));
    Ok(envelope_file(&payload, &[(key.public_key().fingerprint().key_id(), signature)]))
}

/// The package with an envelope added that was made elsewhere, over [`payload`].
///
/// # Errors
/// If package or envelope cannot be read, the envelope is about another manifest, no signature of it verifies
/// under the key its statement names, or that key has signed already.
pub fn attach(file: &[u8], envelope: &[u8]) -> Result<Vec<u8>, SignError> {
    let package = ClaimedPackage::read(file, &Limits::most())?;
    let read = Envelope::read("the envelope", envelope, &Limits::most())?;
    if read.statement.manifest() != package.manifest_digest {
        return Err(SignError::OtherManifest { expected: package.manifest_digest, found: read.statement.manifest() });
    }
    let key = read.statement.predicate.signer.public_key;
    let path = envelope_path(key);
    if let Some(earlier) =
        package.envelopes.iter().find(|earlier| earlier.path == path || earlier.statement.predicate.signer.public_key == key)
    {
        return Err(SignError::AlreadySigned { path: earlier.path.clone() });
    }
    if !read.signatures.iter().any(|signature| read.is_signed_by(signature, key)) {
        return Err(SignError::NotSigned { key });
    }
    let mut entries = container::decode(file, &Limits::most())?;
    let after = entries.iter().skip(1).take_while(|entry| *entry.path < *path).count() + 1;
    entries.insert(after, container::RawEntry { path: &path, bytes: envelope });
    let pairs: Vec<(&str, &[u8])> = entries.iter().map(|entry| (entry.path, entry.bytes)).collect();
    let signed = container::encode(&pairs);
    ClaimedPackage::read(&signed, &Limits::most())?;
    Ok(signed)
}

/// The package without any signature.
///
/// # Errors
/// If the package cannot be read.
pub fn unsigned(file: &[u8]) -> Result<Vec<u8>, PackageError> {
    ClaimedPackage::read(file, &Limits::most())?;
    let entries = container::decode(file, &Limits::most())?;
    let pairs: Vec<(&str, &[u8])> =
        entries.iter().filter(|entry| !is_envelope_path(entry.path)).map(|entry| (entry.path, entry.bytes)).collect();
    Ok(container::encode(&pairs))
}

/// Where the envelope of `key` lies: under the first sixteen digits of its fingerprint.
pub fn envelope_path(key: PublicKey) -> String {
    format!("signatures/{}.dsse.json", &key.fingerprint().key_id()[..16])
}

/// Whether `path` is one of an envelope: `signatures/NAME.dsse.json`, NAME of 1 to 48 of `a–z`, `0–9` and hyphen.
pub(crate) fn is_envelope_path(path: &str) -> bool {
    path.strip_prefix("signatures/").and_then(|rest| rest.strip_suffix(".dsse.json")).is_some_and(|name| {
        (1..=48).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    })
}
