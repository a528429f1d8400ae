//! Every word of the rung occurs, and no altered, moved or repeated signature counts.

use std::path::Path;

use verifold_model::{digest::canonical_json, record::Rung};
use verifold_package::{
    Limits, PackageError, SecretKey, container,
    dsse::{EnvelopeFile, PAYLOAD_TYPE, SignatureFile, StatedSigner},
    signing,
};

use super::*;

const SIGNED_AT: &str = "2026-11-17T08:30:00Z";

fn sample(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-q1").join(file)).unwrap()
}

fn policy() -> Policy {
    Policy::read(&String::from_utf8(sample("policy.toml")).unwrap()).unwrap()
}

/// The honest package, without the bank's signature.
fn unsigned() -> Vec<u8> {
    signing::unsigned(&sample("package.zkaudit")).unwrap()
}

/// The key number `n`.
fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32].into())
}

fn signed(package: &[u8], n: u8) -> Vec<u8> {
    signing::sign(package, &key(n), &format!("Signer {n}"), SIGNED_AT.parse().unwrap()).unwrap()
}

/// An engagement that trusts `signers` (name, role, number of the key, window) and demands `threshold` of them.
fn trusting(threshold: u32, signers: &[(&str, &str, u8, &str)]) -> Engagement {
    let mut text = "schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n".to_owned();
    if threshold > 0 {
        text.push_str(&format!("[origin]\nthreshold = {threshold}\n"));
    }
    for (name, role, n, window) in signers {
        let key = key(*n).public_key();
        text.push_str(&format!("[[signer]]\nname = \"{name}\"\nrole = \"{role}\"\npublic_key = \"{key}\"\n{window}\n"));
    }
    Engagement::read(&text).unwrap()
}

/// A bank with one key, as most audits have it.
fn bank() -> Engagement {
    trusting(0, &[("Bank", "provider", 1, "valid_from = \"2026-01-01T00:00:00Z\"\nvalid_until = \"2027-01-01T00:00:00Z\"")])
}

fn rung(package: &[u8], engagement: Option<&Engagement>) -> Rung {
    origin(&policy(), engagement, &ClaimedPackage::read(package, &Limits::default()).unwrap())
}

/// The rung's state and word, and the causes that stand in its way.
#[track_caller]
fn check(package: &[u8], engagement: Option<&Engagement>, state: RungState, word: &str, causes: &[&str]) -> Rung {
    let rung = rung(package, engagement);
    let blocking: Vec<&str> = rung.findings.iter().filter(|f| f.blocking).map(|f| f.cause.as_str()).collect();
    assert_eq!((rung.state, rung.word.as_str(), blocking.as_slice()), (state, word, causes), "{rung:#?}");
    rung
}

/// The envelope of a package with one, edited and put back in its place.
fn with_envelope(package: &[u8], edit: impl FnOnce(&mut EnvelopeFile)) -> Vec<u8> {
    let entries = container::decode(package, &Limits::default()).unwrap();
    let mut entries: Vec<(String, Vec<u8>)> = entries.iter().map(|entry| (entry.path.to_owned(), entry.bytes.to_vec())).collect();
    let envelope = &mut entries.iter_mut().find(|(path, _)| path.starts_with("signatures/")).unwrap().1;
    let mut file: EnvelopeFile = serde_json::from_slice(envelope).unwrap();
    edit(&mut file);
    *envelope = canonical_json(&file);
    container::encode(&entries)
}

/// Standard base64, as an attacker writes it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).map(|chunk| {
        let word = chunk.iter().chain([0, 0].iter()).take(3).fold(0usize, |word, byte| word << 8 | usize::from(*byte));
        (0..4).map(|i| if i <= chunk.len() { char::from(DIGITS[word >> (18 - 6 * i) & 63]) } else { '=' }).collect::<String>()
    });
    groups.collect()
}

/// The bytes of base64 that is known to be whole.
fn bytes_of(package: &[u8]) -> Vec<u8> {
    ClaimedPackage::read(package, &Limits::default()).unwrap().envelopes[0].signatures[0].bytes.to_vec()
}

