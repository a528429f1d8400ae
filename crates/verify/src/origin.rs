//! Is the package signed by someone who is trusted to hand it over?
//!
//! Each signature over this manifest is tried against every trusted key, whatever its `keyid` hints at, and
//! against the key its own statement names, which tells a whole signature of a stranger from a broken one.
//! Windows are compared with the time the statement gives: the signer's own word, and said to be.
//!
//! It does not establish who held the key, when the signature was made, or anything about what is signed.

use verifold_model::{
    digest::Digest,
    instant::Instant,
    record::{Finding, Rung},
    signer::{PublicKey, SignerRole},
    state::{RungName, RungState},
};
use verifold_package::{ClaimedPackage, ClaimedSignature, Envelope};
use verifold_policy::{Engagement, OriginDemand, Policy, TrustedSigner};

/// What one signature turned out to be.
enum Found<'a> {
    /// Of a trusted signer, inside every window.
    Trusted(&'a TrustedSigner),
    /// Of a trusted signer, outside this window.
    OutsideWindow(&'a TrustedSigner),
    /// Whole, and of a key that nobody here vouches for.
    NotTrusted(PublicKey),
    /// Of none of the keys at hand, in an envelope that one of them did sign.
    UnknownKey,
    /// Of none of the keys at hand, though it says or must be of one.
    Invalid,
    /// About the manifest with this digest.
    OtherManifest(Digest),
}

fn judge<'a>(demand: &OriginDemand<'a>, manifest: Digest, envelope: &Envelope, signature: &ClaimedSignature) -> Found<'a> {
    let statement = &envelope.statement;
    if statement.manifest() != manifest {
        return Found::OtherManifest(statement.manifest());
    }
    let stated = statement.predicate.signer.public_key;
    let keys = || demand.signers.iter().map(|signer| signer.public_key).chain([stated]);
    match keys().find(|key| envelope.is_signed_by(signature, *key)) {
        Some(key) => {
            let at = statement.predicate.signed_at;
            let mut listings = demand.listings(key);
            match (listings.next(), demand.listings(key).find(|signer| !signer.is_valid_at(at))) {
                (None, _) => Found::NotTrusted(key),
                (Some(_), Some(outside)) => Found::OutsideWindow(outside),
                // Of several listings the one that counts for the origin speaks.
                (Some(first), None) => {
                    Found::Trusted(demand.listings(key).find(|signer| signer.role == SignerRole::Provider).unwrap_or(first))
                }
            }
        }
        None => {
            let hinted = keys().any(|key| key.fingerprint().key_id() == signature.key_id);
            let signed = envelope.signatures.iter().any(|other| keys().any(|key| envelope.is_signed_by(other, key)));
            if hinted || !signed { Found::Invalid } else { Found::UnknownKey }
        }
    }
}

/// Role and fingerprint behind a name.
fn named(signer: &TrustedSigner) -> String {
    format!("{} ({}, {})", signer.name, signer.role.word(), signer.public_key.fingerprint())
}

