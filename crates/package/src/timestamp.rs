//! When did a time-stamp authority see a file?
//!
//! A time-stamp token (RFC 3161) is a CMS message (RFC 5652) over a digest and a time. [`Token::read`] takes one apart;
//! [`Token::seen_by`] asks whether the authority with one pinned certificate issued it, and until when at the latest the
//! file existed. The certificate is pinned by its SHA-256, so no chain is built and nothing is fetched: pinning it is the
//! auditor's word that it is that authority's.
//!
//! It does not establish that an authority's clock is right, nor that its key was not stolen or revoked since.

use cms::{
    cert::CertificateChoices,
    content_info::ContentInfo,
    signed_data::{SignedAttributes, SignedData, SignerIdentifier, SignerInfo},
};
use der::{
    Any, Decode, Encode, Sequence, Tagged as _,
    asn1::{GeneralizedTime, Int, ObjectIdentifier, OctetString},
};
use rsa::{pkcs8::DecodePublicKey as _, signature::hazmat::PrehashVerifier, traits::PublicKeyParts as _};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use verifold_model::{digest::Digest, instant::Instant, limits::Limit};
use x509_cert::{
    Certificate,
    ext::{
        Extensions,
        pkix::{ExtendedKeyUsage, SubjectKeyIdentifier, name::GeneralName},
    },
    spki::AlgorithmIdentifierOwned,
};
use x509_tsp::{Accuracy, MessageImprint, TimeStampReq, TimeStampResp, TsaPolicyId, TspVersion};

/// Most bytes of a token or response.
pub const MAX_BYTES: u64 = Limit::TokenBytes.most();
/// Fewest bytes of an RSA modulus: 2048 bits (NIST SP 800-131A).
const MIN_RSA_BYTES: usize = 256;

/// id-signedData (RFC 5652, § 5.1).
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// id-ct-TSTInfo (RFC 3161, § 2.4.2).
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// id-contentType (RFC 5652, § 11.1).
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
/// id-messageDigest (RFC 5652, § 11.2).
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// id-aa-signingCertificate (RFC 2634, § 5.4), by SHA-1.
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
/// id-aa-signingCertificateV2 (RFC 5035; RFC 5816).
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// id-kp-timeStamping (RFC 5280, § 4.2.1.12).
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// Hash functions (RFC 5754, § 2).
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
/// Signature algorithms (RFC 8017, appendix C; RFC 5758, § 3.2).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const SHA384_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const SHA512_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");

/// Why bytes are no time-stamp token, or say nothing under a pinned certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Too many bytes.
    #[error("{found} bytes, the limit is {MAX_BYTES}")]
    TooLarge {
        /// Bytes found.
        found: u64,
    },
    /// Not the structure of RFC 3161 in DER.
    #[error("no time-stamp token in DER (RFC 3161): {0}")]
    Malformed(String),
    /// The authority did not grant the request.
    #[error("the authority did not grant the request: status {0}")]
    NotGranted(String),
    /// Not exactly one signer (RFC 3161, § 2.4.2).
    #[error("{found} signers, and a time-stamp token has one")]
    Signers {
        /// Signers found.
        found: usize,
    },
    /// The token is over a digest of another kind.
    #[error("the token is over a digest of another kind than SHA-256, algorithm {0}")]
    OtherImprint(String),
    /// An extension that must be understood is not.
    #[error("the token has the critical extension {0}, which this program does not know")]
    CriticalExtension(String),
    /// The pinned certificate is not in the token.
    #[error("the token does not carry the pinned certificate; it carries {}", if .carried.is_empty() { "none".to_owned() } else { .carried.join(", ") })]
    MissingCertificate {
        /// SHA-256 of the certificates it carries, short.
        carried: Vec<String>,
    },
    /// The signature is said to be of another certificate.
    #[error("the token is signed under another certificate than the pinned one")]
    OtherCertificate,
    /// The certificate is not for time stamping, or not for it alone.
    #[error("the pinned certificate is not one for time stamping alone: it needs the critical extended key usage id-kp-timeStamping")]
    NotForTimeStamping,
    /// The time lies outside the certificate's validity.
    #[error("the token is of {at}, and the certificate is valid from {from} to {until}")]
    OutsideCertificate {
        /// Time in the token.
        at: Instant,
        /// First valid time.
        from: Instant,
        /// Last valid time.
        until: Instant,
    },
    /// A signed attribute is missing, twice there, or contradicts the token.
    #[error("the signed attribute {0} is missing or contradicts the token")]
    Attribute(&'static str),
    /// The certificate is named by a hash function in which others can be found for it (RFC 5816 has the better one).
    #[error("the token names its certificate by SHA-1 alone; ask the authority for one with the attribute signingCertificateV2 (RFC 5816)")]
    NamedBySha1,
    /// An algorithm this program does not check.
    #[error("the token uses the algorithm {0}, which this program does not check")]
    UnknownAlgorithm(String),
    /// The signature is not of the certificate's key.
    #[error("the signature is not of the pinned certificate's key")]
    SignatureInvalid,
}