#[test]
fn every_word_occurs() {
    let (none, stranger) = (unsigned(), signed(&unsigned(), 2));
    // Nobody is demanded: grey, whatever is there, and each with its reason.
    for (package, detail) in [
        (&none, "no signature in the package; no signer is demanded"),
        (&stranger, "signature valid, but the signer is not trusted; no signer is demanded"),
    ] {
        let rung = check(package, None, RungState::NotEstablished, "Not established", &[]);
        assert_eq!(rung.detail, detail);
    }
    check(&none, Some(&bank()), RungState::Fails, "No signature", &["no-signature"]);
    check(&stranger, Some(&bank()), RungState::Fails, "Not trusted", &["signer-not-trusted"]);
    let late = trusting(0, &[("Bank", "provider", 1, "valid_until = \"2026-11-17T08:30:00Z\"")]);
    let rung = check(&signed(&none, 1), Some(&late), RungState::Fails, "Outside window", &["signer-outside-window"]);
    assert!(rung.findings[0].text.ends_with("2026-11-17T08:30:00Z, is the signer's own word"), "{}", rung.findings[0].text);
    let auditor = trusting(1, &[("Auditor", "auditor", 1, "")]);
    check(&signed(&none, 1), Some(&auditor), RungState::Fails, "No provider", &[]);
    let two = trusting(2, &[("Bank", "provider", 1, ""), ("Board", "provider", 3, "")]);
    let rung = check(&signed(&none, 1), Some(&two), RungState::Fails, "Threshold not met", &["threshold-not-met"]);
    assert_eq!(rung.detail, "1 of 2 trusted providers have signed");
    let rung = check(&signed(&none, 1), Some(&bank()), RungState::Holds, "Established", &[]);
    assert_eq!(rung.detail, format!("Bank (provider, {})", key(1).public_key().fingerprint()));
    let rung = check(&signed(&signed(&none, 3), 1), Some(&two), RungState::Holds, "Established", &[]);
    assert!(rung.detail.contains("Bank (") && rung.detail.contains(" and Board ("), "{}", rung.detail);
    // A stranger's signature beside enough trusted ones is said, and stands in nobody's way.
    let rung = check(&signed(&stranger, 1), Some(&bank()), RungState::Holds, "Established", &[]);
    assert!(rung.findings.iter().any(|finding| finding.cause == "signer-not-trusted"));
}

#[test]
fn a_demand_is_raised_by_either_file_and_lowered_by_none() {
    let mut policy = policy();
    policy.origin_threshold = 2;
    assert_eq!(OriginDemand::of(&policy, Some(&bank())).threshold, 2);
    assert_eq!(OriginDemand::of(&policy, None).threshold, 2);
    policy.origin_threshold = 0;
    assert_eq!(OriginDemand::of(&policy, Some(&bank())).threshold, 1);
    assert_eq!(OriginDemand::of(&policy, Some(&trusting(0, &[("Auditor", "auditor", 1, "")]))).threshold, 0);
    // Listed by both: inside each window, or not at all.
    policy.signers = trusting(0, &[("Bank", "provider", 1, "valid_until = \"2026-06-01T00:00:00Z\"")]).signers;
    let package = ClaimedPackage::read(&signed(&unsigned(), 1), &Limits::default()).unwrap();
    assert_eq!(origin(&policy, Some(&bank()), &package).word, "Outside window");
}

#[test]
fn the_keys_of_one_signer_count_once() {
    let twice = trusting(2, &[("Bank", "provider", 1, ""), ("Bank", "provider", 2, ""), ("Board", "provider", 3, "")]);
    check(&signed(&signed(&unsigned(), 1), 2), Some(&twice), RungState::Fails, "Threshold not met", &["threshold-not-met"]);
    // One signature listed twice in an envelope, and one envelope filed under two names.
    let two = trusting(2, &[("Bank", "provider", 1, ""), ("Board", "provider", 3, "")]);
    let doubled = with_envelope(&signed(&unsigned(), 1), |file| file.signatures.push(file.signatures[0].clone()));
    check(&doubled, Some(&two), RungState::Fails, "Threshold not met", &["threshold-not-met"]);
    let package = signed(&unsigned(), 1);
    let mut entries: Vec<(String, Vec<u8>)> =
        container::decode(&package, &Limits::default()).unwrap().iter().map(|e| (e.path.to_owned(), e.bytes.to_vec())).collect();
    let at = entries.iter().position(|(path, _)| path.starts_with("signatures/")).unwrap();
    entries.insert(at + 1, ("signatures/z.dsse.json".to_owned(), entries[at].1.clone()));
    check(&container::encode(&entries), Some(&two), RungState::Fails, "Threshold not met", &["threshold-not-met"]);
}

