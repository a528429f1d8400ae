//! Envelopes of another implementation read, verify, and fail as ours do.

use verifold_package::{Envelope, Limits};

/// Made by Python's securesystemslib 1.6.0, `scripts/dsse_interop.py sign`, with the seed of 32 bytes 0x42.
const FIXTURE: &[u8] = include_bytes!("fixtures/securesystemslib.dsse.json");

#[test]
fn an_envelope_of_securesystemslib_verifies() {
    let envelope = Envelope::read("fixture", FIXTURE, &Limits::default()).unwrap();
    let signer = &envelope.statement.predicate.signer;
    assert_eq!(signer.public_key.to_string(), "ed25519:2152f8d19b791d24453242e15f2eab6cb7cffa7b6a5ed30097960e069881db12");
    let [signature] = &envelope.signatures[..] else { panic!("one signature") };
    // Their hint is another than ours, and decides nothing.
    assert_ne!(signature.key_id, signer.public_key.fingerprint().key_id());
    assert!(envelope.is_signed_by(signature, signer.public_key));
    let mut altered = signature.clone();
    altered.bytes[40] ^= 1;
    assert!(!envelope.is_signed_by(&altered, signer.public_key));
}