fn malformed(error: der::Error) -> TokenError {
    TokenError::Malformed(error.to_string())
}

/// What is signed (RFC 3161, § 2.4.2). The structure of the library takes no time with fractions of a second.
#[derive(Debug, Sequence)]
struct TstInfo {
    version: TspVersion,
    policy: TsaPolicyId,
    message_imprint: MessageImprint,
    serial_number: Int,
    gen_time: Any,
    #[asn1(optional = "true")]
    accuracy: Option<Accuracy>,
    #[asn1(default = "Default::default")]
    ordering: bool,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    tsa: Option<GeneralName>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

impl TstInfo {
    /// The whole second of the time in it, and by how many the file may be younger: the error it states and fractions, each
    /// rounded up.
    fn time(&self) -> Result<(Instant, u64), TokenError> {
        let unlike = || TokenError::Malformed("the time is none in UTC with seconds".to_owned());
        let text = self.gen_time.value();
        let whole = match text.split_at_checked(14).ok_or_else(unlike)? {
            (_, b"Z") => text.to_vec(),
            (seconds, [b'.', fraction @ .., b'Z'])
                if fraction.iter().all(u8::is_ascii_digit) && fraction.last().is_some_and(|last| *last != b'0') =>
            {
                [seconds, b"Z"].concat()
            }
            _ => return Err(unlike()),
        };
        let whole = Any::new(self.gen_time.tag(), whole).and_then(|whole| whole.decode_as::<GeneralizedTime>()).map_err(malformed)?;
        let mut error_secs = u64::from(text.len() > 15);
        if let Some(accuracy) = &self.accuracy {
            let part = accuracy.millis.is_some_and(|millis| millis != 0) || accuracy.micros.is_some_and(|micros| micros != 0);
            error_secs += u64::from(part);
            error_secs = error_secs.saturating_add(accuracy.seconds.unwrap_or(0));
        }
        Ok((instant(whole.to_unix_duration().as_secs())?, error_secs))
    }
}

/// A time-stamp token as received. Its signature has not been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// SHA-256 of what it is about.
    pub imprint: Digest,
    /// Time in it, to the second before.
    pub stated_at: Instant,
    /// SHA-256 of the token.
    pub digest: Digest,
    /// The token in DER, as filed.
    pub bytes: Vec<u8>,
    /// Seconds by which the time may be too early, rounded up.
    error_secs: u64,
    content: Vec<u8>,
    signer: SignerInfo,
    certificates: Vec<(Digest, Certificate)>,
}

/// The request for a token over a file with this digest: with the certificate, without a nonce, so that the same file
/// gives the same request.
pub fn request(digest: Digest) -> Vec<u8> {
    let hash_algorithm = AlgorithmIdentifierOwned { oid: SHA256, parameters: Some(Any::null()) };
    #[expect(clippy::expect_used, reason = "a structure of fixed size has a DER form")]
    TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm,
            hashed_message: OctetString::new(digest.as_bytes().as_slice()).expect("32 bytes"),
        },
        req_policy: None,
        nonce: None,
        cert_req: true,
        extensions: None,
    }
    .to_der()
    .expect("a request")
}