#[test]
fn an_altered_signature_is_invalid() {
    let package = signed(&unsigned(), 1);
    for at in 0..64 {
        let mut bytes = bytes_of(&package);
        bytes[at] ^= 1 << (at % 8);
        let altered = with_envelope(&package, |file| file.signatures[0].sig = base64(&bytes));
        check(&altered, Some(&bank()), RungState::Fails, "Bad signature", &["signature-invalid"]);
        // Nobody asked for a signature; a broken one is an alarm all the same.
        check(&altered, None, RungState::Fails, "Bad signature", &["signature-invalid"]);
    }
    // The hint says which key to try first at most: any, none, or that of another signer.
    for hint in [String::new(), "x".to_owned(), key(2).public_key().fingerprint().key_id()] {
        let hinted = with_envelope(&package, |file| file.signatures[0].keyid = hint);
        check(&hinted, Some(&bank()), RungState::Holds, "Established", &[]);
    }
}

#[test]
fn a_signature_has_one_form() {
    /// The order of the group (RFC 8032, § 5.1), little-endian.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0x10,
    ];
    let package = signed(&unsigned(), 1);
    let mut bytes = bytes_of(&package);
    let mut carry = 0;
    for (digit, order) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*digit) + u16::from(order) + carry;
        *digit = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0, "S plus the order of the group fits 32 bytes");
    let malleable = with_envelope(&package, |file| file.signatures[0].sig = base64(&bytes));
    check(&malleable, Some(&bank()), RungState::Fails, "Bad signature", &["signature-invalid"]);
}

/// R and the key are the neutral element and S is 0: the equation holds for every message.
#[test]
fn a_key_of_small_order_signs_nothing() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let weak = PublicKey::from_bytes(neutral);
    let payload = signing::payload(
        ClaimedPackage::read(&unsigned(), &Limits::most()).unwrap().manifest_digest,
        StatedSigner { name: "Anyone".to_owned(), public_key: weak },
        SIGNED_AT.parse().unwrap(),
    )
    .unwrap();
    let mut bytes = neutral.to_vec();
    bytes.extend([0; 32]);
    let package = with_envelope(&signed(&unsigned(), 1), |file| {
        file.payload = base64(&payload);
        file.signatures = vec![SignatureFile { keyid: weak.fingerprint().key_id(), sig: base64(&bytes) }];
    });
    check(&package, Some(&bank()), RungState::Fails, "Bad signature", &["signature-invalid"]);
    let error = Engagement::read(&format!(
        "schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n[[signer]]\nname = \"n\"\nrole = \"provider\"\npublic_key = \"{weak}\"\n"
    ));
    assert_eq!(error.unwrap_err().notices[0].cause, "weak-key");
}

