//! Signatures: what somebody between bank and auditor can do, who has not the bank's key, and what is no envelope at all.

use verifold_model::digest::canonical_json;
use verifold_package::{SecretKey, container, dsse::EnvelopeFile, signing};

use super::{
    Make,
    draw::Draw,
    sample::{Parts, SIGNED_AT, Sample},
};

/// The package with another text for its envelope.
fn with(sample: &Sample, edit: impl FnOnce(&mut EnvelopeFile)) -> Option<Vec<u8>> {
    let mut entries = sample.entries.clone();
    let mut envelope: EnvelopeFile = serde_json::from_slice(&entries[sample.signature()].1).ok()?;
    edit(&mut envelope);
    entries[sample.signature()].1 = canonical_json(&envelope);
    Some(container::encode(&entries))
}

/// Something no proof speaks to, changed.
fn revised(sample: &Sample, draw: &mut Draw) -> Parts {
    let mut parts = sample.parts.clone();
    match draw.below(3) {
        0 => parts.manifest.proofs[0].title = format!("Online monitoring, revision {}", draw.below(1000)),
        1 => parts.manifest.written_by = format!("verifold {}", draw.below(1000)),
        _ => parts.manifest.created = super::statement::moved(parts.manifest.created, draw.up_to(100_000) as i64).unwrap(),
    }
    parts
}

pub(crate) fn stranger(draw: &mut Draw) -> SecretKey {
    SecretKey::from_seed(&draw.bytes().into())
}

/// Another letter of the base64 alphabet for the one at `at`.
fn other_letter(text: &mut String, at: usize) {
    let letter = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    text.replace_range(at..=at, letter);
}

pub(crate) const MAKES: &[(&str, Make)] = &[
    ("no signature", |sample, draw| Some((signing::unsigned(&revised(sample, draw).sealed()).ok()?, &["no-signature"]))),
    ("the signature of another manifest", |sample, draw| {
        let mut entries = super::sample::entries_of(&revised(sample, draw).sealed());
        entries[sample.signature()] = sample.entries[sample.signature()].clone();
        Some((container::encode(&entries), &["signature-of-other-manifest"]))
    }),
    ("the signature of a stranger", |sample, draw| {
        let unsigned = signing::unsigned(&revised(sample, draw).sealed()).ok()?;
        let signed = signing::sign(&unsigned, &stranger(draw), "Merian Bank AG", SIGNED_AT.parse().ok()?).ok()?;
        Some((signed, &["signer-not-trusted"]))
    }),
    ("the bank's signature of another time", |sample, draw| {
        let at = *draw.pick(&["2025-01-01T00:00:00Z", "2026-01-11T23:59:59Z", "2028-01-12T00:00:00Z", "2031-01-01T00:00:00Z"]);
        let unsigned = signing::unsigned(&revised(sample, draw).sealed()).ok()?;
        let signed = signing::sign(&unsigned, &super::sample::bank(), "Merian Bank AG", at.parse().ok()?).ok()?;
        Some((signed, &["signer-outside-window"]))
    }),
    ("a letter of the signature", |sample, draw| {
        // The last letters before the padding hold bits that must be zero.
        let at = draw.below(84);
        Some((with(sample, |envelope| other_letter(&mut envelope.signatures[0].sig, at))?, &["signature-invalid"]))
    }),
    ("a letter of the payload", |sample, draw| {
        let letter = draw.next();
        let made = with(sample, |envelope| {
            let at = usize::try_from(letter % (envelope.payload.len() as u64 - 4)).unwrap_or(0);
            other_letter(&mut envelope.payload, at);
        })?;
        Some((made, &["envelope-refused", "text-refused", "signature-invalid", "signature-of-other-manifest"]))
    }),
    ("an envelope of another type", |sample, draw| {
        let kind = *draw.pick(&["", "text/plain", "application/vnd.in-toto+json "]);
        Some((with(sample, |envelope| envelope.payload_type = kind.to_owned())?, &["envelope-refused"]))
    }),
    ("an envelope without signatures, or with too many", |sample, draw| {
        let copies = *draw.pick(&[0, 9, 10, 20]);
        let made = with(sample, |envelope| envelope.signatures = vec![envelope.signatures[0].clone(); copies])?;
        Some((made, if copies == 0 { &["envelope-refused"] } else { &["too-many-signatures"] }))
    }),
    ("a signature that is none", |sample, draw| {
        let text = *draw.pick(&["", "AAAA", "not base64", "====", "AAAA====AAAA"]);
        Some((with(sample, |envelope| envelope.signatures[0].sig = text.to_owned())?, &["envelope-refused"]))
    }),
    ("a signature of zeros", |sample, _| {
        let zeros = format!("{}==", "A".repeat(86));
        Some((with(sample, |envelope| envelope.signatures[0].sig = zeros)?, &["signature-invalid"]))
    }),
    ("another spelling of the envelope", |sample, draw| {
        let mut entries = sample.entries.clone();
        let bytes = &mut entries[sample.signature()].1;
        let at = *draw.pick(&[0, 1, bytes.len() - 1, bytes.len()]);
        bytes.insert(at, *draw.pick(b" \n\t"));
        Some((container::encode(&entries), &["json-not-canonical"]))
    }),
    ("an envelope that is no JSON", |sample, draw| {
        let mut entries = sample.entries.clone();
        let length = draw.below(entries[sample.signature()].1.len());
        entries[sample.signature()].1.truncate(length);
        Some((container::encode(&entries), &["json-malformed"]))
    }),
    ("an envelope above the limit", |sample, draw| {
        let more = draw.up_to(1000);
        let mut entries = sample.entries.clone();
        entries[sample.signature()].1.resize((16 << 10) + more, b' ');
        Some((container::encode(&entries), &["entry-too-large"]))
    }),
    ("more envelopes than the limit", |sample, draw| {
        let mut entries = sample.entries.clone();
        let envelope = entries.remove(sample.signature()).1;
        for number in 0..16 + draw.up_to(20) {
            entries.insert(sample.signature() + number, (format!("signatures/{number:03}.dsse.json"), envelope.clone()));
        }
        Some((container::encode(&entries), &["too-many-envelopes"]))
    }),
    ("an envelope listed in the manifest", |sample, draw| {
        let mut parts = revised(sample, draw);
        let mut listed = parts.manifest.entries[0].clone();
        listed.path = sample.entries[sample.signature()].0.clone();
        parts.manifest.entries.insert(2, listed);
        Some((parts.packed(), &["manifest-contradicts"]))
    }),
];