/// The origin rung of a package that was read.
pub(crate) fn origin(policy: &Policy, engagement: Option<&Engagement>, package: &ClaimedPackage) -> Rung {
    let demand = OriginDemand::of(policy, engagement);
    let mut findings = Vec::new();
    let mut note = |cause: &str, blocking: bool, text: String, place: &str| {
        findings.push(Finding { cause: cause.to_owned(), blocking, text, place: place.to_owned() });
    };
    let mut providers: Vec<&TrustedSigner> = Vec::new();
    let (mut broken, mut outside, mut strangers) = (None, 0, 0);
    let said = |at: Instant| format!("the time of signing it states, {at}, is the signer's own word");
    for envelope in &package.envelopes {
        let stated = &envelope.statement.predicate;
        for signature in &envelope.signatures {
            let place = envelope.path.as_str();
            match judge(&demand, package.manifest_digest, envelope, signature) {
                Found::Trusted(signer) => {
                    let from = if signer.origin.is_empty() { String::new() } else { format!(", key from: {}", signer.origin) };
                    if signer.role == SignerRole::Provider {
                        note("signer-established", false, format!("Signed by {}{from}; {}", named(signer), said(stated.signed_at)), place);
                        if !providers.iter().any(|other| other.name == signer.name) {
                            providers.push(signer);
                        }
                    } else {
                        let text = format!("Signed by {}{from}, whose signature does not count for the origin of a package", named(signer));
                        note("signer-role", false, text, place);
                    }
                }
                Found::OutsideWindow(signer) => {
                    outside += 1;
                    let text = format!(
                        "The signature of {} is valid, but its key counts {}; {}",
                        named(signer),
                        signer.window_text(),
                        said(stated.signed_at)
                    );
                    note("signer-outside-window", true, text, place);
                }
                Found::NotTrusted(key) => {
                    strangers += 1;
                    let text = format!(
                        "The signature is valid, but its signer is not trusted here: key {}, which calls itself {:?}",
                        key.fingerprint(),
                        stated.signer.name
                    );
                    note("signer-not-trusted", true, text, place);
                }
                Found::UnknownKey => {
                    let text = format!("A further signature is of a key not known here, keyid {:?}; it was not checked", signature.key_id);
                    note("signature-unknown-key", false, text, place);
                }
                Found::Invalid => {
                    broken.get_or_insert("a signature is invalid");
                    let text = format!(
                        "The signature is invalid: neither a trusted key made it nor the key its statement names, {}",
                        stated.signer.public_key.fingerprint()
                    );
                    note("signature-invalid", true, text, place);
                }
                Found::OtherManifest(other) => {
                    broken.get_or_insert("a signature belongs to another package");
                    let text =
                        format!("The signature is about another manifest: expected SHA-256 {}, it states {other}", package.manifest_digest);
                    note("signature-of-other-manifest", true, text, place);
                }
            }
        }
    }
    if package.envelopes.is_empty() {
        note("no-signature", true, "The package carries no signature, so who handed it over is not established".to_owned(), "");
    }

    let (signed, needed) = (u32::try_from(providers.len()).unwrap_or(u32::MAX), demand.threshold);
    let met = needed > 0 && signed >= needed;
    if signed < needed && (signed > 0 || needed > 1) {
        let listed = demand.providers().len();
        let text = format!("{signed} of the {needed} trusted providers that must sign have signed; {listed} are listed");
        note("threshold-not-met", true, text, "");
    }
    let lacking = if outside > 0 {
        ("Outside window", "trusted signer, but outside the validity window of the key")
    } else if strangers > 0 {
        ("Not trusted", "signature valid, but the signer is not trusted")
    } else if package.envelopes.is_empty() {
        ("No signature", "no signature in the package")
    } else {
        ("No provider", "signed by nobody whose signature counts for the origin")
    };
    let (state, word, detail) = if let Some(what) = broken {
        (RungState::Fails, "Bad signature", what.to_owned())
    } else if met {
        let names: Vec<String> = providers.iter().map(|signer| named(signer)).collect();
        (RungState::Holds, "Established", names.join(" and "))
    } else if needed == 0 {
        (RungState::NotEstablished, "Not established", format!("{}; no signer is demanded", lacking.1))
    } else if signed > 0 {
        (RungState::Fails, "Threshold not met", format!("{signed} of {needed} trusted providers have signed"))
    } else {
        (RungState::Fails, lacking.0, lacking.1.to_owned())
    };
    // What is wrong with one signature does not stand in the way where enough others are right, or none is asked for.
    for finding in &mut findings {
        finding.blocking &= state == RungState::Fails
            && (broken.is_none() || matches!(finding.cause.as_str(), "signature-invalid" | "signature-of-other-manifest"));
    }
    findings.sort_by_key(|finding| !finding.blocking);
    Rung { name: RungName::Origin, state, word: word.to_owned(), detail, findings }
}

#[cfg(test)]
mod tests;
