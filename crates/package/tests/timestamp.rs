//! Time-stamp tokens as OpenSSL makes them, and as forgers do; `scripts/timestamp_fixtures.sh` writes them.

use std::{fs, path::Path};

use verifold_model::digest::Digest;
use verifold_package::{Checkpoint, Token, TokenError, timestamp};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/timestamp").join(name)).unwrap()
}

fn pinned(name: &str) -> Digest {
    Digest::of(&fixture(&format!("{name}.der")))
}

fn token(name: &str) -> Result<Token, TokenError> {
    Token::read(&fixture(&format!("{name}.tst")))
}

/// What the token says under the pinned certificate: its time in seconds, or what is wrong.
fn seen(name: &str, certificate: &str) -> Result<String, TokenError> {
    token(name)?.seen_by(pinned(certificate)).map(|at| at.to_string())
}

#[test]
fn a_token_of_a_pinned_authority_says_when() {
    let anchor = Checkpoint::read(&fixture("anchor.checkpoint")).unwrap();
    for name in ["rsa", "p256", "p384"] {
        let read = token(name).unwrap();
        assert_eq!(read.imprint, anchor.as_signed, "{name}");
        let at = read.seen_by(pinned(name)).unwrap();
        // The authority's accuracy of a second and a half counts against the file.
        assert_eq!(at.unix_secs(), read.stated_at.unix_secs() + 2, "{name}");
        assert_eq!(read.certificates()[0].0, pinned(name));
    }
    assert_eq!(seen("june", "p256").unwrap(), "2026-06-08T09:00:02Z");
    // Half a second before nine: at the latest at nine.
    assert_eq!(seen("half-second", "p256").unwrap(), "2026-06-08T09:00:00Z");
    let response = Token::of_response(&fixture("rsa.tsr")).unwrap();
    assert_eq!((response.imprint, response.seen_by(pinned("rsa")).is_ok()), (anchor.as_signed, true));
    assert_eq!(timestamp::request(anchor.as_signed), fixture("anchor.tsq"), "the request is the one OpenSSL makes");
}

#[test]
fn what_is_no_token_of_that_authority_says_nothing() {
    let missing = |result: Result<String, TokenError>| matches!(result, Err(TokenError::MissingCertificate { .. }));
    assert!(missing(seen("rsa", "p256")), "of another authority");
    assert!(missing(seen("no-certificate", "p256")));
    assert_eq!(seen("carries-another", "p256"), Err(TokenError::OtherCertificate));
    assert_eq!(seen("carries-another", "lenient"), Err(TokenError::NotForTimeStamping));
    assert_eq!(seen("lenient", "lenient"), Err(TokenError::NotForTimeStamping), "the usage is not critical");
    assert_eq!(seen("several", "several"), Err(TokenError::NotForTimeStamping), "for servers as well");
    assert!(matches!(seen("ended", "ended"), Err(TokenError::OutsideCertificate { .. })));
    assert_eq!(seen("no-name", "p256"), Err(TokenError::Attribute("signing certificate")));
    assert_eq!(seen("sha1-name", "p256"), Err(TokenError::NamedBySha1));
    assert_eq!(seen("sha1", "p256"), Err(TokenError::UnknownAlgorithm("1.3.14.3.2.26".to_owned())));
    assert_eq!(seen("pss", "rsa"), Err(TokenError::UnknownAlgorithm("1.2.840.113549.1.1.10".to_owned())));
    assert_eq!(token("two-signers").err(), Some(TokenError::Signers { found: 2 }));
    assert_eq!(token("critical-extension").err(), Some(TokenError::CriticalExtension("1.2.3.4.5".to_owned())));
    assert_eq!(seen("short", "short"), Err(TokenError::UnknownAlgorithm("RSA with 1024 bits".to_owned())));
    assert_eq!(token("sha512").err(), Some(TokenError::OtherImprint("2.16.840.1.101.3.4.2.3".to_owned())));
    assert!(matches!(token("signed-text"), Err(TokenError::Malformed(_))));
    assert_eq!(Token::of_response(&fixture("refused.tsr")).err(), Some(TokenError::NotGranted("Rejection".to_owned())));
    assert!(matches!(Token::read(&fixture("rsa.tsr")), Err(TokenError::Malformed(_))), "an answer is not the token in it");
    assert!(matches!(Token::read(b""), Err(TokenError::Malformed(_))));
    let large = vec![0x30; timestamp::MAX_BYTES as usize + 1];
    assert_eq!(Token::read(&large), Err(TokenError::TooLarge { found: large.len() as u64 }));
    assert_ne!(token("other-file").unwrap().imprint, token("p256").unwrap().imprint);
}

/// The token `name` with `find` replaced by as many bytes where it last stands.
fn altered(name: &str, find: &[u8], replace: &[u8]) -> Vec<u8> {
    let mut bytes = fixture(&format!("{name}.tst"));
    let at = bytes.windows(find.len()).rposition(|window| window == find).unwrap();
    bytes[at..at + find.len()].copy_from_slice(replace);
    bytes
}

#[test]
fn a_token_that_contradicts_itself_says_nothing() {
    let says = |name: &str, find: &[u8], replace: &[u8]| Token::read(&altered(name, find, replace))?.seen_by(pinned("p256"));
    // The object identifier of the signed content type, as it stands in the attribute.
    let stamp = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4];
    let other = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 5];
    assert_eq!(says("june", &stamp, &other), Err(TokenError::Attribute("content type")));
    assert_eq!(says("june", b"20260608090000Z", b"20260607090000Z"), Err(TokenError::Attribute("message digest")));
    let certificate = pinned("p256");
    let mut forged = *certificate.as_bytes();
    forged[0] ^= 1;
    assert_eq!(says("june", certificate.as_bytes(), &forged), Err(TokenError::Attribute("signing certificate")));
    let mut bytes = fixture("june.tst");
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(Token::read(&bytes).unwrap().seen_by(pinned("p256")), Err(TokenError::SignatureInvalid));
    // Another fraction, or none in its place, is another content; digits and no closing nought are its only form.
    assert_eq!(says("half-second", b"59.5Z", b"59.6Z"), Err(TokenError::Attribute("message digest")));
    for form in [b"59.0Z", b"59,5Z", b"59.xZ", b"5955Z"] {
        assert!(matches!(says("half-second", b"59.5Z", form), Err(TokenError::Malformed(_))), "{form:?}");
    }
    let mut longer = fixture("june.tst");
    longer.push(0);
    assert!(matches!(Token::read(&longer), Err(TokenError::Malformed(_))), "bytes behind it");
}

/// Every byte of a token matters: altered it cannot be read, or the authority did not say it.
#[test]
fn an_altered_token_says_nothing() {
    for name in ["rsa", "p256"] {
        let good = token(name).unwrap();
        for position in 0..good.bytes.len() {
            let mut altered = good.bytes.clone();
            altered[position] ^= 1;
            if let Ok(read) = Token::read(&altered)
                && read.seen_by(pinned(name)).is_ok()
            {
                // Which algorithms digests were announced with, and versions, are not signed: what is said is the same.
                assert_eq!((read.imprint, read.stated_at), (good.imprint, good.stated_at), "{name}, byte {position}");
            }
        }
    }
}