impl Token {
    /// Reads a response of an authority (`*.tsr`).
    ///
    /// # Errors
    /// If it is none, was not granted, or holds no token this program reads.
    pub fn of_response(bytes: &[u8]) -> Result<Self, TokenError> {
        check_size(bytes)?;
        let response = TimeStampResp::from_der(bytes).map_err(malformed)?;
        match response.time_stamp_token {
            Some(token) => Self::read(&token.to_der().map_err(malformed)?),
            None => Err(TokenError::NotGranted(format!("{:?}", response.status.status))),
        }
    }

    /// Reads a token (`*.tst`).
    ///
    /// # Errors
    /// If it is none, or not one over a SHA-256 digest with exactly one signer.
    pub fn read(bytes: &[u8]) -> Result<Self, TokenError> {
        check_size(bytes)?;
        let unlike = |what: &str| TokenError::Malformed(what.to_owned());
        let message = ContentInfo::from_der(bytes).map_err(malformed)?;
        if message.content_type != SIGNED_DATA {
            return Err(unlike("it is not signed data"));
        }
        let data: SignedData = message.content.decode_as().map_err(malformed)?;
        if data.encap_content_info.econtent_type != TST_INFO {
            return Err(unlike("what is signed is no time stamp"));
        }
        let content = data.encap_content_info.econtent.ok_or_else(|| unlike("nothing is signed"))?;
        let content: OctetString = content.decode_as().map_err(malformed)?;
        let info = TstInfo::from_der(content.as_bytes()).map_err(malformed)?;
        let algorithm = info.message_imprint.hash_algorithm.oid;
        let imprint = <[u8; 32]>::try_from(info.message_imprint.hashed_message.as_bytes());
        let Some(imprint) = imprint.ok().filter(|_| algorithm == SHA256) else {
            return Err(TokenError::OtherImprint(algorithm.to_string()));
        };
        if let Some(extension) = info.extensions.iter().flatten().find(|extension| extension.critical) {
            return Err(TokenError::CriticalExtension(extension.extn_id.to_string()));
        }
        let signers = data.signer_infos.0.into_vec();
        let [signer] = <[SignerInfo; 1]>::try_from(signers).map_err(|signers| TokenError::Signers { found: signers.len() })?;
        let mut certificates = Vec::new();
        for choice in data.certificates.iter().flat_map(|set| set.0.iter()) {
            if let CertificateChoices::Certificate(certificate) = choice {
                certificates.push((Digest::of(&certificate.to_der().map_err(malformed)?), certificate.clone()));
            }
        }
        let (stated_at, error_secs) = info.time()?;
        Ok(Self {
            imprint: Digest::from_bytes(imprint),
            stated_at,
            digest: Digest::of(bytes),
            bytes: bytes.to_vec(),
            error_secs,
            content: content.into_bytes(),
            signer,
            certificates,
        })
    }

    /// SHA-256 of each certificate it carries, with the subject's name; nothing here is checked.
    pub fn certificates(&self) -> Vec<(Digest, String)> {
        self.certificates.iter().map(|(digest, certificate)| (*digest, certificate.tbs_certificate.subject.to_string())).collect()
    }

    /// Until when at the latest, by the clock of the authority with the pinned certificate, what it is about existed:
    /// the time in the token and the error it states.
    ///
    /// # Errors
    /// If that authority did not issue it, or not as RFC 3161 asks.
    pub fn seen_by(&self, pinned: Digest) -> Result<Instant, TokenError> {
        let carried = || self.certificates.iter().map(|(digest, _)| digest.short()).collect();
        let certificate = self.certificates.iter().find(|(digest, _)| *digest == pinned).map(|(_, certificate)| certificate);
        let certificate = certificate.ok_or_else(|| TokenError::MissingCertificate { carried: carried() })?;
        if !is_of(&self.signer.sid, certificate) {
            return Err(TokenError::OtherCertificate);
        }
        if !is_for_time_stamping_alone(certificate) {
            return Err(TokenError::NotForTimeStamping);
        }
        let validity = &certificate.tbs_certificate.validity;
        let (from, until) =
            (instant(validity.not_before.to_unix_duration().as_secs())?, instant(validity.not_after.to_unix_duration().as_secs())?);
        if self.stated_at < from || self.stated_at > until {
            return Err(TokenError::OutsideCertificate { at: self.stated_at, from, until });
        }
        let digest = Hash::of(&self.signer.digest_alg.oid)?;
        let attributes = self.signer.signed_attrs.as_ref().ok_or(TokenError::Attribute("message digest"))?;
        check_attributes(attributes, digest, &self.content, certificate)?;
        // What is signed is the attributes as a SET OF, not under the tag they stand with (RFC 5652, § 5.4).
        check_signature(certificate, &self.signer, digest, &attributes.to_der().map_err(malformed)?)?;
        instant(self.stated_at.unix_secs().saturating_add(self.error_secs))
    }
}

