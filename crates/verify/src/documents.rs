//! Who stands behind policy, overlays and engagement, and is it somebody the auditor trusts for that?
//!
//! The engagement's auditors vouch for a policy and its overlays, and so do keys the auditor names beside it. Neither document vouches for
//! itself: signers a policy lists do not count for that policy, and an engagement is checked against named keys alone.
//!
//! It does not establish who held a key, or when a signature was made.

use verifold_model::{
    digest::Digest,
    document::{DocumentKind, DocumentSignature, SignatureState},
    format::counted,
    record::{AuditRecord, Finding},
    signer::SignerRole,
    statement::Period,
    tailoring::OverlaySummary,
};
use verifold_package::DocumentEnvelope;
use verifold_policy::{Engagement, Overlay, Policy, Reference, Stated, TrustedSigner, tailor};

use crate::run::Inputs;

/// Where the word for a key comes from.
type Listing<'a> = (&'a TrustedSigner, &'static str);

/// What the signatures of the policy turned out to be.
pub(crate) fn of_policy(inputs: &Inputs<'_>) -> Vec<DocumentSignature> {
    judged(DocumentKind::Policy, inputs.policy.digest, &inputs.received.policy_signatures, &vouched(inputs))
}

/// Whoever vouches for a policy and its overlays.
fn vouched<'a>(inputs: &Inputs<'a>) -> Vec<Listing<'a>> {
    let of_engagement = inputs.engagement.map_or(&[][..], |engagement| &engagement.signers);
    of_engagement.iter().map(|signer| (signer, "by the engagement")).chain(named(inputs)).collect()
}

/// The policy as its overlays change it, and what became of each.
///
/// A change must hold to the end of the period the engagement pins; where it pins none, at the time of the review.
/// Nothing of an overlay with a broken signature is applied.
pub(crate) fn tailored(inputs: &Inputs<'_>) -> (Policy, Vec<OverlaySummary>) {
    let period = inputs.engagement.and_then(|engagement| engagement.period.as_ref()).and_then(Stated::pinned);
    let end = period.map(|period: &Period| period.end);
    let reference = end.map(Reference::EndOfPeriod).or(inputs.received.reviewed_at.map(Reference::Review));
    let compared_with = match reference {
        Some(Reference::EndOfPeriod(end)) => format!("the end of the engagement's period, {end}"),
        Some(Reference::Review(at)) => format!("the time of the review, {at}"),
        None => String::new(),
    };
    let signatures: Vec<Vec<DocumentSignature>> = inputs
        .received
        .overlays
        .iter()
        .map(|(overlay, envelopes)| judged(DocumentKind::Overlay, overlay.digest, envelopes, &vouched(inputs)))
        .collect();
    let broken = |signature: &DocumentSignature| matches!(signature.state, SignatureState::OtherDocument | SignatureState::Invalid);
    let given: Vec<(&Overlay, Option<String>)> = inputs
        .received
        .overlays
        .iter()
        .zip(&signatures)
        .map(|((overlay, _), signatures)| {
            let void = if signatures.iter().any(broken) {
                Some("a signature of the overlay is broken".to_owned())
            } else {
                reference.is_none().then(|| "neither a period nor the time of the review is known, so it may have expired".to_owned())
            };
            (overlay, void)
        })
        .collect();
    let tailored = tailor(inputs.policy, &given, reference);
    let summaries = given.iter().zip(signatures).zip(tailored.changes).map(|(((overlay, _), signatures), changes)| OverlaySummary {
        id: overlay.id.clone(),
        title: overlay.title.clone(),
        digest: overlay.digest,
        signatures,
        compared_with: compared_with.clone(),
        changes,
    });
    (tailored.policy, summaries.collect())
}

/// What the signatures of the engagement turned out to be.
pub(crate) fn of_engagement(inputs: &Inputs<'_>, engagement: &Engagement) -> Vec<DocumentSignature> {
    judged(DocumentKind::Engagement, engagement.digest, &inputs.received.engagement_signatures, &named(inputs).collect::<Vec<_>>())
}

fn named<'a>(inputs: &Inputs<'a>) -> impl Iterator<Item = Listing<'a>> {
    inputs.received.trusted.iter().map(|signer| (signer, "by a key given for this run"))
}

