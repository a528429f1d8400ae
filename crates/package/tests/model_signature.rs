//! Model signatures as OpenSSF's `model_signing` makes them; `scripts/model_signing_fixtures.sh` writes them.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use verifold_model::digest::Digest;
use verifold_package::{Limit, ModelKey, ModelSignature, ModelSignatureError};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/model-signing").join(name)).unwrap()
}

fn model() -> Digest {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/data/retail-scorecard-4.2.onnx");
    Digest::of(&fs::read(path).unwrap())
}

fn signature(name: &str) -> Result<ModelSignature, ModelSignatureError> {
    ModelSignature::read(&fixture(name))
}

fn key(name: &str) -> ModelKey {
    ModelKey::read(&fixture(name)).unwrap()
}

/// The bundle `file.sig` with another statement under the same signature.
fn restated(edit: impl FnOnce(String) -> String) -> Result<ModelSignature, ModelSignatureError> {
    let mut bundle: Value = serde_json::from_slice(&fixture("file.sig")).unwrap();
    let payload = BASE64.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
    bundle["dsseEnvelope"]["payload"] = BASE64.encode(edit(String::from_utf8(payload).unwrap())).into();
    ModelSignature::read(&serde_json::to_vec(&bundle).unwrap())
}

/// As [`restated`], with some of its text replaced.
fn edited(find: &str, replace: &str) -> Result<ModelSignature, ModelSignatureError> {
    restated(|payload| {
        assert!(payload.contains(find), "{find} in {payload}");
        payload.replace(find, replace)
    })
}

/// The bundle `file.sig` with some of its text replaced.
fn respelled(find: &str, replace: &str) -> Result<ModelSignature, ModelSignatureError> {
    let bundle = String::from_utf8(fixture("file.sig")).unwrap();
    assert!(bundle.contains(find), "{find} in {bundle}");
    ModelSignature::read(bundle.replace(find, replace).as_bytes())
}

#[test]
fn a_bundle_of_the_tool_verifies_under_its_key_alone() {
    for (name, model_name, files) in
        [("file.sig", "scorecard.onnx", ["."].as_slice()), ("folder.sig", "release", &["README.md", "scorecard.onnx"])]
    {
        let signed = signature(name).unwrap();
        assert_eq!(signed.name, model_name);
        assert_eq!(signed.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), files, "{name}");
        assert_eq!(signed.file(model()).unwrap().name, *files.last().unwrap());
        assert!(signed.is_signed_by(&key("bank.pub")) && !signed.is_signed_by(&key("other.pub")), "{name}");
    }
    assert_eq!(signature("another.sig").unwrap().file(model()), None);
    // As `openssl pkey -pubin -in KEY -outform DER | sha256sum` has it: over the bytes between the lines of PEM.
    let pem = String::from_utf8(fixture("bank.pub")).unwrap();
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(key("bank.pub").fingerprint, Digest::of(&BASE64.decode(der).unwrap()));
}

#[test]
fn what_was_altered_does_not_hold() {
    // Names are signed, and read; the signature no longer fits.
    let renamed = edited("\"scorecard.onnx\"", "\"scorecard-2.onnx\"").unwrap();
    assert!(!renamed.is_signed_by(&key("bank.pub")));
    let whole = model().to_string();
    let other = whole.replace(&whole[..4], "0000");
    assert!(matches!(edited(&whole, &other), Err(ModelSignatureError::RootDiffers { .. })));
    // A signature of the same key over another statement.
    let theirs: Value = serde_json::from_slice(&fixture("another.sig")).unwrap();
    let ours: Value = serde_json::from_slice(&fixture("file.sig")).unwrap();
    let part = |bundle: &Value| bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap().to_owned();
    assert!(!respelled(&part(&ours), &part(&theirs)).unwrap().is_signed_by(&key("bank.pub")));
    assert!(!respelled(&part(&ours), "AAAA").unwrap().is_signed_by(&key("bank.pub")));
}