fn check_size(bytes: &[u8]) -> Result<(), TokenError> {
    let found = bytes.len() as u64;
    if found > MAX_BYTES { Err(TokenError::TooLarge { found }) } else { Ok(()) }
}

fn instant(secs: u64) -> Result<Instant, TokenError> {
    Instant::from_unix_secs(secs).ok_or_else(|| TokenError::Malformed("a time is out of range".to_owned()))
}

fn is_of(signer: &SignerIdentifier, certificate: &Certificate) -> bool {
    let fields = &certificate.tbs_certificate;
    match signer {
        SignerIdentifier::IssuerAndSerialNumber(named) => named.issuer == fields.issuer && named.serial_number == fields.serial_number,
        SignerIdentifier::SubjectKeyIdentifier(named) => {
            fields.get::<SubjectKeyIdentifier>().is_ok_and(|found| found.is_some_and(|(_, own)| own == *named))
        }
    }
}

/// RFC 3161, § 2.3: exactly one extended key usage, for time stamping, and critical.
fn is_for_time_stamping_alone(certificate: &Certificate) -> bool {
    let usage = certificate.tbs_certificate.get::<ExtendedKeyUsage>();
    usage.is_ok_and(|usage| usage.is_some_and(|(critical, usage)| critical && usage.0 == [TIME_STAMPING]))
}

/// The value of an attribute that is there once, with one value.
fn single(attributes: &SignedAttributes, oid: ObjectIdentifier) -> Option<&Any> {
    let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
    let (Some(attribute), None) = (found.next(), found.next()) else { return None };
    match attribute.values.as_slice() {
        [value] => Some(value),
        _ => None,
    }
}

/// The certificates a signer says it signs under (RFC 5035, § 3).
#[derive(Debug, Sequence)]
struct SigningCertificateV2 {
    certificates: Vec<CertificateIdV2>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

#[derive(Debug, Sequence)]
struct CertificateIdV2 {
    /// SHA-256 if it is not there.
    #[asn1(optional = "true")]
    algorithm: Option<AlgorithmIdentifierOwned>,
    hash: OctetString,
    #[asn1(optional = "true")]
    issuer: Option<Any>,
}

/// RFC 5652, § 11.1 and 11.2; RFC 3161, § 2.4.1, as RFC 5816 has it.
fn check_attributes(attributes: &SignedAttributes, digest: Hash, content: &[u8], certificate: &Certificate) -> Result<(), TokenError> {
    let refuse = |name| move || TokenError::Attribute(name);
    let kind = single(attributes, CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    kind.filter(|kind| *kind == TST_INFO).ok_or_else(refuse("content type"))?;
    let stated = single(attributes, MESSAGE_DIGEST).and_then(|value| value.decode_as::<OctetString>().ok());
    stated.filter(|stated| stated.as_bytes() == digest.digest(content)).ok_or_else(refuse("message digest"))?;
    let Some(named) = single(attributes, SIGNING_CERTIFICATE_V2) else {
        let by_sha1 = attributes.iter().any(|attribute| attribute.oid == SIGNING_CERTIFICATE);
        return Err(if by_sha1 { TokenError::NamedBySha1 } else { TokenError::Attribute("signing certificate") });
    };
    let named: SigningCertificateV2 = named.decode_as().map_err(|_| TokenError::Attribute("signing certificate"))?;
    // The first is the signer's own (RFC 5035, § 5). The hash is over all of it, issuer and serial number included.
    let first = named.certificates.first().ok_or_else(refuse("signing certificate"))?;
    let hash = first.algorithm.as_ref().map_or(Ok(Hash::Sha256), |algorithm| Hash::of(&algorithm.oid))?;
    if first.hash.as_bytes() == hash.digest(&certificate.to_der().map_err(malformed)?) {
        Ok(())
    } else {
        Err(TokenError::Attribute("signing certificate"))
    }
}

/// A hash function that tokens use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of(oid: &ObjectIdentifier) -> Result<Self, TokenError> {
        match *oid {
            SHA256 => Ok(Self::Sha256),
            SHA384 => Ok(Self::Sha384),
            SHA512 => Ok(Self::Sha512),
            other => Err(TokenError::UnknownAlgorithm(other.to_string())),
        }
    }