fn judged(kind: DocumentKind, digest: Digest, envelopes: &[DocumentEnvelope], listings: &[Listing<'_>]) -> Vec<DocumentSignature> {
    let mut judged: Vec<DocumentSignature> = envelopes.iter().map(|envelope| judge(kind, digest, envelope, listings)).collect();
    judged.sort_by_key(|signature| signature.envelope);
    judged.dedup();
    judged
}

fn judge(kind: DocumentKind, digest: Digest, envelope: &DocumentEnvelope, listings: &[Listing<'_>]) -> DocumentSignature {
    let stated = &envelope.statement.predicate;
    let key = stated.signer.public_key;
    let own = || format!("a key that calls itself {:?}, fingerprint {}", stated.signer.name, key.fingerprint());
    let of_key = || listings.iter().filter(|(signer, _)| signer.public_key == key);
    let counting = || of_key().filter(|(signer, _)| signer.role == SignerRole::Auditor);
    let outside = counting().find(|(signer, _)| !signer.is_valid_at(stated.signed_at));
    let (state, signer, text) = if stated.document != kind || envelope.statement.document() != digest {
        let about =
            if stated.document == kind { "of other content".to_owned() } else { format!("of another kind, {}", stated.document.word()) };
        let text = format!(
            "NOT signed as it is: the signature of {}, key {}, is about a document {about}, SHA-256 {}",
            stated.signer.name,
            key.fingerprint(),
            envelope.statement.document().short()
        );
        (SignatureState::OtherDocument, None, text)
    } else if !envelope.is_whole() {
        (SignatureState::Invalid, None, format!("signature INVALID: it is not of the key it names, {}", key.fingerprint()))
    } else if let Some((signer, _)) = outside {
        let text = format!("signed by {}, outside the window of the key, which counts {}", signer.text(), signer.window_text());
        (SignatureState::OutsideWindow, Some(signer), text)
    } else if let Some((signer, by)) = counting().next() {
        let from = if signer.origin.is_empty() { String::new() } else { format!(", key from: {}", signer.origin) };
        (SignatureState::Trusted, Some(signer), format!("signed by {}, trusted {by}{from}", signer.text()))
    } else if let Some((signer, by)) = of_key().next() {
        let text =
            format!("signature valid, but {}, is listed {by} as {}, and documents are an auditor's", signer.text(), signer.role.word());
        (SignatureState::OtherRole, Some(signer), text)
    } else {
        (SignatureState::NotTrusted, None, format!("signature valid, but its signer is not trusted: {}", own()))
    };
    DocumentSignature {
        state,
        signer: signer.map_or_else(|| stated.signer.name.clone(), |signer| signer.name.clone()),
        public_key: key,
        stated_at: stated.signed_at,
        envelope: envelope.digest,
        text: format!("{text} (dated {} by its signer)", stated.signed_at.date_text()),
    }
}

/// What there is to say about the documents in `record`. A broken signature stands in the way: somebody meant it to be
/// believed. A change that was not applied does not: the policy holds as it is written.
pub(crate) fn findings(record: &AuditRecord) -> Vec<Finding> {
    let signed = |word: &str, signatures: &[DocumentSignature]| {
        let finding = |signature: &DocumentSignature| {
            let (cause, blocking) = match signature.state {
                SignatureState::Trusted => ("document-signed", false),
                SignatureState::OutsideWindow => ("document-signer-outside-window", false),
                SignatureState::OtherRole => ("document-signer-role", false),
                SignatureState::NotTrusted => ("document-signer-not-trusted", false),
                SignatureState::OtherDocument => ("document-not-as-signed", true),
                SignatureState::Invalid => ("document-signature-invalid", true),
            };
            Finding { cause: cause.to_owned(), blocking, text: format!("the {word}: {}", signature.text), place: word.to_owned() }
        };
        signatures.iter().map(finding).collect::<Vec<_>>()
    };
    let mut findings = signed(DocumentKind::Policy.word(), &record.policy.signatures);
    findings.extend(record.engagement.iter().flat_map(|engagement| signed(DocumentKind::Engagement.word(), &engagement.signatures)));
    for overlay in &record.overlays {
        findings.extend(signed(&format!("overlay {}", overlay.id), &overlay.signatures));
        let (applied, not): (Vec<_>, Vec<_>) = overlay.changes.iter().partition(|change| change.applied);
        if !applied.is_empty() {
            let changes = counted(applied.len() as u64, "change", "changes");
            let text = format!("overlay {} tailors the policy by {changes}, in force on {}", overlay.id, overlay.compared_with);
            findings.push(Finding { cause: "policy-tailored".into(), blocking: false, text, place: overlay.id.clone() });
        }
        for change in not {
            let text = format!(
                "overlay {}: {} of {} was not changed to {}: {}",
                overlay.id,
                change.field.word(),
                change.requirement,
                change.after,
                change.reason
            );
            findings.push(Finding { cause: "change-not-applied".into(), blocking: false, text, place: change.requirement.clone() });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use verifold_model::instant::Instant;
    use verifold_package::{SecretKey, document};
    use verifold_policy::Policy;

    use verifold_package::Limits;

    use super::*;
    use crate::Received;

    const POLICY: &str = include_str!("../../../sample-audits/credit-scoring-q1/policy.toml");
    const AT: &str = "2026-05-29T10:00:00Z";

    fn key(n: u8) -> SecretKey {
        SecretKey::from_seed(&[n; 32].into())
    }

    fn envelope(kind: DocumentKind, digest: Digest, n: u8) -> DocumentEnvelope {
        let at: Instant = AT.parse().unwrap();
        DocumentEnvelope::read("x", &document::envelope(kind, "policy.toml", digest, &key(n), "Signer", at), &Limits::default()).unwrap()
    }

    fn engagement(signers: &[(&str, u8, &str)]) -> Engagement {
        let mut text = "schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n".to_owned();
        for (role, n, window) in signers {
            let key = key(*n).public_key();
            text.push_str(&format!("[[signer]]\nname = \"Listed {n}\"\nrole = \"{role}\"\npublic_key = \"{key}\"\n{window}\n"));
        }
        Engagement::read(&text).unwrap()
    }

    /// States and words of the policy's and the engagement's signatures.
    fn check(engagement: &Engagement, received: &Received, expected: &[(SignatureState, &str)]) {
        let policy = Policy::read(POLICY).unwrap();
        let inputs = Inputs { policy: &policy, engagement: Some(engagement), received, package: &[], file_name: "", against: None };
        let found: Vec<DocumentSignature> = of_policy(&inputs).into_iter().chain(of_engagement(&inputs, engagement)).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, (state, word)) in found.iter().zip(expected) {
            assert_eq!(found.state, *state, "{}", found.text);
            assert!(found.text.contains(word), "{word:?} is not in {:?}", found.text);
        }
    }

    #[test]
    fn a_policy_is_vouched_for_by_the_engagement_or_a_named_key() {
        let digest = Policy::read(POLICY).unwrap().digest;
        let signed = |envelope| Received { policy_signatures: vec![envelope], ..Received::default() };
        let good = signed(envelope(DocumentKind::Policy, digest, 1));
        check(&engagement(&[("auditor", 1, "")]), &Received::default(), &[]);
        check(
            &engagement(&[("auditor", 1, "")]),
            &good,
            &[(
                SignatureState::Trusted,
                &format!("signed by Listed 1, key {}, trusted by the engagement", key(1).public_key().fingerprint()),
            )],
        );
        check(&engagement(&[("auditor", 2, "")]), &good, &[(SignatureState::NotTrusted, "not trusted")]);
        let listed = format!("Listed 1, key {}, ", key(1).public_key().fingerprint());
        check(
            &engagement(&[("provider", 1, "")]),
            &good,
            &[(SignatureState::OtherRole, &format!("{listed}is listed by the engagement as provider"))],
        );
        let ended = engagement(&[("auditor", 1, "valid_until = \"2026-05-29T10:00:00Z\"")]);
        check(&ended, &good, &[(SignatureState::OutsideWindow, &format!("{listed}outside the window"))]);
        let named = Received { trusted: engagement(&[("auditor", 1, "")]).signers, ..good.clone() };
        check(&engagement(&[]), &named, &[(SignatureState::Trusted, "a key given for this run")]);
        // A narrower window anywhere counts.
        check(&ended, &named, &[(SignatureState::OutsideWindow, "outside the window")]);
    }

    #[test]
    fn a_signature_that_was_swapped_or_altered_is_an_alarm() {
        let digest = Policy::read(POLICY).unwrap().digest;
        let listed = engagement(&[("auditor", 1, "")]);
        let signed = |envelope| Received { policy_signatures: vec![envelope], ..Received::default() };
        check(
            &listed,
            &signed(envelope(DocumentKind::Policy, Digest::of(b"before"), 1)),
            &[(
                SignatureState::OtherDocument,
                &format!("Signer, key {}, is about a document of other content", key(1).public_key().fingerprint()),
            )],
        );
        check(
            &listed,
            &signed(envelope(DocumentKind::Engagement, digest, 1)),
            &[(SignatureState::OtherDocument, "another kind, engagement")],
        );
        let mut broken = envelope(DocumentKind::Policy, digest, 1);
        broken.signatures[0].bytes[0] ^= 1;
        check(&listed, &signed(broken), &[(SignatureState::Invalid, "INVALID")]);
        let mut claimed = envelope(DocumentKind::Policy, digest, 2);
        claimed.statement.predicate.signer.public_key = key(1).public_key();
        check(&listed, &signed(claimed), &[(SignatureState::Invalid, "INVALID")]);
    }

    #[test]
    fn an_engagement_does_not_vouch_for_itself() {
        let itself = engagement(&[("auditor", 1, "")]);
        let good = Received { engagement_signatures: vec![envelope(DocumentKind::Engagement, itself.digest, 1)], ..Received::default() };
        check(&itself, &good, &[(SignatureState::NotTrusted, "not trusted")]);
        let named = Received { trusted: itself.signers.clone(), ..good };
        check(&itself, &named, &[(SignatureState::Trusted, "a key given for this run")]);
    }
}