#[test]
fn what_is_of_another_kind_is_not_called_wrong() {
    let kind = |result: Result<ModelSignature, ModelSignatureError>| match result {
        Err(ModelSignatureError::OtherKind { what, found, .. }) => (what, found),
        other => panic!("{other:?}"),
    };
    assert_eq!(signature("certificate.sig"), Err(ModelSignatureError::NotByKey));
    assert_eq!(kind(signature("shards.sig")), ("way files are put together", "shards".to_owned()));
    assert_eq!(kind(edited("\"hash_type\": \"sha256\"", "\"hash_type\": \"blake2b\"")), ("hash function", "blake2b".to_owned()));
    assert_eq!(kind(edited("\"algorithm\": \"sha256\"", "\"algorithm\": \"blake3\"")), ("hash function", "blake3".to_owned()));
    assert_eq!(kind(edited("signature/v1.0", "signature/v2.0")), ("predicate", "https://model_signing/signature/v2.0".to_owned()));
    assert_eq!(kind(edited("Statement/v1", "Statement/v9")), ("statement", "https://in-toto.io/Statement/v9".to_owned()));
    assert_eq!(kind(respelled("application/vnd.in-toto+json", "text/plain")), ("payload", "text/plain".to_owned()));
    assert_eq!(kind(respelled("bundle.v0.3", "bundle.v0.4")).0, "bundle");
    assert_eq!(ModelKey::read(&fixture("p384.pub")), Err(ModelSignatureError::OtherKey));
    // Signed with a key of another kind: read, and under no key that is checked.
    assert!(!signature("p384.sig").unwrap().is_signed_by(&key("bank.pub")));
}

#[test]
fn what_is_no_bundle_or_key_is_refused() {
    #[track_caller]
    fn malformed(result: Result<ModelSignature, ModelSignatureError>, part: &str) {
        match result {
            Err(ModelSignatureError::Malformed(problem)) => assert!(problem.contains(part), "{problem}"),
            other => panic!("{other:?}"),
        }
    }
    malformed(ModelSignature::read(b"{}"), "mediaType");
    malformed(ModelSignature::read(b""), "the bundle");
    malformed(respelled("\"keyid\":\"\"", "\"keyid\":\"\",\"extra\":1"), "extra");
    malformed(respelled("\"keyid\":\"\"}", "\"keyid\":\"\"},{\"sig\":\"AAAA\",\"keyid\":\"\"}"), "2 signatures");
    malformed(respelled("\"payload\":\"", "\"payload\":\"*"), "base64");
    malformed(respelled("\"sig\":\"", "\"sig\":\"*"), "base64");
    malformed(edited("\"resources\"", "\"other\": 1, \"resources\""), "other");
    malformed(edited("\"name\": \".\"", "\"name\": \".\", \"name\": \"twice\""), "duplicate");
    let resource = format!("{{\"name\": \".\", \"algorithm\": \"sha256\", \"digest\": \"{}\"}},", model());
    malformed(edited("\"resources\": [", &format!("\"resources\": [{resource}")), "listed twice");
    let unlisted = restated(|payload| {
        let mut statement: Value = serde_json::from_str(&payload).unwrap();
        statement["predicate"]["resources"] = json!([]);
        statement.to_string()
    });
    malformed(unlisted, "no file is listed");
    malformed(edited("\"subject\": [", "\"subject\": [{\"name\": \"a\", \"digest\": {\"sha256\": \"00\"}},"), "the statement");
    let beyond = |limit: Limit| vec![b' '; usize::try_from(limit.most()).unwrap() + 1];
    let Err(ModelSignatureError::TooLarge(exceeded)) = ModelSignature::read(&beyond(Limit::ModelSignatureBytes)) else { panic!() };
    assert_eq!((exceeded.limit, exceeded.found), (Limit::ModelSignatureBytes, (4 << 20) + 1));

    let Err(ModelSignatureError::TooLarge(exceeded)) = ModelKey::read(&beyond(Limit::ModelKeyBytes)) else { panic!() };
    assert!(exceeded.to_string().contains("(limit `model_key_bytes`), found 4097"), "{exceeded}");
    for pem in [b"".as_slice(), b"\xff", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(ModelKey::read(pem), Err(ModelSignatureError::KeyMalformed(_))), "{pem:?}");
    }
}