    /// What stands in front of a digest under PKCS #1 v1.5 (RFC 8017, § 9.2, note 1).
    const fn digest_info(self) -> [u8; 19] {
        let (last, length) = match self {
            Self::Sha256 => (1, 32),
            Self::Sha384 => (2, 48),
            Self::Sha512 => (3, 64),
        };
        [0x30, 17 + length, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last, 5, 0, 4, length]
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}

fn check_signature(certificate: &Certificate, signer: &SignerInfo, digest: Hash, message: &[u8]) -> Result<(), TokenError> {
    let key = certificate.tbs_certificate.subject_public_key_info.to_der().map_err(malformed)?;
    let signature = signer.signature.as_bytes();
    let algorithm = signer.signature_algorithm.oid;
    let unknown = || TokenError::UnknownAlgorithm(algorithm.to_string());
    match algorithm {
        RSA => check_rsa(&key, digest, message, signature),
        SHA256_WITH_RSA => check_rsa(&key, Hash::Sha256, message, signature),
        SHA384_WITH_RSA => check_rsa(&key, Hash::Sha384, message, signature),
        SHA512_WITH_RSA => check_rsa(&key, Hash::Sha512, message, signature),
        ECDSA_WITH_SHA256 => check_ecdsa(&key, Hash::Sha256, message, signature).ok_or_else(unknown)?,
        ECDSA_WITH_SHA384 => check_ecdsa(&key, Hash::Sha384, message, signature).ok_or_else(unknown)?,
        ECDSA_WITH_SHA512 => check_ecdsa(&key, Hash::Sha512, message, signature).ok_or_else(unknown)?,
        _ => Err(unknown()),
    }
}

/// RSASSA-PKCS1-v1_5 (RFC 8017, § 8.2).
fn check_rsa(key: &[u8], hash: Hash, message: &[u8], signature: &[u8]) -> Result<(), TokenError> {
    let invalid = |_| TokenError::SignatureInvalid;
    let key = rsa::RsaPublicKey::from_public_key_der(key).map_err(|error| TokenError::UnknownAlgorithm(format!("RSA ({error})")))?;
    if key.size() < MIN_RSA_BYTES {
        return Err(TokenError::UnknownAlgorithm(format!("RSA with {} bits", key.size() * 8)));
    }
    let digest = hash.digest(message);
    let scheme = rsa::Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: hash.digest_info().into() };
    key.verify(scheme, &digest, signature).map_err(invalid)
}

/// ECDSA over P-256 or P-384 (RFC 5753, § 7); nothing if the key is of no such curve.
fn check_ecdsa(key: &[u8], hash: Hash, message: &[u8], signature: &[u8]) -> Option<Result<(), TokenError>> {
    let digest = hash.digest(message);
    let holds = if let Ok(key) = p256::ecdsa::VerifyingKey::from_public_key_der(key) {
        p256::ecdsa::Signature::from_der(signature).is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok())
    } else if let Ok(key) = p384::ecdsa::VerifyingKey::from_public_key_der(key) {
        p384::ecdsa::Signature::from_der(signature).is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok())
    } else {
        return None;
    };
    Some(if holds { Ok(()) } else { Err(TokenError::SignatureInvalid) })
}