#[test]
fn a_payload_is_signed_to_the_byte() {
    let package = signed(&unsigned(), 1);
    let claimed = ClaimedPackage::read(&package, &Limits::default()).unwrap();
    // Another name, another time: canonical, and not what was signed.
    let edits: [fn(&mut verifold_package::dsse::Statement); 2] = [
        |statement| statement.predicate.signer.name = "Bank of Elsewhere".to_owned(),
        |statement| statement.predicate.signed_at = "2026-05-01T00:00:00Z".parse().unwrap(),
    ];
    for edit in edits {
        let mut statement = claimed.envelopes[0].statement.clone();
        edit(&mut statement);
        let altered = with_envelope(&package, |file| file.payload = base64(&statement.payload()));
        check(&altered, Some(&bank()), RungState::Fails, "Bad signature", &["signature-invalid"]);
    }
    // Written otherwise, or of another type: not a package.
    let refused: [fn(&mut EnvelopeFile); 6] = [
        |file| file.payload.insert(0, ' '),
        |file| file.payload_type = "application/json".to_owned(),
        |file| file.signatures.clear(),
        |file| file.signatures[0].sig = file.signatures[0].sig.trim_end_matches('=').to_owned(),
        |file| file.signatures[0].sig.truncate(84),
        |file| file.signatures[0].sig.replace_range(..2, "-_"),
    ];
    let spaced = base64(&[b" ".as_slice(), &claimed.envelopes[0].statement.payload()].concat());
    let refused = refused.map(|edit| with_envelope(&package, edit));
    for (i, altered) in refused.iter().chain([&with_envelope(&package, |file| file.payload = spaced)]).enumerate() {
        let error = ClaimedPackage::read(altered, &Limits::default()).unwrap_err();
        assert!(matches!(error, PackageError::EnvelopeRefused { .. }), "{i}: {error}");
    }
    // The same signature says nothing under another type.
    assert_eq!(claimed.envelopes[0].statement.manifest(), claimed.manifest_digest);
    assert_ne!(verifold_package::dsse::pae(PAYLOAD_TYPE, b"x"), verifold_package::dsse::pae("application/json", b"x"));
}

#[test]
fn a_signature_of_another_package_is_no_signature_of_this_one() {
    let mut contents = ClaimedPackage::read(&unsigned(), &Limits::default()).unwrap().contents();
    contents.written_by = "somebody else".to_owned();
    let other = verifold_package::write(&contents).unwrap();
    let theirs = signed(&other, 1);
    let entries = container::decode(&theirs, &Limits::default()).unwrap();
    let envelope = entries.iter().find(|entry| entry.path.starts_with("signatures/")).unwrap();
    let ours = with_envelope(&signed(&unsigned(), 1), |file| *file = serde_json::from_slice(envelope.bytes).unwrap());
    check(&ours, Some(&bank()), RungState::Fails, "Bad signature", &["signature-of-other-manifest"]);
    assert!(matches!(signing::attach(&unsigned(), envelope.bytes), Err(verifold_package::SignError::OtherManifest { .. })));
}

#[test]
fn signing_changes_the_signatures_alone() {
    let before = unsigned();
    let after = signed(&before, 1);
    assert_eq!(signing::unsigned(&after).unwrap(), before);
    assert_eq!(signed(&before, 1), after, "the same key, name, time and package give the same bytes");
    let again = signing::sign(&after, &key(1), "Signer 1", SIGNED_AT.parse().unwrap());
    assert!(matches!(again, Err(verifold_package::SignError::AlreadySigned { .. })));
    assert!(signing::sign(&before[1..], &key(1), "Signer 1", SIGNED_AT.parse().unwrap()).is_err());
}

/// What is no provider's, or nobody's known here, is said and counts for nothing.
#[test]
fn signatures_that_do_not_count_are_named() {
    let causes = |rung: &Rung| rung.findings.iter().map(|finding| finding.cause.clone()).collect::<Vec<_>>();
    let auditor = trusting(0, &[("Bank", "provider", 1, ""), ("Auditor", "auditor", 2, "")]);
    let rung = check(&signed(&signed(&unsigned(), 1), 2), Some(&auditor), RungState::Holds, "Established", &[]);
    assert!(causes(&rung).contains(&"signer-role".to_owned()), "{rung:#?}");
    // A further signature in the bank's own envelope, of a key that nothing here names.
    let package = with_envelope(&signed(&unsigned(), 1), |envelope| {
        let other = SignatureFile { keyid: "0123456789abcdef".to_owned(), sig: base64(&[7; 64]) };
        envelope.signatures.push(other);
    });
    let rung = check(&package, Some(&bank()), RungState::Holds, "Established", &[]);
    assert!(causes(&rung).contains(&"signature-unknown-key".to_owned()), "{rung:#?}");
}
